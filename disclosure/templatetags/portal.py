"""Template tags of the public face. A state becomes words, icon and edge here and nowhere else; a date is always a <time>."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, Resolver404, resolve, reverse, translate_url
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override, pgettext

from disclosure import wording
from disclosure.search import hides_identity_number
from disclosure.vocabulary import word
from subjects import codes

register = template.Library()
Facts = Mapping[str, Any]
LONGEST_UNBROKEN = 18  # characters of 15 px that fit into 320 px


# --- Status: the only words and forms there are -------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """How a state looks. The edge repeats the meaning: solid = fact, dashed = in suspense, dotted = not known."""

    icon: str
    tone: str
    edge: str = "solid"


STATUSES = {
    "listed": Form("listed", "listed"),
    "in_force": Form("force", "force"),
    "under_verification": Form("verify", "verify", "dashed"),
    "suspended": Form("pause", "verify", "dashed"),
    "clock_paused": Form("pause", "verify", "dashed"),
    "ends_on": Form("calendar", "neutral"),
    "due_soon": Form("clock", "soon"),
    "overdue": Form("overdue", "overdue"),
    "no_public_record": Form("ring", "neutral"),
    "adverse_records": Form("records", "force"),
    "unknown": Form("unknown", "unknown", "dotted"),
    "done": Form("tick", "clear"),
    "second_person": Form("two", "second"),
    "draft": Form("pen", "unknown", "dotted"),
    "sealed": Form("lock", "neutral"),
}


def status_words(state: str, *, n: int | None = None, day: date | None = None) -> str:
    """The words of a state: the whole vocabulary. Nobody writes a status by hand."""
    count = n or 0
    words = {
        "listed": _("Listed"),
        "in_force": _("In force"),
        "under_verification": _("Under verification"),
        "suspended": _("Suspended"),
        "clock_paused": _("Clock paused"),
        "ends_on": _("Ends on %(day)s") % {"day": wording.day_words(day, "plain")} if day else "",
        "due_soon": ngettext("%(n)d working day left", "%(n)d working days left", count) % {"n": count},
        "overdue": ngettext("%(n)d working day overdue", "%(n)d working days overdue", count) % {"n": count},
        "no_public_record": _("No public record"),
        "adverse_records": _("Adverse records")
        if n is None
        else ngettext("%(n)d adverse record", "%(n)d adverse records", count) % {"n": count},
        "unknown": _("Cannot tell"),
        "done": _("Done"),
        "second_person": _("Waiting for second person"),
        "draft": _("Draft"),
        "sealed": _("Sealed"),
    }
    return words[state]


@register.simple_tag
def status(thing: str | Facts, n: int | None = None, day: date | str | None = None, answer: bool = False) -> SafeString:
    """The tag of a state's name, of a subject's status answer, or of a record. A neutral act has none."""
    when = wording.as_day(day) if day else None
    if isinstance(thing, str):
        return _tag(thing, n=n, day=when, words=pgettext("subject", "Listed") if answer and thing == "listed" else "")
    if "status" in thing:
        return _answer(thing)
    if thing.get("under_verification"):
        return _tag("under_verification")
    ends = thing["disclosure"]["last_day"] if "disclosure" in thing else thing.get("last_day")
    if "listed_on" in thing:
        return _tag("listed")
    return _tag("ends_on", day=wording.as_day(ends)) if thing.get("adverse") and ends else SafeString("")


def _answer(answer: Facts) -> SafeString:
    """The four answers about a subject, with how many lists or records stand behind them."""
    counts = answer["counts"] or {"by_class": {}, "adverse": {}}
    if answer["status"] == "listed":
        return _tag("listed", words=pgettext("subject", "Listed"), after=counts["by_class"].get("serious_list"))
    n = sum(counts["adverse"].values()) if answer["status"] == "adverse_records" else None
    return _tag(answer["status"], n=n)


def _tag(
    state: str, *, n: int | None = None, day: date | None = None, words: str = "", after: int | None = None
) -> SafeString:
    form = STATUSES[state]
    edge = "" if form.edge == "solid" else f" cp-tag--{form.edge}"
    counted = format_html('<span class="cp-tag__n">{}</span>', after) if after else ""
    said = words or status_words(state, n=n, day=day)
    return format_html(
        '<span class="cp-tag cp-tag--{}{}">{}{}{}</span>', form.tone, edge, icon(form.icon), said, counted
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of the sprite. It is hidden from those who listen: the word stands beside it."""
    return format_html(
        '<svg class="cp-icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


# --- Values -------------------------------------------------------------------------------------------------


def not_given() -> str:
    """Missing is said in words, never by a dash."""
    return _("Not provided")


@register.simple_tag
def day(value: str | date | datetime | None, style: str = "long") -> SafeString | str:
    """A statutory day as <time>: "long" with weekday, "plain" without, "compact" for tables."""
    if not value:
        return not_given()
    found = wording.as_day(value)
    return format_html('<time datetime="{}">{}</time>', found.isoformat(), wording.day_words(found, style))


@register.simple_tag
def moment(value: str | datetime | None) -> SafeString | str:
    """An instant, as the minute in Shanghai."""
    if not value:
        return not_given()
    machine = value.isoformat() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', machine, wording.moment_words(value))


@register.simple_tag
def code(value: str, copy: bool = False) -> SafeString:
    """A unified code, shown 2-6-9-1 and copied as 18 characters; `copy` lets the script add its button."""
    parts = format_html_join("", "<span>{}</span>", ((part,) for part in wording.code_parts(value)))
    extra = format_html(' data-copy="{}" data-copied="{}"', _("Copy"), _("Copied")) if copy else ""
    return format_html('<span class="cp-code" translate="no"{}>{}</span>', extra, parts)


@register.simple_tag
def money(value: str | Decimal | None) -> SafeString | str:
    """An amount with its unit in words."""
    return format_html('<span class="cp-nb">{}</span>', wording.money_words(value)) if value else not_given()


@register.simple_tag
def gap() -> str:
    """The space between two sentences or words of a language that writes one. Chinese does not."""
    return "" if wording.is_chinese() else " "


@register.filter
def penalties(content: Facts) -> str:
    """What a penalty consists of, each part with its amount: 罚款5万元、没收违法所得8.4万元."""
    amounts = {"fine": content.get("fine"), "confiscation": content.get("confiscated")}
    return pgettext("between facts", ", ").join(
        wording.with_amount(word("penalty_types", kind, chinese=wording.is_chinese()), amounts.get(kind))
        for kind in content["penalty_types"]
    )


@register.filter
def label(value: object, vocabulary: str) -> str:
    """What a code means. Several codes are joined."""
    if value is None or value == "" or value == []:
        return not_given()
    codes = value if isinstance(value, (list, tuple)) else [value]
    return wording.listed(word(vocabulary, one, chinese=wording.is_chinese()) for one in codes)


@register.filter
def head(value: str) -> str:
    """A label where a sentence begins."""
    return str(capfirst(value))


@register.filter
def han(value: str | None) -> SafeString | str:
    """A name or text of the file. It stays Chinese in every language; other pages say so to those who listen."""
    if not value:
        return not_given()
    if wording.is_chinese():
        return conditional_escape(value)
    return format_html('<span lang="zh-Hans">{}</span>', value)


@register.filter
def marked(match: Facts) -> SafeString:
    """A name with the characters that answer the question marked. It stays Chinese in every language."""
    text, parts, done = match["text"], [], 0
    for first, last in match["highlights"]:
        parts += [("{}", text[done:first]), ("<mark>{}</mark>", text[first:last])]
        done = last
    parts.append(("{}", text[done:]))
    html = format_html("".join(form for form, _text in parts), *(piece for _form, piece in parts))
    return html if wording.is_chinese() else format_html('<span lang="zh-Hans">{}</span>', html)


@register.filter
def number(value: str) -> SafeString:
    """A document number as on the paper. It does not break, unless it is longer than a narrow screen."""
    return format_html(
        "<span{}>{}</span>", SafeString(' class="cp-nb"') if len(value) <= LONGEST_UNBROKEN else "", han(value)
    )


@register.inclusion_tag("components/citation.html")
def citation(basis: Facts) -> dict[str, Any]:
    """A legal basis: the citation, and on opening its number, force and whether it was checked against the text."""
    title = basis["instrument"] if basis["instrument"].startswith("《") else f"《{basis['instrument']}》"
    return {"basis": basis, "title": title, "unchecked": basis["confidence"] == "from_memory"}


# --- Codes and days -----------------------------------------------------------------------------------------


@register.filter
def tidied(check: Facts) -> str:
    """What was done to the code before it was looked up."""
    return codes.tidied(check["given"] or "")


@register.filter
def refused(check: Facts) -> str:
    """Why the code cannot be right; nothing where it only had to be tidied."""
    if check["normalised_is_valid"]:
        return ""
    return str(codes.sentence(codes.check_code(check["given"] or "")))


@register.inclusion_tag("components/day_sum.html")
def day_sum(lines: Sequence[Facts], start: str | date, caption: str = "") -> dict[str, Any]:
    """The sum behind a date: which day counts as which, and why the others do not."""
    rows = wording.folded(lines)
    return {"start": wording.as_day(start), "rows": rows, "last": rows[-1].last if rows else None, "caption": caption}


@register.inclusion_tag("components/weeks.html")
def weeks(lines: Sequence[Facts], start: str | date) -> dict[str, Any]:
    """The same span as weeks; nothing above 25 days, where only the sum helps."""
    return {"weeks": wording.weeks_of(wording.as_day(start), lines)}


@register.simple_tag
def by_weight(records: Sequence[Facts]) -> dict[str, list[Facts]]:
    """Adverse and neutral facts apart, each in the order given."""
    return {"adverse": [r for r in records if r["adverse"]], "neutral": [r for r in records if not r["adverse"]]}


@register.simple_tag
def adverse_count(answer: Facts) -> int:
    """How many adverse records are on show."""
    return sum(answer["counts"]["adverse"].values()) if answer["counts"] else 0


@register.simple_tag
def latest_day(entries: Sequence[Facts]) -> str | None:
    """The last day of the entry that stays longest; none if one of them has no end."""
    days = [entry["last_day"] for entry in entries]
    return None if not days or None in days else max(days)


# --- The page itself ----------------------------------------------------------------------------------------

MENU = (
    (gettext_lazy("Look up"), "disclosure:home", {"home", "search", "subject", "subject_tab", "record"}),
    (gettext_lazy("Administrative acts"), "disclosure:acts", {"acts"}),
    (gettext_lazy("Information catalogue"), "disclosure:catalogue", {"catalogue", "catalogue_item"}),
    (gettext_lazy("Count working days"), "disclosure:working_days", {"working_days"}),
    (gettext_lazy("Help"), "disclosure:help", {
        "help", "help_names", "help_objection", "help_repair", "help_about_data", "help_accessibility", "help_privacy",
        "help_api",
    }),
)  # fmt: skip


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[dict[str, Any]]:
    """The main menu: what exists, and where we are."""
    match = getattr(context.get("request"), "resolver_match", None)
    here = match.url_name if match else None
    return [
        {"label": words, "url": reverse(name), "current": _current(here, name, inside)} for words, name, inside in MENU
    ]


def _current(here: str | None, name: str, inside: set[str]) -> str:
    if here == name.removeprefix("disclosure:"):
        return "page"
    return "true" if here in inside else ""


def may_be_echoed(context: template.Context) -> HttpRequest | None:
    """The request, unless its address holds an identity number: that is repeated nowhere (RSP-10)."""
    request: HttpRequest | None = context.get("request")
    if request is None or any(map(hides_identity_number, re.split(r"[/?&=]", unquote_plus(request.get_full_path())))):
        return None
    return request


@register.simple_tag(takes_context=True)
def other_language(context: template.Context) -> dict[str, str]:
    """The same page in the other language; from a page that does not exist or may echo nothing, its home page."""
    target, tag, name = ("en", "en", "English") if wording.is_chinese() else ("zh-hans", "zh-Hans", "中文")
    request = may_be_echoed(context)
    with override(target):
        url = reverse("disclosure:home")
    try:
        if request is not None:
            resolve(request.path_info)
            url = translate_url(request.get_full_path(), target)
    except (Resolver404, NoReverseMatch):
        pass
    return {"url": url, "lang": tag, "name": name}


@register.simple_tag(takes_context=True)
def address(context: template.Context) -> str:
    """The stable address of this page, for paper: the base address of the settings, never a Host header."""
    request = may_be_echoed(context)
    return base_address() + (urlsplit(request.get_full_path()).path if request else "/")


@register.simple_tag
def base_address() -> str:
    """The origin of this installation."""
    return str(getattr(settings, "PORTAL_BASE_URL", "")).rstrip("/")


@register.simple_tag
def is_demo() -> bool:
    """Whether this installation shows invented subjects."""
    return bool(getattr(settings, "PORTAL_DEMO", False))


@register.simple_tag
def now_in_shanghai() -> datetime:
    """When this page was made; printed on paper."""
    return timezone.now()
