"""`manage.py take_in FILE --agency CODE [--dry-run]`: take in a file of rows, of any size, in constant memory."""

import hashlib
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Agency
from casework.actors import SYSTEM
from casework.calendar import today
from casework.errors import DomainError
from records import services
from records.formats import FORMATS
from records.forms import read_json_file
from records.models import IntakeRow
from records.remedies import remedy
from records.sheets import read_table
from records.states import Verdict

SHOWN_REFUSALS = 50


class Command(BaseCommand):
    help = "Take in a CSV, XLSX or JSON file of penalties, licences or other acts, for an agency."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--agency", required=True, help="the sender's unified social credit code")
        parser.add_argument("--kind", choices=list(FORMATS), default="penalties")
        parser.add_argument("--dry-run", action="store_true", help="judge every row, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        agency = Agency.objects.filter(unified_code=options["agency"]).first()
        if agency is None:
            raise CommandError(f"No agency has the code {options['agency']}.")
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        began = perf_counter()
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                stream.seek(0)
                kind = options["kind"]
                source = read_json_file(stream, kind=kind) if path.suffix == ".json" else read_table(stream, kind=kind)
                delivery = services.take_in(
                    source, kind=kind, agency=agency, by=SYSTEM, on=today(), sha256=digest,
                    dry_run=options["dry_run"], keep_rows=options["dry_run"],
                )  # fmt: skip
        except DomainError as error:
            raise CommandError(f"{error} ({error.rule})") from error
        seconds = perf_counter() - began
        told: dict[str, Any] = {}
        refused: Any = [row for row in delivery.rows if row.verdict == Verdict.REFUSED]
        if delivery.batch:
            refused = IntakeRow.objects.filter(batch=delivery.batch, verdict=Verdict.REFUSED).order_by("n")
        for row in refused[:SHOWN_REFUSALS]:
            for refusal in row.refusals:
                self.stdout.write(f"row {row.n}: {refusal['rule']} {refusal['field'] or ''} {refusal['message']}")
                told.setdefault(refusal["rule"], remedy(refusal["rule"]))
        for rule, how in told.items():
            self.stdout.write(f"{rule}: {how}")
        totals = ", ".join(
            f"{verdict} {delivery.totals[verdict]}" for verdict in Verdict.values if delivery.totals[verdict]
        )
        name = delivery.batch.public_id if delivery.batch else "dry run, nothing written"
        self.stdout.write(
            f"{name}: {totals}; {delivery.read} rows in {seconds:.1f} s, {delivery.read / seconds:.0f} a second"
        )
