"""The calendar, by real dates: holidays, exchanged weekends, year ends, unknown years, stopped clocks."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from casework import calendar as module
from casework.calendar import (
    Calendar,
    ClockStopped,
    DayEntry,
    DayKind,
    Kept,
    UnknownYear,
    YearSource,
    corresponding_day,
    forget,
    today,
)
from casework.errors import DomainError
from casework.management.commands.load_calendar import SHIPPED, read
from casework.terms import PUBLICATION, Term, TermKind, Unit

KNOWN_YEARS = [2020, 2021, 2022, 2023, 2024, 2025, 2026]
BORDER = "91990100MADEM00017"  # an invented agency with extra days of its own


def on(text: str) -> date:
    return date.fromisoformat(text)


def shipped() -> Calendar:
    """The notices that ship, without a database."""
    notices = [read(path) for path in sorted(SHIPPED.glob("*.yaml"))]
    rows = [(day, entry.kind.value, entry.name, "") for notice in notices for day, entry in notice.days.items()]
    local = [
        (on("2026-04-20"), "local_extra_holiday", "三月三", BORDER),
        (on("2026-04-25"), "local_extra_working_day", "三月三", BORDER),
        (on("2026-02-14"), "local_extra_holiday", "停电", BORDER),
    ]
    return Calendar.from_rows([notice.year for notice in notices], rows + local)


CALENDAR = shipped()


def term(length: int, unit: str = "working_day", *, rolling: bool = False) -> Term:
    return Term(length, Unit(unit), rolling, "试验", TermKind.CONFIGURED)


# What a day is


@pytest.mark.parametrize(
    ("year", "working_days"),
    [(2020, 249), (2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)],
)
def test_each_shipped_year_has_as_many_working_days_as_its_notice_makes(year: int, working_days: int) -> None:
    assert CALENDAR.working_days_between(date(year - 1, 12, 31), date(year, 12, 31)) == working_days


WORKED_WEEKENDS = {
    2020: "01-19 04-26 05-09 06-28 09-27 10-10",
    2021: "02-07 02-20 04-25 05-08 09-18 09-26 10-09",
    2022: "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    2023: "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}
FREE_WEEKDAYS = {
    2020: "01-01 01-24 01-27 01-28 01-29 01-30 01-31 04-06 05-01 05-04 05-05 06-25 06-26 10-01 10-02 10-05 10-06 10-07 10-08",
    2021: "01-01 02-11 02-12 02-15 02-16 02-17 04-05 05-03 05-04 05-05 06-14 09-20 09-21 10-01 10-04 10-05 10-06 10-07",
    2022: "01-03 01-31 02-01 02-02 02-03 02-04 04-04 04-05 05-02 05-03 05-04 06-03 09-12 10-03 10-04 10-05 10-06 10-07",
    2023: "01-02 01-23 01-24 01-25 01-26 01-27 04-05 05-01 05-02 05-03 06-22 06-23 09-29 10-02 10-03 10-04 10-05 10-06",
    2024: "01-01 02-12 02-13 02-14 02-15 02-16 04-04 04-05 05-01 05-02 05-03 06-10 09-16 09-17 10-01 10-02 10-03 10-04 10-07",
    2025: "01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-02 10-03 10-06 10-07 10-08",
    2026: "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 10-07",
}


@pytest.mark.proves("PUB-08", "INV-19")
@pytest.mark.parametrize("year", KNOWN_YEARS)
def test_a_year_differs_from_its_weekdays_only_where_the_notice_says(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]

    worked = [f"{day:%m-%d}" for day in days if CALENDAR.is_working_day(day) and day.isoweekday() > 5]
    free = [f"{day:%m-%d}" for day in days if not CALENDAR.is_working_day(day) and day.isoweekday() < 6]

    assert worked == WORKED_WEEKENDS[year].split()
    assert free == FREE_WEEKDAYS[year].split()


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        ("2026-02-13", DayKind.WORKING_DAY, None),
        ("2026-02-14", DayKind.MAKEUP_WORKING_DAY, "春节"),
        ("2026-02-15", DayKind.STATUTORY_HOLIDAY, "春节"),  # a Sunday inside the festival
        ("2026-03-01", DayKind.WEEKEND, None),
        ("2025-10-06", DayKind.STATUTORY_HOLIDAY, "国庆节、中秋节"),
        ("2023-10-07", DayKind.MAKEUP_WORKING_DAY, "中秋节、国庆节"),
        ("2022-12-31", DayKind.STATUTORY_HOLIDAY, "元旦"),  # named by the notice of 2023
        ("2023-12-30", DayKind.WEEKEND, None),  # New Year 2024 only adjoins it
        ("2020-02-01", DayKind.STATUTORY_HOLIDAY, "春节"),  # the extension of 2020 took back a worked Saturday
        ("2020-02-03", DayKind.WORKING_DAY, None),
    ],
)
def test_a_day_bears_its_kind_and_the_festival_behind_it(day: str, kind: DayKind, name: str | None) -> None:
    assert (CALENDAR.kind_of(on(day)), CALENDAR.name_of(on(day))) == (kind, name)


def test_an_agency_has_its_extra_days_and_nobody_else_has_them() -> None:
    days = [on("2026-04-20"), on("2026-04-25"), on("2026-02-14"), on("2026-04-21")]

    assert [CALENDAR.is_working_day(day, BORDER) for day in days] == [False, True, False, True]
    assert [CALENDAR.is_working_day(day) for day in days] == [True, False, True, True]
    assert [CALENDAR.is_working_day(day, "91990100MADEM00025") for day in days] == [True, False, True, True]
    assert CALENDAR.kind_of(days[0], BORDER) == DayKind.LOCAL_EXTRA_HOLIDAY
    assert CALENDAR.name_of(days[1], BORDER) == "三月三"


# Working days


@pytest.mark.proves("PUB-08", "INV-19")
@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-02-13", 3, "2026-02-25"),  # Saturday 14 February is worked
        ("2026-09-18", 3, "2026-09-22"),  # Sunday 20 September is worked
        ("2026-09-30", 3, "2026-10-10"),  # ends on a worked Saturday
        ("2025-12-31", 3, "2026-01-06"),
        ("2026-01-02", 1, "2026-01-04"),  # a worked Sunday
        ("2025-09-26", 7, "2025-10-13"),
        ("2024-09-13", 15, "2024-10-11"),
        ("2020-01-23", 1, "2020-02-03"),
        ("2022-12-30", 2, "2023-01-04"),
        ("2026-03-04", 0, "2026-03-04"),
        ("2019-12-31", 1, "2020-01-02"),  # the day it starts is not counted, so its year need not be known
    ],
)
def test_working_days_are_counted_from_the_day_after(start: str, days: int, end: str) -> None:
    assert CALENDAR.add_working_days(on(start), days) == on(end)
    assert CALENDAR.working_days_between(on(start), on(end)) == days


@pytest.mark.proves("PUB-08")
def test_publication_ends_on_the_seventh_working_day_after_the_decision() -> None:
    assert CALENDAR.due(on("2026-09-23"), PUBLICATION) == on("2026-10-10")
    assert CALENDAR.due(on("2026-11-26"), PUBLICATION) == on("2026-12-07")


def test_an_agencys_days_move_its_terms() -> None:
    assert CALENDAR.add_working_days(on("2026-04-17"), 5) == on("2026-04-24")
    assert CALENDAR.add_working_days(on("2026-04-17"), 5, BORDER) == on("2026-04-25")
    assert CALENDAR.due(on("2026-04-17"), term(5), agency=BORDER) == on("2026-04-25")
    assert CALENDAR.add_calendar_days(on("2026-04-10"), 10, True, BORDER) == on("2026-04-21")
    assert CALENDAR.working_days_between(on("2026-04-17"), on("2026-04-26"), BORDER) == 5


# Calendar days and months


@pytest.mark.parametrize(
    ("start", "days", "unrolled", "rolled"),
    [
        ("2026-08-05", 60, "2026-10-04", "2026-10-08"),
        ("2025-12-17", 60, "2026-02-15", "2026-02-24"),
        ("2025-12-16", 60, "2026-02-14", "2026-02-14"),  # a worked Saturday: no move
        ("2026-03-02", 0, "2026-03-02", "2026-03-02"),
    ],
)
def test_calendar_days_roll_only_when_asked(start: str, days: int, unrolled: str, rolled: str) -> None:
    assert CALENDAR.add_calendar_days(on(start), days) == on(unrolled)
    assert CALENDAR.add_calendar_days(on(start), days, rolling=True) == on(rolled)


@pytest.mark.parametrize(
    ("start", "months", "unrolled", "rolled"),
    [
        ("2026-04-03", 6, "2026-10-03", "2026-10-08"),
        ("2025-11-30", 3, "2026-02-28", "2026-02-28"),  # a worked Saturday: no move
        ("2024-02-29", 12, "2025-02-28", "2025-02-28"),
        ("2023-08-31", 6, "2024-02-29", "2024-02-29"),
        ("2025-12-31", 0, "2025-12-31", "2025-12-31"),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_months_last(
    start: str, months: int, unrolled: str, rolled: str
) -> None:
    assert CALENDAR.add_months(on(start), months) == on(unrolled)
    assert CALENDAR.add_months(on(start), months, rolling=True) == on(rolled)


def test_a_term_ends_by_its_unit() -> None:
    assert CALENDAR.due(on("2026-08-05"), term(60, "calendar_day")) == on("2026-10-04")
    assert CALENDAR.due(on("2026-08-05"), term(60, "calendar_day", rolling=True)) == on("2026-10-08")
    assert CALENDAR.due(on("2026-04-03"), term(6, "month")) == on("2026-10-03")
    assert CALENDAR.due(on("2026-04-03"), term(6, "month", rolling=True)) == on("2026-10-08")
    assert CALENDAR.due(on("2026-03-12"), term(36, "month")) == on("2029-03-12")  # publication ends by date alone


def test_time_is_counted_forwards_within_the_dates_there_are() -> None:
    for counting in (
        lambda: CALENDAR.add_working_days(on("2026-03-02"), -1),
        lambda: CALENDAR.add_calendar_days(on("2026-03-02"), -1),
        lambda: CALENDAR.add_months(on("2026-03-02"), -1),
        lambda: CALENDAR.working_days_between(on("2026-03-02"), on("2026-03-01")),
    ):
        with pytest.raises(ValueError, match="forwards"):
            counting()
    for beyond in (lambda: CALENDAR.add_calendar_days(date.max, 1), lambda: CALENDAR.add_months(date.max, 1)):
        with pytest.raises(DomainError) as refused:
            beyond()
        assert refused.value.rule == "parameter_invalid"


# Stopped clocks


@pytest.mark.parametrize(
    ("stops", "end"),
    [
        ([], "2026-03-06"),
        ([("2026-03-04", "2026-03-05")], "2026-03-10"),  # two days not counted, the weekend between
        ([("2026-03-03", "2026-03-03"), ("2026-03-05", "2026-03-05")], "2026-03-10"),
        ([("2026-03-04", "2026-03-05"), ("2026-03-05", "2026-03-05")], "2026-03-10"),  # a day stands still once
        ([("2026-02-24", "2026-03-02")], "2026-03-06"),  # over before day 1
        ([("2026-03-07", "2026-03-31")], "2026-03-06"),  # begins after the last day
        ([("2026-03-07", None)], "2026-03-06"),  # so does this one, and it is still open
        ([("2026-03-06", "2026-03-09")], "2026-03-10"),
    ],
)
def test_days_inside_a_stop_are_not_counted(stops: list[tuple[str, str | None]], end: str) -> None:
    periods = [(on(first), on(last) if last else None) for first, last in stops]

    assert CALENDAR.due(on("2026-03-02"), term(4), periods) == on(end)


def test_a_stop_lengthens_calendar_days_and_months_by_its_days() -> None:
    stop = [(on("2026-03-10"), on("2026-03-19"))]

    assert CALENDAR.due(on("2026-03-02"), term(30, "calendar_day"), stop) == on("2026-04-11")
    assert CALENDAR.due(on("2026-03-02"), term(1, "month"), stop) == on("2026-04-12")
    assert CALENDAR.due(on("2026-03-02"), term(1, "month", rolling=True), stop) == on("2026-04-13")


def test_a_last_day_does_not_roll_into_a_stop() -> None:
    stop = [(on("2026-10-08"), on("2026-10-08"))]

    assert CALENDAR.due(on("2026-08-05"), term(60, "calendar_day", rolling=True), stop) == on("2026-10-09")


@pytest.mark.parametrize("unit", ["working_day", "calendar_day", "month"])
def test_while_a_stop_is_open_there_is_no_last_day(unit: str) -> None:
    with pytest.raises(ClockStopped) as refused:
        CALENDAR.due(on("2026-03-02"), term(4, unit), [(on("2026-03-04"), None)])

    assert (refused.value.rule, refused.value.since) == ("clock_stopped", on("2026-03-04"))
    assert "2026-03-04" in str(refused.value)


def test_a_sum_shows_the_days_on_which_the_clock_stood_still() -> None:
    lines = CALENDAR.day_sum(on("2026-03-02"), on("2026-03-06"), stops=[(on("2026-03-04"), on("2026-03-05"))])

    assert [(line.counted, line.n, line.stopped) for line in lines] == [
        (True, 1, False),
        (False, None, True),
        (False, None, True),
        (True, 2, False),
    ]


# Unknown years


@pytest.mark.proves("PUB-10", "INV-19")
@pytest.mark.parametrize(
    ("year", "question"),
    [
        (2027, lambda: CALENDAR.is_working_day(on("2027-01-04"))),
        (2019, lambda: CALENDAR.is_working_day(on("2019-12-31"))),
        (2027, lambda: CALENDAR.name_of(on("2027-03-06"))),
        (2027, lambda: CALENDAR.kind_of(on("2027-03-06"), BORDER)),
        (2027, lambda: CALENDAR.add_working_days(on("2026-12-30"), 5)),
        (2027, lambda: CALENDAR.add_working_days(on("2026-11-02"), 1000)),
        (2019, lambda: CALENDAR.add_working_days(on("2019-12-27"), 1)),
        (2027, lambda: CALENDAR.due(on("2026-12-30"), PUBLICATION)),
        (2029, lambda: CALENDAR.add_months(on("2026-03-02"), 36, rolling=True)),
        (2027, lambda: CALENDAR.add_calendar_days(on("2026-12-31"), 1, rolling=True)),
        (2027, lambda: CALENDAR.working_days_between(on("2026-12-30"), on("2027-01-04"))),
        (2027, lambda: CALENDAR.day_sum(on("2026-12-30"), on("2027-01-01"))),
        (2027, lambda: CALENDAR.explain(on("2026-12-30"), days=5)),
        (2027, lambda: CALENDAR.explain(on("2026-12-30"), until=on("9999-12-31"))),
    ],
)
def test_a_year_without_a_notice_is_refused(year: int, question) -> None:
    with pytest.raises(UnknownYear) as refused:
        question()

    assert (refused.value.rule, refused.value.rows) == ("calendar_year_unknown", ("PUB-10",))
    assert (refused.value.year, refused.value.known_years) == (year, KNOWN_YEARS)
    assert refused.value.data == {"year": year, "known_years": KNOWN_YEARS}
    assert str(year) in str(refused.value)


@pytest.mark.proves("PUB-10", "INV-19")
def test_a_year_missing_inside_a_long_sum_is_refused_and_its_notice_makes_the_sum() -> None:
    with_gap = replace(CALENDAR, years={year: known for year, known in CALENDAR.years.items() if year != 2025})

    assert CALENDAR.add_working_days(on("2024-12-02"), 300) == on("2026-02-13")
    with pytest.raises(UnknownYear) as refused:
        with_gap.add_working_days(on("2024-12-02"), 300)

    assert refused.value.year == 2025
    assert 2025 not in refused.value.known_years


def test_local_days_do_not_make_a_year_known() -> None:
    local_only = Calendar({}, {}, {BORDER: {on("2027-04-09"): DayEntry(DayKind.LOCAL_EXTRA_HOLIDAY, "三月三")}})

    with pytest.raises(UnknownYear):
        local_only.is_working_day(on("2027-04-09"), BORDER)


def test_what_needs_no_working_day_needs_no_notice() -> None:
    assert CALENDAR.add_months(on("2026-03-02"), 36) == on("2029-03-02")
    assert CALENDAR.add_calendar_days(on("2026-12-30"), 30) == on("2027-01-29")
    assert CALENDAR.add_working_days(on("2027-05-01"), 0) == on("2027-05-01")
    assert CALENDAR.add_working_days(on("2026-12-28"), 3) == on("2026-12-31")


# The calculator


def test_the_calculator_answers_as_the_contract_of_the_api_shows() -> None:
    answer = CALENDAR.explain(on("2026-02-13"), days=3).as_json()

    festival = {"kind": "statutory_holiday", "name": "春节", "counted": False, "n": None}
    free = [
        {"date": on(f"2026-02-{day}"), "weekday": weekday, **festival}
        for day, weekday in [(15, 7), (16, 1), (17, 2), (18, 3), (19, 4), (20, 5), (21, 6), (22, 7), (23, 1)]
    ]
    assert answer == {
        "from": on("2026-02-13"),
        "days": 3,
        "months": None,
        "until": None,
        "count": "working",
        "rolling": False,
        "agency": None,
        "result": on("2026-02-25"),
        "unrolled": on("2026-02-25"),
        "working_days": 3,
        "calendar_days": 12,
        "years": [{"year": 2026, "source": "国务院办公厅关于2026年部分节假日安排的通知"}],
        "sum": [
            {"date": on("2026-02-14"), "weekday": 6, "kind": "makeup_working_day", "name": "春节", "counted": True, "n": 1},
            *free,
            {"date": on("2026-02-24"), "weekday": 2, "kind": "working_day", "name": None, "counted": True, "n": 2},
            {"date": on("2026-02-25"), "weekday": 3, "kind": "working_day", "name": None, "counted": True, "n": 3},
        ],
    }  # fmt: skip
    assert list(answer) == [
        *("from", "days", "months", "until", "count", "rolling", "agency", "result", "unrolled"),
        *("working_days", "calendar_days", "years", "sum"),
    ]


def test_the_calculator_shows_the_days_it_rolled_over() -> None:
    answer = CALENDAR.explain(on("2026-08-05"), days=60, count="calendar", rolling=True)

    assert (answer.result, answer.unrolled) == (on("2026-10-08"), on("2026-10-04"))
    assert (answer.working_days, answer.calendar_days) == (None, 64)
    assert [(f"{line.date:%m-%d}", line.counted, line.n) for line in answer.sum] == [
        ("10-04", False, None),
        ("10-05", False, None),
        ("10-06", False, None),
        ("10-07", False, None),
        ("10-08", True, None),
    ]


@pytest.mark.parametrize(
    ("start", "question", "result", "working_days", "years", "lines"),
    [
        ("2025-12-31", {"days": 3}, "2026-01-06", 3, [2026], 6),
        ("2026-09-30", {"days": 3}, "2026-10-10", 3, [2026], 10),
        ("2025-12-30", {"days": 2}, "2026-01-04", 2, [2025, 2026], 5),
        ("2026-03-02", {"days": 0}, "2026-03-02", 0, [], 0),
        ("2026-03-02", {"days": 30, "count": "calendar"}, "2026-04-01", None, [], 0),
        ("2025-11-30", {"months": 3, "rolling": True}, "2026-02-28", None, [2026], 1),
        ("2024-02-29", {"months": 12}, "2025-02-28", None, [], 0),
        ("2026-03-02", {"months": 36, "count": "calendar"}, "2029-03-02", None, [], 0),
        ("2026-02-13", {"until": date(2026, 2, 25)}, "2026-02-25", 3, [2026], 12),
        ("2026-02-13", {"until": date(2026, 2, 25), "count": "working"}, "2026-02-25", 3, [2026], 12),
        ("2026-02-13", {"until": date(2026, 2, 13)}, "2026-02-13", 0, [], 0),
        ("2026-04-17", {"days": 5, "agency": BORDER}, "2026-04-25", 5, [2026], 8),
    ],
)
def test_the_calculator_counts_what_was_asked(
    start: str, question: dict, result: str, working_days: int | None, years: list[int], lines: int
) -> None:
    answer = CALENDAR.explain(on(start), **question)

    assert (answer.result, answer.working_days) == (on(result), working_days)
    assert ([known.year for known in answer.years], len(answer.sum)) == (years, lines)
    assert answer.as_json()["agency"] == question.get("agency")


@pytest.mark.parametrize(
    ("question", "rule", "field"),
    [
        ({}, "parameter_missing", "days"),
        ({"days": 3, "months": 1}, "parameter_conflict", "months"),
        ({"days": 3, "until": date(2026, 5, 1)}, "parameter_conflict", "until"),
        ({"months": 1, "count": "working"}, "parameter_conflict", "count"),
        ({"until": date(2026, 5, 1), "count": "calendar"}, "parameter_conflict", "count"),
        ({"days": 3, "rolling": True}, "parameter_conflict", "rolling"),
    ],
)
def test_the_calculator_refuses_a_question_that_contradicts_itself(question: dict, rule: str, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        CALENDAR.explain(on("2026-04-01"), **question)

    assert (refused.value.rule, refused.value.field) == (rule, field)


# What always holds

days_known = st.dates(date(2019, 12, 31), date(2026, 6, 30))
counts = st.integers(1, 60)


@given(days_known, counts, st.sampled_from(["", BORDER]))
def test_adding_working_days_and_counting_them_agree(start: date, n: int, agency: str) -> None:
    end = CALENDAR.add_working_days(start, n, agency)
    lines = CALENDAR.day_sum(start, end, agency)

    assert CALENDAR.is_working_day(end, agency)
    assert CALENDAR.working_days_between(start, end, agency) == n
    assert [line.n for line in lines if line.counted] == list(range(1, n + 1))
    assert lines[-1].date == end


@given(days_known, days_known, counts)
def test_who_starts_later_never_ends_sooner(one: date, other: date, n: int) -> None:
    earlier, later = sorted([one, other])

    assert CALENDAR.add_working_days(earlier, n) <= CALENDAR.add_working_days(later, n)
    assert CALENDAR.add_calendar_days(earlier, n, True) <= CALENDAR.add_calendar_days(later, n, True)
    assert corresponding_day(earlier, n) <= corresponding_day(later, n)


@given(days_known, counts, counts)
def test_a_sum_can_be_taken_in_two_steps(start: date, first: int, second: int) -> None:
    assume(first + second < 120)

    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, first), second) == CALENDAR.add_working_days(
        start, first + second
    )


@given(days_known, counts, st.integers(0, 90), st.integers(0, 60), st.sampled_from(list(Unit)))
def test_a_stop_never_shortens_a_term_and_its_days_are_never_counted(
    start: date, n: int, ahead: int, length: int, unit: Unit
) -> None:
    months = unit is Unit.MONTH
    assume(start < date(2026, 1, 1))
    first = start + timedelta(days=ahead)
    stop = (first, first + timedelta(days=length))

    end = CALENDAR.due(start, term(n % 6 + 1 if months else n, unit), [stop])

    assert end >= CALENDAR.due(start, term(n % 6 + 1 if months else n, unit))
    assert not stop[0] <= end <= stop[1]


@given(days_known, st.integers(0, 120))
def test_months_come_to_the_same_day_or_the_last_of_the_month(start: date, months: int) -> None:
    end = corresponding_day(start, months)

    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


# The calendar a process keeps


class Book:
    """Stands for the tables: counts how often it is read."""

    def __init__(self) -> None:
        self.reads, self.years, self.days = (
            0,
            [YearSource(2026, "2026年")],
            [(on("2026-01-01"), "statutory_holiday", "元旦", "")],
        )

    def __call__(self) -> module.Rows:
        self.reads += 1
        return tuple(self.years), tuple(self.days)


@pytest.fixture
def clock(monkeypatch):
    """A stopped stopwatch, and a connection whose transaction the test opens and closes."""
    state = SimpleNamespace(now=1000.0, in_atomic_block=False)

    @contextmanager
    def atomic():
        state.in_atomic_block = True
        yield
        state.in_atomic_block = False

    state.atomic = atomic
    monkeypatch.setattr(module, "monotonic", lambda: state.now)
    monkeypatch.setattr(module, "connections", SimpleNamespace(all=lambda initialized_only: [state]))
    monkeypatch.setattr(Kept, "instances", [])
    return state


def test_outside_a_transaction_the_calendar_is_read_at_most_every_thirty_seconds(clock) -> None:
    book = Book()
    kept = Kept(book)

    first = kept()
    clock.now += 29
    assert (kept(), book.reads) == (first, 1)
    clock.now += 1
    assert (kept(), book.reads) == (first, 2)  # read again, found the same, not built again

    book.days[0] = (on("2026-01-01"), "statutory_holiday", "新年", "")  # neither more rows nor a higher key
    clock.now += 30
    assert kept().name_of(on("2026-01-01")) == "新年"


def test_inside_a_transaction_the_calendar_is_the_one_of_that_transaction(clock) -> None:
    book = Book()
    kept = Kept(book)
    before = kept()

    with clock.atomic():
        assert kept() is before
        book.years.append(YearSource(2027, "2027年"))
        assert sorted(kept().years) == [2026, 2027]
        book.years.pop()  # rolled back

    assert sorted(kept().years) == [2026]


def test_what_was_read_inside_a_transaction_alone_is_read_again_outside_it(clock) -> None:
    book = Book()
    kept = Kept(book)

    with clock.atomic():
        kept()
    book.years.append(YearSource(2027, "2027年"))

    assert sorted(kept().years) == [2026, 2027]


def test_forgetting_reads_every_kept_calendar_anew(clock) -> None:
    books = [Book(), Book()]
    kept = [Kept(book) for book in books]
    for each in kept:
        each()

    forget()
    for each in kept:
        each()

    assert [book.reads for book in books] == [2, 2]


@pytest.mark.proves("PUB-08")
def test_the_statutory_day_is_the_one_of_shanghai() -> None:
    with (
        time_machine.travel(datetime(2026, 3, 1, 16, 30, tzinfo=UTC), tick=False),
        timezone.override("America/New_York"),
    ):
        assert today() == on("2026-03-02")
    with time_machine.travel(datetime(2026, 3, 1, 15, 59, tzinfo=UTC), tick=False):
        assert today() == on("2026-03-01")
