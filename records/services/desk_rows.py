"""Rows in quarantine: sealed when they come, opened to be judged or shown, emptied when nothing more is done with them.

A row holds whatever somebody wrote into a file, personal data in the wrong column included: so it rests sealed under the
key ring, and what is shown of it withholds numbers and masks persons (SEC-02, D8).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from casework.bulk import copy_in
from casework.privacy import mask_name, open_box, seal
from records.cells import holds_number, typed
from records.formats import FORMATS, NATURAL_PERSON, SAYS, SENDER, Column, Row
from records.models import IntakeBatch, IntakeRow, QuarantineRow
from records.states import Verdict
from subjects import services as subjects
from subjects.states import Channel, QueryPurpose

TABLE = "records_quarantinerow"
KEPT_DAYS = 30  # a row that nobody takes in or gives up is emptied after so long
CHUNK = 1_000
SHOWN_CHARACTERS = 60


# ── sealing and opening ──────────────────────────────────────────────────────────────────────────────────────────────


@sensitive_variables()
def put_away(batch: IntakeBatch, rows: Sequence[Row], *, on: date) -> None:
    """Seal these rows as they were handed in, each bound to its delivery and its number."""
    until = on + timedelta(days=KEPT_DAYS)
    copy_in([QuarantineRow(batch=batch, n=row.n, box=box_of(batch, row.n, row.cells), erase_on=until) for row in rows])


@sensitive_variables()
def box_of(batch: IntakeBatch, n: int, cells: Mapping[str, Any]) -> bytes:
    return seal(json.dumps(dict(cells), ensure_ascii=False), table=TABLE, person=batch.uuid, kind=str(n))


@sensitive_variables()
def cells_of(batch: IntakeBatch, row: QuarantineRow) -> dict[str, Any]:
    """The cells as they were written. `row` still has its box."""
    assert row.box is not None
    found: dict[str, Any] = json.loads(open_box(bytes(row.box), table=TABLE, person=batch.uuid, kind=str(row.n)))
    return found


@sensitive_variables()
def read_again(batch: IntakeBatch, rows: Sequence[QuarantineRow]) -> list[Row]:
    """The rows as the gate takes them."""
    return [typed(row.n, cells_of(batch, row), batch.kind) for row in rows]


def in_chunks(waiting: QuerySet[QuarantineRow], *, after: int = 0) -> Iterator[list[QuarantineRow]]:
    """Rows in the order of the file, a thousand at a time; each chunk is asked for when the one before is done with."""
    while rows := list(waiting.filter(n__gt=after).order_by("n")[:CHUNK]):
        yield rows
        after = rows[-1].n


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def note_verdicts(rows: Sequence[QuarantineRow], verdicts: Sequence[IntakeRow]) -> None:
    """Write beside each row what the gate said of it, all in one statement."""
    said = {verdict.n: verdict for verdict in verdicts}
    told = [
        {
            "id": row.pk,
            "verdict": said[row.n].verdict,
            "refusals": said[row.n].refusals,
            "warnings": said[row.n].warnings,
        }
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.records_quarantinerow q SET verdict = v.verdict, refusals = v.refusals, warnings = v.warnings"
            " FROM jsonb_to_recordset(%s::jsonb) AS v(id bigint, verdict text, refusals jsonb, warnings varchar[])"
            " WHERE q.id = v.id",
            [json.dumps(told, ensure_ascii=False, default=str)],
        )


def empty(rows: QuerySet[QuarantineRow], *, on: date, into: IntakeBatch | None = None) -> int:
    """Empty these boxes; `into` is the delivery with which they went in."""
    return rows.filter(emptied_on=None).update(box=None, emptied_on=on, taken_in=into)


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────────


def columns_of(kind: str) -> dict[str, Column]:
    return {column.name: column for column in (*FORMATS[kind], *SENDER)}


def is_withheld(column: Column, value: str) -> bool:
    """Whether no part of a value is shown again: identity numbers, also those in a column that takes none (RSP-10)."""
    return bool(value) and (column.type == "identity" or holds_number(value))


def shown(kind: str, name: str, cells: Mapping[str, Any]) -> str:
    """One value of a row as the screen tells it: numbers withheld, persons masked, long texts cut."""
    columns, says = columns_of(kind), SAYS[kind]
    value = str(cells.get(name) or "").strip()
    if not value or name not in columns:
        return ""
    if is_withheld(columns[name], value):
        return _("withheld: holds a personal number")
    is_person = cells.get(says["counterpart"]) == NATURAL_PERSON and name == says["name"]
    if is_person or name == says.get("representative"):
        return mask_name(value)
    return Truncator(value).chars(SHOWN_CHARACTERS)


def register_look(
    by: Any, batch: IntakeBatch, *, fields: Sequence[str], rows: int, on: date, channel: Channel = Channel.OFFICE
) -> None:
    """Register that somebody reads rows that are not public, before they leave (SEC-02)."""
    subjects.register_query(
        by=by, purpose=QueryPurpose.INTAKE, matter=batch.public_id, reason=_("reading and correcting what was handed in"),
        channel=channel,
        fields=sorted(fields) or ["verdict"], rows=rows, on=on,
    )  # fmt: skip


def counts(rows: QuerySet[QuarantineRow]) -> dict[str, int]:
    """How many rows of each verdict, refused or passing."""
    found = dict(rows.order_by().values_list("verdict").annotate(Count("pk")))
    return {verdict: found.get(verdict, 0) for verdict in Verdict.values}
