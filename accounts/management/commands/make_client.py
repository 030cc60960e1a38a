"""`manage.py make_client`: make an API key and print it once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Agency, ApiClient
from accounts.services import LONGEST_KEY_DAYS, make_client
from casework.actors import SYSTEM
from casework.calendar import today
from casework.errors import DomainError


class Command(BaseCommand):
    help = "Make an API key for a body and print it once."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--kind", choices=ApiClient.Kind.values, default="agency")
        parser.add_argument("--agency", help="the body's unified social credit code")
        parser.add_argument("--name", required=True, help="what the key is for")
        parser.add_argument("--scopes", default="", help="with commas: intake,queries,…")
        parser.add_argument("--purposes", default="", help="with commas")
        parser.add_argument("--networks", default="", help="source networks it may come from, with commas")
        parser.add_argument("--days", type=int, default=LONGEST_KEY_DAYS)

    def handle(self, *args: Any, **options: Any) -> None:
        agency = None
        if options["agency"]:
            agency = Agency.objects.filter(unified_code=options["agency"]).first()
            if agency is None:
                raise CommandError(f"No agency has the code {options['agency']}.")
        try:
            made = make_client(
                kind=options["kind"], name=options["name"], agency=agency, scopes=words(options["scopes"]),
                purposes=words(options["purposes"]), networks=words(options["networks"]), by=SYSTEM, on=today(),
                days=options["days"],
            )  # fmt: skip
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Valid to {made.client.valid_to}. This is shown once:")
        self.stdout.write(made.secret)


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
