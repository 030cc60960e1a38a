"""The public pages. They draw from the same values as the API, through the same role, and hold no rule of their own."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from casework.calendar import UnknownYear, today
from casework.errors import DomainError
from casework.http import (
    EXACT_UP_TO,
    FACTS,
    PAGE,
    RULES,
    Invalid,
    Parameter,
    conditions,
    filters_of,
    instant,
    next_url,
    one_of,
    read_past_day,
    walk,
)
from casework.problems import Problem
from disclosure import queries
from disclosure.api import ACT_FILTERS, ID, ITEM
from disclosure.models import Agency, Record
from disclosure.pages import address, asked_of, count_words, facet, public_page, shown
from disclosure.search_views import answer_about, refused_identity_number
from disclosure.vocabulary import ACT_KINDS, VOCABULARIES, word
from disclosure.wording import is_chinese
from disclosure.working_days import calendar
from subjects.codes import FailedCheck, check_code, holds_identity_number
from subjects.keys import core_name

COLLECTED = frozenset({"administration"})  # classes of which this portal takes facts in
NEWEST = 8
ON_SUMMARY = 10
MOST_OPTIONS = 60
HOME_KINDS: dict[str, tuple[str, ...]] = {
    "licence": ("licence",), "penalty": ("penalty",), "other": tuple(k for k in ACT_KINDS if k not in ("licence", "penalty")),
}  # fmt: skip


def label(vocabulary: str, value: object) -> str:
    return str(capfirst(word(vocabulary, value, chinese=is_chinese())))


# --- Home ------------------------------------------------------------------------------------------------------------


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """Where do I look: the search box, the four answers, what was published last."""
    asked = asked_of(request, [one_of("kind", HOME_KINDS)])
    chosen = asked["kind"]
    as_of = instant(timezone.now())
    recent = queries.just_published(HOME_KINDS[chosen] if chosen else None, number=NEWEST)
    example = next((one["subject"] for one in recent if one["subject"]), None)
    names = {
        None: _("All"),
        "licence": label("kind", "licence"),
        "penalty": label("kind", "penalty"),
        "other": _("Other"),
    }
    kinds = [
        {"value": value or "", "label": name, "url": address(request, kind=value), "current": value == chosen}
        for value, name in names.items()
    ]
    context = {
        "example_code": example["unified_code"] if example else None,
        "example_name": core_name(example["name"]) if example else None,
        "recent": recent,
        "recent_kind": chosen or "",
        "kinds": kinds,
        "freshness": queries.freshness(),
        "as_of": as_of,
    }
    return shown(request, "disclosure/home.html", context)


# --- Subjects and records --------------------------------------------------------------------------------------------


@public_page
def subject(request: HttpRequest, code: str, tab: str = "summary") -> HttpResponse:
    """What stands against a subject, until when, and how to object."""
    if holds_identity_number(code):
        return refused_identity_number(request)
    if tab not in ("summary", *queries.CLASSES):
        raise Problem("not_found")
    check = check_code(code)
    if check.failed_check is FailedCheck.FORM:  # the address tidied, and what was done to it said
        return HttpResponseRedirect(f"{reverse('disclosure:search')}?{urlencode({'q': code})}")
    if not check.is_valid:
        return answer_about(request, code, is_path=True)
    asked = asked_of(request, PAGE if tab != "summary" else ())
    status = queries.status_of(code)
    if status["current_code"]:
        to = tab_url(status["current_code"], tab)
        return HttpResponse(status=308, headers={"Location": to, "Cache-Control": "no-cache"})
    found = queries.subject_of(status) if status["status"] != "unknown" else None
    if found is None:
        return answer_about(request, code, is_path=True)
    rows = queries.records_of(code)
    next_page = None
    if tab == "summary":
        records = list(rows.order_by("-adverse", "-decided_on", "public_id")[:ON_SUMMARY])
    elif status["counts"]["by_class"][tab]:
        bound = [request.path, filters_of(request)]
        order = ("-adverse", "-decided_on", "public_id")
        walked = walk(rows.filter(group=tab), order=order, bound=bound, cursor=asked["cursor"], limit=asked["limit"])
        records, next_page = walked.rows, walked.next_cursor
    else:
        records = []
    context = {
        "status": status,
        "subject": found,
        "tabs": tabs_of(code, status, tab),
        "records": queries.records_json(records),
        "next_url": next_url(request, next_page),
        "as_of": status["as_of"],
        "collected": tab == "summary" or tab in COLLECTED,
    }
    return shown(request, "disclosure/subject.html", context)


def tab_url(code: str, tab: str) -> str:
    if tab == "summary":
        return reverse("disclosure:subject", args=[code])
    return reverse("disclosure:subject_tab", args=[code, tab])


def tabs_of(code: str, status: dict[str, Any], current: str) -> list[dict[str, Any]]:
    """The classes as links, with their counts; zero is shown, for it is an answer."""
    counts = status["counts"]["by_class"]
    summary = {"key": "summary", "label": _("Summary"), "count": None}
    classes = [{"key": key, "label": label("class", key), "count": counts[key]} for key in queries.CLASSES]
    return [
        tab | {"url": tab_url(code, str(tab["key"])), "current": tab["key"] == current} for tab in [summary, *classes]
    ]


@public_page
def record(request: HttpRequest, public_id: str) -> HttpResponse:
    """What was decided, by whom, on what law, until when, and how to object."""
    asked_of(request)
    found = queries.record_by_id(public_id) if ID.fullmatch(public_id) else None
    if found is None:
        raise Problem("not_found")
    context = {"record": found, "as_of": instant(timezone.now()), "clock_sum": clock_sum(found)}
    return shown(request, "disclosure/record.html", context)


def clock_sum(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The sum behind the day by which the act had to be public."""
    due = record["disclosure"]["due_on"]
    if due is None:
        return []
    authority = record["determining_department"]["unified_code"]
    try:
        found = calendar().explain(record["document"]["decided_on"], until=due, agency=authority)
    except UnknownYear:
        return []
    return list(found.as_json()["sum"])


