"""Which class a penalty belongs to under a repair regime. One table per regime, no database.

Sources: regulation.md 2.1 with the Administrative Penalty Law, articles 9 and 51, and SAMR Order 45, articles 2 and 13.
Where the texts leave a case open, the class is chosen that shows the subject for the shorter time, and the reason stands
beside it. "Huge fine" (R3) and "lower fine" (Order 45) have no published amount: no fine is ever serious by its amount.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalogs.states import Domain, PenaltyType, RegimeCode, Severity

P = PenaltyType

# What a penalty on the spot may impose at most (Penalty Law art. 51): a warning, or a fine up to this.
ON_THE_SPOT_PERSON = Decimal(200)
ON_THE_SPOT_ORGANISATION = Decimal(3000)

LIGHT = frozenset({P.WARNING, P.CRITICISM})
HEAVY = frozenset({P.REVOCATION_OF_LICENCE, P.RESTRICTION_OF_BUSINESS, P.CLOSURE, P.RESTRICTION_OF_PROFESSION})


@dataclass(frozen=True)
class Scale:
    """How one regime tells the classes apart."""

    serious_types: frozenset[PenaltyType]  # one of these makes a penalty serious
    serious_domains: frozenset[Domain]  # so does this domain, whatever the penalty
    small_fine_is_minor: bool  # a fine within the on-the-spot limits is minor under the ordinary procedure too


SCALES: Mapping[RegimeCode, Scale] = {
    # 527 of 2019 names suspension and revocation in given fields; the fields are from memory, so the penalty decides.
    RegimeCode.R0: Scale(HEAVY, frozenset(), small_fine_is_minor=False),
    # Order 58: five domains; under the ordinary procedure only warning and criticism are minor.
    RegimeCode.R1: Scale(
        frozenset(),
        frozenset({Domain.FOOD, Domain.DRUGS, Domain.SPECIAL_EQUIPMENT, Domain.WORK_SAFETY, Domain.FIRE_SAFETY}),
        small_fine_is_minor=False,
    ),
    # SAMR 2021-3: three domains. Order 45 art. 13: "lower" fines end after three months; the provinces set the amount,
    # and a fine that could have been imposed on the spot is lower by any measure.
    RegimeCode.R2: Scale(
        frozenset(), frozenset({Domain.FOOD, Domain.DRUGS, Domain.SPECIAL_EQUIPMENT}), small_fine_is_minor=True
    ),
    # 2025-22 and Order 36: minor "and the like"; ordinary begins with "larger" fines, so a small one is minor.
    RegimeCode.R3: Scale(HEAVY, frozenset(), small_fine_is_minor=True),
    # Order 107 carries out 2025-22 for market regulation: the same lines.
    RegimeCode.R4: Scale(HEAVY, frozenset(), small_fine_is_minor=True),
}


def severity_of_penalty(
    regime: str,
    penalty_types: Collection[str],
    *,
    fine: Decimal | None = None,
    is_natural_person: bool = False,
    on_the_spot: bool | None = None,
    domain: str | None = None,
) -> Severity:
    """The class of a penalty: minor, ordinary or serious.

    Minor: a warning or circulated criticism alone, or a penalty on the spot (Penalty Law art. 51: fine up to 200 yuan for
    a person, 3,000 for an organisation). The national format does not say which procedure was used: `on_the_spot` None
    counts a fine within those limits as minor, which shows it for the shorter time. A penalty beyond the limits is never
    minor because its sender calls it "on the spot". Serious: what the regime's table names. Everything else is ordinary,
    a fine of any amount included.
    """
    scale, types = SCALES[RegimeCode(regime)], {PenaltyType(name) for name in penalty_types}
    if not types:
        raise ValueError("A penalty has at least one type.")
    if types <= LIGHT:
        return Severity.MINOR
    if types <= LIGHT | {P.FINE} and could_be_on_the_spot(fine, is_natural_person, on_the_spot, scale):
        return Severity.MINOR
    if types & scale.serious_types or domain in scale.serious_domains:
        return Severity.SERIOUS
    return Severity.ORDINARY


def could_be_on_the_spot(fine: Decimal | None, is_natural_person: bool, on_the_spot: bool | None, scale: Scale) -> bool:
    """Whether a fine is small enough, and was imposed on the spot as far as we know or where the procedure is no matter."""
    if fine is None:
        return on_the_spot is True
    limit = ON_THE_SPOT_PERSON if is_natural_person else ON_THE_SPOT_ORGANISATION
    return fine <= limit and (on_the_spot is not False or scale.small_fine_is_minor)
