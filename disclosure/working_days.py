"""The calendar of the public pages and calls: the same arithmetic, read from `disclosed` through the alias `public`."""

from typing import Any

from casework.calendar import Kept, Rows, YearSource
from disclosure.models import Agency, CalendarDay, CalendarYear


def read_rows() -> Rows:
    years = CalendarYear.objects.order_by("year").values_list("year", "title", "number", "source", "confidence")
    days = CalendarDay.objects.order_by("day", "agency_code").values_list("day", "kind", "name", "agency_code")
    return tuple(YearSource(*row) for row in years), tuple(days)


calendar = Kept(read_rows)


def is_agency(code: str) -> bool:
    return Agency.objects.filter(unified_code=code).exists()


def explain(asked: dict[str, Any]) -> dict[str, Any]:
    """Answer the calculator. `asked` holds its parameters; the calendar refuses what contradicts itself (api.md 4.8)."""
    found = calendar().explain(
        asked["from"],
        days=asked["days"],
        months=asked["months"],
        until=asked["until"],
        count=asked["count"],
        rolling=bool(asked["rolling"]),
        agency=asked["agency"] or "",
    )
    return found.as_json()
