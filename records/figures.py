"""Timeliness: how many acts had to be public by a day, and how many were. Reads stored dates, keeps no counter (STA-04).

Screen, file and circular all take their numbers from `timeliness` and the words beside them from DEFINITIONS. A fact is
counted once, whatever was corrected in it: by its newest version's last day, and by the first day on which any version of
it was public, here or on the department's own site (design part 6: the earlier of the two).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from casework.calendar import Calendar, UnknownYear
from records.models import Publication
from records.states import SHOWN, ActKind, Clock

# A department is weak when, of at least so many acts whose outcome is known, a smaller share was on time.
WEAK_BELOW, WEAK_FROM = 95, 10  # percent, acts
SOON = 3  # working days left, from which a tag says so (ui.md 2)
COUNTED_TO = 1_000  # above that a view says "more than"
MONTHS_SHOWN = 12

DEFINITIONS: Mapping[str, Any] = {
    "due": _("Acts bound by the clause whose last day lies in the period: the sum of on time, late and still open."),
    "on_time": _("Public on or before the last day, here or on the department's own site; the earlier day counts."),
    "late": _("First public after the last day, or withdrawn after it without ever having been public."),
    "late_by_department": _("Handed in after the last day, or held because of its text."),
    "late_by_portal": _("Handed in in time and not shown by us in time."),
    "still_open": _("Not public yet."),
    "overdue": _("Of those still open: the last day has passed."),
    "exempt": _("A law or administrative regulation provides otherwise and is cited. Not among those due."),
    "not_disclosable": _("The catalogue or the repair regime does not let it be shown. Not among those due."),
    "share": _("On time out of all whose outcome is known: on time, late and overdue; in percent, rounded down."),
}
NAMES: Mapping[str, Any] = {
    "due": _("due"), "on_time": _("on time"), "late": _("late"), "late_by_department": _("late by the department"),
    "late_by_portal": _("late by the portal"), "still_open": _("still open"), "overdue": _("of these overdue"),
    "exempt": _("exempt from publication"), "not_disclosable": _("not to be disclosed"), "share": _("share on time (%)"),
}  # fmt: skip


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both inclusive."""

    first: date
    last: date

    @classmethod
    def month(cls, day: date) -> "Period":
        """The calendar month in which a day lies."""
        return cls(day.replace(day=1), next_month(day) - timedelta(days=1))

    @classmethod
    def parse(cls, text: str) -> "Period":
        """A year ("2026") or a month ("2026-11"). Anything else is a ValueError."""
        if len(text) == 4:
            return cls(date.fromisoformat(f"{text}-01-01"), date.fromisoformat(f"{text}-12-31"))
        return cls.month(date.fromisoformat(f"{text}-01"))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}" if self == Period.month(self.first) else f"{self.first} – {self.last}"


