"""Invented officers, one of each role and two where one decides on another: each a human of his own, ready to sign in.

They share one password and have an authenticator each; both are drawn when the demo is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils import translation

from accounts import codes
from accounts.models import Agency, Posting, User
from accounts.permissions import ROLE_NAMES
from accounts.services import identity_of
from accounts.services.access import seal_secret
from credit_portal.demo.people import identity_number
from credit_portal.local.officers import Tried, keep


@dataclass(frozen=True)
class Officer:
    """`body` is a key of the demo world."""

    username: str
    name: str
    role: str
    body: str = "market"


OFFICERS = (
    Officer("demo.clerk", "鄞砚秋", "clerk"),
    Officer("demo.clerk2", "禤听澜", "clerk"),
    Officer("demo.reviewer", "笪知白", "reviewer"),
    Officer("demo.reviewer2", "澹台观澜", "reviewer"),
    Officer("demo.publisher", "郄望舒", "publisher"),
    Officer("demo.repair", "仉问渠", "repair_officer"),
    Officer("demo.rules", "亓牧云", "rule_keeper"),
    Officer("demo.coordinator", "闾丘扶光", "coordinator", "credit"),
    Officer("demo.auditor", "逄守拙", "auditor", "credit"),
    Officer("demo.keeper", "缑疏影", "account_keeper", "credit"),
    Officer("demo.keeper2", "麹拾穗", "account_keeper", "credit"),
)


def appoint(bodies: Mapping[str, Agency], *, since: date) -> None:
    """Make the officers with their postings, and write down how to sign in as one of them."""
    password = codes.draw_half()
    made = [_officer(place, each, bodies[each.body], password, since) for place, each in enumerate(OFFICERS, start=1)]
    keep(settings.VAR, password, made)


def _officer(place: int, officer: Officer, body: Agency, password: str, since: date) -> Tried:
    human = identity_of(identity_number(date(1985, 1, place), place))
    user = User(username=officer.username, name=officer.name, kind=User.Kind.STAFF, identity=human)
    secret = codes.draw_secret()
    user.set_password(password)
    user.totp_box = seal_secret(user, secret)
    user.save()
    Posting.objects.create(user=user, agency=body, role=officer.role, valid_from=since)
    with translation.override("zh-hans"):
        return Tried(officer.username, officer.name, str(ROLE_NAMES[officer.role]), body.name, secret)
