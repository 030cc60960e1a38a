"""Signing in: one answer for whatever is wrong, no code twice, delays that double, sessions that end."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import identify_hasher, make_password
from django.utils import timezone

from accounts import codes
from accounts.models import Agency, Posting, Session, SignInFailure, User
from accounts.services import access
from casework import privacy
from casework.calendar import today
from casework.errors import NotAllowed, Refused
from casework.models import AuditBody, AuditEvent
from credit_portal import settings as shipped
from tests.accounts.people import ADDRESS, PASSWORD, give_access, shown, signer
from tests.factories import agency, officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Agency:
    return agency()


def enter(name: str, code: str, password: str = PASSWORD, address: str = ADDRESS) -> User:
    return access.sign_in(name, password, code, address=address, at=timezone.now())


def refused(*args: Any, **kwargs: Any) -> NotAllowed:
    with pytest.raises(NotAllowed) as caught:
        enter(*args, **kwargs)
    return caught.value


def events_of(user: User) -> list[str]:
    return list(AuditEvent.objects.filter(chain=user.uuid).values_list("name", flat=True))


# ── one answer ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_name_password_and_code_together_open_the_door(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")

    assert enter("lin.lan", shown(secret)) == user
    assert events_of(user) == ["user.signed_in"]
    assert ADDRESS in AuditBody.objects.get(event__chain=user.uuid).body


@pytest.mark.proves("SEC-04")
def test_whatever_is_wrong_the_answer_is_the_same(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    closed, closed_secret = signer("clerk", office, "he.yian")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    gone, gone_secret = signer("clerk", office, "lu.mingzhou")
    Posting.objects.filter(user=gone).update(valid_to=today() - timedelta(days=1))
    owner, owner_secret = signer("clerk", office, "owner")
    User.objects.filter(pk=owner.pk).update(kind="business")

    answers = [
        refused("nobody", shown(secret)),
        refused("lin.lan", shown(secret), "not the password at all"),
        refused("lin.lan", "000000" if shown(secret) != "000000" else "111111"),
        refused("lin.lan", ""),
        refused("he.yian", shown(closed_secret)),
        refused("lu.mingzhou", shown(gone_secret)),
        refused("owner", shown(owner_secret)),
    ]

    assert len({(str(answer), answer.rule) for answer in answers}) == 1
    assert enter("lin.lan", shown(secret)) == user  # none of it used the code up


def test_a_name_that_nobody_bears_costs_one_password_like_any_other(office: Agency, monkeypatch: Any) -> None:
    signer("clerk", office, "lin.lan")
    asked: list[str] = []
    monkeypatch.setattr(access, "check_password", lambda password, held: asked.append(held) or False)

    refused("nobody", "123456")
    refused("lin.lan", "123456")
    locked = officer("clerk", office, "unusable")
    locked.set_unusable_password()
    locked.save()
    refused("unusable", "123456")

    assert len(asked) == 3
    assert len({identify_hasher(held).algorithm for held in asked}) == 1


def test_passwords_are_kept_by_argon2id(settings: Any) -> None:
    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS

    assert make_password(PASSWORD).startswith("argon2$argon2id$")


def test_a_password_typed_on_another_keyboard_is_the_same_password(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    full_width = PASSWORD.replace("at", "ａｔ")

    assert enter("LIN.lan ", shown(secret), full_width) == user


# ── codes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_for_one_step_before_and_after_its_own(office: Agency, steps: int, counts: bool) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    at = timezone.now().replace(second=10, microsecond=0)

    with time_machine.travel(at, tick=False):
        code = shown(secret, steps=steps)
        if counts:
            assert enter("lin.lan", code)
        else:
            refused("lin.lan", code)


@pytest.mark.proves("SEC-04")
def test_no_code_works_twice_nor_one_from_before_it(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    with time_machine.travel(timezone.now().replace(second=10, microsecond=0), tick=False):
        enter("lin.lan", shown(secret))

        refused("lin.lan", shown(secret))
        refused("lin.lan", shown(secret, steps=-1))
        assert enter("lin.lan", shown(secret, steps=1))


def test_the_secret_is_sealed_and_bound_to_its_account(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    other = officer("clerk", office, "he.yian")
    user.refresh_from_db()

    assert secret.encode() not in bytes(user.totp_box)
    assert privacy.open_box(user.totp_box, table="accounts_user", person=user.uuid, kind="totp") == secret
    with pytest.raises(privacy.Unreadable):
        privacy.open_box(user.totp_box, table="accounts_user", person=other.uuid, kind="totp")


def test_an_authenticator_of_the_standard_shows_what_we_expect() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B

    assert codes.code_at(secret, datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC)) == "287082"
    assert codes.address_for(secret, "lin.lan", "信用青禾").startswith("otpauth://totp/")


@pytest.mark.proves("SEC-04")
def test_each_recovery_code_works_once(office: Agency) -> None:
    user, _secret = signer("clerk", office, "lin.lan")
    drawn = access.renew_recovery_codes(user.pk, by=user)
    user.refresh_from_db()

    assert len(set(drawn)) == 10
    assert not set(drawn) & set(user.recovery_codes)
    assert enter("lin.lan", drawn[3].lower().replace("-", " ")) == user
    refused("lin.lan", drawn[3])
    assert enter("lin.lan", drawn[4]) == user
    again = access.renew_recovery_codes(user.pk, by=user)
    refused("lin.lan", drawn[5])
    assert enter("lin.lan", again[5]) == user


def test_recovery_codes_are_their_holders_own(office: Agency) -> None:
    user, other = officer("clerk", office, "lin.lan"), officer("clerk", office, "he.yian")

    with pytest.raises(NotAllowed):
        access.renew_recovery_codes(user.pk, by=other)


# ── delays ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def fail(name: str, times: int, address: str = ADDRESS) -> list[str]:
    return [refused(name, "123456", "wrong", address).rule for _n in range(times)]


@pytest.mark.proves("SEC-04")
def test_after_five_failures_the_delay_doubles_up_to_fifteen_minutes(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert fail("lin.lan", 5) == ["sign_in_failed"] * 4 + ["sign_in_paused"]
        for seconds in (30, 60, 120, 240, 480, 900, 900):
            clock.shift(seconds - 1)
            assert refused("lin.lan", shown(secret)).rule == "sign_in_paused"  # the right code, too early
            clock.shift(1)
            assert refused("lin.lan", "123456", "wrong").rule == "sign_in_paused"
        clock.shift(900)
        assert enter("lin.lan", shown(secret))


def test_a_pause_says_when_one_may_try_again_and_a_try_within_it_does_not_count(office: Agency) -> None:
    with time_machine.travel(timezone.now().replace(second=0, microsecond=0), tick=False):
        fail("nobody", 5)
        said = refused("nobody", "123456")
        fail("nobody", 40)

        assert said.data["until"] == (timezone.now() + timedelta(seconds=30)).isoformat()
        assert "12:01" in str(said)
        assert SignInFailure.objects.count() == 5


def test_a_known_and_an_unknown_name_are_paused_alike_and_only_the_known_ones_chain_tells(office: Agency) -> None:
    user, _secret = signer("clerk", office, "lin.lan")

    with time_machine.travel(timezone.now(), tick=False):
        assert [str(refused("lin.lan", "1", "x")) for _n in range(6)] == [
            str(refused("nobody", "1", "x", "10.3.2.2")) for _n in range(6)
        ]
    assert events_of(user) == ["user.sign_in_paused"]


def test_another_address_is_not_delayed_by_failures_from_elsewhere(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    fail("lin.lan", 5, "203.0.113.9")

    assert enter("lin.lan", shown(secret)) == user


def test_fifty_failures_of_one_account_in_a_day_stop_it_from_everywhere(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    for n in range(49):
        fail("lin.lan", 1, f"203.0.113.{n}")
    assert enter("lin.lan", shown(secret))
    fail("lin.lan", 1, "203.0.113.99")

    assert refused("lin.lan", shown(secret)).rule == "sign_in_paused"
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        assert enter("lin.lan", shown(secret))


def test_a_hundred_failures_from_one_address_stop_it_for_every_account_whatever_succeeds_between(
    office: Agency,
) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    for n in range(60):
        fail(f"guess{n}", 1)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert enter("lin.lan", shown(secret))
        for n in range(40):
            fail(f"other{n}", 1)
        assert refused("lin.lan", shown(secret, steps=1)).rule == "sign_in_paused"
        assert enter("lin.lan", shown(secret, steps=1), address="10.3.2.2")


def test_who_signs_in_has_his_own_failures_forgotten(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    fail("lin.lan", 4)
    enter("lin.lan", shown(secret))

    assert fail("lin.lan", 4) == ["sign_in_failed"] * 4
    assert SignInFailure.objects.count() == 8  # the address keeps its count
    assert user.pk


def test_one_ipv6_network_is_one_address(office: Agency) -> None:
    for n in range(4):
        fail("nobody", 1, f"2001:db8:1:2::{n + 1:x}")

    assert fail("nobody", 1, "2001:db8:1:2:ffff::1") == ["sign_in_paused"]
    assert fail("nobody", 1, "2001:db8:1:3::1") == ["sign_in_failed"]


def test_neither_name_nor_address_stands_in_the_failures(office: Agency) -> None:
    fail("lin.lan", 1)

    kept = str(list(SignInFailure.objects.values()))
    assert "lin" not in kept
    assert ADDRESS not in kept


def test_the_sweep_throws_failures_and_dead_sessions_of_yesterday_away(office: Agency) -> None:
    fail("nobody", 2)
    now = timezone.now()
    SignInFailure.objects.filter(pk=SignInFailure.objects.first().pk).update(at=now - timedelta(days=1))  # type: ignore[union-attr]
    Session.objects.create(session_key="dead", session_data="", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="alive", session_data="", expire_date=now + timedelta(seconds=1))

    assert access.forget_failures(at=now) == 1
    assert SignInFailure.objects.count() == 1
    assert [session.session_key for session in Session.objects.all()] == ["alive"]


# ── step-up ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SEC-04")
def test_a_running_session_proves_itself_by_a_fresh_code_and_a_replayed_one_is_refused(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    access.prove(user, shown(secret), address=ADDRESS, at=timezone.now())

    with pytest.raises(NotAllowed) as caught:
        access.prove(user, shown(secret), address=ADDRESS, at=timezone.now())

    assert caught.value.field == "code"
    assert events_of(user) == ["user.code_refused"]


def test_guessing_codes_in_a_stolen_session_is_slowed_down_like_signing_in(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    for _n in range(5):
        with pytest.raises(NotAllowed):
            access.prove(user, "12345", address=ADDRESS, at=timezone.now())

    with pytest.raises(NotAllowed) as caught:
        access.prove(user, shown(secret), address=ADDRESS, at=timezone.now())
    assert caught.value.rule == "sign_in_paused"


# ── passwords ────────────────────────────────────────────────────────────────────────────────────────────────────────

NEW = "竹外桃花三两枝春江水暖"


def change(user: User, secret: str, new: str = NEW, old: str = PASSWORD, code: str | None = None) -> None:
    code = shown(secret) if code is None else code
    access.change_password(user, old=old, new=new, code=code, address=ADDRESS, at=timezone.now())


def test_a_changed_password_ends_every_session(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    Session.objects.create(session_key="a", session_data="", expire_date=timezone.now(), user=user)
    before = user.get_session_auth_hash()

    change(user, secret, new=NEW + " 水")

    user.refresh_from_db()
    assert user.get_session_auth_hash() != before
    assert not Session.objects.exists()
    assert events_of(user) == ["user.password_changed"]
    assert enter("lin.lan", shown(secret, steps=1), NEW + " 水") == user


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"old": "not the old one"}, NotAllowed), ({"code": "000000"}, NotAllowed), ({"code": ""}, NotAllowed)],
)
def test_without_the_old_password_and_a_code_it_stays(office: Agency, changes: dict[str, str], error: Any) -> None:
    user, secret = signer("clerk", office, "lin.lan")

    with pytest.raises(error):
        change(user, secret, **changes)

    assert SignInFailure.objects.count() == 1
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    change(user, secret, new=NEW + " 水")


@pytest.mark.parametrize(
    "weak",
    ["short", "elevenchars", "woaini1314520", "5201314woaini", "zhongguo20081949", "qwertyuiop123456", "1qaz2wsx3edc4rfv",
     "aaaaaaaaaaaaaaaa", "admin@123456", "Lin.Lan-winter-night", "198503071234567890", "x" * 60 + "好水" * 40],
)  # fmt: skip
def test_common_short_and_own_names_are_no_passwords(office: Agency, weak: str) -> None:
    user, secret = signer("clerk", office, "lin.lan")

    with pytest.raises(Refused) as caught:
        change(user, secret, new=weak)

    assert (caught.value.rule, caught.value.field) == ("password_weak", "new")
    assert not SignInFailure.objects.exists()  # not a wrong secret


@pytest.mark.parametrize(
    "fine", ["twelve chars", "青山不改绿水长流天高云淡望断", "correct horse battery", "卷" * 3 + "舒云卷云舒去留无意"]
)
def test_twelve_characters_of_any_kind_are_enough(office: Agency, fine: str) -> None:
    user, secret = signer("clerk", office, "lin.lan")

    change(user, secret, new=fine)

    user.refresh_from_db()
    assert user.check_password(fine)


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_is_ended_by_its_holder_and_by_nobody_else(office: Agency) -> None:
    user, other = officer("clerk", office, "lin.lan"), officer("clerk", office, "he.yian")
    Session.objects.create(session_key="secret-key", session_data="", expire_date=timezone.now(), user=user)
    mark = access.session_mark("secret-key")

    assert "secret" not in mark
    assert not access.end_session(mark, by=other)
    assert access.end_session(mark, by=user)
    assert not access.end_session(mark, by=user)
    assert events_of(user) == ["user.session_ended"]


def test_a_posting_that_ended_yesterday_shuts_the_door_and_one_that_ends_today_does_not(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    Posting.objects.update(valid_to=today())
    assert enter("lin.lan", shown(secret)) == user

    Posting.objects.update(valid_to=today() - timedelta(days=1))
    refused("lin.lan", shown(secret, steps=1))
    assert give_access(user)
    assert date(2026, 11, 20) == today()
