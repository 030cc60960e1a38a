"""Errors of the API as problem details (RFC 9457), and the error pages of the portal.

An error says what was wrong and what to do. It never carries the text of a database error, a trace, an identity number, or
anything that the caller may not see; the number in `instance` is the one that stands in our log.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.urls import NoReverseMatch
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from casework.errors import DomainError, NotAllowed, Refused, WrongState
from casework.problem_table import PROBLEMS

log = logging.getLogger("portal.api")

API = "/api/"
MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 50
MOST_GIVEN = 64  # so many characters of what was given are echoed
RETRY_AFTER = "30"
NOTHING_LOADS = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request: where it stands and what would be right."""

    code: str
    message: Any  # a lazy sentence
    where: str | None = None  # path, query, header, body
    name: str | None = None
    pointer: str | None = None
    given: str | None = None
    allowed: Iterable[str] | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "in": self.where,
            "name": self.name,
            "pointer": self.pointer,
            "message": str(self.message),
            "given": None if self.given is None else self.given[:MOST_GIVEN],
            "allowed": None if self.allowed is None else list(self.allowed),
        }


class Problem(Exception):
    """A refusal of the API by its code. `extensions` are the objects of the contract, such as `code_check`."""

    def __init__(
        self,
        code: str,
        *faults: Fault,
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(code)
        self.type, self.faults, self.detail = PROBLEMS[code], faults, detail
        self.headers, self.extensions = dict(headers or {}), extensions

    @classmethod
    def of(cls, faults: Iterable[Fault], **extensions: Any) -> "Problem":
        """All faults of a request in one answer, under the code of the first."""
        found = tuple(faults)
        return cls(found[0].code, *found, **extensions)


# --- The answer ------------------------------------------------------------------------------------------------------


def language_of(request: HttpRequest) -> str:
    """The language of errors: what Accept-Language likes best of zh and en, subtags ignored; zh if neither."""
    best, weight = "zh", 0.0
    for part in request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:500].split(","):
        tag, _semicolon, quality = part.strip().partition(";")
        found = tag.strip().lower().partition("-")[0]
        try:
            q = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if found in ("zh", "en") and q > weight:
            best, weight = found, q
    return best


def request_id_of(request: HttpRequest) -> str:
    """The number of this request, in `Request-Id`, in the log and in `instance`."""
    return getattr(request, "request_id", None) or str(uuid4())


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as a response in the caller's language. Never kept by a cache."""
    language, kind = language_of(request), problem.type
    with translation.override("en" if language == "en" else "zh-hans"):
        errors = [fault.as_json() for fault in problem.faults[:MOST_ERRORS]]
        detail = str(problem.detail) if problem.detail else None
        body = {
            "type": f"/api/v1/problems/{kind.code}/",
            "title": kind.title.of(language),
            "status": kind.status,
            "detail": detail or (errors[0]["message"] if errors else kind.meaning.of(language)),
            "instance": f"urn:uuid:{request_id_of(request)}",
            "code": kind.code,
            "titles": kind.title.as_json(),
            "errors": errors,
            **problem.extensions,
        }
        text = json.dumps(body, ensure_ascii=False, default=str)
    response = HttpResponse(text, content_type=MEDIA_TYPE, status=kind.status, headers=problem.headers)
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    response["Access-Control-Allow-Origin"] = "*"
    response["Content-Security-Policy"] = NOTHING_LOADS
    if kind.status == 503:
        response.setdefault("Retry-After", RETRY_AFTER)
    patch_vary_headers(response, ("Accept-Language",))
    return response


# --- From exceptions to problems -------------------------------------------------------------------------------------

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="credit-portal"'}
BY_CLASS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((Http404, exceptions.NotFound), "not_found"),
    ((exceptions.MethodNotAllowed,), "method_not_allowed"),
    ((exceptions.NotAcceptable,), "not_acceptable"),
    ((exceptions.UnsupportedMediaType,), "unsupported_media_type"),
    ((RequestDataTooBig,), "body_too_large"),
    ((exceptions.ParseError,), "body_invalid"),
    ((exceptions.NotAuthenticated,), "credentials_missing"),
    ((exceptions.AuthenticationFailed,), "credentials_invalid"),
    ((PermissionDenied, exceptions.PermissionDenied), "not_allowed"),
    ((exceptions.Throttled,), "rate_limited"),
    ((SuspiciousOperation,), "parameter_invalid"),
    ((OperationalError, InterfaceError), "unavailable"),
)  # fmt: skip


