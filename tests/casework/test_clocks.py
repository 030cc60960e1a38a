"""Clocks that rest: a stop is a row with two dates, the last day moves by what was not counted, the audit says so."""

import json
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from casework.actors import SYSTEM
from casework.calendar import today
from casework.clocks import due, resume_clock, stop_clock
from casework.errors import Refused, WrongState
from casework.models import AuditEvent, ClockStop
from casework.terms import PUBLICATION, Term, TermKind, Unit
from records.jobs import sweep
from records.models import Publication
from tests.factories import act_of, agency, deliver, penalty, subject

pytestmark = pytest.mark.django_db

START, DUE = date(2026, 11, 9), date(2026, 11, 18)  # seven working days after a Monday
MONTH = Term(1, Unit.MONTH, True, "示例", TermKind.CONFIGURED)


@pytest.fixture
def case() -> Publication:
    sender = agency()
    made = act_of(deliver(penalty(subject(), sender, cf_jdrq=START, source_public_on=START), sender=sender)).publication
    assert (made.starts_on, made.due_on) == (START, DUE)
    return made


def lines(case: Publication) -> list[tuple[str, dict[str, Any]]]:
    found = AuditEvent.objects.filter(ref=case.ref, name__startswith="clock.").select_related("body").order_by("seq")
    return [(line.name, json.loads(line.body.body)) for line in found]


def test_a_stopped_clock_has_no_last_day_until_it_runs_again(case: Publication) -> None:
    stop_clock(case, term=PUBLICATION, by=SYSTEM, reason="鉴定", on=date(2026, 11, 11))
    case.refresh_from_db()
    assert (case.due_on, case.is_late(date(2026, 12, 31))) == (None, False)

    resume_clock(case, term=PUBLICATION, by=SYSTEM, reason="鉴定结束", on=date(2026, 11, 13))

    # Counted: the 10th, then 16 to 20 November and the 23rd. Not counted: 11, 12 and 13 November.
    case.refresh_from_db()
    assert case.due_on == date(2026, 11, 23)
    stop = ClockStop.objects.get(case_ref=case.ref)
    assert (stop.starts_on, stop.ends_on, stop.reason) == (date(2026, 11, 11), date(2026, 11, 13), "鉴定")


def test_stopping_and_going_on_are_two_lines_with_the_day_before_and_after(case: Publication) -> None:
    stop_clock(case, term=PUBLICATION, by=SYSTEM, reason="鉴定", on=date(2026, 11, 11))
    resume_clock(case, term=PUBLICATION, by=SYSTEM, reason="结束", on=date(2026, 11, 13))

    assert lines(case) == [
        (
            "clock.stopped",
            {"reason": "鉴定", "due_on_before": "2026-11-18", "due_on": None, "stopped_on": "2026-11-11"},
        ),
        (
            "clock.resumed",
            {"reason": "结束", "due_on_before": None, "due_on": "2026-11-23", "resumed_on": "2026-11-13"},
        ),
    ]


def test_the_sweep_neither_counts_nor_marks_while_the_clock_stands_still(case: Publication) -> None:
    sender = agency()
    held = act_of(deliver(penalty(subject(), sender, cf_sy="电话13800138000"), sender=sender)).publication
    stop_clock(held, term=PUBLICATION, by=SYSTEM, reason="鉴定", on=today())

    done = sweep(today())

    held.refresh_from_db()
    assert (done["counted"], done["overdue"], held.due_on, held.state) == (0, 0, None, "pending")


def test_two_stops_add_up(case: Publication) -> None:
    for first, last in ((10, 10), (12, 12)):
        stop_clock(case, term=PUBLICATION, by=SYSTEM, reason="鉴定", on=date(2026, 11, first))
        resume_clock(case, term=PUBLICATION, by=SYSTEM, reason="结束", on=date(2026, 11, last))

    assert case.due_on == date(2026, 11, 20)


def test_a_month_lasts_as_many_days_longer_as_it_stood_still(case: Publication) -> None:
    assert due(case, MONTH) == date(2026, 12, 9)
    stop_clock(case, term=MONTH, by=SYSTEM, reason="鉴定", on=date(2026, 11, 11))
    resume_clock(case, term=MONTH, by=SYSTEM, reason="结束", on=date(2026, 11, 12))

    assert case.due_on == date(2026, 12, 11)


def test_a_last_day_pushed_into_a_year_not_announced_stays_empty(case: Publication) -> None:
    stop_clock(case, term=PUBLICATION, by=SYSTEM, reason="鉴定", on=date(2026, 11, 11))
    resume_clock(case, term=PUBLICATION, by=SYSTEM, reason="结束", on=date(2026, 12, 30))

    assert case.due_on is None
    assert lines(case)[-1][0] == "clock.resumed"


@pytest.mark.parametrize("act", [stop_clock, resume_clock])
def test_neither_goes_without_a_reason(case: Publication, act: Any) -> None:
    with pytest.raises(Refused) as caught:
        act(case, term=PUBLICATION, by=SYSTEM, reason="", on=date(2026, 11, 11))

    assert caught.value.rule == "reason_missing"
    assert lines(case) == []


def test_a_clock_stops_once_runs_once_and_never_backwards(case: Publication) -> None:
    stop = {"term": PUBLICATION, "by": SYSTEM, "reason": "鉴定"}
    with pytest.raises(WrongState):
        resume_clock(case, on=date(2026, 11, 11), **stop)
    stop_clock(case, on=date(2026, 11, 12), **stop)
    with pytest.raises(WrongState):
        stop_clock(case, on=date(2026, 11, 13), **stop)
    with pytest.raises(Refused):
        resume_clock(case, on=date(2026, 11, 11), **stop)

    resume_clock(case, on=date(2026, 11, 12), **stop)
    assert [name for name, _values in lines(case)] == ["clock.stopped", "clock.resumed"]


def test_a_clock_that_has_run_out_cannot_be_stopped_any_more(case: Publication) -> None:
    with pytest.raises(WrongState) as caught:
        stop_clock(case, term=PUBLICATION, by=SYSTEM, reason="鉴定", on=date(2026, 11, 19))

    assert caught.value.rule == "clock_has_run_out"
    stop_clock(case, term=PUBLICATION, by=SYSTEM, reason="鉴定", on=DUE)


def test_the_database_refuses_stops_that_overlap(case: Publication) -> None:
    def stop(first: int, last: int | None, ref: str = case.ref) -> None:
        with transaction.atomic():
            ends = date(2026, 11, last) if last else None
            ClockStop.objects.create(case_ref=ref, starts_on=date(2026, 11, first), ends_on=ends, reason="鉴定")

    stop(10, 12)
    for first, last in ((12, 14), (9, 10), (11, None), (8, None)):
        with pytest.raises(IntegrityError, match="clockstop_never_overlaps"):
            stop(first, last)
    with pytest.raises(IntegrityError, match="clockstop_ends_after_it_starts"):
        stop(20, 19)
    stop(13, 14)
    stop(12, 14, ref="publication:other")
