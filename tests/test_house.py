"""The codebase itself: what a reviewer would look for, looked for."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation
from django.utils.module_loading import import_string

from casework.triggers import Machine

ROOT = Path(__file__).parent.parent
STAIRCASE = ["credit_portal", "disclosure", "records", "subjects", "catalogs", "accounts", "casework"]  # top first
LONGEST_FILE = 600
MADE = ("migrations/", "docs/generated/")
CODE = {".py", ".sql", ".html", ".css", ".js", ".sh"}
TEXT = CODE | {".md", ".toml", ".yml", ".yaml", ".txt", ".csv", ""}
NOT_OURS = {
    ".git",
    ".venv",
    "var",
    "static_root",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
}


def files(kinds: set[str]) -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and path.suffix in kinds and not NOT_OURS & set(parts) and path != Path(__file__):
            yield path


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def our_models() -> list[Any]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in STAIRCASE]


def relations(model: Any) -> list[Any]:
    return [field for field in model._meta.get_fields() if field.is_relation and field.concrete and field.related_model]


# --- States


def machines() -> list[Any]:
    found = [(model, trigger) for model in our_models() for trigger in getattr(model._meta, "triggers", [])]
    return [pytest.param(m, t, id=m._meta.label) for m, t in found if isinstance(t, Machine)]


@pytest.mark.parametrize(("model", "machine"), machines())
def test_every_state_can_be_reached_and_every_way_out_was_decided(model: Any, machine: Machine) -> None:
    edges = {tuple(edge.split(">")) for edge in machine.edges}
    reached, new = set(), set(machine.first)
    while new:
        reached |= new
        new = {after for before, after in edges if before in reached} - reached

    assert reached == set(dict(model._meta.get_field("state").choices))
    assert {state for edge in edges for state in edge} <= reached


@pytest.mark.parametrize(("model", "machine"), machines())
def test_every_state_has_a_label_in_chinese(model: Any, machine: Machine) -> None:
    with translation.override("zh-hans"):
        labels = {value: str(label) for value, label in model._meta.get_field("state").choices}

    assert {value: label for value, label in labels.items() if not re.search(r"[\u4e00-\u9fff]", label)} == {}
    assert len(set(labels.values())) == len(labels)


# --- Relations


def test_the_staircase_of_the_tables_is_that_of_the_imports() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]

    assert STAIRCASE in [contract["layers"] for contract in contracts]


def test_relations_point_down_the_staircase() -> None:
    upward = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in our_models()
        for field in relations(model)
        if field.related_model._meta.app_label in STAIRCASE
        and STAIRCASE.index(field.related_model._meta.app_label) < STAIRCASE.index(model._meta.app_label)
        and field.related_model._meta.label not in {"accounts.User", "accounts.Agency"}
    ]

    assert upward == []


def test_nothing_of_the_file_goes_with_something_else() -> None:
    cascading = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        if model._meta.managed and not model._meta.auto_created
        for field in relations(model)
        if not field.many_to_many and field.remote_field.on_delete is not models.PROTECT
    ]

    assert cascading == []


# --- Who writes

WRITES = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete"}
WRITERS = re.compile(r"/services(\.py|/)|^casework/|/migrations/")
ALLOWED = {
    "credit_portal/demo/": "the demo's own world; never in production",
}  # fmt: skip


def writes(path: Path) -> Iterator[str]:
    """Calls that write by the ORM or by COPY. `update` counts on a queryset only: it takes keywords and nothing else."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        on_rows = called == "update" and node.keywords and not node.args
        if called in WRITES or on_rows or called in {"copy_in", "record", "record_many", "move"}:
            yield f"{name_of(path)}:{node.lineno} {called}"


def test_nobody_but_services_and_casework_writes() -> None:
    doors = [
        path for app in STAIRCASE for path in (ROOT / app).rglob("*.py")
        if not WRITERS.search(name_of(path)) and not name_of(path).startswith(tuple(ALLOWED))
    ]  # fmt: skip
    found = [line for path in doors for line in writes(path)]

    assert len(doors) > 40
    assert found == []


def test_the_search_for_writers_finds_them() -> None:
    assert {line.rpartition(" ")[2] for line in writes(ROOT / "records" / "services" / "facts.py")} >= {
        "create",
        "update",
        "move",
    }


# --- Files


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        name_of(path): lines
        for path in files(CODE)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
        and not any(m in name_of(path) for m in MADE)
    }

    assert long == {}


@pytest.mark.parametrize(
    "unwanted",
    [
        r"\b(TODO|FIXME|XXX)\b(?!\")(?!;? in)",  # nothing is left for later without an issue
        r"(?i)https?://[^ ]*(pypi|pythonhosted|npmjs|/simple)|--(extra-)?index-url",  # no address of a package index
        r"(?m)^<<<<<<< |^>>>>>>> ",
    ],
    ids=["left for later", "package index", "conflict"],
)
def test_what_is_in_no_file(unwanted: str) -> None:
    found = [
        f"{name_of(path)}: {hit.group()}"
        for path in files(TEXT)
        for hit in re.finditer(unwanted, path.read_text(encoding="utf-8", errors="replace"))
        if not (path.name == "pyproject.toml" and hit.group() == "TODO")  # names ruff's rule
    ]

    assert found == []


