"""Verbs and answers on the rules in force. `load_rules` is the only writer of these tables."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Max, Model
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from casework.actors import Actor
from casework.audit import Line, move, record_many
from casework.errors import NotAllowed, Refused
from casework.verbs import verb
from catalogs import events, rules
from catalogs.models import (
    ActSwitch,
    CatalogueItem,
    CatalogueItemBasis,
    CriteriaEdition,
    CriteriaEditionBasis,
    Criterion,
    LegalInstrument,
    ListField,
    ListFieldBasis,
    MeasureItem,
    MeasureItemBasis,
    Provision,
    Regime,
    RepairRule,
)
from catalogs.states import (
    ANNOUNCED,
    LISTS_PUBLISHED,
    Condition,
    EditionState,
    Kind,
    Level,
    ListState,
    NeedsBasis,
)

LOADING = 0x5255_4C45  # advisory lock: one load at a time

Row = dict[str, Any]
Rule = TypeVar("Rule", CatalogueItem, MeasureItem, ListField, CriteriaEdition)
Dated = TypeVar("Dated", CatalogueItem, MeasureItem)


@dataclass
class RuleSet:
    """Rules to be loaded, as whole rows under the names of the columns (catalogs.forms reads them from files)."""

    instruments: list[Row] = field(default_factory=list)
    regimes: list[Row] = field(default_factory=list)
    switches: list[Row] = field(default_factory=list)
    catalogue: list[Row] = field(default_factory=list)
    fields: list[Row] = field(default_factory=list)
    measures: list[Row] = field(default_factory=list)


@dataclass
class Loaded:
    """What a load did, and the audit lines it owes."""

    entered: int = 0
    updated: int = 0
    unchanged: int = 0
    lines: list[Line] = field(default_factory=list)


@verb
def load_rules(content: RuleSet, *, by: Actor, on: date) -> Loaded:
    """Bring these rules into force: all of them or none. Loading the same rules again changes nothing.

    Every rule passes the legal-basis matrix on the day from which it is in force. What was announced is never rewritten:
    a row that says otherwise than the stored edition is refused, for a change is a new edition (CAT-08).
    """
    if not by.may(Permission.LOAD_RULES, on=on):
        raise NotAllowed(_("Only a rule keeper may load rules."), rule="not_allowed")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOADING])
    content, done = deepcopy(content), Loaded()
    for row in content.instruments:
        _load_instrument(row, done)
    cited = {f"{p.instrument.key}#{p.article}": p for p in Provision.objects.select_related("instrument")}
    for row in content.regimes:
        _load_regime(row, cited, done)
    for row in content.switches:
        _load_switch(row, cited, done)
    for row in content.catalogue:
        _load_catalogue_item(row, cited, done, by)
    for row in content.fields:
        _load_list_field(row, cited, done, by, on)
    for row in content.measures:
        _load_measure_item(row, cited, done, by)
    record_many(done.lines, by=by)
    return done


def item_in_force(code: str, on: date, region: str, *, history: bool = False) -> CatalogueItem:
    """The catalogue item that governs an act of that day and region, or a refusal (CAT-01, CAT-04, CAT-08)."""
    return catalogue([code]).item(code, on=on, region=region, history=history)


def catalogue(codes: Iterable[str] | None = None) -> rules.Catalogue:
    """The announced editions of these items (of all, without codes), for a gate that is asked many times."""
    editions = CatalogueItem.objects.announced()
    return rules.Catalogue(editions if codes is None else editions.filter(code__in=codes))


def regimes() -> list[Regime]:
    """All repair regimes with their rules, for `rules.regime_for` and `rules.clock`."""
    return list(Regime.objects.prefetch_related("rules__provision__instrument").select_related("instrument"))


def regimes_for(platform: str, decided_on: date) -> list[Regime]:
    """The regime of a platform on the day of a decision, with its rules; none before the first. NECIPS regimes bind
    penalties by market regulators only."""
    found = Regime.objects.filter(platform=platform).in_force(decided_on)
    return list(found.prefetch_related("rules__provision__instrument").select_related("instrument"))


def periods(item: CatalogueItem, on: date) -> list[Row]:
    """How long the classes of a penalty item are shown, by the regimes of that day (api.md 4.7). A class without a row is
    not disclosed; other kinds follow the determining department's own period (SHR-10)."""
    if item.kind != Kind.PENALTY or not item.disclose_allowed:
        return []
    shown = RepairRule.objects.filter(regime__in=Regime.objects.in_force(on), disclosed=True, enabled=True)
    return [
        {
            "severity": rule.severity,
            "regime": rule.regime.code,
            "minimum_months": rule.minimum_months,
            "maximum_months": rule.maximum_months,
            "basis": rules.as_basis(rule.provision) if rule.provision else None,
        }
        for rule in shown.select_related("regime", "provision__instrument").order_by("regime__code", "severity")
    ]


