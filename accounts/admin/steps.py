"""What account keepers proposed: the list, one proposal, the second keeper's decision; the base of every proposing page."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import events, rules, services
from accounts.forms import NothingToTypeForm
from accounts.models import AccountStep, Agency, AgencyKind, Level, Posting, Region, User
from accounts.permissions import ROLE_NAMES, Permission
from accounts.rules.keeping import NEW_ACCOUNT_TIME, RESET_TIME
from accounts.views import FreshCode
from casework import timeline
from casework.errors import DomainError
from casework.models import Step
from casework.office import OfficePage, ReasonForm, VerbPage, Waiting, get_or_404, permissions_of, site
from casework.office_admin import OfficeAdmin

Kind = AccountStep.Kind
LABELS = {
    "username": gettext_lazy("User name"), "name": gettext_lazy("Name"), "role": gettext_lazy("Role"),
    "valid_from": gettext_lazy("From"), "valid_to": gettext_lazy("Last day"), "day": gettext_lazy("Day"),
    "posting": gettext_lazy("Posting"), "successor": gettext_lazy("Successor"),
    "unified_code": gettext_lazy("Unified social credit code"), "kind": gettext_lazy("Kind"),
    "level": gettext_lazy("Level"), "region": gettext_lazy("Division"), "code": gettext_lazy("Division code"),
    "superior": gettext_lazy("Body above it"), "is_administrative_organ": gettext_lazy("It is an administrative organ"),
    "authorised_by": gettext_lazy("Law that authorises it"), "field": gettext_lazy("Field it supervises"),
    "domain": gettext_lazy("Domain that repair rules treat more strictly"),
    "channel_name": gettext_lazy("Where it publishes itself"), "channel_url": gettext_lazy("Address of that page"),
}  # fmt: skip
# What keepers read of a body's chain: its intake and its cases are none of their business.
KEEPERS_EVENTS = frozenset(events.SENTENCES)


def the_one(rows: QuerySet[Any], **keys: Any) -> Any:
    """The row that the address names, among those that this officer may know of."""
    return get_or_404(rows, **keys)


def reads_accounts(user: Any, on: date) -> bool:
    """Account keepers within their bodies, and the auditor, read what account keepers do."""
    return bool(permissions_of(user, on) & {Permission.KEEP_ACCOUNTS, Permission.READ_AUDIT})


class KeepersPage(OfficePage):
    """A page for account keepers and auditors to read; what is done from it is done by keepers only."""

    def check_may_open(self) -> None:
        if not reads_accounts(self.officer, self.on):
            self.officer.check_may(Permission.KEEP_ACCOUNTS, on=self.on)

    @property
    def keeps(self) -> bool:
        return Permission.KEEP_ACCOUNTS in permissions_of(self.officer, self.on)


def column(label: Any, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A column of a list: its heading and what it shows of a row."""

    def shown(row: Any) -> Any:
        return read(row)

    shown.short_description = label  # type: ignore[attr-defined]
    return shown


def titled(title: Any, base: Any = admin.ChoicesFieldListFilter) -> Any:
    """A filter under a heading of its own."""

    class Titled(base):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

    return Titled


class KeptAdmin(OfficeAdmin):
    """A list whose rows account keepers make, on a page of its own."""

    new_page: ClassVar[str] = ""
    new_label: ClassVar[Any] = ""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        own = {getattr(each, "parameter_name", None) for each in self.get_list_filter(request)}
        return lookup in own or super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        keeps = Permission.KEEP_ACCOUNTS in permissions_of(request.user, timezone.localdate())
        more = {"new_url": reverse(f"admin:{self.new_page}"), "new_label": self.new_label} if keeps else {}
        response = super().changelist_view(request, more | (extra_context or {}))
        response.template_name = "office/accounts_list.html"
        return response


def visible_steps(user: User, on: date) -> QuerySet[AccountStep]:
    """The steps about bodies and accounts that a keeper keeps, and his own; an auditor reads all."""
    steps = AccountStep.objects.select_related("user", "agency", "proposed_by", "decided_by")
    if Permission.READ_AUDIT in permissions_of(user, on):
        return steps
    kept = rules.kept_agencies(user, on)
    own_region = Q(kind=Kind.CHANGE_REGION, proposed_by__in=rules.visible_accounts(user, on))
    superior = Q(kind=Kind.MAKE_AGENCY, proposed_by__in=rules.visible_accounts(user, on))
    return steps.filter(
        Q(agency__in=kept) | Q(user__in=rules.visible_accounts(user, on)) | Q(proposed_by=user) | own_region | superior
    )


