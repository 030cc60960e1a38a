"""`manage.py disclose`: build the schema that the public may read, and give every role its rights."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from casework import grants
from disclosure.disclose import disclose


class Command(BaseCommand):
    help = "Rebuild the schema `disclosed` if its files changed, and apply the table of grants."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--force", action="store_true", help="rebuild even if nothing changed")

    def handle(self, *args: Any, **options: Any) -> None:
        rebuilt = disclose(connection, force=options["force"])
        grants.apply(connection)
        self.stdout.write(
            "The schema disclosed was rebuilt." if rebuilt else "The schema disclosed is as it should be."
        )