@public_page
def acts(request: HttpRequest) -> HttpResponse:
    """Administrative acts over all counterparts. Natural persons are masked; nobody is searched by name."""
    asked = asked_of(request, [*ACT_FILTERS, *PAGE])
    rows = Record.objects.filter(conditions(asked, ACT_FILTERS))
    as_of = instant(timezone.now())
    bound = [request.path, filters_of(request)]
    order = ("-decided_on", "public_id")
    walked = walk(rows, order=order, bound=bound, cursor=asked["cursor"], limit=asked["limit"], newest_until=today())
    context = {
        "filters": act_filters(request, asked),
        "records": queries.records_json(walked.rows),
        "total": walked.total,
        "next_url": next_url(request, walked.next_cursor),
        "as_of": as_of,
    }
    response = shown(request, "disclosure/acts.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def act_filters(request: HttpRequest, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Links that narrow the acts down: kind, with how many, place, authority, year of the decision."""
    kinds, places, offices = asked["kind"] or [], asked["region"] or [], asked["authority"] or []
    agencies = list(Agency.objects.order_by("name", "unified_code")[: 10 * MOST_OPTIONS])
    regions = {agency.region: agency.region_name for agency in agencies}
    near = [agency for agency in agencies if not places or agency.region in places][:MOST_OPTIONS]
    years = [today().year - ago for ago in range(4)]
    first, last = asked["decided_from"], asked["decided_to"]
    counts = queries.counts_by("kind", ACT_KINDS, conditions(asked | {"kind": None}, ACT_FILTERS))

    def spans(year: int) -> bool:
        return bool(first == date(year, 1, 1) and last == date(year, 12, 31))

    return [
        facet(request, _("Kind"), [
            (label("kind", kind), {"kind": kind}, kind in kinds, count_words(min(n, EXACT_UP_TO), n > EXACT_UP_TO))
            for kind, n in counts.items()
        ]),
        facet(request, _("Region"), [
            (name, {"region": code}, code in places, "") for code, name in sorted(regions.items())[:MOST_OPTIONS]
        ]),
        facet(request, _("Authority"), [
            (one.name, {"authority": one.unified_code}, one.unified_code in offices, "") for one in near
        ]),
        facet(request, _("Decided in"), [
            (str(year), {"decided_from": f"{year}-01-01", "decided_to": f"{year}-12-31"}, spans(year), "")
            for year in years
        ]),
    ]  # fmt: skip


# --- Rules -----------------------------------------------------------------------------------------------------------

CATEGORY = one_of("category", VOCABULARIES["category"])


@public_page
def catalogue(request: HttpRequest) -> HttpResponse:
    """What may be recorded, on which law, whether it is shown: the edition of a day."""
    errors = []
    on, wrong = day_of(request)
    if wrong:
        errors.append({"field": "on", "message": wrong})
    category = asked_of(request, [Parameter("on", str, {}), CATEGORY])["category"]
    in_force = list(queries.items_on(on).order_by("code"))
    rows = [row for row in in_force if category is None or str(row.category) == category]
    counts = {key: sum(str(row.category) == key for row in in_force) for key in VOCABULARIES["category"]}
    everything = {
        "label": _("All"),
        "url": address(request, category=None),
        "current": not category,
        "count": len(in_force),
    }
    context = {
        "on": on,
        "is_today": on == today(),
        "category": category,
        "categories": [everything, *(
            {"label": label("category", key), "url": address(request, category=key), "current": key == category, "count": n}
            for key, n in counts.items() if n
        )],
        "items": queries.items_json(rows, on),
        "errors": errors,
    }  # fmt: skip
    return shown(request, "disclosure/catalogue.html", context, keeping=RULES)


def day_of(request: HttpRequest) -> tuple[date, Any]:
    """The day asked for, and what is wrong with it; today if there is none."""
    text = request.GET.get("on")
    if not text:
        return today(), None
    try:
        return read_past_day(text), None
    except Invalid as wrong:
        return today(), wrong.message


@public_page
def catalogue_item(request: HttpRequest, code: str) -> HttpResponse:
    """One item in the edition of a day."""
    on = asked_of(request, [Parameter("on", read_past_day, {})])["on"] or today()
    rows = list(queries.items_on(on).filter(code=code)) if ITEM.fullmatch(code) else []
    if not rows:
        raise Problem("not_found")
    context = {"item": queries.items_json(rows, on)[0], "on": on}
    return shown(request, "disclosure/catalogue_item.html", context, keeping=RULES)


COUNTS = ("working", "calendar", "months")


@public_page
def working_days(request: HttpRequest) -> HttpResponse:
    """Which day is it: the calculator, with the sum. The address is the answer."""
    names = ("from", "days", "count", "rolling")
    parameters = [Parameter(name, str, {}) for name in names]
    filled = request.GET.copy()
    for name in [name for name in names if filled.get(name) == ""]:  # a form sends its empty fields too
        del filled[name]
    request.GET = filled  # type: ignore[assignment]
    values = asked_of(request, parameters)
    values["count"] = values["count"] or "working"
    answer, errors = (None, []) if not (values["from"] or values["days"]) else counted(values)
    context = {
        "values": values,
        "errors": errors,
        "answer": answer,
        "api_url": api_url(values) if answer else None,
    }
    return shown(request, "disclosure/working_days.html", context, keeping=RULES, status=400 if errors else 200)


def counted(values: dict[str, Any]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The answer of the calculator, or what is to be put right, field by field."""
    errors: list[dict[str, Any]] = []
    start = length = None
    try:
        start = date.fromisoformat(values["from"] or "")
    except ValueError:
        errors.append({"field": "from", "message": _("Give the first day.")})
    most = 120 if values["count"] == "months" else 1000
    if (values["days"] or "").isdecimal() and len(values["days"]) < 5 and int(values["days"]) <= most:
        length = int(values["days"])
    else:
        errors.append({"field": "days", "message": _("Give a whole number from 0 to %(most)d.") % {"most": most}})
    if values["count"] not in COUNTS:
        errors.append({"field": "count", "message": _("Choose what is counted.")})
    if start is None or length is None or errors:
        return None, errors
    how: dict[str, Any] = {"rolling": values["rolling"] == "true"}
    how |= {"months": length} if values["count"] == "months" else {"days": length, "count": values["count"]}
    try:
        return calendar().explain(start, **how).as_json(), []
    except DomainError as refused:
        field = refused.field if refused.field in ("from", "days", "count") else "count" if refused.field else "from"
        return None, [{"field": field, "message": refused.message}]


def api_url(values: dict[str, Any]) -> str:
    """The same question to the API."""
    length = (
        {"months": values["days"]}
        if values["count"] == "months"
        else {"days": values["days"], "count": values["count"]}
    )
    rolling = {"rolling": "true"} if values["rolling"] == "true" else {}
    return f"{queries.API}/working-days/?{urlencode({'from': values['from'], **length, **rolling})}"


# --- Help ------------------------------------------------------------------------------------------------------------


@public_page
def help_page(request: HttpRequest, page: str) -> HttpResponse:
    """A page of plain text."""
    asked_of(request)
    if page != "api":
        return shown(request, f"disclosure/help/{page}.html", {}, keeping=RULES)
    recent = queries.just_published(None, number=1)
    code = recent[0]["subject"]["unified_code"] if recent and recent[0]["subject"] else None
    return shown(request, "disclosure/help/api.html", {"example_code": code}, keeping=FACTS)
