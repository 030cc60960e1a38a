"""What a court does to a decision it does to every version of it; a correction is no way round."""

from typing import Any

import pytest

from casework.calendar import today
from disclosure.models import Record as DisclosedRecord
from records import services
from records.models import AdministrativeAct, BasisDocument
from subjects.models import Subject
from tests.factories import act_of, deliver, officer, order, penalty

pytestmark = pytest.mark.django_db

CORRECTED = {"cf_nr": "罚款二万元", "cf_nr_fk": "2", "op": "correct", "reason": "金额录入有误"}


def shown(firm: Subject) -> int:
    return DisclosedRecord.objects.filter(unified_code=firm.unified_code).count()


@pytest.mark.proves("REC-12", "INV-07")
def test_annulling_the_version_that_was_read_annuls_the_corrected_one_too(office: Any, firm: Subject) -> None:
    row = penalty(firm, office)
    first = act_of(deliver(row, sender=office))
    deliver(row | CORRECTED, sender=office)
    assert shown(firm) == 1

    services.annul_document(
        first.document_id, order=order(), order_number="示复决〔2026〕5号", by=officer("reviewer", office), on=today(),
        reason="复议撤销",
    )  # fmt: skip

    assert shown(firm) == 0
    assert set(BasisDocument.objects.filter(subject=firm).values_list("state", flat=True)) == {"annulled"}
    assert not AdministrativeAct.objects.filter(subject=firm, state="effective").exists()


def test_a_correction_does_not_lead_round_a_stay(office: Any, firm: Subject) -> None:
    row = penalty(firm, office)
    act, judge = act_of(deliver(row, sender=office)), officer("reviewer", office)
    services.stay_document(act.document_id, order=order(), order_number="示行停1号", by=judge, on=today())

    while_stayed = deliver(row | CORRECTED, sender=office)
    before = shown(firm)
    services.lift_stay(act.document_id, by=judge, on=today(), reason="裁定期满")
    after = deliver(row | CORRECTED, sender=office)

    assert [refusal["rule"] for refusal in while_stayed.rows[0].refusals] == ["basis_not_effective"]
    assert (before, after.rows[0].verdict, shown(firm)) == (0, "corrected", 1)


def test_a_stay_and_its_end_reach_every_version(office: Any, firm: Subject) -> None:
    row, judge = penalty(firm, office), officer("reviewer", office)
    first = act_of(deliver(row, sender=office))
    deliver(row | CORRECTED, sender=office)

    services.stay_document(first.document_id, order=order(), order_number="示行停1号", by=judge, on=today())
    stayed = shown(firm)
    services.lift_stay(first.document_id, by=judge, on=today(), reason="裁定期满")

    assert (stayed, shown(firm)) == (0, 1)
