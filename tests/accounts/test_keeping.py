"""Account keepers: two humans for whatever they do, never on themselves, within their own bodies; what was proposed happens."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import rules, services
from accounts.models import (
    AccountStep,
    Agency,
    AgencyName,
    ApiClient,
    Deputy,
    Identity,
    Posting,
    Region,
    Session,
    User,
)
from accounts.permissions import ROLES, Permission
from accounts.services import access
from accounts.services.keeping import identity_of
from accounts.signals import changed
from casework import privacy
from casework.calendar import today
from casework.errors import DomainError, NotAllowed, Refused, WrongState
from casework.models import AuditBody, AuditEvent, Refusal
from credit_portal.demo.people import identity_number
from tests.accounts.people import ADDRESS, PASSWORD, post, shown, signer
from tests.factories import agency, client_of, code_of, numbers, officer, region

pytestmark = pytest.mark.django_db

NUMBER = identity_number(date(1990, 5, 17), 1)
TOMORROW = timedelta(days=1)


@pytest.fixture
def office() -> Agency:
    return agency()


@pytest.fixture
def first(office: Agency) -> User:
    return officer("account_keeper", office, "keeper.one")


@pytest.fixture
def second(office: Agency) -> User:
    return officer("account_keeper", office, "keeper.two")


def propose(kind: str, by: User, /, **values: Any) -> services.Decided:
    return services.propose(kind, by=by, on=today(), reason="人员变动", **values)


def confirm(decided: services.Decided, by: User) -> services.Decided:
    return services.confirm(decided.step.pk, by=by, at=timezone.now())


def new_account(by: User, at: Agency, **changes: Any) -> services.Decided:
    values: dict[str, Any] = {
        "username": "shen.zhibai", "name": "沈知白", "number": NUMBER, "role": "clerk", "valid_from": today(), "valid_to": None,
    }  # fmt: skip
    return propose("make_account", by, agency=at, **values | changes)


def rule_of(error: type[DomainError], act: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(error) as caught:
        act(*args, **kwargs)
    return caught.value.rule


# ── two humans ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SEC-01", "SEC-04")
def test_one_keeper_proposes_another_confirms_and_then_the_account_stands(
    office: Agency, first: User, second: User
) -> None:
    proposed = new_account(first, office)
    assert not User.objects.filter(username="shen.zhibai").exists()

    confirm(proposed, second)

    made = User.objects.get(username="shen.zhibai")
    posting = made.postings.get()
    assert (made.name, made.kind, made.is_active, made.has_usable_password()) == ("沈知白", "staff", True, False)
    assert (posting.agency, posting.role, posting.valid_from) == (office, "clerk", today())
    step = AccountStep.objects.get()
    assert (step.state, step.user, step.decided_by_identity_id) == ("confirmed", made, second.identity_id)
    assert list(AuditEvent.objects.filter(chain=made.uuid).order_by("seq").values_list("name", flat=True)) == [
        "user.made", "user.posting_opened", "account_step.confirmed",
    ]  # fmt: skip


@pytest.mark.proves("SEC-04")
def test_nobody_confirms_his_own_step_under_whatever_account(office: Agency, first: User, second: User) -> None:
    proposed = new_account(first, office)
    User.objects.filter(pk=first.pk).update(is_active=False)
    again = User.objects.create(username="keeper.again", kind="staff", identity=first.identity)
    post(again, office, "account_keeper", date(2010, 1, 1))

    assert rule_of(Refused, confirm, proposed, again) == "own_draft"
    assert rule_of(Refused, services.reject, proposed.step.pk, by=again, on=today(), reason="r") == "own_draft"
    with pytest.raises(IntegrityError, match="accountstep_is_decided_by_another_human"), transaction.atomic():
        AccountStep.objects.filter(pk=proposed.step.pk).update(
            state="confirmed", decided_by=again, decided_at=timezone.now()
        )
    assert confirm(proposed, second).step.state == "confirmed"


def test_the_database_itself_fills_in_whose_identity_stands_behind_a_decision(
    office: Agency, first: User, second: User
) -> None:
    step = new_account(first, office).step

    AccountStep.objects.filter(pk=step.pk).update(
        state="confirmed", decided_by=second, decided_by_identity=first.identity, decided_at=timezone.now()
    )

    step.refresh_from_db()
    assert step.decided_by_identity_id == second.identity_id


@pytest.mark.proves("SEC-04")
def test_a_deputy_who_prepared_it_himself_cannot_decide_for_the_keeper_whose_posting_he_holds(
    office: Agency, first: User, second: User
) -> None:
    Deputy.objects.create(posting=second.postings.get(), user=first, valid_from=today(), valid_to=today())
    proposed = new_account(first, office)

    assert rule_of(Refused, confirm, proposed, first) == "own_draft"
    assert confirm(proposed, second)


@pytest.mark.proves("SEC-04")
@pytest.mark.parametrize("kind", ["open_posting", "reset_access", "close_account"])
def test_a_keeper_does_nothing_to_himself(office: Agency, first: User, second: User, kind: str) -> None:
    values = {"agency": office, "role": "account_keeper", "valid_from": today()} if kind == "open_posting" else {}
    other = officer("clerk", office, "lin.lan")

    assert rule_of(Refused, propose, kind, first, user=first, **values) == "own_account"
    assert propose(kind, first, user=other, **values | ({"role": "reviewer"} if values else {}))
    proposed = propose(kind, second, user=first, **values | ({"valid_from": today() + TOMORROW} if values else {})) \
        if kind != "open_posting" else None  # fmt: skip
    if proposed:
        assert rule_of(Refused, confirm, proposed, first) in {"own_account"}


def test_a_keeper_makes_no_second_account_for_himself(office: Agency, first: User) -> None:
    human = identity_of(NUMBER)
    User.objects.filter(pk=first.pk).update(identity=human)
    first.refresh_from_db()

    assert rule_of(Refused, new_account, first, office) == "own_account"


def test_a_rejection_has_a_reason_and_only_the_author_takes_back(office: Agency, first: User, second: User) -> None:
    one, two = (
        new_account(first, office),
        new_account(first, office, username="b.b", number=identity_number(date(1991, 1, 1), 2)),
    )

    assert rule_of(Refused, services.reject, one.step.pk, by=second, on=today(), reason=" ") == "reason_missing"
    assert services.reject(one.step.pk, by=second, on=today(), reason="号码不符").state == "rejected"
    assert rule_of(NotAllowed, services.take_back, two.step.pk, by=second) == "not_allowed"
    assert services.take_back(two.step.pk, by=first).state == "taken_back"
    assert rule_of(WrongState, confirm, one, second) == "moved_on"
    assert not User.objects.filter(username__in=["shen.zhibai", "b.b"]).exists()


def test_the_same_is_not_proposed_twice(office: Agency, first: User, second: User) -> None:
    lan = officer("clerk", office, "lin.lan")
    propose("reset_access", first, user=lan)

    assert rule_of(WrongState, propose, "reset_access", second, user=lan) == "step_waiting"
    assert propose("close_account", second, user=lan)


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SEC-01")
@pytest.mark.parametrize("role", sorted(set(ROLES) - {"account_keeper"}))
def test_no_other_role_keeps_accounts(office: Agency, first: User, role: str) -> None:
    other = officer(role, office, "other")
    proposed = new_account(first, office)

    assert rule_of(NotAllowed, new_account, other, office, username="x.y") == "not_allowed"
    assert rule_of(NotAllowed, confirm, proposed, other) == "not_allowed"


@pytest.mark.proves("SEC-01")
def test_a_keeper_keeps_his_own_body_and_those_below_and_a_lead_units_keeper_its_region(office: Agency) -> None:
    below = agency("示例区市场监督管理局", superior=office, region="990102", level="county")
    beside = agency("示例市应急管理局")
    elsewhere = agency("示例二市局", region="990200")
    lead = agency("示例市信用办", kind="local_lead_unit")
    keeper, leads = officer("account_keeper", office, "k"), officer("account_keeper", lead, "l")

    assert set(rules.kept_agencies(keeper, today())) == {office, below}
    assert set(rules.kept_agencies(leads, today())) == {office, below, beside, lead}
    assert rule_of(NotAllowed, new_account, keeper, beside) == "not_allowed"
    assert rule_of(NotAllowed, new_account, leads, elsewhere) == "not_allowed"
    assert new_account(leads, beside)


@pytest.mark.proves("SEC-04")
@pytest.mark.parametrize("role", sorted(set(ROLES) - {"account_keeper"}))
def test_an_account_keeper_holds_no_case_role_not_even_by_sql(
    office: Agency, first: User, second: User, role: str
) -> None:
    Agency.objects.filter(pk=office.pk).update(kind="local_lead_unit")
    office.refresh_from_db()
    third = officer("account_keeper", office, "keeper.three")

    step = ("open_posting", first)
    assert rule_of(Refused, propose, *step, user=third, agency=office, role=role, valid_from=today()) == "roles_apart"
    with pytest.raises(IntegrityError, match="posting_auditor_and_keeper_hold_no_other"), transaction.atomic():
        post(third, office, role, today())
    Posting.objects.filter(user=third).update(valid_to=today())
    assert propose(*step, user=third, agency=office, role=role, valid_from=today() + TOMORROW)


@pytest.mark.proves("ORG-05")
@pytest.mark.parametrize("role", ["coordinator", "auditor"])
def test_who_reads_beyond_his_body_is_posted_at_a_lead_unit(office: Agency, first: User, role: str) -> None:
    lead = agency("示例市信用办", kind="local_lead_unit")
    leads = officer("account_keeper", lead)

    assert rule_of(Refused, new_account, first, office, role=role) == "role_of_lead_units"
    assert rule_of(Refused, new_account, leads, office, role=role) == "role_of_lead_units"
    assert new_account(leads, lead, role=role)


@pytest.mark.proves("ORG-05")
def test_a_coordinator_reads_his_region_and_decides_for_nobody(office: Agency) -> None:
    county = agency("示例区局", region="990102", level="county")
    elsewhere = agency("示例二市局", region="990200")
    lead = agency("示例市信用办", kind="local_lead_unit")
    coordinator, clerk = officer("coordinator", lead), officer("clerk", office)

    assert set(rules.agencies_in_reach(coordinator, today())) == {office, county, lead}
    assert set(rules.agencies_in_reach(clerk, today())) == {office}
    assert elsewhere in rules.agencies_in_reach(officer("auditor", office), today())
    reads = {Permission.READ_FILE, Permission.READ_CLOCK, Permission.READ_REGISTERS, Permission.ISSUE_CIRCULAR}
    assert coordinator.permissions_on(today()) == reads


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SEC-04")
def test_one_living_account_per_human_and_the_number_is_kept_nowhere(office: Agency, first: User, second: User) -> None:
    confirm(new_account(first, office), second)

    again = identity_number(date(1990, 5, 17), 1).lower()
    assert rule_of(Refused, new_account, first, office, username="zhibai.two", number=again) == "account_exists"
    tables = (AccountStep, User, Identity, AuditEvent, AuditBody, Refusal)
    kept = str([list(model.objects.values()) for model in tables])
    assert NUMBER not in kept
    assert NUMBER[:14] not in kept
    assert new_account(first, office, username="zhibai.two", number=identity_number(date(1990, 5, 17), 2))


def test_a_former_account_stays_and_its_human_is_the_same(office: Agency, first: User, second: User) -> None:
    confirm(new_account(first, office), second)
    former = User.objects.get(username="shen.zhibai")
    confirm(propose("close_account", first, user=former), second)

    confirm(new_account(second, office, username="shen.back"), first)

    former.refresh_from_db()
    back = User.objects.get(username="shen.back")
    assert (former.is_active, back.is_active) == (False, True)
    assert former.identity == back.identity
    key, digest = privacy.look_up_digests(NUMBER, privacy.Document.RESIDENT_IDENTITY)[0]
    assert rules.identity_digest(back) == (key, digest)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"number": "110101900101001"}, None),
        ({"number": "12345"}, "number_malformed"),
        ({"number": ""}, "number_malformed"),
        ({"username": "沈知白"}, "username_malformed"),
        ({"username": "ab"}, "username_malformed"),
        ({"username": "keeper.one"}, "username_taken"),
        ({"name": "  "}, "name_missing"),
        ({"role": "king"}, "role_unknown"),
        ({"valid_from": today() - TOMORROW if False else date(2026, 11, 19)}, "day_past"),
        ({"valid_to": date(2026, 11, 19)}, "days_in_disorder"),
        ({"valid_to": date(2026, 11, 20)}, None),
    ],
)
def test_what_an_account_needs(office: Agency, first: User, changes: dict[str, Any], rule: str | None) -> None:
    if rule is None:
        assert new_account(first, office, **changes).half
    else:
        assert rule_of(Refused, new_account, first, office, **changes) == rule


def test_what_waited_overnight_begins_on_the_day_of_its_confirmation(
    office: Agency, first: User, second: User, travel: Any
) -> None:
    proposed = new_account(first, office)

    travel(today() + TOMORROW)
    confirm(proposed, second)

    assert User.objects.get(username="shen.zhibai").postings.get().valid_from == date(2026, 11, 21)


def test_a_posting_is_opened_once_and_ends_on_its_day(office: Agency, first: User, second: User) -> None:
    lan = officer("clerk", office, "lin.lan")
    values = {"user": lan, "agency": office, "valid_from": today()}

    assert rule_of(Refused, propose, "open_posting", first, role="clerk", **values) == "posting_exists"
    confirm(propose("open_posting", first, role="reviewer", **values), second)
    assert lan.may(Permission.DECIDE_HIDE, on=today())
    posting = lan.postings.get(role="reviewer")
    assert (
        rule_of(Refused, propose, "end_posting", first, posting=posting.pk, valid_to=today() - TOMORROW) == "day_past"
    )
    confirm(propose("end_posting", first, posting=posting.pk, valid_to=today()), second)
    assert lan.may(Permission.DECIDE_HIDE, on=today())
    assert not lan.may(Permission.DECIDE_HIDE, on=today() + TOMORROW)
    assert rule_of(Refused, propose, "end_posting", first, posting=posting.pk, valid_to=today()) == "posting_ended"


def test_a_deputy_holds_the_posting_on_his_days_and_no_longer(office: Agency, first: User, second: User) -> None:
    reviewer, clerk = officer("reviewer", office, "rev"), officer("clerk", office, "clerk")
    stranger, auditor = officer("clerk", agency("别局"), "far"), officer("auditor", office, "aud")
    posting, last = reviewer.postings.get(), today() + timedelta(days=7)
    days = {"posting": posting.pk, "valid_from": today(), "valid_to": last}

    assert rule_of(Refused, propose, "name_deputy", first, user=stranger, **days) == "deputy_elsewhere"
    assert rule_of(Refused, propose, "name_deputy", first, user=reviewer, **days) == "own_deputy"
    assert rule_of(Refused, propose, "name_deputy", first, user=auditor, **days) == "roles_apart"
    confirm(propose("name_deputy", first, user=clerk, **days), second)
    assert rule_of(Refused, propose, "name_deputy", first, user=clerk, **days) == "deputy_exists"
    assert clerk.may(Permission.DECIDE_HIDE, on=last)
    assert not clerk.may(Permission.DECIDE_HIDE, on=last + TOMORROW)
    confirm(propose("end_posting", first, posting=posting.pk, valid_to=today()), second)
    assert not clerk.may(Permission.DECIDE_HIDE, on=today() + TOMORROW)


# ── leavers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def heard() -> Any:
    """Stands for an app above: hears what is told, refuses when work is open and nobody takes it over."""
    told: list[dict[str, Any]] = []

    def receiver(**said: Any) -> None:
        told.append(said)
        if said["kind"] == "user.closed" and said["after"] is None:
            raise Refused("2 cases are open.", rule="open_work", rows=["SEC-01"])

    changed.connect(receiver)
    yield told
    changed.disconnect(receiver)


def test_who_leaves_open_work_needs_a_successor_of_the_same_body(
    office: Agency, first: User, second: User, heard: list[dict[str, Any]]
) -> None:
    lan, _secret = signer("clerk", office, "lin.lan")
    colleague, stranger = officer("clerk", office, "he.yian"), officer("clerk", agency("别局"), "far")
    Session.objects.create(session_key="a", session_data="", expire_date=timezone.now(), user=lan)
    without = propose("close_account", first, user=lan)

    assert rule_of(Refused, confirm, without, second) == "open_work"
    lan.refresh_from_db()
    assert lan.is_active
    assert Session.objects.exists()
    services.take_back(without.step.pk, by=first)
    unfit = propose, "close_account", first
    assert rule_of(Refused, *unfit, user=lan, successor=stranger.pk) == "successor_unfit"
    assert rule_of(Refused, *unfit, user=lan, successor=lan.pk) == "successor_unfit"
    confirm(propose("close_account", first, user=lan, successor=colleague.pk), second)

    lan.refresh_from_db()
    assert (lan.is_active, lan.has_usable_password(), lan.totp_box) == (False, False, None)
    assert lan.postings.get().valid_to == today()
    assert not Session.objects.exists()
    assert not lan.permissions_on(today())
    assert (heard[-1]["before"], heard[-1]["after"], heard[-1]["cause"].kind) == (lan.pk, colleague.pk, "close_account")


# ── access by two halves ─────────────────────────────────────────────────────────────────────────────────────────────


def opened(name: str, one: str, two: str) -> AccountStep:
    return access.open_access(name, one, two, address=ADDRESS, at=timezone.now())


def take(step: AccountStep, password: str = PASSWORD) -> list[str]:
    from accounts import codes

    secret = codes.draw_secret()
    return services.take_access(step.pk, password=password, secret=secret, code=shown(secret), at=timezone.now())


@pytest.mark.proves("SEC-04")
def test_both_halves_together_open_an_account_once_and_neither_alone(office: Agency, first: User, second: User) -> None:
    proposed = new_account(first, office)
    one = proposed.half
    assert rule_of(NotAllowed, opened, "shen.zhibai", one, one) == "sign_in_failed"  # not yet confirmed
    two = confirm(proposed, second).half

    assert rule_of(NotAllowed, opened, "shen.zhibai", one, one) == "sign_in_failed"
    assert rule_of(NotAllowed, opened, "shen.zhibai", two, two) == "sign_in_failed"
    step = opened("shen.zhibai", one.lower(), two.replace("-", " "))
    assert len(take(step)) == 10
    assert rule_of(NotAllowed, opened, "shen.zhibai", one, two) == "sign_in_failed"
    assert rule_of(NotAllowed, take, step) == "access_over"
    kept = str(list(AccountStep.objects.values()))
    assert one not in kept
    assert two not in kept


def test_a_new_account_opens_for_a_day_and_a_reset_for_half_an_hour(
    office: Agency, first: User, second: User, travel: Any
) -> None:
    made, lan = new_account(first, office), officer("clerk", office, "lin.lan")
    reset = propose("reset_access", first, user=lan)

    steps = [confirm(made, second).step, confirm(reset, second).step]

    for step in steps:
        step.refresh_from_db()
    assert [round((step.usable_until - timezone.now()).total_seconds() / 60) for step in steps] == [24 * 60, 30]
    AccountStep.objects.update(usable_until=timezone.now())
    assert rule_of(NotAllowed, take, steps[0]) == "access_over"
    AccountStep.objects.update(usable_until=timezone.now() + timedelta(seconds=5))
    assert take(steps[0])


@pytest.mark.proves("SEC-04")
def test_a_reset_takes_the_old_access_away_at_once(office: Agency, first: User, second: User) -> None:
    lan, secret = signer("clerk", office, "lin.lan")
    Session.objects.create(session_key="a", session_data="", expire_date=timezone.now(), user=lan)
    proposed = propose("reset_access", first, user=lan)
    assert Session.objects.exists()

    two = confirm(proposed, second).half

    assert not Session.objects.exists()
    with pytest.raises(NotAllowed):
        access.sign_in("lin.lan", PASSWORD, shown(secret), address=ADDRESS, at=timezone.now())
    step = opened("lin.lan", proposed.half, two)
    assert take(step, "another password of mine")


def test_a_weak_password_or_a_wrong_code_leaves_the_door_open_for_another_try(
    office: Agency, first: User, second: User
) -> None:
    proposed = new_account(first, office)
    step = opened("shen.zhibai", proposed.half, confirm(proposed, second).half)
    from accounts import codes

    secret = codes.draw_secret()
    assert rule_of(Refused, take, step, "shen.zhibai 2026") == "password_weak"
    again = {"password": PASSWORD, "secret": secret, "at": timezone.now()}
    assert rule_of(Refused, services.take_access, step.pk, code="12345", **again) == "code_wrong"
    assert take(step)


# ── bodies and divisions ─────────────────────────────────────────────────────────────────────────────────────────────


def body(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "unified_code": code_of(next(numbers), department="1"), "name": "示例市新设局", "kind": "competent_department",
        "level": "prefecture", "region": "990100", "superior": None, "is_administrative_organ": True,
        "valid_from": today(),
    }  # fmt: skip
    return values | changes


def test_a_body_is_registered_below_ones_own_and_without_a_superior_by_the_lead_unit(
    office: Agency, first: User, second: User
) -> None:
    lead = agency("示例市信用办", kind="local_lead_unit")
    leads = officer("account_keeper", lead, "l")

    assert rule_of(NotAllowed, propose, "make_agency", first, **body()) == "not_allowed"
    assert propose("make_agency", leads, **body())
    made = confirm(propose("make_agency", first, **body(superior=office.pk)), second).step.agency
    assert made is not None
    assert (made.superior, made.name) == (office, "示例市新设局")
    assert AuditEvent.objects.filter(chain=made.uuid, name="agency.made").exists()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"unified_code": "12345"}, "code_malformed"),
        ({"kind": "club"}, "kind_unknown"),
        ({"level": "galaxy"}, "kind_unknown"),
        ({"region": "880000"}, "region_unknown"),
        ({"name": ""}, "name_missing"),
        ({"valid_from": None}, "day_missing"),
        ({"is_administrative_organ": False, "field": "ports"}, "authority_missing"),
    ],
)
def test_what_a_body_needs(office: Agency, first: User, changes: dict[str, Any], rule: str) -> None:
    assert rule_of(Refused, propose, "make_agency", first, **body(superior=office.pk) | changes) == rule
    assert propose("make_agency", first, **body(superior=office.pk))


def test_a_renamed_body_keeps_its_former_name_with_its_days(office: Agency, first: User, second: User) -> None:
    before = office.name
    assert (
        rule_of(Refused, propose, "rename_agency", first, agency=office, name=before, day=today()) == "name_unchanged"
    )
    late = {"agency": office, "name": "示例市市监委", "day": today() + TOMORROW}
    assert rule_of(Refused, propose, "rename_agency", first, **late) == "day_impossible"

    confirm(propose("rename_agency", first, agency=office, name="示例市市监委", day=date(2026, 11, 2)), second)

    office.refresh_from_db()
    former = AgencyName.objects.get()
    assert (office.name, former.name) == ("示例市市监委", before)
    assert (former.valid_from, former.valid_to) == (office.valid_from, date(2026, 11, 1))
    again = {"agency": office, "name": "示例市市场监管局", "day": date(2026, 11, 1)}
    assert rule_of(Refused, propose, "rename_agency", first, **again) == "day_impossible"


@pytest.mark.proves("SEC-18")
def test_a_merged_body_ends_with_its_postings_and_keys_and_its_successor_goes_on(
    first: User, second: User, office: Agency, travel: Any
) -> None:
    old, under = agency("示例市质监局", superior=office), None
    under = agency("示例区质监局", superior=old, level="county")
    lan, key = officer("clerk", old, "lin.lan"), client_of(old)
    last = today() + timedelta(days=9)

    past = {"agency": old, "successor": office.pk, "day": today() - TOMORROW}
    assert rule_of(Refused, propose, "merge_agency", first, **past) == "day_past"
    assert (
        rule_of(Refused, propose, "merge_agency", first, **past | {"successor": old.pk, "day": last})
        == "successor_unfit"
    )
    deeper = {"agency": old, "successor": agency("孙", superior=under).pk, "day": last}
    assert rule_of(Refused, propose, "merge_agency", first, **deeper) == "successor_unfit"
    confirm(propose("merge_agency", first, agency=old, successor=office.pk, day=last), second)

    for row in (old, under):
        row.refresh_from_db()
    assert (old.valid_to, old.successor, old.name, under.superior) == (last, office, "示例市质监局", office)
    assert lan.may(Permission.TAKE_IN, on=last)
    assert not lan.may(Permission.TAKE_IN, on=last + TOMORROW)
    assert services.client_of(key.secret, on=last) is not None
    assert services.client_of(key.secret, on=last + TOMORROW) is None


def test_a_key_of_an_ended_body_opens_nothing_whatever_its_own_days_say(office: Agency) -> None:
    key = client_of(office)
    Agency.objects.filter(pk=office.pk).update(valid_to=today())

    assert services.client_of(key.secret, on=today()) is not None
    assert services.client_of(key.secret, on=today() + TOMORROW) is None
    assert ApiClient.objects.get().valid_to > today() + TOMORROW


def test_a_division_code_ends_and_its_bodies_go_on_under_the_next(office: Agency, first: User, second: User) -> None:
    lead = agency("示例市信用办", kind="local_lead_unit")
    one, two = officer("account_keeper", lead, "l1"), officer("account_keeper", lead, "l2")
    region("990121", "示例县")
    county = agency("示例县局", region="990121", level="county")
    values = {"code": "990121", "successor": "990122", "name": "示例新区", "day": today()}

    assert rule_of(NotAllowed, propose, "change_region", first, **values) == "not_allowed"
    wrong = {"successor": "99012", "code": "990121", "name": "x", "day": today()}
    assert rule_of(Refused, propose, "change_region", one, **wrong) == "code_malformed"
    assert rule_of(Refused, propose, "change_region", one, **values | {"day": today() + TOMORROW}) == "day_impossible"
    confirm(propose("change_region", one, **values), two)

    county.refresh_from_db()
    old = Region.objects.get(pk="990121")
    assert (old.valid_to, old.successor_id, county.region_id) == (today(), "990122", "990122")
    assert Region.objects.get(pk="990122").valid_from == today() + TOMORROW
    assert rule_of(Refused, propose, "change_region", one, **values) == "region_unknown"
