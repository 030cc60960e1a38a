"""Bring the rules in force into the database.

`manage.py load_rules` loads the rules that ship; `manage.py load_rules mine.yaml` loads those and then yours. All or nothing;
loading twice changes nothing.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from casework.actors import SYSTEM
from casework.calendar import today
from casework.errors import DomainError
from catalogs.forms import Malformed, read, shipped
from catalogs.services import load_rules


class Command(BaseCommand):
    help = "Load the rules in force: legal library, catalogue, list fields, measure items, repair regimes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="YAML files to load after those that ship")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        try:
            done = load_rules(read([*shipped(), *files]), by=SYSTEM, on=today())
        except (Malformed, DomainError) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(f"{done.entered} entered, {done.updated} updated, {done.unchanged} unchanged.")
