"""Administrative licences: taken in beside penalties by the same gate, shown in time, never adverse."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from casework.calendar import today
from casework.models import Refusal
from disclosure.models import Record as Shown
from disclosure.queries import LICENCE, PENALTY, record_by_id
from records.formats import FORMATS, LICENCES, SENDER, explained, template_csv
from records.forms import read_csv
from records.jobs import sweep
from records.models import AdministrativeAct, Publication, Record
from records.rules import OWN
from records.rules.gate import NOT_PUBLIC
from records.states import Clock
from subjects.models import Person, Subject
from tests.conftest import answer
from tests.factories import act_of, agency, code_of, penalty
from tests.factories import deliver as deliver_penalties
from tests.records.acts import hand_in, licence, said_of
from tests.records.sender import ADULT, Sender, verdicts

pytestmark = pytest.mark.django_db


def deliver(*rows: dict[str, str], sender: Any, **options: Any) -> Any:
    return hand_in(*rows, kind="licences", sender=sender, **options)


def licences_csv(*rows: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    names = [
        column.name for column in (*LICENCES, *SENDER) if column.required or any(column.name in row for row in rows)
    ]
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


# ── what a licence becomes ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-16", "PUB-01")
def test_a_licence_becomes_an_act_that_is_shown_at_once_and_no_untrustworthiness_record(
    office: Any, firm: Subject
) -> None:
    delivery = deliver(licence(firm, office), sender=office)

    act = act_of(delivery)
    assert said_of(delivery) == ("accepted", [])
    assert (act.kind, act.severity, act.document.type, act.document.title) == (
        "licence", "", "other_act", "准予食品经营许可决定书",
    )  # fmt: skip
    assert not Record.objects.exists()
    assert (act.publication.state, act.publication.public_until, act.publication.clocks) == (Clock.PUBLISHED, None, [])
    shown = Shown.objects.get(unified_code=firm.unified_code)
    assert (shown.kind, shown.adverse, shown.severity, shown.last_day) == ("licence", False, None, None)


def test_its_content_has_the_names_of_the_contract(office: Any, firm: Subject) -> None:
    row = licence(
        firm, office, xk_yxqzi="2099-12-31", xk_xklb="02", xk_zt="2", bz="内部备注", public_until="2030-01-31"
    )

    act = act_of(deliver(row, sender=office))

    told = record_by_id(act.public_id)
    assert told
    assert act.content_public
    assert set(act.content_public) == set(LICENCE)
    assert told["content"] == {
        "licence_kind": "franchise", "certificate": "食品经营许可证", "licence_number": row["xk_xkbh"],
        "content": "预包装食品销售", "valid_from": str(today()), "valid_to": None, "long_term": True, "state": "invalid",
    }  # fmt: skip
    assert told["disclosure"]["last_day"] == date(2030, 1, 31)
    assert "内部备注" not in str(told)


@pytest.mark.parametrize(("kind", "names"), [("licences", LICENCE), ("penalties", PENALTY)])
def test_what_a_format_discloses_is_what_the_contract_shows(kind: str, names: tuple[str, ...]) -> None:
    hidden = [column.name for column in FORMATS[kind] if not column.disclosed]

    assert set(OWN[kind].texts.values()) <= set(names)
    assert not set(OWN[kind].texts) & set(hidden)
    assert not set(NOT_PUBLIC) & set(names)


@pytest.mark.proves("PUB-01", "PUB-08", "PUB-09")
def test_seven_working_days_after_the_decision_a_licence_that_waits_is_late(
    office: Any, firm: Subject, travel: Any
) -> None:
    travel(date(2026, 9, 30))
    act = act_of(deliver(licence(firm, office, xk_nr="联系电话13800138000"), sender=office))
    assert act.publication.due_on == date(2026, 10, 15)  # 10-08, 09, 10 (Saturday, worked), 12, 13, 14, 15

    travel(date(2026, 10, 15))
    sweep(today())
    in_time = Publication.objects.get().state
    travel(date(2026, 10, 16))
    sweep(today())

    assert (in_time, Publication.objects.get().state) == (Clock.PENDING, Clock.OVERDUE)
    assert Publication.objects.get().late_since == date(2026, 10, 16)


@pytest.mark.proves("PUB-13")
def test_a_body_below_county_level_has_no_clock_for_licences(office: Any, firm: Subject) -> None:
    station = agency("示例市市场监督管理局示例所", level="below_county", superior=office)

    act = act_of(deliver(licence(firm, station, xk_jdrq="2026-05-06"), sender=office))

    assert (act.publication.starts_on, act.publication.due_on, act.publication.late_since) == (None, None, None)


@pytest.mark.proves("SHR-11")
def test_a_licence_comes_down_after_the_departments_own_last_day(office: Any, firm: Subject, travel: Any) -> None:
    last = today() + timedelta(days=30)
    deliver(licence(firm, office, public_until=last), sender=office)

    travel(last)
    on_the_day = Shown.objects.count()
    travel(last + timedelta(days=1))

    assert (on_the_day, Shown.objects.count()) == (1, 0)


# ── phase ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SUB-08")
def test_a_licence_arises_before_a_penalty_after_the_fact_and_the_sender_may_say_otherwise(
    office: Any, firm: Subject
) -> None:
    licensed = deliver(licence(firm, office), licence(firm, office, phase="事中"), sender=office)
    punished = act_of(deliver_penalties(penalty(firm, office), sender=office))

    assert [act_of(licensed, n).phase for n in (1, 2)] == ["before", "during"]
    assert (punished.phase, punished.record.phase) == ("after", "after")
    assert sorted(Shown.objects.values_list("phase", flat=True)) == ["after", "before", "during"]


@pytest.mark.proves("SUB-08")
def test_a_phase_that_is_none_is_refused(office: Any, firm: Subject) -> None:
    delivery = deliver(licence(firm, office, phase="事先"), licence(firm, office, phase="事前"), sender=office)

    assert said_of(delivery) == ("refused", ["value_not_in_list"])
    assert said_of(delivery, 2) == ("accepted", [])


def test_a_phase_once_given_stays_until_a_correction_names_another(office: Any, firm: Subject) -> None:
    row = licence(firm, office)
    deliver(row | {"phase": "事中"}, sender=office)

    again = deliver(row, sender=office)
    silent = deliver(row | {"phase": "事后"}, sender=office)
    spoken = deliver(row | {"phase": "事后", "op": "correct", "reason": "环节有误"}, sender=office)
    other = deliver(row | {"op": "correct", "reason": "内容有误", "xk_nr": "散装食品销售"}, sender=office)

    assert [said_of(each)[0] for each in (again, silent, spoken, other)] == [
        "unchanged", "refused", "corrected", "corrected",
    ]  # fmt: skip
    assert act_of(other).phase == "after"


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-08", "SHR-02")
def test_a_licence_is_corrected_and_withdrawn_like_a_penalty(office: Any, firm: Subject) -> None:
    row = licence(firm, office)
    first = deliver(row, sender=office)

    silent = deliver(row | {"xk_zt": "无效"}, sender=office)
    corrected = deliver(row | {"xk_zt": "无效", "op": "correct", "reason": "许可已注销"}, sender=office)
    shown = Shown.objects.get()
    names = ("xk_xdr_mc", "xk_xdr_lb", "xk_xdr_shxym", "xk_wsh", "xk_xkjgdm")
    withdrawn = deliver({name: row[name] for name in names} | {"op": "withdraw", "reason": "录入有误"}, sender=office)
    again = deliver(row, sender=office)

    assert said_of(silent) == ("refused", ["differs_from_record"])
    assert (said_of(corrected), shown.version, shown.content["state"]) == (("corrected", []), 2, "invalid")
    assert corrected.rows[0].record_id == first.rows[0].record_id
    assert said_of(withdrawn) == ("withdrawn", [])
    assert said_of(again) == ("refused", ["restored_on_same_facts"])
    assert not Shown.objects.exists()


# ── the gate ─────────────────────────────────────────────────────────────────────────────────────────────────────────

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"xk_xdr_shxym": "91990100MA00000010"}, "code_malformed"),
    ({"xk_xdr_shxym": code_of(999_999)}, "subject_not_in_register"),
    ({"xk_xdr_mc": "别的名称有限公司"}, "subject_name_mismatch"),
    ({"xk_jdrq": "2099-01-01", "xk_yxqz": "2099-01-02", "xk_yxqzi": "2099-12-31"}, "decided_after_recorded"),
    ({"xk_xkjgdm": code_of(888_888, department="1")}, "body_not_authorised"),
    ({"xk_xkjg": "别的机关"}, "basis_mismatch"),
    ({"catalogue_item": "XX-99"}, "outside_catalogue"),
    ({"catalogue_item": "NC-03-02"}, "outside_catalogue"),  # an item for penalties
    ({"xk_xklb": "恩准"}, "value_not_in_list"),
    ({"xk_zt": "3"}, "value_not_in_list"),
    ({"xk_yxqz": "2026/03/01"}, "date_invalid"),
    ({"xk_yxqz": "2026-11-19"}, "validity_order"),  # before the decision
    ({"xk_yxqzi": "2026-11-19"}, "validity_order"),  # at an end before it began
    ({"public_until": "2026-11-19"}, "validity_order"),
    ({"xk_nr": ""}, "value_missing"),
    ({"xk_wsh": "号" * 129}, "value_too_long"),
    ({"xk_xkbh": ADULT}, "identity_number_refused"),
    ({"exempt_basis": "nothing:第一条"}, "exemption_without_citation"),
    ({"business_secret": "xk_wsh"}, "value_not_in_list"),
    ({"op": "withdraw"}, "reason_missing"),
]


@pytest.mark.parametrize(("change", "rule"), REFUSED, ids=[rule for _change, rule in REFUSED])
@pytest.mark.proves("REC-18", "CAT-17")
def test_a_licence_with_one_fault_is_refused_by_its_rule_and_without_it_passes(
    office: Any, firm: Subject, change: dict[str, Any], rule: str
) -> None:
    delivery = deliver(licence(firm, office) | change, licence(firm, office), sender=office)

    assert said_of(delivery)[0] == "refused"
    assert rule in said_of(delivery)[1]
    assert said_of(delivery, 2) == ("accepted", [])
    line = Refusal.objects.get(act="take_in")
    assert (line.data_class, line.keys["catalogue_item"]) == ("licences", change.get("catalogue_item", "NC-03-01"))


def test_a_penalty_relies_on_no_item_for_licences(office: Any, firm: Subject) -> None:
    delivery = deliver_penalties(penalty(firm, office, catalogue_item="NC-03-01"), sender=office)

    assert said_of(delivery) == ("refused", ["outside_catalogue"])


def test_one_authority_sends_both_kinds_under_numbers_of_their_own(office: Any, firm: Subject) -> None:
    deliver_penalties(penalty(firm, office), sender=office)
    deliver(licence(firm, office), licence(firm, office), sender=office)

    told = Client().get(f"/api/v1/subjects/{firm.unified_code}/status/").json()
    assert (told["status"], told["counts"]["by_class"]["administration"]) == ("adverse_records", 3)
    assert told["counts"]["adverse"] == {"minor": 0, "ordinary": 1, "serious": 0}


@pytest.mark.proves("SHR-05", "SEC-16")
def test_a_business_secret_in_a_licence_is_kept_and_never_shown(office: Any, firm: Subject) -> None:
    act = act_of(deliver(licence(firm, office, business_secret="xk_nr", xk_nr="工艺甲三乙七"), sender=office))

    shown = Shown.objects.get()
    assert act.content["content"] == "工艺甲三乙七"
    assert (shown.content["content"], shown.withheld) == (None, ["content"])
    pages = [Client().get(path).content.decode() for path in (f"/records/{act.public_id}/", "/acts/", "/")]
    assert [("None" in page, "甲三乙七" in page) for page in pages] == [(False, False)] * 3


@pytest.mark.proves("PUB-03", "SHR-08")
def test_a_natural_persons_licence_is_shown_masked(office: Any) -> None:
    delivery = deliver(licence(None, office), licence(None, office), sender=office)

    assert [row.verdict for row in delivery.rows] == ["accepted", "accepted"]
    assert Person.objects.count() == 1
    shown = Shown.objects.first()
    assert shown
    assert (shown.unified_code, shown.person_masked) == (None, "欧阳**")
    assert "9003" not in str(shown.__dict__)


@pytest.mark.proves("SHR-06")
def test_a_number_or_a_name_in_the_text_of_a_licence_holds_it(office: Any, firm: Subject) -> None:
    rows = [
        licence(firm, office, xk_nr="联系电话13800138000"),
        licence(firm, office, xk_frdb="林示例", xk_nr="由林示例负责的门店"),
        licence(firm, office, xk_frdb="林示例"),
    ]

    delivery = deliver(*rows, sender=office)

    assert [said_of(delivery, n) for n in (1, 2, 3)] == [
        ("held", ["identity_number_in_text"]), ("held", ["person_name_in_text"]), ("accepted", []),
    ]  # fmt: skip
    assert Shown.objects.count() == 1


# ── the doors ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-16", "REC-18")
def test_a_program_hands_licences_in_as_json_and_as_csv(sender: Sender, firm: Subject) -> None:
    rows = [licence(firm, sender.agency), licence(firm, sender.agency, xk_zt="3")]

    as_json = sender.post({"rows": rows}, query="kind=licences")
    as_csv = sender.post(licences_csv(*rows), query="kind=licences")

    assert verdicts(as_json) == ["accepted", "refused"]
    assert verdicts(as_csv) == ["unchanged", "refused"]
    assert as_json.json()["kind"] == "licences"
    listed = sender.get("?kind=licences").json()["results"]
    assert {batch["id"] for batch in listed} == {as_json.json()["id"], as_csv.json()["id"]}
    assert sender.get("?kind=penalties").json()["results"] == []


def test_columns_of_another_kind_are_none_of_a_licence(sender: Sender, firm: Subject) -> None:
    response = sender.post({"rows": [penalty(firm, sender.agency)]}, query="kind=licences")

    assert response.status_code == 400
    assert {fault["code"] for fault in response.json()["errors"]} == {"unknown_field"}
    assert not AdministrativeAct.objects.exists()


@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_the_operator_takes_in_a_file_of_licences(
    office: Any, firm: Subject, tmp_path: Any, capsys: Any, ending: str
) -> None:
    import json

    rows = [licence(firm, office), licence(firm, office, xk_zt="3")]
    file = tmp_path / f"licences{ending}"
    file.write_bytes(licences_csv(*rows) if ending == ".csv" else json.dumps({"rows": rows}).encode())

    call_command("take_in", str(file), agency=office.unified_code, kind="licences")

    out = capsys.readouterr().out
    assert "accepted 1, refused 1" in out
    assert "row 2: value_not_in_list xk_zt" in out
    assert out.count("value_not_in_list:") == 1  # how to put it right, once for each rule
    assert AdministrativeAct.objects.get().kind == "licence"


@pytest.mark.proves("PUB-01")
def test_a_licence_stands_on_the_public_pages_without_a_tag(office: Any, firm: Subject, client: Client) -> None:
    act = act_of(deliver(licence(firm, office), sender=office))

    pages = {path: client.get(path).content.decode() for path in (
        "/acts/?kind=licence", f"/subjects/{firm.unified_code}/", f"/records/{act.public_id}/", "/?kind=licence",
    )}  # fmt: skip
    listed = answer(client.get(f"/api/v1/subjects/{firm.unified_code}/records/?class=administration"))["results"]

    for path, page in pages.items():
        assert f"/records/{act.public_id}/" in page, path
    assert "预包装食品销售" in pages[f"/records/{act.public_id}/"]
    assert "食品经营许可证" in pages[f"/records/{act.public_id}/"]
    assert [(one["kind"], one["adverse"], one["links"]["repair"]) for one in listed] == [("licence", False, None)]
    assert answer(client.get(f"/api/v1/subjects/{firm.unified_code}/status/"))["status"] == "no_public_record"


# ── templates ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_a_template_is_a_file_that_the_reader_takes_and_each_column_is_explained(kind: str) -> None:
    template = template_csv(kind)

    source = read_csv(io.BytesIO(template.encode()), kind=kind)

    assert (list(source.rows), source.skipped) == ([], [])
    names = template.removeprefix("\ufeff").strip().split(",")
    assert names == [column.name for column, _sentence in explained(kind)]
    assert all(str(sentence) for _column, sentence in explained(kind))


def test_a_file_of_licences_asks_the_database_no_more_for_more_rows(office: Any, firm: Subject) -> None:
    def asked(count: int) -> int:
        rows = [licence(firm, office) for _n in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            deliver(*rows, sender=office)
        return len(queries)

    asked(1)
    assert asked(30) == asked(2)
