"""A clerk's desk: a file handed in, judged, corrected, taken in, through the real verbs."""

import hashlib
import io
from datetime import date
from typing import Any

from django.apps import apps
from django.db import connection

from accounts.models import Agency, Posting, User
from casework.calendar import today
from records.models import IntakeBatch
from records.services import desk
from records.sheets import read_table
from tests.factories import csv_of


def upload(
    content: bytes, clerk: User, at: Agency, *, kind: str = "penalties", name: str = "penalties.csv"
) -> IntakeBatch:
    """A file handed in, not yet judged."""
    source = read_table(io.BytesIO(content), kind=kind)
    return desk.receive(
        source, kind=kind, agency=at, by=clerk, on=today(), file_name=name, sha256=hashlib.sha256(content).hexdigest()
    )


def checked(*rows: dict[str, str], clerk: User, at: Agency, **options: Any) -> IntakeBatch:
    """A file of these rows after its dry run."""
    batch = upload(csv_of(*rows), clerk, at, **options)
    desk.check(batch.pk, on=today())
    batch.refresh_from_db()
    return batch


def done(*rows: dict[str, str], clerk: User, at: Agency, **options: Any) -> IntakeBatch:
    """A file of these rows, taken in."""
    return desk.take_in_batch(checked(*rows, clerk=clerk, at=at, **options).pk, by=clerk, on=today())


def verdicts(batch: IntakeBatch) -> list[tuple[int, str, list[str]]]:
    rows = batch.quarantine.order_by("n")
    return [(row.n, row.verdict, [refusal["rule"] for refusal in row.refusals]) for row in rows]


def second_posting(of: User, role: str, at: Agency) -> None:
    Posting.objects.create(user=of, agency=at, role=role, valid_from=date(2010, 1, 1))


def every_count() -> dict[str, int]:
    """How many rows stand in every table of the portal, evidence and sealed boxes included."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
    found = {}
    with connection.cursor() as cursor:
        for table in [*tables, "audit.event", "audit.body"]:
            name = f'public."{table}"' if "." not in table else table
            cursor.execute(f"SELECT count(*) FROM {name}")
            found[table] = cursor.fetchone()[0]
        connection.connection.execute("RESET ROLE")
        (found["sealed.identity"],) = connection.connection.execute("SELECT count(*) FROM sealed.identity").fetchone()
    return found
