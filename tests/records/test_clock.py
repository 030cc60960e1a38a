"""The statutory clock: what the sweep publishes, marks and ends, and that reading never waits for it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from casework.calendar import today
from casework.models import AuditEvent, CalendarYear
from disclosure.disclose import FILES
from disclosure.models import Record as DisclosedRecord
from records.jobs import sweep
from records.models import Publication
from records.states import Clock
from subjects.models import Subject
from tests.factories import act_of, deliver, penalty

pytestmark = pytest.mark.django_db
HELD = {"cf_sy": "投诉电话13800138000已核实"}  # waits for a second person, so its clock runs on


def shown() -> int:
    return DisclosedRecord.objects.count()


@pytest.mark.proves("SHR-11", "INV-13")
def test_the_day_after_its_last_day_a_fact_is_gone_with_no_job_run(office: Any, firm: Subject, travel: Any) -> None:
    last = today() + timedelta(days=30)
    deliver(penalty(firm, office, cf_gsjzq=last), sender=office)

    travel(last)
    on_the_day = shown()
    travel(last + timedelta(days=1))

    assert (on_the_day, shown()) == (1, 0)
    assert Publication.objects.get().state == Clock.PUBLISHED


@pytest.mark.proves("SHR-11")
def test_the_day_is_shanghais_whatever_zone_the_session_is_in() -> None:
    # The test database freezes the function, so the file itself is read and its expression run at 02:30 in Shanghai.
    body = next(path for path in FILES if "today" in path.name).read_text(encoding="utf-8")
    expression = body.split("$$")[1].strip().removeprefix("select ")
    at_night = expression.replace("statement_timestamp()", "timestamptz '2026-11-20 18:30:00+00'")
    found = set()
    with connection.cursor() as cursor:
        for zone in ("UTC", "Etc/GMT+12", "Pacific/Kiritimati"):
            cursor.execute("SELECT set_config('timezone', %s, true)", [zone])
            cursor.execute(f"SELECT {at_night}")
            found.add(cursor.fetchone()[0])

    assert found == {date(2026, 11, 21)}


@pytest.mark.proves("SHR-11")
def test_the_sweep_closes_what_ended_and_the_record_beneath_it_expires(office: Any, firm: Subject, travel: Any) -> None:
    last = today() + timedelta(days=30)
    act = act_of(deliver(penalty(firm, office, cf_gsjzq=last), sender=office))

    travel(last + timedelta(days=1))
    first, second = sweep(today()), sweep(today())

    act.publication.refresh_from_db()
    act.record.refresh_from_db()
    assert (first["ended"], second["ended"]) == (1, 0)
    assert (act.publication.state, act.record.state) == (Clock.ENDED, "expired")


# Round the National Day of 2026: decided on a Wednesday, the festival, and a Saturday worked in exchange.
@pytest.mark.proves("PUB-09", "INV-18", "INV-19")
@pytest.mark.parametrize(("on", "state"), [(date(2026, 10, 15), Clock.PENDING), (date(2026, 10, 16), Clock.OVERDUE)])
def test_the_overdue_mark_comes_the_day_after_the_seventh_working_day(
    office: Any, firm: Subject, travel: Any, on: date, state: str
) -> None:
    travel(date(2026, 9, 30))
    act = act_of(deliver(penalty(firm, office, **HELD), sender=office))
    assert act.publication.due_on == date(2026, 10, 15)  # 10-08, 09, 10 (Saturday, worked), 12, 13, 14, 15

    travel(on)
    sweep(today())

    act.publication.refresh_from_db()
    assert act.publication.state == state
    assert act.publication.late_since == (date(2026, 10, 16) if state == Clock.OVERDUE else None)


@pytest.mark.proves("PUB-09", "INV-21")
def test_the_mark_bears_the_legal_day_and_outlives_publication_and_correction(
    office: Any, firm: Subject, travel: Any
) -> None:
    from records import services
    from tests.factories import officer

    travel(date(2026, 9, 30))
    row = penalty(firm, office, **HELD)
    act = act_of(deliver(row, sender=office))
    travel(date(2026, 10, 19))  # three nights missed
    sweep(today())
    services.clear_text(act.pk, by=officer("reviewer", office), on=today(), reason="公开的电话")
    sweep(today())
    corrected = act_of(deliver(row | {"op": "correct", "reason": "改正", "cf_sy": "已核实"}, sender=office))

    act.publication.refresh_from_db()
    assert (act.publication.late_since, act.publication.delay_by) == (date(2026, 10, 16), "department")
    assert corrected.publication.late_since == date(2026, 10, 16)
    assert DisclosedRecord.objects.get().late is True


@pytest.mark.proves("INV-21")
@pytest.mark.parametrize("value", [None, date(2026, 10, 1), date(2027, 1, 1)])
def test_the_database_itself_keeps_a_late_mark(office: Any, firm: Subject, travel: Any, value: date | None) -> None:
    deliver(penalty(firm, office, cf_jdrq=date(2026, 3, 2)), sender=office)

    with pytest.raises(IntegrityError, match="what is written stays"), transaction.atomic():
        Publication.objects.update(late_since=value, delay_by="" if value is None else "portal")


def test_three_missed_nights_are_caught_up_once(office: Any, firm: Subject, travel: Any) -> None:
    travel(date(2026, 9, 30))
    act = act_of(deliver(penalty(firm, office, **HELD), sender=office))
    travel(date(2026, 10, 19))

    done = [sweep(today())["overdue"] for _night in range(3)]

    lines = AuditEvent.objects.filter(ref=f"publication:{act.uuid}", name="publication.overdue")
    assert (done, lines.count()) == ([1, 0, 0], 1)


@pytest.mark.proves("PUB-10")
def test_importing_the_notice_computes_what_could_not_be_counted(office: Any, firm: Subject, travel: Any) -> None:
    travel(date(2026, 12, 30))
    act = act_of(deliver(penalty(firm, office), sender=office))
    before = sweep(today())["counted"]

    CalendarYear.objects.create(year=2027, title="示例：2027年放假安排", confidence="from_memory")
    after = sweep(today())["counted"]

    act.publication.refresh_from_db()
    assert (before, after) == (0, 1)
    assert act.publication.due_on == date(2027, 1, 8)


@pytest.mark.proves("PUB-07")
def test_the_sweep_never_publishes_what_is_not_to_be_disclosed(office: Any, firm: Subject, travel: Any) -> None:
    deliver(penalty(firm, office, cf_cflb="警告", cf_nr="警告", cf_nr_fk=""), sender=office)

    travel(today() + timedelta(days=60))
    sweep(today())

    assert Publication.objects.get().state == Clock.NOT_DISCLOSABLE
    assert shown() == 0


def test_the_sweep_never_runs_ahead_of_the_day() -> None:
    with pytest.raises(ValueError, match="ahead of the day"):
        sweep(today() + timedelta(days=1))
    with pytest.raises(CommandError, match="future"):
        call_command("sweep", on=today() + timedelta(days=1))
