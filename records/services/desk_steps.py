"""What two officers do with a whole delivery: let a first load of history in, let it withdraw many facts, withdraw it.

One proposes and says why, another reads the same figures and decides (security.md D6). Nothing happens in between.
"""

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from casework import four_eyes
from casework.audit import move, record
from casework.errors import Refused, WrongState
from casework.hints import hint
from casework.locks import hold
from casework.models import Step
from casework.verbs import verb
from records.models import AdministrativeAct, BatchStep, IntakeBatch, IntakeRow, Publication, QuarantineRow
from records.services import desk_checks as checks
from records.services.desk import apply, at_rest, check, locked, progressed, working_on
from records.services.facts import withdraw_in_transaction
from records.states import SHOWN, Act, Batch, Verdict
from subjects.models import Subject

BROUGHT = (Verdict.ACCEPTED, Verdict.CORRECTED, Verdict.HELD)
WITHDRAWN_AT_ONCE = 200  # facts that are withdrawn while the officer waits; more by the worker
SMALL = 2_000  # rows that are judged again while the officer waits


# ── proposing ────────────────────────────────────────────────────────────────────────────────────────────────────────


@verb
def propose_history(batch_id: int, *, by: User, on: date, reason: str) -> BatchStep:
    """Ask that this file be taken in as a first load of history: no clock runs for it, and what was decided before the
    first edition of its catalogue item is judged by that edition (design part 6)."""
    batch = at_rest(batch_id, by=by, on=on)
    checks.check_may_propose(by, batch, on=on)
    checks.check_can_load_history(batch)
    return _propose(BatchStep.Kind.LOAD_HISTORY, batch, {"rows": batch.rows_total}, by=by, reason=reason)


@verb
def propose_taking_in(batch_id: int, *, by: User, on: date, reason: str) -> BatchStep:
    """Ask a second person to let this file withdraw more facts than one person may in a day (security.md 2, #18)."""
    batch = at_rest(batch_id, by=by, on=on)
    checks.check_may_propose(by, batch, on=on)
    if not checks.needs_second_person(batch, on=on):
        raise WrongState(_("This file needs no second person; take it in."))
    figures = {"withdraws": checks.withdrawals(checks.to_take_in(batch))}
    return _propose(BatchStep.Kind.LET_WITHDRAW, batch, figures, by=by, reason=reason)


@verb
def propose_withdrawal(batch_id: int, *, by: User, on: date, reason: str) -> BatchStep:
    """Ask that everything this delivery brought be withdrawn, with the figures that the second person will read."""
    batch = locked(batch_id)
    checks.check_may_propose(by, batch, on=on)
    checks.check_can_withdraw(batch)
    return _propose(BatchStep.Kind.WITHDRAW, batch, preview(batch, on=on), by=by, reason=reason)


def _propose(kind: Any, batch: IntakeBatch, figures: dict[str, Any], *, by: User, reason: str) -> BatchStep:
    four_eyes.check_has_reason(reason)
    assert by.identity is not None  # an officer's account is a verified human's (constraint)
    if batch.steps.filter(kind=kind, state=Step.PROPOSED).exists():
        raise WrongState(_("This waits for a second person already."), rule="second_person")
    step = BatchStep.objects.create(
        kind=kind, batch=batch, reason=reason, preview=figures, proposed_by=by, proposed_by_identity=by.identity
    )
    record(step, "batch_step.proposed", by=by, after=step.state, reason=reason, kind=kind, **figures)
    return step


def brought(batch: IntakeBatch) -> QuerySet[AdministrativeAct]:
    """The versions of facts that this delivery brought, whatever became of them."""
    rows = IntakeRow.objects.filter(
        batch=batch, record_id=OuterRef("public_id"), version=OuterRef("version"), verdict__in=BROUGHT
    )
    return AdministrativeAct.objects.filter(Exists(rows))


def preview(batch: IntakeBatch, *, on: date) -> dict[str, int]:
    """How many facts a delivery brought, how many stand, how many a stranger sees today, and what became of the rest."""
    found = brought(batch)
    states = list(found.values_list("state", flat=True))
    seen = Publication.objects.filter(
        Q(public_until=None) | Q(public_until__gte=on), act__in=found.filter(state=Act.EFFECTIVE), state__in=SHOWN
    )
    return {
        "facts": len(states), "standing": states.count(Act.EFFECTIVE), "public": seen.count(),
        "withdrawn": states.count(Act.WITHDRAWN), "corrected": states.count(Act.CORRECTED),
    }  # fmt: skip


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def decide(step_id: int, to: Step, *, by: User, on: date, reason: str = "") -> BatchStep:
    """Confirm or reject by another human, or take back by the author. What is small follows at once, the rest by the worker."""
    step = _decide(step_id, to, by=by, on=on, reason=reason)
    batch = step.batch
    if to == Step.CONFIRMED and step.kind == BatchStep.Kind.LOAD_HISTORY and (batch.rows_total or 0) <= SMALL:
        check(batch.pk, on=on)
    if to == Step.CONFIRMED and step.kind == BatchStep.Kind.WITHDRAW and step.preview["standing"] <= WITHDRAWN_AT_ONCE:
        withdraw_confirmed(batch.pk, on=on)
    return step


