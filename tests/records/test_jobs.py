"""The sweep by hand, for a day that has passed."""

from datetime import timedelta

import pytest

from casework.calendar import today
from records import services
from records.jobs import sweep
from tests.factories import act_of, agency, deliver, officer, penalty, subject

pytestmark = pytest.mark.django_db


def test_sweeping_a_past_day_never_publishes_for_that_day() -> None:
    sender = agency()
    act = act_of(deliver(penalty(subject(), sender, cf_sy="联系电话13800138000"), sender=sender))
    services.clear_text(act.pk, by=officer("reviewer", sender), on=today(), reason="号码为公开热线")

    sweep(today() - timedelta(days=3))

    act.publication.refresh_from_db()
    assert (act.publication.state, act.publication.public_from) == ("published", today())
