"""Read the State Council's notices on working days (YAML, one a year) into the calendar.

`manage.py load_calendar` reads the notices that ship; `manage.py load_calendar 2027.yaml` reads yours. See docs/calendar.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from casework import calendar
from casework.calendar import DayEntry, DayKind, YearSource
from casework.models import CalendarDay, CalendarYear

SHIPPED = Path(__file__).parents[2] / "data" / "calendar"
FESTIVALS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")  # 全国年节及纪念日放假办法, article 2
HEAD = ("year", "title", "number", "source", "confidence")


class Inconsistent(ValueError):
    """A notice that contradicts itself or the calendar. Nothing of it is stored."""


@dataclass(frozen=True)
class Notice:
    """One year's notice, in its last wording, with the days it sets apart."""

    year: YearSource
    days: dict[date, DayEntry]

    @property
    def first(self) -> date:
        return date(self.year.year - 1, 12, 22)

    @property
    def last(self) -> date:
        return date(self.year.year, 12, 21)


def read(path: Path) -> Notice:
    """Read one file and check it."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Inconsistent(f"cannot be read: {error}") from error
    return parse(content)


def parse(content: Any) -> Notice:
    """Check a notice: complete, each day once, festivals apart, exchanged days on weekends and outside festivals.

    A notice covers 22 December of the year before to 21 December: New Year's Day has begun, and been worked for, in the
    last days of December (2018, 2022), so every day belongs to exactly one notice.
    """
    with_amendments = {*HEAD, "amended_by", "holidays", "working_days"}
    if not isinstance(content, dict) or not {*HEAD, "holidays", "working_days"} <= content.keys() <= with_amendments:
        raise Inconsistent(
            f"must have exactly these keys: {', '.join((*HEAD, 'holidays', 'working_days'))} (amended_by)"
        )
    notice = Notice(head(content), {})
    for name, first, last in fields(content["holidays"], "name", "from", "to"):
        for day in span(name, first, last):
            put(notice, day, DayEntry(DayKind.STATUTORY_HOLIDAY, name))
    named = [festival for name in {entry.name for entry in notice.days.values()} for festival in name.split("、")]
    if missing := [festival for festival in FESTIVALS if named.count(festival) != 1]:
        raise Inconsistent(f"must name each festival exactly once; wrong: {'、'.join(missing)}")
    for day, name in fields(content["working_days"], "day", "name"):
        put(notice, day, DayEntry(DayKind.MAKEUP_WORKING_DAY, name))
        if day.isoweekday() < 6:
            raise Inconsistent(f"{day} is no weekend day; it cannot be worked in exchange")
        if not set(name.split("、")) <= set(named):
            raise Inconsistent(f"{day} is worked in exchange for {name}, which is no festival of this notice")
    return notice


def head(content: dict[str, Any]) -> YearSource:
    year, confidence = content["year"], content["confidence"]
    if type(year) is not int or f"{year}年" not in str(content["title"]):
        raise Inconsistent("the title does not speak of the year")
    if confidence not in ("verified", "from_memory"):
        raise Inconsistent("confidence is verified or from_memory")
    amendments = list(fields(content.get("amended_by", []), "title", "number", "source"))
    number, source = (
        "；".join([str(content[key]), *(str(amendment[place]) for amendment in amendments)])
        for place, key in ((1, "number"), (2, "source"))
    )
    return YearSource(year, content["title"], number, source, confidence)


def fields(rows: Any, *keys: str) -> Iterator[tuple[Any, ...]]:
    if not isinstance(rows, list):
        raise Inconsistent(f"expected a list of {{{', '.join(keys)}}}")
    for row in rows:
        if not isinstance(row, dict) or row.keys() != set(keys):
            raise Inconsistent(f"expected {{{', '.join(keys)}}}, found {row}")
        yield tuple(row[key] for key in keys)


def span(name: str, first: Any, last: Any) -> list[date]:
    if type(first) is not date or type(last) is not date or last < first:
        raise Inconsistent(f"{name} does not run from a day to a later one")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def put(notice: Notice, day: Any, entry: DayEntry) -> None:
    if type(day) is not date or not notice.first <= day <= notice.last:
        raise Inconsistent(f"{day} ({entry.name}) is a day of another year: expected {notice.first} to {notice.last}")
    if day in notice.days:
        raise Inconsistent(f"{day} stands twice: {notice.days[day].name} and {entry.name}")
    notice.days[day] = entry


@transaction.atomic
def store(notice: Notice) -> str:
    """Make the calendar say what the notice says, and tell what that changed. Local days of agencies stay."""
    known = notice.year
    fresh = not CalendarYear.objects.filter(pk=known.year).exists()
    if min(notice.days).year < known.year and not CalendarYear.objects.filter(pk=known.year - 1).exists():
        raise Inconsistent(f"reaches into December {known.year - 1}: import the notice of {known.year - 1} first")
    CalendarYear.objects.update_or_create(
        year=known.year,
        defaults={
            "title": known.title,
            "number": known.number,
            "source": known.source,
            "confidence": known.confidence,
        },
    )
    held = {day.day: day for day in CalendarDay.objects.filter(agency_code="", day__range=(notice.first, notice.last))}
    gone = held.keys() - notice.days.keys()
    changed = {
        day: entry
        for day, entry in notice.days.items()
        if day not in held or (held[day].kind, held[day].name) != (entry.kind, entry.name)
    }
    if gone:
        CalendarDay.objects.filter(pk__in=[held[day].pk for day in gone]).delete()
    for day, entry in sorted(changed.items()):
        CalendarDay.objects.update_or_create(
            day=day, agency_code="", defaults={"kind": entry.kind, "name": entry.name, "year_id": day.year}
        )
    text = f"{known.year}: {len(notice.days)} days, {len(changed)} written, {len(gone)} removed."
    moved = sorted(day for day in {*changed, *gone} if not fresh or day.year < known.year)
    if moved:
        text += f" These days were known otherwise before; look at deadlines near them: {', '.join(map(str, moved))}."
    return text


class Command(BaseCommand):
    help = "Import the State Council's notices on working days. All files or none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="YAML files; without any, the notices that ship")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        path = SHIPPED
        try:
            with transaction.atomic():
                for path in sorted(files or SHIPPED.glob("*.yaml"), key=lambda file: file.name):
                    said = store(read(path))
                    if options["verbosity"]:
                        self.stdout.write(said)
        except Inconsistent as error:
            raise CommandError(f"{path.name}: {error}") from error
        finally:
            calendar.forget()
