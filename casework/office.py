"""The back office: its site, its change lists, its pages and its queue. Apps hang theirs on it from their `admin.py`.

django-unfold gives the site, the ModelAdmin and the stylesheet. Its scripts are not loaded: every page here works without
JavaScript and under the same strict content security policy as the public pages (docs/decisions/0016).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View
from unfold.sites import UnfoldAdminSite

from casework.calendar import UnknownYear, calendar, today
from casework.errors import DomainError, NotAllowed, WrongState

SECTIONS = {
    "work": gettext_lazy("Work"),
    "information": gettext_lazy("Information"),
    "rules": gettext_lazy("Rules"),
    "supervision": gettext_lazy("Supervision"),
    "accounts": gettext_lazy("Accounts"),
}
SOON = 3  # working days, as in the status vocabulary
MOST_WAITING = 200  # of one source: a queue longer than this is worked off from its own list


@dataclass(frozen=True)
class Waiting:
    """One line of the queue: what waits, since when it counts, where it stands, and the one next verb."""

    title: str  # the subject, or what the matter is called
    detail: str  # kind and number
    step: str  # where it stands
    due_on: date | None = None
    why: str = ""
    role: str = ""  # as what the officer would act
    verb: str = ""  # the next verb; empty: nothing to do now, `why` says why
    url: str = ""
    group: str = "mine"  # "mine", "agency", "second_person", "paused"


@dataclass(frozen=True)
class MenuEntry:
    section: str
    label: Any
    url_name: str
    permission: str | None = None
    icon: str = "next"
    place: int = 50


@dataclass(frozen=True)
class Gate:
    """A condition of an act: whether it is met, in a sentence, and who could meet it."""

    met: bool
    text: Any
    who: str = ""


Source = Callable[[Any, date], Iterable[Waiting]]


class OfficeSite(UnfoldAdminSite):
    """The admin site: the queue as its start page, pages of the apps beside the change lists, a menu by work."""

    site_header = site_title = gettext_lazy("Credit Qinghe")
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.pages: list[URLPattern] = []
        self.menu_entries: list[MenuEntry] = []
        self.sources: list[Source] = []
        self.foot: Callable[[Any, date], Any] | None = None  # one sentence under the queue

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.is_active and getattr(user, "is_staff", False))

    def page(self, route: str, name: str) -> Callable[[type["OfficePage"]], type["OfficePage"]]:
        """Hang a page on the site: `/admin/<route>`, named `admin:<name>`."""

        def hang(view: type[OfficePage]) -> type[OfficePage]:
            self.pages.append(path(route, self.admin_view(view.as_view()), name=name))
            return view

        return hang

    def waiting(self, source: Source) -> Source:
        """Register a source of the queue."""
        self.sources.append(source)
        return source

    def menu(
        self,
        section: str,
        label: Any,
        url_name: str,
        permission: str | None = None,
        icon: str = "next",
        place: int = 50,
    ) -> None:
        """Put an entry into the menu; `place` orders a section, the most used first."""
        self.menu_entries.append(MenuEntry(section, label, url_name, permission, icon, place))
        self.menu_entries.sort(key=lambda entry: entry.place)

    def get_urls(self) -> list[Any]:
        """The queue, the pages of the apps, the change lists. What of Django's no page asks for has no address."""
        unwanted = {"password_change", "password_change_done", "app_list", "view_on_site", "search", "autocomplete"}
        stock = [url for url in super().get_urls() if getattr(url, "name", "") not in unwanted]
        return [*self.pages, *stock]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the office shows around its content."""
        context = {
            "site_title": self.site_title, "site_header": self.site_header, "has_permission": self.has_permission(request),
            "available_apps": [], "is_popup": False, "is_nav_sidebar_enabled": False,
        }  # fmt: skip
        if context["has_permission"]:
            user: Any = request.user
            on = today()
            context |= {
                "office_menu": list(self._menu(request, user, on)),
                "officer": user,
                "postings": user.held_on(on),
                "today": on,
            }
        return context

    def _menu(self, request: HttpRequest, user: Any, on: date) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        held = permissions_of(user, on)
        for section, label in SECTIONS.items():
            entries = [
                {"label": entry.label, "url": url, "icon": entry.icon, "active": is_at(request, url)}
                for entry in self.menu_entries
                if entry.section == section and (entry.permission is None or entry.permission in held)
                for url in [reverse(entry.url_name)]
            ]
            if entries:
                yield label, entries

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The queue: what waits for me, most urgent first."""
        lines = [line for source in self.sources for line in source(request.user, today())]
        view = request.GET.get("view", "mine")
        if view not in VIEWS or set(request.GET) - {"view", "q"}:
            raise SuspiciousOperation("unknown view or parameter")
        q = request.GET.get("q", "").strip()
        on = today()
        found = [
            line
            for line in lines
            if VIEWS[view][1](line, on) and (not q or any(q in part for part in (line.title, line.detail)))
        ]
        context = {
            **self.each_context(request),
            "title": _("My queue"),
            "views": [(name, label, sum(test(line, on) for line in lines)) for name, (label, test) in VIEWS.items()],
            "view": view,
            "q": q,
            "groups": grouped(found, on),
            "summary": self.foot(request.user, on) if self.foot else "",
            "next_due": min((line.due_on for line in lines if line.due_on and line.due_on >= on), default=None),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, "office/queue.html", context)


