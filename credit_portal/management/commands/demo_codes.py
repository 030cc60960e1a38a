"""`manage.py demo_codes`: how to sign in as an officer of the demo, with the one-time codes of this moment."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from credit_portal.local.officers import lines


class Command(BaseCommand):
    help = "Print user names, password and current one-time codes of the demo's officers."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PORTAL_ENV == "production":
            raise CommandError("Production has no invented officers.")
        found = list(lines(settings.VAR))
        if not found:
            raise CommandError("No demo is loaded here. First: manage.py load_demo")
        self.stdout.write("\n".join(found))
