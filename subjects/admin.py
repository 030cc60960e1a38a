"""The register, looks at what is not public, and consents in the back office."""

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import register_converter, reverse
from django.urls.converters import StringConverter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency, Region
from accounts.permissions import Permission
from accounts.rules import agencies_in_reach
from casework.calendar import today
from casework.errors import DomainError
from casework.office import OfficePage, ReasonForm, VerbPage, Waiting, permissions_of, site, status_of
from casework.office_admin import OfficeAdmin
from casework.privacy import Document
from subjects import rules, services
from subjects.codes import check_code
from subjects.forms import ConsentForm, LookForm, MarkForm, RevealForm, ReviewForm
from subjects.keys import bigrams, normalise
from subjects.models import Consent, FormerCode, Person, QueryReceipt, Subject, SubjectName
from subjects.states import Channel, Mark, PersonalField, PublicBody, QueryPurpose, QueryState, Service

site.menu(
    "information",
    gettext_lazy("Market subjects"),
    "admin:subjects_subject_changelist",
    Permission.READ_FILE,
    icon="building",
)
site.menu(
    "information", gettext_lazy("Consents"), "admin:subjects_consent_changelist", Permission.READ_FILE, icon="pen"
)
site.menu(
    "supervision", gettext_lazy("Registered looks"), "admin:subjects_queryreceipt_changelist", Permission.READ_REGISTERS,
    icon="lock",
)  # fmt: skip

CANDIDATES = 500  # subjects that a search by name brings; whoever needs more writes more of the name
WAITING = 50  # flagged looks in one reviewer's queue


class UnifiedCode(StringConverter):
    """A unified code in an address; nothing else stands where a subject is meant."""

    regex = "[0-9A-Z]{18}"


register_converter(UnifiedCode, "unified_code")

# ── A page that shows what is not public ─────────────────────────────────────────────────────────────────────────────


class LookPage(OfficePage):
    """A page of the file. Before it shows anything the officer states purpose, case and reason; they hold for this subject
    until the day's end, and every look at the page is registered and committed first (SEC-02)."""

    permission = Permission.READ_FILE
    fields: ClassVar[tuple[str, ...]] = ()
    subject: Subject | None = None
    person: Person | None = None

    @property
    def key(self) -> str:
        about = self.subject or self.person
        assert about is not None
        return str(about.uuid)

    def stated(self) -> dict[str, str] | None:
        """What this officer stated today about this subject."""
        held: dict[str, str] | None = self.request.session.get("looks", {}).get(self.key)
        return held if held and held["on"] == self.on.isoformat() else None

    def look_form(self) -> LookForm:
        given = {name: self.request.GET[name] for name in ("purpose", "matter") if name in self.request.GET}
        data = self.request.POST if self.request.method == "POST" else None
        return LookForm(data, initial=given, purposes=rules.Reader.of(self.officer, self.on).purposes)

    def ask(self, form: LookForm, status: int = 200) -> HttpResponse:
        """The page that asks what for. It names the subject, which the public register does too, and no more."""
        self.template_name = "office/file_purpose.html"
        return self.render(status=status, form=form, subject=self.subject, person=self.person)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stated = self.stated()
        if stated is None or request.GET.get("purpose", stated["purpose"]) != stated["purpose"]:
            return self.ask(self.look_form())
        try:
            services.register_query(
                by=self.officer, subject=self.subject, person=self.person, fields=self.fields, channel=Channel.OFFICE,
                on=self.on, purpose=stated["purpose"], matter=stated["matter"], reason=stated["reason"],
            )  # fmt: skip
        except DomainError as refusal:
            return self.refused(refusal)
        stated_purpose = QueryPurpose(stated["purpose"]).label
        about = {"stated": stated, "stated_purpose": stated_purpose, "subject": self.subject, "person": self.person}
        return self.render(**about | self.shown())

    def shown(self) -> dict[str, Any]:
        """What the page shows, read after the look is registered."""
        return {}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.look_form()
        if not form.is_valid():
            return self.ask(form, status=422)
        asked = {name: form.cleaned_data[name] for name in ("purpose", "matter", "reason")}
        try:
            rules.check_can_query(rules.Reader.of(self.officer, self.on), **asked)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self.ask(form, status=status_of(refusal))
        day = self.on.isoformat()
        held = {key: look for key, look in request.session.get("looks", {}).items() if look["on"] == day}
        request.session["looks"] = held | {self.key: asked | {"on": day}}
        kept = {name: value for name, value in request.GET.items() if name not in ("purpose", "matter")}
        return self.to(f"{request.path}?{urlencode(kept)}" if kept else request.path)


