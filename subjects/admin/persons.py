"""Persons: the number of a document, for a purpose, once; and consents."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency
from accounts.permissions import Permission
from accounts.rules import agencies_in_reach
from casework.errors import DomainError
from casework.office import OfficePage, ReasonForm, VerbPage, permissions_of, site, status_of
from casework.privacy import Document
from subjects import rules, services
from subjects.admin.lists import Register, column, under
from subjects.forms import ConsentForm, RevealForm
from subjects.models import Consent, Person
from subjects.states import Service

site.menu(
    "information",
    gettext_lazy("Consents"),
    "admin:subjects_consent_changelist",
    Permission.READ_FILE,
    icon="pen",
    place=90,
)


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
        return RevealForm(data, purposes=rules.purposes_of(self.officer, on=self.on))

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


class ConsentAdmin(Register):
    permission = Permission.READ_FILE
    keyset = ("-pk",)
    list_display = (
        column(gettext_lazy("Person"), lambda row: row.person.name_masked),
        column(gettext_lazy("Given to"), lambda row: row.agency),
        column(gettext_lazy("Service"), lambda row: dict(Service.choices).get(row.service, row.service)),
        column(gettext_lazy("Given"), lambda row: row.given_on), column(gettext_lazy("Last day"), lambda row: row.ends_on),
        column(gettext_lazy("State"), lambda row: row.get_state_display()),
    )  # fmt: skip
    list_filter = (("state", under(gettext_lazy("State"))),)
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
