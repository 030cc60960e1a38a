"""The rules in force as rows: each with its legal basis, its edition and its dates. Last days are inclusive."""

from catalogs.models.catalogue import CatalogueItem, CatalogueItemBasis
from catalogs.models.library import LegalInstrument, Provision
from catalogs.models.lists import CriteriaEdition, CriteriaEditionBasis, Criterion, ListField, ListFieldBasis
from catalogs.models.measures import MeasureItem, MeasureItemBasis
from catalogs.models.regimes import Regime, RepairRule
from catalogs.models.switches import ActSwitch

__all__ = [
    "ActSwitch", "CatalogueItem", "CatalogueItemBasis", "CriteriaEdition", "CriteriaEditionBasis", "Criterion",
    "LegalInstrument", "ListField", "ListFieldBasis", "MeasureItem", "MeasureItemBasis", "Provision", "Regime", "RepairRule",
]  # fmt: skip
