"""The demo's officers can be tried by whoever holds the folder, and have no place in production."""

import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Posting, User
from accounts.permissions import ROLES
from casework.calendar import today
from credit_portal import posture
from credit_portal.demo import officers, world
from credit_portal.local.officers import DEMO_ACCOUNTS, lines
from tests.factories import agency, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointed(settings: Any, tmp_path: Path) -> Any:
    """The officers, in two bodies of their own; how to sign in stands in a folder of this test's own."""
    settings.VAR = tmp_path
    bodies = {"market": agency("岑州市市场监督管理局"), "credit": agency("岑州市信用办", kind="local_lead_unit")}
    officers.appoint(bodies, since=world.BEGINNING)
    return bodies


def test_there_is_an_officer_of_every_role_and_two_where_one_decides_on_another(appointed: Any) -> None:
    roles = list(Posting.objects.values_list("role", flat=True))

    assert set(roles) == set(ROLES)
    assert [roles.count(role) for role in ("clerk", "reviewer", "account_keeper")] == [2, 2, 2]
    assert User.objects.values("identity").distinct().count() == len(officers.OFFICERS)
    assert {posting.agency for posting in Posting.objects.filter(role__in=["coordinator", "auditor"])} == {
        appointed["credit"]
    }


def test_the_command_prints_what_opens_the_door(appointed: Any) -> None:
    out = StringIO()
    call_command("demo_codes", stdout=out)
    first, *rest = out.getvalue().splitlines()
    password = first.split()[3]
    username, code = rest[0].split()[:2]

    answer = Client().post("/admin/login/", {"username": username, "password": password, "code": code})

    assert answer.status_code == 302
    assert len(rest) == len(officers.OFFICERS)
    file = Path(settings.VAR) / DEMO_ACCOUNTS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert User.objects.get(username=username).postings_on(today()).exists()


def test_without_a_demo_and_in_production_there_is_nothing_to_print(tmp_path: Path, settings: Any) -> None:
    settings.VAR = tmp_path
    with pytest.raises(CommandError, match="No demo"):
        call_command("demo_codes")
    settings.PORTAL_ENV = "production"
    with pytest.raises(CommandError, match="Production"):
        call_command("demo_codes")
    assert list(lines(tmp_path, timezone.now())) == []


@pytest.mark.proves("SEC-04")
def test_production_does_not_serve_with_officers_or_keys_of_the_demo(appointed: Any) -> None:
    client_of(appointed["market"], name="报送系统（演示）")
    found = " ".join(posture.faults())
    assert f"{len(officers.OFFICERS)} accounts of the demo are alive" in found
    assert "1 API keys of the demo are alive" in found
    assert "demo-accounts.json holds passwords" in found

    User.objects.update(is_active=False)
    appointed["market"].clients.update(name="报送系统")
    (settings.VAR / DEMO_ACCOUNTS).unlink()
    assert "demo" not in " ".join(fault for fault in posture.faults() if "SECRET_KEY" not in fault)
