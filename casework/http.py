"""What every call of the API has in common: declared parameters, refusals in one order, tags, caching, pages by key.

The order (api.md 1.3): 404 path, 405, 401, 403, 406, 413 to 415, 400, 404 object. A parameter is declared or refused;
nothing is trimmed, guessed or ignored. `Call` is the base of all calls; the functions serve the public pages as well.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import http_date
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import MethodNotAllowed, UnsupportedMediaType
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from casework.calendar import SHANGHAI, today
from casework.permissions import Nobody
from casework.problems import NO_IDENTITY_NUMBERS, NOTHING_LOADS, Fault, Problem

LONGEST_URI = 8000
EXACT_UP_TO = 10_000  # totals beyond it are "at least"
SHORT = 2_000  # a list of so many rows is sorted whole
WINDOWS = (4, 60)  # days
VOLATILE = ("as_of", "freshness", "now")  # what the tag does not cover
RULES_KEPT = 3600  # seconds; never beyond the next midnight in Shanghai
WORTH_COMPRESSING = 1400
JSON = "application/json"


# --- Values in and out -----------------------------------------------------------------------------------------------


def instant(at: datetime | None) -> str | None:
    """An instant as the API writes it: UTC, whole seconds."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(body: Any) -> bytes:
    """JSON as the API writes it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Decimal, Promise)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in the API")


class Invalid(Exception):
    """A value that cannot be read: why, and the problem's code where it is not `parameter_invalid`."""

    def __init__(self, message: Any, code: str = "", **extensions: Any) -> None:
        super().__init__(message)
        self.message, self.code, self.extensions = message, code, extensions


# --- Parameters ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """A query parameter that a call takes. `where` turns its value into a condition on the rows of a list."""

    name: str
    read: Callable[[str], Any]
    schema: Mapping[str, Any]
    said: str = ""
    many: bool = False  # the same name again means "or"
    required: bool = False
    default: Any = None
    allowed: tuple[str, ...] | None = None
    where: Callable[[Any], Q] | None = field(default=None, compare=False)


DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)


