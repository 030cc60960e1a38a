"""The clock desk: which acts must be public by which day, what stands in the way, and how departments keep the clause."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency, User
from accounts.permissions import ROLE_NAMES, ROLES, Permission
from accounts.rules import agencies_in_reach
from casework.calendar import Calendar, UnknownYear, calendar
from casework.office import (
    MOST_WAITING,
    OfficePage,
    Slice,
    Waiting,
    check_parameters,
    keyset_page,
    permissions_of,
    site,
)
from casework.tables import csv_lines
from casework.terms import PUBLICATION
from records.figures import (
    COUNTED_TO,
    DEFINITIONS,
    NAMES,
    OPEN,
    WEAK_BELOW,
    WEAK_FROM,
    Figures,
    Period,
    by,
    capped_counts,
    clocks,
    clocks_of,
    last_months,
    next_month,
    soon_until,
    timeliness,
    total,
    views,
)
from records.models import Publication
from records.rules import HOLDS
from records.states import SHOWN, ActKind, Clock, Delay

ROWS = 25
VIEWS: Mapping[str, Any] = {
    "soon": gettext_lazy("Due within 3 working days"), "today": gettext_lazy("Due today"), "overdue": gettext_lazy("Overdue"),
    "exempt": gettext_lazy("Exempt"), "late": gettext_lazy("Published late"), "uncounted": gettext_lazy("Cannot be counted yet"),
    "all": gettext_lazy("All that are counted"),
}  # fmt: skip
NEWEST_FIRST = {"late", "exempt", "all"}
CLOSED_BECAUSE = {"minor": gettext_lazy("The person was under 18 on the day of the act; it is never shown.")}

site.menu(
    "information", gettext_lazy("Publication clock"), "admin:clock", Permission.READ_CLOCK, icon="clock", place=30
)
site.menu("supervision", gettext_lazy("Timeliness"), "admin:clock_departments", Permission.READ_CLOCK, icon="records")


# --- One row of the desk ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """The next verb of a row, or why there is none and who has it."""

    verb: Any = ""
    url: str = ""
    why: Any = ""
    role: Any = ""


@dataclass(frozen=True)
class Row:
    """A clock as the desk shows it. `judged_on`: the day against which its last day is held; empty when nothing is left."""

    publication: Publication
    judged_on: date | None
    standing: Any
    why: Any
    step: Step
    sum: list[dict[str, Any]]
    differs: bool  # the calendar of today would give another day: its notice was revised afterwards
    file_url: str

    @property
    def counterpart(self) -> str:
        return counterpart(self.publication)


def counterpart(publication: Publication) -> str:
    """The subject's name; a natural person masked, with the tag that tells namesakes apart."""
    act = publication.act
    return act.subject.name if act.subject else f"{act.person.name_masked} {act.person.tag}".strip()  # type: ignore[union-attr]


def acting_for(user: User, on: date) -> tuple[set[int], set[int], set[int]]:
    """The bodies in which the postings of this day let him read held texts, exempt, and hand in."""
    postings = list(user.postings_on(on).values_list("agency_id", "role"))
    clears, exempts, hands_in = (
        {agency for agency, role in postings if asked in ROLES[role]}
        for asked in (Permission.CLEAR_TEXT, Permission.EXEMPT, Permission.TAKE_IN)
    )
    return clears, exempts, hands_in


def with_all_below(bodies: set[int], superiors: Mapping[int, int | None]) -> set[int]:
    """These bodies and all below them: over whom they stand (the rule of `acting_body`, for a page of rows at once)."""
    found, level = bodies, bodies
    while level:
        level = {key for key, superior in superiors.items() if superior in level} - found
        found = found | level
    return found


def standing(publication: Publication) -> tuple[Any, Any]:
    """Where a clock stands, and why."""
    if publication.state in SHOWN:
        said = _("Public here since %(day)s.") % {"day": publication.public_from}
        if publication.late_since:
            return said, _("The late mark of %(day)s stays for ever.") % {"day": publication.late_since}
        if publication.source_public_on:
            return said, _("On the department's own site since %(day)s.") % {"day": publication.source_public_on}
        return said, ""
    if publication.state == Clock.EXEMPT:
        return _("Exempt from publication."), str(publication.exempt_by)
    if publication.state == Clock.NOT_DISCLOSABLE:
        reason = publication.closed_reason
        return _("Not to be disclosed."), CLOSED_BECAUSE.get(reason, reason)
    if publication.hold in HOLDS:
        return _("Held: waits for a second person."), HOLDS[publication.hold]()
    if publication.due_on is None:
        return _("Cannot be counted yet."), _("The working days of a year that it needs are not announced.")
    return _("Ready; shown with the next round of the portal."), ""