def last_update() -> date | None:
    """The latest day on which a rule was announced: the date of the last update (`catalogue_update_interval`)."""
    return CatalogueItem.objects.announced().aggregate(last=Max("announced_on"))["last"]


# --- Loading, one kind at a time ---------------------------------------------------------------------------------------


def _load_instrument(row: Row, done: Loaded) -> None:
    provisions = row.pop("provisions")
    key = row.pop("key")
    instrument, made = LegalInstrument.objects.get_or_create(key=key, defaults=row)
    if made:
        _note(done, instrument, events.INSTRUMENT_ENTERED, "entered", key=key)
    else:
        fixed = ("title", "number", "issuer", "kind", "region_id")
        _keep_or_update(instrument, row, fixed, done, events.INSTRUMENT_UPDATED, name=key)
    for provision in provisions:
        article, first = provision.pop("article"), provision.pop("in_force_from")
        stored, fresh = Provision.objects.get_or_create(
            instrument=instrument, article=article, in_force_from=first, defaults=provision
        )
        changed = {name: value for name, value in provision.items() if getattr(stored, name) != value}
        if changed and not fresh:
            Provision.objects.filter(pk=stored.pk).update(**changed)
            _note(done, instrument, events.INSTRUMENT_UPDATED, "updated", article=article, after=changed)


def _load_regime(row: Row, cited: dict[str, Provision], done: Loaded) -> None:
    repair_rules = row.pop("rules")
    row["instrument"] = _instrument(row.pop("instrument"))
    code = row.pop("code")
    regime, made = Regime.objects.get_or_create(code=code, defaults=row)
    if made:
        _note(done, regime, events.RULE_ENTERED, "entered", code=code)
    else:
        _keep_or_update(regime, row, ("platform", "valid_from", "instrument"), done, events.RULE_UPDATED, name=code)
    for rule in repair_rules:
        rule["provision"] = _provisions([rule["provision"]], cited)[0] if rule["provision"] else None
        severity = rule.pop("severity")
        held = RepairRule.objects.filter(regime=regime, severity=severity)
        before = held.values(*rule).first()
        RepairRule.objects.update_or_create(regime=regime, severity=severity, defaults=rule)
        after = held.values(*rule).first()
        if not made and before != after:
            _note(done, regime, events.RULE_UPDATED, "updated", severity=severity, before=before, after=after)


def _load_switch(row: Row, cited: dict[str, Provision], done: Loaded) -> None:
    row["provision"] = _provisions([row.pop("citation")], cited)[0]
    what = {"kind": row["kind"], "region_id": row["region_id"], "valid_from": row["valid_from"]}
    switch = ActSwitch.objects.filter(**what).first()
    if switch is None:
        _note(done, ActSwitch.objects.create(**row), events.RULE_ENTERED, "entered", **what)
    else:
        _keep_or_update(switch, row, ("provision",), done, events.RULE_UPDATED, name=str(switch))


