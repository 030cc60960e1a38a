"""A new installation gets its first two keepers at the command line, and no third."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Agency, Posting, User
from casework.models import AuditEvent
from credit_portal.demo.people import identity_number

pytestmark = pytest.mark.django_db
BODY = {"agency": "11990100MB0000001X", "agency_name": "示例市信用办", "region": "990100", "region_name": "示例市"}


def make(monkeypatch: Any, username: str, person: int) -> str:
    number = identity_number(date(1980, 1, person), person)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{number}\n山高水长风清月朗云淡天高\n"))
    out = io.StringIO()
    call_command("first_keeper", username, "某甲", stdout=out, **BODY)
    return out.getvalue()


@pytest.mark.proves("SEC-04")
def test_two_keepers_are_made_and_a_third_is_refused(monkeypatch: Any) -> None:
    first, second = make(monkeypatch, "keeper1", 1), make(monkeypatch, "keeper2", 2)

    assert first.count("otpauth://") == second.count("otpauth://") == 1
    assert Agency.objects.get().kind == "local_lead_unit"
    assert Posting.objects.filter(role="account_keeper").count() == 2
    assert AuditEvent.objects.filter(chain=User.objects.get(username="keeper1").uuid).exists()
    with pytest.raises(CommandError):
        make(monkeypatch, "keeper3", 3)
    assert not User.objects.filter(username="keeper3").exists()


def test_one_human_is_no_two_keepers(monkeypatch: Any) -> None:
    make(monkeypatch, "keeper1", 1)

    with pytest.raises(Exception, match="one_live_account"):
        make(monkeypatch, "keeper2", 1)
