"""A page of the office that shows what is not public: asked for by a purpose, registered before it shows."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from accounts.permissions import Permission
from casework.errors import DomainError
from casework.office import OfficePage, status_of
from subjects import rules, services
from subjects.forms import LookForm
from subjects.models import Person, Subject
from subjects.states import Channel, QueryPurpose


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
        return LookForm(data, initial=given, purposes=rules.purposes_of(self.officer, on=self.on))

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
        purpose = QueryPurpose(stated["purpose"]).label
        about: dict[str, Any] = {"subject": self.subject, "person": self.person, "stated": stated, "purpose": purpose}
        return self.render(**(about | self.shown()))

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
