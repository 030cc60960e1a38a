"""Staff accounts: the list, one account with postings, deputies, sessions and story, and the proposals about it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import rules
from accounts.admin.steps import (
    KeepersPage,
    KeptAdmin,
    Kind,
    ProposePage,
    colleagues,
    column,
    reads_accounts,
    the_one,
    titled,
)
from accounts.forms import AccountForm, CloseForm, DeputyForm, EndPostingForm, PostingForm
from accounts.models import AccountStep, Deputy, Posting, Session, User
from casework import timeline
from casework.calendar import today
from casework.models import Step
from casework.office import ReasonForm, site


def postings_today(user: User) -> str:
    on = today()
    running = [p for p in user.postings.all() if p.valid_from <= on and (p.valid_to is None or p.valid_to >= on)]
    return "；".join(f"{posting.agency} {posting.get_role_display()}" for posting in running)


class Living(SimpleListFilter):
    title, parameter_name = gettext_lazy("State"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return (("living", _("living")), ("closed", _("closed")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(is_active=self.value() == "living") if self.value() else queryset


class UserAdmin(KeptAdmin):
    new_page, new_label = "account_new", gettext_lazy("Make an account")
    object_page = "account"
    keyset = ("name", "pk")
    list_display = (
        column(gettext_lazy("Name"), str),
        column(gettext_lazy("User name"), lambda user: user.username),
        column(gettext_lazy("Postings today"), postings_today),
        column(gettext_lazy("State"), lambda user: _("living") if user.is_active else _("closed")),
        column(gettext_lazy("Access"), lambda user: _("set up") if user.totp_box else _("not set up")),
    )
    list_filter = (Living, ("postings__role", titled(gettext_lazy("Role"))))
    search_fields = ("name", "username")
    search_label = gettext_lazy("Name or user name")
    note = gettext_lazy("Staff accounts of the bodies that you keep. One living account per person; former ones stay.")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reads_accounts(request.user, timezone.localdate())

    def visible(self, user: Any, on: date) -> QuerySet[User]:
        return rules.visible_accounts(user, on).prefetch_related("postings__agency")

    def page_key(self, row: User) -> Any:
        return row.uuid


site.register(User, UserAdmin)


@site.page("accounts/<uuid:uuid>/", name="account")
class AccountPage(KeepersPage):
    """One account: postings, deputies, running sessions (without their addresses' keys), what waits, what happened."""

    template_name = "office/accounts_account.html"

    def prepare(self) -> None:
        self.account: Any = the_one(rules.visible_accounts(self.officer, self.on), uuid=self.kwargs["uuid"])
        self.title = str(self.account)

    def context(self) -> dict[str, Any]:
        before = self.request.GET.get("before", "")
        told = timeline.tell(
            self.account.uuid, names=rules.names_of, before=int(before) if before.isdecimal() else None
        )
        return {
            "account": self.account,
            "keeps": self.keeps and self.account.identity_id != self.officer.identity_id,
            "held": postings_of(self.account),
            "deputising": deputies(Q(user=self.account)),
            "deputies": deputies(Q(posting__user=self.account)),
            "sessions": Session.objects.filter(user=self.account, expire_date__gt=timezone.now()).order_by("-began_at"),
            "steps": AccountStep.objects.filter(user=self.account, state=Step.PROPOSED),
            "told": told,
            "older": told[-1].seq if len(told) == 25 else None,
        }


def postings_of(user: User) -> QuerySet[Posting]:
    """Those that run or come first, then those that ended."""
    return user.postings.select_related("agency").order_by(F("valid_to").desc(nulls_first=True), "-valid_from")


def deputies(which: Q) -> QuerySet[Deputy]:
    return Deputy.objects.filter(which).select_related("posting__agency", "posting__user", "user").order_by("-valid_to")


@site.page("accounts/new/", name="account_new")
class MakeAccount(ProposePage):
    kind, form_class, title = Kind.MAKE_ACCOUNT, AccountForm, gettext_lazy("Make an account")

    def choices(self) -> dict[str, QuerySet[Any]]:
        return {"agency": self.kept()}

    def initial(self) -> dict[str, Any]:
        return {"valid_from": self.on}

    def back(self) -> str:
        return reverse("admin:accounts_user_changelist")


class AboutAccount(ProposePage):
    """A proposal about one account."""

    def prepare(self) -> None:
        self.account: Any = the_one(rules.visible_accounts(self.officer, self.on), uuid=self.kwargs["uuid"])
        self.title = f"{self.kind.label}：{self.account}"

    def about(self) -> dict[str, Any]:
        return {"user": self.account}

    def back(self) -> str:
        return reverse("admin:account", args=[self.account.uuid])


@site.page("accounts/<uuid:uuid>/posting/", name="account_posting")
class OpenPosting(AboutAccount):
    kind, form_class = Kind.OPEN_POSTING, PostingForm

    def choices(self) -> dict[str, QuerySet[Any]]:
        return {"agency": self.kept()}

    def initial(self) -> dict[str, Any]:
        return {"valid_from": self.on}


@site.page("accounts/<uuid:uuid>/close/", name="account_close")
class CloseAccount(AboutAccount):
    kind, form_class, danger = Kind.CLOSE_ACCOUNT, CloseForm, True

    def choices(self) -> dict[str, QuerySet[Any]]:
        return {"successor": colleagues(self.account, self.on)}


@site.page("accounts/<uuid:uuid>/reset/", name="account_reset")
class ResetAccess(AboutAccount):
    kind, form_class = Kind.RESET_ACCESS, ReasonForm


class AboutPosting(ProposePage):
    """A proposal about one posting of an account that the keeper sees."""

    def prepare(self) -> None:
        seen = Posting.objects.filter(user__in=rules.visible_accounts(self.officer, self.on)).select_related(
            "user", "agency"
        )
        self.posting: Any = the_one(seen, pk=self.kwargs["pk"])
        self.title = f"{self.kind.label}：{self.posting.user}，{self.posting.get_role_display()}，{self.posting.agency}"

    def about(self) -> dict[str, Any]:
        return {"posting": self.posting.pk}

    def back(self) -> str:
        return reverse("admin:account", args=[self.posting.user.uuid])


@site.page("postings/<int:pk>/end/", name="posting_end")
class EndPosting(AboutPosting):
    kind, form_class, danger = Kind.END_POSTING, EndPostingForm, True

    def choices(self) -> dict[str, QuerySet[Any]]:
        return {"successor": colleagues(self.posting.user, self.on)}

    def initial(self) -> dict[str, Any]:
        return {"valid_to": self.on}


@site.page("postings/<int:pk>/deputy/", name="posting_deputy")
class NameDeputy(AboutPosting):
    kind, form_class = Kind.NAME_DEPUTY, DeputyForm

    def choices(self) -> dict[str, QuerySet[Any]]:
        return {"user": colleagues(self.posting.user, self.on)}

    def initial(self) -> dict[str, Any]:
        return {"valid_from": self.on}
