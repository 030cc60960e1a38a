"""Two at once: one wins, the other is told, and the audit holds one line."""

from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError

from casework.actors import SYSTEM
from casework.audit import verify
from casework.calendar import today
from casework.errors import WrongState
from casework.models import AuditEvent
from records import services
from records.models import AdministrativeAct, BasisDocument, Publication, Record
from subjects.models import Subject
from subjects.rules import RegisterRow
from subjects.services import take_in_register
from tests.factories import act_of, agency, code_of, deliver, order, penalty, region, subject

pytestmark = [pytest.mark.all, pytest.mark.django_db(transaction=True)]

ROUNDS = 50


@pytest.mark.proves("SUB-01", "INV-01")
def test_two_inserts_of_one_code_make_one_subject(race: Any) -> None:
    place = region()

    def insert(code: str) -> Subject:
        return Subject.objects.create(
            unified_code=code, name="示例", type="legal_person", region=place, registration_status="active",
            source_name="示例登记库", received_at="2026-11-20T00:00:00Z",
        )  # fmt: skip

    for n in range(ROUNDS):
        code = code_of(500_000 + n)
        results = race(*[lambda code=code: insert(code)] * 2)

        assert Counter(type(result) for result in results) == {Subject: 1, IntegrityError: 1}
        assert Subject.objects.filter(unified_code=code).count() == 1


def test_two_registers_that_bring_one_new_code_leave_one_subject(race: Any) -> None:
    region()

    for n in range(ROUNDS):
        row = RegisterRow(
            unified_code=code_of(600_000 + n),
            name=f"示例并行{n}有限公司",
            type="legal_person",
            region="990100",
            registered_on=today(),
        )
        results = race(*[lambda row=row: take_in_register([row], source="示例登记库", by=SYSTEM, on=today())] * 2)

        assert not [
            result for result in results if isinstance(result, Exception) and not isinstance(result, IntegrityError)
        ]
        assert Subject.objects.filter(unified_code=row.unified_code).count() == 1
    assert verify().broken == []


def test_two_deciders_withdraw_one_act_once(race: Any) -> None:
    sender = agency()
    acts = [act_of(deliver(penalty(subject(), sender), sender=sender)) for _n in range(ROUNDS)]

    for act in acts:
        withdraw = lambda pk=act.pk: services.withdraw(pk, by=SYSTEM, on=today(), reason="录入有误")  # noqa: E731
        results = race(withdraw, withdraw)

        assert Counter(type(result) for result in results) == {AdministrativeAct: 1, WrongState: 1}
        assert AuditEvent.objects.filter(ref=act.ref, name="act.withdrawn").count() == 1
        assert AuditEvent.objects.filter(ref=act.publication.ref, name="publication.ended").count() == 1
    assert verify().broken == []


@pytest.mark.proves("REC-12", "INV-07")
def test_an_annulment_against_a_correction_leaves_nothing_in_effect_on_the_annulled_document(race: Any) -> None:
    sender, paper = agency(), order()
    seen = set()

    for _n in range(ROUNDS):
        firm = subject()
        row = penalty(firm, sender)
        document = act_of(deliver(row, sender=sender)).document
        changed = row | {"cf_nr": "罚款二万元", "cf_nr_fk": "2", "op": "correct", "reason": "金额录入有误"}

        annulled, corrected = race(
            lambda pk=document.pk: services.annul_document(
                pk, order=paper, order_number="示复〔2026〕1号", by=SYSTEM, on=today(), reason="复议撤销"
            ),
            lambda changed=changed: deliver(changed, sender=sender),
        )

        assert not isinstance(corrected, Exception), corrected
        assert not isinstance(annulled, Exception), annulled
        seen.add(corrected.rows[0].verdict)
        assert_nothing_stands_on_annulled(firm)
        assert not AdministrativeAct.objects.filter(subject=firm, state="effective").exists()
    assert seen <= {"corrected", "refused"}
    assert verify().broken == []


def assert_nothing_stands_on_annulled(firm: Subject) -> None:
    gone = BasisDocument.objects.filter(subject=firm, state="annulled")
    assert not AdministrativeAct.objects.filter(document__in=gone, state="effective").exists()
    assert not Record.objects.filter(document__in=gone, state__in=["effective", "under_verification"]).exists()
    assert not Publication.objects.filter(act__document__in=gone).exclude(state="ended").exists()


@pytest.mark.proves("REC-12", "INV-07")
def test_an_annulment_against_the_intake_of_another_fact_on_the_subject_harms_neither(race: Any) -> None:
    sender, paper = agency(), order()

    for _n in range(ROUNDS):
        firm = subject()
        document = act_of(deliver(penalty(firm, sender), sender=sender)).document
        row = penalty(firm, sender)

        annulled, taken = race(
            lambda pk=document.pk: services.annul_document(
                pk, order=paper, order_number="示复〔2026〕1号", by=SYSTEM, on=today(), reason="复议撤销"
            ),
            lambda row=row: deliver(row, sender=sender),
        )

        assert not isinstance(annulled, Exception), annulled
        assert taken.totals == {"accepted": 1}
        assert_nothing_stands_on_annulled(firm)
        assert AdministrativeAct.objects.filter(subject=firm, state="effective").count() == 1
    assert verify().broken == []


def test_the_same_delivery_sent_twice_at_once_is_held_once(race: Any) -> None:
    sender = agency()

    for _n in range(ROUNDS):
        firm = subject()
        row = penalty(firm, sender)
        results = race(*[lambda row=row: deliver(row, sender=sender)] * 2)

        assert not [result for result in results if isinstance(result, Exception)], results
        assert sorted(result.rows[0].verdict for result in results) == ["accepted", "unchanged"]
        assert AdministrativeAct.objects.filter(subject=firm).count() == 1