@dataclass(frozen=True)
class Powers:
    """For which bodies an officer may read held texts and exempt, and which human he is."""

    clears: set[int]
    exempts: set[int]
    identity_id: int | None


def next_step(publication: Publication, powers: Powers) -> Step:
    """The one next verb, only where the posting allows it; otherwise who has it."""
    act = publication.act
    if publication.state not in {Clock.PENDING, Clock.OVERDUE}:
        return Step(why=_("Nothing to do."))
    may_exempt = publication.state == Clock.PENDING and act.determining_department_id in powers.exempts
    if publication.hold in HOLDS and act.collecting_department_id in powers.clears:
        if powers.identity_id is not None and act.prepared_by_identity_id == powers.identity_id:
            return Step(why=_("You prepared this yourself; somebody else must decide."), role=ROLE_NAMES["reviewer"])
        return Step(_("Read the text"), reverse("admin:clear_text", args=[act.public_id]), role=ROLE_NAMES["reviewer"])
    if may_exempt:
        return Step(
            _("Exempt by citation"), reverse("admin:exempt", args=[act.public_id]), role=ROLE_NAMES["publisher"]
        )
    if publication.hold in HOLDS:
        return Step(why=_("A reviewer of %(body)s reads the text.") % {"body": act.collecting_department})
    return Step(why=_("The portal publishes it by itself."))


def row_of(publication: Publication, known: Calendar, powers: Powers, on: date) -> Row:
    said, why = standing(publication)
    open_now = publication.state in {Clock.PENDING, Clock.OVERDUE}
    first_public = min(filter(None, (publication.public_from, publication.source_public_on)), default=None)
    lines, differs = day_sum(publication, known)
    subject = publication.act.subject
    return Row(
        publication=publication, judged_on=on if open_now else first_public if publication.late_since else None,
        standing=said, why=why, step=next_step(publication, powers), sum=lines, differs=differs,
        file_url=reverse("admin:subject_file", args=[subject.unified_code]) if subject else "",
    )  # fmt: skip


def day_sum(publication: Publication, known: Calendar) -> tuple[list[dict[str, Any]], bool]:
    """The sum behind the last day, day by day, and whether today's calendar would give another day."""
    if publication.starts_on is None or publication.due_on is None:
        return [], False
    agency = publication.act.determining_department.unified_code
    try:
        lines = known.day_sum(publication.starts_on, publication.due_on, agency)
    except UnknownYear:
        return [], False
    last = lines[-1]
    return [asdict(line) for line in lines], not (last.counted and last.n == PUBLICATION.length)


# --- Pages ------------------------------------------------------------------------------------------------------------


class InReach(OfficePage):
    """A page over the departments whose work this officer sees, with filters in the address."""

    permission = Permission.READ_CLOCK
    parameters: tuple[str, ...] = ()

    def prepare(self) -> None:
        check_parameters(self.request, self.parameters)
        self.agencies: list[Agency] = list(agencies_in_reach(self.officer, self.on).order_by("name", "pk"))
        self.agency = self._chosen_agency(self.request.GET.get("agency", ""))
        self.kind = self._chosen("kind", ActKind.values)

    def _chosen(self, name: str, known: Iterable[str]) -> str:
        wanted = self.request.GET.get(name, "")
        if wanted and wanted not in known:
            raise SuspiciousOperation(f"unknown {name}")
        return wanted

    def _chosen_agency(self, code: str) -> Agency | None:
        found = [agency for agency in self.agencies if agency.unified_code == code]
        if code and not found:
            raise SuspiciousOperation("unknown agency")
        return found[0] if found else None

    def _chosen_period(self) -> Period | None:
        text = self.request.GET.get("period", "")
        try:
            return Period.parse(text) if text else None
        except ValueError:
            raise SuspiciousOperation("unknown period") from None

    def address(self, **changes: str) -> str:
        """This page with other parameters; an empty value takes one away."""
        kept = {name: self.request.GET[name] for name in self.parameters if name in self.request.GET}
        return f"?{urlencode({name: value for name, value in (kept | changes).items() if value})}"

    def choices(self) -> dict[str, Any]:
        return {
            "agencies": self.agencies, "agency": self.agency, "kinds": ActKind.choices, "kind": self.kind,
            "months": [f"{month:%Y-%m}" for month in reversed([*last_months(self.on), next_month(self.on)])],
        }  # fmt: skip