def about(step: AccountStep) -> str:
    """Whom or what a step is about, by name."""
    if step.user:
        return str(step.user)
    if step.kind == Kind.MAKE_ACCOUNT:
        return str(step.values.get("name", ""))
    return str(step.agency or step.values.get("name") or step.values.get("code", ""))


class StepAdmin(OfficeAdmin):
    object_page = "account_step"
    keyset = ("-proposed_at", "-pk")
    list_display = (
        column(gettext_lazy("Act"), lambda step: step.get_kind_display()),
        column(gettext_lazy("About"), about),
        column(gettext_lazy("State"), lambda step: step.get_state_display()),
        column(gettext_lazy("Proposed by"), lambda step: step.proposed_by),
        column(gettext_lazy("Proposed on"), lambda step: step.proposed_at),
        column(gettext_lazy("Decided by"), lambda step: step.decided_by or ""),
    )
    list_filter = (("state", titled(gettext_lazy("State"))), ("kind", titled(gettext_lazy("Act"))))
    note = gettext_lazy("Whatever account keepers do, two of them do: one proposes, another confirms.")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reads_accounts(request.user, timezone.localdate())

    def visible(self, user: Any, on: date) -> QuerySet[AccountStep]:
        return visible_steps(user, on)

    def page_key(self, row: AccountStep) -> Any:
        return row.uuid


site.register(AccountStep, StepAdmin)


def facts_of(step: AccountStep) -> Iterator[tuple[Any, Any]]:
    """What is proposed, value by value, in words. Nothing here comes from an identity number."""
    if step.user and step.kind != Kind.MAKE_ACCOUNT:
        yield _("Account"), f"{step.user}（{step.user.username}）"
    if step.agency:
        yield _("Body"), step.agency
    for name, value in step.values.items():
        if value not in ("", None):
            yield LABELS.get(name, name), _worded(step, name, value)


def _worded(step: AccountStep, name: str, value: Any) -> Any:
    if name == "posting":
        posting = rules.posting_of(step)
        return f"{posting.user}：{posting.get_role_display()}，{posting.agency}"
    if name == "successor" and step.kind == Kind.MERGE_AGENCY:
        return rules.agency_after(step)
    if name == "successor" and step.kind != Kind.CHANGE_REGION:
        return rules.successor_of(step)
    if name == "superior":
        return Agency.objects.get(pk=value)
    if name == "region":
        return Region.objects.get(pk=value)
    words: dict[str, dict[Any, Any]] = {
        "role": dict(ROLE_NAMES),
        "kind": dict(AgencyKind.choices),
        "level": dict(Level.choices),
        "is_administrative_organ": {True: _("yes"), False: _("no")},
    }
    return words.get(name, {}).get(value, value)


EFFECTS = {
    Kind.MAKE_ACCOUNT: gettext_lazy(
        "The account stands, with this posting. Nobody can sign in until its holder has set password and "
        "authenticator with both halves of the code."
    ),
    Kind.OPEN_POSTING: gettext_lazy("The posting begins on its first day, at the earliest today."),
    Kind.END_POSTING: gettext_lazy(
        "The posting and its deputies end with the last day; with the last posting every session ends too."
    ),
    Kind.NAME_DEPUTY: gettext_lazy(
        "The deputy acts with the rights of the posting on these days. He still decides on nothing that he "
        "prepared himself."
    ),
    Kind.CLOSE_ACCOUNT: gettext_lazy(
        "Postings, deputies, sessions, password and authenticator end at once. Open work goes to the "
        "successor; without one the account stays as long as work is open."
    ),
    Kind.RESET_ACCESS: gettext_lazy(
        "Password, authenticator, recovery codes and every session end at once. The holder sets new ones with"
        " both halves of the code."
    ),
    Kind.MAKE_AGENCY: gettext_lazy("The body is registered and can hold postings and keys."),
    Kind.RENAME_AGENCY: gettext_lazy("The body bears the new name; what was decided under the old one keeps it."),
    Kind.MERGE_AGENCY: gettext_lazy(
        "The body ends with its last day: its postings and keys end too, the bodies below it come under its "
        "successor now, open work goes on there. What it decided keeps its name."
    ),
    Kind.CHANGE_REGION: gettext_lazy(
        "The code ends; the bodies of the division go on under the code that follows. What was recorded under"
        " the old code keeps it."
    ),
}  # fmt: skip


