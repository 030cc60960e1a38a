"""The intake desk: what lies on it, handing a file in, every delivery there was, and what of it waits in the queue."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Min, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency, User
from accounts.permissions import ROLE_NAMES, Permission
from accounts.rules import agencies_in_reach
from casework.models import Step
from casework.office import MOST_WAITING, OfficePage, VerbPage, Waiting, permissions_of, site
from casework.office_admin import OfficeAdmin
from records.formats import FORMATS, explained, template_csv
from records.forms import FileRefused
from records.models import BatchStep, IntakeBatch, QuarantineRow
from records.services import desk
from records.sheets import MOST_BYTES, read_table
from records.states import Batch, Verdict

KINDS = {
    "penalties": gettext_lazy("administrative penalties"), "licences": gettext_lazy("administrative licences"),
    "other_acts": gettext_lazy("other administrative acts"),
}  # fmt: skip
SHOWN = 10  # deliveries of the past under the desk

site.menu("information", gettext_lazy("Intake"), "admin:intake", Permission.READ_FILE, icon="records", place=10)


def deliveries(user: User, on: date) -> QuerySet[IntakeBatch]:
    """The deliveries of the bodies in reach, without the corrections of single facts, which stand with their fact."""
    found = IntakeBatch.objects.filter(agency__in=agencies_in_reach(user, on)).filter(fact="")
    return found.select_related("agency", "desk_of", "client", "corrects")


# --- The queue ----------------------------------------------------------------------------------------------------------


@site.waiting
def waiting_deliveries(user: User, on: date) -> Iterator[Waiting]:
    """Files that were judged and not taken in, and rows that wait in quarantine for their correction."""
    if Permission.TAKE_IN not in permissions_of(user, on):
        return
    rows = QuarantineRow.objects.filter(batch__agency=user.agency_id, emptied_on=None, batch__fact="")
    figures = rows.values("batch").annotate(
        last=Min("erase_on"), refused=Count("pk", filter=Q(verdict=Verdict.REFUSED)), rows=Count("pk")
    )
    found = {row["batch"]: row for row in figures.order_by("last", "batch")[:MOST_WAITING]}
    batches = IntakeBatch.objects.filter(pk__in=found, state__in=[Batch.CHECKED, Batch.DONE]).select_related("agency")
    role = str(ROLE_NAMES["clerk"])
    for batch in batches:
        figure = found[batch.pk]
        passed = figure["rows"] - figure["refused"]
        said = {"passed": passed, "refused": figure["refused"]}
        is_new = batch.state == Batch.CHECKED
        step = _("Dry run done: %(passed)s rows can go in, %(refused)s refused.") if is_new else _(
            "%(refused)s refused rows wait in quarantine, %(passed)s corrected ones can go in."
        )  # fmt: skip
        yield Waiting(
            title=str(batch.agency), detail=_("Intake, %(batch)s") % {"batch": batch.public_id}, step=step % said,
            due_on=figure["last"], why=_("On that day what still waits is emptied."), role=role,
            verb=_("Look at the refused rows") if figure["refused"] else _("Take in"),
            url=batch_url(batch) + ("?show=refused" if figure["refused"] else ""),
            group="mine" if batch.desk_of_id == user.pk else "agency",
        )  # fmt: skip


@site.waiting
def waiting_steps(user: User, on: date) -> Iterator[Waiting]:
    """What one officer proposed for a whole delivery and another must decide."""
    may_decide = Permission.DECIDE_BATCH in permissions_of(user, on)
    mine = Q(proposed_by=user)
    in_reach = Q(batch__agency__in=agencies_in_reach(user, on)) if may_decide else Q(pk__in=())
    steps = BatchStep.objects.filter(mine | in_reach, state=Step.PROPOSED).select_related(
        "batch__agency", "proposed_by"
    )
    for step in steps.order_by("pk")[:MOST_WAITING]:
        is_own = step.proposed_by_identity_id == user.identity_id
        yield Waiting(
            title=str(step.batch.agency), detail=_("Intake, %(batch)s") % {"batch": step.batch.public_id},
            step=_("Waits for a second person: %(act)s.") % {"act": act_of(step)},
            why=_("You proposed it; somebody else must decide.") if is_own else "",
            role=str(ROLE_NAMES["clerk" if is_own else "reviewer"]), verb="" if is_own else _("Read and decide"),
            url=reverse("admin:batch_step", args=[step.batch.public_id, step.uuid]), group="second_person",
        )  # fmt: skip


def act_of(step: BatchStep) -> Any:
    """What a step is about, as officers call it."""
    if step.kind == BatchStep.Kind.LET_WITHDRAW:
        return _("let the file withdraw %(n)s facts") % {"n": step.preview["withdraws"]}
    return step.get_kind_display()


def batch_url(batch: IntakeBatch) -> str:
    return reverse("admin:batch", args=[batch.public_id])


# --- Every delivery -----------------------------------------------------------------------------------------------------


class InState(admin.SimpleListFilter):
    title, parameter_name = gettext_lazy("State"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return Batch.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


class OfKind(admin.SimpleListFilter):
    title, parameter_name = gettext_lazy("kind"), "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return KINDS.items()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ByWay(admin.SimpleListFilter):
    title, parameter_name = gettext_lazy("came by"), "way"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return (("mine", _("my desk")), ("desk", _("a desk")), ("key", _("a key of the body")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        which = {
            "mine": Q(desk_of=request.user), "desk": Q(desk_of__isnull=False), "key": Q(client__isnull=False),
        }  # fmt: skip
        return queryset.filter(which.get(self.value() or "", Q()))


@admin.register(IntakeBatch, site=site)
class Deliveries(OfficeAdmin):
    """Every delivery of the bodies in reach, by desk or by key, newest first."""

    permission = Permission.READ_FILE
    keyset = ("-received_at", "-pk")
    object_page = "batch"
    list_display = ("number", "body", "what", "stands", "received", "way", "outcome")
    list_filter = (InState, OfKind, ByWay)
    note = gettext_lazy(
        "What was handed in, by officers at a desk and by keys of bodies. Nothing is ever taken from here."
    )
    empty = gettext_lazy("Nothing was handed in yet.")

    def visible(self, user: User, on: date) -> QuerySet[IntakeBatch]:
        return deliveries(user, on)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        own = {InState.parameter_name, OfKind.parameter_name, ByWay.parameter_name}
        return lookup in own or super().lookup_allowed(lookup, value, request)

    def page_key(self, row: IntakeBatch) -> str:
        return row.public_id

    @admin.display(description=gettext_lazy("Delivery"))
    def number(self, batch: IntakeBatch) -> str:
        return batch.public_id

    @admin.display(description=gettext_lazy("Body"))
    def body(self, batch: IntakeBatch) -> str:
        return str(batch.agency)

    @admin.display(description=gettext_lazy("State"))
    def stands(self, batch: IntakeBatch) -> str:
        return str(batch.get_state_display())

    @admin.display(description=gettext_lazy("Received at"))
    def received(self, batch: IntakeBatch) -> str:
        return f"{timezone.localtime(batch.received_at):%Y-%m-%d %H:%M}"

    @admin.display(description=gettext_lazy("kind"))
    def what(self, batch: IntakeBatch) -> str:
        return str(KINDS[batch.kind])

    @admin.display(description=gettext_lazy("came by"))
    def way(self, batch: IntakeBatch) -> str:
        if batch.desk_of:
            return _("the desk of %(who)s") % {"who": batch.desk_of}
        return _("a key of the body") if batch.client_id else _("the operator")

    @admin.display(description=gettext_lazy("rows"))
    def outcome(self, batch: IntakeBatch) -> str:
        return outcome(batch)


def outcome(batch: IntakeBatch) -> str:
    """How many rows passed and how many were refused, in a few words."""
    total = sum(batch.totals.values()) or batch.rows_total or 0
    if not batch.totals:
        return _("%(n)s rows") % {"n": f"{total:,}"}
    refused = batch.totals.get(Verdict.REFUSED, 0)
    return _("%(n)s rows, %(refused)s refused") % {"n": f"{total:,}", "refused": f"{refused:,}"}


# --- The desk -----------------------------------------------------------------------------------------------------------


@site.page("intake/", name="intake")
class Desk(OfficePage):
    """What is open at this officer's body, and the way to hand a file in."""

    title = gettext_lazy("Intake")
    permission = Permission.READ_FILE
    template_name = "office/intake.html"

    def context(self) -> dict[str, Any]:
        mine = deliveries(self.officer, self.on).order_by("-received_at", "-pk")
        waiting = QuarantineRow.objects.filter(emptied_on=None).values("batch")
        at_hand = Q(state__in=desk.OPEN, desk_of__isnull=False) | Q(state=Batch.DONE, pk__in=waiting)
        return {
            "open": [(batch, KINDS[batch.kind], outcome(batch)) for batch in mine.filter(at_hand)[:MOST_WAITING]],
            "past": [(b, KINDS[b.kind], outcome(b)) for b in mine.filter(~at_hand)[:SHOWN]],
            "may_hand_in": Permission.TAKE_IN in permissions_of(self.officer, self.on),
        }


