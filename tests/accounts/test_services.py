"""Keys: made once, shown once, kept as a digest, ended for good."""

import hashlib
import re
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Agency, ApiClient
from accounts.permissions import SCOPES, Permission
from accounts.services import client_of, make_client, revoke_client, rotate_client
from casework.actors import SYSTEM
from casework.calendar import today
from casework.errors import NotAllowed, Refused, WrongState
from casework.models import AuditBody, AuditEvent, Refusal
from tests.factories import agency, officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Agency:
    return agency()


def make(at: Agency | None, **changes: Any) -> Any:
    values: dict[str, Any] = {"kind": "agency", "name": "交换系统", "scopes": ["intake"], "by": SYSTEM, "on": today()}
    return make_client(agency=at, **values | changes)


def test_a_key_is_shown_once_and_kept_as_a_digest(office: Agency) -> None:
    made = make(office, scopes=["tasks", "intake"], purposes=["licensing"])

    client = ApiClient.objects.get(pk=made.client.pk)
    assert re.fullmatch(r"ak_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{43}", made.secret)
    assert client.key_sha256 == hashlib.sha256(made.secret.encode()).hexdigest()
    assert str(client) == made.secret[:11]
    assert (client.scopes, client.purposes, client.networks) == (["intake", "tasks"], ["licensing"], [])
    assert (client.valid_from, client.valid_to) == (today(), today() + timedelta(days=365))
    kept = str(vars(client)) + str(list(AuditEvent.objects.values())) + str(list(AuditBody.objects.values("body")))
    assert made.secret[12:] not in kept
    assert AuditEvent.objects.get(chain=client.uuid).name == "apiclient.made"


def test_no_two_keys_are_alike_and_two_of_one_body_live_side_by_side(office: Agency) -> None:
    first, second = make(office), make(office)

    assert first.secret != second.secret
    assert client_of(first.secret, on=today()) == first.client
    assert client_of(second.secret, on=today()) == second.client


@pytest.mark.parametrize(("kind", "prefix"), [("agency", "ak_"), ("institution", "ik_"), ("public", "pk_")])
def test_the_beginning_of_a_key_tells_its_kind(office: Agency, kind: str, prefix: str) -> None:
    assert make(office, kind=kind).secret.startswith(prefix)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"days": 366}, "key_too_long"),
        ({"days": 0}, "key_too_long"),
        ({"scopes": ["intake", "everything"]}, "scope_unknown"),
        ({"networks": ["10.20.0.0/33"]}, "network_unreadable"),
        ({"networks": ["10.20.0.1/16"]}, "network_unreadable"),
    ],
)
@pytest.mark.proves("SEC-18")
def test_a_key_outside_its_bounds_is_refused_and_one_inside_is_made(
    office: Agency, changes: dict[str, Any], rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        make(office, **changes)

    assert refused.value.rule == rule
    assert not ApiClient.objects.exists()
    assert Refusal.objects.get().rule == rule
    assert make(office, days=365, scopes=["intake"], networks=["10.20.0.0/16"]).client.networks == ["10.20.0.0/16"]


@pytest.mark.proves("SEC-18")
def test_an_agencys_key_belongs_to_an_agency(office: Agency) -> None:
    with pytest.raises(Refused, match=r"."):
        make(None)
    assert make(office).client.agency_id == office.pk
    assert make(None, kind="public").client.agency_id is None


@pytest.mark.proves("SEC-18")
def test_a_key_lives_from_its_first_to_its_last_day(office: Agency) -> None:
    first = date(2026, 3, 1)
    made = make(office, on=first, days=30)
    last = first + timedelta(days=30)

    def lives(on: date) -> bool:
        return client_of(made.secret, on=on) is not None

    assert [lives(d) for d in (first - timedelta(days=1), first, last, last + timedelta(days=1))] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_revoked_key_ends_that_day_and_stays_revoked(office: Agency) -> None:
    made = make(office)

    revoke_client(made.client.pk, by=SYSTEM, on=today(), reason="密钥泄露")
    again = revoke_client(made.client.pk, by=SYSTEM, on=today() + timedelta(days=5), reason="再次")

    assert client_of(made.secret, on=today()) is None
    assert again.revoked_on == today()
    assert list(AuditEvent.objects.filter(chain=made.client.uuid).values_list("name", flat=True)) == [
        "apiclient.made", "apiclient.revoked",
    ]  # fmt: skip
    assert not made.client.__class__.objects.get(pk=made.client.pk).may(Permission.TAKE_IN, on=today())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: "",
        lambda s: s[:-1],
        lambda s: s + "x",
        lambda s: s[:-1] + ("A" if s[-1] != "A" else "B"),
        lambda s: "pk" + s[2:],
        lambda s: s[:3] + "00000000" + s[11:],
        lambda s: s.replace("_", "-", 1),
        lambda s: s.upper() + "é",
        lambda s: s[:-1] + "\0",
        lambda s: s[:-1] + "٣",
        lambda s: s + "\n",
        lambda s: "x" * 10_000,
    ],
)
def test_whatever_is_not_the_key_opens_nothing(office: Agency, spoil: Any) -> None:
    secret = make(office).secret

    assert client_of(spoil(secret), on=today()) is None
    assert client_of(secret, on=today()) is not None


