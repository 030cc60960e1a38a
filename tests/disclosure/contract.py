"""The contract as tests hold it: every answer has exactly the fields of its type in the OpenAPI document."""

import copy
import json
from functools import cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from disclosure import openapi

API = "/api/v1"
HIDDEN = "rec_000000000000"


@cache
def strict_schemas() -> dict[str, Any]:
    """The types of the document, with no field more than they name."""
    schemas = copy.deepcopy(openapi.document()["components"]["schemas"])
    for name in schemas:
        if name != "Problem":  # carries extension objects, each on its own problems
            _close(schemas[name])
    return schemas


def _close(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


def holds(body: Any, type_name: str) -> None:
    """The body is of the type, field for field."""
    whole = {"$ref": f"#/components/schemas/{type_name}", "components": {"schemas": strict_schemas()}}
    assert validator_for(whole, default=Draft202012Validator) is Draft202012Validator
    errors = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in Draft202012Validator(whole).iter_errors(body)
    ]
    assert not errors, errors[:5]


def read(client: Client, path: str, type_name: str, **headers: Any) -> Any:
    """A 200 answer of the type."""
    response = client.get(path, headers=headers)
    assert response.status_code == 200, (response.status_code, response.content.decode())
    body = json.loads(response.content)
    holds(body, type_name)
    return body


def refused(client: Client, path: str, status: int, code: str, **headers: Any) -> Any:
    """A problem of that code."""
    response = client.get(path, headers=headers)
    assert response.status_code == status, (response.status_code, response.content.decode())
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    body = json.loads(response.content)
    holds(body, "Problem")
    assert body["code"] == code, body
    assert body["instance"] == f"urn:uuid:{response['Request-Id']}"
    return body


def walk(client: Client, path: str, type_name: str) -> list[Any]:
    """Every row of a list, page by page."""
    rows: list[Any] = []
    following: str | None = path
    while following:
        page = read(client, following, type_name)
        rows += page["results"]
        following = page["next"]
    assert page["total"] == {"value": len(rows), "relation": "exact"}
    return rows
