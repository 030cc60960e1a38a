"""The status answer: four answers, strict codes, one statement, and nothing a day too long."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from casework.calendar import today
from disclosure import api
from subjects.models import FormerCode, Subject
from tests.disclosure.contract import API, holds, read, refused, walk
from tests.factories import agency, code_of, deliver, penalty, subject

pytestmark = pytest.mark.django_db

VECTORS = list(
    csv.DictReader((Path(__file__).parent.parent / "data" / "uscc_vectors.csv").read_text("utf-8").splitlines())
)
UNKNOWN = code_of(987654)


def status_path(code: str) -> str:
    return f"{API}/subjects/{code}/status/"


@pytest.mark.proves("SUB-02")
@pytest.mark.parametrize("row", [row for row in VECTORS if row["valid"] == "true"], ids=lambda row: row["code"])
def test_every_right_code_of_the_vectors_is_answered(client: Client, row: dict[str, str]) -> None:
    body = read(client, status_path(row["code"]), "Status")

    assert body["status"] == "unknown"


@pytest.mark.proves("SUB-02")
@pytest.mark.parametrize("row", [row for row in VECTORS if row["valid"] == "false"], ids=lambda row: row["code"])
def test_every_wrong_code_of_the_vectors_is_refused(client: Client, row: dict[str, str]) -> None:
    response = client.get(f"{API}/subjects/{row['code']}/status/")

    body = json.loads(response.content)
    assert response.status_code == 400
    if body["code"] == "code_malformed":
        assert body["code_check"]["failed_check"] is not None
        holds(body["code_check"], "CodeCheck")
    else:
        assert body["code"] == "identity_number_refused"


@pytest.mark.parametrize(
    ("given", "failed_check", "position"),
    [
        ("91990100MADEM0011", "length", None),
        ("00000000000000000X", "placeholder", None),
        ("91990100MADEMO011Q", "character_set", 14),
        ("B1990100MADEM0011Q", "registration_department", 1),
        ("94990100MADEM0011Q", "category", 2),
        ("9199A100MADEM0011Q", "division", 5),
        ("91990100MADEM0011R", "check_character", 18),
        ("91990100madem0011q", "form", None),
        ("９１９９０１００MADEM0011Q", "form", None),
        ("91990100-MADEM0011-Q", "form", None),
    ],
)
def test_a_badly_written_code_is_refused_with_the_first_check_that_fails(
    client: Client, given: str, failed_check: str, position: int | None
) -> None:
    body = refused(client, status_path(given), 400, "code_malformed")

    assert body["code_check"]["failed_check"] == failed_check
    assert body["code_check"]["position"] == position
    assert body["errors"][0]["in"] == "path"
    assert body["errors"][0]["given"] == given
    assert body["code_check"]["normalised_is_valid"] == (failed_check == "form")


def test_the_right_check_character_is_never_given_away(client: Client) -> None:
    response = client.get(status_path("91990100MADEM0011R"))

    assert "91990100MADEM0011Q" not in response.content.decode()


def test_a_code_that_is_not_held_is_unknown_and_never_anything_kinder(client: Client) -> None:
    body = read(client, status_path(UNKNOWN), "Status")

    assert (body["status"], body["reason"]) == ("unknown", "not_in_register")
    assert body["counts"] is None
    assert body["links"] is None


def test_a_held_subject_without_adverse_facts_has_no_public_record(client: Client) -> None:
    firm = subject()

    body = read(client, status_path(firm.unified_code), "Status")

    assert body["status"] == "no_public_record"
    assert body["name"] == firm.name
    assert set(body["counts"]["by_class"].values()) == {0}
    assert set(body["counts"]["adverse"].values()) == {0}


@pytest.mark.proves("SHR-13")
def test_adverse_facts_are_counted_by_class_and_severity_as_long_as_the_walk(client: Client) -> None:
    firm, office = subject(), agency()
    deliver(*[penalty(firm, office) for _n in range(3)], sender=office)

    body = read(client, status_path(firm.unified_code), "Status")
    rows = walk(client, f"{API}/subjects/{firm.unified_code}/records/?limit=2", "RecordPage")

    assert body["status"] == "adverse_records"
    assert body["counts"]["by_class"]["administration"] == len(rows) == 3
    assert sum(body["counts"]["adverse"].values()) == sum(row["adverse"] for row in rows) == 3
    assert len({row["id"] for row in rows}) == 3


@pytest.mark.proves("SUB-07")
def test_a_superseded_code_answers_for_its_subject(client: Client) -> None:
    firm, office = subject(), agency()
    deliver(penalty(firm, office), sender=office)
    FormerCode.objects.create(unified_code=UNKNOWN, subject=firm, valid_to=date(2020, 1, 1))

    body = read(client, status_path(UNKNOWN), "Status")
    response = client.get(f"{API}/subjects/{UNKNOWN}/")
    records = client.get(f"{API}/subjects/{UNKNOWN}/records/?adverse=true")

    assert (body["unified_code"], body["current_code"]) == (UNKNOWN, firm.unified_code)
    assert body["status"] == "adverse_records"
    assert (response.status_code, response["Location"]) == (308, f"{API}/subjects/{firm.unified_code}/")
    assert records["Location"] == f"{API}/subjects/{firm.unified_code}/records/?adverse=true"


def test_a_deregistered_subject_keeps_its_answer(client: Client) -> None:
    firm, office = subject(), agency()
    deliver(penalty(firm, office), sender=office)
    Subject.objects.filter(pk=firm.pk).update(registration_status="deregistered")

    body = read(client, status_path(firm.unified_code), "Status")

    assert (body["status"], body["registration_status"]) == ("adverse_records", "deregistered")


@pytest.mark.proves("SHR-11", "INV-13")
def test_on_the_day_after_its_last_day_a_fact_is_gone_everywhere_though_no_job_ran(client: Client, travel: Any) -> None:
    firm, office = subject(), agency()
    deliver(penalty(firm, office), sender=office)
    [row] = walk(client, f"{API}/subjects/{firm.unified_code}/records/", "RecordPage")
    last_day = date.fromisoformat(row["disclosure"]["last_day"])

    travel(last_day)
    on_the_last_day = read(client, status_path(firm.unified_code), "Status")
    travel(last_day + timedelta(days=1))
    after = read(client, status_path(firm.unified_code), "Status")

    assert on_the_last_day["status"] == "adverse_records"
    assert after["status"] == "no_public_record"
    assert walk(client, f"{API}/subjects/{firm.unified_code}/records/", "RecordPage") == []
    assert walk(client, f"{API}/acts/", "RecordPage") == []
    refused(client, f"{API}/records/{row['id']}/", 404, "not_found")
    assert client.get(f"/records/{row['id']}/").status_code == 404
    assert row["document"]["number"] not in client.get(f"/subjects/{firm.unified_code}/").content.decode()
    assert row["document"]["number"] not in client.get("/").content.decode()


def test_the_answer_is_one_statement_as_the_reader(client: Client, django_assert_num_queries: Any) -> None:
    firm = subject()

    with django_assert_num_queries(1, connection=connections["public"]):
        client.get(status_path(firm.unified_code))


def test_the_short_way_says_what_the_whole_way_says(client: Client) -> None:
    firm, office = subject(), agency()
    deliver(penalty(firm, office), sender=office)
    path = status_path(firm.unified_code)

    short = client.get(path)
    whole = client.get(path, headers={"accept": "application/json;q=0.9"})

    same = [header for header in short.headers if header not in ("Date", "Request-Id", "Allow")]
    bodies = [{k: v for k, v in json.loads(r.content).items() if k != "as_of"} for r in (short, whole)]
    assert {h: short[h] for h in same} == {h: whole[h] for h in same}
    assert bodies[0] == bodies[1]


def test_an_unchanged_answer_is_304_and_what_is_not_visible_does_not_move_the_tag(client: Client) -> None:
    firm, office = subject(), agency()
    deliver(penalty(firm, office), sender=office)
    path = status_path(firm.unified_code)
    first = client.get(path)

    other = subject("示例松鹤贸易有限公司")
    deliver(penalty(other, office), sender=office)  # freshness moves, this subject does not
    again = client.get(path, headers={"if-none-match": first["ETag"]})
    deliver(penalty(firm, office), sender=office)
    changed = client.get(path, headers={"if-none-match": first["ETag"]})

    assert first["ETag"].startswith('W/"')
    assert first["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Date"]
    assert changed.status_code == 200


def test_no_day_may_be_asked_about_a_subject(client: Client) -> None:
    for path in ("status/", "", "records/"):
        refused(client, f"{API}/subjects/{UNKNOWN}/{path}?on={today()}", 400, "unknown_parameter")


def test_a_failing_database_is_503_without_its_text(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def fails(code: str) -> None:
        raise OperationalError("FATAL: password of portal_reader")

    monkeypatch.setattr(api.queries, "status_of", fails)
    response = client.get(status_path(UNKNOWN))

    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert "portal_reader" not in response.content.decode()
