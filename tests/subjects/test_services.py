"""The register: each subject once under its code, through every change of its life."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from casework.actors import SYSTEM
from casework.calendar import today
from casework.models import AuditEvent, Refusal
from disclosure.models import Record as DisclosedRecord
from disclosure.models import Subject as DisclosedSubject
from subjects.models import FormerCode, Position, Subject, SubjectName
from subjects.rules import NameRow, RegisterRow
from subjects.services import subjects_by_code, take_in_register
from tests.factories import agency, code_of, deliver, penalty, region, subject

pytestmark = pytest.mark.django_db


def row(n: int, **changes: Any) -> RegisterRow:
    values: dict[str, Any] = {
        "unified_code": code_of(n), "name": f"示例竹梅{n}有限公司", "type": "legal_person", "region": region().code,
        "registered_on": date(2015, 3, 1),
    }  # fmt: skip
    return RegisterRow(**values | changes)


def register(*rows: RegisterRow) -> dict[str, int]:
    totals = take_in_register(rows, source="示例登记库", by=SYSTEM, on=today())
    return {what: n for what, n in totals.items() if n}


@pytest.mark.proves("SUB-01", "INV-01")
def test_a_second_subject_with_the_same_code_is_refused_by_the_verb_and_by_the_database() -> None:
    assert register(row(9001), row(9001, name="冒名者有限公司")) == {"refused": 1, "new": 1}
    assert Refusal.objects.get().rule == "code_not_unique"

    with pytest.raises(IntegrityError, match="unified_code"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subjects_subject (uuid, unified_code, name, type, region_id, registration_status, source_name,"
            " received_at, public_body) SELECT gen_random_uuid(), unified_code, '冒名', type, region_id, registration_status,"
            " source_name, now(), '' FROM subjects_subject"
        )
    assert Subject.objects.count() == 1


@pytest.mark.proves("SUB-01")
def test_a_code_that_another_subject_bore_before_belongs_to_nobody_else() -> None:
    register(row(9002, former_codes={code_of(9003): date(2016, 1, 1)}))

    assert register(row(9003)) == {"refused": 1}
    assert register(row(9004, former_codes={code_of(9003): date(2016, 1, 1)})) == {"refused": 1}
    assert register(row(9005)) == {"new": 1}


@pytest.mark.proves("SUB-02")
def test_the_register_itself_brings_no_wrong_code() -> None:
    wrong = code_of(9006)[:-1] + "0"

    assert register(row(9006, unified_code=wrong)) == {"refused": 1}
    assert register(row(9006)) == {"new": 1}


@pytest.mark.proves("SUB-03", "SUB-09")
def test_it_holds_legal_persons_and_unincorporated_organisations_of_every_department_and_region() -> None:
    region("440100", "另一示例市")
    kinds = [("9", "1", "legal_person"), ("9", "2", "unincorporated"), ("5", "1", "legal_person"), ("N", "1", "legal_person"),
             ("1", "1", "state_body"), ("3", "1", "unincorporated")]  # fmt: skip
    rows = [
        row(n, unified_code=code_of(n, department=d, category=c), type=t, region="440100" if n % 2 else region().code)
        for n, (d, c, t) in enumerate(kinds, start=9010)
    ]

    assert register(*rows) == {"new": len(kinds)}
    assert set(DisclosedSubject.objects.values_list("type", flat=True)) == {
        "legal_person",
        "unincorporated",
        "state_body",
    }
    assert set(DisclosedSubject.objects.values_list("region", flat=True)) == {"440100", "990100"}
    assert register(row(9020, type="club")) == {"refused": 1}


@pytest.mark.proves("SUB-07")
def test_records_stay_with_the_code_through_renaming_and_deregistration() -> None:
    office, firm = agency(), subject("示例竹梅商贸有限公司")
    deliver(penalty(firm, office), sender=office)

    register(
        RegisterRow(
            unified_code=firm.unified_code, name="示例青松商贸有限公司", type="legal_person", region="990100",
            registration_status="deregistered", registered_on=date(2015, 3, 1), ended_on=today(),
            name_valid_from=date(2026, 11, 1),
        )
    )  # fmt: skip

    names = dict(SubjectName.objects.filter(subject=firm).values_list("kind", "name"))
    assert names == {"current": "示例青松商贸有限公司", "former": "示例竹梅商贸有限公司"}
    assert SubjectName.objects.get(subject=firm, kind="former").valid_to == date(2026, 10, 31)
    shown = DisclosedRecord.objects.get(unified_code=firm.unified_code)
    assert shown.subject_name == "示例青松商贸有限公司"
    assert DisclosedSubject.objects.get().registration_status == "deregistered"
    lines = AuditEvent.objects.filter(chain=firm.uuid).values_list("name", flat=True)
    assert {"subject.registered", "subject.renamed", "subject.changed"} <= set(lines)


@pytest.mark.proves("SUB-07")
def test_a_superseded_code_still_leads_to_its_subject() -> None:
    old, new = code_of(9030), code_of(9031)
    register(row(9031, former_codes={old: date(2020, 1, 1)}))

    found = subjects_by_code([old, new, code_of(9999)])

    assert set(found) == {old, new}
    assert found[old][0].id == found[new][0].id
    assert FormerCode.objects.get().unified_code == old


def test_a_penalty_under_a_former_name_or_code_finds_its_subject() -> None:
    office = agency()
    old = code_of(9040)
    register(row(9041, former_names=(NameRow("示例旧名有限公司", date(2015, 3, 1), date(2020, 1, 1)),),
                 former_codes={old: date(2020, 1, 1)}))  # fmt: skip
    firm = Subject.objects.get()

    delivery = deliver(penalty(firm, office, cf_xdr_shxym=old, cf_xdr_mc="示例旧名有限公司"), sender=office)

    assert delivery.totals == {"accepted": 1}
    assert DisclosedRecord.objects.get().unified_code == firm.unified_code


@pytest.mark.proves("SUB-06")
def test_basic_information_is_a_dataset_that_programs_read_by_code(client: Any) -> None:
    register(row(9045, former_names=(NameRow("示例旧名有限公司", date(2015, 3, 1), date(2020, 1, 1)),)))

    body = client.get(f"/api/v1/subjects/{code_of(9045)}/").json()

    assert (body["name"], body["type"], body["region"]) == ("示例竹梅9045有限公司", "legal_person", "990100")
    assert [name["kind"] for name in body["names"]] == ["current", "former"]
    assert client.get(f"/api/v1/subjects/{code_of(9046)}/").status_code == 404


def test_taking_in_the_same_register_twice_changes_nothing() -> None:
    rows = [row(n) for n in range(9050, 9055)]

    assert register(*rows) == {"new": 5}
    before = AuditEvent.objects.count()
    assert register(*rows) == {"unchanged": 5}
    assert AuditEvent.objects.count() == before


def test_search_keys_come_with_the_name() -> None:
    register(row(9060, name="示例市竹梅商贸有限公司"))

    name = SubjectName.objects.get()
    assert "竹梅" in name.bigrams
    assert name.pinyin.startswith("zhumei")
    assert SubjectName.objects.filter(bigrams__contains=["竹梅"]).count() == 1


@pytest.mark.proves("SUB-11")
def test_a_legal_representative_is_a_person_apart_with_the_days_of_the_role_and_shows_nowhere() -> None:
    register(row(9070, legal_representative="林示例"))

    position = Position.objects.select_related("person").get()
    assert (position.role, position.valid_from) == ("legal_representative", date(2015, 3, 1))
    assert position.person.name_masked == "林**"
    assert "林" not in str(DisclosedSubject.objects.get().__dict__)
