"""`manage.py sweep [--on DATE]`: do by hand what the clock does. Never for a day in the future."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from casework.calendar import today
from records.jobs import summary, sweep


class Command(BaseCommand):
    help = "Publish, mark and end whatever is due."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--on", type=date.fromisoformat, help="a past day, or today")

    def handle(self, *args: Any, **options: Any) -> None:
        on = options["on"] or today()
        if on > today():
            raise CommandError(f"{on} lies in the future; the sweep never runs ahead of the day.")
        self.stdout.write(summary(sorted(sweep(on).items())))
