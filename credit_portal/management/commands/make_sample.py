"""`manage.py make_sample DIR [--on DATE]`: a file of 1,000 penalties with 40 deliberate faults, and what must be refused."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from casework.calendar import today
from credit_portal.demo import sample, world


class Command(BaseCommand):
    help = "Write sample_penalties.csv and sample_expected.csv, to be handed in with `take_in`."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--on", type=date.fromisoformat, help="the day on which it will be handed in; today if not said"
        )

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        file, expected = sample.write(folder, options["on"] or today())
        self.stdout.write(f"{file} and {expected}. To try it:")
        self.stdout.write(f"  bin/manage take_in {file} --agency {world.code_of(sample.SENDER_KEY)} --dry-run")
