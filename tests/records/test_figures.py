"""Timeliness: every number is a count over stored dates, the same on every surface; a naive count in Python is its judge."""

import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency
from casework.actors import SYSTEM
from casework.calendar import today
from records import services
from records.figures import DEFINITIONS, NAMES, Figures, Period, by, last_months, of_agency, timeliness, total
from records.jobs import sweep
from records.models import AdministrativeAct, Publication
from subjects.models import Subject
from tests.factories import act_of, agency, deliver, officer, penalty, subject

pytestmark = pytest.mark.django_db
HELD = {"cf_sy": "投诉电话13800138000已核实"}
WARNING = {"cf_cflb": "警告", "cf_nr": "警告", "cf_nr_fk": ""}  # its regime does not show it
YEAR = Period.parse("2026")


def naive(agencies: set[int], period: Period, on: date) -> dict[str, int]:
    """The definitions again, one fact at a time."""
    facts = defaultdict(list)
    for row in Publication.objects.select_related("act"):
        facts[row.act.public_id].append(row)
    found: Counter[str] = Counter()
    for versions in facts.values():
        newest = max(versions, key=lambda row: row.act.version)
        if newest.act.determining_department_id not in agencies or newest.starts_on is None or newest.due_on is None:
            continue
        if not period.first <= newest.due_on <= period.last:
            continue
        seen = [day for row in versions for day in (row.public_from, row.source_public_on) if day]
        if newest.state in ("exempt", "not_disclosable"):
            found[newest.state] += 1
        elif seen and min(seen) <= newest.due_on:
            found["on_time"] += 1
        elif newest.state in ("pending", "overdue"):
            found["still_open"] += 1
            found["overdue"] += newest.due_on < on
        elif newest.late_since:
            found[f"late_by_{newest.delay_by}"] += 1
    return dict(+found)


def some_life(seed: int, bodies: list[Agency], travel: Any) -> None:
    """Facts of two months through the real verbs: in time, late, held, exempt, closed, corrected, withdrawn, shown at home."""
    draw = random.Random(seed)
    firms = [subject() for _n in range(3)]
    reviewers = {body.pk: officer("reviewer", body) for body in bodies}
    held: list[AdministrativeAct] = []
    day = date(2026, 9, 14)
    while day <= date(2026, 11, 16):
        travel(day)
        for body in bodies:
            decided = day - timedelta(days=draw.randrange(20))
            more: dict[str, Any] = draw.choice([{}, {}, HELD, HELD, WARNING])
            if draw.random() < 0.3:
                more = more | {"source_public_on": decided + timedelta(days=draw.randrange((day - decided).days + 1))}
            row = penalty(draw.choice(firms), body, cf_jdrq=decided, **more)
            made = act_of(deliver(row, sender=body))
            if more.items() >= HELD.items():
                held.append(made)
            fate = draw.random()
            if fate < 0.15:
                deliver(row | {"op": "correct", "reason": "改正", "cf_nr": f"罚款三万元（{day}）"}, sender=body)
                held = [act for act in held if act.pk != made.pk]
            elif fate < 0.3:
                services.withdraw(made.pk, by=SYSTEM, on=day, reason="重复")
                held = [act for act in held if act.pk != made.pk]
        if held and draw.random() < 0.5:
            act = held.pop(draw.randrange(len(held)))
            services.clear_text(act.pk, by=reviewers[act.collecting_department_id], on=day, reason="公开热线")
        if draw.random() < 0.8:  # some nights are missed
            sweep(day)
        day += timedelta(days=draw.randrange(1, 4))


@pytest.mark.proves("STA-04")
@pytest.mark.parametrize("seed", range(4))
def test_the_figures_are_those_of_a_naive_count(seed: int, travel: Any) -> None:
    bodies = [
        agency("示例市市场监督管理局"),
        agency("示例市应急管理局"),
        agency("示例乡政府", level=Agency.Level.BELOW_COUNTY),
    ]
    some_life(seed, bodies, travel)
    on = date(2026, 11, 20)
    travel(on)

    for period in (YEAR, Period.parse("2026-10"), Period(date(2026, 9, 30), date(2026, 10, 8))):
        for asked in ({body.pk for body in bodies}, {bodies[0].pk}, {bodies[2].pk}):
            figures = total(timeliness(period, on=on, agencies=asked).values())
            counted = {name: n for name, n in vars(figures).items() if n}
            assert counted == naive(asked, period, on), (period, asked)


def test_the_seeds_reach_every_outcome(travel: Any) -> None:
    bodies = [agency("示例市市场监督管理局"), agency("示例市应急管理局")]
    some_life(1, bodies, travel)

    figures = total(timeliness(YEAR, on=date(2026, 11, 20)).values())

    missing = {name for name, n in vars(figures).items() if not n}
    assert missing <= {"exempt", "late_by_portal"}