def permissions_of(user: Any, on: date) -> frozenset[str]:
    """Everything an officer may do this day."""
    found: frozenset[str] = user.permissions_on(on)
    return found


def is_at(request: HttpRequest, url: str) -> bool:
    index = reverse("admin:index")
    return request.path == url if url == index else request.path.startswith(url)


def _soon(line: Waiting, on: date) -> bool:
    if line.due_on is None or line.due_on < on:
        return False
    try:
        return calendar().working_days_between(on, line.due_on) <= SOON
    except UnknownYear:  # further off than any calendar that is out
        return False


VIEWS: dict[str, tuple[Any, Callable[[Waiting, date], bool]]] = {
    "mine": (gettext_lazy("Mine"), lambda line, on: line.group == "mine"),
    "agency": (gettext_lazy("My body's"), lambda line, on: line.group in {"mine", "agency"}),
    "soon": (gettext_lazy("Due within 3 working days"), _soon),
    "overdue": (gettext_lazy("Overdue"), lambda line, on: line.due_on is not None and line.due_on < on),
    "second_person": (gettext_lazy("Waiting for a second person"), lambda line, on: line.group == "second_person"),
    "paused": (gettext_lazy("Clock paused"), lambda line, on: line.group == "paused"),
}


def grouped(lines: list[Waiting], on: date) -> list[tuple[str, str, list[Waiting]]]:
    """Lines by urgency: overdue, today, within a week, later, without a day, paused. (key, heading, lines)."""
    headings = {
        "overdue": _("Overdue"), "today": _("Due today"), "week": _("Due within a week"), "later": _("Later"),
        "undated": _("Without a day"), "paused": _("Clock paused"),
    }  # fmt: skip
    found: dict[str, list[Waiting]] = {key: [] for key in headings}
    for line in sorted(lines, key=lambda line: (line.due_on or date.max, line.title)):
        if line.group == "paused":
            key = "paused"
        elif line.due_on is None:
            key = "undated"
        else:
            days = (line.due_on - on).days
            key = "overdue" if days < 0 else "today" if days == 0 else "week" if days <= 7 else "later"
        found[key].append(line)
    return [(key, headings[key], lines) for key, lines in found.items() if lines]


site = OfficeSite(name="admin")
site.menu("work", gettext_lazy("My queue"), "admin:index", icon="records", place=0)


# --- Pages ------------------------------------------------------------------------------------------------------------


class OfficePage(View):
    """A page of the office. `prepare` loads what it is about; a refusal in it becomes a page that says why and who can."""

    title: Any = ""
    permission: ClassVar[str | None] = None
    template_name: str = ""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.on = today()
        self.officer: Any = request.user

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            self.check_may_open()
            self.prepare()
        except DomainError as refusal:
            return self.refused(refusal)
        return super().dispatch(request, *args, **kwargs)

    def check_may_open(self) -> None:
        if self.permission is not None and self.permission not in permissions_of(self.officer, self.on):
            self.officer.check_may(self.permission, on=self.on)

    def prepare(self) -> None:
        """Load what the page is about; Http404 when the officer may not know of it."""

    def context(self) -> dict[str, Any]:
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render()

    def render(self, status: int = 200, **more: Any) -> TemplateResponse:
        context = {**site.each_context(self.request), "title": self.title, **self.context(), **more}
        return TemplateResponse(self.request, self.template_name, context, status=status)

    def refused(self, refusal: DomainError) -> TemplateResponse:
        context = {**site.each_context(self.request), "title": _("Not possible"), "refusal": refusal}
        return TemplateResponse(self.request, "office/refused.html", context, status=status_of(refusal))

    def to(self, url: str, said: str = "") -> HttpResponseRedirect:
        """After an act: say what happened, on the next page."""
        if said:
            messages.success(self.request, said)
        return HttpResponseRedirect(url)


