"""The page of a basis document, and the acts of courts and of its issuer on it: stay, end of a stay, annulment (SM-4)."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from accounts.rules import agencies_in_reach
from casework import attachments
from casework.errors import DomainError
from casework.models import Attachment
from casework.office import OfficePage, ReasonForm, VerbPage, get_or_404, site
from casework.office_admin import OfficeAdmin
from casework.templatetags.office import day, state
from records import services
from records.admin.facts import STYLES, Link, is_in_reach, titled, told, why_not
from records.models import BasisDocument
from records.services import facts
from records.states import Document


def document_or_404(officer: User, uuid: Any, on: date) -> BasisDocument:
    """A document issued within reach; for a court, whose reviewers rule on any document, every one."""
    found = get_or_404(BasisDocument.objects.select_related("subject", "person", "issuer", "order"), uuid=uuid)
    assert isinstance(found, BasisDocument)
    if not is_in_reach(officer, on, found.issuer) and told(facts.check_may_rule, found, by=officer, on=on):
        raise Http404
    return found


@site.page("documents/<uuid:uuid>/", name="document")
class DocumentPage(OfficePage):
    """One basis document: what it is, what rests on it, what may be done with it."""

    title = gettext_lazy("Basis document")
    template_name = "office/fact_document.html"

    def prepare(self) -> None:
        self.document = document_or_404(self.officer, self.kwargs["uuid"], self.on)

    def context(self) -> dict[str, Any]:
        acts, records = facts.resting_on(self.document)
        links = document_verbs(self.document, self.officer, self.on)
        return {"document": self.document, "acts": acts, "records": records, "links": links, "styles": STYLES}


def document_verbs(document: BasisDocument, user: User, on: date) -> list[Link]:
    """What this officer may do with a document now."""
    rule = Permission.RULE_ON_DOCUMENT
    offered = [
        (
            gettext_lazy("Draft a record on it"),
            "record_draft",
            Permission.RECORD,
            {Document.REGISTERED, Document.EFFECTIVE},
        ),
        (gettext_lazy("Record a stay"), "stay", rule, {Document.EFFECTIVE}),
        (gettext_lazy("Record the end of the stay"), "lift_stay", rule, {Document.STAYED}),
        (gettext_lazy("Record an annulment"), "annul", rule, {Document.EFFECTIVE, Document.STAYED}),
    ]
    found = []
    for label, name, permission, states in offered:
        if document.state in states:
            refusal = why_not(user, permission, document.issuer, on)
            found.append(Link(label, "" if refusal else reverse(f"admin:{name}", args=[document.uuid]), refusal))
    return found


class OrderForm(forms.Form):
    """The order on which an act on a document rests: its number and the paper itself."""

    order_number = forms.CharField(label=gettext_lazy("Number of the order"), max_length=128)
    order = forms.FileField(
        label=gettext_lazy("The order"),
        help_text=gettext_lazy("PDF, JPEG or PNG, at most 20 MB. It is judged by its content and kept as evidence."),
    )


class OrderWithReasonForm(OrderForm):
    reason = ReasonForm.base_fields["reason"]


class DocumentVerb(VerbPage):
    """An act on a document by order: the order is stored, then one verb is called."""

    template_name = "office/fact_document_verb.html"
    form_class: type[OrderForm] = OrderWithReasonForm
    states: tuple[Document, ...] = ()

    def prepare(self) -> None:
        self.document = document_or_404(self.officer, self.kwargs["uuid"], self.on)
        self.acts, self.records = facts.resting_on(self.document)

    def context(self) -> dict[str, Any]:
        return {
            **super().context(), "document": self.document, "acts": self.acts, "records": self.records, "styles": STYLES,
        }  # fmt: skip

    def back(self) -> str:
        return reverse("admin:document", args=[self.document.uuid])

    def refusal(self) -> DomainError | None:
        return told(facts.check_is, self.document, *self.states) or told(
            facts.check_may_rule, self.document, by=self.officer, on=self.on
        )

    def act(self, data: dict[str, Any]) -> str:
        if refusal := self.refusal():  # before a file is kept for an act that will not be
            raise refusal
        order = attachments.store(data["order"], name=data["order"].name, by=self.officer)
        return self.rule(order, data)

    def rule(self, order: Attachment, data: dict[str, Any]) -> str:
        raise NotImplementedError  # every page says its own

    def n(self) -> int:
        return len(self.acts) + len(self.records)


@site.page("documents/<uuid:uuid>/stay/", name="stay")
class StayPage(DocumentVerb):
    title = gettext_lazy("Record the stay of a document")
    verb = gettext_lazy("Record the stay")
    form_class = OrderForm
    states = (Document.EFFECTIVE,)

    def effects(self) -> list[Any]:
        return [
            _("%(n)s facts that rest on %(number)s leave every public page at once.")
            % {"n": self.n(), "number": self.document.number},
            _("They come back when the end of the stay is recorded; nothing is withdrawn."),
        ]

    def rule(self, order: Attachment, data: dict[str, Any]) -> str:
        services.stay_document(
            self.document.pk, order=order, order_number=data["order_number"], by=self.officer, on=self.on
        )
        return _("%(number)s is stayed; what rests on it is not shown.") % {"number": self.document.number}


@site.page("documents/<uuid:uuid>/lift-stay/", name="lift_stay")
class LiftStayPage(DocumentVerb):
    title = gettext_lazy("Record the end of a stay")
    verb = gettext_lazy("Record the end of the stay")
    states = (Document.STAYED,)

    def effects(self) -> list[Any]:
        return [
            _(
                "%(number)s has effect again, and %(n)s facts that rest on it show again at once, as far as their time runs."
            )
            % {"n": self.n(), "number": self.document.number}
        ]

    def rule(self, order: Attachment, data: dict[str, Any]) -> str:
        services.lift_stay(
            self.document.pk, order=order, order_number=data["order_number"], by=self.officer, on=self.on,
            reason=data["reason"],
        )  # fmt: skip
        return _("The stay of %(number)s has ended.") % {"number": self.document.number}


@site.page("documents/<uuid:uuid>/annul/", name="annul")
class AnnulPage(DocumentVerb):
    title = gettext_lazy("Record the annulment of a document")
    verb = gettext_lazy("Record the annulment")
    danger = True
    states = (Document.EFFECTIVE, Document.STAYED)

    def effects(self) -> list[Any]:
        return [
            _("%(n)s facts that rest on %(number)s are withdrawn in the same moment, for good.")
            % {"n": self.n(), "number": self.document.number},
            _("They never come back on the same document. This cannot be undone."),
        ]

    def rule(self, order: Attachment, data: dict[str, Any]) -> str:
        services.annul_document(
            self.document.pk, order=order, order_number=data["order_number"], by=self.officer, on=self.on,
            reason=data["reason"],
        )  # fmt: skip
        return _("%(number)s is annulled; %(n)s facts were withdrawn with it.") % {
            "number": self.document.number, "n": self.n(),
        }  # fmt: skip


# --- The list ---------------------------------------------------------------------------------------------------------


@admin.register(BasisDocument, site=site)
class BasisDocuments(OfficeAdmin):
    """Documents issued within reach, newest decision first."""

    permission = Permission.READ_FILE
    keyset = ("-decided_on", "-pk")
    list_display = ("in_number", "about", "kind", "body", "decided", "standing")
    list_filter = (("state", titled(gettext_lazy("State"))), ("type", titled(gettext_lazy("Kind"))))
    list_select_related = ("subject", "issuer")
    search_fields = ("number__startswith",)
    search_label = gettext_lazy("Number of the document, from its beginning")
    object_page = "document"
    empty = gettext_lazy("No basis document was issued by a body in your reach.")
    note = gettext_lazy("On these documents facts rest. A stay hides what rests on one; an annulment withdraws it.")

    def visible(self, user: Any, on: date) -> QuerySet[BasisDocument]:
        return BasisDocument.objects.filter(issuer__in=agencies_in_reach(user, on))

    def page_key(self, row: BasisDocument) -> Any:
        return row.uuid

    @admin.display(description=gettext_lazy("Number"))
    def in_number(self, row: BasisDocument) -> str:
        return row.number

    @admin.display(description=gettext_lazy("Subject"))
    def about(self, row: BasisDocument) -> str:
        return row.subject.name if row.subject else _("a natural person")

    @admin.display(description=gettext_lazy("Kind"))
    def kind(self, row: BasisDocument) -> str:
        return row.get_type_display()

    @admin.display(description=gettext_lazy("Issuer"))
    def body(self, row: BasisDocument) -> str:
        return row.issuer.name

    @admin.display(description=gettext_lazy("Decided"))
    def decided(self, row: BasisDocument) -> Any:
        return day(row.decided_on)

    @admin.display(description=gettext_lazy("State"))
    def standing(self, row: BasisDocument) -> Any:
        return state(row)


site.menu(
    "information",
    gettext_lazy("Basis documents"),
    "admin:records_basisdocument_changelist",
    Permission.READ_FILE,
    icon="law",
)
