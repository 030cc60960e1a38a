"""Bodies and divisions: registers that every officer reads, and the proposals of account keepers about them."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts import rules
from accounts.admin.steps import KEEPERS_EVENTS, KeptAdmin, Kind, ProposePage, column, the_one, titled
from accounts.forms import AgencyForm, MergeForm, RegionForm, RenameForm
from accounts.models import AccountStep, Agency, Posting, Region
from accounts.permissions import Permission
from casework import timeline
from casework.checks import allowed
from casework.models import Step
from casework.office import OfficePage, permissions_of, site
from casework.office_admin import OfficeAdmin


class AgencyAdmin(KeptAdmin):
    new_page, new_label = "agency_new", gettext_lazy("Register an agency")
    object_page = "agency"
    keyset = ("name", "pk")
    list_display = (
        column(gettext_lazy("Body"), lambda body: body.name),
        column(gettext_lazy("Unified social credit code"), lambda body: body.unified_code),
        column(gettext_lazy("Kind"), lambda body: body.get_kind_display()),
        column(gettext_lazy("Level"), lambda body: body.get_level_display()),
        column(gettext_lazy("Division"), lambda body: body.region),
        column(gettext_lazy("Body above it"), lambda body: body.superior or ""),
        column(gettext_lazy("Last day"), lambda body: body.valid_to or ""),
    )
    list_filter = (("kind", titled(gettext_lazy("Kind"))), ("level", titled(gettext_lazy("Level"))))
    search_fields = ("name", "unified_code", "former_names__name")
    search_label = gettext_lazy("Name, former name or unified code")
    note = gettext_lazy("Bodies that act in this portal. What a body decided keeps the name that it bore that day.")

    def visible(self, user: Any, on: date) -> QuerySet[Agency]:
        return Agency.objects.select_related("region", "superior")

    def page_key(self, row: Agency) -> Any:
        return row.uuid


class RegionAdmin(OfficeAdmin):
    object_page = "region"
    keyset = ("code",)
    list_display = (
        column(gettext_lazy("Division code"), lambda region: region.code),
        column(gettext_lazy("Name"), lambda region: region.name),
        column(gettext_lazy("From"), lambda region: region.valid_from or ""),
        column(gettext_lazy("Last day"), lambda region: region.valid_to or ""),
        column(gettext_lazy("Code that follows"), lambda region: region.successor_id or ""),
    )
    search_fields = ("code", "name")
    search_label = gettext_lazy("Code or name")
    note = gettext_lazy("Divisions of GB/T 2260 with the days of their codes.")

    def visible(self, user: Any, on: date) -> QuerySet[Region]:
        return Region.objects.select_related("successor")


site.register(Agency, AgencyAdmin)
site.register(Region, RegionAdmin)


@site.page("agencies/<uuid:uuid>/", name="agency")
class AgencyPage(OfficePage):
    """One body: what it is, its names, who is posted there, its keys, what happened."""

    template_name = "office/accounts_agency.html"

    def prepare(self) -> None:
        bodies = Agency.objects.select_related("region", "superior", "successor")
        self.agency: Any = the_one(bodies, uuid=self.kwargs["uuid"])
        self.title = self.agency.name

    def context(self) -> dict[str, Any]:
        keeps = (
            Permission.KEEP_ACCOUNTS in permissions_of(self.officer, self.on)
            and rules.kept_agencies(self.officer, self.on).filter(pk=self.agency.pk).exists()
        )
        running = Q(valid_to=None) | Q(valid_to__gte=self.on)
        held = Posting.objects.filter(running, agency=self.agency, valid_from__lte=self.on).select_related("user")
        return {
            "agency": self.agency, "keeps": keeps, "is_living": self.agency.exists_on(self.on),
            "former": self.agency.former_names.order_by("-valid_to"),
            "below": self.agency.subordinates.order_by("name"),
            "held": held.order_by("role", "user__name") if keeps else [],
            "keys": self.agency.clients.order_by("-valid_to") if keeps else [],
            "steps": AccountStep.objects.filter(agency=self.agency, state=Step.PROPOSED) if keeps else [],
            "told": timeline.tell(self.agency.uuid, names=rules.names_of, events=KEEPERS_EVENTS) if keeps else [],
        }  # fmt: skip


@site.page("agencies/new/", name="agency_new")
class MakeAgency(ProposePage):
    kind, form_class, title = Kind.MAKE_AGENCY, AgencyForm, gettext_lazy("Register an agency")

    def choices(self) -> dict[str, QuerySet[Any]]:
        return {"superior": self.kept()}

    def initial(self) -> dict[str, Any]:
        return {"valid_from": self.on}

    def back(self) -> str:
        return reverse("admin:accounts_agency_changelist")


class AboutAgency(ProposePage):
    """A proposal about one body."""

    def prepare(self) -> None:
        self.agency: Any = the_one(Agency.objects.all(), uuid=self.kwargs["uuid"])
        self.title = f"{self.kind.label}：{self.agency}"

    def about(self) -> dict[str, Any]:
        return {"agency": self.agency}

    def back(self) -> str:
        return reverse("admin:agency", args=[self.agency.uuid])

    def initial(self) -> dict[str, Any]:
        return {"day": self.on}


@site.page("agencies/<uuid:uuid>/rename/", name="agency_rename")
class RenameAgency(AboutAgency):
    kind, form_class = Kind.RENAME_AGENCY, RenameForm


@site.page("agencies/<uuid:uuid>/merge/", name="agency_merge")
class MergeAgency(AboutAgency):
    kind, form_class, danger = Kind.MERGE_AGENCY, MergeForm, True

    def choices(self) -> dict[str, QuerySet[Any]]:
        living = Q(valid_to=None) | Q(valid_to__gt=self.on)
        return {"successor": Agency.objects.filter(living).exclude(pk=self.agency.pk).order_by("name")}


@site.page("regions/<str:code>/", name="region")
class RegionPage(OfficePage):
    """One division: its days, what came before and after, its bodies."""

    template_name = "office/accounts_region.html"

    def prepare(self) -> None:
        self.region: Any = the_one(Region.objects.select_related("successor"), pk=self.kwargs["code"])
        self.title = f"{self.region.name} {self.region.code}"

    def context(self) -> dict[str, Any]:
        keeps = allowed(self.officer.check_may, Permission.KEEP_ACCOUNTS, on=self.on)
        return {
            "region": self.region,
            "keeps": keeps
            and self.region.valid_to is None
            and rules.keeps_region(self.officer, self.region.code, self.on),
            "before": self.region.predecessors.order_by("code"),
            "bodies": self.region.agency_set.order_by("name"),
        }


@site.page("regions/<str:code>/change/", name="region_change")
class ChangeRegion(ProposePage):
    kind, form_class, danger = Kind.CHANGE_REGION, RegionForm, True

    def prepare(self) -> None:
        self.region: Any = the_one(Region.objects.all(), pk=self.kwargs["code"])
        self.title = f"{self.kind.label}：{self.region.name} {self.region.code}"

    def about(self) -> dict[str, Any]:
        return {"code": self.region.code}

    def initial(self) -> dict[str, Any]:
        return {"day": self.on}

    def back(self) -> str:
        return reverse("admin:region", args=[self.region.code])
