"""The page of the search, its suggestions, and what a typed code led to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from casework.http import PAGE, instant, next_url
from disclosure import queries, search
from disclosure.models import Region
from disclosure.pages import address, asked_of, count_words, facet, public_page, shown
from disclosure.search import BY_CODE, FILTERS, NEWEST, Question, hides_identity_number, hit_json
from disclosure.vocabulary import word
from disclosure.wording import is_chinese
from subjects.codes import check_code

ON_PAGE = (replace(PAGE[0], default=20), PAGE[1])
SUGGESTED = 6
FOUND = "#found"  # of the subject's page: says that one was found
VOCABULARY = {"type": "subject_type", "registration_status": "registration_status"}


@public_page
def results(request: HttpRequest) -> HttpResponse:
    """Which one is it: the question as it was understood, the hits and why each is one, what narrows them down."""
    values = request.GET.getlist("q")
    if any(map(hides_identity_number, values)):
        return refused_identity_number(request)
    if values in ([""], []) and not set(request.GET) - {"q"}:
        return shown(request, "disclosure/search_answer.html", {})
    asked = asked_of(request, [replace(search.Q, read=typed), *FILTERS, search.SORT, *ON_PAGE])
    question = asked["q"] or Question()
    if isinstance(question, str):  # too short or too long: said beside the box, what was typed stays
        status = 400 if len(values[0]) > search.LONGEST else 200
        return shown(request, "disclosure/search_answer.html", {"fault": question, "q": values[0]}, status=status)
    wanted = search.search_of(asked | {"q": question if question.is_asked else None})
    is_filtered = any(asked[one.name] is not None for one in FILTERS)
    if question.means == "unified_code" and not is_filtered:
        return answer_about(request, question.q or "", is_path=False)
    as_of = instant(timezone.now())
    page = search.page_of(request, wanted, cursor=asked["cursor"], limit=asked["limit"])
    total, facets = wanted.counts(search.COUNTED)
    standings = queries.standings_of([hit.unified_code for hit in page.hits])
    regions = dict(Region.objects.values_list("code", "name"))
    context = {
        "question": question.as_json(),
        "dropped": dropped(question),
        "hits": [
            hit_json(hit, question)
            | {"source": hit.source, "region_name": regions.get(hit.region), "standing": standings[hit.unified_code]}
            for hit in page.hits
        ],
        "first": page.first,
        "total": total,
        "most": f"{total['value']:,}",
        "facets": facets_of(request, asked, facets, regions),
        "others_chosen": others_chosen(request, asked),
        "orders": [] if question.is_asked else orders_of(request, asked["sort"]),
        "first_url": address(request) if asked["cursor"] else None,
        "next_url": next_url(request, page.next_cursor),
        "as_of": as_of,
    }
    return shown(request, "disclosure/search_results.html", context)


def typed(text: str) -> Question | str:
    """The question, or why it cannot be one: a person is told beside the box, not on a page of errors."""
    try:
        return search.understand(text)
    except search.Invalid as wrong:
        return str(wrong.message)


def dropped(question: Question) -> str:
    """What was left out of a name before it was looked up."""
    if question.means != "name" or question.q is None or question.q == question.normalised:
        return ""
    return _("spaces dropped") if "".join(question.q.split()) == question.normalised else _("tidied")


def others_chosen(request: HttpRequest, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Conditions that hold and are no facet of the page, each with the way to take it back."""
    names = {"category": _("Category of code"), "list": _("List"), "listed": _("On a serious list")}
    return [
        facet(request, label, [(value_words(name, value), {name: value}, True, "") for value in values])
        for name, label in names.items()
        if (given := asked[name]) is not None
        for values in [given if isinstance(given, list) else [given]]
    ]


def value_words(name: str, value: Any) -> str:
    if name in VOCABULARY:
        return str(capfirst(word(VOCABULARY[name], value, chinese=is_chinese())))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)


def facets_of(
    request: HttpRequest, asked: Mapping[str, Any], counts: Mapping[str, Sequence[Any]], regions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Links that narrow the hits down, each with how many it leaves. A region stands with what lies below it."""
    places = sorted((one for one in counts["region"] if one["value"] in regions), key=lambda one: str(one["value"]))
    groups = {
        "registration_status": (_("Registration status"), counts["registration_status"]),
        "region": (_("Region"), places),
        "type": (_("Type"), counts["type"]),
    }
    return [
        facet(request, label, [
            (
                regions[one["value"]] if name == "region" else value_words(name, one["value"]),
                {name: one["value"]}, one["value"] in (asked[name] or []), count_words(one["count"], one["relation"] != "exact"),
            )
            for one in known
        ])
        for name, (label, known) in groups.items() if known
    ]  # fmt: skip


def orders_of(request: HttpRequest, sort: str | None) -> list[dict[str, Any]]:
    """Without a question the register is leafed through, by code or newest first."""
    names = {BY_CODE: _("By code"), NEWEST: _("Newest first")}
    return [
        {"label": label, "url": address(request, sort=order), "current": order == (sort or BY_CODE)}
        for order, label in names.items()
    ]


@public_page
def suggestions(request: HttpRequest) -> HttpResponse:
    """The first few hits as a list of links, for the box to show while somebody types."""
    if any(map(hides_identity_number, request.GET.getlist("q"))):
        return refused_identity_number(request)
    question = asked_of(request, [replace(search.Q, read=typed, required=True)])["q"]
    hits = [] if isinstance(question, str) else search.Search(question, {}).page((0, "", ""), SUGGESTED)
    context = {"hits": [hit_json(hit, question) for hit in hits], "listens": not isinstance(question, str)}
    return shown(request, "components/suggestions.html", context)


# --- Codes -----------------------------------------------------------------------------------------------------------


def refused_identity_number(request: HttpRequest) -> HttpResponse:
    """Nothing is looked up and nothing is repeated (RSP-10)."""
    return shown(request, "disclosure/search_answer.html", {"identity_number": True}, status=400)


def answer_about(request: HttpRequest, given: str, *, is_path: bool) -> HttpResponse:
    """What a typed code led to: its subject, or why there is none."""
    check = check_code(given)
    as_json = check.to_dict()
    if not check.normalised_is_valid:
        return shown(request, "disclosure/search_answer.html", {"check": as_json}, status=400 if is_path else 200)
    status = queries.status_of(check.normalised or given)
    if status["status"] == "unknown":
        context = {"check": as_json | {"failed_check": None}, "status": status}
        return shown(request, "disclosure/search_answer.html", context, status=404 if is_path else 200)
    code = status["current_code"] or status["unified_code"]
    if check.is_valid:
        return HttpResponseRedirect(reverse("disclosure:subject", args=[code]) + FOUND)
    context = {"check": as_json | {"failed_check": None}, "status": status, "code": code}
    return shown(request, "disclosure/search_answer.html", context)