@site.page("account-steps/<uuid:uuid>/", name="account_step")
class StepPage(KeepersPage):
    """One proposal: what, by whom, why, and who decides."""

    template_name = "office/accounts_step.html"

    def prepare(self) -> None:
        self.step: Any = the_one(visible_steps(self.officer, self.on), uuid=self.kwargs["uuid"])
        self.title = f"{self.step.get_kind_display()}：{about(self.step)}"

    def context(self) -> dict[str, Any]:
        return {
            "step": self.step, "facts": list(facts_of(self.step)), "effect": EFFECTS[Kind(self.step.kind)],
            "refusal": refusal_of(rules.check_may_decide, self.step, self.officer, on=self.on) if self.waits else None,
            "waits": self.waits, "is_author": self.officer.identity_id == self.step.proposed_by_identity_id,
            "told": timeline.tell(self.step.chain, names=rules.names_of, events=KEEPERS_EVENTS),
        }  # fmt: skip

    @property
    def waits(self) -> bool:
        return bool(self.step.state == Step.PROPOSED)


def refusal_of(check: Any, *args: Any, **kwargs: Any) -> DomainError | None:
    """Why a check refuses, or None."""
    try:
        check(*args, **kwargs)
    except DomainError as refusal:
        return refusal
    return None


class Half:
    """Mixed in before a `VerbPage` whose verb may bring forth half of a code: it is shown once, in the answer itself."""

    half = ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page: Any = super()
        response: HttpResponse = page.post(request, *args, **kwargs)
        if self.half:
            return self.shown()
        return response

    def shown(self) -> HttpResponse:
        page: Any = self
        page.template_name = "office/accounts_half.html"
        response: HttpResponse = page.render(half=self.half, step=page.step, is_second=isinstance(self, ConfirmStep))
        return response


class DecidePage(FreshCode, VerbPage):
    """The second keeper's page: gates, effects, a fresh code."""

    permission = Permission.KEEP_ACCOUNTS

    def prepare(self) -> None:
        self.step: Any = the_one(visible_steps(self.officer, self.on), uuid=self.kwargs["uuid"])
        self.title = f"{self.verb}：{self.step.get_kind_display()}，{about(self.step)}"

    def refusal(self) -> DomainError | None:
        return refusal_of(rules.check_may_decide, self.step, self.officer, on=self.on)

    def back(self) -> str:
        return reverse("admin:account_step", args=[self.step.uuid])


@site.page("account-steps/<uuid:uuid>/confirm/", name="account_step_confirm")
class ConfirmStep(Half, DecidePage):
    form_class = NothingToTypeForm
    verb = gettext_lazy("Confirm")

    def effects(self) -> list[Any]:
        times = {Kind.MAKE_ACCOUNT: NEW_ACCOUNT_TIME, Kind.RESET_ACCESS: RESET_TIME}
        known = [f"{label}：{value}" for label, value in facts_of(self.step)]
        found = [EFFECTS[Kind(self.step.kind)], *known]
        if self.step.kind in times:
            minutes = int(times[Kind(self.step.kind)].total_seconds()) // 60
            say = _("You are shown the second half of the code, once. Both halves are valid for %(minutes)s minutes.")
            found.append(say % {"minutes": minutes})
        return found

    def act(self, data: dict[str, Any]) -> str:
        decided = services.confirm(self.step.pk, by=self.officer, at=timezone.now())
        self.step, self.half = decided.step, decided.half
        return _("Confirmed: %(what)s, %(about)s.") % {"what": self.step.get_kind_display(), "about": about(self.step)}


