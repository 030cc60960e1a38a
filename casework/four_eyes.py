"""Two humans for one act: what one proposed another decides, or the first takes back."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from casework.actors import Actor
from casework.audit import move
from casework.errors import NotAllowed, Refused
from casework.models import Step


def check_another_human(by: Actor, prepared_by_identity: int | None) -> None:
    """Nobody decides on what they prepared themselves, with whatever account or posting (D6)."""
    if by.identity_id is not None and by.identity_id == prepared_by_identity:
        raise Refused(_("You prepared this yourself; somebody else must decide."), rule="own_draft", rows=["SEC-04"])


def check_has_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Give a reason; whoever is concerned will read it."), rule="reason_missing", field="reason")


def decide(step: Any, to: Step, *, event: str, by: Any, reason: str = "") -> None:
    """Confirm or reject a proposal (by another human), or take it back (by its author only). `step` is locked by the caller."""
    if to == Step.TAKEN_BACK:
        if by.identity_id != step.proposed_by_identity_id:
            raise NotAllowed(_("Only its author takes a proposal back."), rule="not_allowed")
    else:
        check_another_human(by, step.proposed_by_identity_id)
    if to == Step.REJECTED:
        check_has_reason(reason)
    move(step, to, event=event, by=by, reason=reason, decided_by=by, decided_at=timezone.now(), decision_reason=reason)
