"""What account keepers may propose and decide (D6, D12): each kind of act has its check, asked when it is proposed and again
when it is confirmed. A step carries keys; the checks read what stands behind them."""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import AccountStep, Agency, AgencyKind, Deputy, Level, Posting, Region, User
from accounts.permissions import APART, READS_ALL, READS_REGION, ROLES, Permission
from accounts.rules.reach import LEAD_UNITS, keeps_region, kept_agencies, subtree
from casework.errors import NotAllowed, Refused, WrongState
from casework.four_eyes import check_another_human, check_has_reason
from casework.models import Step

Kind = AccountStep.Kind
USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,63}", re.ASCII)
UNIFIED_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}", re.ASCII)
NEW_ACCOUNT_TIME, RESET_TIME = (
    timedelta(days=1),
    timedelta(minutes=30),
)  # how long the two halves open the account (D12)
MAKES_ACCESS = frozenset({Kind.MAKE_ACCOUNT, Kind.RESET_ACCESS})  # whose confirmation opens the door to a new password


def check_step(step: AccountStep, by: User, *, on: date) -> None:
    """Whether this keeper may propose or confirm this step this day, and whether it can be done."""
    by.check_may(Permission.KEEP_ACCOUNTS, on=on)
    check_has_reason(step.reason)
    _check_not_himself(step, by)
    _check_reach(step, by, on)
    CHECKS[Kind(step.kind)](step, on)


def check_may_decide(step: AccountStep, by: User, *, on: date) -> None:
    """A second keeper, another human, decides on a step that waits."""
    by.check_may(Permission.KEEP_ACCOUNTS, on=on)
    if step.state != Step.PROPOSED:
        raise WrongState(_("This is decided already."), rule="moved_on")
    check_another_human(by, step.proposed_by_identity_id)
    _check_not_himself(step, by)
    _check_reach(step, by, on)


def check_nothing_waits(step: AccountStep) -> None:
    """One open step of a kind for one account, body or human at a time."""
    same = AccountStep.objects.filter(state=Step.PROPOSED, kind=step.kind)
    if step.user_id or step.identity_id:
        waiting = same.filter(user=step.user, identity=step.identity, values=step.values)
        if step.kind in MAKES_ACCESS | {Kind.CLOSE_ACCOUNT}:
            waiting = same.filter(user=step.user, identity=step.identity)
    elif step.agency_id:
        waiting = same.filter(agency=step.agency)
    else:
        waiting = same.filter(values=step.values)
    if waiting.exists():
        raise WrongState(_("The same is proposed already and waits for a second person."), rule="step_waiting")


# --- Who is concerned


def posting_of(step: AccountStep) -> Posting:
    return _found(Posting.objects.select_related("agency", "user"), step.values.get("posting"), _("This posting"))


def successor_of(step: AccountStep) -> User | None:
    key = step.values.get("successor")
    return _found(User.objects.all(), key, _("The successor")) if key else None


def agency_after(step: AccountStep) -> Agency:
    return _found(Agency.objects.all(), step.values.get("successor"), _("The successor"))


def day_of(step: AccountStep, name: str) -> date | None:
    written = step.values.get(name)
    return date.fromisoformat(written) if written else None


def bodies_of(step: AccountStep, on: date) -> QuerySet[Agency]:
    """The bodies that a step about people touches: where the account is posted now or was last."""
    if step.kind in {Kind.CLOSE_ACCOUNT, Kind.RESET_ACCESS}:
        held = Posting.objects.filter(user=step.user)
        running = held.filter(Q(valid_to=None) | Q(valid_to__gte=on))
        last = held.order_by("-valid_to").values("agency")[:1]
        return Agency.objects.filter(pk__in=running.values("agency") if running.exists() else last)
    return Agency.objects.filter(pk__in=[step.agency_id] if step.agency_id else [])


