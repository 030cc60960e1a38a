"""The intake by REST: what is refused as a whole, languages, reading again, identity numbers, the door itself."""

import csv
import io
import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from casework.calendar import SHANGHAI, today
from casework.logs import JsonLines
from casework.models import AuditBody, AuditEvent, Refusal
from disclosure.openapi import document
from records import api, services
from records.models import AdministrativeAct, IntakeBatch, IntakeRow
from records.states import REFUSAL_RULES
from subjects.models import Subject
from tests.factories import csv_of, penalty
from tests.records.sender import ADULT, INTAKE, JSON, OTHERS, Sender, code_of_problem, kept, verdicts

pytestmark = pytest.mark.django_db


# ── what is refused as a whole ───────────────────────────────────────────────────────────────────────────────────────

ROW = {"rows": [{"cf_wsh": "1"}]}


@pytest.mark.parametrize(
    ("query", "code", "name"),
    [
        ("", "parameter_missing", "kind"),
        ("kind=", "parameter_empty", "kind"),
        ("kind=subjects", "parameter_invalid", "kind"),
        ("kind=penalties&kind=penalties", "parameter_repeated", "kind"),
        ("kind=penalties&mode=snapshot", "parameter_invalid", "mode"),
        ("kind=penalties&dry_run=1", "parameter_invalid", "dry_run"),
        ("kind=penalties&x=1", "unknown_parameter", "x"),
        ("kind=penalties&limit=5", "unknown_parameter", "limit"),
    ],
)
def test_a_parameter_is_honoured_or_refused(sender: Sender, query: str, code: str, name: str) -> None:
    response = sender.post(ROW, query=query)

    assert code_of_problem(response) == (400, code)
    fault = response.json()["errors"][0]
    assert (fault["code"], fault["in"], fault["name"]) == (code, "query", name)
    if code in ("unknown_parameter", "parameter_invalid"):
        assert fault["allowed"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Acting_Officer": None}, "acting_officer_missing"),
        ({"Acting_Officer": ""}, "acting_officer_missing"),
        ({"Acting_Officer": "张三"}, "acting_officer_missing"),
        ({"Acting_Officer": "a" * 65}, "acting_officer_missing"),
        ({"Acting_Officer": "a b"}, "acting_officer_missing"),
        ({"Idempotency_Key": None}, "idempotency_key_missing"),
        ({"Idempotency_Key": "a b"}, "idempotency_key_missing"),
        ({"Idempotency_Key": "a" * 256}, "idempotency_key_missing"),
    ],
)
def test_officer_and_idempotency_key_are_needed_and_well_written(
    sender: Sender, firm: Subject, headers: dict[str, Any], code: str
) -> None:
    rows = {"rows": [penalty(firm, sender.agency)]}

    assert code_of_problem(sender.post(rows, **headers)) == (400, code)
    assert not IntakeBatch.objects.exists()
    assert verdicts(sender.post(rows)) == ["accepted"]


def test_a_dry_run_needs_the_officer_too(sender: Sender) -> None:
    response = sender.post(ROW, query="kind=penalties&dry_run=true", Acting_Officer=None)

    assert code_of_problem(response) == (400, "acting_officer_missing")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b"{", "body_invalid", None),
        (b"", "body_invalid", None),
        (b"[]", "body_invalid", None),
        (b'{"rows": [], "rows": []}', "body_invalid", None),
        (b'{"rows": NaN}', "body_invalid", None),
        (b"\xff\xfe", "body_invalid", None),
        (b'{"rows":' + b"[" * 100_000, "body_invalid", None),
        (b"{}", "field_missing", "/rows"),
        (b'{"rows": [], "mode": "delta"}', "unknown_field", "/mode"),
        (b'{"rows": {}}', "field_invalid", "/rows"),
        (b'{"rows": [1]}', "field_invalid", "/rows/0"),
        (b'{"rows": [{"cf_nr_fk": 3.5}]}', "field_invalid", "/rows/0/cf_nr_fk"),
        (b'{"rows": [{"cf_wsh": "1"}, {"cf_zzz": "1"}]}', "unknown_field", "/rows/1/cf_zzz"),
        (b'{"rows": []}', "file_empty", None),
    ],
)
def test_a_body_that_cannot_be_read_touches_nothing(
    sender: Sender, body: bytes, code: str, pointer: str | None
) -> None:
    response = sender.post(body, kind=JSON)

    assert code_of_problem(response) == (400, code)
    fault = response.json()["errors"][0]
    assert (fault["in"], fault["pointer"]) == ("body", pointer)
    assert kept() == (0, 0, 0, 0, 0, kept()[-1])


