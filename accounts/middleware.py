"""What holds for every request of the back office besides Django's own: age of the session, whose it is, headers."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from accounts.models import User
from accounts.rules import check_may_enter
from casework.checks import allowed
from casework.office_only import OFFICE

Next = Callable[[HttpRequest], HttpResponse]
SEEN_EVERY = timedelta(minutes=1)  # how often a running session is written: its idle time counts from there


def office_session(get_response: Next) -> Next:
    """End a session that has had its day, or whose holder has no posting left; no cache keeps a page of the office (D12)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(OFFICE):
            return get_response(request)
        if isinstance(request.user, User):
            request.user.remembers = request.method in {"GET", "HEAD"}
            _keep_or_end(request, request.user)
        response = get_response(request)
        add_never_cache_headers(response)
        return response

    return middleware


def _keep_or_end(request: HttpRequest, user: User) -> None:
    """Three statements a request: the session, its holder, his postings; a fourth once a minute."""
    now, session = timezone.now(), request.session
    longest = timedelta(seconds=settings.SESSION_LONGEST)
    began, seen = (
        datetime.fromisoformat(session[name]) if name in session else None for name in ("began_at", "seen_at")
    )
    if began is None or now - began >= longest or not allowed(check_may_enter, user, on=timezone.localdate(now)):
        logout(request)
    elif seen is None or now - seen >= SEEN_EVERY:
        session["seen_at"] = now.isoformat()
