"""What holds for every request of the back office besides Django's own: age of the session, headers."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from casework.office_only import OFFICE

Next = Callable[[HttpRequest], HttpResponse]


def office_session(get_response: Next) -> Next:
    """End a session that is older than its day; nothing of the office is kept by any cache (D12, D19)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(OFFICE):
            return get_response(request)
        began = request.session.get("began_at")
        if began and timezone.now() - timezone.datetime.fromisoformat(began) > timedelta(  # type: ignore[attr-defined]
            seconds=settings.SESSION_LONGEST
        ):
            logout(request)
        response = get_response(request)
        add_never_cache_headers(response)
        return response

    return middleware
