"""Terms: how long, in what unit, by which law. Numbers here are fixed by the law itself; all others stand on rule rows."""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a term is counted in."""

    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"


class TermKind(StrEnum):
    """Where a number comes from. Pages say it beside every deadline."""

    STATUTORY = "statutory"
    CONFIGURED = "configured"
    EXTENDED = "extended"


@dataclass(frozen=True)
class Term:
    """A period that runs from a day which is not counted itself (行政处罚法85、民法典201).

    `rolling`: a last day that is no working day moves to the next one (民法典203). Procedural periods roll; periods of
    publication do not, for that would burden the party longer. `basis` is cited beside every date made from the term.
    """

    length: int
    unit: Unit
    rolling: bool
    basis: str
    kind: TermKind

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", Unit(self.unit))
        object.__setattr__(self, "kind", TermKind(self.kind))
        if self.length < 1:
            raise ValueError("A term is at least one day or month long.")
        if self.rolling and self.unit is Unit.WORKING_DAY:
            raise ValueError("A term of working days ends on a working day; it cannot roll.")


# Licence and penalty must be public within it; the day of the decision is day 0 (PUB-01, PUB-02, PUB-08).
PUBLICATION = Term(
    7, Unit.WORKING_DAY, False, "国发〔2016〕33号（十七）、国办发〔2019〕35号（十五）", TermKind.STATUTORY
)
