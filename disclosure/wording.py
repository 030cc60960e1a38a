"""Sentences and short forms that the public pages draw from values: dates, amounts, what happened to a code that was typed.

No request, no database: values in, words of the active language out. The tags of `templatetags/portal.py` wrap these in HTML.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKS_SHOWN = 25  # above that many days the weeks say less than the sum


def is_chinese() -> bool:
    """Whether the page is the Chinese one. Without a language (a broken request) it is."""
    return (get_language() or "zh").startswith("zh")


def as_day(value: str | date | datetime) -> date:
    """A statutory day: as the API writes it, or a date; an instant counts as its day in Shanghai."""
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).date()
    return value if isinstance(value, date) else date.fromisoformat(value[:10])


def day_words(day: date, style: str = "long") -> str:
    """Style "long": with the weekday; "plain": without; "compact": for tables."""
    if style == "compact":
        return day.isoformat()
    if is_chinese():
        weekday = f"（星期{WEEKDAYS_ZH[day.weekday()]}）" if style == "long" else ""
        return f"{day.year}年{day.month}月{day.day}日{weekday}"
    weekday = f"{WEEKDAYS[day.weekday()]}, " if style == "long" else ""
    return f"{weekday}{day.day} {MONTHS[day.month - 1]} {day.year}"


def moment_words(value: str | datetime) -> str:
    """An instant as the minute in Shanghai."""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    local = at.astimezone(SHANGHAI)
    gap = "" if is_chinese() else ", "
    return f"{day_words(local.date(), 'plain')}{gap}{local.hour}:{local.minute:02d}"


def money_words(value: str | Decimal) -> str:
    """An amount in the unit of the national format, 万元, with as many decimals as were reported; in English in yuan."""
    yuan = Decimal(value)
    if is_chinese():
        return f"{(yuan / 10000).normalize():f}万元"
    return _("%(amount)s yuan") % {"amount": f"{yuan:,.0f}" if yuan == yuan.to_integral() else f"{yuan:,.2f}"}


def with_amount(what: str, amount: str | Decimal | None) -> str:
    """A penalty with its amount, where it has one."""
    if not amount:
        return what
    return _("%(what)s of %(amount)s") % {"what": what, "amount": money_words(amount)}


def listed(parts: Iterable[str]) -> str:
    """Several things in a row."""
    return _(", ").join(parts)


# --- Codes --------------------------------------------------------------------------------------------------


def code_parts(code: str) -> list[str]:
    """The code as people read it: department and category, division, identifier, check (2-6-9-1). Copied it stays whole."""
    return [code[:2], code[2:8], code[8:17], code[17:]] if len(code) == 18 else [code]


# --- Days counted -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SumLine:
    """One line of a day sum: a day, or a run of days of one kind that are not counted."""

    first: date
    last: date
    kind: str
    name: str | None
    counted: bool
    n: int | None
    days: int


def folded(lines: Sequence[Mapping[str, Any]]) -> list[SumLine]:
    """The sum with runs of uncounted days of the same kind drawn together (×7); counted days stay one a line."""
    found = []
    key = lambda line: (line["n"] if line["counted"] else None, line["kind"], line["name"])  # noqa: E731
    for _key, group in groupby(lines, key=key):
        run = list(group)
        head = run[0]
        found.append(
            SumLine(
                as_day(head["date"]),
                as_day(run[-1]["date"]),
                str(head["kind"]),
                head["name"],
                head["counted"],
                head["n"],
                len(run),
            )
        )
    return found


@dataclass(frozen=True)
class WeekCell:
    """A day of the week calendar; `look` is start, counted, off, last or empty."""

    day: date | None
    look: str
    n: int | None = None


def weeks_of(start: date, lines: Sequence[Mapping[str, Any]]) -> list[list[WeekCell]]:
    """The span as weeks from Monday to Sunday, the start day (day 0) included. Empty when it is too long to help."""
    if not lines or len(lines) > WEEKS_SHOWN:
        return []
    known = {as_day(line["date"]): line for line in lines}
    last = max(known)
    return [list(week) for week in _weeks(start, last, known)]


def _weeks(start: date, last: date, known: Mapping[date, Mapping[str, Any]]) -> Iterator[Iterator[WeekCell]]:
    monday = start - timedelta(days=start.weekday())
    while monday <= last:
        yield (_cell(monday + timedelta(days=i), start, last, known) for i in range(7))
        monday += timedelta(days=7)


def _cell(day: date, start: date, last: date, known: Mapping[date, Mapping[str, Any]]) -> WeekCell:
    if day == start:
        return WeekCell(day, "start")
    line = known.get(day)
    if line is None:
        return WeekCell(None, "empty")
    if day == last:
        return WeekCell(day, "last", line["n"])
    return WeekCell(day, "counted" if line["counted"] else "off", line["n"])
