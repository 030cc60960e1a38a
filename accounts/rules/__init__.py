"""Who may act in the back office, how far an officer sees, what account keepers may do, when one may try to sign in again."""

from accounts.rules.keeping import check_may_decide, check_step
from accounts.rules.keys import check_may_keep_key, check_network, check_rotation
from accounts.rules.reach import (
    agencies_in_reach,
    check_may,
    check_may_enter,
    identity_digest,
    kept_agencies,
    keeps_region,
    subtree,
)
from accounts.rules.signing import paused_until

__all__ = [
    "agencies_in_reach",
    "check_may",
    "check_may_decide",
    "check_may_enter",
    "check_may_keep_key",
    "check_network",
    "check_rotation",
    "check_step",
    "identity_digest",
    "keeps_region",
    "kept_agencies",
    "paused_until",
    "subtree",
]
