"""Signing in and what opens the door: password, authenticator, one-time codes, sessions (D12, security.md #3, #4).

A try at a secret is counted before it is judged and forgotten when it succeeds, so that many at once cannot all be the
first. Whatever was wrong, the answer is one.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import codes, events, rules
from accounts.models import AccountStep, Session, SignInFailure, User
from accounts.passwords import normalise
from accounts.rules.signing import DAY, FREE_TRIES
from casework import privacy
from casework.actors import SYSTEM
from casework.audit import record
from casework.checks import allowed
from casework.errors import NotAllowed, Refused
from casework.models import Step
from casework.verbs import verb

TABLE, KIND = "accounts_user", "totp"  # what the box of an authenticator's secret is bound to


# --- Signing in


@sensitive_variables()
def sign_in(username: str, password: str, code: str, *, address: str, browser: str = "", at: datetime) -> User:
    """The officer behind name, password and one-time code. Everything else is one refusal, at the cost of one password."""
    with _counted(username, address, at, _("User name, password or one-time code is wrong.")):
        user = User.objects.filter(username=_name(username), kind=User.Kind.STAFF).first()
        held = user.password if user and user.has_usable_password() else _nobodys_password()
        if not check_password(normalise(password), held) or user is None:
            raise _Wrong
        with transaction.atomic():
            if not allowed(rules.check_may_enter, user, on=timezone.localdate(at)):
                raise _Wrong
            _spend(user, code, at)
            record(user, events.SIGNED_IN, by=user, address=address, browser=browser)
    return user


@verb
def sign_out(user: User) -> None:
    """The end of a session, by its holder. The door throws the session away."""
    record(user, events.SIGNED_OUT, by=user)


@sensitive_variables()
def prove(user: User, code: str, *, address: str, at: datetime) -> None:
    """A fresh, unused code in a running session, before an act that decides. A wrong one counts as a failed sign-in."""
    with _counted(user.username, address, at, _("This code is wrong or was used already."), field="code"):
        try:
            with transaction.atomic():
                _spend(user, code, at)
        except _Wrong:
            with transaction.atomic():
                record(user, events.CODE_REFUSED, by=user, address=address)
            raise


class _Wrong(Exception):
    """Whatever did not fit. It says no more, for whoever asks may be anybody."""


@contextmanager
def _counted(username: str, address: str, at: datetime, sentence: str, field: str | None = None) -> Iterator[None]:
    """One try for an account from an address: refused while too many failed, counted when it fails."""
    account, place = _digest("account", _name(username)), _digest("address", _network(address))
    mine = SignInFailure.objects.create(account=account, address=place)
    others = SignInFailure.objects.exclude(pk=mine.pk)
    if until := rules.paused_until(others, account, place, at):
        mine.delete()
        raise _paused(until)
    try:
        yield
    except _Wrong:
        if until := rules.paused_until(SignInFailure.objects.all(), account, place, at):
            _note_pause(_name(username), account, address, at)
            raise _paused(until) from None
        raise NotAllowed(sentence, rule="sign_in_failed", field=field) from None
    except BaseException:
        mine.delete()
        raise
    mine.delete()
    # The address keeps its count: whoever holds one account must not wipe away his tries at others.
    SignInFailure.objects.filter(account=account, address=place).update(account="")


def _paused(until: datetime) -> NotAllowed:
    shown = timezone.localtime(until + timedelta(seconds=59))
    return NotAllowed(
        _("Too many failed tries. Try again from %(day)s %(time)s.") % {"day": f"{shown:%Y-%m-%d}", "time": f"{shown:%H:%M}"},
        rule="sign_in_paused", data={"until": until.isoformat()},
    )  # fmt: skip


def _note_pause(username: str, account: str, address: str, at: datetime) -> None:
    """The pause stands on the account's chain, if there is such an account."""
    if user := User.objects.filter(username=username).first():
        tries = SignInFailure.objects.filter(account=account, at__gt=at - DAY).count()
        with transaction.atomic():
            record(user, events.PAUSED, by=SYSTEM, tries=max(tries, FREE_TRIES), address=address)


def forget_failures(*, at: datetime) -> int:
    """Throw away failures that slow nobody down any more, and sessions that have run out."""
    Session.objects.filter(expire_date__lt=at).delete()
    gone, _kinds = SignInFailure.objects.filter(at__lte=at - DAY).delete()
    return gone


def _name(username: str) -> str:
    return normalise(username).strip().casefold()[:64]


