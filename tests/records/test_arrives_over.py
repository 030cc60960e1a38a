"""What comes in after its last day, and what a withdrawal must say."""

from datetime import timedelta

import pytest

from casework.calendar import today
from casework.models import AuditEvent
from disclosure.models import Record as Shown
from tests.factories import act_of, agency, deliver, penalty, subject

pytestmark = pytest.mark.django_db


@pytest.mark.proves("SHR-11")
@pytest.mark.parametrize(("days", "states"), [(-1, ("ended", "expired")), (0, ("published", "effective"))])
def test_what_comes_in_after_its_last_day_is_over_with_its_record(days: int, states: tuple[str, str]) -> None:
    office, until = agency(), today() + timedelta(days=days)

    act = act_of(
        deliver(penalty(subject(), office, cf_jdrq=today() - timedelta(days=3), cf_gsjzq=until), sender=office)
    )

    assert (act.publication.state, act.record.state) == states
    assert Shown.objects.exists() is (states[0] == "published")
    line = AuditEvent.objects.get(ref=f"publication:{act.uuid}")
    assert (line.before, line.after) == ("pending", states[0])
    assert AuditEvent.objects.filter(ref=act.record.ref, name="record.expired").exists() is (states[1] == "expired")


@pytest.mark.proves("REC-08")
def test_a_withdrawal_needs_only_what_names_the_fact() -> None:
    office, firm = agency(), subject()
    row = penalty(firm, office)
    act = act_of(deliver(row, sender=office))
    names = {
        column: row[column] for column in ("cf_xdr_mc", "cf_xdr_lb", "cf_xdr_shxym", "cf_wsh", "cf_cfjg", "cf_cfjgdm")
    }

    delivery = deliver(names | {"op": "withdraw", "reason": "认定有误"}, sender=office)

    act.refresh_from_db()
    assert (delivery.rows[0].verdict, act.state) == ("withdrawn", "withdrawn")