@verb
def _decide(step_id: int, to: Step, *, by: User, on: date, reason: str) -> BatchStep:
    batch = locked(BatchStep.objects.values_list("batch_id", flat=True).get(pk=step_id))
    step = BatchStep.objects.select_for_update(of=("self",), no_key=True).select_related("decided_by").get(pk=step_id)
    step.batch = batch
    if to != Step.TAKEN_BACK:
        checks.check_may_decide(by, step, on=on)
    checks.check_is_waiting(step)
    if to == Step.CONFIRMED:
        _check_still_holds(step)
    four_eyes.decide(step, to, event=f"batch_step.{to}", by=by, reason=reason)
    if to == Step.CONFIRMED and step.kind == BatchStep.Kind.LOAD_HISTORY:
        QuarantineRow.objects.filter(batch=batch, emptied_on=None).update(verdict="")
        move(batch, Batch.CHECKING, event="batch.history_confirmed", by=by, is_history=True, rows_read=0)
    if to == Step.CONFIRMED:
        IntakeBatch.objects.filter(pk=batch.pk).update(working_until=None)  # at rest, whatever lease the intake left
        hint("records.go_on", batch.pk)
    step.batch = batch
    return step


def _check_still_holds(step: BatchStep) -> None:
    """What was proposed can still be done; the delivery may have been given up or taken in meanwhile."""
    if step.kind == BatchStep.Kind.LOAD_HISTORY:
        checks.check_can_load_history(step.batch)
    elif step.batch.state not in {Batch.CHECKED, Batch.DONE}:
        raise WrongState(_("This delivery is closed; hand the file in again."))


def go_on(batch_id: int, *, on: date) -> None:
    """Do with a delivery what is due: judge it, bring it in, or withdraw it. Does nothing when there is nothing to do."""
    check(batch_id, on=on)
    apply(batch_id, on=on)
    withdraw_confirmed(batch_id, on=on)


# ── withdrawing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def withdraw_confirmed(batch_id: int, *, on: date) -> None:
    """Withdraw every fact of the delivery that still stands, each by its own verb; then the delivery is withdrawn."""
    batch = IntakeBatch.objects.get(pk=batch_id)
    if batch.state != Batch.DONE or batch.finished_at is None:
        return
    step = batch.steps.filter(
        kind=BatchStep.Kind.WITHDRAW, state=Step.CONFIRMED, proposed_at__gt=batch.finished_at
    ).select_related("decided_by").first()  # fmt: skip
    if step is None or step.decided_by is None:
        return
    with working_on(batch_id, Batch.DONE) as mine:
        if mine is None:
            return
        IntakeBatch.objects.filter(pk=batch_id).update(rows_read=0)
        for act_id in brought(mine).filter(state=Act.EFFECTIVE).order_by("pk").values_list("pk", flat=True):
            withdraw_fact(act_id, by=step.decided_by, reason=step.reason)
            progressed(mine, 1)
        withdrawn(batch_id, by=step.decided_by, reason=step.reason)


@verb
def withdraw_fact(act_id: int, *, by: User, reason: str) -> None:
    """One fact of the delivery. Whoever withdrew or corrected it a moment ago was first, and that stands."""
    subject_id = AdministrativeAct.objects.values_list("subject_id", flat=True).get(pk=act_id)
    hold(Subject.objects.filter(pk__in=[subject_id] if subject_id else []))
    if AdministrativeAct.objects.filter(pk=act_id, state=Act.EFFECTIVE).exists():
        withdraw_in_transaction(act_id, by=by, reason=reason)


@verb
def withdrawn(batch_id: int, *, by: User, reason: str) -> None:
    batch = locked(batch_id)
    if brought(batch).filter(state=Act.EFFECTIVE).exists():
        raise Refused(_("Facts of this delivery still stand."), rule="facts_stand", rows=["REC-08"])
    move(batch, Batch.WITHDRAWN, event="batch.withdrawn", by=by, reason=reason, working_until=None)
