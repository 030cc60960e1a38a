"""Three traps in which other systems lost legal time (research/peers.md 5): the sum, the counter, the late holiday."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import Agency
from casework.calendar import calendar, today
from casework.models import AuditEvent, CalendarDay
from records.jobs import each, sweep
from records.models import Publication
from records.services.clock import mark_overdue, recount_open, revised
from records.states import Clock
from subjects.models import Subject
from tests.factories import act_of, agency, deliver, penalty

pytestmark = pytest.mark.django_db
HELD = {"cf_sy": "投诉电话13800138000已核实"}  # waits for a second person, so its clock runs on
DECIDED, DUE = date(2026, 11, 16), date(2026, 11, 25)  # a Monday; 17, 18, 19, 20, 23, 24, 25 November


def running(firm: Subject, office: Agency, decided: date = DECIDED) -> Publication:
    return act_of(deliver(penalty(firm, office, cf_jdrq=decided, **HELD), sender=office)).publication


def set_apart(day: date, kind: str, **more: Any) -> None:
    CalendarDay.objects.create(day=day, kind=kind, name="示例", year_id=day.year, **more)


def recount_revised() -> int:
    return each(revised(), lambda pk: recount_open(pk, on=today()))


# --- Trap 1: the sum over a weekend, a holiday and a weekend day that is worked


@pytest.mark.proves("PUB-08", "INV-19")
def test_weekends_and_holidays_are_left_out_and_the_worked_saturday_is_counted() -> None:
    lines = calendar().day_sum(date(2026, 9, 30), date(2026, 10, 15))

    counted = {line.date.day: line.n for line in lines if line.counted}
    assert counted == {8: 1, 9: 2, 10: 3, 12: 4, 13: 5, 14: 6, 15: 7}
    kinds = {line.date.day: line.kind for line in lines}
    assert {kinds[day] for day in range(1, 8)} == {"statutory_holiday"}  # also 3 and 4 October, a weekend
    assert (kinds[10], kinds[11]) == ("makeup_working_day", "weekend")


@pytest.mark.parametrize("decided", [date(2026, 9, 24) + timedelta(days=n) for n in range(20)])
def test_the_stored_day_is_the_seventh_counted_day_whichever_day_the_decision_fell_on(
    office: Agency, firm: Subject, travel: Any, decided: date
) -> None:
    travel(decided)

    publication = running(firm, office, decided)

    assert publication.due_on is not None
    lines = calendar().day_sum(decided, publication.due_on)
    assert (lines[-1].n, sum(line.counted for line in lines)) == (7, 7)


# --- Trap 2: no counter that a missed night could miss


@pytest.mark.proves("INV-21")
def test_with_the_scheduler_stopped_for_days_no_deadline_moves_and_the_mark_bears_the_legal_day(
    office: Agency, firm: Subject, travel: Any
) -> None:
    publication = running(firm, office)
    days = []
    for night in range(8):  # nothing runs from Friday 20 to Saturday 28 November
        travel(date(2026, 11, 20) + timedelta(days=night))
        publication.refresh_from_db()
        days.append((publication.due_on, publication.is_late(today())))
    travel(date(2026, 11, 30))

    sweep(today())

    publication.refresh_from_db()
    assert days == [(DUE, False)] * 6 + [(DUE, True)] * 2
    assert (publication.state, publication.late_since) == (Clock.OVERDUE, date(2026, 11, 26))


def test_what_the_department_made_public_in_time_is_never_marked(office: Agency, firm: Subject, travel: Any) -> None:
    row = penalty(firm, office, cf_jdrq=DECIDED, source_public_on=date(2026, 11, 18), **HELD)
    publication = act_of(deliver(row, sender=office)).publication

    travel(date(2026, 12, 4))
    sweep(today())
    mark_overdue(publication.pk, on=today())

    publication.refresh_from_db()
    assert (publication.state, publication.late_since) == (Clock.PENDING, None)


# --- Trap 3: the notice is revised after the clock began


@pytest.mark.proves("PUB-08")
def test_a_holiday_announced_later_moves_an_open_day_and_the_audit_says_from_when_to_when(
    office: Agency, firm: Subject
) -> None:
    publication = running(firm, office)
    set_apart(date(2026, 11, 24), "statutory_holiday")

    first, second = recount_revised(), recount_revised()

    publication.refresh_from_db()
    assert (first, second, publication.due_on) == (1, 0, date(2026, 11, 26))
    line = AuditEvent.objects.select_related("body").get(ref=publication.ref, name="publication.recounted")
    values = json.loads(line.body.body)
    assert (values["due_on_before"], values["due_on"]) == ("2026-11-25", "2026-11-26")


def test_a_holiday_taken_back_brings_the_day_nearer(office: Agency, firm: Subject) -> None:
    set_apart(date(2026, 11, 24), "statutory_holiday")
    publication = running(firm, office)
    CalendarDay.objects.get(day=date(2026, 11, 24), agency_code="").delete()

    recount_revised()

    publication.refresh_from_db()
    assert publication.due_on == DUE


@pytest.mark.proves("INV-19")
def test_a_saturday_that_is_worked_after_all_counts(office: Agency, firm: Subject) -> None:
    publication = running(firm, office)
    set_apart(date(2026, 11, 21), "makeup_working_day")

    recount_revised()

    publication.refresh_from_db()
    assert publication.due_on == date(2026, 11, 24)


def test_nobody_becomes_late_for_what_no_calendar_said(office: Agency, firm: Subject, travel: Any) -> None:
    publication = running(firm, office)
    travel(DUE)  # its last day has come; only now the worked Saturday becomes known
    set_apart(date(2026, 11, 21), "makeup_working_day")

    first, second = recount_revised(), recount_revised()

    publication.refresh_from_db()
    assert (first, second, publication.due_on) == (1, 1, DUE)
    assert not AuditEvent.objects.filter(ref=publication.ref, name="publication.recounted").exists()


def test_on_its_day_of_recount_an_earlier_day_is_today_and_stays(office: Agency, firm: Subject, travel: Any) -> None:
    publication = running(firm, office)
    travel(date(2026, 11, 24))
    set_apart(date(2026, 11, 21), "makeup_working_day")
    set_apart(date(2026, 11, 22), "makeup_working_day")  # counted anew: Monday 23, which has passed

    recount_revised()
    travel(date(2026, 11, 27))
    recount_revised()
    sweep(today())

    publication.refresh_from_db()
    assert (publication.due_on, publication.late_since) == (date(2026, 11, 24), date(2026, 11, 25))


@pytest.mark.proves("INV-21")
def test_a_mark_keeps_its_day_whatever_the_notice_says_afterwards(office: Agency, firm: Subject, travel: Any) -> None:
    publication = running(firm, office)
    travel(date(2026, 11, 27))
    sweep(today())
    set_apart(date(2026, 11, 24), "statutory_holiday")

    recount_revised()
    recount_open(publication.pk, on=today())

    publication.refresh_from_db()
    assert (publication.due_on, publication.late_since) == (DUE, date(2026, 11, 26))


def test_a_missed_night_gives_the_same_day_as_one_that_was_not(office: Agency, firm: Subject, travel: Any) -> None:
    publication = running(firm, office)
    set_apart(date(2026, 11, 25), "statutory_holiday")  # announced in time, the scheduler stands still
    travel(date(2026, 11, 30))

    recount_revised()
    sweep(today())

    publication.refresh_from_db()
    assert (publication.due_on, publication.late_since) == (date(2026, 11, 26), date(2026, 11, 27))


def test_a_day_of_one_department_moves_that_departments_clocks_only(office: Agency, firm: Subject) -> None:
    other = agency("示例市应急管理局")
    ours, theirs = running(firm, office), running(firm, other)
    set_apart(date(2026, 11, 23), "local_extra_holiday", agency_code=office.unified_code)

    assert list(revised()) == [ours]
    recount_revised()

    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.due_on, theirs.due_on) == (date(2026, 11, 26), DUE)


def test_with_nothing_revised_nothing_is_looked_at(office: Agency, firm: Subject) -> None:
    running(firm, office)

    assert list(revised()) == []


def test_a_year_taken_back_leaves_the_stored_day(office: Agency, firm: Subject, travel: Any) -> None:
    from casework.models import CalendarYear

    CalendarYear.objects.create(year=2027, title="示例：2027年放假安排", confidence="from_memory")
    travel(date(2026, 12, 30))
    publication = running(firm, office, date(2026, 12, 30))
    CalendarYear.objects.all().filter(pk=2027).update(year=2035)  # the table forbids taking a year away

    assert list(revised()) == []
    assert publication.due_on == date(2027, 1, 8)
