"""The shape of rule files (YAML): every key known, nothing required missing, days are days.

A file may hold `instruments`, `regimes`, `switches` (of act kinds), `editions` with `items` (catalogue), `fields` (lists), and
`edition` with `national` and `vocabulary` (measures). What a row leaves out is filled in here, so that the verb gets whole rows.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from catalogs.services import RuleSet
from catalogs.states import Addressee, Confidence, EditionState, Level, ListState, MeasureClass, MeasurePart

SHIPPED = Path(__file__).parent / "data"

Row = dict[str, Any]
REQUIRED: Any = object()

INSTRUMENT = {
    "key": REQUIRED, "title": REQUIRED, "number": "", "issuer": REQUIRED, "kind": REQUIRED, "region": None,
    "in_force_from": None, "in_force_to": None, "confidence": REQUIRED, "source": REQUIRED, "provisions": [],
}  # fmt: skip
PROVISION = {"article": REQUIRED, "says": "", "in_force_from": None, "in_force_to": None, "confidence": REQUIRED}
REGIME = {
    "code": REQUIRED, "platform": REQUIRED, "valid_from": REQUIRED, "valid_to": None, "counts_from": REQUIRED,
    "instrument": REQUIRED, "confidence": REQUIRED, "source": REQUIRED, "note": "", "rules": REQUIRED,
}  # fmt: skip
REPAIR_RULE = {
    "severity": REQUIRED, "disclosed": REQUIRED, "not_disclosed_when_only": [], "minimum": None, "maximum": None,
    "automatic": REQUIRED, "provision": None, "confidence": REQUIRED, "source": REQUIRED, "note": "", "enabled": True,
}  # fmt: skip
SWITCH = {
    "kind": REQUIRED, "region": None, "valid_from": REQUIRED, "valid_to": None, "citation": "sco-2019-35#第（十五）条",
    "confidence": REQUIRED, "source": REQUIRED,
}  # fmt: skip
CATALOGUE_EDITION = {
    "year": REQUIRED, "announced_on": REQUIRED, "in_force_from": REQUIRED, "in_force_to": None, "published_in": REQUIRED,
    "source": REQUIRED,
}  # fmt: skip
CATALOGUE_ITEM = {
    "code": REQUIRED, "name": REQUIRED, "name_en": "", "level": Level.NATIONAL, "region": None, "category": REQUIRED,
    "kind": REQUIRED, "content": REQUIRED, "field": "", "determined_by": REQUIRED, "collecting_department": "",
    "power_ref": "", "share": REQUIRED, "disclose": REQUIRED, "adverse": REQUIRED, "basis_types": [],
    "personal_information": False, "citations": REQUIRED, "since": REQUIRED,
}  # fmt: skip
SHARE = {"allowed": REQUIRED, "scope": [], "lawfulness": REQUIRED, "necessity": REQUIRED}
DISCLOSE = {"allowed": REQUIRED, "lawfulness": REQUIRED, "necessity": REQUIRED}
LIST_FIELD = {
    "field": REQUIRED, "name": REQUIRED, "name_en": "", "category": REQUIRED, "level": Level.NATIONAL, "region": None,
    "department": REQUIRED, "citations": REQUIRED, "state": ListState.DRAFT, "usable": False, "abolished_on": None,
    "confidence": REQUIRED, "source": REQUIRED, "note": "", "criteria": None,
}  # fmt: skip
CRITERIA = {
    "edition": 1, "state": ListState.DRAFT, "in_force_from": None, "in_force_to": None, "citations": [], "items": [],
    "months": None, "no_end_basis": None, "earliest": None, "removal_conditions": "", "removal_procedure": "",
    "remedies": "", "higher_form_lacking": "", "consulted": False, "comment_from": None, "comment_to": None,
    "next_assessment_on": None, "confidence": REQUIRED, "source": None, "note": "",
}  # fmt: skip
CRITERION = {"code": REQUIRED, "text": REQUIRED}
MEASURE_EDITION = {"announced_on": REQUIRED, "in_force_from": REQUIRED, "published_in": REQUIRED}
MEASURE = {
    "code": REQUIRED, "number": None, "part": MeasurePart.NOT_IN_LIST, "name": REQUIRED, "name_en": "",
    "level": Level.NATIONAL, "region": None, "effect": None, "targets": "", "class": MeasureClass.RECOMMENDED,
    "type": REQUIRED, "addressee": Addressee.GOVERNMENT, "department": "", "incentive": False, "reduces_rights": None,
    "adds_obligations": False, "administrative_act": False, "fields": [], "severities": [], "person_classes": [],
    "maximum_months": None, "permanent": False, "background": "", "citations": [], "state": EditionState.PROPOSED,
    "usable": False, "confidence": Confidence.VERIFIED, "source": REQUIRED,
}  # fmt: skip
FILE: Row = {
    "instruments": [], "regimes": [], "switches": [], "editions": [], "items": [], "fields": [], "edition": None,
    "national": [], "vocabulary": [], "confidence": Confidence.FROM_MEMORY, "reasons": None, "remedies": None,
    "response_working_days": None, "feedback_working_days": None,
}  # fmt: skip


class Malformed(ValueError):
    """A rule file that cannot be read as one. Nothing of it is loaded."""


def shipped() -> list[Path]:
    """The files that ship, the legal library first."""
    return sorted(SHIPPED.glob("*.yaml"), key=lambda file: (file.name != "legal_library.yaml", file.name))


def read(paths: Iterable[Path]) -> RuleSet:
    """Read rule files into whole rows."""
    rules = RuleSet()
    for path in paths:
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise Malformed(f"{path.name}: {error}") from error
        try:
            add(rules, whole(content, FILE, "the file"))
        except Malformed as error:
            raise Malformed(f"{path.name}: {error}") from error
    return rules


def add(rules: RuleSet, content: Row) -> None:
    rules.instruments += [instrument(row) for row in content["instruments"]]
    rules.regimes += [regime(row) for row in content["regimes"]]
    rules.switches += [renamed(whole(row, SWITCH, "a switch"), region="region_id") for row in content["switches"]]
    editions = [whole(row, CATALOGUE_EDITION, "an edition") for row in content["editions"]]
    for row in content["items"]:
        rules.catalogue += catalogue_item(row, editions, content["confidence"])
    rules.fields += [list_field(row, content) for row in content["fields"]]
    for row in (*content["national"], *content["vocabulary"]):
        rules.measures.append(measure(row, content["edition"]))


def whole(row: Any, shape: Mapping[str, Any], what: str) -> Row:
    """The row with every key of its shape; unknown and missing keys are faults."""
    if not isinstance(row, dict):
        raise Malformed(f"{what}: expected a mapping, found {row!r}")
    name = next((str(row[key]) for key in ("code", "key", "field", "article", "year") if key in row), what)
    if unknown := row.keys() - shape.keys():
        raise Malformed(f"{name}: unknown {', '.join(sorted(map(str, unknown)))}")
    if missing := [key for key, default in shape.items() if default is REQUIRED and key not in row]:
        raise Malformed(f"{name}: missing {', '.join(missing)}")
    for key, value in row.items():
        if (
            key.endswith(("_on", "_from", "_to"))
            and key != "counts_from"
            and value is not None
            and type(value) is not date
        ):
            raise Malformed(f"{name}: {key} is no day: {value!r}")
    return {key: row.get(key, deepcopy(default)) for key, default in shape.items()}


def renamed(row: Row, **names: str) -> Row:
    """The row under the names of the model's columns."""
    return {names.get(key, key): value for key, value in row.items()}


