"""Verbs of the account keepers: one proposes, another confirms, and what was proposed happens then (D6, D12)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import codes, events, rules
from accounts.models import AccountStep, Agency, AgencyName, ApiClient, Deputy, Identity, Posting, Region, User
from accounts.rules.keeping import NEW_ACCOUNT_TIME, RESET_TIME, Kind
from accounts.services.access import close_access
from accounts.signals import AGENCY_MERGED, AGENCY_RENAMED, POSTING_ENDED, REGION_CHANGED, USER_CLOSED, changed
from casework import privacy
from casework.audit import Line, record, record_many
from casework.errors import Refused
from casework.four_eyes import check_has_reason, decide
from casework.locks import hold
from casework.models import Step
from casework.verbs import verb


@dataclass(frozen=True)
class Decided:
    """A step and, where it opens an account, this keeper's half of the code, shown here only."""

    step: AccountStep
    half: str = ""


@verb
@sensitive_variables("number")
def propose(
    kind: str, /, *, by: User, on: date, reason: str, user: User | None = None, agency: Agency | None = None,
    number: str = "", **values: Any,
) -> Decided:  # fmt: skip
    """Propose an act. `number`: the verified identity number of whom an account is made for; only its digest is kept."""
    if "posting" in values and (posting := Posting.objects.filter(pk=values["posting"]).first()):
        user, agency = user if kind == Kind.NAME_DEPUTY else posting.user, posting.agency
    _lock(user, agency)
    plain = {name: str(value) if isinstance(value, date) else value for name, value in values.items()}
    step = AccountStep(
        kind=kind, user=user, agency=agency, values=plain, reason=reason, proposed_by=by,
        proposed_by_identity=by.identity, identity=identity_of(number) if kind == Kind.MAKE_ACCOUNT else None,
    )  # fmt: skip
    rules.check_step(step, by, on=on)
    rules.check_nothing_waits(step)
    half = ""
    if kind in rules.MAKES_ACCESS:
        half = codes.draw_half()
        step.first_half_sha256 = codes.digest(half)
    step.save(force_insert=True)
    record(step, events.STEP_PROPOSED, by=by, reason=reason, what=kind)
    return Decided(step, half)


@verb
def confirm(step_id: int, *, by: User, at: datetime) -> Decided:
    """A second keeper confirms: what was proposed happens now, checked once more as of today."""
    step, on = _held(step_id), timezone.localdate(at)
    rules.check_may_decide(step, by, on=on)
    rules.check_step(step, by, on=on)
    ACTS[Kind(step.kind)](step, by, on)
    half, changes = "", dict[str, Any](user=step.user, agency=step.agency)
    if step.kind in rules.MAKES_ACCESS:
        half = codes.draw_half()
        time = NEW_ACCOUNT_TIME if step.kind == Kind.MAKE_ACCOUNT else RESET_TIME
        changes |= {"second_half_sha256": codes.digest(half), "usable_until": at + time}
    AccountStep.objects.filter(pk=step.pk).update(**changes)
    decide(step, Step.CONFIRMED, event=events.STEP_CONFIRMED, by=by)
    return Decided(step, half)


@verb
def reject(step_id: int, *, by: User, on: date, reason: str) -> AccountStep:
    """A second keeper says no, and why."""
    step = _held(step_id)
    rules.check_may_decide(step, by, on=on)
    check_has_reason(reason)
    decide(step, Step.REJECTED, event=events.STEP_REJECTED, by=by, reason=reason)
    return step


@verb
def take_back(step_id: int, *, by: User, reason: str = "") -> AccountStep:
    """Its author takes a proposal back before anybody decided."""
    step = _held(step_id)
    decide(step, Step.TAKEN_BACK, event=events.STEP_TAKEN_BACK, by=by, reason=reason)
    return step


@sensitive_variables("number")
def identity_of(number: str) -> Identity:
    """The human behind a verified identity number, under whichever key of the ring he is known; made when he is new."""
    if privacy.birth_date(number) is None:
        raise Refused(_("This is no number of a resident identity card."), rule="number_malformed", field="number")
    digests = privacy.look_up_digests(number, privacy.Document.RESIDENT_IDENTITY)
    known = Q()
    for key, digest in digests:
        known |= Q(digest_key=key, digest=digest)
    found = Identity.objects.filter(known).first()
    if found is None:
        key, digest = digests[0]
        found, _made = Identity.objects.get_or_create(digest_key=key, digest=digest)
    return found


