"""`manage.py verify_audit`: walk every audit chain and say whether it is whole (SEC-05, INV-65)."""

import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from casework import audit


class Command(BaseCommand):
    help = "Recompute the hashes of the audit. One line of numbers, then one sentence for each break; 1 when broken."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--chain", type=UUID, help="only this chain (uuid of a subject, person, rule or user)")
        parser.add_argument("--export", type=Path, metavar="FILE", help="write that chain for docs/verify_log.py")

    def handle(self, *args: Any, **options: Any) -> None:
        chain, path = options["chain"], options["export"]
        if path and not chain:
            raise CommandError("--export writes one chain; name it with --chain.")
        verdict = audit.verify(chain)
        if chain and not verdict.chains and not verdict.broken:
            raise CommandError(f"There is no chain {chain}.")
        self.stdout.write(f"{verdict.events} events, {verdict.chains} chains, {verdict.erased} bodies erased.")
        for sentence in verdict.broken:
            self.stdout.write(sentence)
        if path:
            write(path, chain)
        if verdict.broken:
            sys.exit(1)


def write(path: Path, chain: UUID) -> None:
    """A new file that only its owner may read: it holds reasons and values."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in audit.export(chain))
