"""Circulars on timeliness: the list, one letter, writing one, answering one, and what of them waits in the queue."""

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import ROLE_NAMES, Permission
from accounts.rules import agencies_in_reach
from casework.calendar import UnknownYear, calendar
from casework.checks import allowed
from casework.errors import DomainError
from casework.office import MOST_WAITING, OfficePage, VerbPage, Waiting, get_or_404, site
from casework.office_admin import OfficeAdmin
from records.admin.clock import InReach
from records.figures import DEFINITIONS, NAMES, Period, of_agency
from records.models import Circular
from records.services import circulars
from records.states import CircularState

ANSWER_DAYS = 10  # working days that a new circular proposes for its answer; who writes it may choose another day

site.menu(
    "supervision", gettext_lazy("Circulars"), "admin:records_circular_changelist", Permission.READ_CLOCK, icon="mail"
)


@site.waiting
def waiting_circulars(user: User, on: date) -> Iterator[Waiting]:
    """Circulars that a body of this officer has to answer; to who wrote them, those whose answer is late."""
    answering = circulars.bodies_of(user, Permission.ANSWER_CIRCULAR, on=on)
    writing = circulars.bodies_of(user, Permission.ISSUE_CIRCULAR, on=on)
    mine, theirs = Q(agency__in=answering), Q(issuer__in=writing, answer_by__lt=on)
    open_now = Circular.objects.filter(mine | theirs, state=CircularState.ISSUED).select_related("agency", "issuer")
    for circular in open_now.order_by("answer_by", "pk")[:MOST_WAITING]:
        to_answer = circular.agency_id in answering
        role = ROLE_NAMES["reviewer" if to_answer else "coordinator"]
        yield Waiting(
            title=str(circular.agency), detail=_("circular on timeliness of %(day)s") % {"day": circular.issued_on},
            step=_("Waits for an answer."), due_on=circular.answer_by, role=str(role),
            why="" if to_answer else _("A reviewer of %(body)s answers it.") % {"body": circular.agency},
            verb=_("Answer it") if to_answer else "", url=reverse("admin:circular", args=[circular.uuid]),
            group="mine" if to_answer else "agency",
        )  # fmt: skip


@admin.register(Circular, site=site)
class CircularAdmin(OfficeAdmin):
    """The letters to and from the bodies in reach, newest first."""

    permission = Permission.READ_CLOCK
    keyset = ("-issued_on", "-pk")
    object_page = "circular"
    list_display = ("agency", "period", "issuer", "issued_on", "answer_by", "state")
    list_filter = ("state",)
    note = gettext_lazy("Letters of lead units to departments whose publications come late. They are internal.")
    empty = gettext_lazy("No circular was written.")

    def visible(self, user: User, on: date) -> QuerySet[Circular]:
        reach = agencies_in_reach(user, on)
        return Circular.objects.filter(Q(agency__in=reach) | Q(issuer__in=reach)).select_related("agency", "issuer")

    def page_key(self, row: Circular) -> Any:
        return row.uuid

    @admin.display(description=gettext_lazy("period"))
    def period(self, circular: Circular) -> str:
        return str(Period(circular.period_from, circular.period_to))


class OneCircular(OfficePage):
    """A page about one circular that this officer may see."""

    permission: ClassVar[str | None] = Permission.READ_CLOCK

    def prepare(self) -> None:
        seen = CircularAdmin(Circular, site).visible(self.officer, self.on).select_related("issued_by", "answered_by")
        self.circular: Any = get_or_404(seen, uuid=self.kwargs["uuid"])


@site.page("circulars/<uuid:uuid>/", name="circular")
class CircularPage(OneCircular):
    """The letter as it was written, with its figures, and the answer. Made to be printed."""

    title = gettext_lazy("Circular on timeliness")
    template_name = "office/circular.html"

    def context(self) -> dict[str, Any]:
        circular = self.circular
        may_answer = allowed(circulars.check_may_answer, self.officer, circular, on=self.on)
        return {
            "circular": circular,
            "period": Period(circular.period_from, circular.period_to),
            "figures": [(NAMES[name], DEFINITIONS[name], circular.figures[name]) for name in NAMES],
            "waits": circular.state == CircularState.ISSUED,
            "may_answer": may_answer and circular.state == CircularState.ISSUED,
        }


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Answer"), widget=forms.Textarea(attrs={"rows": 8}), max_length=4000,
        help_text=gettext_lazy("Why it was late, and what is done about it until when. The lead unit reads it."),
    )  # fmt: skip