def _held(step_id: int) -> AccountStep:
    """The step, locked after the account and the body that it is about."""
    about = AccountStep.objects.select_related("user", "agency").get(pk=step_id)
    _lock(about.user, about.agency)
    return (
        AccountStep.objects.select_related("user", "agency", "proposed_by")
        .select_for_update(of=("self",))
        .get(pk=step_id)
    )


def _lock(user: User | None, agency: Agency | None) -> None:
    hold(User.objects.filter(pk__in=[user.pk] if user else []))
    hold(Agency.objects.filter(pk__in=[agency.pk] if agency else []))


# --- What happens when a step is confirmed


def _make_account(step: AccountStep, by: User, on: date) -> None:
    user = User(
        username=step.values["username"], name=step.values["name"], kind=User.Kind.STAFF, identity=step.identity
    )
    user.set_unusable_password()
    user.save(force_insert=True)
    step.user = user
    record(user, events.MADE, by=by)
    _open_posting(step, by, on)


def _open_posting(step: AccountStep, by: User, on: date) -> None:
    first = max(_day(step, "valid_from"), on)
    role = step.values["role"]
    assert step.user is not None
    assert step.agency is not None
    Posting.objects.create(
        user=step.user, agency=step.agency, role=role, valid_from=first, valid_to=rules.day_of(step, "valid_to")
    )
    record(step.user, events.POSTING_OPENED, by=by, role=role, valid_from=first)


def _end_posting(step: AccountStep, by: User, on: date) -> None:
    posting, successor = rules.posting_of(step), rules.successor_of(step)
    hold(User.objects.filter(pk=posting.user_id))
    _end(posting, max(_day(step, "valid_to"), on), by)
    changed.send(
        sender=Posting, kind=POSTING_ENDED, key=posting.pk, before=posting.user_id,
        after=successor.pk if successor else None, cause=step,
    )  # fmt: skip


def _end(posting: Posting, last: date, by: User) -> None:
    """A posting and its deputies end with this day, or with its first when it had not begun."""
    last = max(last, posting.valid_from)
    Posting.objects.filter(pk=posting.pk).update(valid_to=last)
    Deputy.objects.filter(posting=posting, ended_on=None, valid_to__gt=last).update(ended_on=last)
    record(posting.user, events.POSTING_ENDED, by=by, role=posting.role, valid_to=last)


def _name_deputy(step: AccountStep, by: User, on: date) -> None:
    posting, first, last = rules.posting_of(step), max(_day(step, "valid_from"), on), _day(step, "valid_to")
    assert step.user is not None
    Deputy.objects.create(posting=posting, user=step.user, valid_from=first, valid_to=last)
    record(step.user, events.DEPUTY_NAMED, by=by, role=posting.role, valid_from=first, valid_to=last)


def _close_account(step: AccountStep, by: User, on: date) -> None:
    user, successor = step.user, rules.successor_of(step)
    assert user is not None
    for posting in Posting.objects.select_related("user").filter(Q(valid_to=None) | Q(valid_to__gt=on), user=user):
        _end(posting, on, by)
    Deputy.objects.filter(user=user, ended_on=None, valid_to__gte=on).update(ended_on=on)
    close_access(user, is_active=False)
    record(user, events.CLOSED, by=by)
    changed.send(
        sender=User,
        kind=USER_CLOSED,
        key=user.pk,
        before=user.pk,
        after=successor.pk if successor else None,
        cause=step,
    )


def _reset_access(step: AccountStep, by: User, on: date) -> None:
    assert step.user is not None
    close_access(step.user, is_active=True)
    record(step.user, events.RESET, by=by)


