"""The base of every change list of the office: read-only, fast on millions of rows, deaf to hidden look-ups."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from casework.calendar import today
from casework.office import Facet, keyset_page, permissions_of, site

PLAIN = {"exact", "in", "isnull", "gte", "gt", "lte", "lt", "year", "month", "day", "id__exact", "pk__exact"}
OURS = ("after", "sort")


class KeysetChangeList(ChangeList):
    """A change list that walks by key: no count of all rows, no page 40,000."""

    next_cursor = ""
    model_admin: Any

    def get_filters_params(self, params: Any = None) -> Any:
        return {name: value for name, value in super().get_filters_params(params).items() if name not in OURS}

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return list(self.model_admin.keyset_of(request))

    def get_results(self, request: HttpRequest) -> None:
        keyset = self.model_admin.keyset_of(request)
        page = keyset_page(self.queryset, keyset, request.GET.get("after", ""), self.list_per_page)
        self.result_list, self.next_cursor = page.rows, page.next_cursor
        self.result_count = self.full_result_count = len(page.rows)
        self.show_full_result_count, self.show_admin_actions = False, False
        self.can_show_all, self.multi_page, self.paginator = False, False, None


class OfficeAdmin(ModelAdmin):
    """A register: who may see it (`permission`, `visible`), in what order (`keyset`), what stands in a row.

    Nothing is added, changed or deleted here; acts are verbs on their own pages. `object_page` names the page of one row.
    """

    permission: ClassVar[str | None] = None
    keyset: ClassVar[tuple[str, ...]] = ("-pk",)
    sorts: ClassVar[dict[str, tuple[Any, tuple[str, ...]]]] = {}  # ?sort=name → label, keyset
    object_page: ClassVar[str] = ""
    search_label: ClassVar[Any] = ""
    note: ClassVar[Any] = ""  # one sentence above the list: what it holds
    empty: ClassVar[Any] = _("Nothing here yet.")
    list_per_page = 25
    show_full_result_count = False
    actions = None
    sortable_by = ()
    list_filter_sheet = False

    # --- who sees what

    def visible(self, user: Any, on: date) -> QuerySet[Any]:
        """The rows this officer may see; also what autocomplete and the pages of single rows offer."""
        return self.model._default_manager.all()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.visible(request.user, today())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.permission is None or self.permission in permissions_of(request.user, today())

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- what the address may ask

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Filters that the page shows, and nothing beside: `?column__startswith=` would answer about a column it hides."""
        shown = self.get_list_filter(request)
        names = [f if isinstance(f, str) else f[0] for f in shown if isinstance(f, str | tuple | list)]
        if any(lookup == getattr(f, "parameter_name", "") for f in shown):
            return True
        return any(lookup == n or (lookup.startswith(f"{n}__") and lookup[len(n) + 2 :] in PLAIN) for n in names)

    def keyset_of(self, request: HttpRequest) -> tuple[str, ...]:
        wanted = request.GET.get("sort", "")
        if not wanted:
            return self.keyset
        if wanted not in self.sorts:
            raise SuspiciousOperation("unknown order")
        return self.sorts[wanted][1]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return KeysetChangeList

    # --- the pages

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "GET":
            raise SuspiciousOperation("a list is only read")
        try:
            cl = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            raise SuspiciousOperation("unknown filter") from None
        self.registered(request, cl.result_list)
        context = {
            **site.each_context(request),
            "title": self.opts.verbose_name_plural,
            "note": self.note,
            "empty": self.empty,
            "cl": cl,
            "headings": [label_for_field(name, self.model, self) for name in self.list_display],
            "rows": [(self.page_of(row), list(self._cells(row))) for row in cl.result_list],
            "facets": self._facets(request, cl),
            "search_label": self.search_label,
            "hidden": [(k, v) for k, values in request.GET.lists() if k not in ("q", "after") for v in values],
            "sorts": self._sorts(request),
            "next_url": _address(request, after=cl.next_cursor) if cl.next_cursor else "",
            "is_first": "after" not in request.GET,
            "first_url": _address(request, after=""),
            "is_narrowed": bool(set(request.GET) - {"after", "sort"}),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "office/list.html", context)

    def registered(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        """Register the look before anything leaves, where the rows are not public; the lists of rules and bodies are."""

    def page_of(self, row: Any) -> str:
        if self.object_page:
            return reverse(f"admin:{self.object_page}", args=[self.page_key(row)])
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def page_key(self, row: Any) -> Any:
        return row.pk

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One row, read-only: every column that `facts` names."""
        obj = self.get_object(request, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        self.registered(request, [obj])
        facts = [(label_for_field(name, self.model, self), self._cell(obj, name)) for name in self.facts()]
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context = {
            **site.each_context(request),
            "title": str(obj),
            "facts": facts,
            "back": back,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "office/object.html", context)

    def facts(self) -> Iterable[str]:
        return [*self.list_display]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise PermissionDenied  # the audit tells it

    # --- pieces

    def _cells(self, row: Any) -> Iterable[tuple[Any, Any]]:
        for name in self.list_display:
            yield label_for_field(name, self.model, self), self._cell(row, name)

    def _cell(self, row: Any, name: str) -> Any:
        field, _attribute, value = lookup_field(name, row, self)
        if field is None:
            return value if isinstance(value, date) else display_for_value(value, "")
        if getattr(field, "flatchoices", None):
            return dict(field.flatchoices).get(value, "")
        return value if isinstance(value, date) else display_for_field(value, field, "")

    def _facets(self, request: HttpRequest, cl: Any) -> list[Facet]:
        return [
            Facet(
                spec.title,
                [
                    (choice["display"], _without(choice["query_string"]), bool(choice["selected"]))
                    for choice in spec.choices(cl)
                ],
            )
            for spec in cl.filter_specs
        ]

    def _sorts(self, request: HttpRequest) -> list[tuple[Any, str, bool]]:
        if not self.sorts:
            return []
        now = request.GET.get("sort", "")
        shipped = [(_("newest first"), _address(request, sort="", after=""), not now)]
        return shipped + [
            (label, _address(request, sort=name, after=""), name == now) for name, (label, _k) in self.sorts.items()
        ]

    # The audit tells what was done, without names (security.md #27).
    def log_addition(self, *args: Any) -> None: ...
    def log_change(self, *args: Any) -> None: ...
    def log_deletions(self, *args: Any) -> None: ...


def _address(request: HttpRequest, **changes: str) -> str:
    """This list with other parameters; an empty value takes one away."""
    pairs = [(k, v) for k, values in request.GET.lists() for v in values if k not in changes]
    pairs += [(k, v) for k, v in changes.items() if v]
    return f"?{urlencode(pairs)}"


def _without(query: str) -> str:
    """A filter's address begins at the first page again."""
    kept = [part for part in query.lstrip("?").split("&") if part and not part.startswith("after=")]
    return f"?{'&'.join(kept)}"