def _load_catalogue_item(row: Row, cited: dict[str, Provision], done: Loaded, by: Actor) -> None:
    rules.check_is_specific_conduct(row["kind"], row["determined_by"], code=row["code"])
    needs = NeedsBasis.NATIONAL_CATALOGUE_ITEM if row["level"] == Level.NATIONAL else NeedsBasis.LOCAL_CATALOGUE_ITEM
    provisions = _provisions(row.pop("citations"), cited)
    rules.check_basis(needs, provisions, region=row["region_id"], on=row["in_force_from"])
    if row["personal_information"] and row["disclose_allowed"]:
        rules.check_basis(
            NeedsBasis.PERSONAL_DISCLOSURE, provisions,
            region=row["region_id"], on=row["in_force_from"], conditions=[Condition.MASKED],
        )  # fmt: skip
    _load_edition(CatalogueItem, CatalogueItemBasis, row, provisions, done, by)


def _load_measure_item(row: Row, cited: dict[str, Provision], done: Loaded, by: Actor) -> None:
    provisions = _provisions(row.pop("citations"), cited)
    if row["state"] in ANNOUNCED:
        local = row["level"] == Level.LOCAL
        needs = NeedsBasis.LOCAL_MEASURE_ITEM if local else NeedsBasis.NATIONAL_MEASURE_ITEM
        rules.check_basis(needs, provisions, region=row["region_id"], on=row["in_force_from"])
    _load_edition(MeasureItem, MeasureItemBasis, row, provisions, done, by)


def _load_list_field(row: Row, cited: dict[str, Provision], done: Loaded, by: Actor, on: date) -> None:
    criteria = row.pop("criteria")
    provisions = _provisions(row.pop("citations"), cited)
    local = row["level"] == Level.LOCAL
    if row["state"] in LISTS_PUBLISHED:
        conditions = [Condition.LOCAL_ONLY] if local else []
        rules.check_basis(NeedsBasis.LIST_FIELD, provisions, region=row["region_id"], on=on, conditions=conditions)
    list_field = ListField.objects.filter(field=row["field"]).first()
    fixed = ("category", "level", "region_id")
    list_field = _store(ListField, list_field, row, fixed, ListState, done, by, name=row["field"])
    _cite(list_field, partial(ListFieldBasis, list_field=list_field), provisions)
    if criteria is not None:
        _load_criteria(list_field, criteria, cited, done, by)


def _load_criteria(list_field: ListField, row: Row, cited: dict[str, Provision], done: Loaded, by: Actor) -> None:
    provisions, items = _provisions(row.pop("citations"), cited), row.pop("items")
    row["no_end_basis"] = _provisions([row["no_end_basis"]], cited)[0] if row["no_end_basis"] else None
    if row["state"] in LISTS_PUBLISHED:
        needs = NeedsBasis.NATIONAL_CRITERIA if list_field.level == Level.NATIONAL else NeedsBasis.LOCAL_CRITERIA
        conditions = rules.conditions_met(
            row["higher_form_lacking"], row["consulted"], row["comment_from"], row["comment_to"]
        )
        rules.check_basis(
            needs, provisions, region=list_field.region_id, on=row["in_force_from"], conditions=conditions
        )
    edition = CriteriaEdition.objects.filter(list_field=list_field, edition=row["edition"]).first()
    announced = edition is not None and edition.state in LISTS_PUBLISHED
    movable = {"state", "in_force_to", "confidence", "source", "next_assessment_on", "note"}
    fixed = tuple(set(row) - movable) if announced else ("edition",)
    row["list_field"] = list_field
    edition = _store(
        CriteriaEdition, edition, row, fixed, ListState, done, by, name=f"{list_field.field} {row['edition']}"
    )
    _cite(edition, partial(CriteriaEditionBasis, edition=edition), provisions)
    held = dict(edition.items.values_list("code", "text"))
    for item in items:
        if item["code"] not in held and not announced:
            Criterion.objects.create(edition=edition, **item)
        elif held.get(item["code"]) != item["text"]:
            raise _frozen(f"{list_field.field} {edition.edition}", item["code"])


