"""One delivery: its dry run, the verdict of each row, what was corrected, what went in, and what two officers do with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.permissions import Permission
from casework.checks import allowed
from casework.errors import DomainError
from casework.office import OfficePage, VerbPage, check_parameters, get_or_404, keyset_page, site
from casework.tables import csv_lines
from records.admin.intake import KINDS, act_of, batch_url, deliveries, dry_run_said
from records.formats import SAYS
from records.models import IntakeBatch, QuarantineRow
from records.remedies import remedy
from records.services import desk, desk_steps
from records.services import desk_checks as checks
from records.services.desk_rows import cells_of, columns_of, counts, is_withheld, register_look, shown
from records.states import Batch, Verdict
from subjects.states import Channel

PAGE = 50
LOOKS_AGAIN = "5"  # seconds after which a page that tells of work under way asks again
AT_WORK = (Batch.CHECKING, Batch.APPLYING)
WARNINGS = {
    "public_until_too_late": gettext_lazy(
        "Its own last day lies after the longest that the rules allow; the earlier one counts."
    ),
    "calendar_year_unknown": gettext_lazy(
        "Its last day to publish cannot be counted yet: the working days of that year are not announced."
    ),
}


class OfBatch(OfficePage):
    """A page about one delivery that this officer may know of."""

    permission = Permission.READ_FILE
    batch: IntakeBatch

    def prepare(self) -> None:
        found: Any = get_or_404(deliveries(self.officer, self.on), public_id=self.kwargs["public_id"])
        self.batch = found

    @property
    def may_handle(self) -> bool:
        return allowed(checks.check_may_handle, self.officer, self.batch, on=self.on)

    @property
    def may_propose(self) -> bool:
        return allowed(checks.check_may_propose, self.officer, self.batch, on=self.on)

    def url(self, name: str, *more: Any) -> str:
        return reverse(f"admin:{name}", args=[self.batch.public_id, *more])


# --- The delivery and its rows ------------------------------------------------------------------------------------------


@dataclass
class Reason:
    """One reason why a row is refused or held: where, what stood there, which rule, what to do."""

    column: Any
    value: str
    message: str
    rows: str
    remedy: Any


@dataclass
class Line:
    """One row of a delivery as the screen tells it."""

    n: int
    verdict: str
    label: Any
    about: str = ""
    reasons: list[Reason] = field(default_factory=list)
    warnings: list[Any] = field(default_factory=list)
    note: str = ""  # that it was changed here, and what it is judged now
    fact: str = ""
    correct_url: str = ""


def message_of(refusal: dict[str, Any]) -> str:
    return str(refusal["message_en"] if get_language() == "en" else refusal["message"])


def reasons_of(kind: str, refusals: Sequence[dict[str, Any]], cells: dict[str, Any]) -> list[Reason]:
    columns = columns_of(kind)
    return [
        Reason(
            columns[told["field"]].label if told["field"] in columns else "", shown(kind, told["field"] or "", cells),
            message_of(told), "、".join(told["rows"]), remedy(told["rule"]),
        )
        for told in refusals
    ]  # fmt: skip


@site.page("intake/<slug:public_id>/", name="batch")
class OneBatch(OfBatch):
    """The delivery: how far it has come, its figures, its rows fifty at a time, and what can be done next."""

    template_name = "office/batch.html"

    def prepare(self) -> None:
        super().prepare()
        check_parameters(self.request, {"show", "after"})
        self.title = _("Delivery %(batch)s") % {"batch": self.batch.public_id}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().get(request, *args, **kwargs)
        if self.batch.state in AT_WORK:
            answer["Refresh"] = LOOKS_AGAIN  # without any script
        return answer

    @property
    def rests_in_quarantine(self) -> bool:
        """Whether the rows to be shown are those in quarantine: before anything went in, and those left afterwards."""
        return self.batch.state == Batch.CHECKED or self.request.GET.get("show") in {"quarantine", "edited"}

    def context(self) -> dict[str, Any]:
        batch = self.batch
        common = {
            "batch": batch, "kind": KINDS[batch.kind], "at_work": batch.state in AT_WORK,
            "percent_of": max(batch.rows_total or 0, 1), "may_handle": self.may_handle, "may_propose": self.may_propose,
            "steps": [(step, act_of(step)) for step in batch.steps.select_related("proposed_by", "decided_by").order_by("pk")],
            "same_file": desk.same_file(batch) if batch.state == Batch.CHECKED else None,
            "is_shrunken": batch.state == Batch.CHECKED and desk.is_shrunken(batch),
            "corrections": batch.corrections.order_by("pk"),
        }  # fmt: skip
        if batch.state in AT_WORK:
            return common
        found = self.found()
        page = keyset_page(self.rows(), ("n",), self.request.GET.get("after", ""), PAGE)
        return common | found | {
            "lines": list(self.lines(page.rows)), "next_cursor": page.next_cursor, "show": self.request.GET.get("show", ""),
            "after": self.request.GET.get("after", ""),
            "preview": desk_steps.preview(batch, on=self.on) if batch.state in {Batch.DONE, Batch.WITHDRAWN} else None,
        }  # fmt: skip

    def found(self) -> dict[str, Any]:
        """The figures of the rows, for the views and for what can be done next."""
        batch, quarantine = self.batch, self.batch.quarantine.filter(emptied_on=None)
        left = quarantine.aggregate(
            left=Count("pk"), edited=Count("pk", filter=Q(is_corrected=True)), warned=Count("pk", filter=~Q(warnings=[])),
            going=Count("pk", filter=Q(verdict__in=checks.PASSING)),
            ready=Count("pk", filter=Q(verdict__in=checks.PASSING, is_corrected=True)),
        )  # fmt: skip
        is_new = batch.state == Batch.CHECKED
        by_verdict = counts(quarantine) if is_new else {v: batch.totals.get(v, 0) for v in Verdict.values}
        total = sum(by_verdict.values())
        views: list[tuple[str, Any, int]] = [("", _("All rows"), total)]
        views += [
            (v, Verdict(v).label, n) for v, n in by_verdict.items() if n or v in {Verdict.ACCEPTED, Verdict.REFUSED}
        ]
        if is_new and left["warned"]:
            views.append(("warned", _("with a warning"), left["warned"]))
        if left["edited"]:
            views.append(("edited", _("changed here"), left["edited"]))
        if not is_new and left["left"]:
            views.append(("quarantine", _("in quarantine"), left["left"]))
        return {
            "views": views, "total": total, "passing": left["going"] if is_new else left["ready"],
            "refused": by_verdict[Verdict.REFUSED], "left": left["left"], "dry_run": dry_run_said(by_verdict),
            "empties_on": quarantine.order_by("erase_on").values_list("erase_on", flat=True).first(),
            "needs_second_person": is_new and by_verdict[Verdict.WITHDRAWN] > 0
            and checks.needs_second_person(batch, on=self.on),
        }  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        show = self.request.GET.get("show", "")
        rows: QuerySet[Any] = self.batch.rows.all()
        if self.rests_in_quarantine:
            rows = self.batch.quarantine.filter(emptied_on=None)
        narrowed = {"": Q(), "quarantine": Q(), "edited": Q(is_corrected=True), "warned": ~Q(warnings=[])}
        return rows.filter(narrowed[show] if show in narrowed else Q(verdict=show))

    def lines(self, rows: Sequence[Any]) -> Iterator[Line]:
        """The rows told. Values out of quarantine are shown to those who handle the delivery, and the look is registered
        before they are opened (SEC-02)."""
        kind, batch = self.batch.kind, self.batch
        boxes = rows if self.rests_in_quarantine else self.left_of(rows)
        readable = {row.n: row for row in boxes} if self.may_handle else {}
        if readable:
            says, columns = SAYS[kind], columns_of(kind)
            faulty = {told["field"] for row in rows for told in row.refusals if told["field"] in columns}
            register_look(
                self.officer, batch, fields=[says["name"], says["number"], *faulty], rows=len(readable), on=self.on
            )
        for row in rows:
            box = readable.get(row.n)
            cells = cells_of(batch, box) if box is not None else {}
            note = ""
            if box is not None and box.is_corrected:
                now = {"verdict": box.get_verdict_display()}
                note = _("changed here") if box is row else _("changed here since; now: %(verdict)s") % now
            yield Line(
                row.n, row.verdict, row.get_verdict_display(), about=self.about(cells),
                reasons=reasons_of(kind, row.refusals, {} if note and box is not row else cells),
                warnings=[WARNINGS.get(name, name) for name in row.warnings],
                note=note,
                fact=getattr(row, "record_id", "") or "",
                correct_url=self.url("batch_row", row.n) if box is not None else "",
            )  # fmt: skip

    def left_of(self, rows: Sequence[Any]) -> list[QuarantineRow]:
        """Of rows that were dealt with, those that still wait in quarantine."""
        refused = [row.n for row in rows if row.verdict == Verdict.REFUSED]
        return list(self.batch.quarantine.filter(n__in=refused, emptied_on=None)) if refused else []

    def about(self, cells: dict[str, Any]) -> str:
        says = SAYS[self.batch.kind]
        told = [shown(self.batch.kind, says[name], cells) for name in ("number", "name")]
        return _(", ").join(part for part in told if part)


@site.page("intake/<slug:public_id>/verdict.csv", name="batch_verdict")
class VerdictFile(OfBatch):
    """The verdict of every row as a table, for the body's own system. It names rules, columns and ways out, and no cell can
    act in a spreadsheet."""

    def prepare(self) -> None:
        super().prepare()
        checks.check_may_handle(self.officer, self.batch, on=self.on)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        batch = self.batch
        rows: QuerySet[Any] = batch.quarantine.all() if batch.state == Batch.CHECKED else batch.rows.all()
        register_look(
            self.officer, batch, fields=["verdict"], rows=batch.rows_total or rows.count(), on=self.on,
            channel=Channel.EXPORT,
        )  # fmt: skip
        header = [_("Row"), _("Verdict"), _("Column"), _("Rule"), _("Reason"), _("What to do")]
        lines = csv_lines(header, verdict_lines(rows.order_by("n").iterator(chunk_size=2_000)))
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="verdict-{batch.public_id}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer


def verdict_lines(rows: Iterator[Any]) -> Iterator[list[Any]]:
    for row in rows:
        own = [row.n, row.get_verdict_display()]
        for told in row.refusals:
            yield [*own, told["field"], told["rule"], message_of(told), remedy(told["rule"])]
        if not row.refusals:
            yield [*own, "", "", "; ".join(str(WARNINGS.get(name, name)) for name in row.warnings), ""]


# --- One row ------------------------------------------------------------------------------------------------------------


@site.page("intake/<slug:public_id>/rows/<int:n>/", name="batch_row")
class CorrectRow(OfBatch, VerbPage):
    """The cells of one row in quarantine; it is judged again at once."""

    verb = gettext_lazy("Save and judge again")
    permission = Permission.TAKE_IN
    template_name = "office/batch_row.html"
    CLEAR = "clear__"

    def prepare(self) -> None:
        super().prepare()
        checks.check_may_handle(self.officer, self.batch, on=self.on)
        found: Any = get_or_404(self.batch.quarantine.all(), n=self.kwargs["n"])
        checks.check_has_box(found)
        self.row: QuarantineRow = found
        self.title = _("Row %(n)s of %(batch)s") % {"n": self.row.n, "batch": self.batch.public_id}
        self.columns = columns_of(self.batch.kind)
        if self.request.method == "GET":
            register_look(self.officer, self.batch, fields=list(self.columns), rows=1, on=self.on)
        self.cells = cells_of(self.batch, self.row)

    def refusal(self) -> DomainError | None:
        try:
            checks.check_can_change_rows(self.batch)
        except DomainError as refusal:
            return refusal
        return None

    def form(self) -> forms.Form:
        """A field for each column, those at fault first; numbers that are withheld are only replaced, never shown."""
        form = forms.Form(self.request.POST if self.request.method == "POST" else None)
        faults: dict[str, list[str]] = {}
        for told in self.row.refusals:
            faults.setdefault(told["field"] or "", []).append(f"{message_of(told)} {remedy(told['rule'])}")
        for name in sorted(self.columns, key=lambda name: name not in faults):
            column, value = self.columns[name], str(self.cells.get(name) or "")
            hidden = is_withheld(column, value)
            made = field_of(column, "" if hidden else value)
            hints = [
                *faults.get(name, []),
                _("A number stands here and is withheld. Leave it empty to keep it.") if hidden else "",
            ]
            made.required = column.required and self.request.method == "GET"  # says so; what is missing the gate tells
            made.help_text = " ".join(filter(None, hints))
            form.fields[name] = made
            if hidden and column.type != "identity":
                form.fields[self.CLEAR + name] = forms.BooleanField(
                    label=_("Take the number out of “%(label)s”") % {"label": column.label}, required=False
                )
        return form

    def act(self, data: dict[str, Any]) -> str:
        cells = {}
        for name, column in self.columns.items():
            old, new = str(self.cells.get(name) or ""), data[name].replace("\r\n", "\n").strip()
            if data.get(self.CLEAR + name):
                cells[name] = ""
            elif new != old.replace("\r\n", "\n").strip() and not (is_withheld(column, old) and not new):
                cells[name] = new
        self.row = desk.correct_row(self.batch.pk, self.row.n, cells=cells, by=self.officer, on=self.on)
        if self.row.verdict == Verdict.REFUSED:
            return _("The row was saved and judged again; it is still refused. What is wrong stands at its columns.")
        return _("The row was saved and judged again: %(verdict)s. It goes in when you take it in.") % {
            "verdict": self.row.get_verdict_display()
        }

    def back(self) -> str:
        return batch_url(self.batch) + ("?show=refused" if self.batch.state == Batch.CHECKED else "?show=quarantine")

    def done(self) -> str:
        return self.url("batch_row", self.row.n) if self.row.verdict == Verdict.REFUSED else self.back()

    def context(self) -> dict[str, Any]:
        told = reasons_of(self.batch.kind, self.row.refusals, self.cells)
        return {**super().context(), "batch": self.batch, "row": self.row, "reasons": told}


def field_of(column: Any, value: str) -> forms.Field:
    """The field of one column; the gate judges what is written, so the form refuses nothing."""
    options: dict[str, Any] = {"label": f"{column.label} ({column.name})", "required": False, "initial": value}
    if column.values and not column.many and value in ("", *column.values):
        return forms.ChoiceField(choices=[("", ""), *((v, v) for v in column.values)], **options)
    if (column.max_length or 0) > 200:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), strip=False, **options)
    return forms.CharField(strip=False, **options)
