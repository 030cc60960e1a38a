"""Keys at the door: who calls, by `Authorization: Bearer ak_…`, `ik_…` or `pk_…`, and inside which scope (api.md 1.2)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import ApiClient
from accounts.services import client_of
from casework import logs
from casework.calendar import today
from casework.http import JSON, Call, encode
from casework.problems import NOTHING_LOADS, Problem, language_of


class KeyAuthentication(BaseAuthentication):
    """The body behind a key. No header is nobody; an unknown, ended, revoked, malformed or misplaced key is one answer.

    A wrong key is never served as "anyone".
    """

    def authenticate(self, request: Request) -> tuple[ApiClient, None] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        client = client_behind(header, address_of(request._request))
        if client is None:
            raise AuthenticationFailed
        if (known := logs.context.get()) is not None:
            known |= {"client": str(client), "actor": client.uuid}
        return client, None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="credit-portal"'


def client_behind(header: str, address: str) -> ApiClient | None:
    """The living key in an `Authorization` header that came from this address."""
    scheme, _space, presented = header.partition(" ")
    return client_of(presented, on=today(), address=address) if scheme.lower() == "bearer" else None


def address_of(request: HttpRequest) -> str:
    """Where the request comes from; behind trusted proxies what the middleware made of their headers (D15)."""
    return str(getattr(request, "address", None) or request.META.get("REMOTE_ADDR", ""))


class HasScope(BasePermission):
    """A living key of the right kind of body, with the scope that the call needs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        client: Any = request.user
        if not isinstance(client, ApiClient):
            raise NotAuthenticated
        if client.kind not in getattr(view, "kinds", ()):
            raise Problem("not_a_government_body")
        if getattr(view, "scope", None) not in client.scopes:
            raise Problem("scope_missing")
        return True


class KeyCall(Call):
    """The base of the calls that need a key. Their answers are nobody else's: no cache keeps them."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [HasScope]
    kinds: ClassVar[frozenset[str]] = frozenset({ApiClient.Kind.AGENCY})
    scope: ClassVar[str]

    def reply(
        self, request: Request, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """The answer. Whoever makes `body` does it inside `in_language_of`."""
        return private(request, HttpResponse(encode(body), content_type=JSON, headers=dict(headers or {})))


def private(request: Request, response: HttpResponse) -> HttpResponse:
    """What every answer to a key carries."""
    response["Cache-Control"] = "no-store"
    response["Content-Language"] = language_of(request._request)
    response["Content-Security-Policy"] = NOTHING_LOADS
    patch_vary_headers(response, ("Accept-Language", "Authorization"))
    return response


def in_language_of(request: Request) -> Any:
    """Sentences for this caller: Chinese, or English where Accept-Language asks for it."""
    return translation.override("en" if language_of(request._request) == "en" else "zh-hans")
