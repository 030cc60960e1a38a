"""Time: working days with the weekends worked in exchange, months, stopped clocks, and the sum behind every date.

The notices of the State Council say which days are worked; a year without a notice is refused, never guessed (PUB-10).
The arithmetic is pure: a `Calendar` holds all it needs. `calendar()` gives the one of the database.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from math import inf
from time import monotonic
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from django.db import connections
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from casework.errors import DomainError
from casework.terms import Term, Unit

SHANGHAI = ZoneInfo("Asia/Shanghai")

Stop = tuple[date, date | None]  # first and last day on which a clock stood still, both inclusive; None: it still does


class DayKind(TextChoices):
    """What a day is. A weekend day inside a festival that the notice names is a statutory holiday."""

    WORKING_DAY = "working_day", _("working day")
    MAKEUP_WORKING_DAY = "makeup_working_day", _("make-up working day")
    WEEKEND = "weekend", _("weekend")
    STATUTORY_HOLIDAY = "statutory_holiday", _("statutory holiday")
    LOCAL_EXTRA_HOLIDAY = "local_extra_holiday", _("local extra holiday")
    LOCAL_EXTRA_WORKING_DAY = "local_extra_working_day", _("local extra working day")


WORKED = frozenset({DayKind.WORKING_DAY, DayKind.MAKEUP_WORKING_DAY, DayKind.LOCAL_EXTRA_WORKING_DAY})


class UnknownYear(DomainError):
    """A day is needed whose year no stored notice covers."""

    def __init__(self, year: int, known_years: Iterable[int]) -> None:
        self.year, self.known_years = year, sorted(known_years)
        super().__init__(
            format_lazy(_("The working days of {year} are not announced; days in it cannot be counted."), year=year),
            rule="calendar_year_unknown",
            rows=("PUB-10",),
            data={"year": year, "known_years": self.known_years},
        )


class ClockStopped(DomainError):
    """There is no last day while the clock stands still."""

    def __init__(self, since: date) -> None:
        self.since = since
        super().__init__(
            format_lazy(_("The clock has stood still since {day}; it has no last day until it runs again."), day=since),
            rule="clock_stopped",
            data={"since": since},
        )


@dataclass(frozen=True)
class DayEntry:
    """A day that a notice (or, locally, an agency) set apart from the ordinary week. `name`: the festival behind it."""

    kind: DayKind
    name: str


@dataclass(frozen=True)
class YearSource:
    """The notice that makes a year known."""

    year: int
    title: str
    number: str = ""
    source: str = ""
    confidence: str = ""


@dataclass(frozen=True)
class DayLine:
    """One line of a sum: `counted` with its number `n`, or not, and why (`kind`, or a clock that had `stopped`)."""

    date: date
    weekday: int
    kind: DayKind
    name: str | None
    counted: bool
    n: int | None
    stopped: bool = False


@dataclass(frozen=True)
class Explanation:
    """An answer of the calculator with its day-by-day sum; the page and the API say the same."""

    start: date
    days: int | None
    months: int | None
    until: date | None
    count: Literal["working", "calendar"]
    rolling: bool
    agency: str
    result: date
    unrolled: date
    working_days: int | None
    years: tuple[YearSource, ...]
    sum: tuple[DayLine, ...]

    @property
    def calendar_days(self) -> int:
        return (self.result - self.start).days

    def as_json(self) -> dict[str, Any]:
        """The body of `GET /working-days/`, dates still dates."""
        return {
            "from": self.start,
            "days": self.days,
            "months": self.months,
            "until": self.until,
            "count": self.count,
            "rolling": self.rolling,
            "agency": self.agency or None,
            "result": self.result,
            "unrolled": self.unrolled,
            "working_days": self.working_days,
            "calendar_days": self.calendar_days,
            "years": [{"year": known.year, "source": known.title} for known in self.years],
            "sum": [{key: value for key, value in asdict(line).items() if key != "stopped"} for line in self.sum],
        }


def shift(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise out_of_range() from None


def out_of_range() -> DomainError:
    return DomainError(_("The dates lie too far ahead."), rule="parameter_invalid", field="from")


def corresponding_day(start: date, months: int) -> date:
    """The day of the same number `months` later, or that month's last where it has none (民法典202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + not_negative(months), 12)
    if year > date.max.year:
        raise out_of_range()
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def not_negative(number: int) -> int:
    if number < 0:
        raise ValueError("Time is counted forwards only.")
    return number


def stands_still(day: date, stops: Collection[Stop]) -> bool:
    """Is the day inside a stop? An open stop that has begun leaves no answer."""
    still = False
    for first, last in stops:
        if first <= day:
            if last is None:
                raise ClockStopped(first)
            still = still or day <= last
    return still