def strings(path: Path) -> str:
    """What a Python file says to somebody else: its strings without docstrings and comments. Other files: all of it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    tree = ast.parse(text)
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return "\n".join(
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents
    )  # fmt: skip


def test_no_code_switches_a_guard_off() -> None:
    switches = re.compile(r"pgtrigger\.ignore|session_replication_role|DISABLE TRIGGER|row_security", re.I)
    found = [name_of(path) for path in files(CODE) if "tests" not in path.parts and switches.search(strings(path))]

    assert found == []


# --- Addresses

PUBLIC = {
    "": "home", "search": "search", "subjects/<str:code>/": "a subject", "subjects/<str:code>/<slug:tab>/": "a subject's tab",
    "records/<str:public_id>/": "a fact", "acts/": "acts", "catalogue/": "the catalogue", "catalogue/<str:code>/": "an item",
    "help/": "help", "help/working-days/": "calculator", "help/objection/": "help", "help/repair/": "help",
    "help/about-data/": "help", "help/accessibility/": "help", "help/privacy/": "help", "help/api/": "help",
    "api/v1/subjects/<str:code>/status/": "status", "api/v1/subjects/<str:code>/records/": "facts",
    "api/v1/subjects/<str:code>/": "a subject", "api/v1/records/<str:id>/": "a fact", "api/v1/acts/": "acts",
    "api/v1/catalogue-items/": "the catalogue", "api/v1/catalogue-items/<str:item>/": "an item",
    "api/v1/catalogue-items/<str:item>/editions/": "its editions", "api/v1/working-days/": "calculator",
    "search/suggest": "suggestions", "help/names/": "help", "api/v1/subjects/": "search",
    "api/v1/about/": "about", "api/v1/problems/": "problems", "api/v1/problems/<str:problem>/": "a problem",
    "api/v1/schema/": "the contract", "api/v1/health/live/": "health", "api/v1/health/ready/": "health",
}  # fmt: skip
WITH_A_KEY = {
    "api/v1/intake/", "api/v1/intake/<str:public_id>/", "api/v1/intake/<str:public_id>/rows/",
    "api/v1/intake/<str:public_id>/verdict/",
}  # fmt: skip


OPEN_IN_THE_OFFICE = {"admin/login/", "admin/access/"}


def addresses(resolver: Any, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern)


def test_every_address_is_public_on_purpose_or_asks_for_a_key_or_a_sign_in() -> None:
    with translation.override("zh-hans"):
        found = [address for address in addresses(get_resolver()) if not address.startswith("admin/")]

    assert sorted(found) == sorted([*PUBLIC, *WITH_A_KEY])


def office_addresses() -> list[str]:
    """Every address of the office but the ways in, and Django's last line, which leads there."""
    found = {address for address in addresses(get_resolver()) if address.startswith("admin/") and "(?P<" not in address}
    return sorted(found - OPEN_IN_THE_OFFICE)


def filled(address: str) -> str:
    """An address with something in the place of each of its parameters."""
    address = re.sub(r"<(?:path|str|slug):[a-z_]+>", "x", re.sub(r"<int:[a-z_]+>", "1", address))
    return "/" + re.sub(r"<uuid:[a-z_]+>", "00000000-0000-4000-8000-000000000000", address).replace("^", "").replace(
        "$", ""
    )


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", office_addresses())
def test_a_stranger_finds_nothing_in_the_office_but_the_sign_in(address: str, method: str) -> None:
    answer = getattr(Client(), method)(filled(address))

    assert (answer.status_code, answer.headers.get("Location", "")[:13]) == (302, "/admin/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", sorted(WITH_A_KEY))
def test_without_a_key_nothing_but_a_refusal_is_answered(address: str, method: str) -> None:
    answer = getattr(Client(), method)("/" + address.replace("<str:public_id>", "bat_000000000000"))

    assert answer.status_code in {401, 405}


def test_a_new_call_is_closed_until_somebody_opens_it(settings: Any) -> None:
    defaults = [import_string(name) for name in settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"]]

    assert [default().has_permission(None, None) for default in defaults] == [False]


# --- Licences of what is installed (decision D22)

FREE = re.compile(
    r"^(MIT(-0|-CMU)?|(New )?BSD( License|-[23]-Clause| [23]-Clause( License)?)?|Apache(-2\.0| 2\.0| License| Software License)?"
    r"|ISC( License.*)?|PSF-2\.0|Python Software Foundation License"
    r"|MPL-2\.0|Mozilla Public License 2\.0 \(MPL 2\.0\)|MIT License|SIL Open Font License.*"
    r"|LGPL-3\.0-only)$"
)
BY_HAND = {
    "axe-playwright-python": "MIT",  # says so in its repository only; carries axe-core, MPL-2.0
}
LINKED_ONLY = {"psycopg", "psycopg-binary"}  # LGPL: linked dynamically, not changed


def licences(package: str) -> list[str]:
    """What a package says of itself, part by part; its expression first, then its classifiers, then its free text."""
    about = metadata(package)
    stated = [
        value.rpartition(" :: ")[2] for value in about.get_all("Classifier") or [] if value.startswith("License :: ")
    ]
    text = about.get("License-Expression") or ""
    if not text and not stated:
        text = (
            (about.get("License") or BY_HAND.get(package, "")).splitlines()[0]
            if about.get("License") or package in BY_HAND
            else ""
        )
    return [part.strip(" ()") for part in re.split(r" OR | AND ", text) if part] or stated


def locked(file: str) -> list[str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return [match.group(1) for line in lines if (match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", line))]


def test_whatever_we_install_may_be_given_on() -> None:
    unknown = {}
    for package in sorted({*locked("requirements.txt"), *locked("requirements-dev.txt")}):
        try:
            said = licences(package)
        except PackageNotFoundError:  # for another platform
            continue
        if (
            not said
            or not all(FREE.match(one) for one in said)
            or ("LGPL" in " ".join(said) and package not in LINKED_ONLY)
        ):
            unknown[package] = said

    assert unknown == {}


def test_the_locks_name_hashes_and_no_other_place() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not re.search(r"git\+|://| @ ", text)
        assert text.count("--hash=sha256:") >= len(locked(file))
