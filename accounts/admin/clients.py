"""Bodies' keys: the list, one key, making, rotating, revoking. A secret is shown once, in the answer that makes it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import rules, services
from accounts.admin.steps import KeepersPage, KeptAdmin, column, reads_accounts, refusal_of, the_one, titled
from accounts.forms import ClientForm, NothingToTypeForm
from accounts.models import ApiClient
from accounts.permissions import PURPOSES, SCOPE_NAMES, Permission
from accounts.rules.reach import keeps_bodiless_keys
from accounts.views import FreshCode
from casework import timeline
from casework.errors import DomainError
from casework.office import ReasonForm, VerbPage, Waiting, permissions_of, site

WARN_DAYS = 30  # so long before its end a key stands in the queue of its keepers


def visible_keys(user: Any, on: date) -> QuerySet[ApiClient]:
    """The keys of the bodies that a keeper keeps; at a lead unit those of no body too; an auditor reads all."""
    keys = ApiClient.objects.select_related("agency")
    if Permission.READ_AUDIT in permissions_of(user, on):
        return keys
    bodiless = Q(agency=None) if keeps_bodiless_keys(user, on) else Q(pk__in=())
    return keys.filter(Q(agency__in=rules.kept_agencies(user, on)) | bodiless)


class ClientAdmin(KeptAdmin):
    new_page, new_label = "api_client_new", gettext_lazy("Make a key")
    object_page = "api_client"
    keyset = ("-valid_to", "-pk")
    list_display = (
        column(gettext_lazy("What the key is for"), lambda key: key.name),
        column(gettext_lazy("Prefix"), str),
        column(gettext_lazy("Body"), lambda key: key.agency or ""),
        column(
            gettext_lazy("Scopes"), lambda key: "、".join(str(SCOPE_NAMES.get(scope, scope)) for scope in key.scopes)
        ),
        column(gettext_lazy("Last day"), lambda key: key.valid_to),
        column(gettext_lazy("Revoked"), lambda key: key.revoked_on or ""),
        column(gettext_lazy("Last used"), lambda key: key.last_used_on or ""),
    )
    list_filter = (("kind", titled(gettext_lazy("Kind of key"))),)
    search_fields = ("name", "key_id", "agency__name")
    search_label = gettext_lazy("Name, prefix or body")
    note = gettext_lazy(
        "Each key is bound to one body, its scopes, its purposes and an end within a year. Only a digest is kept."
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reads_accounts(request.user, timezone.localdate())

    def visible(self, user: Any, on: date) -> QuerySet[ApiClient]:
        return visible_keys(user, on)

    def page_key(self, row: ApiClient) -> Any:
        return row.uuid


site.register(ApiClient, ClientAdmin)


@site.page("api-keys/<uuid:uuid>/", name="api_client")
class ClientPage(KeepersPage):
    """One key: whose, for what, from where, until when, last used."""

    template_name = "office/accounts_client.html"

    def prepare(self) -> None:
        self.client: Any = the_one(visible_keys(self.officer, self.on), uuid=self.kwargs["uuid"])
        self.title = self.client.name

    def context(self) -> dict[str, Any]:
        return {
            "client": self.client, "lives": self.client.lives_on(self.on), "keeps": self.keeps,
            "scopes": [SCOPE_NAMES.get(scope, scope) for scope in self.client.scopes],
            "purposes": [PURPOSES.get(purpose, purpose) for purpose in self.client.purposes],
            "after": self.client.replaced_by.order_by("-pk"), "told": timeline.tell(self.client.uuid, names=rules.names_of),
        }  # fmt: skip


class Secret:
    """Mixed in before a `VerbPage` that makes a key: the secret is shown once, in the answer itself."""

    made: services.MadeKey | None = None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page: Any = super()
        response: HttpResponse = page.post(request, *args, **kwargs)
        if self.made is None:
            return response
        shown: Any = self
        shown.template_name = "office/accounts_secret.html"
        answer: HttpResponse = shown.render(made=self.made)
        return answer


@site.page("api-keys/new/", name="api_client_new")
class MakeClient(Secret, FreshCode, VerbPage):
    permission = Permission.KEEP_ACCOUNTS
    form_class, title, verb = ClientForm, gettext_lazy("Make a key"), gettext_lazy("Make the key")

    def form(self) -> Any:
        form: Any = super().form()
        living = Q(valid_to=None) | Q(valid_to__gte=self.on)
        form.fields["agency"].queryset = rules.kept_agencies(self.officer, self.on).filter(living).order_by("name")
        return form

    def effects(self) -> list[Any]:
        return [
            _("The key is shown once, on the next screen. Only its digest is kept: a lost key is replaced, not found."),
            _("It ends by itself on its last day, with its body, or when it is revoked."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        self.made = services.make_client(**data, by=self.officer, on=self.on)
        return _("The key was made.")

    def back(self) -> str:
        return reverse("admin:accounts_apiclient_changelist")


class AboutClient(FreshCode, VerbPage):
    permission = Permission.KEEP_ACCOUNTS

    def prepare(self) -> None:
        self.client: Any = the_one(visible_keys(self.officer, self.on), uuid=self.kwargs["uuid"])
        self.title = f"{self.verb}：{self.client.name}（{self.client}）"

    def back(self) -> str:
        return reverse("admin:api_client", args=[self.client.uuid])


@site.page("api-keys/<uuid:uuid>/rotate/", name="api_client_rotate")
class RotateClient(Secret, AboutClient):
    form_class, verb = NothingToTypeForm, gettext_lazy("Rotate the key")

    def refusal(self) -> DomainError | None:
        return refusal_of(rules.check_rotation, self.client, on=self.on)

    def effects(self) -> list[Any]:
        last = min(self.client.valid_to, self.on + timedelta(days=rules.OVERLAP_DAYS))
        return [
            _("A second key with the same rights is made and shown once."),
            _("The present key ends with %(day)s; until then both work.") % {"day": last},
        ]

    def act(self, data: dict[str, Any]) -> str:
        self.made = services.rotate_client(self.client.pk, by=self.officer, on=self.on)
        return _("The new key was made.")


@site.page("api-keys/<uuid:uuid>/revoke/", name="api_client_revoke")
class RevokeClient(AboutClient):
    form_class, verb, danger = ReasonForm, gettext_lazy("Revoke the key"), True

    def effects(self) -> list[Any]:
        return [_("The key opens nothing from now on. What was done with it stays.")]

    def act(self, data: dict[str, Any]) -> str:
        services.revoke_client(self.client.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("The key was revoked.")


@site.waiting
def keys_that_end(user: Any, on: date) -> Iterable[Waiting]:
    """Keys that end within a month and have no successor yet, for their keepers."""
    if Permission.KEEP_ACCOUNTS not in permissions_of(user, on):
        return
    soon = visible_keys(user, on).filter(revoked_on=None, valid_to__range=(on, on + timedelta(days=WARN_DAYS)))
    for client in soon.filter(replaced_by=None).order_by(F("valid_to")):
        yield Waiting(
            title=client.name, detail=str(client), step=_("API key ends"), due_on=client.valid_to,
            why=str(client.agency or ""), role=_("account keeper"), verb=_("Rotate"),
            url=reverse("admin:api_client", args=[client.uuid]),
        )  # fmt: skip