def _load_edition(
    model: type[Dated], basis: type[Model], row: Row, provisions: list[Provision], done: Loaded, by: Actor
) -> None:
    rule = model.objects.filter(code=row["code"], edition=row["edition"]).first()
    announced = rule is not None and rule.state in ANNOUNCED
    movable = {"state", "in_force_to", "confidence", "source", "usable", "background"}
    fixed = tuple(set(row) - movable) if announced else ("code", "edition")
    rule = _store(model, rule, row, fixed, EditionState, done, by, name=f"{row['code']} {row['edition']}")
    _cite(rule, partial(basis, item=rule), provisions)


def _store(
    model: type[Rule],
    rule: Rule | None,
    row: Row,
    fixed: tuple[str, ...],
    states: Any,
    done: Loaded,
    by: Actor,
    *,
    name: str,
) -> Rule:
    """Enter a rule, or bring the stored one to what the file says: its state by `move`, the rest where it may change."""
    if rule is None:
        rule = model.objects.create(**row)
        _note(done, rule, events.RULE_ENTERED, "entered", name=name)
        return rule
    state = states(row["state"])
    changes = {key: value for key, value in row.items() if key != "state"}
    if rule.state != state:
        ends = {key: row[key] for key in ("in_force_to", "abolished_on", "usable") if key in row}
        move(rule, state, event=events.RULE_MOVED, by=by, reason=row["source"], **ends)
    _keep_or_update(rule, changes, fixed, done, events.RULE_UPDATED, name=name)
    return rule


def _keep_or_update(stored: Any, row: Row, fixed: tuple[str, ...], done: Loaded, event: str, *, name: str) -> None:
    changed = {key: value for key, value in row.items() if getattr(stored, key) != value}
    if frozen := sorted(changed.keys() & set(fixed)):
        raise _frozen(name, "、".join(frozen))
    if not changed:
        done.unchanged += 1
        return
    before = {key: getattr(stored, key) for key in changed}
    type(stored).objects.filter(pk=stored.pk).update(**changed)
    for key, value in changed.items():
        setattr(stored, key, value)
    _note(done, stored, event, "updated", before=before, after=changed)


def _cite(rule: Any, basis: Any, provisions: list[Provision]) -> None:
    """Enter the citations of a rule. Those it has stay; an announced rule gets no others."""
    held = set(rule.citations.values_list("provision", flat=True))
    wanted = {provision.pk for provision in provisions}
    announced = rule.state in (*ANNOUNCED, *LISTS_PUBLISHED)
    if held - wanted or (announced and held and wanted - held):
        raise _frozen(str(rule), "citations")
    for provision in provisions:
        if provision.pk not in held:
            basis(provision=provision).save(force_insert=True)


def _frozen(name: str, column: str) -> Refused:
    return Refused(
        format_lazy(_("{name}: “{column}” was announced and stays; a change is a new edition."), name=name, column=column),
        rule="edition_is_frozen", rows=("CAT-08",), field=column, keys={"rule": name},
    )  # fmt: skip


def _instrument(key: str) -> LegalInstrument:
    found = LegalInstrument.objects.filter(key=key).first()
    if found is None:
        raise _not_in_library(key)
    return found


def _provisions(keys: Sequence[str], cited: dict[str, Provision]) -> list[Provision]:
    for key in keys:
        if key not in cited:
            raise _not_in_library(key)
    return [cited[key] for key in keys]


def _not_in_library(key: str) -> Refused:
    return Refused(
        format_lazy(_("{key} is not in the legal library."), key=key),
        rule="citation_not_in_library", rows=("ORG-08",), field="citations", keys={"citation": key},
    )  # fmt: skip


def _note(done: Loaded, rule: Any, event: str, counter: str, **values: Any) -> None:
    setattr(done, counter, getattr(done, counter) + 1)
    done.lines.append(Line(rule.chain, rule.ref, event, values=values))
