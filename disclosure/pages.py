"""What the public pages have in common: parameters as strict as those of the API, tags, the page of a refusal."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from casework.http import (
    FACTS,
    VOLATILE,
    Parameter,
    cache_control,
    encode,
    is_known,
    read_parameters,
    refuse_identity_numbers,
    tag_of,
)  # fmt: skip
from casework.problems import Problem, page, problem_of
from subjects.codes import holds_identity_number

View = Callable[..., HttpResponse]


def public_page(view: View) -> View:
    """A page for anyone, read by GET. What goes wrong is said on a page of its own."""

    @wraps(view)
    def wrapped(request: HttpRequest, **path: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        try:
            return view(request, **path)
        except Http404:
            return page(request, Problem("not_found"))
        except Problem as problem:
            return page(request, problem)
        except Exception as error:
            return page(request, problem_of(error))

    return wrapped


def asked_of(request: HttpRequest, parameters: Sequence[Parameter] = ()) -> dict[str, Any]:
    """The parameters of a page. An address that is not in order is refused, as in the API: nothing is guessed."""
    refuse_identity_numbers(request, holds_identity_number)
    asked, faults, _extensions = read_parameters(request, parameters)
    if faults:
        raise Problem.of(faults)
    return asked


def shown(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, keeping: str = FACTS, status: int = 200
) -> HttpResponse:
    """The page with its tag, or 304. The tag covers what is said, without the instant at which it was said."""
    said = encode([settings.RELEASE, get_language(), request.get_full_path(), template, _without_instants(context)])
    tag = tag_of(said)
    if status == 200 and is_known(request, tag) and not settings.DEBUG:
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    else:
        response = render(request, template, dict(context), status=status)
    if status == 200:
        response["ETag"] = tag
    response["Cache-Control"] = cache_control(keeping) if status == 200 else "no-store"
    return response


def _without_instants(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_instants(one) for key, one in value.items() if key not in VOLATILE}
    if isinstance(value, (list, tuple)):
        return [_without_instants(one) for one in value]
    return value


def address(request: HttpRequest, **changes: Any) -> str:
    """This page with some parameters changed (None takes one out) and back at its first page."""
    held = {name: values for name, values in request.GET.lists() if name != "cursor"}
    held |= {name: [str(value)] for name, value in changes.items() if value is not None}
    for name, value in changes.items():
        if value is None:
            held.pop(name, None)
    query = urlencode(held, doseq=True)
    return f"{request.path}?{query}" if query else request.path


def count_words(count: int, is_capped: bool) -> str:
    """A count beside a link. What was not counted to the end says so."""
    return _("%(n)d or more") % {"n": count} if is_capped else str(count)


Option = tuple[str, Mapping[str, Any], bool, str]  # label, changes of the address, whether it is chosen, how many


def facet(request: HttpRequest, name: str, options: Sequence[Option]) -> dict[str, Any]:
    """A group of links that narrow a list down, which of them are chosen, and the way to take that back."""
    changed = {parameter for _label, changes, _chosen, _count in options for parameter in changes}
    return {
        "label": name,
        "options": [
            {"label": text, "url": address(request, **changes), "current": is_chosen, "count": count}
            for text, changes, is_chosen, count in options
        ],
        "chosen": [text for text, _changes, is_chosen, _count in options if is_chosen],
        "clear_url": address(request, **dict.fromkeys(changed)),
    }