class UploadForm(forms.Form):
    """A file, and what its rows are."""

    kind = forms.ChoiceField(label=gettext_lazy("What the rows are"), choices=list(KINDS.items()))
    file = forms.FileField(
        label=gettext_lazy("File"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=gettext_lazy("CSV (UTF-8 or GB18030) or XLSX, at most 50 MB and 200,000 rows. Choose it again after an error."),
    )  # fmt: skip

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than %(n)s MB.") % {"n": MOST_BYTES // 2**20})
        return file


@site.page("intake/new/", name="intake_upload")
class Upload(VerbPage):
    """Hand a file in: it is kept sealed and judged; nothing goes in."""

    title, verb = gettext_lazy("Hand in a file"), gettext_lazy("Upload and start the dry run")
    permission = Permission.TAKE_IN
    template_name = "office/intake_upload.html"
    form_class = UploadForm
    made: IntakeBatch | None = None

    def prepare(self) -> None:
        self.agency = Agency.objects.get(pk=self.officer.agency_id)

    def effects(self) -> list[Any]:
        return [
            _("It is handed in for %(body)s.") % {"body": self.agency},
            _(
                "Every row is judged by the rules in force today. Nothing is taken in and nothing becomes public by that."
            ),
            _(
                "You read the verdict of every row, correct what was refused, and take in what passes with a second button."
            ),
            _("Until then the rows rest sealed. What nobody takes in within 30 days is emptied."),
            _("A file with fewer rows than the last, or none, withdraws nothing: only rows that say op=withdraw do."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        file = data["file"]
        digest = hashlib.sha256()
        for block in file.chunks():
            digest.update(block)
        try:
            self.made = desk.receive(
                read_table(file, kind=data["kind"]), kind=data["kind"], agency=self.agency, by=self.officer, on=self.on,
                file_name=file.name, sha256=digest.hexdigest(),
            )  # fmt: skip
        except FileRefused as refused:
            raise told_whole(refused) from None
        if (self.made.rows_total or 0) > desk.AT_ONCE:
            return _("%(n)s rows were received; the dry run goes on by itself.") % {"n": f"{self.made.rows_total:,}"}
        desk.check(self.made.pk, on=self.on)
        self.made.refresh_from_db()
        return dry_run_said(self.made.totals)

    def back(self) -> str:
        return reverse("admin:intake")

    def done(self) -> str:
        return batch_url(self.made) if self.made else self.back()

    def context(self) -> dict[str, Any]:
        return {**super().context(), "kinds": [(kind, KINDS[kind], explained(kind)) for kind in FORMATS]}


def told_whole(refused: FileRefused) -> FileRefused:
    """Every place at which the file cannot be read, in one sentence that says that nothing was kept."""
    places = [str(sentence) for _place, sentence in refused.data.get("places", [])] or [str(refused.message)]
    return FileRefused(" ".join([*places, _("Nothing was kept of the file.")]), rule=refused.rule, field="file")


def dry_run_said(totals: dict[str, int]) -> str:
    """The outcome of a dry run in the words of ui.md 4, no. 39."""
    refused = totals.get(Verdict.REFUSED, 0)
    passed = sum(totals.values()) - refused
    return _("Dry run done: %(passed)s rows can go in, %(refused)s refused. Nothing was written.") % {
        "passed": f"{passed:,}", "refused": f"{refused:,}",
    }  # fmt: skip


@site.page("intake/template/<slug:kind>.csv", name="intake_template")
class Template(OfficePage):
    """An empty file with the columns of one kind."""

    permission = Permission.TAKE_IN

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kind = kwargs["kind"]
        if kind not in FORMATS:
            raise Http404
        answer = HttpResponse(template_csv(kind), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
        return answer