def test_all_unknown_fields_are_told_together(sender: Sender) -> None:
    response = sender.post({"rows": [{"cf_zzz": "1", "cf_yyy": None}, {"cf_xxx": "1"}]})

    pointers = [fault["pointer"] for fault in response.json()["errors"]]
    assert pointers == ["/rows/0/cf_zzz", "/rows/0/cf_yyy", "/rows/1/cf_xxx"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda file: b"", "file_empty"),
        (lambda file: file.splitlines()[0], "file_empty"),
        (lambda file: file.decode().encode("gb18030"), "file_unreadable"),
        (lambda file: file + b"\0", "file_unreadable"),
        (lambda file: file + b'"never closed', "file_unreadable"),
        (lambda file: file.replace(b"cf_wsh", b"cf_nothing"), "column_unknown"),
        (lambda file: file.replace(b"cf_wsh", b"x_wsh"), "column_missing"),
        (lambda file: file.replace(b"cf_wsh", b"cf_xdr_mc"), "column_unknown"),
    ],
)
def test_a_csv_file_that_cannot_be_read_touches_nothing(sender: Sender, firm: Subject, change: Any, code: str) -> None:
    file = csv_of(penalty(firm, sender.agency))

    response = sender.post(change(file))

    assert code_of_problem(response) == (400, code)
    assert not IntakeBatch.objects.exists()
    assert not AdministrativeAct.objects.exists()


@pytest.mark.parametrize(
    "content_type",
    [
        "application/xml", "text/plain", "text/csv; charset=gbk", "application/json; charset=gb18030", "multipart/form-data",
        "application/x-www-form-urlencoded", "application/vnd.ms-excel",
    ],
)  # fmt: skip
def test_other_types_of_body_are_refused(sender: Sender, content_type: str) -> None:
    assert code_of_problem(sender.post(b"whatever", kind=content_type)) == (415, "unsupported_media_type")


def test_a_compressed_body_is_refused(sender: Sender) -> None:
    assert code_of_problem(sender.post(b"whatever", Content_Encoding="gzip")) == (415, "unsupported_media_type")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_2001_rows_are_too_many_and_2000_are_not(sender: Sender, firm: Subject, form: str) -> None:
    row = penalty(firm, sender.agency)

    def send(n: int) -> Any:
        return sender.post({"rows": [row] * n} if form == "json" else csv_of(*[row] * n))

    refused, taken = send(2_001), send(2_000)

    assert code_of_problem(refused) == (413, "batch_too_large")
    limit = refused.json()["limit"]
    assert (limit["policy"], limit["quota"]) == ("intake_rows", 2_000)
    assert limit["received"] == (2_001 if form == "json" else None)
    assert taken.json()["totals"] == {**dict.fromkeys(taken.json()["totals"], 0), "accepted": 1, "duplicate": 1_999}
    assert IntakeBatch.objects.count() == 1


def test_more_than_eight_mebibytes_are_refused_unread(sender: Sender) -> None:
    response = sender.post(b"x" * (8 * 1024 * 1024 + 1))

    assert code_of_problem(response) == (413, "body_too_large")
    assert response.json()["limit"] == {
        "policy": "intake_bytes", "quota": 8 * 1024 * 1024, "received": 8 * 1024 * 1024 + 1,
    }  # fmt: skip


def test_of_several_kinds_of_fault_the_first_of_the_contracts_order_answers(sender: Sender) -> None:
    no_scope = Sender(sender.agency, "queries")
    bad = {"kind": "application/xml", "query": "x=1"}

    assert code_of_problem(Client().put(INTAKE)) == (405, "method_not_allowed")
    assert code_of_problem(sender.post(b"?", Authorization=None, **bad)) == (401, "credentials_missing")
    assert code_of_problem(no_scope.post(b"?", **bad)) == (403, "scope_missing")
    assert code_of_problem(sender.post(b"?", Accept="text/html", **bad)) == (406, "not_acceptable")
    assert code_of_problem(sender.post(b"?", **bad)) == (415, "unsupported_media_type")
    assert code_of_problem(sender.post(b"?", query="x=1")) == (400, "unknown_parameter")
    assert code_of_problem(sender.get("bat_000000000000/?x=1")) == (400, "unknown_parameter")


