"""Judgments on the rules in force. They raise or answer; they change nothing and never ask the clock."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from casework.calendar import corresponding_day
from casework.errors import Refused
from catalogs.models import ActSwitch, CatalogueItem, Provision, Regime
from catalogs.states import (
    SWITCHED_KINDS,
    BasisKind,
    Condition,
    Confidence,
    CountsFrom,
    Determiner,
    Kind,
    Level,
    NeedsBasis,
    Severity,
)

# --- The legal-basis matrix (requirements 0.1) ------------------------------------------------------------------------

LAW, ADMIN_REG, CENTRAL_POLICY, SC_DECISION, LOCAL_REG, DEPT_RULE, MOU, NORMATIVE = BasisKind
NATIONAL = frozenset({LAW, ADMIN_REG, CENTRAL_POLICY})
WEAK = frozenset({DEPT_RULE, MOU, NORMATIVE})


@dataclass(frozen=True)
class Row:
    """One object of the matrix: which kinds carry it, which only if something is the case, which never.

    `demands` must be the case whatever is cited. `without` is the condition that stands in for any citation.
    """

    accepted: frozenset[BasisKind]
    never: frozenset[BasisKind]
    rows: tuple[str, ...]
    on_condition: tuple[tuple[BasisKind, frozenset[Condition]], ...] = ()
    demands: frozenset[Condition] = frozenset()
    without: Condition | None = None


C = Condition
MATRIX: Mapping[NeedsBasis, Row] = {
    NeedsBasis.NATIONAL_CATALOGUE_ITEM: Row(NATIONAL, never=WEAK | {LOCAL_REG}, rows=("CAT-02",)),  # 2020-49(1)
    NeedsBasis.LOCAL_CATALOGUE_ITEM: Row(frozenset({LOCAL_REG}), never=WEAK, rows=("CAT-02", "CAT-04")),  # 2020-49(1)
    NeedsBasis.OTHER_DOCUMENT: Row(NATIONAL, never=WEAK, rows=("REC-03",)),  # 2020-49(2)
    NeedsBasis.LIST_FIELD: Row(  # 2020-49(6), (7)
        NATIONAL,
        never=WEAK,
        rows=("LST-01", "LST-02"),
        on_condition=((LOCAL_REG, frozenset({C.LOCAL_ONLY})),),
    ),
    NeedsBasis.NATIONAL_CRITERIA: Row(  # 2020-49(7)
        NATIONAL,
        never=frozenset({MOU, NORMATIVE, LOCAL_REG}),
        rows=("LST-08", "LST-09"),
        on_condition=((DEPT_RULE, frozenset({C.HIGHER_FORM_LACKING, C.CONSULTED, C.COMMENT_30_DAYS})),),
    ),
    NeedsBasis.LOCAL_CRITERIA: Row(  # 2020-49(7)
        frozenset({LOCAL_REG}), never=frozenset(BasisKind) - {LOCAL_REG}, rows=("LST-17",)
    ),
    NeedsBasis.DESIGNATION_EXCEPTION: Row(  # 2020-49(8)
        frozenset({LAW, ADMIN_REG, DEPT_RULE}), never=frozenset({MOU, NORMATIVE}), rows=("DSG-08",)
    ),
    NeedsBasis.NATIONAL_MEASURE_ITEM: Row(
        NATIONAL, never=WEAK | {LOCAL_REG}, rows=("MEA-02", "MEA-28")
    ),  # 2020-49(9), (10)
    NeedsBasis.LOCAL_MEASURE_ITEM: Row(frozenset({LOCAL_REG}), never=WEAK, rows=("MEA-07", "MEA-28")),  # 2020-49(9)
    NeedsBasis.CANNOT_BE_REPAIRED: Row(NATIONAL, never=WEAK, rows=("REP-02",)),  # 2020-49(11)
    NeedsBasis.PERSONAL_DISCLOSURE: Row(  # 2020-49(4)
        frozenset({LAW, ADMIN_REG, SC_DECISION}),
        never=WEAK,
        rows=("SHR-07", "SHR-08"),
        demands=frozenset({C.MASKED}),
        without=C.CONSENT,
    ),
    NeedsBasis.PERSONAL_USE_WITHOUT_CONSENT: Row(  # 2020-49(14)
        frozenset({LAW, ADMIN_REG}), never=WEAK, rows=("CAT-16",)
    ),
    NeedsBasis.PUBLICATION_EXEMPTION: Row(frozenset({LAW, ADMIN_REG}), never=WEAK, rows=("PUB-06",)),  # 2016-33(17)
}


def check_basis(
    object_kind: str,
    citations: Iterable[Provision],
    *,
    region: str | None = None,
    on: date,
    conditions: Collection[str] = (),
) -> None:
    """Refuse an object that does not stand on a legal basis of an accepted kind, in force that day (requirements 0.1).

    Every citation must be in force, and none may be of a kind that never carries the object: a memorandum is background,
    not basis. At least one must carry it. A local regulation counts in its own region only. A kind of which the matrix
    says nothing may be cited beside, but carries nothing.
    """
    row, cited, given = MATRIX[NeedsBasis(object_kind)], list(citations), {Condition(c) for c in conditions}
    what = NeedsBasis(object_kind).label

    def refused(
        message: Any, rule: str = "legal_basis_not_accepted", rows: tuple[str, ...] = row.rows, **names: Any
    ) -> Refused:
        text = format_lazy(message, what=what, **names)
        return Refused(text, rule=rule, rows=rows, data_class=object_kind)

    if missing := row.demands - given:
        labels = "、".join(str(condition.label) for condition in sorted(missing))
        raise refused(_("This is required in every case ({what}): {missing}."), missing=labels)
    for provision in cited:
        kind = BasisKind(provision.instrument.kind)
        if not provision.is_in_force(on):
            raise refused(
                _("{provision} is not in force on {day}."),
                rule="citation_not_in_force", rows=(*row.rows, "ORG-08"), provision=provision, day=on,
            )  # fmt: skip
        if kind in row.never:
            raise refused(_("{provision} is a document of the kind “{kind}”; it never carries: {what}."),
                          provision=provision, kind=kind.label)  # fmt: skip
        if kind == LOCAL_REG and not is_of_region(provision, region):
            raise refused(
                _("{provision} is a local regulation; it counts in its own region only."), provision=provision
            )
    if row.without in given:
        return
    if not any(carries(row, BasisKind(provision.instrument.kind), given) for provision in cited):
        kinds = "、".join(str(kind.label) for kind in BasisKind if kind in row.accepted)
        raise refused(_("No legal basis of an accepted kind is cited ({what}). Accepted: {kinds}."), kinds=kinds)


def carries(row: Row, kind: BasisKind, given: Collection[Condition]) -> bool:
    return kind in row.accepted or any(kind == name and needed <= set(given) for name, needed in row.on_condition)


def conditions_met(
    higher_form_lacking: str, consulted: bool, comment_from: date | None, comment_to: date | None
) -> list[Condition]:
    """Which conditions for criteria in departmental rules are recorded as met (2020-49(7); LST-09, LST-11)."""
    thirty_days = bool(comment_from and comment_to and comment_to - comment_from >= timedelta(days=30))
    met = {
        Condition.HIGHER_FORM_LACKING: bool(higher_form_lacking),
        Condition.CONSULTED: consulted,
        Condition.COMMENT_30_DAYS: thirty_days,
    }
    return [condition for condition, holds in met.items() if holds]


def is_of_region(provision: Provision, region: str | None) -> bool:
    """Whether a local regulation was made in this very region; a higher region's regulation holds below it too."""
    return region is not None and region_covers(provision.instrument.region_id or "", region)


