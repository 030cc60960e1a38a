"""Who may act in the back office, how far an officer sees, what account keepers may do, when one may try to sign in again."""

from accounts.rules.keeping import (
    MAKES_ACCESS,
    agency_after,
    check_may_decide,
    check_nothing_waits,
    check_step,
    day_of,
    posting_of,
    successor_of,
)
from accounts.rules.keys import (
    LONGEST_KEY_DAYS,
    OVERLAP_DAYS,
    check_client,
    check_may_keep_key,
    check_network,
    check_rotation,
)
from accounts.rules.reach import (
    agencies_in_reach,
    check_may,
    check_may_enter,
    identity_digest,
    keeps_region,
    kept_agencies,
    names_of,
    subtree,
    visible_accounts,
)
from accounts.rules.signing import paused_until

__all__ = [
    "LONGEST_KEY_DAYS",
    "MAKES_ACCESS",
    "OVERLAP_DAYS",
    "agencies_in_reach",
    "agency_after",
    "check_client",
    "check_may",
    "check_may_decide",
    "check_may_enter",
    "check_may_keep_key",
    "check_network",
    "check_nothing_waits",
    "check_rotation",
    "check_step",
    "day_of",
    "identity_digest",
    "keeps_region",
    "kept_agencies",
    "names_of",
    "paused_until",
    "posting_of",
    "subtree",
    "successor_of",
    "visible_accounts",
]