def running_days(start: date, stops: Collection[Stop]) -> Iterator[date]:
    """The days after `start` on which the clock runs, without end."""
    while True:
        start = shift(start, 1)
        if not stands_still(start, stops):
            yield start


def running_end(start: date, days: int, stops: Collection[Stop]) -> date:
    if not stops:
        return shift(start, not_negative(days))
    day, running = start, running_days(start, stops)
    for _n in range(not_negative(days)):
        day = next(running)
    return day


@dataclass(frozen=True, eq=False)
class Calendar:
    """The known years, their days set apart, and the local extra days by agency code.

    `start` is day 0 everywhere and never counted. `agency=""` asks for the national calendar.
    """

    days: Mapping[date, DayEntry]
    years: Mapping[int, YearSource]
    local: Mapping[str, Mapping[date, DayEntry]]

    @classmethod
    def from_rows(cls, years: Iterable[YearSource], days: Iterable[tuple[date, str, str, str]]) -> "Calendar":
        """Build it from rows `(day, kind, name, agency code or "")`."""
        by_agency: dict[str, dict[date, DayEntry]] = defaultdict(dict)
        for day, kind, name, agency in days:
            by_agency[agency][day] = DayEntry(DayKind(kind), name)
        return cls(by_agency.pop("", {}), {known.year: known for known in years}, dict(by_agency))

    def entry(self, day: date, agency: str = "") -> DayEntry:
        """What the day is and which festival made it so. Every other question about a day comes through here."""
        if day.year not in self.years:
            raise UnknownYear(day.year, self.years)
        ordinary = DayEntry(DayKind.WORKING_DAY if day.isoweekday() < 6 else DayKind.WEEKEND, "")
        return self.local.get(agency, {}).get(day) or self.days.get(day, ordinary)

    def kind_of(self, day: date, agency: str = "") -> DayKind:
        return self.entry(day, agency).kind

    def name_of(self, day: date, agency: str = "") -> str | None:
        return self.entry(day, agency).name or None

    def is_working_day(self, day: date, agency: str = "") -> bool:
        return self.kind_of(day, agency) in WORKED

    def add_working_days(self, start: date, n: int, agency: str = "", *, stops: Sequence[Stop] = ()) -> date:
        """The nth working day after `start` (PUB-08). Only the days between are looked at."""
        day, left, running = start, not_negative(n), running_days(start, stops)
        while left:
            day = next(running)
            left -= self.is_working_day(day, agency)
        return day

    def add_calendar_days(self, start: date, n: int, rolling: bool = False, agency: str = "") -> date:
        """The nth day after `start`; needs the calendar only when its last day may roll."""
        end = running_end(start, n, ())
        return self.rolled(end, agency) if rolling else end

    def add_months(self, start: date, n: int, rolling: bool = False, agency: str = "") -> date:
        """The corresponding day `n` months later, or that month's last (民法典202)."""
        end = corresponding_day(start, n)
        return self.rolled(end, agency) if rolling else end

    def rolled(self, day: date, agency: str = "", *, stops: Sequence[Stop] = ()) -> date:
        """The day itself when it is worked, else the first working day after it (民法典203)."""
        while stands_still(day, stops) or not self.is_working_day(day, agency):
            day = shift(day, 1)
        return day

    def working_days_between(self, start: date, until: date, agency: str = "") -> int:
        """The working days after `start`, up to and including `until`."""
        return sum(
            self.is_working_day(shift(start, n), agency) for n in range(1, not_negative((until - start).days) + 1)
        )

    def due(self, start: date, term: Term, stops: Sequence[Stop] = (), agency: str = "") -> date:
        """The last day of a term. Days inside a stop are not counted; a month then lasts as many days as it would have.

        Refused while a stop is open that begins before the term has run out.
        """
        if term.unit is Unit.WORKING_DAY:
            return self.add_working_days(start, term.length, agency, stops=stops)
        days = (corresponding_day(start, term.length) - start).days if term.unit is Unit.MONTH else term.length
        end = running_end(start, days, stops)
        return self.rolled(end, agency, stops=stops) if term.rolling else end

    def day_sum(self, start: date, end: date, agency: str = "", *, stops: Sequence[Stop] = ()) -> list[DayLine]:
        """Every day after `start` up to `end`: whether it counts as a working day, as which, and if not, why."""
        lines, n = [], 0
        for ahead in range(1, (end - start).days + 1):
            day = shift(start, ahead)
            entry, stopped = self.entry(day, agency), stands_still(day, stops)
            counted = entry.kind in WORKED and not stopped
            n += counted
            lines.append(line(day, entry, counted=counted, n=n if counted else None, stopped=stopped))
        return lines

    def explain(
        self,
        start: date,
        *,
        days: int | None = None,
        months: int | None = None,
        until: date | None = None,
        count: str | None = None,
        rolling: bool = False,
        agency: str = "",
    ) -> Explanation:
        """Answer the calculator: the last day of `days` or `months`, or the working days up to `until`, with its sum.

        Shipped `count`: working days, with months calendar days.
        """
        counting = check_question(days=days, months=months, until=until, count=count, rolling=rolling)
        lines: list[DayLine] = []
        if counting == "working":
            result = unrolled = until or self.add_working_days(start, days or 0, agency)
            lines = self.day_sum(start, result, agency)
        else:
            result = unrolled = (
                shift(start, not_negative(days or 0)) if months is None else corresponding_day(start, months)
            )
            if rolling:
                result = self.rolled(unrolled, agency)
                looked_at = (shift(unrolled, n) for n in range((result - unrolled).days + 1))
                lines = [line(day, self.entry(day, agency), counted=day == result) for day in looked_at]
        return Explanation(
            start=start,
            days=days,
            months=months,
            until=until,
            count=counting,
            rolling=rolling,
            agency=agency,
            result=result,
            unrolled=unrolled,
            working_days=sum(each.counted for each in lines) if counting == "working" else None,
            years=tuple(self.years[year] for year in sorted({each.date.year for each in lines})),
            sum=tuple(lines),
        )


