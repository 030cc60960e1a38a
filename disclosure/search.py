"""The search of the register (api.md 4.3): what a question means, whom it finds and why, and how many there are.

Functions of the schema `disclosed` find and count. Persons are not in what they read: nobody is found by a person's name.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from django.core import signing
from django.db import connections
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from casework import http
from casework.http import EXACT_UP_TO, Invalid, Parameter, boolean, encode, one_of
from casework.problems import Fault, Problem
from disclosure import highlights
from disclosure.http import region
from disclosure.queries import API, Json
from disclosure.vocabulary import VOCABULARIES
from subjects.codes import (
    CATEGORIES,
    CodeCheck,
    check_code,
    holds_identity_number,
    identifier_check_character,
    is_identity_number,
)
from subjects.keys import normalise

SHORTEST, LONGEST = 2, 100  # characters of a question, once normalised
WHY: Final = (
    "exact_code", "exact_name", "prefix", "contains", "former_name", "former_name", "pinyin", "pinyin", "one_character_error",
)  # fmt: skip
FIELD: Final = {6: "pinyin", 7: "pinyin_initials"}
BY_KIND: Final = {"current": "name", "former": "former_name", "trade": "trade_name"}
FACETS: Final = ("type", "registration_status", "region", "list", "listed")
COUNTED: Final = ("type", "registration_status", "region")
RELEVANCE, BY_CODE, NEWEST = "relevance", "unified_code", "-registered_on"
SIGNED_DIGITS = re.compile(r"(?=([0-9]{17}[0-9X]))", re.ASCII)
CODE_LIKE = re.compile(r"[0-9A-Z]{18}", re.ASCII)
ORGANISATION_CODE = re.compile(r"[0-9A-Z]{8}[0-9X]", re.ASCII)
REGISTRATION_NUMBER = re.compile(r"[0-9]{15}", re.ASCII)
NOT_WRITTEN = re.compile(r"[\s\u200b-\u200d\u2060\ufeff\-\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+")


# --- The question ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """What somebody typed, and what it was taken for. `code` or `words` are looked up; neither: there is nothing to find."""

    q: str | None = None
    means: str = "none"
    normalised: str | None = None
    code: str | None = None
    words: tuple[str, ...] = ()
    check: CodeCheck | None = None

    @property
    def is_asked(self) -> bool:
        return self.q is not None

    @property
    def finds_nothing(self) -> bool:
        return self.is_asked and not self.code and not self.words

    def as_json(self) -> Json:
        check = None
        if self.check is not None:
            check = self.check.to_dict()
            if self.check.normalised_is_valid:  # here it is tidied first, so that its form is no fault
                check["failed_check"] = None
        return {"q": self.q, "interpreted_as": self.means, "normalised": self.normalised, "code_check": check}


def understand(q: str) -> Question:
    """A code by its form, else a name: words separated by white space, which must all match, in any order."""
    check = check_code(q)
    solid = check.normalised or q
    if CODE_LIKE.fullmatch(solid):
        return Question(q, "unified_code", solid, solid if check.normalised_is_valid else None, check=check)
    if REGISTRATION_NUMBER.fullmatch(solid):  # the register does not keep it
        return Question(q, "registration_number", solid)
    if ORGANISATION_CODE.fullmatch(solid) and identifier_check_character(solid[:8]) == solid[8]:
        return Question(q, "organisation_code", solid, solid)
    words = [word for word in map(normalise, q.split()) if word]
    joined = "".join(words)
    if len(joined) < SHORTEST:
        raise Invalid(_("Write at least two characters of the name."))
    if len(joined) > LONGEST:
        raise Invalid(format_lazy(_("At most {most} characters."), most=LONGEST))
    if all(len(word) == 1 for word in words):  # single characters say something only together
        words = [joined]
    return Question(q, "name", joined, words=tuple(dict.fromkeys(words)))


def hides_identity_number(text: str) -> bool:
    """Whether an identity number stands in a question, also with other characters beside or between (RSP-10)."""
    solid = NOT_WRITTEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    if check_code(solid).is_valid:
        return False
    return holds_identity_number(text) or any(is_identity_number(m[1]) for m in SIGNED_DIGITS.finditer(solid))


def read_facets(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    if not set(names) <= set(FACETS):
        raise Invalid(_("This value is not one of those allowed."))
    return names


def read_order(text: str) -> str:
    if text not in (RELEVANCE, BY_CODE, NEWEST):
        raise Invalid(_("This order is not offered."), "sort_not_allowed")
    return text


Q = Parameter(
    "q", understand, {"type": "string", "minLength": SHORTEST},
    "A name or part of it, former name, pinyin, initials, or a code; 2 to 100 characters once normalised.",
)  # fmt: skip
FILTERS = (
    one_of("type", VOCABULARIES["subject_type"], many=True),
    one_of("registration_status", VOCABULARIES["registration_status"], many=True),
    region(many=True),
    one_of("category", [f"{first}{second}" for first, kinds in CATEGORIES.items() for second in kinds], many=True),
    Parameter("list", http.read_slug, {"type": "string"}, "Code of a list's field: has an entry in force on it.", many=True),
    boolean("listed", said="Has a serious-list entry in force."),
)  # fmt: skip
SORT = Parameter(
    "sort", read_order, {"type": "string", "enum": [RELEVANCE, BY_CODE, NEWEST]},
    "With q: relevance. Without: unified_code (shipped) or -registered_on.", allowed=(RELEVANCE, BY_CODE, NEWEST),
)  # fmt: skip
WHICH_FACETS = Parameter(
    "facets", read_facets, {"type": "string", "examples": ["type,region"]}, f"Comma list of {', '.join(FACETS)}.",
    allowed=FACETS,
)  # fmt: skip


# --- Finding ---------------------------------------------------------------------------------------------------------


class Hit(NamedTuple):
    """A row of `disclosed.search_page`."""

    rank: int
    key: str
    unified_code: str
    name: str
    type: str
    region: str
    registration_status: str
    source: str
    code_kind: str | None
    hit_name: str | None
    hit_kind: str | None
    hit_from: date | None
    hit_to: date | None
    hit_source: str | None
    pinyin: str | None
    initials: str | None


@dataclass(frozen=True)
class Search:
    """A question with its filters: the same for the page, the call and the counts."""

    question: Question
    filters: Mapping[str, Any]
    newest: bool = False

    @property
    def is_empty(self) -> bool:
        """No list is kept yet: who asks for the listed asks for nobody."""
        return self.question.finds_nothing or bool(self.filters.get("list")) or self.filters.get("listed") is True

    def _given(self) -> list[Any]:
        words = list(self.question.words) or None
        places = [open_part(one) + "%" for one in self.filters.get("region") or []] or None
        return [
            self.question.code, words, self.filters.get("type"), self.filters.get("registration_status"), places,
            self.filters.get("category"),
        ]  # fmt: skip

    def page(self, after: Sequence[Any], number: int) -> list[Hit]:
        """The first hits after a place in the order."""
        if self.is_empty:
            return []
        with connections["public"].cursor() as cursor:
            cursor.execute(
                "select * from disclosed.search_page(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [*self._given(), self.newest, *after, number],
            )
            return [Hit(*row) for row in cursor.fetchall()]

    def counts(self, facets: Sequence[str] = ()) -> tuple[Json, dict[str, list[Json]]]:
        """How many there are, and how many of each value of the facets, by one statement."""
        wanted = ["", *(name for name in facets if name in COUNTED)]
        found: dict[str, list[Json]] = {name: [] for name in ("", *facets)}
        if not self.question.finds_nothing and not (self.is_empty and not facets):
            with connections["public"].cursor() as cursor:
                cursor.execute(
                    "select * from disclosed.search_counts(%s, %s, %s, %s, %s, %s, %s, %s)",
                    [*self._given(), wanted, EXACT_UP_TO],
                )
                for facet, value, hits, is_capped in cursor.fetchall():
                    found[facet].append(counted(value, hits, is_capped=is_capped))
        total = next(iter(found.pop("")), counted("", 0, is_capped=False))
        if "listed" in found and not self.filters.get("list") and total["count"]:
            found["listed"] = [total | {"value": "false"}]
        if self.is_empty:
            found |= {name: [] for name in found if name != "listed"}
            total = counted("", 0, is_capped=False)
        for values in found.values():
            values.sort(key=lambda one: (-one["count"], one["value"]))
        return {"value": total["count"], "relation": total["relation"]}, found


def counted(value: str, hits: int, *, is_capped: bool) -> Json:
    relation = "at_least" if is_capped else "exact"
    return {"value": value, "count": min(hits, EXACT_UP_TO), "relation": relation}


def open_part(code: str) -> str:
    """The digits of a division code that all below it share (api.md 1.4)."""
    while code.endswith("00"):
        code = code[:-2]
    return code


def search_of(asked: Mapping[str, Any]) -> Search:
    """The search that the parameters ask for."""
    question = asked["q"] or Question()
    offered = (RELEVANCE,) if question.is_asked else (BY_CODE, NEWEST)
    if asked["sort"] not in (None, *offered):
        text = _("This order is not offered.")
        raise Problem.of([Fault("sort_not_allowed", text, "query", "sort", given=str(asked["sort"]), allowed=offered)])
    filters = {one.name: asked[one.name] for one in FILTERS}
    return Search(question, filters, newest=asked["sort"] == NEWEST)


# --- Pages -----------------------------------------------------------------------------------------------------------

START: Final = (0, "", "", 0)  # rank, key, code, how many came before


class Page(NamedTuple):
    hits: list[Hit]
    first: int  # the number of the first hit
    next_cursor: str | None


def page_of(request: HttpRequest, search: Search, *, cursor: str | None, limit: int) -> Page:
    """A page by key: stable while rows come and go, no hit twice, no ceiling."""
    binding = hashlib.blake2b(encode([request.path, http.filters_of(request)]), digest_size=9).hexdigest()
    *after, before = position(cursor, binding) if cursor else START
    hits = search.page(after, limit + 1)
    if len(hits) <= limit:
        return Page(hits, before + 1, None)
    last = hits[limit - 1]
    place = [last.rank, last.key, last.unified_code, before + limit]
    return Page(hits[:limit], before + 1, http.SIGNER.sign_object([binding, place]))


def position(cursor: str, binding: str) -> list[Any]:
    try:
        bound_to, place = http.SIGNER.unsign_object(cursor)
    except (signing.BadSignature, ValueError, TypeError):
        bound_to, place = None, []
    if bound_to != binding:
        text = _("The cursor was altered, or belongs to other filters or another order.")
        raise Problem.of([Fault("cursor_invalid", text, "query", "cursor")])
    return list(place)


# --- As the API writes it --------------------------------------------------------------------------------------------


def hit_json(hit: Hit, question: Question) -> Json:
    path = f"{API}/subjects/{hit.unified_code}/"
    return {
        "unified_code": hit.unified_code,
        "name": hit.name,
        "type": hit.type,
        "region": hit.region,
        "registration_status": hit.registration_status,
        "listed": False,
        "match": match_json(hit, question) if question.is_asked else None,
        "links": {"self": path, "status": f"{path}status/"},
    }


def match_json(hit: Hit, question: Question) -> Json:
    """Why this subject stands here: which text answers, and which of its characters."""
    if hit.hit_name is None or hit.hit_kind is None:
        text = hit.unified_code if hit.code_kind == "unified_code" else str(question.code)
        return {
            "why": WHY[0], "field": hit.code_kind, "text": text, "highlights": [[0, len(text)]], "other_name": None
        }  # fmt: skip
    rank = hit.rank % 10  # those of a long walk are told plus 10
    joined = "".join(question.normalised or "")
    if rank in FIELD:
        by_initials = rank == 7
        spans = highlights.of_pinyin(
            hit.hit_name, joined, hit.pinyin or "", hit.initials or "", by_initials=by_initials
        )
    elif WHY[rank] == "one_character_error":
        spans = highlights.of_near(hit.hit_name, joined)
    else:
        spans = highlights.of_name(hit.hit_name, question.words)
    other = {
        "name": hit.hit_name, "kind": hit.hit_kind, "valid_from": hit.hit_from, "valid_to": hit.hit_to,
        "source": hit.hit_source,
    }  # fmt: skip
    return {
        "why": WHY[rank],
        "field": FIELD.get(rank, BY_KIND[hit.hit_kind]),
        "text": hit.hit_name,
        "highlights": [list(span) for span in spans],
        "other_name": other if hit.hit_kind != "current" else None,
    }


def answer(request: HttpRequest, asked: Mapping[str, Any]) -> Json:
    """A page of the API: hits, how many there are, what was understood, facets if asked for."""
    search = search_of(asked)
    at = timezone.now()
    page = page_of(request, search, cursor=asked["cursor"], limit=asked["limit"])
    total, facets = search.counts(asked["facets"] or ())
    return {
        "results": [hit_json(hit, search.question) for hit in page.hits],
        "next": http.next_url(request, page.next_cursor),
        "total": total,
        "as_of": http.instant(at),
        "query": search.question.as_json(),
        "facets": facets if asked["facets"] else None,
    }
