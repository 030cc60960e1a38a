"""The rules in force as every officer reads them: the catalogue on any day, and where departments publish themselves."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency, User
from casework.calendar import today
from casework.office import OfficePage, check_parameters, keyset_page, site
from casework.office_admin import OfficeAdmin
from catalogs.models import CatalogueItem

ROWS = 25

site.menu("rules", gettext_lazy("Information catalogue"), "admin:catalogs_catalogueitem_changelist")
site.menu("rules", gettext_lazy("Channels of departments"), "admin:channels")


class InForceOn(admin.SimpleListFilter):
    """The catalogue as it stood on a day: today unless a day is asked for; offered are the days on which it changed."""

    title, parameter_name = gettext_lazy("in force on"), "on"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        changed = CatalogueItem.objects.announced().filter(in_force_from__lte=today())
        days = changed.order_by("-in_force_from").values_list("in_force_from", flat=True).distinct()
        return [(str(day), str(day)) for day in days]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [first | {"display": _("today")}, *others]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        try:
            value = self.value()
            asked = date.fromisoformat(value) if value else today()
        except ValueError:
            raise SuspiciousOperation("no such day") from None
        return queryset.in_force(asked)


@admin.register(CatalogueItem, site=site)
class CatalogueItemAdmin(OfficeAdmin):
    """What may be recorded, shared and disclosed. Whatever stands outside it is refused."""

    keyset = ("code", "pk")
    list_display = ("code", "name", "category_name", "collecting_department", "is_disclosed", "in_force_from", "basis")
    list_filter = (InForceOn, "category", "level")
    search_fields = ("code__startswith", "name__icontains")
    search_label = gettext_lazy("Code or name of the item")
    note = gettext_lazy("What is not in the catalogue of the day may not be recorded.")

    def visible(self, user: User, on: date) -> QuerySet[CatalogueItem]:
        return CatalogueItem.objects.announced().prefetch_related("provisions__instrument")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return self.get_queryset(request).filter(pk=object_id).first() if object_id.isdecimal() else None

    def facts(self) -> tuple[str, ...]:
        return (
            "code", "edition", "name", "category_name", "kind", "content", "collecting_department", "power_ref", "basis",
            "share_lawfulness", "share_necessity", "is_disclosed", "disclose_lawfulness", "disclose_necessity",
            "in_force_from", "in_force_to", "announced_on", "published_in", "confidence",
        )  # fmt: skip

    @admin.display(description=gettext_lazy("category"))
    def category_name(self, item: CatalogueItem) -> str:
        return str(item.get_category_display())

    @admin.display(description=gettext_lazy("made public"))
    def is_disclosed(self, item: CatalogueItem) -> str:
        return _("yes") if item.disclose_allowed else _("no")

    @admin.display(description=gettext_lazy("legal basis"))
    def basis(self, item: CatalogueItem) -> str:
        return _("; ").join(str(provision) for provision in item.provisions.all())


@site.page("channels/", name="channels")
class Channels(OfficePage):
    """Where each department publishes its own acts (SHR-09)."""

    title = gettext_lazy("Channels of departments")
    template_name = "office/register_channels.html"

    def context(self) -> dict[str, Any]:
        check_parameters(self.request, ("q", "after"))
        q = self.request.GET.get("q", "").strip()[:100]
        there = Q(valid_to=None) | Q(valid_to__gte=self.on)
        bodies = Agency.objects.filter(there).filter(Q(name__contains=q) | Q(channel_name__contains=q))
        found = keyset_page(bodies, ("name", "pk"), self.request.GET.get("after", ""), ROWS)
        return {"bodies": found.rows, "next_cursor": found.next_cursor, "q": q}