def line(day: date, entry: DayEntry, *, counted: bool, n: int | None = None, stopped: bool = False) -> DayLine:
    return DayLine(day, day.isoweekday(), entry.kind, entry.name or None, counted, n, stopped)


def check_question(
    *, days: int | None, months: int | None, until: date | None, count: str | None, rolling: bool
) -> Literal["working", "calendar"]:
    """Say what is counted, or refuse a question that contradicts itself."""
    asked = [name for name, value in (("days", days), ("months", months), ("until", until)) if value is not None]
    if not asked:
        raise DomainError(_("Give days, months or a last day."), rule="parameter_missing", field="days")
    if len(asked) > 1:
        raise DomainError(_("Give only one of days, months and a last day."), rule="parameter_conflict", field=asked[1])
    counting: Literal["working", "calendar"] = (
        "calendar" if (count or asked[0]) in ("calendar", "months") else "working"
    )
    if (asked[0], counting) in (("months", "working"), ("until", "calendar")):
        text = _("Months are counted in calendar days, and the days up to a last day in working days.")
        raise DomainError(text, rule="parameter_conflict", field="count")
    if rolling and counting == "working":
        text = _("Working days end on a working day; only calendar days roll.")
        raise DomainError(text, rule="parameter_conflict", field="rolling")
    return counting


Rows = tuple[tuple[YearSource, ...], tuple[tuple[date, str, str, str], ...]]


class Kept:
    """One process's copy of the calendar in the database: read once, then again at most every 30 seconds.

    Inside a transaction it is read anew each time, and what was read there is never shown outside it: what a verb
    writes must rest on the calendar of its own transaction, a page may be 30 seconds behind. So it is right in tests
    that insert days and roll them back. The rows are few (some 40 a year) and compared whole: no change can hide from a
    count or a highest key, and the calendar is built again only when they differ.
    """

    instances: ClassVar[list["Kept"]] = []

    def __init__(self, read: Callable[[], Rows], *, seconds: float = 30) -> None:
        self.read, self.seconds = read, seconds
        self.held: tuple[float, Rows, Calendar] | None = None
        self.instances.append(self)

    def __call__(self) -> Calendar:
        held, now = self.held, monotonic()
        in_transaction = any(connection.in_atomic_block for connection in connections.all(initialized_only=True))
        if held and not in_transaction and 0 <= now - held[0] < self.seconds:
            return held[2]
        rows = self.read()
        read_at, known = (held[0], held[2]) if held and held[1] == rows else (-inf, Calendar.from_rows(*rows))
        self.held = (read_at if in_transaction else now, rows, known)
        return known

    def forget(self) -> None:
        self.held = None


def read_rows() -> Rows:
    from casework.models import CalendarDay, CalendarYear

    years = CalendarYear.objects.order_by("year").values_list("year", "title", "number", "source", "confidence")
    days = CalendarDay.objects.order_by("day", "agency_code").values_list("day", "kind", "name", "agency_code")
    return tuple(YearSource(*row) for row in years), tuple(days)


calendar = Kept(read_rows)


def forget() -> None:
    """Read the calendar anew at the next question, in this process; the others follow within 30 seconds."""
    for kept in Kept.instances:
        kept.forget()


def today() -> date:
    """The statutory day: the date in Shanghai, whatever zone a session has activated."""
    return timezone.localdate(timezone=SHANGHAI)
