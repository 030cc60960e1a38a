"""Bodies, humans, postings, keys: what the database refuses, and who may what on which day."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Agency, ApiClient, Identity, Posting, Region, User
from accounts.permissions import ROLES, Permission
from casework.calendar import today
from tests.factories import agency, officer, region

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


def refuses(constraint: str) -> Any:
    """The database refuses by this constraint."""
    return pytest.raises(IntegrityError, match=constraint)


def identity() -> Identity:
    return Identity.objects.create(digest_key=1, digest=uuid4().bytes * 2)


def posted(user: User, at: Agency, role: str, first: date = DAY, last: date | None = None) -> Posting:
    with transaction.atomic():
        return Posting.objects.create(user=user, agency=at, role=role, valid_from=first, valid_to=last)


@pytest.fixture
def office() -> Agency:
    return agency()


# ── one human, one account of a kind ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SEC-18")
def test_a_member_of_staff_is_a_verified_human() -> None:
    with refuses("user_staff_is_a_verified_human"), transaction.atomic():
        User.objects.create(username="nobody", kind="staff")
    assert User.objects.create(username="somebody", kind="staff", identity=identity()).pk


def test_one_human_is_known_once() -> None:
    digest = uuid4().bytes * 2
    Identity.objects.create(digest_key=1, digest=digest)

    with refuses("identity_one_per_human"), transaction.atomic():
        Identity.objects.create(digest_key=1, digest=digest)
    assert Identity.objects.create(digest_key=2, digest=digest).pk  # under another key of the ring


def test_one_human_has_one_live_account_of_each_kind() -> None:
    human = identity()
    first = User.objects.create(username="first", kind="staff", identity=human)

    with refuses("user_one_live_account_per_human_and_kind"), transaction.atomic():
        User.objects.create(username="second", kind="staff", identity=human)
    assert User.objects.create(username="owner", kind="business", identity=human).pk
    User.objects.filter(pk=first.pk).update(is_active=False)
    assert User.objects.create(username="third", kind="staff", identity=human).pk


def test_accounts_without_a_verified_identity_do_not_count_as_one_human() -> None:
    User.objects.create(username="a", kind="business")

    assert User.objects.create(username="b", kind="business").pk


# ── postings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("other", sorted(set(ROLES) - {"auditor"}))
@pytest.mark.proves("SEC-18")
def test_an_auditor_holds_no_other_posting_at_the_same_time(office: Agency, other: str) -> None:
    for first, second in (("auditor", other), (other, "auditor")):
        user = User.objects.create(username=f"{first}-{second}", kind="staff", identity=identity())
        posted(user, office, first, DAY, DAY + timedelta(days=30))

        with refuses("posting_auditor_and_keeper_hold_no_other"):
            posted(user, office, second, DAY + timedelta(days=30))
        with refuses("posting_auditor_and_keeper_hold_no_other"):
            posted(user, office, second, DAY - timedelta(days=1), None)
        assert posted(user, office, second, DAY + timedelta(days=31)).pk


def test_postings_without_an_auditor_may_overlap_and_so_may_two_of_auditors(office: Agency) -> None:
    clerk, auditor = (User.objects.create(username=name, kind="staff", identity=identity()) for name in "ca")
    posted(clerk, office, "clerk")
    posted(auditor, office, "auditor")

    assert posted(clerk, office, "publisher").pk
    assert posted(auditor, agency("示例市审计局"), "auditor").pk


def test_a_posting_ends_after_it_begins(office: Agency) -> None:
    user = User.objects.create(username="u", kind="staff", identity=identity())

    # The range that the exclusion builds is refused before the check is asked: either way nothing is written.
    with pytest.raises(Exception, match=r"posting_ends_after_it_begins|range lower bound"), transaction.atomic():
        posted(user, office, "clerk", DAY, DAY - timedelta(days=1))
    assert posted(user, office, "clerk", DAY, DAY).pk


@pytest.mark.proves("ORG-01")
def test_what_an_officer_may_do_follows_from_the_postings_of_that_day(office: Agency) -> None:
    user = User.objects.create(username="u", kind="staff", identity=identity())
    posted(user, office, "clerk", DAY, DAY + timedelta(days=9))
    posted(user, office, "reviewer", DAY + timedelta(days=10))

    def may(day: int) -> tuple[bool, bool]:
        on = DAY + timedelta(days=day)
        return user.may(Permission.TAKE_IN, on=on), user.may(Permission.CLEAR_TEXT, on=on)

    assert [may(day) for day in (-1, 0, 9, 10)] == [(False, False), (True, False), (True, False), (False, True)]
    user.is_active = False
    assert may(0) == (False, False)


def test_a_user_acts_for_the_agency_of_the_posting_of_today(office: Agency) -> None:
    assert officer("clerk", office).agency_id == office.pk
    gone = User.objects.create(username="gone", kind="staff", identity=identity())
    posted(gone, office, "clerk", DAY, today() - timedelta(days=1))
    assert gone.agency_id is None


def test_a_role_that_decides_is_not_one_that_prepares() -> None:
    prepares = {Permission.TAKE_IN, Permission.CORRECT, Permission.RECORD, Permission.WITHDRAW_BATCH}
    decides = {
        Permission.RULE_ON_DOCUMENT, Permission.CLEAR_TEXT, Permission.REVIEW_TOLERANCE, Permission.DECIDE_HIDE,
        Permission.DECIDE_BATCH, Permission.REVIEW_ITEM,
    }  # fmt: skip

    assert prepares <= ROLES["clerk"]
    assert decides <= ROLES["reviewer"]
    assert not any(permissions & prepares and permissions & decides for permissions in ROLES.values())
    reads = {Permission.READ_FILE, Permission.READ_CLOCK, Permission.READ_REGISTERS, Permission.READ_AUDIT}
    assert ROLES["auditor"] == reads
    assert ROLES["account_keeper"] == {Permission.KEEP_ACCOUNTS}


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_region_code_has_six_digits_and_covers_what_lies_below_it() -> None:
    with refuses("region_code_is_six_digits"), transaction.atomic():
        Region.objects.create(code="99010", name="示例")
    province, city, county = region("990000", "示例省"), region("990100", "示例市"), region("990102", "示例区")

    assert province.covers(city.code)
    assert province.covers(county.code)
    assert city.covers(county.code)
    assert not county.covers(city.code)
    assert not city.covers("990200")


def test_an_agency_ends_after_it_begins_and_exists_on_both_its_days() -> None:
    with refuses("agency_ends_after_it_begins"), transaction.atomic():
        agency("示例短命局", valid_from=DAY, valid_to=DAY - timedelta(days=1))
    office = agency("示例撤并局", valid_from=DAY, valid_to=DAY + timedelta(days=1))

    assert [office.exists_on(DAY + timedelta(days=n)) for n in (-1, 0, 1, 2)] == [False, True, True, False]


@pytest.mark.proves("REC-06")
def test_an_organ_or_an_authorised_organisation_may_determine_and_no_other() -> None:
    assert agency("示例局").may_determine
    assert agency("示例中心", is_administrative_organ=False, authorised_by="《示例条例》第三条").may_determine
    assert not agency("示例协会", is_administrative_organ=False).may_determine


@pytest.mark.proves("PUB-13")
def test_the_clock_binds_governments_from_the_county_up() -> None:
    assert agency("示例县局", level="county").is_clocked
    assert not agency("示例街道", level="below_county").is_clocked
    assert not agency("示例法院", kind="judicial_organ").is_clocked


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def key(**changes: Any) -> ApiClient:
    values: dict[str, Any] = {
        "kind": "agency", "name": "n", "key_id": uuid4().hex[:8], "key_sha256": "0" * 64, "valid_from": DAY, "valid_to": DAY,
    }  # fmt: skip
    with transaction.atomic():
        return ApiClient.objects.create(**values | changes)


@pytest.mark.proves("SEC-18")
def test_an_agencys_key_without_its_agency_is_refused_by_the_database(office: Agency) -> None:
    with refuses("apiclient_agency_key_has_its_agency"):
        key()
    assert key(agency=office).pk
    assert key(kind="public").pk


def test_a_key_ends_after_it_begins_and_its_public_part_is_nobody_elses(office: Agency) -> None:
    with refuses("apiclient_ends_after_it_begins"):
        key(agency=office, valid_to=DAY - timedelta(days=1))
    key(agency=office, key_id="AAAAAAAA")
    with refuses("key_id"):
        key(agency=office, key_id="AAAAAAAA")


def test_a_key_may_what_its_scopes_let_it_on_the_days_it_lives(office: Agency) -> None:
    client = key(agency=office, scopes=["intake"], valid_to=DAY + timedelta(days=9))

    assert client.may(Permission.TAKE_IN, on=DAY)
    assert not client.may(Permission.CLEAR_TEXT, on=DAY)
    assert not client.may(Permission.TAKE_IN, on=DAY + timedelta(days=10))
    client.revoked_on = DAY + timedelta(days=5)
    assert [client.may(Permission.TAKE_IN, on=DAY + timedelta(days=n)) for n in (4, 5)] == [True, False]
    assert not key(agency=office, scopes=["queries"]).may(Permission.TAKE_IN, on=DAY)
