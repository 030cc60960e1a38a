"""Verbs of accounts, bodies and keys: the only writers of this app's tables."""

from accounts.rules import LONGEST_KEY_DAYS
from accounts.services.access import (
    change_password,
    end_session,
    forget_failures,
    open_access,
    prove,
    renew_recovery_codes,
    sign_in,
    sign_out,
    take_access,
)
from accounts.services.clients import MadeKey, client_of, make_client, revoke_client, rotate_client
from accounts.services.keeping import Decided, confirm, identity_of, propose, reject, take_back

__all__ = [
    "LONGEST_KEY_DAYS",
    "Decided",
    "MadeKey",
    "change_password",
    "client_of",
    "confirm",
    "end_session",
    "forget_failures",
    "identity_of",
    "make_client",
    "open_access",
    "propose",
    "prove",
    "reject",
    "renew_recovery_codes",
    "revoke_client",
    "rotate_client",
    "sign_in",
    "sign_out",
    "take_access",
    "take_back",
]
