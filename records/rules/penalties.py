"""What the gate asks of a penalty alone: amounts, its class, and how long the repair regimes show it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from catalogs.models import Regime
from catalogs.penalty_class import severity_of_penalty
from catalogs.rules import clock, regime_for
from catalogs.states import Platform
from records.formats import PENALTY_TYPES, Row, said
from records.rules.world import Facts, Judgement, World
from records.states import Clock

MARKET_REGULATION = "market-regulation"  # whose penalties the publicity system (NECIPS) shows under its own regime
TEXTS = {
    "cf_wfxw": "conduct", "cf_sy": "facts", "cf_yj": "grounds", "cf_nr": "decision", "cf_nr_zkdx": "certificates",
    "cf_nr_fk": "fine", "cf_nr_wfff": "confiscated", "cf_yxq": "effective_until",
}  # fmt: skip
MONEY = frozenset({"cf_nr_fk", "cf_nr_wfff"})


def check(row: Row, found: Judgement) -> None:
    """A fine names its amount; a penalty ends after it was decided."""
    if row.decided_on and row.cf_yxq and row.cf_yxq < row.decided_on:
        sentence = _("%(later)s lies before the day of the decision, %(day)s.")
        say = said(sentence, {"later": row.cf_yxq, "day": row.decided_on})
        found.fault("validity_order", ("REC-18",), "cf_yxq", say)
    if row.cf_cflb and "罚款" in row.cf_cflb and row.cf_nr_fk is None:
        say = _("The penalty is a fine; its amount is missing.")
        found.fault("fine_amount_missing", ("REC-18",), "cf_nr_fk", say)


def content(row: Row) -> dict[str, Any]:
    """The content of a penalty as handed in: amounts in yuan with two places, days as text."""
    told: dict[str, Any] = {
        name: None if row.values[column] is None
        else f"{row.values[column]:.2f}" if column in MONEY else str(row.values[column])
        for column, name in TEXTS.items()
    }  # fmt: skip
    return told | {"penalty_types": sorted({str(PENALTY_TYPES[name]) for name in row.cf_cflb})}


def settle(row: Row, facts: Facts, world: World, found: Judgement) -> None:
    """The class of the penalty, and its last day on show: the earlier of the department's own and the regime's longest
    (SHR-10, SHR-11)."""
    facts.conduct = row.cf_wfxw
    regime = regime_for(world.regimes, Platform.CREDIT_CHINA, facts.decided_on)
    if regime is None and facts.public_until is None:
        sentence = _("No rule gives a last day of publication for %(day)s, and the row names none.")
        say = said(sentence, {"day": facts.decided_on})
        found.fault("publication_period_unknown", ("SHR-10", "SHR-11"), row.column("last_day"), say)
    facts.severity = severity(row, facts, regime)
    if regime:
        period(row, facts, regime, world, found)
    if facts.authority.field == MARKET_REGULATION and (
        necips := regime_for(world.regimes, Platform.NECIPS, facts.decided_on)
    ):
        period(row, facts, necips, world, found)


def severity(row: Row, facts: Facts, regime: Regime | None) -> str:
    return severity_of_penalty(
        regime.code if regime else "R0", facts.content["penalty_types"], fine=row.cf_nr_fk,
        is_natural_person=row.is_natural_person, domain=facts.authority.domain or None,
    )  # fmt: skip


def period(row: Row, facts: Facts, regime: Regime, world: World, found: Judgement) -> None:
    """What one regime says. Credit China's rules how long we show it; the other's is told beside it."""
    own = severity(row, facts, regime)
    dates = clock(
        regime, own, decided_on=facts.decided_on, published_on=facts.source_public_on or world.today,
        penalty_types=facts.content["penalty_types"],
    )  # fmt: skip
    if regime.platform == Platform.CREDIT_CHINA:
        if not dates.disclosed:
            facts.state = Clock.NOT_DISCLOSABLE
            facts.closed_reason = f"{facts.item.code} v{facts.item.edition} · {own} · {regime.code}"
        elif dates.last_day and (facts.public_until is None or dates.last_day < facts.public_until):
            if facts.public_until is not None:
                found.warnings.append("public_until_too_late")
            facts.public_until = dates.last_day
    if dates.disclosed and dates.counts_from:
        facts.clocks.append(
            {
                "platform": str(regime.platform), "regime": str(regime.code), "counts_from": str(dates.counts_from),
                "earliest_repair_on": str(dates.earliest_repair_on) if dates.earliest_repair_on else None,
                "last_day": str(dates.last_day) if dates.last_day else None, "unrepairable": None,
            }
        )  # fmt: skip