def region_covers(outer: str, inner: str) -> bool:
    """Whether division `inner` lies in `outer`: trailing pairs of zeros are open (api.md 1.4)."""
    open_part = outer.rstrip("0")
    return bool(open_part) and inner.startswith(open_part + "0" * (len(open_part) % 2))


def as_basis(provision: Provision) -> dict[str, Any]:
    """A citation in the form of the API (type Basis)."""
    instrument = provision.instrument
    return {
        "instrument": instrument.title,
        "number": instrument.number or None,
        "article": provision.article,
        "in_force_from": provision.first_day,
        "in_force_to": provision.last_day,
        "confidence": Confidence.VERIFIED if provision.is_verified else Confidence.FROM_MEMORY,
        "kind": instrument.kind,
    }


# --- The catalogue ----------------------------------------------------------------------------------------------------


def check_is_specific_conduct(kind: str, determined_by: Collection[str], *, code: str = "") -> None:
    """Refuse to catalogue what no administrative, authorised or judicial body determines (2020-49(1), (I.2); CAT-18)."""
    if kind != Kind.VOLUNTARY and (not determined_by or not set(determined_by) <= set(Determiner.values)):
        raise Refused(
            _("Only conduct determined by an administrative, authorised or judicial body may be catalogued."),
            rule="general_social_conduct", rows=("CAT-18",), field="determined_by", keys={"code": code},
        )  # fmt: skip