# ── Market subjects ──────────────────────────────────────────────────────────────────────────────────────────────────


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
        return queryset.filter(region_id__startswith=Region(code=value).open_part) if value else queryset


class SubjectAdmin(OfficeAdmin):
    """Every market subject of the register. Its row is public knowledge; its file asks what for."""

    permission = Permission.READ_FILE
    keyset = ("-pk",)
    list_display = ("name", "unified_code", "type", "registration_status", "region", "registered_on")
    list_filter = ("type", "registration_status", DivisionFilter)
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
        if (check := check_code(search_term)).is_valid:
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


# ── Persons ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class PersonPage(VerbPage):
    def context(self) -> dict[str, Any]:
        return super().context() | {"person": self.person}

    def prepare(self) -> None:
        person = Person.objects.filter(uuid=self.kwargs["uuid"]).first()
        if person is None:
            raise Http404
        self.person = person

    def back(self) -> str:
        position = self.person.positions.select_related("subject").order_by("-pk").first()
        if position is None:
            return reverse("admin:index")
        return reverse("admin:subject_file", args=[position.subject.unified_code])


@site.page("persons/<uuid:uuid>/number/", name="reveal")
class RevealPage(PersonPage):
    """The number of a person's document, for a purpose, once: it stands in this one answer, in no address and no session."""

    permission = Permission.REVEAL
    template_name = "office/reveal.html"
    title = gettext_lazy("Show the number of a document")
    verb = gettext_lazy("Register and show")

    def form(self) -> Any:
        data = self.request.POST if self.request.method == "POST" else None
        return RevealForm(data, purposes=rules.Reader.of(self.officer, self.on).purposes)

    def effects(self) -> list[Any]:
        return [
            _("The look is registered first: your name, your body, purpose, case, reason, this minute."),
            _("%(name)s can ask who looked.") % {"name": self.person.name_masked},
            _("The number is shown once on the next page; nothing keeps it."),
        ]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form()
        if not form.is_valid():
            return self.render(status=422, form=form)
        try:
            numbers = services.reveal_number(self.person, by=self.officer, on=self.on, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self.render(status=status_of(refusal), form=form)
        shown = [(Document(kind).label, number) for kind, number in numbers.items()]
        response = self.render(numbers=shown, is_shown=True)
        response["Cache-Control"] = "no-store"
        return response


@site.page("persons/<uuid:uuid>/consent/", name="give_consent")
class GiveConsentPage(PersonPage):
    """Enter a consent that a person gave on paper."""

    permission = Permission.REVEAL
    title = gettext_lazy("Enter a consent")
    verb = gettext_lazy("Keep the consent")
    form_class = ConsentForm

    def effects(self) -> list[Any]:
        needs = [
            _("%(service)s needs no more than: %(fields)s.")
            % {"service": service.label, "fields": _(", ").join(rules.labels_of(sorted(rules.SERVICES[service])))}
            for service in Service
        ]
        return [
            _("From now until its last day your body may use these fields of %(name)s for this service.")
            % {"name": self.person.name_masked},
            *needs,
        ]

    def act(self, data: dict[str, Any]) -> str:
        agency = Agency.objects.get(pk=self.officer.agency_id)
        services.give_consent(self.person.pk, agency=agency, by=self.officer, on=self.on, **data)
        return _("The consent is kept until %(day)s.") % {"day": data["ends_on"]}


# ── Consents ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class ConsentAdmin(OfficeAdmin):
    permission = Permission.READ_FILE
    keyset = ("-pk",)
    list_display = ("whose", "agency", "service_words", "given_on", "ends_on", "state")
    list_filter = ("state",)
    list_select_related = ("person", "agency")
    note = gettext_lazy(
        "Consents of persons to a use of their information: for one service, until a day, revocable at any time."
    )
    empty = gettext_lazy("Nobody has consented to anything yet; what a law orders needs no consent.")
    object_page = "consent"

    def visible(self, user: Any, on: date) -> QuerySet[Any]:
        return Consent.objects.filter(agency__in=agencies_in_reach(user, on))

    def page_key(self, row: Consent) -> Any:
        return row.uuid

    def whose(self, row: Consent) -> str:
        return row.person.name_masked

    whose.short_description = gettext_lazy("person")  # type: ignore[attr-defined]

    def service_words(self, row: Consent) -> str:
        return str(dict(Service.choices).get(row.service, row.service))

    service_words.short_description = gettext_lazy("service")  # type: ignore[attr-defined]


site.register(Consent, ConsentAdmin)


class OneConsent:
    """A consent within the officer's reach."""

    kwargs: dict[str, Any]
    officer: Any
    on: date

    def prepare(self) -> None:
        reach = agencies_in_reach(self.officer, self.on)
        found = Consent.objects.select_related("person", "agency").filter(uuid=self.kwargs["uuid"], agency__in=reach)
        consent = found.first()
        if consent is None:
            raise Http404
        self.consent = consent


@site.page("consents/<uuid:uuid>/", name="consent")
class ConsentPage(OneConsent, OfficePage):
    permission = Permission.READ_FILE
    template_name = "office/consent.html"
    title = gettext_lazy("Consent to personal information")

    def context(self) -> dict[str, Any]:
        return {
            "consent": self.consent, "scope": rules.labels_of(self.consent.scope),
            "service": dict(Service.choices).get(self.consent.service, self.consent.service),
            "may_revoke": Permission.REVEAL in permissions_of(self.officer, self.on) and self.consent.state == "given",
        }  # fmt: skip


@site.page("consents/<uuid:uuid>/revoke/", name="revoke_consent")
class RevokePage(OneConsent, VerbPage):
    permission = Permission.REVEAL
    title = gettext_lazy("Revoke a consent for the person")
    verb = gettext_lazy("Revoke at once")
    form_class = ReasonForm
    danger = True

    def effects(self) -> list[Any]:
        return [_("From this moment nobody may use these fields under it; a new consent must be given anew.")]

    def act(self, data: dict[str, Any]) -> str:
        services.revoke_consent(self.consent.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("The consent ended at once.")

    def back(self) -> str:
        return reverse("admin:consent", args=[self.consent.uuid])


# ── Registered looks ─────────────────────────────────────────────────────────────────────────────────────────────────


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


class QueryReceiptAdmin(OfficeAdmin):
    permission = Permission.READ_REGISTERS
    keyset = ("-pk",)
    list_display = ("number", "at", "user", "agency", "subject", "purpose", "matter", "state", "why")
    list_filter = (ToReviewFilter, "state", "purpose")
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

    def why(self, row: QueryReceipt) -> str:
        return mark_words(row)

    why.short_description = gettext_lazy("marks")  # type: ignore[attr-defined]


def mark_words(receipt: QueryReceipt) -> str:
    words = dict(Mark.choices)
    return _(", ").join(str(words[mark]) for mark in receipt.marks)


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
            verb=_("Review"), url=reverse("admin:query", args=[receipt.number]), group="agency",
        )  # fmt: skip
