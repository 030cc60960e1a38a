"""What an auditor asks of the rules on the live database (requirements part 5). Each answers the rows that break it."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q

from casework.errors import Refused
from catalogs import rules
from catalogs.models import CatalogueItem, CriteriaEdition, ListField, MeasureItem
from catalogs.states import ANNOUNCED, LISTS_IN_USE, LISTS_PUBLISHED, Condition, Level, ListCategory, NeedsBasis

CITED = "provisions__instrument"


def broken_inv_03() -> list[CatalogueItem]:
    """No catalogue item was ever in force without a citation of an accepted kind."""
    return [item for item in _announced(CatalogueItem) if not _stands(item, "catalogue_item")]


def broken_inv_22() -> list[ListField]:
    """No serious-list system is in force without a field basis of an accepted kind and one of the four categories."""
    fields = ListField.objects.filter(state__in=LISTS_IN_USE).prefetch_related(CITED)
    return [f for f in fields if f.category not in ListCategory.values or not _field_stands(f)]


def broken_inv_23() -> list[CriteriaEdition]:
    """No criteria are in force whose known comment period was under 30 days, or that departmental rules carry without one."""
    published = CriteriaEdition.objects.filter(state__in=LISTS_PUBLISHED).select_related("list_field")
    return [e for e in published.prefetch_related(CITED) if e.comment_days in range(30) or not _criteria_stand(e)]


def broken_inv_24() -> list[CriteriaEdition]:
    """No criteria are in force without removal conditions, removal procedure and remedies."""
    empty = Q(removal_conditions="") | Q(removal_procedure="") | Q(remedies="")
    return list(CriteriaEdition.objects.filter(empty, state__in=LISTS_PUBLISHED))


def broken_inv_40() -> list[MeasureItem]:
    """No measure item in force lacks a direct citation of an accepted kind; a memorandum never suffices."""
    return [item for item in _announced(MeasureItem) if not _stands(item, "measure_item")]


def broken_inv_74() -> list[str]:
    """No citation of a rule points to an article that was not in force on the day from which the rule is."""
    return [f"{rule}: {provision}" for rule, provision in _citations() if not provision.is_in_force(rule.in_force_from)]


def _announced(model: Any) -> Iterable[Any]:
    return model.objects.filter(state__in=ANNOUNCED).prefetch_related(CITED)


def _citations() -> Iterator[tuple[Any, Any]]:
    for model in (CatalogueItem, MeasureItem):
        for rule in _announced(model):
            for provision in rule.provisions.all():
                yield rule, provision
    for edition in CriteriaEdition.objects.filter(state__in=LISTS_PUBLISHED).prefetch_related(CITED):
        for provision in edition.provisions.all():
            yield edition, provision


def _stands(item: Any, what: str) -> bool:
    return _passes(NeedsBasis(f"{item.level}_{what}"), item, item.region_id, item.in_force_from)


def _field_stands(field: ListField) -> bool:
    """A field has no day of its own: what carries it must never have been out of the accepted kinds."""
    national = {p.instrument.kind for p in field.provisions.all()} & rules.NATIONAL
    local = [p for p in field.provisions.all() if rules.is_of_region(p, field.region_id)]
    return bool(national) if field.level == Level.NATIONAL else bool(national or local)


def _criteria_stand(edition: CriteriaEdition) -> bool:
    given = rules.conditions_met(
        edition.higher_form_lacking, edition.consulted, edition.comment_from, edition.comment_to
    )
    field = edition.list_field
    return _passes(NeedsBasis(f"{field.level}_criteria"), edition, field.region_id, edition.in_force_from, given)


def _passes(what: NeedsBasis, rule: Any, region: str | None, on: Any, given: Iterable[Condition] = ()) -> bool:
    try:
        rules.check_basis(what, rule.provisions.all(), region=region, on=on, conditions=list(given))
    except Refused:
        return False
    return True
