"""Nobody acts on what another body holds, whatever his role: every verb page of every object is tried (SEC-01, ORG-02)."""

import hashlib
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Agency, User
from accounts.permissions import ROLES
from casework.calendar import today
from records.forms import read_csv
from records.models import AdministrativeAct, Hide, IntakeBatch
from records.services import desk, hides
from tests.factories import act_of, agency, csv_of, deliver, officer, penalty, subject

pytestmark = pytest.mark.django_db

OF_FACT = ("withdraw", "correct", "clear_text", "exempt", "hide_fact")
OF_DOCUMENT = ("document", "stay", "lift_stay", "annul", "record_draft")
OF_BATCH = ("batch_take_in", "batch_abandon", "batch_discard", "batch_history", "batch_withdraw", "batch_verdict")
TYPED = {  # whatever a form may ask for
    "reason": "试一试", "ground": "error", "what": "fact", "which": "", "outcome": "undo", "to": "confirmed", "number": "1号",
    "decision": "undo", "cf_jdrq": "2026-11-16",
}  # fmt: skip


@pytest.fixture
def held() -> dict[str, Any]:
    """A body with a fact, a hide that waits and a file whose dry run is done."""
    office = agency("示例甲市监局")
    clerk = officer("clerk", office)
    act = act_of(deliver(penalty(subject(), office), sender=office))
    other = act_of(deliver(penalty(subject(), office), sender=office))
    hide = hides.order_hide("fact", fact=other.public_id, ground="error", reason="待核", by=clerk, on=today())
    file = csv_of(penalty(subject(), office))
    batch = desk.receive(
        read_csv(io.BytesIO(file)), kind="penalties", agency=office, by=clerk, on=today(), file_name="a.csv",
        sha256=hashlib.sha256(file).hexdigest(),
    )  # fmt: skip
    desk.check(batch.pk, on=today())
    return {"office": office, "act": act, "hide": hide, "batch": batch}


def addresses(held: dict[str, Any]) -> list[str]:
    act, hide, batch = held["act"], held["hide"], held["batch"]
    return [
        *(reverse(f"admin:{name}", args=[act.public_id]) for name in OF_FACT),
        *(reverse(f"admin:{name}", args=[act.document.uuid]) for name in OF_DOCUMENT),
        *(reverse(f"admin:{name}", args=[batch.public_id]) for name in OF_BATCH),
        reverse("admin:batch_row", args=[batch.public_id, 1]),
        reverse("admin:decide_hide", args=[hide.uuid]),
        reverse("admin:hide_sender", args=[held["office"].unified_code]),
    ]


@pytest.mark.proves("SEC-01", "ORG-02")
@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_role_of_another_body_changes_anything(held: dict[str, Any], role: str) -> None:
    elsewhere: Agency = agency("示例乙市监局", region="990200")
    stranger: User = officer(role, elsewhere)
    client = Client()
    client.force_login(stranger)

    for address in addresses(held):
        for method in (client.get, client.post):
            status = method(address, TYPED).status_code
            assert status in {200, 302, 403, 404, 405, 409, 422}, (address, status)
            if method == client.post:
                assert status not in {200, 302} or not address.endswith("take-in/"), address

    assert AdministrativeAct.objects.get(pk=held["act"].pk).state == "effective"
    assert AdministrativeAct.objects.get(pk=held["act"].pk).document.state == "effective"
    assert AdministrativeAct.objects.get(pk=held["act"].pk).publication.state != "exempt"
    assert list(Hide.objects.values_list("pk", "state")) == [(held["hide"].pk, "ordered")]
    assert list(IntakeBatch.objects.filter(desk_of__isnull=False).values_list("pk", "state")) == [
        (held["batch"].pk, "checked")
    ]
    assert not held["batch"].quarantine.filter(is_corrected=True).exists()