def _check_not_himself(step: AccountStep, by: User) -> None:
    """An account keeper does nothing to himself, under whatever account (D6)."""
    humans: set[int | None] = {step.identity_id, step.user.identity_id if step.user else None}
    if step.kind in {Kind.END_POSTING, Kind.NAME_DEPUTY}:
        humans.add(posting_of(step).user.identity_id)
    if step.kind in {Kind.CLOSE_ACCOUNT, Kind.END_POSTING} and (successor := successor_of(step)):
        humans.add(successor.identity_id)
    if by.identity_id in humans:
        raise Refused(
            _("This is about yourself; two other account keepers must do it."), rule="own_account", rows=["SEC-04"]
        )


def _check_reach(step: AccountStep, by: User, on: date) -> None:
    if step.kind == Kind.CHANGE_REGION:
        is_his = keeps_region(by, str(step.values.get("code", "")), on)
    elif step.kind == Kind.MAKE_AGENCY:
        superior = step.values.get("superior")
        is_his = keeps_region(by, str(step.values.get("region", "")), on) or bool(
            superior and kept_agencies(by, on).filter(pk=superior).exists()
        )
    else:
        bodies = set(bodies_of(step, on).values_list("pk", flat=True))
        is_his = bool(bodies) and bodies <= set(kept_agencies(by, on).values_list("pk", flat=True))
    if not is_his:
        raise NotAllowed(
            _("This body is kept by its own account keepers or those of a body above it."),
            rule="not_allowed", rows=["SEC-01"],
        )  # fmt: skip


# --- People


def _check_make_account(step: AccountStep, on: date) -> None:
    username = str(step.values.get("username", ""))
    if not USERNAME.fullmatch(username):
        raise _wrong(
            "username_malformed", _("A user name begins with a letter: small letters, digits, . _ -"), "username"
        )
    if User.objects.filter(username=username).exists():
        raise _wrong("username_taken", _("This user name is taken."), "username")
    if not str(step.values.get("name", "")).strip():
        raise _wrong("name_missing", _("Give the name as colleagues read it."), "name")
    if User.objects.filter(identity=step.identity, kind=User.Kind.STAFF, is_active=True).exists():
        raise _wrong(
            "account_exists", _("This person has a living account; open a posting for it instead."), "number", "SEC-04"
        )
    _check_new_posting(step, on)


def _check_open_posting(step: AccountStep, on: date) -> None:
    _check_lives(step.user)
    _check_new_posting(step, on)
    first, last, role = day_of(step, "valid_from"), day_of(step, "valid_to"), step.values["role"]
    assert first is not None
    held = Posting.objects.filter(_overlaps(first, last), user=step.user)
    if held.filter(agency=step.agency, role=role).exists():
        raise _wrong("posting_exists", _("The account holds this posting on some of these days already."), "role")
    as_deputy = Posting.objects.filter(
        deputies__user=step.user, deputies__ended_on=None, deputies__valid_to__gte=first,
        deputies__valid_from__lte=last or date.max,
    )  # fmt: skip
    _check_apart(role, [*held.values_list("role", flat=True), *as_deputy.values_list("role", flat=True)])


def _check_new_posting(step: AccountStep, on: date) -> None:
    first, last = day_of(step, "valid_from"), day_of(step, "valid_to")
    if step.values.get("role") not in ROLES:
        raise _wrong("role_unknown", _("There is no such role."), "role")
    if first is None or _is_past(step, first, on):
        raise _wrong("day_past", _("A posting begins today or later."), "valid_from")
    if last is not None and last < max(first, on):
        raise _wrong("days_in_disorder", _("The last day lies before the first."), "valid_to")
    if step.agency is None or not step.agency.exists_on(max(first, on)):
        raise _wrong("body_ended", _("This body does not exist on that day."), "agency")
    if step.values["role"] in {READS_REGION, READS_ALL} and step.agency.kind not in LEAD_UNITS:
        raise _wrong("role_of_lead_units", _("Auditors and coordinators are posted at lead units."), "role", "ORG-05")


def _check_end_posting(step: AccountStep, on: date) -> None:
    posting, last = posting_of(step), day_of(step, "valid_to")
    if last is None or _is_past(step, last, on) or last < posting.valid_from:
        raise _wrong("day_past", _("A posting ends today or later, and not before it begins."), "valid_to")
    if posting.valid_to is not None and posting.valid_to <= max(last, on):
        raise _wrong("posting_ended", _("The posting ends by then already."), "valid_to")
    _check_successor(step, posting.user, on)