@pytest.mark.proves("STA-04")
def test_due_is_on_time_late_and_still_open_by_department_kind_and_month(office: Agency, firm: Subject) -> None:
    deliver(penalty(firm, office, cf_jdrq=date(2026, 11, 18)), sender=office)  # public at once, last day 27 November
    deliver(penalty(firm, office, cf_jdrq=date(2026, 3, 2)), sender=office)  # handed in months after its last day
    deliver(penalty(firm, office, cf_jdrq=date(2026, 11, 18), **HELD), sender=office)

    found = timeliness(YEAR, on=today())

    november, march = date(2026, 11, 1), date(2026, 3, 1)
    assert found == {
        (office.pk, "penalty", november): Figures(on_time=1, still_open=1),
        (office.pk, "penalty", march): Figures(late_by_department=1),
    }
    assert by(found, 0) == {office.pk: Figures(on_time=1, late_by_department=1, still_open=1)}
    assert of_agency(office, YEAR, on=today()).due == 3
    assert of_agency(office, YEAR, on=today()).share == 50.0


@pytest.mark.proves("STA-04")
@pytest.mark.parametrize(
    ("source_public_on", "outcome"),
    [(date(2026, 3, 11), "on_time"), (date(2026, 3, 12), "late_by_department"), (None, "late_by_department")],
)
def test_the_earlier_of_the_two_days_counts(
    office: Agency, firm: Subject, source_public_on: date | None, outcome: str
) -> None:
    act = act_of(
        deliver(penalty(firm, office, cf_jdrq=date(2026, 3, 2), source_public_on=source_public_on or ""), sender=office)
    )

    assert act.publication.due_on == date(2026, 3, 11)
    assert of_agency(office, YEAR, on=today()) == Figures(**{outcome: 1})


@pytest.mark.proves("STA-04")
def test_a_correction_months_later_takes_no_punctuality_away(office: Agency, firm: Subject, travel: Any) -> None:
    travel(date(2026, 6, 1))
    row = penalty(firm, office)
    deliver(row, sender=office)
    travel(date(2026, 11, 20))

    deliver(row | {"op": "correct", "reason": "改正", "cf_nr": "罚款三万元整"}, sender=office)

    assert of_agency(office, YEAR, on=today()) == Figures(on_time=1)


def test_the_outcome_of_what_is_exempt_or_may_not_be_shown_stands_apart(office: Agency, firm: Subject) -> None:
    deliver(penalty(firm, office, **WARNING), sender=office)

    figures = of_agency(office, YEAR, on=today())

    assert (figures.not_disclosable, figures.due, figures.share) == (1, 0, None)


@pytest.mark.parametrize(
    ("figures", "weak"),
    [
        (Figures(on_time=19, late_by_portal=1), False),  # 95 percent
        (Figures(on_time=18, late_by_portal=1), True),
        (Figures(on_time=8, late_by_department=1), False),  # nine are too few to say
        (Figures(on_time=9, overdue=1, still_open=40), True),
        (Figures(on_time=10, still_open=40), False),  # what is not due yet says nothing
    ],
)
def test_a_department_is_weak_below_95_percent_of_at_least_ten(figures: Figures, weak: bool) -> None:
    assert figures.is_weak is weak


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert Figures(on_time=9_999, late_by_portal=1).share == 99.9
    assert Figures(on_time=5).share == 100.0


def test_every_figure_is_defined_in_words() -> None:
    assert list(DEFINITIONS) == list(NAMES) == list(Figures().as_json())


def test_the_figures_of_any_number_of_departments_are_one_query(office: Agency, firm: Subject) -> None:
    deliver(penalty(firm, office), sender=office)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        timeliness(YEAR, on=today(), agencies=[office.pk, 1, 2, 3])

    assert len(queries) == 1


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("2026-02", date(2026, 2, 1), date(2026, 2, 28)), ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
     ("2026", date(2026, 1, 1), date(2026, 12, 31))],
)  # fmt: skip
def test_a_period_is_a_month_or_a_year(text: str, first: date, last: date) -> None:
    assert Period.parse(text) == Period(first, last)


@pytest.mark.parametrize("text", ["", "26", "2026-13", "2026-1", "2026-11-20", "2026-W01", "二〇二六"])
def test_anything_else_is_no_period(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the standard library's sentence
        Period.parse(text)


def test_the_last_twelve_months_end_with_this_one() -> None:
    months = last_months(date(2026, 11, 20))

    assert (len(months), months[0], months[-1]) == (12, date(2025, 12, 1), date(2026, 11, 1))