@site.page("clock/", name="clock")
class ClockDesk(InReach):
    """Every clock in reach, most urgent first: until when, where it stands, whose delay, what comes next."""

    title = gettext_lazy("Publication clock")
    template_name = "office/clock.html"
    parameters = ("view", "agency", "kind", "period", "delay", "after")

    def prepare(self) -> None:
        super().prepare()
        self.calendar = calendar()
        self.view = self._chosen("view", VIEWS) or "soon"
        self.delay = self._chosen("delay", Delay.values)
        self.period = self._chosen_period()

    def filtered(self) -> QuerySet[Publication]:
        asked = Q()
        if self.kind:
            asked &= Q(act__kind=self.kind)
        if self.period:
            asked &= Q(due_on__range=(self.period.first, self.period.last))
        if self.delay:
            asked &= Q(delay_by=self.delay)
        bodies = [self.agency] if self.agency else self.agencies
        return clocks_of(body.pk for body in bodies).filter(asked)

    def slice(self, rows: QuerySet[Publication]) -> Slice:
        sign = "-" if self.view in NEWEST_FIRST else ""
        day = "starts_on" if self.view == "uncounted" else "due_on"
        return keyset_page(rows, (f"{sign}{day}", f"{sign}pk"), self.request.GET.get("after", ""), ROWS)

    def context(self) -> dict[str, Any]:
        conditions = views(self.calendar, self.on)
        rows = self.filtered()
        counts = capped_counts({name: rows.filter(condition) for name, condition in conditions.items()})
        found = self.slice(rows.filter(conditions[self.view]))
        superiors = {agency.pk: agency.superior_id for agency in self.agencies}
        clears, exempts, _hands_in = acting_for(self.officer, self.on)
        powers = Powers(
            with_all_below(clears, superiors), with_all_below(exempts, superiors), self.officer.identity_id
        )  # fmt: skip
        return self.choices() | {
            "views": [(name, label, counts[name], self.address(view=name, after="")) for name, label in VIEWS.items()],
            "view": self.view,
            "rows": [row_of(publication, self.calendar, powers, self.on) for publication in found.rows],
            "next_url": self.address(after=found.next_cursor) if found.next_cursor else "",
            "first_url": self.address(after="") if "after" in self.request.GET else "",
            "counted_to": COUNTED_TO,
            "period": self.request.GET.get("period", ""),
            "delays": Delay.choices,
            "delay": self.delay,
            "is_narrowed": bool(self.agency or self.kind or self.period or self.delay),
            "term": PUBLICATION,
        }


@site.page("clock/departments/", name="clock_departments")
class Departments(InReach):
    """Timeliness of departments in a period, weak ones first; by month as a chart; the same numbers as a file."""

    title = gettext_lazy("Timeliness of departments")
    template_name = "office/clock_departments.html"
    parameters = ("agency", "kind", "period", "format")

    def prepare(self) -> None:
        super().prepare()
        self.format = self._chosen("format", ["csv"])
        self.period = self._chosen_period() or Period.parse(f"{self.on:%Y}")
        self.asked = self.request.GET.get("period", "") or f"{self.on:%Y}"
        self.keys = [self.agency.pk] if self.agency else [agency.pk for agency in self.agencies]

    def lines(self) -> list[tuple[Agency, Figures]]:
        """Departments with something to count; the weak first, then by their share, what has no share last."""
        found = by(timeliness(self.period, on=self.on, agencies=self.keys, kind=self.kind), 0)
        lines = [(agency, found[agency.pk]) for agency in self.agencies if agency.pk in found]
        return sorted(lines, key=lambda line: (not line[1].is_weak, 101.0 if line[1].share is None else line[1].share))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.file() if self.format else self.render()  # type: ignore[return-value]

    def file(self) -> StreamingHttpResponse:
        header = [_("Department"), _("Unified social credit code"), *NAMES.values()]
        rows = [[agency.name, agency.unified_code, *figures.as_json().values()] for agency, figures in self.lines()]
        response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = (
            f'attachment; filename="timeliness-{self.period.first}-{self.period.last}.csv"'
        )
        return response

    def by_month(self) -> list[tuple[date, Figures]]:
        months = last_months(self.on)
        year = Period(months[0], Period.month(self.on).last)
        found = by(timeliness(year, on=self.on, agencies=self.keys, kind=self.kind), 2)
        return [(month, found.get(month, Figures())) for month in months]

    def context(self) -> dict[str, Any]:
        lines, months = self.lines(), self.by_month()
        return self.choices() | {
            "chosen": self.period,
            "period": self.asked,
            "years": [str(year) for year in (self.on.year, self.on.year - 1)],
            "names": NAMES,
            "lines": [
                (agency, cells(figures), figures.is_weak, self.letter(agency, figures), self.desk(agency))
                for agency, figures in lines
            ],
            "sum": cells(total(figures for _agency, figures in lines)),
            "definitions": [(NAMES[name], words) for name, words in DEFINITIONS.items()],
            "chart": Chart.of(months),
            "weak_below": WEAK_BELOW,
            "weak_from": WEAK_FROM,
            "csv_url": self.address(format="csv"),
            "may_write": Permission.ISSUE_CIRCULAR in permissions_of(self.officer, self.on),
        }

    def letter(self, agency: Agency, figures: Figures) -> str:
        """Where a circular to this department is written; empty where there is nothing to write about."""
        if not figures.late + figures.overdue:
            return ""
        return f"{reverse('admin:circular_new')}?{urlencode({'agency': agency.unified_code, 'period': self.asked})}"

    def desk(self, agency: Agency) -> str:
        return f"{reverse('admin:clock')}?{urlencode({'agency': agency.unified_code, 'view': 'all'})}"


