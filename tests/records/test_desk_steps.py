"""What two officers do with a whole delivery, a first load of history, hand-over, and the registered look."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Agency, Deputy, Posting, User
from casework.calendar import today
from casework.errors import DomainError, NotAllowed, Refused, WrongState
from casework.models import AuditEvent, Step
from disclosure.models import Record as DisclosedRecord
from records.models import AdministrativeAct, BatchStep, Publication
from records.receivers import follow
from records.services import desk, desk_checks, desk_rows, desk_steps
from subjects.models import QueryReceipt, Subject
from tests.factories import agency, deliver, officer, penalty
from tests.records.desk import checked, done, second_posting
from tests.records.sender import ADULT

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(office: Agency) -> User:
    return officer("clerk", office)


@pytest.fixture
def reviewer(office: Agency) -> User:
    return officer("reviewer", office)


# ── two persons ──────────────────────────────────────────────────────────────────────────────────────────────────────


def same_human(as_one: User, role: str, at: Agency) -> User:
    """Another account of the same human, made when the first was closed."""
    User.objects.filter(pk=as_one.pk).update(is_active=False)
    return_to = User.objects.create(username=f"{as_one.username}b", kind="staff", identity=as_one.identity)
    Posting.objects.create(user=return_to, agency=at, role=role, valid_from=date(2010, 1, 1))
    return return_to


@pytest.mark.proves("REC-08", "SEC-04")
def test_a_whole_delivery_is_withdrawn_by_two_and_nothing_of_it_shows(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    rows = [penalty(firm, office) for _n in range(4)]
    batch = done(*rows, clerk=clerk, at=office)
    deliver(rows[1] | {"op": "correct", "reason": "数额写错", "cf_nr_fk": "4.000000"}, sender=office)
    deliver(rows[2] | {"op": "withdraw", "reason": "重复"}, sender=office)

    step = desk_steps.propose_withdrawal(batch.pk, by=clerk, on=today(), reason="整批发错了地区")
    assert step.preview == {"facts": 4, "standing": 2, "public": 2, "withdrawn": 1, "corrected": 1}
    assert DisclosedRecord.objects.filter(unified_code=firm.unified_code).count() == 3
    desk_steps.decide(step.pk, Step.CONFIRMED, by=reviewer, on=today())

    batch.refresh_from_db()
    assert batch.state == "withdrawn"
    assert (
        DisclosedRecord.objects.filter(unified_code=firm.unified_code).count() == 1
    )  # corrected since: another delivery's
    lines = AuditEvent.objects.filter(name="act.withdrawn", actor=reviewer.uuid)
    assert lines.count() == 2
    assert deliver(rows[0], sender=office).rows[0].refusals[0]["rule"] == "restored_on_same_facts"


@pytest.mark.proves("SEC-04")
def test_nobody_decides_on_what_they_proposed_with_whatever_account(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    batch = done(penalty(firm, office), clerk=clerk, at=office)
    second_posting(clerk, "reviewer", office)
    step = desk_steps.propose_withdrawal(batch.pk, by=clerk, on=today(), reason="发错了")

    with pytest.raises(Refused) as refused:
        desk_steps.decide(step.pk, Step.CONFIRMED, by=clerk, on=today())
    assert refused.value.rule == "own_draft"
    again = same_human(clerk, "reviewer", office)
    with pytest.raises(Refused):
        desk_steps.decide(step.pk, Step.CONFIRMED, by=again, on=today())
    with pytest.raises(IntegrityError), transaction.atomic():
        BatchStep.objects.filter(pk=step.pk).update(state="confirmed", decided_by=again, decided_at="2026-11-20T04:00Z")
    assert AdministrativeAct.objects.get().state == "effective"

    desk_steps.decide(step.pk, Step.CONFIRMED, by=reviewer, on=today())
    assert AdministrativeAct.objects.get().state == "withdrawn"


@pytest.mark.proves("SEC-04")
def test_only_a_reviewer_of_the_body_or_above_decides_and_only_its_own_clerks_propose(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    batch = done(penalty(firm, office), clerk=clerk, at=office)
    elsewhere = agency("示例市税务局")
    for stranger in (officer("clerk", elsewhere), reviewer):
        with pytest.raises(NotAllowed):
            desk_steps.propose_withdrawal(batch.pk, by=stranger, on=today(), reason="发错了")
    step = desk_steps.propose_withdrawal(batch.pk, by=clerk, on=today(), reason="发错了")

    for somebody in (officer("clerk", office), officer("reviewer", elsewhere), officer("auditor", office)):
        with pytest.raises(NotAllowed):
            desk_steps.decide(step.pk, Step.CONFIRMED, by=somebody, on=today())
    assert AdministrativeAct.objects.get().state == "effective"
    above = agency("示例省市场监督管理局")
    Agency.objects.filter(pk=office.pk).update(superior=above)
    desk_steps.decide(step.pk, Step.CONFIRMED, by=officer("reviewer", above), on=today())

    assert AdministrativeAct.objects.get().state == "withdrawn"


def test_a_deputy_does_not_decide_on_what_he_proposed(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    batch = done(penalty(firm, office), clerk=clerk, at=office)
    Deputy.objects.create(
        posting=reviewer.postings.get(), user=clerk, valid_from=date(2026, 11, 1), valid_to=date(2026, 11, 30)
    )
    step = desk_steps.propose_withdrawal(batch.pk, by=clerk, on=today(), reason="发错了")

    with pytest.raises(Refused) as refused:
        desk_steps.decide(step.pk, Step.CONFIRMED, by=clerk, on=today())

    assert refused.value.rule == "own_draft"


def test_one_withdrawal_waits_at_a_time_and_its_author_may_take_it_back(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    batch = done(penalty(firm, office), clerk=clerk, at=office)
    step = desk_steps.propose_withdrawal(batch.pk, by=clerk, on=today(), reason="发错了")

    with pytest.raises(WrongState):
        desk_steps.propose_withdrawal(batch.pk, by=clerk, on=today(), reason="发错了")
    with pytest.raises(NotAllowed):
        desk_steps.decide(step.pk, Step.TAKEN_BACK, by=reviewer, on=today())
    with pytest.raises(Refused):
        desk_steps.decide(step.pk, Step.REJECTED, by=reviewer, on=today())
    desk_steps.decide(step.pk, Step.TAKEN_BACK, by=clerk, on=today())
    with pytest.raises(WrongState) as late:
        desk_steps.decide(step.pk, Step.CONFIRMED, by=reviewer, on=today())

    assert late.value.rule == "moved_on"
    assert AdministrativeAct.objects.get().state == "effective"


def test_a_withdrawal_that_broke_off_is_gone_on_with(
    office: Agency, firm: Subject, clerk: User, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = done(*[penalty(firm, office) for _n in range(3)], clerk=clerk, at=office)
    step = desk_steps.propose_withdrawal(batch.pk, by=clerk, on=today(), reason="发错了")
    real, seen = desk_steps.withdraw_fact, []

    def breaking(*args: Any, **kwargs: Any) -> None:
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        real(*args, **kwargs)

    monkeypatch.setattr(desk_steps, "withdraw_fact", breaking)
    with pytest.raises(KeyboardInterrupt):
        desk_steps.decide(step.pk, Step.CONFIRMED, by=reviewer, on=today())
    batch.refresh_from_db()
    assert (batch.state, AdministrativeAct.objects.filter(state="withdrawn").count()) == ("done", 1)
    assert list(desk.left_open()) == [batch]

    desk_steps.go_on(batch.pk, on=today())

    batch.refresh_from_db()
    assert (batch.state, AdministrativeAct.objects.filter(state="withdrawn").count()) == ("withdrawn", 3)


@pytest.mark.proves("SEC-04")
def test_a_file_that_would_withdraw_many_facts_waits_for_a_second_person(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    rows = [penalty(firm, office) for _n in range(3)]
    done(*rows, clerk=clerk, at=office)
    batch = checked(*[row | {"op": "withdraw", "reason": "重复"} for row in rows[:2]], clerk=clerk, at=office)
    assert batch.totals["withdrawn"] == 2

    with pytest.raises(WrongState) as waits:
        desk.take_in_batch(batch.pk, by=clerk, on=today())
    assert waits.value.rule == "second_person"
    step = desk_steps.propose_taking_in(batch.pk, by=clerk, on=today(), reason="与法院核对后撤回")
    with pytest.raises(WrongState):
        desk.take_in_batch(batch.pk, by=clerk, on=today())
    desk_steps.decide(step.pk, Step.CONFIRMED, by=reviewer, on=today())
    assert AdministrativeAct.objects.filter(state="withdrawn").count() == 0
    desk.take_in_batch(batch.pk, by=clerk, on=today())

    assert AdministrativeAct.objects.filter(state="withdrawn").count() == 2


def test_few_withdrawals_among_many_facts_need_one_person_and_the_fifty_first_of_a_day_two(
    office: Agency, firm: Subject, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [penalty(firm, office) for _n in range(4)]
    done(*rows, clerk=clerk, at=office)
    monkeypatch.setattr(desk_checks, "WITHDRAWN_SHARE", 2)

    first = checked(rows[0] | {"op": "withdraw", "reason": "重复"}, clerk=clerk, at=office)
    assert not desk_checks.needs_second_person(first, on=today())
    desk.take_in_batch(first.pk, by=clerk, on=today())
    second = checked(rows[1] | {"op": "withdraw", "reason": "重复"}, clerk=clerk, at=office)
    assert desk_checks.needs_second_person(second, on=today())  # two of today among three that stand
    monkeypatch.setattr(desk_checks, "WITHDRAWN_SHARE", 0)
    assert not desk_checks.needs_second_person(second, on=today())
    monkeypatch.setattr(desk_checks, "WITHDRAWN_A_DAY", 1)
    assert desk_checks.needs_second_person(second, on=today())


# ── a first load of history ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("PUB-01")
def test_history_goes_in_without_a_clock_and_anything_else_with_one(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    old = penalty(firm, office, cf_jdrq=date(2025, 3, 3))
    late = done(penalty(firm, office, cf_jdrq=date(2025, 3, 3)), clerk=clerk, at=office)
    batch = checked(old, clerk=clerk, at=office)

    step = desk_steps.propose_history(batch.pk, by=clerk, on=today(), reason="系统启用前的存量")
    with pytest.raises(WrongState):
        desk.take_in_batch(batch.pk, by=clerk, on=today())
    desk_steps.decide(step.pk, Step.CONFIRMED, by=reviewer, on=today())
    batch.refresh_from_db()
    assert (batch.state, batch.is_history) == ("checked", True)
    desk.take_in_batch(batch.pk, by=clerk, on=today())

    marked = Publication.objects.get(act__public_id=late.rows.get().record_id)
    free = Publication.objects.get(act__public_id=batch.rows.get().record_id)
    assert (marked.state, marked.late_since) == ("published_late", date(2025, 3, 13))
    assert (free.state, free.starts_on, free.due_on, free.late_since, free.delay_by) == (
        "published",
        None,
        None,
        None,
        "",
    )


def test_history_is_no_way_round_the_clock_for_one_person(office: Agency, firm: Subject, clerk: User) -> None:
    batch = checked(penalty(firm, office), clerk=clerk, at=office)
    step = desk_steps.propose_history(batch.pk, by=clerk, on=today(), reason="存量")

    with pytest.raises(DomainError):
        desk_steps.decide(step.pk, Step.CONFIRMED, by=clerk, on=today())
    desk_steps.decide(step.pk, Step.TAKEN_BACK, by=clerk, on=today())

    batch.refresh_from_db()
    assert (batch.state, batch.is_history) == ("checked", False)


# ── hand-over and the registered look ────────────────────────────────────────────────────────────────────────────────


def test_open_deliveries_go_to_the_successor_and_none_is_left_lying(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    open_one = checked(penalty(firm, office), clerk=clerk, at=office)
    closed = done(penalty(firm, office), clerk=clerk, at=office)
    successor = officer("clerk", office)
    cause = type("Cause", (), {"decided_by": reviewer})

    with pytest.raises(Refused) as refused:
        follow(kind="user.closed", key=clerk.pk, before=clerk.pk, after=None, cause=cause)
    assert refused.value.rule == "open_work"
    follow(kind="user.closed", key=clerk.pk, before=clerk.pk, after=successor.pk, cause=cause)

    open_one.refresh_from_db()
    closed.refresh_from_db()
    assert (open_one.desk_of, closed.desk_of) == (successor, clerk)
    desk.take_in_batch(open_one.pk, by=successor, on=today())
    assert AdministrativeAct.objects.count() == 2


@pytest.mark.proves("SEC-02")
def test_a_look_into_quarantine_is_registered_with_its_fields(office: Agency, firm: Subject, clerk: User) -> None:
    batch = checked(penalty(firm, office), clerk=clerk, at=office)

    desk_rows.register_look(clerk, batch, fields=["cf_wsh", "cf_nr_fk"], rows=1, on=today())

    receipt = QueryReceipt.objects.get(user=clerk)
    assert (receipt.purpose, receipt.matter, receipt.fields, receipt.rows) == (
        "intake", batch.public_id, ["cf_nr_fk", "cf_wsh"], 1,
    )  # fmt: skip


def test_what_is_shown_of_a_row_withholds_numbers_and_masks_persons() -> None:
    cells = {"cf_xdr_lb": "自然人", "cf_xdr_mc": "沈某甲", "cf_xdr_zjhm": ADULT, "bz": f"号码{ADULT}", "cf_frdb": "欧阳某",
             "cf_nr": "罚" * 200}  # fmt: skip
    shown = {name: desk_rows.shown("penalties", name, cells) for name in cells}

    assert shown["cf_xdr_mc"] == "沈**"
    assert shown["cf_frdb"] == "欧阳**"
    assert ADULT not in " ".join(shown.values())
    assert len(shown["cf_nr"]) <= 60
