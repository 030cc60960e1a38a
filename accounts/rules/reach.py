"""Who may act, and how far an officer sees."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Agency, AgencyKind, ApiClient, Posting, User
from accounts.permissions import KEEPS_ACCOUNTS, READS_ALL, READS_REGION, Permission
from casework.actors import Actor
from casework.errors import NotAllowed

LEAD_UNITS = {AgencyKind.LEAD_UNIT, AgencyKind.LOCAL_LEAD_UNIT}


def check_may(by: Actor, permission: str, *, on: date) -> None:
    """Whether a posting of this day allows it. The refusal says whose posting would (SEC-01)."""
    if isinstance(by, User):
        by.check_may(permission, on=on)
    elif not by.may(permission, on=on):
        raise NotAllowed(_("This key does not allow it."), rule="not_allowed", rows=["SEC-01"])


def check_may_enter(user: User, *, on: date) -> None:
    """The back office is open to a living staff account that holds a posting this day, its own or as a deputy."""
    if not user.is_active or not user.is_staff or not user.held_on(on):
        raise NotAllowed(_("This account holds no posting today."), rule="no_posting", rows=["SEC-01"])


def agencies_in_reach(user: User, on: date) -> QuerySet[Agency]:
    """The bodies whose work an officer sees: his own and those below; a coordinator his region, an auditor all (ORG-05)."""
    postings = user.held_on(on)
    if any(posting.role == READS_ALL for posting in postings):
        return Agency.objects.all()
    reach = Q(pk__in=user.once(("subtree", on), lambda: subtree(*(posting.agency_id for posting in postings))))
    for posting in postings:
        if posting.role == READS_REGION:
            reach |= Q(region__code__startswith=posting.agency.region.open_part)
    return Agency.objects.filter(reach)


def kept_agencies(user: User, on: date) -> QuerySet[Agency]:
    """The bodies whose accounts and keys an account keeper keeps: his own and those below; at a lead unit, all of its region."""
    postings = keeper_postings(user, on)
    kept = Q(pk__in=user.once(("kept", on), lambda: subtree(*(posting.agency_id for posting in postings))))
    for posting in postings:
        if posting.agency.kind in LEAD_UNITS:
            kept |= Q(region__code__startswith=posting.agency.region.open_part)
    return Agency.objects.filter(kept)


def keeps_region(user: User, code: str, on: date) -> bool:
    """Whether an account keeper of a lead unit keeps this division: bodies without a superior and division codes are his."""
    return any(
        posting.agency.kind in LEAD_UNITS and posting.agency.region.covers(code)
        for posting in keeper_postings(user, on)
    )


def keeps_bodiless_keys(user: User, on: date) -> bool:
    """Keys of no body (institutions, the public) are kept at lead units."""
    return any(posting.agency.kind in LEAD_UNITS for posting in keeper_postings(user, on))


def keeper_postings(user: User, on: date) -> list[Posting]:
    return [posting for posting in user.held_on(on) if posting.role == KEEPS_ACCOUNTS]


def subtree(*roots: int) -> set[int]:
    """Bodies and all below them, by one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE below(id) AS (SELECT unnest(%s::bigint[])"
            " UNION SELECT a.id FROM accounts_agency a JOIN below b ON a.superior_id = b.id) SELECT id FROM below",
            [list(roots)],
        )
        return {key for (key,) in cursor.fetchall()}


def identity_digest(user: User) -> tuple[int, bytes] | None:
    """(key id, digest) of the officer's identity number, comparable with `sealed.identity`: is he concerned himself (D6)?"""
    human = user.identity
    return (human.digest_key, bytes(human.digest)) if human else None


def visible_accounts(user: User, on: date) -> QuerySet[User]:
    """The staff accounts that an account keeper keeps, present or former, by their postings; an auditor reads all."""
    staff = User.objects.filter(kind=User.Kind.STAFF)
    if Permission.READ_AUDIT in user.permissions_on(on):
        return staff
    return staff.filter(pk__in=Posting.objects.filter(agency__in=kept_agencies(user, on)).values("user"))


def names_of(things: Collection[str], agencies: Collection[int]) -> dict[str, str]:
    """Names of accounts, keys and bodies, as colleagues read them: for stories told from the audit (casework.timeline)."""
    uuids = [UUID(thing) for thing in things]
    found: dict[str, str] = {
        str(key): name for key, name in Agency.objects.filter(pk__in=agencies).values_list("pk", "name")
    }
    for model in (User, ApiClient):
        found |= {str(row.uuid): str(row) for row in model._default_manager.filter(uuid__in=uuids)}
    return found