def _check_name_deputy(step: AccountStep, on: date) -> None:
    posting, first, last = posting_of(step), day_of(step, "valid_from"), day_of(step, "valid_to")
    deputy = step.user
    _check_lives(deputy)
    assert deputy is not None
    if first is None or last is None or _is_past(step, first, on) or last < max(first, on):
        raise _wrong("days_in_disorder", _("A deputy begins today or later and has a last day."), "valid_to")
    if posting.valid_from > first or (posting.valid_to is not None and posting.valid_to < last):
        raise _wrong("posting_ended", _("The posting does not run on all of these days."), "valid_to")
    if deputy.identity_id == posting.user.identity_id:
        raise _wrong("own_deputy", _("Nobody is his own deputy."), "deputy")
    own = Posting.objects.filter(_overlaps(first, last), user=deputy)
    if not own.filter(agency=posting.agency).exists():
        raise _wrong("deputy_elsewhere", _("A deputy holds a posting at the same body on these days."), "deputy")
    if Deputy.objects.filter(
        posting=posting, user=deputy, ended_on=None, valid_from__lte=last, valid_to__gte=first
    ).exists():
        raise _wrong("deputy_exists", _("He is deputy on some of these days already."), "deputy")
    _check_apart(posting.role, own.values_list("role", flat=True))


def _check_close_account(step: AccountStep, on: date) -> None:
    _check_lives(step.user)
    assert step.user is not None
    _check_successor(step, step.user, on)


def _check_reset_access(step: AccountStep, on: date) -> None:
    _check_lives(step.user)


def _check_lives(user: User | None) -> None:
    if user is None or not user.is_active or not user.is_staff:
        raise WrongState(_("This account is closed."), rule="account_closed")


def _check_successor(step: AccountStep, leaver: User, on: date) -> None:
    """Open work goes to a colleague of the same body. Whether there is any, the apps above say (accounts.signals)."""
    successor = successor_of(step)
    if successor is None:
        return
    if not successor.is_active or successor.identity_id == leaver.identity_id:
        raise _wrong("successor_unfit", _("The successor is another person with a living account."), "successor")
    bodies = Posting.objects.filter(_overlaps(on, None), user=leaver).values("agency")
    if not Posting.objects.filter(_overlaps(on, on), user=successor, agency__in=bodies).exists():
        raise _wrong("successor_unfit", _("The successor holds a posting at the same body."), "successor")


def _check_apart(role: str, others: Iterable[str]) -> None:
    """Auditors and account keepers hold no case role beside, nor stand in for one (design part 11)."""
    if any(APART.get(other, 0) != APART.get(role, 0) for other in others):
        raise _wrong(
            "roles_apart", _("Auditors and account keepers hold no other role on the same days."), "role", "SEC-04"
        )


# --- Bodies and divisions


def _check_make_agency(step: AccountStep, on: date) -> None:
    values = step.values
    if not UNIFIED_CODE.fullmatch(str(values.get("unified_code", ""))):
        raise _wrong("code_malformed", _("A unified code has 18 characters, without I, O, S, V, Z."), "unified_code")
    if Agency.objects.filter(unified_code=values["unified_code"]).exists():
        raise _wrong("code_taken", _("A body with this code is registered already."), "unified_code")
    if values.get("kind") not in AgencyKind.values or values.get("level") not in Level.values:
        raise _wrong("kind_unknown", _("There is no such kind or level of body."), "kind")
    region = Region.objects.filter(pk=values.get("region")).first()
    if region is None or region.valid_to is not None:
        raise _wrong("region_unknown", _("There is no such division today."), "region")
    if not values.get("is_administrative_organ") and not values.get("authorised_by") and values.get("field"):
        raise _wrong(
            "authority_missing",
            _("A body that is no organ names the law that authorises it (REC-06)."),
            "authorised_by",
        )
    _check_name(step)
    first = day_of(step, "valid_from")
    if first is None:
        raise _wrong("day_missing", _("Give the day from which the body exists."), "valid_from")


