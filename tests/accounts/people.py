"""Officers who can sign in, and what their authenticators show."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts import codes
from accounts.models import Agency, Posting, User
from accounts.services.access import seal_secret
from tests.factories import officer

PASSWORD = "三更灯火五更鸡 at the desk"
ADDRESS = "10.3.2.1"


def signer(role: str, at: Agency, username: str) -> tuple[User, str]:
    """An officer with password and authenticator, and the authenticator's secret."""
    user = officer(role, at, username)
    return user, give_access(user)


def give_access(user: User) -> str:
    secret = codes.draw_secret()
    user.set_password(PASSWORD)
    user.totp_box = seal_secret(user, secret)
    user.save()
    return secret


def shown(secret: str, at: datetime | None = None, steps: int = 0) -> str:
    """What the authenticator shows, or showed some steps ago."""
    return codes.code_at(secret, (at or timezone.now()) + timedelta(seconds=30 * steps))


def post(user: User, at: Agency, role: str, first: date, last: date | None = None) -> Any:
    return Posting.objects.create(user=user, agency=at, role=role, valid_from=first, valid_to=last)
