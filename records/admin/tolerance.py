"""Records made at a desk: drafts, the tolerance review of flagged ones, and the review after a catalogue item's end."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from accounts.rules import agencies_in_reach
from casework.calendar import today
from casework.errors import DomainError
from casework.four_eyes import check_another_human
from casework.office import MOST_WAITING, Gate, VerbPage, Waiting, get_or_404, site
from casework.office_admin import OfficeAdmin
from casework.templatetags.office import day, state
from catalogs.models import CatalogueItem
from catalogs.states import Severity
from records.admin.documents import document_or_404
from records.admin.facts import STYLES, DecisionForm, own_bodies, page, titled, told
from records.models import ItemReview, Record
from records.office_rules import acting_body
from records.services import reviews, tolerance
from records.states import ItemReviewState, Occasion, Phase, Tolerance, Untrustworthiness
from subjects.rules import Reader
from subjects.services import register_query
from subjects.states import Channel, QueryPurpose

FIELDS = ["nature", "severity", "flags", "occasion"]


def registered(officer: Any, made: Record, why: Any, on: date) -> None:
    """Register the look at a record that is not public before its page leaves (SEC-02)."""
    register_query(
        by=officer, purpose=QueryPurpose.DETERMINATION, matter=made.public_id, reason=str(why), channel=Channel.OFFICE,
        fields=FIELDS, subject=made.subject, on=on,
    )  # fmt: skip


# --- Drafting ---------------------------------------------------------------------------------------------------------


class DraftForm(forms.Form):
    """What a record says: the item, the conduct, how grave, when and in the course of what it was noticed."""

    item_code = forms.ChoiceField(label=gettext_lazy("Catalogue item"))
    nature = forms.CharField(
        label=gettext_lazy("Conduct"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000,
        help_text=gettext_lazy("One or two sentences, as the document says it. No personal numbers."),
    )  # fmt: skip
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices, widget=forms.RadioSelect)
    occasion = forms.ChoiceField(
        label=gettext_lazy("Noticed in the course of"), choices=Occasion.choices, widget=forms.RadioSelect
    )
    phase = forms.ChoiceField(
        label=gettext_lazy("Phase of supervision"), choices=Phase.choices, widget=forms.RadioSelect, initial=Phase.AFTER
    )
    flags = forms.MultipleChoiceField(
        label=gettext_lazy("Reasons for tolerance"), choices=Tolerance.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("If one holds, a second officer reviews in writing before anything is recorded."),
    )  # fmt: skip


@site.page("documents/<uuid:uuid>/record/", name="record_draft")
class DraftPage(VerbPage):
    """Draft a record on a document. The draft is nobody's to see outside; it is put forward on its own page."""

    title = gettext_lazy("Draft an untrustworthiness record")
    template_name = "office/tolerance_draft.html"
    verb = gettext_lazy("Keep the draft")
    form_class = DraftForm

    def prepare(self) -> None:
        self.document = document_or_404(self.officer, self.kwargs["uuid"], self.on)

    def context(self) -> dict[str, Any]:
        return {**super().context(), "document": self.document, "styles": STYLES}

    def refusal(self) -> DomainError | None:
        return told(acting_body, self.officer, Permission.RECORD, of=self.document.issuer, on=self.on)

    def form(self) -> forms.Form:
        form = super().form()
        fitting = CatalogueItem.objects.in_force(self.document.decided_on).filter(
            adverse=True, basis_types__contains=[self.document.type]
        )
        choices = [(item.code, f"{item.code} {item.name}") for item in fitting.order_by("code")]
        form.fields["item_code"].choices = choices  # type: ignore[attr-defined]
        return form

    def effects(self) -> list[Any]:
        return [
            _("A draft is kept in your name; nothing is public."),
            _(
                "You put it forward on its own page: it takes effect through the gate, or waits for the tolerance review."
            ),
        ]

    def act(self, data: dict[str, Any]) -> str:
        self.made = tolerance.draft_record(self.document.pk, by=self.officer, on=self.on, **data)
        return _("The draft %(record)s is kept.") % {"record": self.made.public_id}

    def back(self) -> str:
        return reverse("admin:document", args=[self.document.uuid])

    def done(self) -> str:
        return reverse("admin:tolerance", args=[self.made.public_id])


