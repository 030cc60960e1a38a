"""Verbs on bodies' keys (D13, SEC-18)."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import ip_address, ip_network

from accounts import events, rules
from accounts.models import Agency, ApiClient
from accounts.rules import LONGEST_KEY_DAYS
from casework.actors import Actor
from casework.audit import record
from casework.four_eyes import check_has_reason
from casework.verbs import verb

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
    scopes, purposes = list(scopes), list(purposes)
    rules.check_may_keep_key(by, agency, on=on)
    rules.check_client(kind, agency, scopes, purposes, on=on, days=days)
    return _made(
        ApiClient(
            kind=kind, name=name, agency=agency, scopes=sorted(scopes), purposes=sorted(purposes),
            networks=sorted(map(rules.check_network, networks)), valid_from=on, valid_to=on + timedelta(days=days),
        ),
        by=by,
    )  # fmt: skip


@verb
def rotate_client(client_id: int, *, by: Actor, on: date, days: int = LONGEST_KEY_DAYS) -> MadeKey:
    """A second key with the same rights beside the old one, which ends within 30 days: time to change it over."""
    old = _held(client_id)
    rules.check_may_keep_key(by, old.agency, on=on)
    rules.check_rotation(old, on=on)
    rules.check_client(old.kind, old.agency, old.scopes, old.purposes, on=on, days=days)
    made = _made(
        ApiClient(
            kind=old.kind, name=old.name, agency=old.agency, scopes=old.scopes, purposes=old.purposes,
            networks=old.networks, replaces=old, valid_from=on, valid_to=on + timedelta(days=days),
        ),
        by=by,
    )  # fmt: skip
    old.valid_to = min(old.valid_to, on + timedelta(days=rules.OVERLAP_DAYS))
    old.save(update_fields=["valid_to"])
    record(old, events.KEY_ROTATED, by=by, successor=made.client.key_id, valid_to=old.valid_to)
    return made


@verb
def revoke_client(client_id: int, *, by: Actor, on: date, reason: str) -> ApiClient:
    """End a key today. Its acts stay."""
    client = _held(client_id)
    rules.check_may_keep_key(by, client.agency, on=on)
    check_has_reason(reason)
    if client.revoked_on is None:
        client.revoked_on = on
        client.save(update_fields=["revoked_on"])
        record(client, events.KEY_REVOKED, by=by, reason=reason)
    return client


def client_of(presented: str, *, on: date, address: str | None = None) -> ApiClient | None:
    """The living key behind what was presented, or None. Unknown, ended, revoked, malformed or from elsewhere: one answer.

    `address`: where it comes from; a key that is bound to networks counts only there (SEC-18). The day of its last use is
    written by the first call of a day.
    """
    if not WRITTEN.fullmatch(presented):
        return None
    client = ApiClient.objects.select_related("agency").filter(key_id=presented[3:11]).first()
    wanted = client.key_sha256 if client else digest("")
    if not secrets.compare_digest(digest(presented), wanted) or client is None:
        return None
    if not client.lives_on(on) or not _comes_from(client.networks, address):
        return None
    if client.last_used_on != on:
        ApiClient.objects.filter(pk=client.pk).exclude(last_used_on=on).update(last_used_on=on)
        client.last_used_on = on
    return client


def _made(client: ApiClient, *, by: Actor) -> MadeKey:
    """Draw the secret, keep its digest, write the line."""
    client.key_id = "".join(secrets.choice(ALPHABET) for _n in range(8))
    secret = f"{ApiClient.PREFIX[client.kind]}_{client.key_id}_{secrets.token_urlsafe(32)}"
    client.key_sha256 = digest(secret)
    client.save(force_insert=True)
    record(client, events.KEY_MADE, by=by, kind=client.kind, scopes=client.scopes, valid_to=client.valid_to)
    return MadeKey(client, secret)


def _held(client_id: int) -> ApiClient:
    """The key, locked; its body is read beside it, not locked."""
    return ApiClient.objects.select_related("agency").select_for_update(of=("self",), no_key=True).get(pk=client_id)


def _comes_from(networks: Iterable[str], address: str | None) -> bool:
    """Whether an address lies in one of the networks; without networks a key may come from anywhere."""
    found = [ip_network(network) for network in networks]
    try:
        return not found or any(ip_address(address or "") in network for network in found)
    except ValueError:
        return False


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