def problem_of(error: BaseException) -> Problem:
    """What an exception is to the caller. What we do not know is an internal error, and is logged."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DomainError):
        return _of_domain_error(error)
    if isinstance(error, exceptions.ValidationError):
        return Problem.of(_faults_of_validation(error.detail))
    code = next((code for classes, code in BY_CLASS if isinstance(error, classes)), "internal_error")
    if code in ("internal_error", "unavailable"):
        log.error("api.failed", exc_info=error)
    headers = CHALLENGE if PROBLEMS[code].status == 401 else {}
    if isinstance(error, exceptions.Throttled) and (wait := getattr(error, "wait", None)):
        headers = {"Retry-After": str(max(1, int(wait)))}
    return Problem(code, headers=headers)


def _of_domain_error(error: DomainError) -> Problem:
    """A rule that refuses. Its name is the problem's code where the contract has one of that name."""
    if isinstance(error, Refused):
        refusal = {
            "rule": error.rule,
            "rows": list(error.rows),
            "field": error.field,
            "message": error.message,
            "basis": error.data.get("basis"),
        }
        return Problem("gate_refused", detail=error.message, refusal=refusal)
    if isinstance(error, WrongState):
        code = error.rule if error.rule in PROBLEMS else "wrong_state"
        current = {"state": error.data.get("state"), "allowed": error.data.get("allowed", [])}
        return Problem(code, detail=error.message, current=current)
    if isinstance(error, NotAllowed):
        return Problem(error.rule if error.rule in PROBLEMS else "not_allowed", detail=error.message)
    code = error.rule if error.rule in PROBLEMS else "field_invalid"
    where = "body" if code.startswith(("field", "body")) else "query"
    extensions = {"calendar": error.data} if code == "calendar_year_unknown" else {}
    return Problem(code, Fault(code, error.message, where, error.field), **extensions)


def _faults_of_validation(detail: Any, pointer: str = "") -> list[Fault]:
    """The faults of a serializer, each with its JSON Pointer."""
    if isinstance(detail, Mapping):
        return [fault for key, value in detail.items() for fault in _faults_of_validation(value, f"{pointer}/{key}")]
    found: list[Fault] = []
    for n, one in enumerate(detail if isinstance(detail, (list, tuple)) else [detail]):
        if isinstance(one, (Mapping, list, tuple)):
            found += _faults_of_validation(one, f"{pointer}/{n}")
        else:
            code = "field_missing" if getattr(one, "code", "") == "required" else "field_invalid"
            found.append(Fault(code, str(one), "body", pointer.rpartition("/")[2] or None, pointer or None))
    return found


def answer(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Django REST framework's exception handler: whatever happens in an API call ends here."""
    request, view = context["request"], context.get("view")
    problem = problem_of(exc)
    if problem.type.code == "method_not_allowed" and view is not None:
        problem.headers["Allow"] = ", ".join(view.allowed_methods)
    return respond(getattr(request, "_request", request), problem)


# --- Outside any view: handler400, handler403, handler404 and handler500 of the URLconf ------------------------------


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _outside(
        request, Problem("body_too_large" if isinstance(exception, RequestDataTooBig) else "parameter_invalid")
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _outside(request, Problem("not_allowed"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _outside(request, Problem("not_found"))


def failed(request: HttpRequest) -> HttpResponse:
    return _outside(request, Problem("internal_error"))


def unavailable(request: HttpRequest) -> HttpResponse:
    return _outside(request, Problem("unavailable"))


PAGES = {400: "400.html", 404: "404.html", 429: "429.html"}


def _outside(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path_info.startswith(API):
        return respond(request, problem)
    return page(request, problem)


def page(request: HttpRequest, problem: Problem, message: Any = None) -> HttpResponse:
    """The problem for a person. A process without public pages, or a broken one, says it in plain text."""
    status = problem.type.status
    context = {"message": message or problem.detail, "number": request_id_of(request)}
    try:
        response = render(request, PAGES.get(status, "500.html"), context, status=status)
    except (TemplateDoesNotExist, NoReverseMatch):
        said = problem.type.title.of("en" if translation.get_language() == "en" else "zh")
        response = HttpResponse(f"{said}\n", content_type="text/plain; charset=utf-8", status=status)
    response["Cache-Control"] = "no-store"
    return response


NO_IDENTITY_NUMBERS = _("Identity numbers are not accepted here. Organisations are found by unified code.")
