"""The registers of accountability: what was refused, by which rule, to whom; and the audit, with the proof of its chain."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency, ApiClient, User
from accounts.permissions import READS_ALL, Permission
from accounts.rules import agencies_in_reach
from casework import audit
from casework.actors import SYSTEM
from casework.admin import note_look
from casework.models import AuditEvent, Refusal
from casework.office import site
from casework.office_admin import OfficeAdmin
from casework.timeline import labels_of, tell
from records.reading import names
from records.states import REFUSAL_RULES

NEWEST = 1_000  # of the visible rows: what a filter offers is what occurs among them

site.menu(
    "supervision", gettext_lazy("Register of refusals"), "admin:casework_refusal_changelist", Permission.READ_REGISTERS
)
site.menu("supervision", gettext_lazy("Audit"), "admin:casework_auditevent_changelist", Permission.READ_AUDIT)


def who() -> Coalesce:
    """The name of who acted, for a row with `actor`: an officer or a key."""
    of_user = User.objects.filter(uuid=OuterRef("actor")).values(said=Coalesce(NullIf("name", Value("")), "username"))
    return Coalesce(Subquery(of_user), Subquery(ApiClient.objects.filter(uuid=OuterRef("actor")).values("name")))


def body_name(column: str) -> Subquery:
    return Subquery(Agency.objects.filter(pk=OuterRef(column)).values("name"))


def actor_of(row: Any) -> str:
    return _("the portal itself") if row.actor in {None, SYSTEM.uuid} else row.who or _("unknown")


class Occurring(admin.SimpleListFilter):
    """A filter that offers what occurs among the newest rows, so that no long register is read for its choices."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = model_admin.get_queryset(request).order_by("-pk")[:NEWEST].values_list(self.parameter_name, flat=True)
        return sorted((value, self.said(value)) for value in set(newest))

    def said(self, value: str) -> str:
        return value

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class ByRule(Occurring):
    title, parameter_name = gettext_lazy("rule"), "rule"

    def said(self, value: str) -> str:
        return str(sentence_of(value))


class ByAct(Occurring):
    title, parameter_name = gettext_lazy("act"), "act"


def sentence_of(rule: str) -> Any:
    """What a rule says; its name in the contract where it is no rule of the gate."""
    return REFUSAL_RULES[rule][1] if rule in REFUSAL_RULES else rule


@admin.register(Refusal, site=site)
class RefusalAdmin(OfficeAdmin):
    """Who tried what against which rule (CAT-17): one's own body and those below; the auditor reads all."""

    permission = Permission.READ_REGISTERS
    keyset = ("-pk",)
    list_display = ("when", "sentence", "verb", "of_body", "who", "requirements")
    list_filter = (ByRule, ByAct, "at")
    note = gettext_lazy("What the rules in force refused. The refused content itself is kept nowhere.")
    empty = gettext_lazy("Nothing was refused.")

    def visible(self, user: User, on: date) -> QuerySet[Refusal]:
        rows = Refusal.objects.annotate(body_name=body_name("agency_id"), who=who())
        if any(posting.role == READS_ALL for posting in user.held_on(on)):
            return rows
        return rows.filter(agency_id__in=list(agencies_in_reach(user, on).values_list("pk", flat=True)))

    def facts(self) -> Iterator[str]:
        yield from ("when", "sentence", "name", "requirements", "verb", "of_body", "who", "named")

    @admin.display(description=gettext_lazy("when"))
    def when(self, refusal: Refusal) -> datetime:
        return refusal.at

    @admin.display(description=gettext_lazy("rule"))
    def name(self, refusal: Refusal) -> str:
        return refusal.rule

    @admin.display(description=gettext_lazy("act"))
    def verb(self, refusal: Refusal) -> str:
        return refusal.act

    @admin.display(description=gettext_lazy("what the rule says"))
    def sentence(self, refusal: Refusal) -> Any:
        return sentence_of(refusal.rule)

    @admin.display(description=gettext_lazy("requirements"))
    def requirements(self, refusal: Refusal) -> str:
        return _(", ").join(refusal.rows)

    @admin.display(description=gettext_lazy("body"))
    def of_body(self, refusal: Any) -> str:
        return refusal.body_name or _("the portal itself")

    @admin.display(description=gettext_lazy("who"))
    def who(self, refusal: Any) -> str:
        return actor_of(refusal)

    @admin.display(description=gettext_lazy("what it named"))
    def named(self, refusal: Refusal) -> str:
        return _(", ").join(f"{key} {value}" for key, value in refusal.keys.items())


@admin.register(AuditEvent, site=site)
class AuditAdmin(OfficeAdmin):
    """Every act of the portal, for the auditor. Headers name things; reasons and values are read on the page of one event,
    and that look is itself an event of the reader's chain."""

    permission = Permission.READ_AUDIT
    keyset = ("-at", "-pk")
    list_display = ("when", "event", "case", "states", "of_body", "who")
    list_filter = ("at",)
    search_fields = ("name",)
    search_label = gettext_lazy("Chain, case (kind:number), actor or name of the event")
    note = gettext_lazy("The chain is made by the database. Nothing here can be changed or taken away.")

    def visible(self, user: User, on: date) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.annotate(body_name=body_name("agency"), who=who())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Exactly what was written: a chain, an actor, an event, a case, or an event's name. Nothing is guessed."""
        if not term:
            return queryset, False
        try:
            number = UUID(term)
        except ValueError:
            return queryset.filter(ref=term) if ":" in term else queryset.filter(name=term), False
        return queryset.filter(Q(chain=number) | Q(actor=number) | Q(pk=number)), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One event with its reason, and its chain recomputed while one waits. The look is registered first."""
        event = self.get_object(request, object_id)
        if event is None or not self.has_view_permission(request, event):
            raise PermissionDenied
        note_look(event, by=request.user)  # type: ignore[arg-type]
        (told,) = tell(event.chain, names=names, limit=1, before=event.seq + 1)
        response = super().change_view(request, object_id, form_url, {
            "told": told, "verdict": audit.verify(event.chain),
            "chain_url": f"{reverse('admin:casework_auditevent_changelist')}?{urlencode({'q': event.chain})}",
        })  # fmt: skip
        if isinstance(response, TemplateResponse):
            response.template_name = "office/register_event.html"
        return response

    def facts(self) -> Iterator[str]:
        yield from ("when", "event", "case", "states", "of_body", "who", "place")

    @admin.display(description=gettext_lazy("from and to"))
    def states(self, event: AuditEvent) -> str:
        labels = labels_of(event.ref.partition(":")[0])
        return " → ".join(str(labels.get(state, state)) for state in (event.before, event.after) if state)

    @admin.display(description=gettext_lazy("when"))
    def when(self, event: AuditEvent) -> datetime:
        return event.at

    @admin.display(description=gettext_lazy("event"))
    def event(self, event: AuditEvent) -> str:
        return event.name

    @admin.display(description=gettext_lazy("case"))
    def case(self, event: AuditEvent) -> str:
        return event.ref

    @admin.display(description=gettext_lazy("place in its chain"))
    def place(self, event: AuditEvent) -> str:
        return f"{event.chain} {event.seq}"

    @admin.display(description=gettext_lazy("body"))
    def of_body(self, event: Any) -> str:
        return event.body_name or ""

    @admin.display(description=gettext_lazy("who"))
    def who(self, event: Any) -> str:
        return actor_of(event)