@pytest.mark.proves("SEC-18")
def test_an_error_of_the_database_tells_nobody_what_it_said(sender: Sender, firm: Subject, monkeypatch: Any) -> None:
    from records.services import intake

    def breaks(*_args: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'geheim'::int")

    monkeypatch.setattr(intake, "rules_in_force", breaks)
    response = sender.post({"rows": [penalty(firm, sender.agency)]}, query="kind=penalties&dry_run=true")

    assert code_of_problem(response) == (500, "internal_error")
    text = response.content.decode()
    assert not any(word in text for word in ("geheim", "SELECT", "psycopg", "Traceback", "invalid input"))


def test_a_character_that_no_text_can_hold_refuses_its_row_only(sender: Sender, firm: Subject) -> None:
    rows = [penalty(firm, sender.agency, cf_sy=f"经查{bad}属实") for bad in ("\0", "\ud800", "")]

    response = sender.post(json.dumps({"rows": rows}).encode(), kind=JSON)

    assert verdicts(response) == ["refused", "refused", "accepted"]
    assert {row["refusals"][0]["rule"] for row in response.json()["rows"][:2]} == {"row_unreadable"}


# ── language ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_refusals_are_told_in_the_language_of_whoever_reads_them(sender: Sender, firm: Subject) -> None:
    rows = {"rows": [penalty(firm, sender.agency, cf_nr_fk="", cf_jdrq="2026/01/01")]}

    def messages(response: Any) -> list[str]:
        body = response.json()
        row = (body["rows"] if "rows" in body else body["results"])[0]
        return [refusal["message"] for refusal in row["refusals"]]

    chinese = sender.post(rows, Accept_Language="zh-CN,zh;q=0.9,en;q=0.1", Idempotency_Key="k")
    english = sender.post(rows, Accept_Language="en-GB", Idempotency_Key="k")

    assert chinese["Content-Language"] == "zh"
    assert english["Content-Language"] == "en"
    assert "Accept-Language" in chinese["Vary"]
    assert messages(chinese) != messages(english)
    assert all(message.isascii() or "“" in message for message in messages(english))
    assert not any(message.isascii() for message in messages(chinese))
    page = f"{chinese.json()['id']}/rows/"
    assert messages(sender.get(page, Accept_Language=None)) == messages(chinese)
    assert messages(sender.get(page)) == messages(english)
    assert "message_en" not in chinese.content.decode()


# ── what was handed in, read again ───────────────────────────────────────────────────────────────────────────────────


def test_a_batch_reads_as_it_was_answered(sender: Sender, firm: Subject) -> None:
    first = sender.post({"rows": [penalty(firm, sender.agency), penalty(firm, sender.agency, cf_nr_fk="")]})

    again = sender.get(f"{first.json()['id']}/")

    assert again.content == first.content
    assert again["Cache-Control"] == "no-store"


def test_the_agencys_batches_are_walked_page_by_page_newest_first(sender: Sender, firm: Subject) -> None:
    ids = [sender.post({"rows": [penalty(firm, sender.agency)]}).json()["id"] for _n in range(5)]
    found, url = [], f"{INTAKE}?limit=2&kind=penalties&kind=penalties&state=done&received_from={today()}"
    while url:
        page = Client().get(url, headers=sender.headers()).json()
        assert page["total"] == {"value": 5, "relation": "exact"}
        found += [batch["id"] for batch in page["results"]]
        assert {batch["rows"] for batch in page["results"]} == {None}
        url = page["next"]

    assert found == ids[::-1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=done", 1), ("state=applying", 0), ("state=applying&state=done", 1),
        ("received_from={today}&received_to={today}", 1), ("received_from={tomorrow}", 0), ("received_to={yesterday}", 0),
    ],
)  # fmt: skip
def test_the_list_of_batches_is_filtered(sender: Sender, firm: Subject, query: str, count: int) -> None:
    batch = sender.post({"rows": [penalty(firm, sender.agency)]}).json()["id"]
    day = IntakeBatch.objects.get(public_id=batch).received_at.astimezone(SHANGHAI).date()
    days = {"today": day, "tomorrow": day + timedelta(days=1), "yesterday": day - timedelta(days=1)}

    assert len(sender.get("?" + query.format(**days)).json()["results"]) == count


@pytest.mark.parametrize(
    "query", ["kind=subjects", "state=open", "received_from=heute", "cursor=xyz", "q=1", "limit=0"]
)
def test_the_list_of_batches_refuses_what_it_does_not_know(sender: Sender, query: str) -> None:
    assert sender.get(f"?{query}").status_code == 400


