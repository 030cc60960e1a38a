"""Intake over the API: an agency's key hands in rows; verdicts, refusals, idempotency, and what nobody may see."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.models import Agency
from accounts.services import revoke_client
from casework.actors import SYSTEM
from casework.audit import verify
from casework.calendar import today
from casework.models import AuditEvent
from records.models import AdministrativeAct, IntakeBatch
from subjects.models import Subject
from tests.factories import agency, csv_of, penalty, subject
from tests.records.sender import INTAKE, Sender, code_of_problem, kept, verdicts

pytestmark = pytest.mark.django_db


# ── what passes ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-18")
def test_every_row_of_a_json_body_has_its_verdict_and_bad_rows_stop_no_good_one(sender: Sender, firm: Subject) -> None:
    held = penalty(firm, sender.agency)
    known = sender.post({"rows": [held]}).json()["rows"][0]
    rows = [
        penalty(firm, sender.agency, source_id="A-1"),
        held,
        penalty(firm, sender.agency, source_id="A-3", cf_nr_fk=""),
    ]

    response = sender.post({"rows": rows})

    body = response.json()
    assert verdicts(response) == ["accepted", "unchanged", "refused"]
    assert response["Cache-Control"] == "no-store"
    assert set(body) == {
        "id", "kind", "mode", "dry_run", "state", "format_version", "sha256", "received_at", "finished_at", "progress",
        "skipped_columns", "totals", "diff", "rows", "links",
    }  # fmt: skip
    assert (body["kind"], body["mode"], body["dry_run"], body["state"]) == ("penalties", "delta", False, "done")
    assert body["id"].startswith("bat_")
    assert body["received_at"].endswith("Z")
    assert body["sha256"] == hashlib.sha256(json.dumps({"rows": rows}, ensure_ascii=False).encode()).hexdigest()
    assert body["progress"] == {"rows_read": 3, "rows_total": 3}
    assert body["totals"] == {
        "accepted": 1, "corrected": 0, "withdrawn": 0, "unchanged": 1, "duplicate": 0, "held": 0, "refused": 1,
    }  # fmt: skip
    first, second, third = body["rows"]
    assert set(first) == {
        "n", "source_id", "verdict", "record_id", "version", "publication_due_on", "refusals", "warnings", "resend",
    }  # fmt: skip
    assert (first["n"], first["source_id"], first["version"]) == (1, "A-1", 1)
    assert (
        AdministrativeAct.objects.get(public_id=first["record_id"]).publication.due_on.isoformat()
        == (first["publication_due_on"])
    )
    assert second["record_id"] == known["record_id"]
    assert (third["record_id"], third["version"], third["publication_due_on"]) == (None, None, None)
    assert third["refusals"] == [
        {"rule": "fine_amount_missing", "rows": ["REC-18"], "field": "cf_nr_fk", "basis": None,
         "message": "The penalty is a fine; its amount is missing."}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("charset", "encoding"), [("utf-8", "utf-8"), ("utf-8", "utf-8-sig"), ("UTF-8", "utf-8"), ("gb18030", "gb18030")]
)
def test_a_csv_file_is_read_in_its_encoding_with_or_without_its_mark(
    sender: Sender, firm: Subject, charset: str, encoding: str
) -> None:
    file = csv_of(penalty(firm, sender.agency), penalty(firm, sender.agency, cf_xdr_mc="别的名称有限公司"))

    response = sender.post(file.decode().encode(encoding), kind=f"text/csv; charset={charset}")

    assert verdicts(response) == ["accepted", "refused"]
    assert firm.name in response.json()["rows"][1]["refusals"][0]["message"]


def test_columns_of_the_senders_own_are_passed_over_and_told(sender: Sender, firm: Subject) -> None:
    file = csv_of(penalty(firm, sender.agency)).decode().splitlines()
    file = [f"X_Note,{file[0].upper()}", f"whatever,{file[1]}"]

    response = sender.post("\n".join(file).encode())

    assert verdicts(response) == ["accepted"]
    assert response.json()["skipped_columns"] == ["x_note"]


@pytest.mark.proves("REC-18", "CAT-17")
def test_a_dry_run_answers_like_the_real_one_and_keeps_nothing(sender: Sender, firm: Subject) -> None:
    held = penalty(firm, sender.agency)
    sender.post({"rows": [held]})
    rows = [penalty(firm, sender.agency), held, penalty(firm, sender.agency, cf_nr_fk=""), penalty(None, sender.agency)]
    before = kept()

    dry = sender.post({"rows": rows}, query="kind=penalties&dry_run=true", Idempotency_Key=None)

    assert kept() == before
    body = dry.json()
    assert (body["id"], body["dry_run"], body["state"]) == (None, True, "done")
    assert body["links"] == {"self": None, "rows": None, "verdict": None}
    assert {row["record_id"] for row in body["rows"]} == {None}
    real = sender.post({"rows": rows}).json()
    assert body["totals"] == real["totals"]
    assert body["sha256"] == real["sha256"]
    assert set(body) == set(real)
    assert body["rows"] == [row | {"record_id": None} for row in real["rows"]]


def test_what_was_handed_in_is_withdrawn_and_corrected_by_the_same_door(sender: Sender, firm: Subject) -> None:
    row = penalty(firm, sender.agency)
    known = sender.post({"rows": [row]}).json()["rows"][0]

    corrected = sender.post({"rows": [row | {"cf_nr_fk": "2", "op": "correct", "reason": "录入有误"}]}).json()["rows"][
        0
    ]
    withdrawn = sender.post({"rows": [row | {"op": "withdraw", "reason": "决定已撤销"}]}).json()["rows"][0]
    again = sender.post({"rows": [row]}).json()["rows"][0]

    assert [corrected["verdict"], corrected["version"]] == ["corrected", 2]
    assert [withdrawn["verdict"], withdrawn["record_id"]] == ["withdrawn", known["record_id"]]
    assert again["refusals"][0]["rule"] == "restored_on_same_facts"


# ── sent twice ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SHR-02")
def test_the_same_request_under_its_key_is_answered_again_word_for_word(sender: Sender, firm: Subject) -> None:
    rows = {"rows": [penalty(firm, sender.agency), penalty(firm, sender.agency, cf_nr_fk="")]}

    first = sender.post(rows, Idempotency_Key="k")
    before = kept()
    second = sender.post(rows, Idempotency_Key="k")

    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert second.content == first.content
    assert kept() == before


@pytest.mark.proves("SHR-02")
def test_the_same_file_under_another_key_changes_nothing(sender: Sender, firm: Subject) -> None:
    rows = {"rows": [penalty(firm, sender.agency), penalty(firm, sender.agency)]}
    sender.post(rows)

    again = sender.post(rows)

    assert verdicts(again) == ["unchanged", "unchanged"]
    assert "Idempotent-Replayed" not in again
    assert AdministrativeAct.objects.count() == 2


def test_a_key_that_was_used_for_another_request_is_refused(sender: Sender, firm: Subject) -> None:
    rows = {"rows": [penalty(firm, sender.agency)]}
    sender.post(rows, Idempotency_Key="k")
    before = kept()

    other_body = sender.post({"rows": [penalty(firm, sender.agency)]}, Idempotency_Key="k")
    other_query = sender.post(rows, query="kind=penalties&mode=delta", Idempotency_Key="k")

    assert code_of_problem(other_body) == (422, "idempotency_key_reused")
    assert code_of_problem(other_query) == (422, "idempotency_key_reused")
    assert kept() == before


def test_two_clients_do_not_share_their_idempotency_keys(sender: Sender, firm: Subject) -> None:
    second = Sender(sender.agency)
    sender.post({"rows": [penalty(firm, sender.agency)]}, Idempotency_Key="k")

    assert verdicts(second.post({"rows": [penalty(firm, sender.agency)]}, Idempotency_Key="k")) == ["accepted"]


def test_an_answer_that_refused_the_request_is_not_kept(sender: Sender, firm: Subject) -> None:
    row = penalty(firm, sender.agency)
    assert sender.post({"rows": [row], "x": 1}, Idempotency_Key="k").status_code == 400

    assert verdicts(sender.post({"rows": [row]}, Idempotency_Key="k")) == ["accepted"]


@pytest.mark.proves("REC-18")
def test_a_delivery_that_broke_off_goes_on_where_it_stood(sender: Sender, firm: Subject, monkeypatch: Any) -> None:
    from records.services import intake

    monkeypatch.setattr(intake, "CHUNK", 2)
    rows = {"rows": [penalty(firm, sender.agency) for _n in range(5)]}
    real, calls = intake.apply_chunk, []

    def breaks_off(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("the machine stops here")
        return real(*args)

    monkeypatch.setattr(intake, "apply_chunk", breaks_off)
    broken = sender.post(rows, Idempotency_Key="k")
    batch = IntakeBatch.objects.get()
    half = sender.get(f"{batch.public_id}/").json()
    resumed = sender.post(rows, Idempotency_Key="k")

    assert code_of_problem(broken) == (500, "internal_error")
    assert (half["state"], half["progress"], half["rows"]) == ("applying", {"rows_read": 2, "rows_total": None}, None)
    assert verdicts(resumed) == ["accepted"] * 5
    assert "Idempotent-Replayed" not in resumed
    assert resumed.json()["id"] == batch.public_id
    assert AdministrativeAct.objects.count() == 5
    assert sender.post(rows, Idempotency_Key="k").content == resumed.content


@pytest.mark.all
@pytest.mark.django_db(transaction=True, databases=["default", "public"])
@pytest.mark.proves("SHR-02")
def test_twins_at_the_same_instant_make_one_batch_and_the_other_is_told_to_wait() -> None:
    office, firm = agency(), subject()
    sender = Sender(office)
    rows = {"rows": [penalty(firm, office) for _n in range(60)]}
    together = Barrier(6)

    def send(_n: int) -> Any:
        together.wait()
        try:
            return sender.post(rows, Idempotency_Key="twins")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))

    done = [answer for answer in answers if answer.status_code == 200]
    waiting = [answer for answer in answers if answer.status_code != 200]
    assert len([answer for answer in done if "Idempotent-Replayed" not in answer]) == 1
    assert len({answer.content for answer in done}) == 1
    assert {code_of_problem(answer) for answer in waiting} <= {(409, "idempotency_in_progress")}
    assert (IntakeBatch.objects.count(), AdministrativeAct.objects.count()) == (1, 60)
    assert sender.post(rows, Idempotency_Key="twins").content == done[0].content
    assert verify().broken == []


@pytest.mark.all
@pytest.mark.django_db(transaction=True, databases=["default", "public"])
def test_while_the_first_is_running_its_twin_gets_409_and_when_to_ask_again(monkeypatch: Any) -> None:
    office, firm = agency(), subject()
    sender = Sender(office)
    rows = {"rows": [penalty(firm, office)]}
    from records.services import intake

    real, is_inside, may_go_on = intake.rules_in_force, Event(), Event()

    def slow(*args: Any) -> Any:
        is_inside.set()
        assert may_go_on.wait(30)
        return real(*args)

    def first() -> Any:
        try:
            return sender.post(rows, Idempotency_Key="k")
        finally:
            connections.close_all()

    monkeypatch.setattr(intake, "rules_in_force", slow)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert is_inside.wait(30)
        twin = sender.post(rows, Idempotency_Key="k")
        may_go_on.set()
        answer = running.result()

    assert code_of_problem(twin) == (409, "idempotency_in_progress")
    assert int(twin["Retry-After"]) > 0
    assert verdicts(answer) == ["accepted"]


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_key_nobody_gets_in(firm: Subject) -> None:
    for method, path in (("post", INTAKE), ("get", INTAKE), ("get", f"{INTAKE}bat_000000000000/")):
        response = getattr(Client(), method)(path)

        assert code_of_problem(response) == (401, "credentials_missing")
        assert response["WWW-Authenticate"] == 'Bearer realm="credit-portal"'


@pytest.mark.proves("SEC-18")
def test_every_wrong_key_gets_the_same_answer_and_the_right_one_passes(sender: Sender, firm: Subject) -> None:
    secret = sender.key.secret
    revoked = Sender(sender.agency)
    revoke_client(revoked.key.client.pk, by=SYSTEM, on=today(), reason="演练")
    ended = Sender(sender.agency, on=today() - timedelta(days=30), days=10)
    elsewhere = Sender(sender.agency, networks=["10.20.0.0/16"])
    wrong = [
        "Bearer", "Bearer ", secret, f"Basic {secret}", "Bearer ak_00000000_" + "0" * 43, f"Bearer {secret[:-1]}",
        f"Bearer {secret[:-1]}{'0' if secret[-1] != '0' else '1'}", f"Bearer pk{secret[2:]}", f"Bearer {secret} ",
        f"Bearer {revoked.key.secret}", f"Bearer {ended.key.secret}", f"Bearer {elsewhere.key.secret}",
        "Bearer " + "x" * 5000,
    ]  # fmt: skip
    answers = set()
    for header in wrong:
        response = sender.get(Authorization=header)

        assert code_of_problem(response) == (401, "credentials_invalid")
        assert response["WWW-Authenticate"] == 'Bearer realm="credit-portal"'
        answers.add(json.dumps(response.json() | {"instance": None}))
    assert len(answers) == 1
    assert sender.get().status_code == 200


def test_a_key_bound_to_a_network_counts_only_there(office: Agency) -> None:
    bound = Sender(office, networks=["10.20.0.0/16", "2001:db8::/32"])

    def status(address: str) -> int:
        return Client(REMOTE_ADDR=address).get(INTAKE, headers=bound.headers()).status_code

    assert [status(a) for a in ("10.20.3.4", "2001:db8::7", "10.21.0.1", "::1", "")] == [200, 200, 401, 401, 401]


@pytest.mark.proves("SEC-18")
def test_a_key_without_the_scope_or_of_another_kind_of_body_hands_in_nothing(office: Agency, firm: Subject) -> None:
    row = {"rows": [penalty(firm, office)]}
    other_scope = Sender(office, "queries", "tasks")
    bank = Sender(office, "intake", kind="institution")
    public = Sender(office, "intake", kind="public")

    assert code_of_problem(other_scope.post(row)) == (403, "scope_missing")
    assert code_of_problem(other_scope.get()) == (403, "scope_missing")
    assert code_of_problem(bank.post(row)) == (403, "not_a_government_body")
    assert code_of_problem(public.post(row)) == (403, "not_a_government_body")
    assert not IntakeBatch.objects.exists()


def test_a_call_that_does_not_say_who_may_make_it_is_open_to_nobody() -> None:
    from django.conf import settings
    from rest_framework.test import APIRequestFactory
    from rest_framework.views import APIView

    class Forgotten(APIView):
        def get(self, request: Any) -> Any:
            raise AssertionError("nobody comes here")

    (nobody,) = settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"]
    assert nobody.endswith(".Nobody")
    assert Forgotten.as_view()(APIRequestFactory().get("/")).status_code in (401, 403)


@pytest.mark.proves("SEC-18", "REC-06")
def test_one_agency_reads_and_changes_nothing_of_another(sender: Sender, firm: Subject) -> None:
    row = penalty(firm, sender.agency)
    batch = sender.post({"rows": [row]}).json()["id"]
    stranger = Sender(agency("示例市财政局"))

    for path in (f"{batch}/", f"{batch}/rows/", f"{batch}/verdict/"):
        other = stranger.get(path)
        never = stranger.get(path.replace(batch, "bat_000000000000"))

        assert code_of_problem(other) == (404, "not_found")
        assert other.json() | {"instance": None} == never.json() | {"instance": None}
        assert sender.get(path).status_code == 200
    assert stranger.get().json()["results"] == []
    assert [one["id"] for one in sender.get().json()["results"]] == [batch]
    written_for = stranger.post({"rows": [row, row | {"op": "withdraw", "reason": "试试"}]}).json()["rows"]
    assert {refusal["rule"] for one in written_for for refusal in one["refusals"]} >= {"authority_not_sender"}
    assert {one["verdict"] for one in written_for} == {"refused"}


def test_a_second_key_of_the_same_agency_reads_its_batches(sender: Sender, firm: Subject) -> None:
    batch = sender.post({"rows": [penalty(firm, sender.agency)]}).json()["id"]

    assert Sender(sender.agency).get(f"{batch}/").status_code == 200


@pytest.mark.proves("SEC-18")
def test_the_acting_officer_is_recorded_and_gives_no_right(sender: Sender, firm: Subject) -> None:
    batch = sender.post({"rows": [penalty(firm, sender.agency)]}, Acting_Officer="zhang.3_A-7").json()["id"]
    no_scope = Sender(sender.agency, "queries")

    assert IntakeBatch.objects.get(public_id=batch).officer == "zhang.3_A-7"
    line = AuditEvent.objects.get(chain=sender.agency.uuid, name="batch.taken_in")
    assert json.loads(line.body.body)["officer"] == "zhang.3_A-7"
    assert line.actor == sender.key.client.uuid
    refused = no_scope.post({"rows": [penalty(firm, sender.agency)]}, Acting_Officer="zhang.3_A-7")
    assert code_of_problem(refused) == (403, "scope_missing")