# --- One record: put forward, or reviewed -----------------------------------------------------------------------------


class OpinionForm(DecisionForm):
    outcomes = (
        ("record", gettext_lazy("It may be recorded")),
        ("not", gettext_lazy("It is not recorded: the reasons for tolerance weigh more")),
    )
    reason = forms.CharField(
        label=gettext_lazy("Written opinion"), widget=forms.Textarea(attrs={"rows": 6}), max_length=4000,
        help_text=gettext_lazy("On the flagged reason, the conduct and its consequences. It stays in the file."),
    )  # fmt: skip


@site.page("tolerance/<str:public_id>/", name="tolerance")
class RecordPage(VerbPage):
    """One record made at a desk: its author puts a draft forward; a second officer writes the opinion on a flagged one."""

    template_name = "office/tolerance_record.html"

    def prepare(self) -> None:
        made = (
            Record.objects.filter(public_id=self.kwargs["public_id"], act=None)
            .select_related("subject", "document__issuer", "item", "determining_department", "prepared_by")
            .order_by("-version")
            .first()
        )
        if (
            made is None
            or not agencies_in_reach(self.officer, self.on).filter(pk=made.determining_department_id).exists()
        ):
            raise Http404
        self.made: Record = made
        registered(self.officer, made, self.title, self.on)

    @property
    def title(self) -> Any:
        return _("Tolerance review") if self.is_reviewed else _("Untrustworthiness record")

    @property
    def verb(self) -> Any:
        return _("Give the opinion") if self.is_reviewed else _("Put forward")

    @property
    def is_reviewed(self) -> bool:
        return self.made.state == Untrustworthiness.TOLERANCE_REVIEW

    def context(self) -> dict[str, Any]:
        review = getattr(self.made, "tolerance_review", None)
        flags = [Tolerance(flag).label for flag in self.made.flags]
        return {**super().context(), "made": self.made, "flags": flags, "review": review, "styles": STYLES}

    def form(self) -> forms.Form:
        kind = OpinionForm if self.is_reviewed else forms.Form
        return kind(self.request.POST if self.request.method == "POST" else None)

    def refusal(self) -> DomainError | None:
        if self.is_reviewed:
            return told(tolerance.check_may_review, self.made, by=self.officer, on=self.on)
        return told(tolerance.check_can_submit, self.made, by=self.officer, on=self.on)

    def gates(self) -> list[Gate]:
        found = [Gate(self.made.document.state == "effective", _("The document on which it rests is in effect."))]
        if self.is_reviewed:
            human = told(check_another_human, self.officer, self.made.prepared_by_identity_id)
            found.append(Gate(human is None, _("The opinion is another person's than the draft."), str(human or "")))
        return found

    def effects(self) -> list[Any]:
        if self.is_reviewed:
            return [
                _(
                    "If it may be recorded, it takes effect at once, or waits as a draft while its document has no effect."
                ),
                _("If not, it ends here: no public trace, and it cannot be drafted again on the same document."),
            ]
        if self.made.flags and not hasattr(self.made, "tolerance_review"):
            return [_("It is flagged: a second officer of %(body)s reviews it in writing first.")
                    % {"body": self.made.determining_department}]  # fmt: skip
        return [_("It takes effect at once, if the gate lets it pass.")]

    def act(self, data: dict[str, Any]) -> str:
        if self.is_reviewed:
            may_record = data["decision"] == "record"
            made = tolerance.review_tolerance(
                self.made.pk, opinion=data["reason"], may_record=may_record, by=self.officer, on=self.on
            )
        else:
            made = tolerance.submit(self.made.pk, by=self.officer, on=self.on)
        return _("%(record)s is now: %(state)s.") % {"record": made.public_id, "state": made.get_state_display()}

    def back(self) -> str:
        return reverse("admin:records_record_changelist")

    def done(self) -> str:
        return reverse("admin:tolerance", args=[self.made.public_id])


# --- After an item's end ----------------------------------------------------------------------------------------------


class ItemReviewForm(DecisionForm):
    outcomes = (
        ("keep", gettext_lazy("It stays: it was lawful on the day of its decision")),
        ("withdraw", gettext_lazy("Withdraw: it does not outlive its item")),
    )