def _check_rename_agency(step: AccountStep, on: date) -> None:
    _check_name(step)
    agency, day = step.agency, day_of(step, "day")
    assert agency is not None
    if not agency.exists_on(on):
        raise WrongState(_("This body exists no more."), rule="body_ended")
    if agency.name == step.values["name"]:
        raise _wrong("name_unchanged", _("This is its name already."), "name")
    last = agency.former_names.order_by("-valid_to").first()
    earliest = (last.valid_to if last else agency.valid_from) + timedelta(days=1)
    if day is None or not earliest <= day <= on:
        raise _wrong(
            "day_impossible",
            _("The new name began between %(first)s and today.") % {"first": earliest}, "day",
        )  # fmt: skip


def _check_merge_agency(step: AccountStep, on: date) -> None:
    agency, successor, day = step.agency, agency_after(step), day_of(step, "day")
    assert agency is not None
    if agency.valid_to is not None and agency.valid_to < on:
        raise WrongState(_("This body exists no more."), rule="body_ended")
    if day is None or _is_past(step, day, on):
        raise _wrong("day_past", _("A body ends today or later: what it did until now, it did."), "day")
    if successor.pk == agency.pk or not successor.exists_on(max(day, on) + timedelta(days=1)):
        raise _wrong("successor_unfit", _("The successor is another body that exists after that day."), "successor")
    if successor.superior_id != agency.pk and successor.pk in subtree(agency.pk):
        raise _wrong("successor_unfit", _("The successor stands below a body that would come under it."), "successor")


def _check_change_region(step: AccountStep, on: date) -> None:
    values, day = step.values, day_of(step, "day")
    old = Region.objects.filter(pk=values.get("code")).first()
    if old is None or old.valid_to is not None:
        raise _wrong("region_unknown", _("There is no such division today."), "code")
    after = str(values.get("successor", ""))
    if not re.fullmatch(r"[0-9]{6}", after, re.ASCII) or after == old.code:
        raise _wrong("code_malformed", _("The successor is another code of six digits."), "successor")
    held = Region.objects.filter(pk=after).first()
    if held is not None and held.valid_to is not None:
        raise _wrong("region_unknown", _("The successor has ended itself."), "successor")
    if held is None and not str(values.get("name", "")).strip():
        raise _wrong("name_missing", _("A new division has a name."), "name")
    if day is None or day > on:
        raise _wrong("day_impossible", _("A division is changed when its last day has come."), "day")


def _check_name(step: AccountStep) -> None:
    if not str(step.values.get("name", "")).strip():
        raise _wrong("name_missing", _("Give the full name of the body."), "name")


CHECKS: dict[Kind, Callable[[AccountStep, date], None]] = {
    Kind.MAKE_ACCOUNT: _check_make_account,
    Kind.OPEN_POSTING: _check_open_posting,
    Kind.END_POSTING: _check_end_posting,
    Kind.NAME_DEPUTY: _check_name_deputy,
    Kind.CLOSE_ACCOUNT: _check_close_account,
    Kind.RESET_ACCESS: _check_reset_access,
    Kind.MAKE_AGENCY: _check_make_agency,
    Kind.RENAME_AGENCY: _check_rename_agency,
    Kind.MERGE_AGENCY: _check_merge_agency,
    Kind.CHANGE_REGION: _check_change_region,
}


def _overlaps(first: date, last: date | None) -> Q:
    """Postings that run on some day from `first` to `last`."""
    running = Q(valid_to=None) | Q(valid_to__gte=first)
    return running & Q(valid_from__lte=last) if last else running


def _is_past(step: AccountStep, day: date, on: date) -> bool:
    """Nothing is proposed for a day that is over; what waited overnight takes effect on the day of its confirmation."""
    return step._state.adding and day < on


def _found(rows: QuerySet[Any], key: Any, what: str) -> Any:
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        raise Refused(_("%(what)s does not exist.") % {"what": what}, rule="unknown", rows=["SEC-01"])
    return found


def _wrong(rule: str, sentence: str, field: str, row: str = "SEC-01") -> Refused:
    return Refused(sentence, rule=rule, rows=[row], field=field)
