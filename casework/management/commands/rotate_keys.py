"""`manage.py rotate_keys`: move sealed personal data to the first keys of the rings."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from casework import privacy
from casework.errors import Refused


class Command(BaseCommand):
    help = (
        "Re-seal personal data under the first key of each ring. First, as the owner of the database, "
        "--announce which keys write from now on; the owner needs no key file for that."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--announce", nargs=2, type=int, metavar=("BOX_KEY", "DIGEST_KEY"))
        parser.add_argument("--batch", type=int, default=500, help="boxes per transaction, at most 1,000")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["announce"]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT sealed.announce(%s, %s)", options["announce"])
            self.stdout.write("Announced. Now run rotate_keys as the application, until it leaves nothing.")
            return
        if not 1 <= options["batch"] <= 1000:
            raise CommandError("--batch is between 1 and 1000.")
        try:
            done = privacy.rotate(batch=options["batch"])
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{done.moved} boxes moved to the first keys.")
        if done.left:
            raise CommandError(f"{len(done.left)} boxes stay under an old key; keep it. " + "; ".join(done.left[:20]))
