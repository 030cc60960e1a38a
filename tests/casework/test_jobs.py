"""What the clock asks of casework: the calendar's alarm (PUB-10). The audit's is in test_audit.py."""

from datetime import date
from typing import Any

import pytest

from casework.calendar import UnknownYear
from casework.jobs import check_calendar, needed_years
from casework.models import CalendarDay, CalendarYear, Heartbeat
from records.models import Publication
from tests.factories import act_of, agency, deliver, penalty, subject

pytestmark = pytest.mark.django_db


def beaten() -> bool:
    return Heartbeat.objects.filter(name="calendar").exists()


@pytest.mark.proves("PUB-10", "INV-19")
def test_from_december_on_the_next_years_notice_must_be_there(travel: Any, caplog: pytest.LogCaptureFixture) -> None:
    travel(date(2026, 11, 30))
    check_calendar()
    assert beaten()
    Heartbeat.objects.filter(name="calendar").update(at="2026-11-30T00:00:00Z")

    travel(date(2026, 12, 1))
    with pytest.raises(UnknownYear) as caught:
        check_calendar()

    assert caught.value.year == 2027
    assert [(record.levelname, record.message) for record in caplog.records] == [("ERROR", "calendar_year_missing")]
    assert Heartbeat.objects.get(name="calendar").at.isoformat().startswith("2026-11-30T00:00")


def test_an_imported_notice_silences_the_alarm(travel: Any) -> None:
    travel(date(2026, 12, 1))
    CalendarYear.objects.create(year=2027, title="国务院办公厅关于2027年部分节假日安排的通知", confidence="from_memory")

    check_calendar()

    assert beaten()


@pytest.mark.proves("PUB-10")
def test_an_open_deadline_without_a_last_day_raises_the_alarm_on_any_day() -> None:
    sender = agency()
    case = act_of(deliver(penalty(subject(), sender), sender=sender)).publication
    assert needed_years(date(2026, 11, 20)) == [2026]

    Publication.objects.filter(pk=case.pk).update(due_on=None)

    assert needed_years(date(2026, 11, 20)) == [2026, 2027]
    with pytest.raises(UnknownYear):
        check_calendar()
    Publication.objects.filter(pk=case.pk).update(state="ended")
    check_calendar()


def test_the_year_that_runs_is_always_needed(travel: Any) -> None:
    CalendarDay.objects.filter(day__year=2026).delete()
    travel(date(2028, 5, 5))

    with pytest.raises(UnknownYear) as caught:
        check_calendar()

    assert caught.value.year == 2028
