"""Who may do what with a delivery at the desk, and when: asked by the verbs and by the pages that offer them."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission
from casework.actors import Actor
from casework.errors import Refused, WrongState
from casework.models import Step
from records.models import AdministrativeAct, BatchStep, IntakeBatch, IntakeRow, QuarantineRow
from records.rules import check_may_change, check_may_take_in
from records.states import Act, Batch, Verdict

# What one body may withdraw by file in a day without a second person (security.md 2, #18).
WITHDRAWN_A_DAY = 50
WITHDRAWN_SHARE = 100  # one in a hundred
PASSING = tuple(verdict for verdict in Verdict if verdict != Verdict.REFUSED)


def to_take_in(batch: IntakeBatch) -> Any:
    """The rows that would go in now: what the dry run let pass, and of a delivery taken in before, what was corrected since."""
    rows = batch.quarantine.filter(emptied_on=None, verdict__in=PASSING)
    return rows if batch.state == Batch.CHECKED else rows.filter(is_corrected=True)


def check_may_handle(by: Actor, batch: IntakeBatch, *, on: date) -> None:
    """Officers of the body that hands in; its colleagues take over what lies on a desk."""
    check_may_take_in(by, agency=batch.agency, on=on)


def check_is_file(batch: IntakeBatch) -> None:
    if batch.fact:
        raise WrongState(_("This is the correction of one fact; it is decided on the page of that fact."))


def check_can_change_rows(batch: IntakeBatch) -> None:
    """Rows are corrected and given up while the delivery rests, never while it is being worked on."""
    if batch.desk_of_id is None:
        raise WrongState(_("This delivery came by key; its rows stand in no quarantine."))
    check_is_file(batch)
    if batch.state in {Batch.CHECKING, Batch.APPLYING}:
        raise WrongState(_("The delivery is being worked on; wait until it rests."), rule="batch_at_work")
    if batch.state not in {Batch.CHECKED, Batch.DONE}:
        raise WrongState(_("This delivery is closed; hand the file in again."))


def check_can_take_in(batch: IntakeBatch, *, on: date) -> None:
    """Something passes, and what needs a second person has one (#18, #19 of peers: nothing follows from an empty file)."""
    check_can_change_rows(batch)
    rows = to_take_in(batch)
    if not rows.exists():
        raise Refused(
            _("No row can go in. Nothing was changed; correct rows or hand in another file."),
            rule="nothing_passes", rows=["REC-18"], data_class=batch.kind,
        )  # fmt: skip
    if waiting := batch.steps.filter(state=Step.PROPOSED).first():
        raise WrongState(
            _("It waits for a second person: %(act)s.") % {"act": waiting.get_kind_display()}, rule="second_person"
        )
    if needs_second_person(batch, on=on):
        raise WrongState(
            _("It would withdraw %(n)s facts; a second person must agree first.") % {"n": withdrawals(rows)},
            rule="second_person", rows=["SEC-04"],
        )  # fmt: skip


def withdrawals(rows: Any) -> int:
    found: int = rows.filter(verdict=Verdict.WITHDRAWN).count()
    return found


def needs_second_person(batch: IntakeBatch, *, on: date) -> bool:
    """Whether what goes in withdraws more than one person may in a day, and nobody else has agreed to so many."""
    wanted = withdrawals(to_take_in(batch))
    agreed = batch.steps.filter(kind=BatchStep.Kind.LET_WITHDRAW, state=Step.CONFIRMED).order_by("-pk").first()
    if not wanted or (agreed and agreed.preview.get("withdraws", 0) >= wanted):
        return False
    before = IntakeRow.objects.filter(
        batch__agency=batch.agency_id, batch__finished_at__date=on, verdict=Verdict.WITHDRAWN
    ).count()
    if wanted + before > WITHDRAWN_A_DAY:
        return True
    enough = (wanted + before) * WITHDRAWN_SHARE  # so many facts must stand for it to be no more than one in a hundred
    standing = AdministrativeAct.objects.filter(collecting_department=batch.agency_id, state=Act.EFFECTIVE)
    return len(standing.values_list("pk", flat=True)[:enough]) < enough


def check_can_abandon(batch: IntakeBatch) -> None:
    if batch.state not in {Batch.CHECKING, Batch.CHECKED}:
        raise WrongState(_("Only a delivery that is not taken in can be given up."))


def check_has_box(row: QuarantineRow) -> None:
    if row.box is None:
        raise WrongState(_("Row %(n)s was taken in, given up or emptied.") % {"n": row.n}, rule="row_emptied")


# ── two persons ──────────────────────────────────────────────────────────────────────────────────────────────────────


def check_may_propose(by: Actor, batch: IntakeBatch, *, on: date) -> None:
    check_may_change(by, Permission.WITHDRAW_BATCH, of=batch.agency, on=on)


def check_may_decide(by: Actor, step: BatchStep, *, on: date) -> None:
    check_may_change(by, Permission.DECIDE_BATCH, of=step.batch.agency, on=on)


def check_can_load_history(batch: IntakeBatch) -> None:
    if batch.state != Batch.CHECKED or batch.is_history or batch.corrects_id:
        raise WrongState(_("A first load of history is proposed after the dry run, before anything is taken in."))


def check_can_withdraw(batch: IntakeBatch) -> None:
    if batch.state != Batch.DONE:
        raise WrongState(_("Only a delivery that was taken in can be withdrawn."))
    if batch.steps.filter(
        kind=BatchStep.Kind.WITHDRAW, state=Step.CONFIRMED, proposed_at__gt=batch.finished_at
    ).exists():
        raise WrongState(_("The withdrawal of this delivery is under way."))


def check_is_waiting(step: BatchStep) -> None:
    if step.state != Step.PROPOSED:
        who, at = step.decided_by or _("the system"), timezone.localtime(step.decided_at)
        raise WrongState(
            _("%(who)s decided at %(at)s; your action had no effect.") % {"who": who, "at": f"{at:%H:%M}"},
            rule="moved_on",
        )
