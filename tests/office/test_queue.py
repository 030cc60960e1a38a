"""The queue: urgent first, each view holds what its name says."""

from datetime import date

import pytest

from casework.calendar import today
from casework.office import VIEWS, Waiting, grouped

pytestmark = pytest.mark.django_db


def line(due_on: date | None, group: str = "mine") -> Waiting:
    return Waiting(title="示例", detail="一号", step="等复核", due_on=due_on, group=group)


@pytest.mark.parametrize(
    ("due_on", "is_soon"),
    [
        (date(2026, 11, 19), False),  # overdue has a view of its own
        (date(2026, 11, 20), True),
        (date(2026, 11, 25), True),  # Wednesday: the third working day after Friday
        (date(2026, 11, 26), False),
        (date(2031, 1, 6), False),  # a year whose holidays nobody knows
        (None, False),
    ],
)
def test_soon_means_three_working_days(due_on: date | None, is_soon: bool) -> None:
    assert VIEWS["soon"][1](line(due_on), today()) is is_soon


def test_the_most_urgent_stands_first_and_what_rests_last() -> None:
    days = [None, date(2027, 1, 4), date(2026, 11, 20), date(2026, 11, 18), date(2026, 11, 24)]

    groups = grouped([*(line(day) for day in days), line(date(2026, 11, 1), "paused")], today())

    assert [key for key, _heading, _lines in groups] == ["overdue", "today", "week", "later", "undated", "paused"]
