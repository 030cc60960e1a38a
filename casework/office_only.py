"""Django's session, form-token, sign-in and message middleware, for the back office and nothing else.

Public pages stay without session and cookie: these classes pass every address outside `/admin/` on untouched.
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

OFFICE = "/admin/"


class OfficeOnly:
    """Mixed in before a middleware: outside the office the request goes on as if it did not stand here."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if not request.path_info.startswith(OFFICE):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]

    def process_view(self, request: HttpRequest, *args: Any) -> Any:
        above: Any = super()
        if not request.path_info.startswith(OFFICE) or not hasattr(above, "process_view"):
            return None
        return above.process_view(request, *args)


class Sessions(OfficeOnly, SessionMiddleware):
    pass


class Csrf(OfficeOnly, CsrfViewMiddleware):
    pass


class Authentication(OfficeOnly, AuthenticationMiddleware):
    pass


class Messages(OfficeOnly, MessageMiddleware):
    pass


class LoginRequired(OfficeOnly, LoginRequiredMiddleware):
    pass
