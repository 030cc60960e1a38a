"""When one may try to sign in again: a query over the failures of the last day (D12)."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import SignInFailure

DAY = timedelta(days=1)
FREE_TRIES = 5  # of one account from one address; then the delay doubles
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(minutes=15)
ACCOUNT_A_DAY, ADDRESS_A_DAY = 50, 100


def paused_until(failures: QuerySet[SignInFailure], account: str, address: str, at: datetime) -> datetime | None:
    """The instant from which the next try counts, when it lies ahead. `account`, `address`: keyed digests."""
    recent = failures.filter(at__gt=at - DAY).order_by("-at").values_list("at", flat=True)
    pair = list(recent.filter(account=account, address=address)[:ACCOUNT_A_DAY])
    until = [pair[0] + delay(len(pair))] if len(pair) >= FREE_TRIES else []
    for found, most in (
        (recent.filter(account=account), ACCOUNT_A_DAY),
        (recent.filter(address=address), ADDRESS_A_DAY),
    ):
        until += [oldest + DAY for oldest in found[most - 1 : most]]
    return max((instant for instant in until if instant > at), default=None)


def delay(tries: int) -> timedelta:
    """How long to wait after this many failures of one account from one address."""
    doubled = FIRST_DELAY * 2 ** min(tries - FREE_TRIES, 10)
    return min(doubled, LONGEST_DELAY)