def cells(figures: Figures) -> list[tuple[Any, Any]]:
    """The figures as a row of the table shows them; a share that nothing gives is told in words."""
    values = figures.as_json() | ({"share": _("nothing was due")} if figures.share is None else {})
    return [(NAMES[name], value) for name, value in values.items()]


@dataclass(frozen=True)
class Bar:
    """One month of the chart, in units of the drawing."""

    month: str
    figures: Figures
    x: int
    y: int
    height: int
    middle: int

    @property
    def is_low(self) -> bool:
        share = self.figures.share
        return share is not None and share < WEAK_BELOW


@dataclass(frozen=True)
class Chart:
    """Shares by month as bars: the drawing is 100 high for 100 percent; beside it stands the same as a table."""

    STEP, WIDTH, BASE = 48, 30, 124

    bars: Sequence[Bar]

    @classmethod
    def of(cls, months: Sequence[tuple[date, Figures]]) -> "Chart":
        return cls([cls.bar(place, month, figures) for place, (month, figures) in enumerate(months)])

    @classmethod
    def bar(cls, place: int, month: date, figures: Figures) -> Bar:
        height = int(figures.share or 0)
        x = 44 + place * cls.STEP
        return Bar(f"{month:%Y-%m}", figures, x, cls.BASE - height, height, x + cls.WIDTH // 2)

    @property
    def width(self) -> int:
        return 44 + len(self.bars) * self.STEP

    @property
    def limit(self) -> int:
        """Where the line of weakness is drawn."""
        return self.BASE - WEAK_BELOW


# --- The queue --------------------------------------------------------------------------------------------------------


@site.waiting
def waiting_clocks(user: User, on: date) -> Iterator[Waiting]:
    """What is overdue or due within three working days and waits for this officer, or for somebody of his body."""
    clears, exempts, hands_in = acting_for(user, on)
    if not (own := clears | exempts | hands_in):
        return
    powers = Powers(clears, exempts, user.identity_id)
    soon = soon_until(calendar(), on)
    of_own = Q(act__determining_department__in=own) | Q(act__collecting_department__in=own)
    for publication in clocks().filter(OPEN, of_own, due_on__lte=soon).order_by("due_on", "pk")[:MOST_WAITING]:
        step = next_step(publication, powers)
        said, why = standing(publication)
        yield Waiting(
            title=counterpart(publication), detail=_("publication, %(number)s") % {"number": publication.act.document.number},
            step=said, due_on=publication.due_on, why=str(why if step.verb else step.why), role=str(step.role),
            verb=str(step.verb), url=step.url or reverse("admin:fact", args=[publication.act.public_id]),
            group="mine" if step.verb else "second_person" if step.role else "agency",
        )  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """What stands at the foot of the queue: this month's figures of the officer's bodies, and the next last day of a clock."""

    month: Figures
    next_due: date | None


def summary(user: User, on: date) -> Summary | None:
    """This month in the bodies whose clocks this officer sees; nothing for who sees none."""
    if not user.may(Permission.READ_CLOCK, on=on):
        return None
    bodies = list(agencies_in_reach(user, on).values_list("pk", flat=True))
    open_now = clocks_of(bodies).filter(OPEN, due_on__gte=on).order_by("due_on")
    return Summary(
        month=total(timeliness(Period.month(on), on=on, agencies=bodies).values()),
        next_due=open_now.values_list("due_on", flat=True).first(),
    )


def foot(user: User, on: date) -> str:
    """The sentence under the queue: how punctual the officer's bodies are this month, and their next last day."""
    found = summary(user, on)
    if found is None:
        return ""
    said = []
    if found.month.share is not None:
        text = _("This month %(n)s of %(known)s publications of your bodies were on time (%(share)s%%).")
        month = found.month
        said.append(text % {"n": month.on_time, "known": month.known, "share": month.share})
    if found.next_due:
        said.append(_("The next last day of a publication is %(day)s.") % {"day": found.next_due})
    return "".join(said)


site.foot = foot
