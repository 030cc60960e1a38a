"""`manage.py first_keeper`: one of the first two account keepers of a new installation. Run it twice, for two people."""

import sys
from getpass import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Level
from accounts.services.first import FirstBody, first_keeper
from casework.calendar import today
from casework.errors import DomainError


class Command(BaseCommand):
    help = "Make one of the first two account keepers; asks for identity number and password without showing them."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("username")
        parser.add_argument("name", help="as colleagues read it")
        parser.add_argument("--agency", required=True, help="unified code of the lead unit at which the keepers sit")
        parser.add_argument("--agency-name", required=True)
        parser.add_argument("--region", required=True, help="its division code, six digits")
        parser.add_argument("--region-name", required=True)
        parser.add_argument("--level", choices=Level.values, default=Level.PREFECTURE)

    def handle(self, *args: Any, **options: Any) -> None:
        body = FirstBody(
            options["agency"], options["agency_name"], options["region"], options["region_name"], options["level"]
        )
        try:
            made = first_keeper(
                username=options["username"], name=options["name"], number=asked("Identity number: "),
                password=asked("Password (12 characters or more): "), body=body, issuer=settings.PORTAL_BASE_URL, on=today(),
            )  # fmt: skip
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            "\n".join(["Shown once. Authenticator:", made.authenticator, "Recovery codes:", *made.recovery_codes])
        )


def asked(question: str) -> str:
    """An answer that is not shown; from a pipe, the next line."""
    return getpass(question) if sys.stdin.isatty() else sys.stdin.readline().strip()