def next_month(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def last_months(on: date, n: int = MONTHS_SHOWN) -> list[date]:
    """The first days of the last `n` months, oldest first, this month included."""
    total = on.year * 12 + on.month - 1
    return [date((total - back) // 12, (total - back) % 12 + 1, 1) for back in reversed(range(n))]


@dataclass(frozen=True)
class Figures:
    """The counts. `due` = `on_time` + `late` + `still_open`; exempt and not disclosable stand beside it."""

    on_time: int = 0
    late_by_department: int = 0
    late_by_portal: int = 0
    still_open: int = 0
    overdue: int = 0
    exempt: int = 0
    not_disclosable: int = 0

    @property
    def late(self) -> int:
        return self.late_by_department + self.late_by_portal

    @property
    def due(self) -> int:
        return self.on_time + self.late + self.still_open

    @property
    def known(self) -> int:
        """Those whose outcome is known: all that are due but whose last day has not passed yet."""
        return self.on_time + self.late + self.overdue

    @property
    def share(self) -> float | None:
        """On time out of those whose outcome is known, in percent to one decimal, rounded down: 9,999 of 10,000 are never
        told as all. None where there is none."""
        return self.on_time * 1000 // self.known / 10 if self.known else None

    @property
    def is_weak(self) -> bool:
        """Whether a circular is called for (2016-33(23)): WEAK_BELOW and WEAK_FROM, shown on the page."""
        return self.known >= WEAK_FROM and self.on_time * 100 < WEAK_BELOW * self.known

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def as_json(self) -> dict[str, int | float | None]:
        """As a circular keeps them and a file writes them, in the order in which the screen shows them."""
        return {name: getattr(self, name) for name in NAMES}


# The newest version of each fact that the clause binds, in a period, and the first day on which any version was public.
# What was withdrawn in time without having been public is none of these; nor is a first load of history, which bears no
# mark. Everything is judged from dates on the rows; `on` is asked for one thing only, whether an open last day has passed.
COUNT = """
WITH fact AS MATERIALIZED (
  SELECT a.determining_department_id AS agency, a.kind::text, date_trunc('month', p.due_on)::date AS month,
    p.state, p.due_on, p.late_since, p.delay_by,
    CASE WHEN a.version = 1 THEN least(p.source_public_on, p.public_from)
      ELSE (SELECT min(least(q.source_public_on, q.public_from)) FROM records_administrativeact v
        JOIN records_publication q ON q.act_id = v.id WHERE v.public_id = a.public_id) END AS first_public
  FROM records_publication p JOIN records_administrativeact a ON a.id = p.act_id
  WHERE p.starts_on IS NOT NULL AND p.due_on BETWEEN %(first)s AND %(last)s
    AND (%(agencies)s::bigint[] IS NULL OR a.determining_department_id = ANY(%(agencies)s))
    AND (%(kind)s = '' OR a.kind = %(kind)s) AND a.state <> 'corrected'
), judged AS (
  SELECT agency, kind, month, due_on, delay_by, CASE
    WHEN state IN ('exempt', 'not_disclosable') THEN state
    WHEN first_public <= due_on THEN 'on_time'
    WHEN state IN ('pending', 'overdue') THEN 'still_open'
    WHEN late_since IS NOT NULL THEN 'late' END AS outcome
  FROM fact
)
SELECT agency, kind, month,
  count(*) FILTER (WHERE outcome = 'on_time'),
  count(*) FILTER (WHERE outcome = 'late' AND delay_by = 'department'),
  count(*) FILTER (WHERE outcome = 'late' AND delay_by = 'portal'),
  count(*) FILTER (WHERE outcome = 'still_open'),
  count(*) FILTER (WHERE outcome = 'still_open' AND due_on < %(on)s),
  count(*) FILTER (WHERE outcome = 'exempt'),
  count(*) FILTER (WHERE outcome = 'not_disclosable')
FROM judged WHERE outcome IS NOT NULL GROUP BY 1, 2, 3"""

Key = tuple[int, str, date]  # department, kind of act, first day of the month of the last day


def timeliness(
    period: Period, *, on: date, agencies: Iterable[int] | None = None, kind: str = ""
) -> dict[Key, Figures]:
    """The figures of a period by department, kind and month; one query. `agencies`: their keys; None asks for all."""
    asked = {
        "first": period.first, "last": period.last, "on": on, "kind": ActKind(kind) if kind else "",
        "agencies": None if agencies is None else sorted(agencies),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(COUNT, asked)
        return {(row[0], row[1], row[2]): Figures(*row[3:]) for row in cursor.fetchall()}


def total(found: Iterable[Figures]) -> Figures:
    return sum(found, start=Figures())


def by(found: Mapping[Key, Figures], place: int) -> dict[Any, Figures]:
    """The same figures by one part of their key: 0 the department, 1 the kind, 2 the month."""
    sums: dict[Any, Figures] = {}
    for key, figures in found.items():
        sums[key[place]] = sums.get(key[place], Figures()) + figures
    return sums


def of_agency(agency: Agency, period: Period, *, on: date) -> Figures:
    """The figures of one department, all kinds of act together."""
    return total(timeliness(period, on=on, agencies=[agency.pk]).values())


# --- The clock desk: which rows stand behind a number ----------------------------------------------------------------

# Public in time at the source: the duty is done, whatever still keeps the act from being shown here.
IN_TIME_AT_SOURCE = Q(source_public_on__lte=F("due_on"))
OPEN = Q(state__in=[Clock.PENDING, Clock.OVERDUE]) & (~IN_TIME_AT_SOURCE | Q(source_public_on=None) | Q(due_on=None))


def soon_until(calendar: Calendar, on: date) -> date:
    """The last day that is near: SOON working days ahead by the national calendar. At the end of the last year that is
    announced it is that year's last day, for no clock is counted beyond it."""
    try:
        return calendar.add_working_days(on, SOON)
    except UnknownYear as unknown:
        return date(unknown.year, 1, 1) - timedelta(days=1)


def views(calendar: Calendar, on: date) -> dict[str, Q]:
    """The views of the clock desk, by name."""
    return {
        "soon": OPEN & Q(due_on__gte=on, due_on__lte=soon_until(calendar, on)),
        "today": OPEN & Q(due_on=on),
        "overdue": OPEN & Q(due_on__lt=on),
        "late": Q(state__in=SHOWN, late_since__isnull=False),
        "exempt": Q(state=Clock.EXEMPT, due_on__isnull=False),
        "uncounted": Q(due_on=None, starts_on__isnull=False) & ~Q(state=Clock.ENDED),
        "all": Q(due_on__isnull=False) & ~Q(state=Clock.ENDED),
    }


def capped_counts(asked: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each query has, counted no further than COUNTED_TO + 1; all in one statement."""
    names: list[str] = []
    parts: list[str] = []
    values: list[Any] = []
    empty = dict.fromkeys(asked, 0)
    for name, rows in asked.items():
        try:
            sql, given = rows.order_by().values("pk")[: COUNTED_TO + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        names.append(name)
        parts.append(f"(SELECT count(*) FROM ({sql}) counted)")  # noqa: S608  made by the ORM; values are parameters
        values += given
    if not parts:
        return empty
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return empty | dict(zip(names, cursor.fetchone(), strict=True))


def clocks() -> QuerySet[Publication]:
    """Clocks with what a row of the desk or the queue shows."""
    return Publication.objects.select_related(
        "act__subject", "act__person", "act__document", "act__determining_department", "act__collecting_department",
        "exempt_by__instrument",
    )  # fmt: skip


def clocks_of(agencies: Iterable[int]) -> QuerySet[Publication]:
    """The clocks of these departments (their keys): of the acts that they decided."""
    return clocks().filter(act__determining_department__in=sorted(agencies))