def _make_agency(step: AccountStep, by: User, on: date) -> None:
    values = step.values
    step.agency = Agency.objects.create(
        unified_code=values["unified_code"], name=values["name"], kind=values["kind"], level=values["level"],
        region_id=values["region"], superior_id=values.get("superior"), valid_from=_day(step, "valid_from"),
        is_administrative_organ=bool(values.get("is_administrative_organ")),
        authorised_by=values.get("authorised_by", ""), field=values.get("field", ""), domain=values.get("domain", ""),
        channel_name=values.get("channel_name", ""), channel_url=values.get("channel_url", ""),
    )  # fmt: skip
    record(step.agency, events.AGENCY_MADE, by=by)


def _rename_agency(step: AccountStep, by: User, on: date) -> None:
    agency, day = step.agency, _day(step, "day")
    assert agency is not None
    last = agency.former_names.order_by("-valid_to").first()
    first = last.valid_to + timedelta(days=1) if last else agency.valid_from
    before, agency.name = agency.name, step.values["name"]
    AgencyName.objects.create(agency=agency, name=before, valid_from=first, valid_to=day - timedelta(days=1))
    agency.save(update_fields=["name"])
    record(agency, events.AGENCY_RENAMED, by=by, day=day, before_name=before)
    changed.send(sender=Agency, kind=AGENCY_RENAMED, key=agency.pk, before=before, after=agency.name, cause=step)


def _merge_agency(step: AccountStep, by: User, on: date) -> None:
    """The body ends, with its postings and keys; those below it and what it left open go on under its successor."""
    agency, successor, last = step.agency, rules.agency_after(step), max(_day(step, "day"), on)
    assert agency is not None
    agency.valid_to, agency.successor = last, successor
    agency.save(update_fields=["valid_to", "successor"])
    Agency.objects.filter(pk=successor.pk, superior=agency).update(superior=agency.superior)
    Agency.objects.filter(superior=agency).exclude(pk=successor.pk).update(superior=successor)
    running = Posting.objects.select_related("user").filter(Q(valid_to=None) | Q(valid_to__gt=last), agency=agency)
    hold(User.objects.filter(pk__in=running.values("user")))
    for posting in running:
        _end(posting, last, by)
    keys = ApiClient.objects.filter(agency=agency, valid_to__gt=last)
    lines = [Line(key.uuid, key.ref, events.KEY_REVOKED, reason=step.reason) for key in keys]
    keys.update(valid_to=last)
    record_many(lines, by=by)
    record(agency, events.AGENCY_MERGED, by=by, day=last, successor=str(successor.uuid))
    changed.send(sender=Agency, kind=AGENCY_MERGED, key=agency.pk, before=agency.pk, after=successor.pk, cause=step)


def _change_region(step: AccountStep, by: User, on: date) -> None:
    """A division's code ends; its bodies go on under the successor. What was recorded under the old code keeps it."""
    day, old = _day(step, "day"), Region.objects.get(pk=step.values["code"])
    after, _made = Region.objects.get_or_create(
        code=step.values["successor"],
        defaults={"name": step.values.get("name", ""), "valid_from": day + timedelta(days=1)},
    )
    old.valid_to, old.successor = day, after
    old.save(update_fields=["valid_to", "successor"])
    Agency.objects.filter(region=old).filter(Q(valid_to=None) | Q(valid_to__gt=day)).update(region=after)
    line = Line(step.uuid, step.ref, events.REGION_CHANGED, before=old.code, after=after.code, values={"day": str(day)})
    record_many([line], by=by)
    changed.send(sender=Region, kind=REGION_CHANGED, key=old.code, before=old.code, after=after.code, cause=step)


def _day(step: AccountStep, name: str) -> date:
    day = rules.day_of(step, name)
    assert day is not None, "the check has asked for it"
    return day


ACTS: dict[Kind, Callable[[AccountStep, User, date], None]] = {
    Kind.MAKE_ACCOUNT: _make_account,
    Kind.OPEN_POSTING: _open_posting,
    Kind.END_POSTING: _end_posting,
    Kind.NAME_DEPUTY: _name_deputy,
    Kind.CLOSE_ACCOUNT: _close_account,
    Kind.RESET_ACCESS: _reset_access,
    Kind.MAKE_AGENCY: _make_agency,
    Kind.RENAME_AGENCY: _rename_agency,
    Kind.MERGE_AGENCY: _merge_agency,
    Kind.CHANGE_REGION: _change_region,
}
