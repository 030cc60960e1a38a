"""`manage.py check_invariants`: one line each, `INV-nn ok` or `INV-nn broken …`; non-zero when one is broken."""

from typing import Any

from django.core.management.base import BaseCommand

from credit_portal import posture
from credit_portal.invariants import INVARIANTS

SHOWN = 5


class Command(BaseCommand):
    help = "Test the invariants on the live database, and the posture of this installation."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for invariant in INVARIANTS:
            found = invariant.find()
            broken += bool(found)
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            said = f"broken: {'; '.join(found[:SHOWN])}{more}" if found else "ok"
            self.stdout.write(f"{invariant.id} {said} ({invariant.sentence})")
        for fault in posture.faults():
            self.stdout.write(f"posture: {fault}")
        if broken:
            raise SystemExit(1)
