"""The public calls (api.md, part 4, step "ground"). Each declares what it takes; casework.http refuses the rest."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from casework import http
from casework.calendar import today
from casework.http import JSON, PAGE, RULES, Parameter, boolean, conditions, day, equals, one_of, order_by, page_of
from casework.problem_table import PROBLEMS
from casework.problems import Fault, Problem, problem_of, respond
from disclosure import openapi, queries, search, working_days
from disclosure.http import CODE_SCHEMA, PublicCall, read_code, region
from disclosure.models import CatalogueItem, Record
from disclosure.openapi import YAML, CallSchema
from disclosure.vocabulary import ACT_KINDS, VOCABULARIES
from subjects.codes import check_code

ID = re.compile(r"[a-z]{3}_[0-9A-Za-z]{12,32}", re.ASCII)
ITEM = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,29}", re.ASCII)


class DocumentedCall(PublicCall):
    """A public call that stands in the OpenAPI document."""

    schema = CallSchema()
    other_answers: ClassVar[Mapping[int, str]] = {}  # statuses beside 200 that carry a type of their own


# --- Filters that several lists share --------------------------------------------------------------------------------


def between(name: str, column: str, said: str) -> tuple[Parameter, Parameter]:
    """A range of days, both ends inclusive."""
    first = day(f"{name}_from", f"{said}, from this day on.", where=lambda value: Q(**{f"{column}__gte": value}))
    last = day(f"{name}_to", f"{said}, up to this day.", where=lambda value: Q(**{f"{column}__lte": value}))
    return first, last


AUTHORITY = Parameter(
    "authority", read_code, CODE_SCHEMA, "Unified code of the determining department.", many=True,
    where=equals("determining_code"),
)  # fmt: skip
DECIDED = between("decided", "decided_on", "Decided")
PUBLISHED = between("published", "published_on", "On show")
RECORD_FILTERS = (
    one_of(
        "class", [name for name in VOCABULARIES["class"] if name != "serious_list"], many=True, where=equals("group")
    ),
    one_of("kind", [name for name in VOCABULARIES["kind"] if name != "serious_list"], many=True, where=equals("kind")),
    one_of("severity", VOCABULARIES["severity"], many=True, where=equals("severity")),
    region(many=True),
    Parameter("field", http.read_slug, {"type": "string"}, "Field of supervision.", many=True, where=equals("field")),
    AUTHORITY,
    boolean("adverse", where=equals("adverse")),
    boolean("under_verification", where=lambda value: Q(verification_since__isnull=not value)),
    *DECIDED,
    *PUBLISHED,
)
ACT_FILTERS = (
    one_of("kind", ACT_KINDS, many=True, where=equals("kind")), AUTHORITY, region(many=True), *DECIDED, *PUBLISHED,
)  # fmt: skip
ON = day("on", "The edition in force on that day; shipped: today. Not later than today.", read=http.read_past_day)
ITEM_FILTERS = (
    one_of("level", VOCABULARIES["item_level"], where=equals("level")),
    region(),
    http.whole_number("category", 1, 13, where=equals("category")),
    one_of("kind", [kind for kind in VOCABULARIES["kind"] if kind != "complaint"], where=equals("kind")),
    boolean("disclosable", where=equals("disclose_allowed")),
)


# --- The status answer -----------------------------------------------------------------------------------------------


class StatusCall(DocumentedCall):
    """What is publicly known about one code today: listed, adverse records, no public record, or unknown (SHR-13)."""

    summary = "The status answer"
    answers = "Status"
    path_parts = {"code": read_code}

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        return queries.status_of(path["code"])


whole_status = StatusCall.as_view()
ORDINARY_ACCEPT = ("*/*", JSON, "")


@csrf_exempt
def status(request: HttpRequest, code: str) -> HttpResponse:
    """The status answer. An ordinary question takes the short way; anything unusual is judged by `StatusCall`."""
    sent = request.META
    is_ordinary = (
        request.method in ("GET", "HEAD")
        and not sent.get("QUERY_STRING")
        and "HTTP_AUTHORIZATION" not in sent
        and sent.get("HTTP_ACCEPT", "") in ORDINARY_ACCEPT
        and check_code(code).is_valid
    )
    if not is_ordinary:
        return whole_status(request, code=code)
    try:
        return http.kept(request, queries.status_of(code))
    except Exception as error:  # whatever happens in a call ends as a problem
        return respond(request, problem_of(error))


# It stands in the OpenAPI document under its class.
status.cls, status.initkwargs = StatusCall, {}  # type: ignore[attr-defined]


# --- Subjects and records --------------------------------------------------------------------------------------------


def with_query(request: HttpRequest, path: str) -> str:
    query = request.META.get("QUERY_STRING")
    return f"{path}?{query}" if query else path


class SearchCall(DocumentedCall):
    """Subjects by name, former name, pinyin or code, with filters and facets (api.md 4.3). Persons are not searched."""

    summary = "Search"
    answers = "SubjectHitPage"
    parameters = (search.Q, *search.FILTERS, search.WHICH_FACETS, search.SORT, *PAGE)

    def is_identity_number(self, text: str) -> bool:
        return search.hides_identity_number(text)

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        return search.answer(request, asked)


class SubjectCall(DocumentedCall):
    """A subject of the register with its names, codes and counts (SUB-03, SUB-07). No persons, no address, no phone."""

    summary = "The subject"
    answers = "Subject"
    path_parts = {"code": read_code}
    not_found = "subject_not_found"
    moves = True

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any] | HttpResponse:
        found = queries.status_of(path["code"])
        if current := found["current_code"]:
            return http.moved(f"{queries.API}/subjects/{current}/")
        subject = queries.subject_of(found) if found["status"] != "unknown" else None
        if subject is None:
            raise Problem("subject_not_found")
        return subject


class SubjectRecordsCall(DocumentedCall):
    """The facts on show about a subject (SHR-04, SHR-13)."""

    summary = "The records of a subject"
    answers = "RecordPage"
    path_parts = {"code": read_code}
    parameters = (*RECORD_FILTERS, order_by("-decided_on", "decided_on", "-published_on", "published_on"), *PAGE)
    not_found = "subject_not_found"
    moves = True

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any] | HttpResponse:
        code = path["code"]
        if not queries.is_held(code):
            if current := queries.current_code_of(code):
                return http.moved(with_query(request, f"{queries.API}/subjects/{current}/records/"))
            raise Problem("subject_not_found")
        rows = queries.records_of(code).filter(conditions(asked, RECORD_FILTERS))
        return page_of(request, asked, rows, order=(asked["sort"], "public_id"), as_json=queries.records_json)


class RecordCall(DocumentedCall):
    """One fact while it is on show. What has ended, is withheld or never was is the same answer: 404."""

    summary = "One record"
    answers = "Record"
    not_found = "not_found"

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        record = queries.record_by_id(path["id"]) if ID.fullmatch(path["id"]) else None
        if record is None:
            raise Problem("not_found")
        return record


class ActsCall(DocumentedCall):
    """Administrative acts over all counterparts (PUB-01). Natural persons are masked, and nobody is searched by name."""

    summary = "Administrative acts"
    answers = "RecordPage"
    parameters = (*ACT_FILTERS, *PAGE)

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        rows = Record.objects.filter(conditions(asked, ACT_FILTERS))
        order = ("-decided_on", "public_id")
        return page_of(request, asked, rows, order=order, as_json=queries.records_json, newest_until=today())

    def get(self, request: Any, **path: Any) -> HttpResponse:
        response = super().get(request, **path)
        response["X-Robots-Tag"] = "noindex"
        return response


# --- Rules -----------------------------------------------------------------------------------------------------------


class CatalogueItemsCall(DocumentedCall):
    """The public credit information catalogue in force on a day (CAT-02 to CAT-08)."""

    summary = "The information catalogue"
    answers = "CatalogueItemPage"
    parameters = (ON, *ITEM_FILTERS, *PAGE)
    keeping = RULES

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        on = asked["on"] or today()
        rows = queries.items_on(on).filter(conditions(asked, ITEM_FILTERS))
        return page_of(request, asked, rows, order=("code",), as_json=lambda found: queries.items_json(found, on))


class CatalogueItemCall(DocumentedCall):
    """The edition of one catalogue item that was in force on a day."""

    summary = "One catalogue item"
    answers = "CatalogueItem"
    parameters = (ON,)
    not_found = "not_found"
    keeping = RULES

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        on = asked["on"] or today()
        rows = list(queries.items_on(on).filter(code=path["item"])) if ITEM.fullmatch(path["item"]) else []
        if not rows:
            raise Problem("not_found")
        return queries.items_json(rows, on)[0]


class CatalogueItemEditionsCall(DocumentedCall):
    """Every announced edition of a catalogue item, newest first (CAT-08)."""

    summary = "The editions of a catalogue item"
    answers = "CatalogueItemPage"
    parameters = PAGE
    not_found = "not_found"
    keeping = RULES

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        rows = CatalogueItem.objects.filter(code=path["item"])
        if not ITEM.fullmatch(path["item"]) or not rows.exists():
            raise Problem("not_found")
        return page_of(
            request, asked, rows, order=("-edition",), as_json=lambda found: queries.items_json(found, today())
        )


class WorkingDaysCall(DocumentedCall):
    """The calculator: the last day of a period, or the working days up to a day, with the sum (PUB-08, PUB-10)."""

    summary = "Count days"
    answers = "WorkingDays"
    parameters = (
        day("from", "Day 0, not counted.", required=True),
        http.whole_number("days", 0, 1000, said="Length in days."),
        http.whole_number("months", 1, 120, said="Length in months."),
        day("until", "Count the working days up to this day."),
        one_of("count", VOCABULARIES["day_counting"], said="Shipped: working; with months: calendar."),
        boolean("rolling", said="A last day that is no working day moves to the next one.", default=False),
        Parameter("agency", read_code, CODE_SCHEMA, "Its local extra days apply."),
    )
    not_found = "not_found"
    keeping = RULES

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        if asked["until"] is not None and asked["until"] < asked["from"]:
            text = _("The last day lies before the first.")
            raise Problem.of([Fault("parameter_invalid", text, "query", "until", given=str(asked["until"]))])
        found = working_days.explain(asked)
        if asked["agency"] and not working_days.is_agency(asked["agency"]):
            raise Problem("not_found")
        return found


# --- About the API ---------------------------------------------------------------------------------------------------


class AboutCall(DocumentedCall):
    """Which release answers here, how fresh its data are, which years it can count."""

    summary = "About this portal"
    answers = "About"

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        return queries.about()


def problem_json(code: str) -> dict[str, Any]:
    problem = PROBLEMS[code]
    return {
        "code": code,
        "status": problem.status,
        "titles": problem.title.as_json(),
        "meaning": problem.meaning.as_json(),
        "what_to_do": problem.what_to_do.as_json(),
    }


class ProblemsCall(DocumentedCall):
    """Every code that an error may bear, in both languages."""

    summary = "Error codes"
    answers = "ProblemTypePage"
    keeping = RULES

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        total = {"value": len(PROBLEMS), "relation": "exact"}
        results = [problem_json(code) for code in PROBLEMS]
        return {"results": results, "next": None, "total": total, "as_of": http.instant(timezone.now())}


class ProblemTypeCall(DocumentedCall):
    """What one error code means and what to do about it; the `type` of every error leads here."""

    summary = "One error code"
    answers = "ProblemType"
    not_found = "not_found"
    keeping = RULES

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        if path["problem"] not in PROBLEMS:
            raise Problem("not_found")
        return problem_json(path["problem"])


class SchemaCall(DocumentedCall):
    """This document, made from the code: YAML, or JSON with `format=json`."""

    summary = "The OpenAPI document"
    parameters = (one_of("format", ("yaml", "json"), said="Shipped: yaml, unless Accept asks for JSON."),)
    media_types = (YAML, "application/yaml", JSON)
    keeping = RULES

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> HttpResponse:
        media_type = {"json": JSON, "yaml": YAML, None: self.media_type}[asked["format"]]
        content = openapi.rendered(media_type)
        tag = http.tag_of(content)
        return http.kept_content(request, content, tag, media_type, keeping=self.keeping, private=self.private)


class LiveCall(DocumentedCall):
    """The process answers."""

    summary = "Alive"
    answers = "Alive"

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any]:
        return {"status": "ok"}


class ReadyCall(DocumentedCall):
    """Whether this process can serve: its database and its role. No limits, no versions, no host names."""

    summary = "Ready"
    answers = "Readiness"
    other_answers = {503: "Readiness"}

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any] | HttpResponse:
        is_ready, body = queries.readiness()
        if is_ready:
            return body
        response = HttpResponse(http.encode(body), content_type=JSON, status=503)
        response["Cache-Control"], response["Retry-After"] = "no-store", "30"
        return response
