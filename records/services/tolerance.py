"""Untrustworthiness records made at a desk, and the tolerance review of those that are flagged (REC-07, REC-09 to REC-11).

A clerk drafts; what is flagged as conduct of a minor, as caused by force majeure, or as minor and without intent is read by
a second human first, whose written opinion decides whether it is recorded at all (2020-49(16)).
"""

from collections.abc import Collection
from datetime import date

from django.utils.translation import gettext as _

from accounts.models import Agency, User
from accounts.permissions import Permission
from casework.audit import move
from casework.errors import Refused, WrongState
from casework.four_eyes import check_another_human
from casework.verbs import verb
from records.models import Record, ToleranceReview
from records.office_rules import acting_body, check_is_officer
from records.services.facts import draft, hold_subject, item_for, locked_document, take_up
from records.states import Document, Phase, Untrustworthiness
from subjects.rules import check_no_own_relation


@verb
def draft_record(
    document_id: int,
    *,
    item_code: str,
    nature: str,
    severity: str,
    occasion: str,
    by: User,
    on: date,
    field: str = "",
    phase: str = Phase.AFTER,
    flags: Collection[str] = (),
) -> Record:
    """Draft a record on a registered document. It says in the course of what the conduct was noticed (REC-07) and in which
    phase of supervision it arose (SUB-08); nobody outside sees it."""
    document = locked_document(document_id)
    body = acting_body(check_is_officer(by), Permission.RECORD, of=document.issuer, on=on)
    assert body is not None  # an officer acts for a body
    if not nature.strip():
        raise Refused(
            _("Say in a sentence what the conduct was."), rule="value_missing", rows=["REC-04"], field="nature"
        )
    if not occasion:
        raise Refused(
            _("Say in the course of what it was noticed."), rule="value_missing", rows=["REC-07"], field="occasion"
        )
    return draft(
        document, item_code=item_code, nature=nature, severity=severity, field=field, phase=phase, occasion=occasion,
        flags=flags, sender=body, by=by,
    )  # fmt: skip


def check_can_submit(made: Record, *, by: User, on: date) -> Agency:
    """A clerk of the determining department or above puts a draft forward; the body for which he does."""
    if made.state != Untrustworthiness.DRAFT:
        raise WrongState(
            _("%(record)s is “%(state)s”, no draft.") % {"record": made, "state": made.get_state_display()}
        )
    body = acting_body(check_is_officer(by), Permission.RECORD, of=made.determining_department, on=on)
    assert body is not None  # an officer acts for a body
    return body


@verb
def submit(record_id: int, *, by: User, on: date) -> Record:
    """Put a draft into effect through the gate of any record, or before the tolerance review if it is flagged (SM-5)."""
    made = _locked(record_id)
    body = check_can_submit(made, by=by, on=on)
    item_for(made.document, made.item.code, sender=body)
    take_up(made, by=by)
    return made


def check_may_review(made: Record, *, by: User, on: date) -> None:
    """A second officer of the determining department or above: another human than who drafted it (INV-09)."""
    acting_body(check_is_officer(by), Permission.REVIEW_TOLERANCE, of=made.determining_department, on=on)
    check_another_human(by, made.prepared_by_identity_id)
    check_no_own_relation(by, made.subject, on=on)


@verb
def review_tolerance(record_id: int, *, opinion: str, may_record: bool, by: User, on: date) -> Record:
    """The written opinion of a second officer. If it may be recorded it takes effect at once, or stays a draft while its
    document has no effect; if not, it ends here and leaves no public trace."""
    made = _locked(record_id)
    if made.state != Untrustworthiness.TOLERANCE_REVIEW:
        raise WrongState(
            _("%(record)s is “%(state)s”; it waits for no review.")
            % {"record": made, "state": made.get_state_display()}
        )
    check_may_review(made, by=by, on=on)
    if not opinion.strip():
        raise Refused(
            _("The opinion is given in writing."),
            rule="reason_missing",
            rows=["REC-09", "REC-10", "REC-11"],
            field="opinion",
        )
    ToleranceReview.objects.create(record=made, opinion=opinion, may_record=may_record, reviewed_by=by)
    if not may_record:
        move(made, Untrustworthiness.NOT_RECORDED, event="record.not_recorded", by=by, reason=opinion)
        return made
    move(made, Untrustworthiness.DRAFT, event="record.may_be_recorded", by=by, reason=opinion)
    if made.document.state == Document.EFFECTIVE:
        take_up(made, by=by)
    return made


def _locked(record_id: int) -> Record:
    hold_subject(Record.objects.values_list("subject_id", flat=True).get(pk=record_id))
    return (
        Record.objects.select_for_update(of=("self",), no_key=True)
        .select_related("subject", "document__issuer", "item", "determining_department")
        .get(pk=record_id)
    )