class Catalogue:
    """Editions of catalogue items, held in memory so that a gate can be asked for every row of a chunk."""

    def __init__(self, editions: Iterable[CatalogueItem]) -> None:
        self._editions: dict[str, list[CatalogueItem]] = defaultdict(list)
        for edition in sorted(editions, key=lambda edition: edition.edition):
            self._editions[edition.code].append(edition)

    def item(self, code: str, *, on: date, region: str, history: bool = False) -> CatalogueItem:
        """The edition that governs an act of that day and region, or a refusal (CAT-01, CAT-04, CAT-08, CAT-17).

        `history`: a first load of old facts is judged by the first edition where there was none yet.
        """
        editions = self._editions.get(code, [])
        if not editions:
            raise outside(_("The catalogue has no such item."), "outside_catalogue", code, "CAT-01", "CAT-17")
        found = next((e for e in editions if is_in_force(e, on)), None)
        if found is None and history and on < (editions[0].in_force_from or on):
            found = editions[0]
        if found is None:
            raise outside(
                _("No edition of this catalogue item was in force on that day."),
                "catalogue_item_not_in_force", code, "CAT-01", "CAT-08",
            )  # fmt: skip
        if found.level == Level.LOCAL and not region_covers(found.region_id or "", region):
            raise outside(
                _("This local catalogue item applies in its own region only."),
                "catalogue_item_other_region",
                code,
                "CAT-04",
            )
        return found


def is_in_force(edition: CatalogueItem, on: date) -> bool:
    """Whether an announced edition governs that day; last days are inclusive."""
    first, last = edition.in_force_from, edition.in_force_to
    return first is not None and first <= on and (last is None or on <= last)


def outside(message: Any, rule: str, code: str, *rows: str) -> Refused:
    return Refused(message, rule=rule, rows=rows, field="catalogue_item", data_class="catalogue", keys={"code": code})


def is_switched_on(switches: Iterable[ActSwitch], kind: str, *, region: str, on: date) -> bool:
    """Whether a region publishes acts of this kind decided that day: licences and penalties always, others where it says so
    (2016-33(17); 2019-35(15); PUB-05)."""
    return kind not in SWITCHED_KINDS or any(
        switch.kind == kind
        and switch.valid_from <= on <= (switch.valid_to or on)
        and (switch.region_id is None or region_covers(switch.region_id, region))
        for switch in switches
    )


# --- Repair regimes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublicationClock:
    """How long one platform shows a penalty. `last_day` is the last day on which it shows; None if it never does.

    `earliest_repair_on` None: it ends by itself, no application is needed.
    """

    platform: str
    regime: str
    severity: str
    disclosed: bool
    counts_from: date | None
    earliest_repair_on: date | None
    last_day: date | None


def regime_for(regimes: Iterable[Regime], platform: str, decided_on: date) -> Regime | None:
    """The regime in force on the day of the decision. Later regimes have no known transition rule (regulation.md 8)."""
    for regime in regimes:
        begun, ended = regime.valid_from <= decided_on, regime.valid_to is not None and regime.valid_to < decided_on
        if regime.platform == platform and begun and not ended:
            return regime
    return None


def clock(
    regime: Regime,
    severity: str,
    *,
    decided_on: date,
    published_on: date | None = None,
    penalty_types: Collection[str] = (),
) -> PublicationClock:
    """The dates of a penalty on one platform. Months end on the corresponding day and never roll to a working day.

    Repair is possible once the shortest period is full, so from the day after its corresponding day; the last day is the
    corresponding day of the longest period, inclusive. A severity without an enabled rule is not disclosed, nor is a
    penalty made only of types that the rule never shows (Order 45 art. 2: warnings). Until it is published, a period that
    counts from publication has no dates. The regime's `rules` should be prefetched.
    """
    rule = next((rule for rule in regime.rules.all() if rule.severity == severity and rule.enabled), None)
    hidden = rule is None or not rule.disclosed
    if rule is not None and penalty_types and set(penalty_types) <= set(rule.not_disclosed_when_only):
        hidden = True
    start = published_on if regime.counts_from == CountsFrom.PUBLICATION else decided_on
    earliest = last = None
    if rule is not None and not hidden and start is not None:
        last = corresponding_day(start, rule.maximum_months or 0)
        if rule.minimum_months is not None:
            earliest = corresponding_day(start, rule.minimum_months) + timedelta(days=1)
    return PublicationClock(regime.platform, regime.code, Severity(severity), not hidden, start, earliest, last)
