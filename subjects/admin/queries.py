"""Registered looks and their review."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.permissions import Permission
from accounts.rules import agencies_in_reach
from casework.errors import DomainError
from casework.office import OfficePage, ReasonForm, VerbPage, Waiting, permissions_of, site
from casework.templatetags.office import moment
from subjects import rules, services
from subjects.admin.lists import Register, column, under
from subjects.forms import ReviewForm
from subjects.models import QueryReceipt
from subjects.states import Mark, PersonalField, QueryState

site.menu(
    "supervision", gettext_lazy("Registered looks"), "admin:subjects_queryreceipt_changelist", Permission.READ_REGISTERS,
    icon="lock",
)  # fmt: skip
WAITING = 50  # flagged looks in one reviewer's queue


def queries_in_reach(user: Any, on: date) -> QuerySet[QueryReceipt]:
    """The looks that an officer may read about: those of his own body and those below it; an auditor's reach is all."""
    return QueryReceipt.objects.filter(agency__in=agencies_in_reach(user, on))


class ToReviewFilter(SimpleListFilter):
    """What waits for a reviewer: flagged by rule, or drawn by lot and not read yet."""

    title = gettext_lazy("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("waiting for review"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(TO_REVIEW) if self.value() == "waiting" else queryset


TO_REVIEW = Q(state=QueryState.FLAGGED) | Q(state=QueryState.REGISTERED, marks__contains=[Mark.SAMPLED])


def about_person(receipt: QueryReceipt) -> str:
    return _("a person") if receipt.person_id else ""


def mark_words(receipt: QueryReceipt) -> str:
    words = dict(Mark.choices)
    return _(", ").join(str(words[mark]) for mark in receipt.marks)


class QueryReceiptAdmin(Register):
    permission = Permission.READ_REGISTERS
    keyset = ("-pk",)
    list_display = (
        column(gettext_lazy("Number of the look"), lambda row: row.number),
        column(gettext_lazy("When"), lambda row: moment(row.at)),
        column(gettext_lazy("Who"), lambda row: row.user or row.client),
        column(gettext_lazy("For which body"), lambda row: row.agency),
        column(gettext_lazy("About whom"), lambda row: row.subject.name if row.subject else about_person(row)),
        column(gettext_lazy("Purpose"), lambda row: row.get_purpose_display()),
        column(gettext_lazy("Case"), lambda row: row.matter),
        column(gettext_lazy("State"), lambda row: row.get_state_display()), column(gettext_lazy("Marks"), mark_words),
    )  # fmt: skip
    list_filter = (ToReviewFilter, ("state", under(gettext_lazy("State"))), ("purpose", under(gettext_lazy("Purpose"))))
    list_select_related = ("user", "client", "agency", "subject")
    note = gettext_lazy(
        "Every look at what is not public: who, for which body, about whom, what for. Never what was seen."
    )
    empty = gettext_lazy("Nobody has looked yet.")
    object_page = "query"

    def visible(self, user: Any, on: date) -> QuerySet[Any]:
        return queries_in_reach(user, on)

    def page_key(self, row: QueryReceipt) -> str:
        return row.number


site.register(QueryReceipt, QueryReceiptAdmin)
OUTCOMES = {
    QueryState.REVIEWED_OK: gettext_lazy("Found in order"),
    QueryState.FLAGGED: gettext_lazy("Flag it"),
    QueryState.CLEARED: gettext_lazy("Clear it"),
    QueryState.INCIDENT: gettext_lazy("It is an incident"),
}
FIELDS = {
    "names": gettext_lazy("names and codes"), "persons": gettext_lazy("responsible persons, masked"),
    "facts": gettext_lazy("facts in every state"), "timeline": gettext_lazy("course of the file"),
    "queries": gettext_lazy("who looked before"), "versions": gettext_lazy("versions of a fact"),
    "publication": gettext_lazy("its publication"), "identity_number": PersonalField.IDENTITY_NUMBER.label,
    "identity_number_last_four": gettext_lazy("last four characters of a document number"),
}  # fmt: skip


class OneQuery:
    """A look within the officer's reach."""

    kwargs: dict[str, Any]
    officer: Any
    on: date

    def prepare(self) -> None:
        found = queries_in_reach(self.officer, self.on).select_related(
            "user", "client", "agency", "subject", "person", "reviewed_by"
        )
        receipt = found.filter(number=self.kwargs["number"]).first()
        if receipt is None:
            raise Http404
        self.receipt = receipt


@site.page("queries/<slug:number>/", name="query")
class QueryPage(OneQuery, OfficePage):
    permission = Permission.READ_REGISTERS
    template_name = "office/query.html"
    title = gettext_lazy("A registered look")

    def context(self) -> dict[str, Any]:
        return {
            "receipt": self.receipt, "marks": mark_words(self.receipt), "outcomes": list(self._outcomes()),
            "fields": [FIELDS.get(field, field) for field in self.receipt.fields],
        }  # fmt: skip

    def _outcomes(self) -> Iterator[tuple[Any, str, str]]:
        """What a review may come to: label, address, or why this officer cannot."""
        for to in sorted(self.receipt.TRANSITIONS.get(QueryState(self.receipt.state), ())):
            why = why_not_review(self.officer, self.receipt, to, self.on)
            url = reverse("admin:review_query", args=[self.receipt.number, to])
            yield OUTCOMES[to], url, str(why or "")


def why_not_review(by: Any, receipt: QueryReceipt, to: str, on: date) -> DomainError | None:
    try:
        rules.check_can_review(by, receipt, to=to, reason="–", on=on)
    except DomainError as refusal:
        return refusal
    return None


@site.page("queries/<slug:number>/<slug:to>/", name="review_query")
class ReviewPage(OneQuery, VerbPage):
    permission = Permission.REVIEW_QUERIES

    def prepare(self) -> None:
        super().prepare()
        if self.kwargs["to"] not in OUTCOMES:
            raise Http404
        self.to_state = QueryState(self.kwargs["to"])
        self.title = self.verb = OUTCOMES[self.to_state]
        self.form_class = ReviewForm if self.to_state == QueryState.REVIEWED_OK else ReasonForm
        self.danger = self.to_state == QueryState.INCIDENT

    def effects(self) -> list[Any]:
        said = {"number": self.receipt.number, "who": self.receipt.user, "to": self.to_state.label}
        return [_("The look %(number)s by %(who)s becomes “%(to)s”; your name and reason stand beside it.") % said]

    def refusal(self) -> DomainError | None:
        return why_not_review(self.officer, self.receipt, self.to_state, self.on)

    def act(self, data: dict[str, Any]) -> str:
        services.review_query(self.receipt.pk, to=self.to_state, by=self.officer, reason=data["reason"], on=self.on)
        return _("The review of %(number)s is kept.") % {"number": self.receipt.number}

    def back(self) -> str:
        return reverse("admin:query", args=[self.receipt.number])


@site.waiting
def flagged_looks(user: Any, on: date) -> Iterator[Waiting]:
    """Looks that a rule flagged or the lot drew, for reviewers other than the reader."""
    if Permission.REVIEW_QUERIES not in permissions_of(user, on):
        return
    waiting = queries_in_reach(user, on).filter(TO_REVIEW).exclude(user__identity=user.identity_id)
    for receipt in waiting.select_related("user", "agency").order_by("pk")[:WAITING]:
        yield Waiting(
            title=_("A look to be reviewed"), detail=receipt.number, step=mark_words(receipt),
            why=_("%(who)s, %(agency)s") % {"who": receipt.user, "agency": receipt.agency}, role=_("reviewer"),
            verb=_("Review the look"), url=reverse("admin:query", args=[receipt.number]), group="agency",
        )  # fmt: skip