@site.page("account-steps/<uuid:uuid>/reject/", name="account_step_reject")
class RejectStep(DecidePage):
    form_class = ReasonForm
    verb = gettext_lazy("Reject")
    danger = True

    def act(self, data: dict[str, Any]) -> str:
        services.reject(self.step.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("Rejected; nothing was changed.")


@site.page("account-steps/<uuid:uuid>/take-back/", name="account_step_take_back")
class TakeBackStep(VerbPage):
    permission = Permission.KEEP_ACCOUNTS
    verb = gettext_lazy("Take the proposal back")

    def prepare(self) -> None:
        self.step: Any = the_one(visible_steps(self.officer, self.on), uuid=self.kwargs["uuid"])
        self.title = f"{self.verb}：{about(self.step)}"

    def effects(self) -> list[Any]:
        return [_("The proposal ends; nothing is changed.")]

    def act(self, data: dict[str, Any]) -> str:
        services.take_back(self.step.pk, by=self.officer, reason=data["reason"])
        return _("Taken back; nothing was changed.")

    def back(self) -> str:
        return reverse("admin:account_step", args=[self.step.uuid])


class ProposePage(Half, VerbPage):
    """A proposal of one kind. What it is about comes from the address, its values from the form."""

    permission = Permission.KEEP_ACCOUNTS
    kind: ClassVar[Kind]
    verb = gettext_lazy("Propose")

    def about(self) -> dict[str, Any]:
        """The account, the body or other keys that the address names."""
        return {}

    def kept(self) -> QuerySet[Agency]:
        """The bodies of this keeper that exist today, by name."""
        living = Q(valid_to=None) | Q(valid_to__gte=self.on)
        return rules.kept_agencies(self.officer, self.on).filter(living).order_by("name")

    def choices(self) -> dict[str, QuerySet[Any]]:
        """The rows that the form's choices offer."""
        return {}

    def form(self) -> forms.Form:
        form = super().form()
        for name, rows in self.choices().items():
            form.fields[name].queryset = rows  # type: ignore[attr-defined]
        return form

    def effects(self) -> list[Any]:
        found = [_("Nothing changes yet: another account keeper confirms or rejects."), EFFECTS[self.kind]]
        if self.kind in rules.MAKES_ACCESS:
            found.append(_("You are shown the first half of a code, once: give it to the holder yourself."))
        return found

    def act(self, data: dict[str, Any]) -> str:
        values = {name: value.pk if hasattr(value, "pk") else value for name, value in data.items() if name not in KEYS}
        keys = {name: value for name, value in data.items() if name in KEYS}
        decided = services.propose(self.kind, by=self.officer, on=self.on, **keys, **values, **self.about())
        self.step, self.half = decided.step, decided.half
        return _("Proposed: %(what)s. Another account keeper decides.") % {"what": self.step.get_kind_display()}

    def done(self) -> str:
        return reverse("admin:account_step", args=[self.step.uuid])


KEYS = {"user", "agency", "number", "reason"}  # what a step keeps in columns of its own, or not at all


def colleagues(of: User, on: date) -> QuerySet[User]:
    """Others with a posting at the same bodies today."""
    running = Q(valid_to=None) | Q(valid_to__gte=on)
    bodies = Posting.objects.filter(running, user=of).values("agency")
    there = Posting.objects.filter(running, agency__in=bodies, valid_from__lte=on).values("user")
    return User.objects.filter(pk__in=there, is_active=True).exclude(pk=of.pk).order_by("name")


@site.waiting
def steps_that_wait(user: Any, on: date) -> Iterable[Waiting]:
    """Proposals that this keeper may decide, and his own that wait for another."""
    if Permission.KEEP_ACCOUNTS not in permissions_of(user, on):
        return
    for step in visible_steps(user, on).filter(state=Step.PROPOSED).order_by("proposed_at"):
        refusal = refusal_of(rules.check_may_decide, step, user, on=on)
        yield Waiting(
            title=about(step), detail=step.get_kind_display(), step=step.get_state_display(),
            due_on=timezone.localdate(step.proposed_at), role=_("account keeper"), why=str(refusal or ""),
            verb="" if refusal else _("Decide"), url=reverse("admin:account_step", args=[step.uuid]),
            group="second_person" if refusal else "mine",
        )  # fmt: skip
