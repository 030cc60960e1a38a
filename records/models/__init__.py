"""The tables of facts, of their intake and of what officers do with them."""

from records.models.facts import (
    ONE_COUNTERPART,
    AdministrativeAct,
    BasisDocument,
    Counterpart,
    HasNumbers,
    Publication,
    Record,
)
from records.models.intake import BatchStep, IntakeBatch, IntakeRow, QuarantineRow
from records.models.office import Circular, Hide, ItemReview, ToleranceReview

__all__ = [
    "ONE_COUNTERPART", "AdministrativeAct", "BasisDocument", "BatchStep", "Circular", "Counterpart", "HasNumbers", "Hide",
    "IntakeBatch", "IntakeRow", "ItemReview", "Publication", "QuarantineRow", "Record", "ToleranceReview",
]  # fmt: skip