@pytest.mark.parametrize(
    ("address", "counts"),
    [("10.20.255.1", True), ("10.21.0.1", False), ("2001:db8:1::9", True), ("2001:db9::1", False), ("", False),
     (None, False), ("proxy", False)],
)  # fmt: skip
def test_a_key_bound_to_networks_counts_only_there(office: Agency, address: str | None, counts: bool) -> None:
    bound = make(office, networks=["10.20.0.0/16", "2001:db8::/32"])
    free = make(office)

    assert (client_of(bound.secret, on=today(), address=address) is not None) == counts
    assert client_of(free.secret, on=today(), address=address) is not None


@pytest.mark.proves("SEC-18")
def test_a_scope_lets_a_key_report_and_never_decide() -> None:
    reports = {Permission.TAKE_IN, Permission.CORRECT}

    assert SCOPES["intake"] == reports
    assert all(permissions <= reports for permissions in SCOPES.values())


def test_the_command_prints_the_key_once_and_alone(office: Agency) -> None:
    out, err = StringIO(), StringIO()

    call_command(
        "make_client", "--agency", office.unified_code, "--name", "前置机", "--scopes", "intake", stdout=out, stderr=err
    )

    client = client_of(out.getvalue().strip(), on=today())
    assert client is not None
    assert client.agency == office
    assert str(client.valid_to) in err.getvalue()


@pytest.mark.parametrize(
    "options", [["--agency", "11990100MA0000000X"], ["--kind", "agency"], ["--scopes", "all", "--kind", "public"]]
)
def test_the_command_says_what_is_wrong(options: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("make_client", "--name", "前置机", *options)

    assert not ApiClient.objects.exists()


# ── who keeps a key, its rotation, its last use ──────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SEC-18", "SEC-01")
def test_a_body_s_keys_are_kept_by_its_own_keepers_or_those_above(office: Agency) -> None:
    keeper, clerk = officer("account_keeper", office), officer("clerk", office)
    stranger = officer("account_keeper", agency("别局"))
    leads = officer("account_keeper", agency("示例市信用办", kind="local_lead_unit"))
    key = make(office, by=keeper).client
    acts: list[Any] = [
        lambda by: make(office, by=by),
        lambda by: rotate_client(key.pk, by=by, on=today()),
        lambda by: revoke_client(key.pk, by=by, on=today(), reason="更换"),
    ]

    for act in acts:
        for other in (stranger, clerk):
            with pytest.raises(NotAllowed):
                act(other)
        assert act(leads)
    with pytest.raises(NotAllowed):
        make(None, kind="public", by=keeper)
    assert make(None, kind="public", by=leads)


@pytest.mark.proves("SEC-18")
def test_a_rotated_key_and_its_successor_live_side_by_side_for_thirty_days(office: Agency) -> None:
    old = make(office, scopes=["queries"], purposes=["licensing"], networks=["10.0.0.0/8"])

    new = rotate_client(old.client.pk, by=SYSTEM, on=today())

    assert (new.client.scopes, new.client.purposes, new.client.networks) == (["queries"], ["licensing"], ["10.0.0.0/8"])
    last = today() + timedelta(days=30)

    def lives(key: Any, on: date) -> bool:
        return client_of(key.secret, on=on, address="10.1.1.1") is not None

    assert [lives(old, last), lives(old, last + timedelta(days=1)), lives(new, last + timedelta(days=1))] == [
        True, False, True,
    ]  # fmt: skip
    with pytest.raises(WrongState):
        rotate_client(old.client.pk, by=SYSTEM, on=today())
    assert rotate_client(new.client.pk, by=SYSTEM, on=today())
    revoke_client(new.client.pk, by=SYSTEM, on=today(), reason="泄露")
    with pytest.raises(WrongState):
        rotate_client(new.client.pk, by=SYSTEM, on=today())


def test_a_rotation_never_lengthens_the_old_key(office: Agency) -> None:
    old = make(office, days=7)

    rotate_client(old.client.pk, by=SYSTEM, on=today())

    assert ApiClient.objects.get(pk=old.client.pk).valid_to == today() + timedelta(days=7)


def test_a_purpose_outside_the_list_is_refused(office: Agency) -> None:
    with pytest.raises(Refused) as refused:
        make(office, purposes=["curiosity"])

    assert refused.value.rule == "purpose_unknown"
    assert make(office, purposes=["licensing"])


def test_the_last_use_is_written_by_the_first_call_of_a_day_and_no_other(
    office: Agency, django_assert_num_queries: Any
) -> None:
    made = make(office)
    assert client_of(made.secret + "x", on=today()) is None
    assert ApiClient.objects.get().last_used_on is None

    with django_assert_num_queries(2):
        client_of(made.secret, on=today())
    with django_assert_num_queries(1):
        client_of(made.secret, on=today())

    assert ApiClient.objects.get().last_used_on == today()


def test_a_key_is_not_revoked_without_a_reason(office: Agency) -> None:
    made = make(office)

    with pytest.raises(Refused):
        revoke_client(made.client.pk, by=SYSTEM, on=today(), reason=" ")
    assert client_of(made.secret, on=today())