def test_the_rows_of_a_batch_are_walked_by_verdict(sender: Sender, firm: Subject) -> None:
    rows = [penalty(firm, sender.agency, **({"cf_nr_fk": ""} if n % 2 else {})) for n in range(6)]
    batch = sender.post({"rows": rows}).json()
    found, url = [], f"{INTAKE}{batch['id']}/rows/?verdict=refused&limit=2"
    while url:
        page = Client().get(url, headers=sender.headers()).json()
        found += page["results"]
        url = page["next"]

    assert found == [row for row in batch["rows"] if row["verdict"] == "refused"]
    assert len(sender.get(f"{batch['id']}/rows/").json()["results"]) == 6
    assert code_of_problem(sender.get(f"{batch['id']}/rows/?verdict=odd")) == (400, "parameter_invalid")


def test_the_verdicts_come_as_a_file_in_which_no_cell_can_act(sender: Sender, firm: Subject) -> None:
    rows = [penalty(firm, sender.agency, source_id='=cmd|"x"!A0', cf_nr_fk=""), penalty(firm, sender.agency)]
    batch = sender.post({"rows": rows}).json()["id"]

    response = sender.get(f"{batch}/verdict/", Accept_Language=None)

    text = b"".join(response.streaming_content).decode()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="verdict-{batch}.csv"'
    assert text.startswith("\ufeffn,source_id,verdict,")
    refused, taken = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert refused["source_id"] == '\'=cmd|"x"!A0'
    assert (refused["rule"], refused["field"]) == ("fine_amount_missing", "cf_nr_fk")
    assert not refused["message"].isascii()
    assert (taken["verdict"], taken["rule"]) == ("accepted", "")


# ── identity numbers ─────────────────────────────────────────────────────────────────────────────────────────────────


