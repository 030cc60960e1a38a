"""The specification of interface and formats is published and versioned (SHR-24; 2016-33(25)): what we serve is what we read."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from records.formats import FORMAT_VERSION, FORMATS, SENDER, Column
from records.models import IntakeBatch
from tests.factories import agency, deliver, penalty, subject

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def schema() -> dict[str, Any]:
    """The contract as a stranger gets it: no key, no session."""
    answer = Client().get("/api/v1/schema/", headers={"accept": "application/json"})
    assert answer.status_code == 200
    body: dict[str, Any] = json.loads(answer.content)
    return body


def row_types(schema: dict[str, Any]) -> dict[str, set[str]]:
    body = schema["paths"]["/api/v1/intake/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return {kind["title"]: set(kind["properties"]) for kind in body["properties"]["rows"]["items"]["anyOf"]}


def names(columns: tuple[Column, ...]) -> set[str]:
    return {column.name for column in (*columns, *SENDER)}


@pytest.mark.proves("SHR-24")
def test_the_interface_is_published_under_its_version(schema: dict[str, Any]) -> None:
    version = schema["info"]["version"]

    assert version == json.loads(Client().get("/api/v1/about/").content)["api"]
    assert all(path.startswith(f"/api/{version}/") for path in schema["paths"])


@pytest.mark.proves("SHR-24")
def test_every_format_is_published_with_its_version_and_every_column_that_is_read(schema: dict[str, Any]) -> None:
    assert row_types(schema) == {f"{kind} {FORMAT_VERSION}": names(columns) for kind, columns in FORMATS.items()}


@pytest.mark.proves("SHR-24")
def test_every_delivery_says_in_which_version_it_was_read() -> None:
    sender = agency()
    deliver(penalty(subject(), sender), sender=sender)

    assert IntakeBatch.objects.get().format_version == FORMAT_VERSION


def test_the_pages_for_people_name_the_same_versions_and_columns(schema: dict[str, Any]) -> None:
    versions = (DOCS / "api-clients.md").read_text(encoding="utf-8")
    columns = (DOCS / "generated" / "intake.md").read_text(encoding="utf-8")

    assert f"`{FORMAT_VERSION}`" in versions
    assert f"`{schema['info']['version']}`" in versions
    assert [name for own in FORMATS.values() for name in names(own) if f"| `{name}` |" not in columns] == []
