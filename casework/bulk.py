"""Writing many rows at once: ids from the sequence, rows by COPY (288 rows a second one by one, thousands in sets).

Signals, `save()` and defaults that the database would fill do not exist here; constraints and triggers do.
"""

import json
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


def copy_in(rows: Sequence[Row]) -> Sequence[Row]:
    """Write these objects of one model and give them their keys."""
    if not rows:
        return rows
    meta = type(rows[0])._meta
    fields: list[Any] = [field for field in meta.concrete_fields if not field.has_db_default()]  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        sequence = f'public."{meta.db_table}"'
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [sequence, len(rows)]
        )
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
        names = ", ".join(f'"{field.column}"' for field in fields)
        with (
            connection.wrap_database_errors,
            cursor.copy(f'COPY public."{meta.db_table}" ({names}) FROM STDIN') as copy,
        ):
            for values in _values(rows, fields):
                copy.write_row(values)
    return rows


def _values(rows: Sequence[Row], fields: Sequence[Any]) -> Iterator[list[Any]]:
    """The values of each row as the driver writes them. Asking each field to prepare each value took half of an intake;
    only JSON is no type of the driver's."""
    read = attrgetter(*(field.attname for field in fields))
    jsons = [place for place, field in enumerate(fields) if isinstance(field, models.JSONField)]
    for row in rows:
        values = list(read(row))
        for place in jsons:
            if values[place] is not None:
                values[place] = json.dumps(values[place], ensure_ascii=False)
        yield values
