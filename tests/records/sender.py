"""An agency's program, as the intake over REST meets it."""

import json
from typing import Any

from django.test import Client

from accounts.models import Agency
from casework.models import AuditEvent, Refusal
from records.models import AdministrativeAct, IntakeBatch, IntakeRow
from subjects.models import Person
from tests.factories import client_of

INTAKE = "/api/v1/intake/"
CSV = "text/csv; charset=utf-8"
JSON = "application/json"
ADULT = "990100199003070019"  # invented identity numbers with the right check
OTHERS = ("990100198506120028", "990100197011050035", "990100199112240056")


class Sender:
    """An agency's program: its key, its officer, one idempotency key for each request unless told otherwise."""

    def __init__(self, at: Agency, *scopes: str, **changes: Any) -> None:
        self.agency, self.key = at, client_of(at, *scopes, **changes)
        self.count = 0

    def headers(self, **changes: str | None) -> dict[str, str]:
        self.count += 1
        own = {
            "Authorization": f"Bearer {self.key.secret}", "Acting-Officer": "0147",
            "Idempotency-Key": f"key-{self.count}", "Accept-Language": "en",
        }  # fmt: skip
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in (own | named).items() if value is not None}

    def post(self, body: Any, query: str = "kind=penalties", kind: str = "", **headers: str | None) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        content_type = kind or (CSV if isinstance(body, bytes) else JSON)
        return Client(raise_request_exception=False).generic(
            "POST",
            f"{INTAKE}?{query}",
            content,
            content_type,
            headers=self.headers(**headers),
            CONTENT_TYPE=content_type,
        )

    def get(self, path: str = "", **headers: str | None) -> Any:
        return Client().get(INTAKE + path, headers=self.headers(**headers))


def code_of_problem(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response.json()["code"]


def verdicts(response: Any) -> list[str]:
    assert response.status_code == 200, response.content.decode()
    return [row["verdict"] for row in response.json()["rows"]]


def kept() -> tuple[int, ...]:
    models = (AdministrativeAct, IntakeBatch, IntakeRow, Refusal, Person, AuditEvent)
    return tuple(model.objects.count() for model in models)
