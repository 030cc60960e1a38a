"""Market subjects: the list, and the mark of the public purse."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Region
from accounts.permissions import Permission
from casework.calendar import today
from casework.errors import DomainError
from casework.office import VerbPage, site
from subjects import rules, services
from subjects.admin.lists import Register, column, under
from subjects.codes import check_code
from subjects.forms import MarkForm
from subjects.keys import bigrams, normalise
from subjects.models import FormerCode, Subject, SubjectName
from subjects.states import PublicBody

site.menu(
    "information", gettext_lazy("Market subjects"), "admin:subjects_subject_changelist", Permission.READ_FILE,
    icon="building", place=40,
)  # fmt: skip
CANDIDATES = 500  # subjects that a search by name brings; whoever needs more writes more of the name


class DivisionFilter(SimpleListFilter):
    """Divisions of the officer's own bodies and those right below them; no list of three thousand."""

    title = gettext_lazy("division")
    parameter_name = "division"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        own = request.user.postings_on(today()).values_list("agency__region", flat=True)  # type: ignore[union-attr]
        opened = [region.open_part for region in Region.objects.filter(pk__in=own)]
        near = Q(pk__in=own)
        for part in opened:
            near |= Q(code__startswith=part, valid_to=None)
        return list(Region.objects.filter(near).order_by("code").values_list("code", "name")[:60])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(region__code__startswith=Region(code=value).open_part) if value else queryset


class SubjectAdmin(Register):
    """Every market subject of the register. Its row is public knowledge; its file asks what for."""

    permission = Permission.READ_FILE
    keyset = ("-pk",)
    list_display = (
        column(gettext_lazy("Name of the subject"), lambda row: row.name),
        column(gettext_lazy("Code"), lambda row: row.unified_code),
        column(gettext_lazy("Type"), lambda row: row.get_type_display()),
        column(gettext_lazy("Registration"), lambda row: row.get_registration_status_display()),
        column(gettext_lazy("Division"), lambda row: row.region.name),
    )  # fmt: skip
    list_filter = (
        ("type", under(gettext_lazy("Type"))),
        ("registration_status", under(gettext_lazy("Registration"))),
        DivisionFilter,
    )
    list_select_related = ("region",)
    search_label = gettext_lazy("Name, former name or code")
    note = gettext_lazy("The file of a subject opens for a stated purpose; each look at it is registered.")
    empty = gettext_lazy("The register holds no subject yet.")
    object_page = "subject_file"

    def page_key(self, row: Subject) -> str:
        return row.unified_code

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By current or former code, tidied as on the public page; by any of its names through the keys of the search."""
        if not search_term.strip():
            return queryset, False
        check = check_code(search_term)
        if check.normalised_is_valid and check.normalised:
            by_code = Q(unified_code=check.normalised) | Q(former_codes__unified_code=check.normalised)
            return queryset.filter(by_code), True
        key = normalise(search_term)
        pairs = bigrams(key)
        found = SubjectName.objects.filter(key__contains=key, bigrams__contains=pairs) if pairs else (
            SubjectName.objects.filter(key=key)
        )  # fmt: skip
        return queryset.filter(pk__in=list(found.values_list("subject", flat=True)[:CANDIDATES])), False


site.register(Subject, SubjectAdmin)


def subject_or_404(code: str) -> Subject:
    """The subject that bears this code, or bore it before (SUB-07)."""
    former = FormerCode.objects.filter(subject=OuterRef("pk")).order_by("-valid_to")
    subjects = Subject.objects.select_related("region", "registration_authority").annotate(
        former=ArraySubquery(former.values(row=JSONObject(code="unified_code", until="valid_to")))
    )
    found = subjects.filter(unified_code=code).first() or subjects.filter(former_codes__unified_code=code).first()
    if found is None:
        raise Http404
    return found


@site.page("subjects/<unified_code:code>/public-body/", name="mark_public_body")
class MarkPage(VerbPage):
    """Say that a subject belongs to the public purse, so that its superior is told of its untrustworthiness (SUB-12)."""

    permission = Permission.MARK_SUBJECT
    title = gettext_lazy("Mark as a body of the public purse")
    verb = gettext_lazy("Set the mark")
    form_class = MarkForm

    def prepare(self) -> None:
        self.subject = subject_or_404(self.kwargs["code"])

    def effects(self) -> list[Any]:
        now = str(PublicBody(self.subject.public_body).label) if self.subject.public_body else _("none")
        return [
            _("%(name)s bears the mark: %(mark)s.") % {"name": self.subject.name, "mark": now},
            _("While it is marked, its superior is told of every untrustworthiness record about it."),
        ]

    def refusal(self) -> DomainError | None:
        try:
            rules.check_no_own_relation(self.officer, self.subject, on=self.on)
        except DomainError as refusal:
            return refusal
        return None

    def initial(self) -> dict[str, Any]:
        return {"kind": self.subject.public_body}

    def act(self, data: dict[str, Any]) -> str:
        services.mark_public_body(
            self.subject.pk, kind=data["kind"], by=self.officer, reason=data["reason"], on=self.on
        )
        return _("The mark was set.") if data["kind"] else _("The mark was taken off.")

    def back(self) -> str:
        return reverse("admin:subject_file", args=[self.subject.unified_code])