class Lines(logging.Handler):
    """Every log line as it is printed."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.form = "", JsonLines()

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.form.format(record) + "\n"


@pytest.mark.proves("RSP-10", "SEC-10")
def test_an_identity_number_is_told_again_nowhere(sender: Sender, firm: Subject) -> None:
    second, third, fourth = OTHERS
    office, lines = sender.agency, Lines()
    logging.getLogger().addHandler(lines)
    sound = penalty(
        None, office, cf_xdr_mc="欧阳示例", cf_xdr_zjhm=ADULT, cf_xdr_zjlx="身份证", cf_frdb="林示例", cf_fr_zjhm=second
    )
    misplaced = [
        penalty(firm, office, **{column: number})
        for number in (third, f"{fourth[:6]} {fourth[6:14]} {fourth[14:]}", f"编号{fourth}")
        for column in ("cf_xdr_shxym", "cf_cfjgdm", "source_id", "catalogue_item", "cf_wsh", "cf_cflb", "reason", "cf_jdrq",
                       "cf_xdr_mc", "exempt_basis", "business_secret", "op", "cf_xdr_lb", "query_receipt", "cf_nr_fk")
    ]  # fmt: skip
    in_text = penalty(firm, office, cf_sy=f"当事人身份证号码{third}。", bz=third)
    header = csv_of(penalty(firm, office)).replace(b"cf_wsh", third.encode())
    try:
        responses = [
            sender.post({"rows": [sound, in_text, sound | {"cf_nr_fk": ""}, *misplaced]}, Idempotency_Key="k"),
            sender.post({"rows": [sound, *misplaced]}, query="kind=penalties&dry_run=true"),
            sender.post(csv_of(sound, in_text)),
            sender.post(header),
            sender.post({"rows": [sound], third: "1"}),
            sender.post({"rows": [{third: "1"}]}),
            sender.post({"rows": [sound | {third: None}]}),
            sender.post(ROW, query=f"kind={third}"),
            sender.post(ROW, query=f"kind=penalties&{third}=1"),
            sender.post(ROW, Acting_Officer=third),
            sender.post(ROW, Idempotency_Key=f"a{third}"),
            sender.get(f"{third}/"),
            sender.get(f"?state={third}"),
        ]
        batch = responses[0].json()["id"]
        responses += [sender.get(f"{batch}/"), sender.get(f"{batch}/rows/?limit=200"), sender.get()]
        file = b"".join(sender.get(f"{batch}/verdict/").streaming_content).decode()
    finally:
        logging.getLogger().removeHandler(lines)

    statuses = [response.status_code for response in responses]
    assert statuses == [200, 200, 200, *[400] * 10, 200, 200, 200]
    assert verdicts(responses[0])[:3] == ["accepted", "held", "refused"]
    assert set(verdicts(responses[0])[3:]) == {"refused"}
    for response in (responses[i] for i in (7, 8, 9, 10, 11, 12)):
        assert code_of_problem(response) == (400, "identity_number_refused")
    told = {
        "answers": "".join(response.content.decode() + str(response.headers) for response in responses) + file,
        "register": "".join(str(vars(line)) for line in Refusal.objects.all()),
        "rows": "".join(str(vars(row)) for row in IntakeRow.objects.all()),
        "batches": "".join(str(vars(batch)) for batch in IntakeBatch.objects.all()),
        "audit": "".join(str(vars(one)) for model in (AuditEvent, AuditBody) for one in model.objects.all()),
        "log": lines.text,
    }
    assert lines.text
    for place, text in told.items():
        folded = text.replace(" ", "").replace("-", "")
        for number in (ADULT, *OTHERS):
            assert number not in folded, place
            assert number[6:17] not in folded, place


# ── the door itself ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_addresses_stand_under_the_api() -> None:
    assert reverse("intake") == INTAKE
    assert reverse("intake_rows", args=["bat_1"]) == f"{INTAKE}bat_1/rows/"


def test_an_address_without_its_slash_is_sent_on_with_its_method(sender: Sender, firm: Subject) -> None:
    response = Client().post(
        "/api/v1/intake?kind=penalties", data=b"{}", content_type=JSON, headers=sender.headers(), follow=False
    )

    assert response.status_code == 308
    assert response["Location"] == "/api/v1/intake/?kind=penalties"


def test_a_batch_takes_few_statements_whatever_its_size(
    sender: Sender, firm: Subject, django_assert_max_num_queries: Any
) -> None:
    rows = {"rows": [penalty(firm, sender.agency) for _n in range(300)]}

    with django_assert_max_num_queries(60):
        response = sender.post(rows)

    assert response.json()["totals"]["accepted"] == 300


def test_the_limits_told_are_the_limits_held() -> None:
    assert (api.MOST_ROWS, api.MOST_BYTES) == (2_000, 8_388_608)
    assert services.take_in_once.__doc__


def test_every_rule_that_refuses_a_row_is_in_the_table_with_its_requirements() -> None:
    used: dict[str, set[str]] = {}
    records = Path(api.__file__).parent
    for path in (*records.glob("rules/*.py"), records / "cells.py"):
        for rule, rows in re.findall(r"""[fF]ault\(\s*"(\w+)",\s*\(([^)]*)\)""", path.read_text(encoding="utf-8")):
            used.setdefault(rule, set()).update(re.findall(r'"([A-Z]+-[0-9]+)"', rows))

    assert len(used) > 25
    for rule, rows in used.items():
        assert rows <= set(REFUSAL_RULES[rule][0]), rule


def test_the_schema_describes_the_calls_and_what_they_answer(sender: Sender, firm: Subject) -> None:
    made = document()
    types, paths = made["components"]["schemas"], made["paths"]
    batch = sender.post({"rows": [penalty(firm, sender.agency, cf_nr_fk="", cf_xdr_shxym="1")]}).json()

    (row,) = batch["rows"]
    page = sender.get().json()
    for name, answer in (("IntakeBatch", batch), ("IntakeRow", row), ("IntakeBatchPage", page)):
        assert set(types[name]["required"]) == set(answer), name
    assert all(set(types["RowRefusal"]["required"]) <= set(refusal) for refusal in row["refusals"])
    assert {refusal["rule"] for refusal in row["refusals"]} <= set(REFUSAL_RULES)
    post = paths[INTAKE]["post"]
    assert post["security"] == [{"key": []}]
    assert set(post["requestBody"]["content"]) == {JSON, "text/csv", api.XlsxRows.media_type}
    assert set(post["responses"]) >= {"200", "400", "401", "403", "405", "406", "409", "413", "415", "422"}
    named = {one["name"] for one in post["parameters"] if one["in"] != "path"}
    assert named == {"kind", "mode", "dry_run", "Acting-Officer", "Idempotency-Key", "Accept-Language"}
    assert {"received_from", "received_to", "cursor"} <= {one["name"] for one in paths[INTAKE]["get"]["parameters"]}
    assert "404" in paths[f"{INTAKE}{{public_id}}/rows/"]["get"]["responses"]