def status_of(refusal: DomainError) -> int:
    return 403 if isinstance(refusal, NotAllowed) else 409 if isinstance(refusal, WrongState) else 422


class ReasonForm(forms.Form):
    """A reason, in words that whoever is concerned will read."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000,
        help_text=gettext_lazy("Whoever is concerned will read it. Write no personal numbers."),
    )  # fmt: skip


class VerbPage(OfficePage):
    """An act on its own page: GET says what will happen and asks why, POST calls one verb. What was typed is never lost."""

    template_name = "office/verb.html"
    form_class: type[forms.Form] = ReasonForm
    verb: Any = gettext_lazy("Confirm")
    danger = False

    def effects(self) -> list[Any]:
        """What happens with the button: sentences with number, day and person."""
        return []

    def gates(self) -> list[Gate]:
        return []

    def refusal(self) -> DomainError | None:
        """Why this officer cannot do it now, as the verb itself would say it; None when he can."""
        return None

    def act(self, data: dict[str, Any]) -> str:
        """Call the verb; the sentence that says what happened."""
        raise NotImplementedError  # every page says its own

    def back(self) -> str:
        return reverse("admin:index")

    def done(self) -> str:
        """Where to go after the act."""
        return self.back()

    def initial(self) -> dict[str, Any]:
        return {}

    def form(self) -> forms.Form:
        if self.request.method == "POST":
            return self.form_class(self.request.POST, self.request.FILES, initial=self.initial())
        return self.form_class(initial=self.initial())

    def context(self) -> dict[str, Any]:
        return {
            "effects": self.effects(), "gates": self.gates(), "verb": self.verb, "danger": self.danger, "back": self.back(),
        }  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render(form=self.form(), refusal=self.refusal())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form()
        if not form.is_valid():
            return self.render(status=422, form=form)
        try:
            said = self.act(form.cleaned_data)
        except DomainError as refusal:
            if refusal.field and refusal.field in form.fields:
                form.add_error(refusal.field, str(refusal))
            else:
                form.add_error(None, str(refusal))
            return self.render(status=status_of(refusal), form=form, refusal_rule=refusal.rule)
        return self.to(self.done(), said)


# --- Keyset pages -----------------------------------------------------------------------------------------------------

CURSOR = signing.Signer(salt="office.cursor", sep=".")


@dataclass(frozen=True)
class Slice:
    """One page of a long list and the way to the next; nothing is counted."""

    rows: list[Any]
    next_cursor: str = ""


def keyset_page(rows: QuerySet[Any], keyset: tuple[str, ...], cursor: str, size: int) -> Slice:
    """`size` rows after the cursor, ordered by `keyset` (names with "-" for falling; the last one unique and not null).

    A cursor that was altered, or belongs to another order, is refused (400).
    """
    rows = rows.order_by(*keyset)
    if cursor:
        try:
            values = CURSOR.unsign_object(cursor)
        except (signing.BadSignature, ValueError):
            raise SuspiciousOperation("cursor was altered") from None
        if len(values) != len(keyset):
            raise SuspiciousOperation("cursor of another order")
        beyond = Q()
        for place, name in enumerate(keyset):
            column = name.lstrip("-")
            equal = Q(**{k.lstrip("-"): v for k, v in zip(keyset[:place], values[:place], strict=True)})
            beyond |= equal & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": values[place]})
        rows = rows.filter(beyond)
    found = list(rows[: size + 1])
    if len(found) <= size:
        return Slice(found)
    last = found[size - 1]
    return Slice(found[:size], CURSOR.sign_object([_plain(_value(last, name.lstrip("-"))) for name in keyset]))


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value) if hasattr(value, "hex") else value


@dataclass
class Facet:
    """A filter as links: its title and (label, address, is chosen) of each choice."""

    title: Any
    choices: list[tuple[Any, str, bool]] = field(default_factory=list)


def check_parameters(request: HttpRequest, known: Iterable[str]) -> None:
    """An unknown parameter is refused, never ignored (400)."""
    if unknown := set(request.GET) - set(known):
        raise SuspiciousOperation(f"unknown parameter: {len(unknown)}")


def get_or_404(rows: QuerySet[Any], **keys: Any) -> Any:
    """The one row, or the answer that there is none."""
    found = rows.filter(**keys).first()
    if found is None:
        raise Http404
    return found