def _network(address: str) -> str:
    """Whoever holds one IPv6 address holds its /64 (D15)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)


def _digest(what: str, value: str) -> str:
    return salted_hmac(f"accounts.sign_in.{what}", value, algorithm="sha256").hexdigest()


@lru_cache(maxsize=1)
def _nobodys_password() -> str:
    """What is checked for a name that nobody bears: the same work, never the same answer."""
    return make_password(get_random_string(32))


# --- Codes and passwords of a living account


@sensitive_variables()
def change_password(user: User, *, old: str, new: str, code: str, address: str, at: datetime) -> None:
    """A new password, for whoever knows the old one and holds the authenticator. Every session ends, this one too."""
    with _counted(user.username, address, at, _("The old password or the code is wrong."), field="old"):
        _change_password(user.pk, old, new, code, at=at, by=user)


@verb
@sensitive_variables()
def _change_password(user_id: int, old: str, new: str, code: str, *, at: datetime, by: User) -> None:
    user = _locked(user_id)
    if not check_password(normalise(old), user.password):
        raise _Wrong
    _spend(user, code, at)
    set_password(user, new)
    _end_access(user)
    record(user, events.PASSWORD_CHANGED, by=by)


@verb
def renew_recovery_codes(user_id: int, *, by: User) -> list[str]:
    """Ten new codes, shown once; those of before end. The door has asked for a fresh code."""
    user = _locked(user_id)
    if user.pk != by.pk:
        raise NotAllowed(_("Recovery codes are their holder's own."), rule="not_allowed", rows=["SEC-01"])
    drawn = draw_recovery_codes(user)
    record(user, events.RECOVERY_DRAWN, by=by)
    return drawn


@sensitive_variables()
def _spend(user: User, code: str, at: datetime) -> None:
    """Use up one code of the authenticator, or one of last resort; under the row's lock, so that none works twice.

    The secret is sealed anew each time, so that a rotated ring reaches it.
    """
    held = _locked(user.pk)
    tidied = codes.tidy(code)
    if codes.is_from_authenticator(tidied) and held.totp_box:
        secret = privacy.open_box(bytes(held.totp_box), table=TABLE, person=held.uuid, kind=KIND)
        step = codes.step_matching(secret, tidied, at)
        if step is not None and step > held.totp_step:
            held.totp_step, held.totp_box = step, seal_secret(held, secret)
            held.save(update_fields=["totp_step", "totp_box"])
            return
    spent = codes.digest(tidied)
    left = [kept for kept in held.recovery_codes if not constant_time_compare(kept, spent)]
    if len(left) == len(held.recovery_codes):
        raise _Wrong
    held.recovery_codes = left
    held.save(update_fields=["recovery_codes"])


def seal_secret(user: User, secret: str) -> bytes:
    """The secret of an account's authenticator in its box: in another account's place it does not open."""
    return privacy.seal(secret, table=TABLE, person=user.uuid, kind=KIND)


@sensitive_variables()
def set_password(user: User, password: str) -> None:
    """Judge and set a password; the sentence of a refusal is the validators'."""
    spelled = normalise(password)
    try:
        validate_password(spelled, user)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), rule="password_weak", rows=["SEC-04"], field="new") from None
    user.set_password(spelled)
    user.save(update_fields=["password"])


def draw_recovery_codes(user: User) -> list[str]:
    drawn = codes.draw_recovery_codes()
    user.recovery_codes = [codes.digest(code) for code in drawn]
    user.save(update_fields=["recovery_codes"])
    return drawn


def _end_access(user: User) -> None:
    """Every session of before ends: its stored hash no longer fits, and its row goes."""
    user.epoch += 1
    user.save(update_fields=["epoch"])
    Session.objects.filter(user=user).delete()


def _locked(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


# --- First access and reset: the two halves


@sensitive_variables()
def open_access(username: str, first: str, second: str, *, address: str, at: datetime) -> AccountStep:
    """The confirmed step whose two halves these are. Whatever does not fit, or is over, is one refusal."""
    with _counted(username, address, at, _("The user name or the code is wrong, used or no longer valid.")):
        step = _open_step(username, at)
        halves = (step.first_half_sha256, step.second_half_sha256) if step else ("", "")
        fits = [
            constant_time_compare(codes.digest(half), held) for half, held in zip((first, second), halves, strict=True)
        ]
        if step is None or not all(fits):
            raise _Wrong
    return step


@verb
@sensitive_variables()
def take_access(step_id: int, *, password: str, secret: str, code: str, at: datetime) -> list[str]:
    """Set password and authenticator by the code of two keepers, once. Returns the recovery codes, shown here only."""
    step = AccountStep.objects.select_for_update(of=("self",), no_key=True).get(pk=step_id)
    if step.user_id is None or step.used_at is not None or step.usable_until is None or step.usable_until <= at:
        raise NotAllowed(_("This code was used or is no longer valid."), rule="access_over")
    user = _locked(step.user_id)
    used = codes.step_matching(secret, codes.tidy(code), at)
    if used is None:
        raise Refused(_("This is not the code that the authenticator shows now."), rule="code_wrong", field="code")
    set_password(user, password)
    user.totp_box, user.totp_step = seal_secret(user, secret), used
    user.save(update_fields=["totp_box", "totp_step"])
    drawn = draw_recovery_codes(user)
    _end_access(user)
    step.used_at = at
    step.save(update_fields=["used_at"])
    record(user, events.FACTOR_SET, by=user)
    return drawn


def _open_step(username: str, at: datetime) -> AccountStep | None:
    """The newest step that opens this account, while it may be used."""
    open_steps = AccountStep.objects.filter(
        user__username=_name(username), user__is_active=True, kind__in=rules.MAKES_ACCESS, state=Step.CONFIRMED,
        used_at=None, usable_until__gt=at,
    )  # fmt: skip
    return open_steps.order_by("-decided_at").first()


# --- Sessions


def session_mark(session_key: str) -> str:
    """What names a session on a page: its key itself would open it."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:16]


@verb
def end_session(mark: str, *, by: User) -> bool:
    """End one of the own sessions. False if it has ended already."""
    for session in Session.objects.filter(user=by):
        if session_mark(session.session_key) == mark:
            session.delete()
            record(by, events.SESSION_ENDED, by=by)
            return True
    return False


def close_access(user: User, *, is_active: bool) -> None:
    """Take password and authenticator away, and every session with them; `is_active` False closes the account for good."""
    changes: dict[str, Any] = {"totp_box": None, "recovery_codes": [], "is_active": is_active}
    for name, value in changes.items():
        setattr(user, name, value)
    user.set_unusable_password()
    user.save(update_fields=["password", *changes])
    _end_access(user)
