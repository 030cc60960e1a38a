"""What wraps every request of every face: a number for it, one line about it, one form of each address."""

import logging
from collections.abc import Callable
from time import perf_counter
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path
from django.utils.http import escape_leading_slashes

from casework import logs
from disclosure.search import hides_identity_number

Next = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("portal.access")


def request_id(get_response: Next) -> Next:
    """Give the request its number: in `Request-Id`, in the log, in `instance` of errors. Write its one log line (D21)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        number = str(uuid4())
        request.request_id = number  # type: ignore[attr-defined]
        token = logs.context.set({"request_id": number})
        try:
            response = get_response(request)
            response.headers["Request-Id"] = number
            match = request.resolver_match
            line = {
                "event": "request.answered",
                "route": match.view_name if match else None,
                "status": response.status_code,
                "ms": (perf_counter() - began) * 1000,
            }
            log.info("request.answered", extra=line)
        finally:
            logs.context.reset(token)
        return response

    return middleware


def one_slash(get_response: Next) -> Next:
    """Every known address ends with a slash; without it, 308 to the form with it, query, method and body kept.

    An address that holds an identity number is not sent back in a Location: it is answered where it stands, by a refusal.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path.endswith("/") or is_valid_path(path) or not is_valid_path(f"{path}/"):
            return get_response(request)
        if any(map(hides_identity_number, [*path.split("/"), *_values(request)])):
            request.path_info = f"{path}/"
            return get_response(request)
        to = escape_leading_slashes(request.get_full_path(force_append_slash=True))
        return HttpResponse(status=308, headers={"Location": to, "Cache-Control": "no-cache"})

    return middleware


def _values(request: HttpRequest) -> list[str]:
    return [text for name, values in request.GET.lists() for text in (name, *values)]


def isolation(get_response: Next) -> Next:
    """Headers for every answer: nothing of the browser's devices is used, no other site may embed what is here (D19)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware
