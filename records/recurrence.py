"""Untrustworthy conduct of one subject that comes back, and that which occurs away from home (SUB-10; 2019-35(10))."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import Region
from records.models import Record
from records.services.writing import UNNAMED_FIELD
from records.states import Untrustworthiness

YEARS = 3
TIMES = 2
# What was never recorded, was taken back or replaced says nothing about conduct.
NO_CONDUCT = frozenset(
    {
        Untrustworthiness.DRAFT, Untrustworthiness.TOLERANCE_REVIEW, Untrustworthiness.NOT_RECORDED,
        Untrustworthiness.CORRECTED, Untrustworthiness.WITHDRAWN, Untrustworthiness.DELETED,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Conduct:
    """Several records of one kind: what they share, how many, between which days of decision."""

    what: str
    n: int
    first: date
    last: date


@dataclass(frozen=True)
class Pattern:
    """Conduct that came at least twice within three years under one catalogue item or in one field, and conduct in regions
    that neither contain the subject's own nor lie in it."""

    same_item: list[Conduct]
    same_field: list[Conduct]
    elsewhere: list[Conduct]

    def __bool__(self) -> bool:
        return bool(self.same_item or self.same_field or self.elsewhere)


def pattern(records: QuerySet[Record], home: Region, *, on: date) -> Pattern:
    """What the records of one subject show on this day. One statement, however many they are."""
    recent = Q(decided_on__gt=_years_before(on))
    groups = list(
        records.exclude(state__in=NO_CONDUCT)
        .values("item__code", "item__name", "field", "region_id", "region__name")
        .annotate(
            n=Count("pk"), first=Min("decided_on"), last=Max("decided_on"), recent=Count("pk", filter=recent),
            recent_first=Min("decided_on", filter=recent),
        )
        .order_by("item__code")
    )  # fmt: skip
    lately = [group | {"n": group["recent"], "first": group["recent_first"]} for group in groups if group["recent"]]
    away = [group for group in groups if not _is_near(home, Region(code=group["region_id"]))]
    return Pattern(
        same_item=_summed(lately, lambda group: (group["item__code"], group["item__name"]), " ", TIMES),
        same_field=_summed(
            [group for group in lately if group["field"] != UNNAMED_FIELD], lambda group: (group["field"],), "", TIMES
        ),
        elsewhere=_summed(away, lambda group: (group["region__name"],), "", 1),
    )


def _years_before(on: date) -> date:
    is_leap_day = (on.month, on.day) == (2, 29)
    return on.replace(year=on.year - YEARS, day=28 if is_leap_day else on.day)


def _is_near(home: Region, other: Region) -> bool:
    return home.covers(other.code) or other.covers(home.code)


def _summed(
    groups: Iterable[dict[str, Any]], key: Callable[[dict[str, Any]], tuple[Hashable, ...]], joint: str, least: int
) -> list[Conduct]:
    by_key: dict[tuple[Hashable, ...], list[dict[str, Any]]] = defaultdict(list)
    for group in groups:
        by_key[key(group)].append(group)
    found = [
        Conduct(joint.join(str(part) for part in parts), sum(g["n"] for g in held), min(g["first"] for g in held),
                max(g["last"] for g in held))
        for parts, held in by_key.items()
    ]  # fmt: skip
    return sorted((c for c in found if c.n >= least), key=lambda c: (-c.n, c.what))