def instrument(row: Any) -> Row:
    made = renamed(whole(row, INSTRUMENT, "an instrument"), region="region_id")
    made["provisions"] = [whole(provision, PROVISION, "a provision") for provision in made["provisions"]]
    return made


def regime(row: Any) -> Row:
    made = whole(row, REGIME, "a regime")
    made["rules"] = [
        renamed(whole(rule, REPAIR_RULE, made["code"]), minimum="minimum_months", maximum="maximum_months")
        for rule in made["rules"]
    ]
    return made


def catalogue_item(row: Any, editions: list[Row], confidence: str) -> list[Row]:
    """One row for each edition of the catalogue in which the item stands, numbered from 1. All but the last have ended."""
    item = renamed(whole(row, CATALOGUE_ITEM, "an item"), region="region_id")
    share, disclose = whole(item.pop("share"), SHARE, item["code"]), whole(item.pop("disclose"), DISCLOSE, item["code"])
    item |= {f"share_{key}": value for key, value in share.items()}
    item |= {f"disclose_{key}": value for key, value in disclose.items()}
    since = item.pop("since")
    held_in = [edition for edition in editions if edition["year"] >= since]
    if not held_in:
        raise Malformed(f"{item['code']}: no edition of {since} or later")
    return [
        item
        | {key: value for key, value in edition.items() if key != "year"}
        | {
            "edition": number,
            "state": EditionState.IN_FORCE if edition["in_force_to"] is None else EditionState.SUPERSEDED,
            "confidence": confidence,
        }
        for number, edition in enumerate(held_in, start=1)
    ]


def list_field(row: Any, content: Row) -> Row:
    made = renamed(whole(row, LIST_FIELD, "a field"), region="region_id", department="competent_department")
    if made["criteria"] is not None:
        criteria = whole(made["criteria"], CRITERIA, made["field"])
        criteria = renamed(criteria, months="entry_months", earliest="earliest_removal_months")
        criteria["source"] = criteria["source"] or made["source"]
        criteria["items"] = [whole(item, CRITERION, made["field"]) for item in criteria["items"]]
        for key in ("response_working_days", "feedback_working_days"):
            if content[key] is None:
                raise Malformed(f"{made['field']}: missing {key}")
            criteria[key] = content[key]
        made["criteria"] = criteria
    return made


def measure(row: Any, edition: Any) -> Row:
    made = renamed(
        whole(row, MEASURE, "a measure"), region="region_id", number="list_number", department="implementing_department",
        permanent="permanent_allowed", **{"class": "measure_class"},
    )  # fmt: skip
    made["effect"] = made["effect"] or made["name"]
    if made["reduces_rights"] is None:
        made["reduces_rights"] = not made["incentive"]
    nothing = {"announced_on": None, "in_force_from": None, "published_in": ""}
    announced = made["state"] != EditionState.PROPOSED
    made |= whole(edition, MEASURE_EDITION, "the edition") if announced else nothing
    return made | {"edition": 1, "in_force_to": None}
