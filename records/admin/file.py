"""The file of a subject on one page, and the page of one fact: what an officer reads before he acts."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.permissions import Permission
from casework import timeline
from casework.calendar import calendar
from casework.office import CURSOR, check_parameters, permissions_of, site
from records import reading
from records.admin.clock import day_sum
from records.admin.facts import verbs_for
from records.models import Record
from records.recurrence import pattern
from subjects.admin import LookPage, subject_or_404
from subjects.models import QueryReceipt, Subject

ROWS = 25
STORY = 15
LOOKS = 10


def place_of(cursor: str) -> tuple[date, str] | None:
    """A place in the order of facts; one that was altered is refused (400)."""
    if not cursor:
        return None
    try:
        day, public_id = CURSOR.unsign_object(cursor)
        return date.fromisoformat(day), public_id
    except (signing.BadSignature, ValueError):
        raise SuspiciousOperation("cursor was altered") from None


@site.page("subjects/<unified_code:code>/", name="subject_file")
class SubjectFile(LookPage):
    """Everything held on one subject: names, persons, facts in every state, what shows until when and why, what was done,
    who looked. A former code leads to the subject too (SUB-04, SUB-07)."""

    template_name = "office/file.html"
    fields = ("names", "persons", "facts", "timeline", "queries")

    def prepare(self) -> None:
        check_parameters(self.request, ("purpose", "matter", "after", "story"))
        self.subject: Subject = subject_or_404(self.kwargs["code"])
        self.title = self.subject.name

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.subject.unified_code != self.kwargs["code"]:
            return self.to(reverse("admin:subject_file", args=[self.subject.unified_code]))
        return super().get(request, *args, **kwargs)

    def shown(self) -> dict[str, Any]:
        reach = reading.Reach.of(self.officer, self.on)
        after = self.request.GET.get("after", "")
        lines, has_more = reading.file_of(self.subject.pk, reach, on=self.on, after=place_of(after), limit=ROWS)
        last = lines[-1].fact if has_more else None
        story, next_story = self.story(reach)
        records = Record.objects.filter(reach.records(), subject=self.subject)
        looks = QueryReceipt.objects.filter(subject=self.subject)
        return {
            "lines": lines,
            "next_cursor": CURSOR.sign_object([last.decided_on.isoformat(), last.public_id]) if last else "",
            "is_first": not after,
            "story": story,
            "next_story": next_story,
            "is_story_first": "story" not in self.request.GET,
            "names": self.subject.names.order_by("kind", "-valid_from"),
            "positions": self.subject.positions.select_related("person").order_by("valid_to", "role", "pk"),
            "pattern": pattern(records, self.subject.region, on=self.on),
            "looks": looks.select_related("user", "client", "agency").order_by("-at")[:LOOKS],
            "may_reveal": Permission.REVEAL in permissions_of(self.officer, self.on),
            "may_mark": Permission.MARK_SUBJECT in permissions_of(self.officer, self.on),
        }  # fmt: skip

    def story(self, reach: reading.Reach) -> tuple[list[timeline.Told], int | None]:
        """A page of the course of the file, and where the next begins."""
        try:
            before = int(self.request.GET["story"]) if "story" in self.request.GET else None
        except ValueError:
            raise SuspiciousOperation("story begins at a number") from None
        told = reading.story(self.subject.chain, reach, limit=STORY + 1, before=before)
        return told[:STORY], told[STORY - 1].seq if len(told) > STORY else None


@site.page("facts/<slug:public_id>/", name="fact")
class OneFact(LookPage):
    """One fact: its versions side by side, what is public of it and why, the sum behind its last day to publish, its verbs."""

    title = gettext_lazy("One fact")
    template_name = "office/fact.html"
    fields = ("facts", "versions", "publication")

    def prepare(self) -> None:
        check_parameters(self.request, ("purpose", "matter"))
        self.reach = reading.Reach.of(self.officer, self.on)
        versions: Sequence[Any] = list(self.rows(reading.acts(self.reach))) or list(
            self.rows(reading.records(self.reach))
        )
        if not versions:
            raise Http404
        self.versions, self.fact = versions, versions[-1]
        self.subject, self.person = self.fact.subject, getattr(self.fact, "person", None)

    def rows(self, found: Any) -> Any:
        return found.filter(public_id=self.kwargs["public_id"]).order_by("version")

    def shown(self) -> dict[str, Any]:
        line = reading.Line(self.fact, reading.why(self.fact, on=self.on))
        about = {
            "title": self.fact.document.number,
            "line": line,
            "fact": self.fact,
            "versions": self.versions,
            "record": line.record,
        }
        if not line.is_act:
            return about | {"verbs": []}
        sum_lines, differs = day_sum(self.fact.publication, calendar())
        return about | {
            "publication": self.fact.publication,
            "sum": sum_lines,
            "differs": differs,
            "differences": reading.differences(self.versions),
            "withheld": [reading.content_label(name) for name in self.fact.withheld],
            "verbs": verbs_for(self.fact, self.officer, self.on),
        }
