"""The story of a case, told from its chain: every event has its sentence, what the law erased is told as erased."""

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from casework.actors import SYSTEM, System
from casework.audit import erase, record
from casework.timeline import sentences, tell

ROOT = Path(__file__).parent.parent.parent
APPS = ("casework", "accounts", "catalogs", "subjects", "records", "disclosure")
CLERK = System(UUID("00000000-0000-4000-8000-0000000000aa"))


@dataclass
class Case:
    chain: UUID
    ref: str


def names(uuids: Collection[str], agencies: Collection[int]) -> Mapping[str, str]:
    return {uuid: "林岚" for uuid in uuids if uuid == str(CLERK.uuid)}


@pytest.fixture
def case(db: None) -> Case:
    return Case(uuid4(), f"subject:{uuid4()}")


# --- Every event has a sentence


class Module:
    """One source file: what its names may stand for."""

    def __init__(self, path: Path) -> None:
        self.path, self.tree = path, ast.parse(path.read_text(encoding="utf-8"))
        self.assigned: dict[str, list[ast.expr]] = {}
        self.imported: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.assigned.setdefault(target.id, []).append(node.value)
            elif isinstance(node, ast.ImportFrom) and node.module:
                self.imported |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}

    def names(self, node: ast.expr | None) -> set[str]:
        """The texts that an expression may be; none for a parameter, whose callers name it by `event=`."""
        match node:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.IfExp(body=body, orelse=other):
                return self.names(body) | self.names(other)
            case ast.Subscript(value=table) | ast.Call(func=ast.Attribute(value=table, attr="get")):
                return self.values(table)
            case ast.Name(id=name) if name in self.assigned:
                return set().union(*(self.names(value) for value in self.assigned[name]))
            case ast.Name() | ast.Attribute():
                found = self.value(node)
                return {found} if isinstance(found, str) else set()
        return set()

    def values(self, table: ast.expr) -> set[str]:
        if isinstance(table, ast.Dict):
            return set().union(*(self.names(value) for value in table.values))
        if isinstance(table, ast.Name) and table.id in self.assigned:
            return set().union(*(self.values(value) for value in self.assigned[table.id]))
        held = self.value(table)
        return {value for value in held.values() if isinstance(value, str)} if isinstance(held, dict) else set()

    def value(self, node: ast.expr) -> Any:
        """What an imported name, or an attribute of an imported module, holds."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.imported:
            try:
                return getattr(import_module(self.imported[node.value.id]), node.attr, None)
            except ModuleNotFoundError:
                return None
        if isinstance(node, ast.Name) and node.id in self.imported:
            module, _dot, attribute = self.imported[node.id].rpartition(".")
            return getattr(import_module(module), attribute, None)
        return None

    def events(self) -> Iterator[str]:
        """The names in record(case, NAME), Line(chain, ref, NAME), and event=NAME of whatever moves a case."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = {"record": 1, "Line": 2}.get(called)
            given = [
                keyword.value
                for keyword in node.keywords
                if keyword.arg == "event" or (called == "Line" and keyword.arg == "name")
            ]
            if place is not None and len(node.args) > place:
                given.append(node.args[place])
            elif called not in {"record", "Line"} and any("events." in ast.unparse(arg) for arg in node.args):
                given += [arg for arg in node.args if ast.unparse(arg).startswith("events.")]
            for expression in given:
                yield from self.names(expression)


def events_of(app: str) -> set[str]:
    paths = [path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return set().union(*(set(Module(path).events()) for path in paths), set())


def test_every_event_that_any_app_writes_has_a_sentence() -> None:
    written = {name for app in APPS for name in events_of(app)}

    assert len(written) > 40
    assert sorted(written - set(sentences())) == []


def test_the_search_for_events_finds_them() -> None:
    assert {"act.withdrawn", "act.taken_in", "act.corrected", "publication.opened"} <= events_of("records")
    assert {"query.registered", "query.found_incident", "consent.used", "subject.renamed"} <= events_of("subjects")
    assert {"catalogs.rule_moved", "catalogs.rule_entered"} <= events_of("catalogs")


# --- The story


def test_the_newest_comes_first_with_who_did_it_and_why(case: Case) -> None:
    record(case, "subject.registered", by=SYSTEM, after="active", source="示例登记库")
    record(case, "subject.changed", by=CLERK, before="active", after="revoked", reason="登记机关通知")

    with translation.override("en"):
        newest, first = tell(case.chain, names=names)

    assert newest.sentence == "The register changed its registration: it is now “Licence revoked”."
    assert (newest.actor, newest.before, newest.after, newest.reason) == (
        "林岚",
        "Active",
        "Licence revoked",
        "登记机关通知",
    )
    assert first.sentence == "Taken into the register as “Active”, from 示例登记库."
    assert first.actor == "the portal itself"


def test_a_page_begins_where_the_one_before_ended(case: Case) -> None:
    for n in range(5):
        record(case, "subject.renamed", by=CLERK, **{"from": f"旧名{n}", "to": f"新名{n}"})

    first = tell(case.chain, names=names, limit=2)
    second = tell(case.chain, names=names, limit=2, before=first[-1].seq)

    assert [line.seq for line in first + second] == [5, 4, 3, 2]
    assert "旧名4" in first[0].sentence


def test_an_erased_body_is_told_as_erased_and_the_line_stays(case: Case) -> None:
    event = record(case, "subject.renamed", by=CLERK, reason="因故", **{"from": "旧名", "to": "新名"})
    erase(event, by=SYSTEM, basis="法定保存期届满")

    erasure, renamed = tell(case.chain, names=names)

    assert (renamed.is_erased, renamed.reason) == (True, "")
    assert "旧名" not in renamed.sentence
    assert (erasure.name, erasure.is_erased, erasure.reason) == ("audit.body_erased", False, "法定保存期届满")


def test_a_story_of_any_length_takes_one_statement_beside_the_names(case: Case) -> None:
    for n in range(30):
        record(case, "subject.renamed", by=CLERK, **{"from": f"旧名{n}", "to": f"新名{n}"})

    with CaptureQueriesContext(
        connection,
    ) as queries:
        told = tell(case.chain, names=names, limit=25)

    assert (len(told), len(queries)) == (25, 1)


def test_an_event_of_tomorrow_is_told_by_its_name(case: Case) -> None:
    record(case, "subject.something_new", by=CLERK)

    (line,) = tell(case.chain, names=lambda uuids, agencies: {})

    assert line.sentence == "subject.something_new"
