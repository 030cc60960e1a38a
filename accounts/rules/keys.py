"""Bodies' keys: who keeps them, how they may be made and rotated (D13, SEC-18)."""

from collections.abc import Iterable
from datetime import date
from ipaddress import ip_network

from django.utils.translation import gettext as _

from accounts.models import Agency, ApiClient, User
from accounts.permissions import PURPOSES, SCOPES, Permission
from accounts.rules.reach import check_may, keeps_bodiless_keys, kept_agencies
from casework.actors import Actor
from casework.errors import NotAllowed, Refused, WrongState

LONGEST_KEY_DAYS = 365
OVERLAP_DAYS = 30  # a rotated key ends within them


def check_may_keep_key(by: Actor, agency: Agency | None, *, on: date) -> None:
    """An account keeper of the body, or above it, keeps its keys; keys of no body are kept at lead units."""
    check_may(by, Permission.KEEP_ACCOUNTS, on=on)
    if not isinstance(by, User):
        return
    is_his = keeps_bodiless_keys(by, on) if agency is None else kept_agencies(by, on).filter(pk=agency.pk).exists()
    if not is_his:
        raise NotAllowed(
            _("The keys of this body are kept by the account keepers of the body or above it."),
            rule="not_allowed", rows=["SEC-01", "SEC-18"],
        )  # fmt: skip


def check_client(
    kind: str, agency: Agency | None, scopes: Iterable[str], purposes: Iterable[str], *, on: date, days: int
) -> None:
    """A key is bound to a living body of its kind, to known scopes and purposes, and to an end within a year."""
    if not 1 <= days <= LONGEST_KEY_DAYS:
        raise Refused(
            _("A key lives at most %(days)s days.") % {"days": LONGEST_KEY_DAYS},
            rule="key_too_long", rows=["SEC-18"], field="days",
        )  # fmt: skip
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise Refused(
            _("There is no scope “%(scope)s”.") % {"scope": unknown[0]},
            rule="scope_unknown", rows=["SEC-18"], field="scopes",
        )  # fmt: skip
    if unknown := sorted(set(purposes) - set(PURPOSES)):
        raise Refused(
            _("There is no purpose “%(purpose)s”.") % {"purpose": unknown[0]},
            rule="purpose_unknown", rows=["SEC-01", "SEC-18"], field="purposes",
        )  # fmt: skip
    if kind == ApiClient.Kind.AGENCY and agency is None:
        raise Refused(
            _("An agency's key must name the agency."), rule="body_not_authorised", rows=["SEC-18"], field="agency"
        )
    if agency is not None and agency.valid_to is not None and agency.valid_to < on:
        raise Refused(_("This body exists no more."), rule="body_ended", rows=["SEC-18"], field="agency")


def check_network(written: str) -> str:
    """A network as the database keeps it; refused when it is not written as one."""
    try:
        return str(ip_network(written))
    except ValueError:
        say = _("Networks are written like 10.20.0.0/16 or 2001:db8::/32.")
        raise Refused(say, rule="network_unreadable", rows=["SEC-18"], field="networks") from None


def check_rotation(client: ApiClient, *, on: date) -> None:
    """A living key that has no living successor yet: two live, never three."""
    if not client.lives_on(on):
        raise WrongState(_("This key lives no more; make a new one."), rule="key_ended")
    if any(after.lives_on(on) for after in client.replaced_by.all()):
        raise WrongState(_("This key has a successor already; two live side by side, not three."), rule="two_live")