@site.page("circulars/<uuid:uuid>/answer/", name="circular_answer")
class AnswerCircular(VerbPage, OneCircular):
    permission = None  # the verb's own check says who may
    title = gettext_lazy("Answer the circular")
    verb = gettext_lazy("Send the answer")
    form_class = AnswerForm

    def refusal(self) -> DomainError | None:
        try:
            circulars.check_may_answer(self.officer, self.circular, on=self.on)
            circulars.check_waits(self.circular)
        except DomainError as refused:
            return refused
        return None

    def effects(self) -> list[Any]:
        return [
            _("%(issuer)s reads the answer; it is given once and stays as it is.") % {"issuer": self.circular.issuer},
            _("The last day to answer is %(day)s.") % {"day": self.circular.answer_by},
        ]

    def act(self, data: dict[str, Any]) -> str:
        circulars.answer_circular(self.circular.pk, answer=data["answer"], by=self.officer, on=self.on)
        return _("The answer was sent to %(issuer)s.") % {"issuer": self.circular.issuer}

    def back(self) -> str:
        return reverse("admin:circular", args=[self.circular.uuid])


class LetterForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Text"), widget=forms.Textarea(attrs={"rows": 10}), max_length=4000,
        help_text=gettext_lazy("What is asked of the department. The figures are put beneath it as they stand now."),
    )  # fmt: skip
    answer_by = forms.DateField(
        label=gettext_lazy("Answer by"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("The last day on which the department may answer."),
    )  # fmt: skip


@site.page("circulars/new/", name="circular_new")
class NewCircular(VerbPage, InReach):
    permission = Permission.ISSUE_CIRCULAR
    title = gettext_lazy("Write a circular")
    verb = gettext_lazy("Issue the circular")
    form_class = LetterForm
    template_name = "office/circular_new.html"
    parameters = ("agency", "period")

    def prepare(self) -> None:
        super().prepare()
        period = self._chosen_period()
        if self.agency is None or period is None:
            raise Http404
        self.body, self.period = self.agency, period
        self.figures = of_agency(self.body, period, on=self.on)

    def refusal(self) -> DomainError | None:
        try:
            circulars.check_may_issue(self.officer, self.body, on=self.on)
            circulars.check_can_issue(self.body, self.period, self.figures, on=self.on)
        except DomainError as refused:
            return refused
        return None

    def initial(self) -> dict[str, Any]:
        try:
            return {"answer_by": calendar().add_working_days(self.on, ANSWER_DAYS)}
        except UnknownYear:  # the officer chooses a day himself
            return {}

    def effects(self) -> list[Any]:
        return [
            _("%(body)s gets the letter at once, with the figures of %(period)s as they stand now.")
            % {"body": self.agency, "period": self.period},
            _(
                "A reviewer there answers it; until then it stands in the queue of that body and, when it is late, in yours."
            ),
            _("It is internal and shows on no public page."),
        ]

    def context(self) -> dict[str, Any]:
        shown = [(NAMES[name], DEFINITIONS[name], value) for name, value in self.figures.as_json().items()]
        return super().context() | {"figures": shown, "agency": self.agency, "period": self.period}

    def act(self, data: dict[str, Any]) -> str:
        made = circulars.issue_circular(self.body.pk, period=self.period, **data, by=self.officer, on=self.on)
        self.made = made.uuid
        return _("The circular went to %(body)s; it is to be answered by %(day)s.") % {
            "body": self.agency,
            "day": made.answer_by,
        }

    def back(self) -> str:
        return reverse("admin:clock_departments")

    def done(self) -> str:
        return reverse("admin:circular", args=[self.made])