def read_day(text: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Invalid(_("A day is written YYYY-MM-DD."))


def read_past_day(text: str) -> date:
    """A day up to today: what will be in force tomorrow is not known today."""
    if (day := read_day(text)) > today():
        raise Invalid(_("The day lies in the future."))
    return day


def read_boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise Invalid(_("Write true or false."))
    return text == "true"


def read_slug(text: str) -> str:
    if not SLUG.fullmatch(text):
        raise Invalid(_("Small letters, digits and hyphens, at most 40."))
    return text


def one_of(name: str, values: Iterable[str], **more: Any) -> Parameter:
    """A parameter that takes one of a closed set of values."""
    allowed = tuple(values)

    def read(text: str) -> str:
        if text not in allowed:
            raise Invalid(_("This value is not one of those allowed."))
        return text

    return Parameter(name, read, {"type": "string", "enum": list(allowed)}, allowed=allowed, **more)


def order_by(*orders: str) -> Parameter:
    """The orders that a list offers; the first is shipped."""

    def read(text: str) -> str:
        if text not in orders:
            raise Invalid(_("This order is not offered."), "sort_not_allowed")
        return text

    schema = {"type": "string", "enum": list(orders), "default": orders[0]}
    return Parameter("sort", read, schema, "Order of the list.", default=orders[0], allowed=orders)


def day(name: str, said: str = "", **more: Any) -> Parameter:
    return Parameter(name, more.pop("read", read_day), {"type": "string", "format": "date"}, said, **more)


def boolean(name: str, **more: Any) -> Parameter:
    return Parameter(name, read_boolean, {"type": "boolean"}, allowed=("true", "false"), **more)


def whole_number(name: str, low: int, high: int, **more: Any) -> Parameter:
    def read(text: str) -> int:
        if not NUMBER.fullmatch(text) or not low <= int(text) <= high:
            raise Invalid(format_lazy(_("A whole number from {low} to {high}."), low=low, high=high))
        return int(text)

    return Parameter(name, read, {"type": "integer", "minimum": low, "maximum": high}, **more)


PAGE = (
    Parameter(
        "limit", whole_number("limit", 1, 200).read, {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
        "Rows on a page.", default=50,
    ),
    Parameter("cursor", str, {"type": "string", "maxLength": 600}, "From `next` of the page before; opaque."),
)  # fmt: skip


def read_parameters(
    request: HttpRequest, parameters: Sequence[Parameter], path: Iterable[tuple[str, str, Callable[[str], Any]]] = ()
) -> tuple[dict[str, Any], list[Fault], dict[str, Any]]:
    """The values of the declared parameters; what is wrong with them and with parts of the `path`; the extensions."""
    known = {parameter.name: parameter for parameter in parameters}
    faults: list[Fault] = []
    extensions: dict[str, Any] = {}
    for name in request.GET:
        if name not in known:
            text = _("This call has no such parameter.")
            faults.append(Fault("unknown_parameter", text, "query", name[:64], allowed=sorted(known)))
    for name, given, read in path:
        faults += _read_one(given, read, extensions, "path", name)[1]
    asked: dict[str, Any] = {}
    for parameter in parameters:
        asked[parameter.name], found = _read(request.GET.getlist(parameter.name), parameter, extensions)
        faults += found
    return asked, faults, extensions


def _read(given: list[str], parameter: Parameter, extensions: dict[str, Any]) -> tuple[Any, list[Fault]]:
    name = parameter.name
    if not given:
        if parameter.required:
            return None, [Fault("parameter_missing", _("This parameter is needed."), "query", name)]
        return parameter.default, []
    if "" in given:
        return None, [Fault("parameter_empty", _("The parameter has no value."), "query", name)]
    if len(given) > 1 and not parameter.many:
        return None, [Fault("parameter_repeated", _("The parameter takes one value."), "query", name)]
    values, faults = [], []
    for text in given:
        value, found = _read_one(text, parameter.read, extensions, "query", name, parameter.allowed)
        values.append(value)
        faults += found
    return (values if parameter.many else values[0]), faults


def _read_one(
    text: str,
    read: Callable[[str], Any],
    extensions: dict[str, Any],
    where: str,
    name: str,
    allowed: tuple[str, ...] | None = None,
) -> tuple[Any, list[Fault]]:
    try:
        return read(text), []
    except Invalid as wrong:
        for key, value in wrong.extensions.items():
            extensions.setdefault(key, value)
        fault = Fault(wrong.code or "parameter_invalid", wrong.message, where, name, given=text, allowed=allowed)
        return None, [fault]


def conditions(asked: Mapping[str, Any], parameters: Iterable[Parameter]) -> Q:
    """What the given filters ask of a row: within one parameter "or", between parameters "and"."""
    found = Q()
    for parameter in parameters:
        value = asked.get(parameter.name)
        if parameter.where is not None and value is not None:
            found &= parameter.where(value)
    return found


def equals(column: str) -> Callable[[Any], Q]:
    """The filter of a parameter that names the column's value, or several of them."""
    return lambda value: Q(**{f"{column}__in" if isinstance(value, list) else column: value})


# --- What is refused everywhere --------------------------------------------------------------------------------------


def refuse_identity_numbers(request: HttpRequest, is_one: Callable[[str], bool]) -> None:
    """Refuse an identity number in the path or in any parameter (RSP-10). It is not echoed, not even as a name."""
    for name, values in request.GET.lists():
        if is_one(name) or any(map(is_one, values)):
            raise identity_refused("query", None if is_one(name) else name[:64])
    if any(map(is_one, request.path_info.split("/"))):
        raise identity_refused("path", None)


def refuse_identity_numbers_in(body: Any, is_one: Callable[[str], bool], pointer: str = "") -> None:
    """Refuse one in a field of a JSON body."""
    if isinstance(body, dict):
        for key, value in body.items():
            refuse_identity_numbers_in(value, is_one, f"{pointer}/{key}")
    elif isinstance(body, list):
        for n, value in enumerate(body):
            refuse_identity_numbers_in(value, is_one, f"{pointer}/{n}")
    elif isinstance(body, str) and is_one(body):
        raise identity_refused("body", None, pointer)


def identity_refused(where: str, name: str | None, pointer: str | None = None) -> Problem:
    fault = Fault("identity_number_refused", NO_IDENTITY_NUMBERS, where, name, pointer)
    return Problem("identity_number_refused", fault)


def accepts(request: HttpRequest, media_types: Collection[str]) -> str | None:
    """The media type that Accept likes best of those offered (the first wins a tie); None if it excludes them all."""
    header = request.META.get("HTTP_ACCEPT", "")
    offered = list(media_types)
    if not header.strip() or header.strip() == "*/*":
        return offered[0]
    weights: dict[str, tuple[int, float]] = {}
    for part in header[:2000].split(","):
        wanted, *parameters = (word.strip().lower() for word in part.split(";"))
        q = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        for media_type in offered:
            exactness = {media_type: 3, media_type.partition("/")[0] + "/*": 2, "*/*": 1}.get(wanted, 0)
            if exactness and exactness > weights.get(media_type, (0, 0.0))[0]:
                weights[media_type] = (exactness, _quality(q))
    best = max(offered, key=lambda media_type: weights.get(media_type, (0, 0.0))[1])
    return best if weights.get(best, (0, 0.0))[1] > 0 else None


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


# --- The answer ------------------------------------------------------------------------------------------------------

FACTS = "facts"  # kept, but asked again each time: what ends at once must be gone at once
RULES = "rules"  # rules, vocabularies, the calendar: may be kept up to an hour, never beyond midnight


def cache_control(keeping: str) -> str:
    if keeping == FACTS:
        return "no-cache"
    now = timezone.now().astimezone(SHANGHAI)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return f"public, max-age={min(RULES_KEPT, int((midnight - now).total_seconds()))}"


def tag_of(content: bytes) -> str:
    return f'W/"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


def is_known(request: HttpRequest, tag: str) -> bool:
    """Whether the caller already holds what this tag names (If-None-Match, weakly compared)."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is None:
        return False
    held = [one.strip().removeprefix("W/") for one in header.split(",")]
    return header.strip() == "*" or tag.removeprefix("W/") in held


def kept(request: HttpRequest, body: Mapping[str, Any], *, keeping: str = FACTS, private: bool = False) -> HttpResponse:
    """The answer with its tag, or 304. The tag covers the visible content without `as_of` and `freshness`."""
    visible = encode({key: value for key, value in body.items() if key not in VOLATILE})
    volatile = {key: body[key] for key in VOLATILE if key in body}
    content = visible[:-1] + b"," + encode(volatile)[1:] if volatile else visible
    return kept_content(request, content, tag_of(visible), JSON, keeping=keeping, private=private)


def kept_content(
    request: HttpRequest, content: bytes, tag: str, media_type: str, *, keeping: str, private: bool = False
) -> HttpResponse:
    """Bytes of a public answer with its headers. `private`: it came with a key, so no cache keeps it."""
    if is_known(request, tag):
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    else:
        response = HttpResponse(content, content_type=media_type)
        _compress(request, response)
    headers = response.headers
    headers["ETag"] = tag
    headers["Date"] = http_date()
    headers["Cache-Control"] = "no-store" if private else cache_control(keeping)
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = "ETag, Request-Id, Date"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["Content-Security-Policy"] = NOTHING_LOADS
    headers["Vary"] = "Accept-Encoding"
    return response


def _compress(request: HttpRequest, response: HttpResponse) -> None:
    """gzip on request. Nothing secret stands in a public answer, so its length may tell what it likes."""
    if len(response.content) >= WORTH_COMPRESSING and "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        response.content = gzip.compress(response.content, compresslevel=5, mtime=0)
        response["Content-Encoding"] = "gzip"


def moved(to: str) -> HttpResponse:
    """308: the method and body are kept."""
    response = HttpResponse(status=308, headers={"Location": to, "Cache-Control": "no-cache"})
    response["Access-Control-Allow-Origin"] = "*"
    return response


# --- Pages of a list -------------------------------------------------------------------------------------------------

SIGNER = signing.Signer(salt="disclosure.cursor", sep=".")


@dataclass(frozen=True)
class Walked:
    """One page of a walk: its rows, the cursor of the next, how many there are in all (None: beyond the cap)."""

    rows: list[Any]
    next_cursor: str | None
    total: dict[str, Any]


def walk(
    rows: QuerySet[Any],
    *,
    order: Sequence[str],
    bound: Sequence[Any],
    cursor: str | None,
    limit: int,
    newest_until: date | None = None,
) -> Walked:
    """A page by key: stable while rows come and go, no row twice, no ceiling. The last name of `order` is unique.

    `newest_until`: the first name is a day, newest first, and the list may be long; see `newest`.
    """
    binding = hashlib.blake2b(encode([list(bound), list(order)]), digest_size=9).hexdigest()
    position = _position(cursor, binding) if cursor else None
    beyond = rows.filter(_beyond(order, position)) if position else rows
    counted = rows.order_by()[: EXACT_UP_TO + 1].count()
    if newest_until is None or counted <= SHORT:
        found = list(beyond.order_by(*order)[: limit + 1])
    else:
        until = date.fromisoformat(position[0]) if position else newest_until
        found = newest(beyond, order, until=until, number=limit + 1)
    more = len(found) > limit
    found = found[:limit]
    at = [getattr(found[-1], name.lstrip("-")) for name in order] if more else None
    total = {"value": min(counted, EXACT_UP_TO), "relation": "exact" if counted <= EXACT_UP_TO else "at_least"}
    return Walked(found, SIGNER.sign_object([binding, _jsonable(at)]) if at else None, total)


def newest(rows: QuerySet[Any], order: Sequence[str], *, until: date, number: int) -> list[Any]:
    """The first rows of a long list, newest first, by looking at the last days before at all.

    A view behind a security barrier is sorted whole, whatever the limit; a range of days is pushed down into it.
    """
    for days in WINDOWS:
        window = {f"{order[0].lstrip('-')}__gte": until - timedelta(days=days)}
        found = list(rows.filter(**window).order_by(*order)[:number])
        if len(found) == number:
            return found
    return list(rows.order_by(*order)[:number])


def _jsonable(values: list[Any]) -> list[Any]:
    return [value.isoformat() if isinstance(value, date) else value for value in values]


def _position(cursor: str, binding: str) -> list[Any]:
    try:
        bound_to, at = SIGNER.unsign_object(cursor)
    except (signing.BadSignature, ValueError, TypeError):
        bound_to, at = None, []
    if bound_to != binding:
        text = _("The cursor was altered, or belongs to other filters or another order.")
        raise Problem.of([Fault("cursor_invalid", text, "query", "cursor")])
    return at


def _beyond(order: Sequence[str], at: Sequence[Any]) -> Q:
    """The rows after a position: later in the first column, or equal there and later in the next."""
    name, value = order[0].lstrip("-"), at[0]
    later = Q(**{f"{name}__{'lt' if order[0].startswith('-') else 'gt'}": value})
    return later if len(order) == 1 else later | (Q(**{name: value}) & _beyond(order[1:], at[1:]))


def filters_of(request: HttpRequest) -> list[tuple[str, list[str]]]:
    """The filters that a cursor belongs to: all parameters but the position itself, in one order."""
    return sorted((name, sorted(values)) for name, values in request.GET.lists() if name not in ("cursor", "limit"))


def next_url(request: HttpRequest, cursor: str | None) -> str | None:
    """The address of the next page: the same question with the next position."""
    if cursor is None:
        return None
    kept_as = [(name, value) for name, values in request.GET.lists() for value in values if name != "cursor"]
    return f"{request.path}?{urlencode([*kept_as, ('cursor', cursor)])}"


# --- The base of the calls -------------------------------------------------------------------------------------------


class StrictJSON(JSONParser):
    """JSON in UTF-8, one object, no key twice, no NaN."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        try:
            body = json.loads(stream.read().decode(), object_pairs_hook=_once, parse_constant=_no_constant)
        except (UnicodeDecodeError, ValueError, RecursionError):
            raise body_invalid(_("The body is no JSON text in UTF-8.")) from None
        if not isinstance(body, dict):
            raise body_invalid(_("The body is one JSON object."))
        return body


def body_invalid(message: Any) -> Problem:
    return Problem.of([Fault("body_invalid", message, "body")])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise body_invalid(_("A key stands in the body twice."))
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(text)


class Call(APIView):
    """The base of every call. It declares what it takes and what it may answer; the OpenAPI document is made from that.

    A subclass says who may make it (`permission_classes`: nobody by default), how credentials are looked at
    (`perform_authentication`) and what an identity number looks like (`is_identity_number`).
    """

    permission_classes = [Nobody]
    authentication_classes = []
    parser_classes = [StrictJSON]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    path_parts: ClassVar[Mapping[str, Callable[[str], Any]]] = {}  # parts of the path that must be well written
    media_types: ClassVar[tuple[str, ...]] = (JSON,)  # of the answer
    asked: dict[str, Any]
    media_type: str

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse in the order of the contract."""
        plain = request._request
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSON
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        if request.method == "OPTIONS":
            return
        self.perform_authentication(request)
        self.check_permissions(request)
        self.check_throttles(request)
        accepted = accepts(plain, self.media_types)
        if accepted is None:
            raise Problem("not_acceptable")
        self.media_type = accepted
        if len(plain.get_full_path()) > LONGEST_URI:
            raise Problem("uri_too_long")
        if request.method in ("POST", "PUT", "PATCH") and plain.META.get("CONTENT_LENGTH") not in (None, "", "0"):
            self.check_media_type(request)
        refuse_identity_numbers(plain, self.is_identity_number)
        path = [(name, kwargs[name], read) for name, read in self.path_parts.items()]
        self.asked, faults, extensions = read_parameters(plain, self.parameters, path)
        faults = [*self.faults_of(plain), *faults]
        if faults:
            raise Problem.of(faults, **extensions)

    def check_media_type(self, request: Request) -> None:
        if self.get_content_negotiator().select_parser(request, self.get_parsers()) is None:
            raise UnsupportedMediaType(str(request.content_type))

    def is_identity_number(self, text: str) -> bool:
        """Whether a text has the shape of a citizen identity number and is no unified code."""
        raise NotImplementedError

    def faults_of(self, request: HttpRequest) -> list[Fault]:
        """What else is wrong with the request, beside its parameters: headers."""
        return []

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """What the address takes; also the answer that browsers ask for before they let a script send headers."""
        allow = ", ".join(self.allowed_methods)
        response = HttpResponse(status=204, headers={"Allow": allow, "Access-Control-Allow-Origin": "*"})
        response["Access-Control-Allow-Methods"] = allow
        response["Access-Control-Allow-Headers"] = "Accept, Accept-Language, Authorization, If-None-Match"
        response["Access-Control-Max-Age"] = "86400"
        return response


def page_of(
    request: HttpRequest,
    asked: Mapping[str, Any],
    rows: QuerySet[Any],
    *,
    order: Sequence[str],
    as_json: Callable[[list[Any]], list[dict[str, Any]]],
    newest_until: date | None = None,
) -> dict[str, Any]:
    """A page of the API: rows as JSON, the way to the next page, how many there are."""
    at = timezone.now()
    bound = [request.path, filters_of(request)]
    walked = walk(
        rows, order=order, bound=bound, cursor=asked["cursor"], limit=asked["limit"], newest_until=newest_until
    )
    return {
        "results": as_json(walked.rows),
        "next": next_url(request, walked.next_cursor),
        "total": walked.total,
        "as_of": instant(at),
    }