@site.page("item-reviews/<uuid:uuid>/", name="item_review")
class ItemReviewPage(VerbPage):
    """A record whose catalogue item has ended: it stays or goes, with a reason (CAT-19)."""

    title = gettext_lazy("Review after an item's end")
    template_name = "office/tolerance_record.html"
    form_class = ItemReviewForm
    verb = gettext_lazy("Decide")

    def prepare(self) -> None:
        reach = agencies_in_reach(self.officer, self.on)
        found = get_or_404(
            ItemReview.objects.filter(record__determining_department__in=reach).select_related(
                "record__subject", "record__document__issuer", "record__item", "record__determining_department",
                "record__prepared_by", "decided_by",
            ),
            uuid=self.kwargs["uuid"],
        )  # fmt: skip
        assert isinstance(found, ItemReview)
        self.review, self.made = found, found.record

    def context(self) -> dict[str, Any]:
        return {**super().context(), "made": self.made, "item_review": self.review, "styles": STYLES}

    def refusal(self) -> DomainError | None:
        return told(reviews.check_waits, self.review) or told(
            reviews.check_may_review_item, self.review, by=self.officer, on=self.on
        )

    def effects(self) -> list[Any]:
        return [
            _("Kept, the record stands as long as it would have stood, and is not asked about again."),
            _("Withdrawn, it and its act leave every public page at once and do not come back on the same document."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        verb = reviews.keep if data["decision"] == "keep" else reviews.withdraw
        review = verb(self.review.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("%(record)s: %(state)s.") % {"record": self.made.public_id, "state": review.get_state_display()}

    def back(self) -> str:
        return reverse("admin:records_itemreview_changelist")


# --- Lists ------------------------------------------------------------------------------------------------------------


@admin.register(Record, site=site)
class Records(OfficeAdmin):
    """Untrustworthiness records of bodies in reach, drafts and reviews included."""

    permission = Permission.READ_FILE
    keyset = ("-pk",)
    list_display = ("about", "fact", "item_", "class_", "body", "decided", "standing")
    list_filter = (
        ("state", titled(gettext_lazy("State"))), ("severity", titled(gettext_lazy("Severity"))),
        ("occasion", titled(gettext_lazy("Noticed in the course of"))), ("phase", titled(gettext_lazy("Phase of supervision"))),
    )  # fmt: skip
    list_select_related = ("subject", "item", "determining_department", "act")
    search_fields = ("public_id__exact", "subject__unified_code__exact", "document__number__exact")
    search_label = gettext_lazy("Number of the document, code of the subject or id of the record, in full")
    registers_queries = True
    empty = gettext_lazy("No body in your reach has an untrustworthiness record.")
    note = gettext_lazy("Drafts and reviews stand here too; they are not public. Each look at this list is registered.")

    def visible(self, user: Any, on: date) -> QuerySet[Record]:
        return Record.objects.filter(determining_department__in=agencies_in_reach(user, on))

    def registered(self, request: HttpRequest, rows: Iterable[Record]) -> None:
        shown, officer = list(rows), cast(User, request.user)
        purposes = Reader.of(officer, today()).purposes
        register_query(
            by=officer, purpose=purposes[0] if purposes else "", matter=_("list of untrustworthiness records"),
            reason=_("list of untrustworthiness records"), channel=Channel.OFFICE, fields=FIELDS,
            rows=len(shown), on=today(),
        )  # fmt: skip

    @admin.display(description=gettext_lazy("Subject"))
    def about(self, row: Record) -> str:
        return row.subject.name

    @admin.display(description=gettext_lazy("Id"))
    def fact(self, row: Record) -> str:
        return row.public_id

    @admin.display(description=gettext_lazy("Catalogue item"))
    def item_(self, row: Record) -> str:
        return str(row.item)

    @admin.display(description=gettext_lazy("Severity"))
    def class_(self, row: Record) -> str:
        return row.get_severity_display()

    @admin.display(description=gettext_lazy("Determining department"))
    def body(self, row: Record) -> str:
        return row.determining_department.name

    @admin.display(description=gettext_lazy("Decided"))
    def decided(self, row: Record) -> Any:
        return day(row.decided_on)

    @admin.display(description=gettext_lazy("State"))
    def standing(self, row: Record) -> Any:
        return state(row)

    def page_of(self, row: Record) -> str:
        if row.act_id is None:
            return reverse("admin:tolerance", args=[row.public_id])
        return page("subject_file", row.subject.unified_code)


@admin.register(ItemReview, site=site)
class ItemReviews(OfficeAdmin):
    """The review queue after catalogue items that ended."""

    permission = Permission.REVIEW_ITEM
    keyset = ("-pk",)
    list_display = ("about", "item", "opened", "standing")
    list_filter = (("state", titled(gettext_lazy("State"))),)
    list_select_related = ("record__subject", "record__item", "decided_by")
    object_page = "item_review"
    empty = gettext_lazy("No catalogue item under which your body has records has ended.")
    note = gettext_lazy("When a catalogue item ends, each record under it is kept or withdrawn, with a reason.")

    def visible(self, user: Any, on: date) -> QuerySet[ItemReview]:
        return ItemReview.objects.filter(record__determining_department__in=agencies_in_reach(user, on))

    def page_key(self, row: ItemReview) -> Any:
        return row.uuid

    @admin.display(description=gettext_lazy("Subject"))
    def about(self, row: ItemReview) -> str:
        return row.record.subject.name

    @admin.display(description=gettext_lazy("Catalogue item"))
    def item(self, row: ItemReview) -> str:
        return str(row.record.item)

    @admin.display(description=gettext_lazy("In the queue since"))
    def opened(self, row: ItemReview) -> Any:
        return day(row.opened_on)

    @admin.display(description=gettext_lazy("State"))
    def standing(self, row: ItemReview) -> Any:
        return state(row)


site.menu(
    "information", gettext_lazy("Untrustworthiness records"), "admin:records_record_changelist", Permission.READ_FILE,
    icon="records", place=20,
)  # fmt: skip
site.menu(
    "work", gettext_lazy("Reviews after an item's end"), "admin:records_itemreview_changelist", Permission.REVIEW_ITEM,
    icon="law",
)  # fmt: skip


# --- The queue --------------------------------------------------------------------------------------------------------


@site.waiting
def records_waiting(user: Any, on: date) -> Iterator[Waiting]:
    """Flagged records for a second officer's opinion, and one's own drafts."""
    bodies = own_bodies(user, Permission.REVIEW_TOLERANCE, on)
    records = Record.objects.select_related("subject", "document")
    flagged = records.filter(state=Untrustworthiness.TOLERANCE_REVIEW, determining_department__in=bodies)
    for made in flagged.order_by("pk")[:MOST_WAITING]:
        own = told(check_another_human, user, made.prepared_by_identity_id)
        yield Waiting(
            title=made.subject.name, detail=made.document.number, step=_("flagged, waits for the tolerance review"),
            role=_("reviewer"), why=str(own or ""), verb="" if own else _("Review"),
            url=reverse("admin:tolerance", args=[made.public_id]), group="second_person" if own else "mine",
        )  # fmt: skip
    for made in records.filter(state=Untrustworthiness.DRAFT, prepared_by=user, act=None).order_by("pk")[:MOST_WAITING]:
        yield Waiting(
            title=made.subject.name, detail=made.document.number, step=_("draft"), role=_("author"), verb=_("Put forward"),
            url=reverse("admin:tolerance", args=[made.public_id]),
        )  # fmt: skip


@site.waiting
def item_reviews_waiting(user: Any, on: date) -> Iterator[Waiting]:
    """Records whose catalogue item has ended."""
    bodies = own_bodies(user, Permission.REVIEW_ITEM, on)
    waiting = ItemReview.objects.filter(state=ItemReviewState.OPEN, record__determining_department__in=bodies)
    for review in waiting.select_related("record__subject", "record__item").order_by("pk")[:MOST_WAITING]:
        own = told(check_another_human, user, review.record.prepared_by_identity_id)
        yield Waiting(
            title=review.record.subject.name, detail=review.record.public_id,
            step=_("its catalogue item %(item)s has ended") % {"item": review.record.item.code}, role=_("reviewer"),
            why=str(own or ""), verb="" if own else _("Decide"), url=reverse("admin:item_review", args=[review.uuid]),
            group="second_person" if own else "mine",
        )  # fmt: skip
