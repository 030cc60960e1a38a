"""Verbs on agencies' keys."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import ip_address, ip_network

from django.utils.translation import gettext as _

from accounts.models import Agency, ApiClient
from accounts.permissions import SCOPES
from casework.actors import Actor
from casework.audit import record
from casework.errors import Refused
from casework.verbs import verb

LONGEST_KEY_DAYS = 365  # D13
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghijkmnopqrstuvwxyz"
WRITTEN = re.compile(r"(ak|ik|pk)_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{43}", re.ASCII)


@dataclass(frozen=True)
class MadeKey:
    """A key as it is shown once. Only its digest is kept."""

    client: ApiClient
    secret: str


@verb
def make_client(
    *,
    kind: str,
    name: str,
    agency: Agency | None,
    scopes: Iterable[str],
    purposes: Iterable[str] = (),
    networks: Iterable[str] = (),
    by: Actor,
    on: date,
    days: int = LONGEST_KEY_DAYS,
) -> MadeKey:
    """Make a key bound to one body, its scopes, its purposes and an end date. The secret is returned here only (SEC-18)."""
    if not 1 <= days <= LONGEST_KEY_DAYS:
        raise Refused(
            _("A key lives at most %(days)s days.") % {"days": LONGEST_KEY_DAYS}, rule="key_too_long", rows=["SEC-18"]
        )
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise Refused(
            _("There is no scope “%(scope)s”.") % {"scope": unknown[0]}, rule="scope_unknown", rows=["SEC-18"]
        )
    if kind == ApiClient.Kind.AGENCY and agency is None:
        raise Refused(_("An agency's key must name the agency."), rule="body_not_authorised", rows=["SEC-18"])
    networks = _networks(networks)
    key_id = "".join(secrets.choice(ALPHABET) for _n in range(8))
    secret = f"{ApiClient.PREFIX[kind]}_{key_id}_{secrets.token_urlsafe(32)}"
    client = ApiClient.objects.create(
        kind=kind, name=name, agency=agency, key_id=key_id, key_sha256=digest(secret), scopes=sorted(scopes),
        purposes=sorted(purposes), networks=networks, valid_from=on, valid_to=on + timedelta(days=days),
    )  # fmt: skip
    record(client, "apiclient.made", by=by, kind=kind, scopes=client.scopes, valid_to=client.valid_to)
    return MadeKey(client, secret)


def _networks(written: Iterable[str]) -> list[str]:
    """The networks as the database keeps them; refused when one is not written as a network."""
    try:
        return sorted(str(ip_network(network)) for network in written)
    except ValueError:
        say = _("Networks are written like 10.20.0.0/16 or 2001:db8::/32.")
        raise Refused(say, rule="network_unreadable", rows=["SEC-18"]) from None


@verb
def revoke_client(client_id: int, *, by: Actor, on: date, reason: str) -> ApiClient:
    """End a key today. Its acts stay."""
    client = ApiClient.objects.select_for_update(no_key=True).get(pk=client_id)
    if client.revoked_on is None:
        client.revoked_on = on
        client.save(update_fields=["revoked_on"])
        record(client, "apiclient.revoked", by=by, reason=reason)
    return client


def client_of(presented: str, *, on: date, address: str | None = None) -> ApiClient | None:
    """The living key behind what was presented, or None. Unknown, ended, revoked, malformed or from elsewhere: one answer.

    `address`: where it comes from; a key that is bound to networks counts only there (SEC-18).
    """
    if not WRITTEN.fullmatch(presented):
        return None
    client = ApiClient.objects.select_related("agency").filter(key_id=presented[3:11]).first()
    wanted = client.key_sha256 if client else digest("")
    if not secrets.compare_digest(digest(presented), wanted) or client is None:
        return None
    return client if client.lives_on(on) and _comes_from(client.networks, address) else None


def _comes_from(networks: Iterable[str], address: str | None) -> bool:
    """Whether an address lies in one of the networks; without networks a key may come from anywhere."""
    found = [ip_network(network) for network in networks]
    try:
        return not found or any(ip_address(address or "") in network for network in found)
    except ValueError:
        return False


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
