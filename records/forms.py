"""Reading what is handed in: rows from CSV or JSON.

Only shape is judged here and in cells.py; whether a row may be recorded is the gate's question (rules/gate.py).
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from casework.errors import DomainError
from records.cells import RAGGED, typed
from records.cells import holds_number as holds_number
from records.formats import FORMATS, SENDER, Row, Source, said

LONGEST_FIELD = 64 * 1024
MOST_COLUMNS = 64
MOST_PLACES = 50
COLUMN_NAME = re.compile(r"[a-z]+(_[a-z]+){0,7}")


class FileRefused(DomainError):
    """The file or body as a whole cannot be read; nothing was touched."""

    @classmethod
    def at(cls, rule: str, places: Iterable[tuple[str | None, Any]]) -> "FileRefused":
        """Refused at several places, each a column or JSON Pointer with its sentence (`data["places"]`)."""
        found = list(islice(places, MOST_PLACES))
        return cls(found[0][1], rule=rule, field=found[0][0], data={"places": found})


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_csv(stream: Any, *, kind: str = "penalties", encoding: str = "utf-8-sig") -> Source:
    """Read a CSV file of any size, row by row. UTF-8 (with or without BOM) or GB18030, strictly."""
    text = io.TextIOWrapper(stream, encoding=codecs.lookup(encoding).name, errors="strict", newline="")
    csv.field_size_limit(LONGEST_FIELD)
    return read_cells(well_formed(text), kind=kind)


def read_cells(lines: Iterator[list[str]], *, kind: str) -> Source:
    """Read the lines of a table, the header first. A line that holds nothing is none."""
    header = next(lines, None)
    if not header:
        raise FileRefused(_("The file holds no rows."), rule="file_empty")
    names, skipped = check_columns(header, kind)

    def rows() -> Iterator[Row]:
        for n, cells in enumerate(lines, start=1):
            by_name: dict[str, str | None] = dict(zip(names, cells, strict=False))
            if len(cells) != len(names):
                by_name[RAGGED] = f"{len(cells)}/{len(names)}"
            yield typed(n, by_name, kind)

    return Source(rows(), skipped)


def well_formed(text: io.TextIOWrapper) -> Iterator[list[str]]:
    """The lines of a CSV file until it ends or cannot be read. The stream beneath stays open: it is the caller's."""
    read = 0
    try:
        for cells in filter(None, csv.reader(no_nul(text), strict=True)):
            yield cells
            read += 1
    except (UnicodeDecodeError, csv.Error) as error:
        raise unreadable(error, after=read - 1 if read else None) from None  # the first is the header
    finally:
        if not text.closed:
            text.detach()


def no_nul(text: Iterable[str]) -> Iterator[str]:
    for line in text:
        if "\0" in line:
            raise csv.Error("NUL")
        yield line


def unreadable(error: Exception, after: int | None = None) -> FileRefused:
    if isinstance(error, UnicodeDecodeError):
        say: Any = _("The file is not in the encoding it claims.")
    else:
        say = _("The file is not well-formed CSV.")
    if after is not None:
        say = format_lazy("{} {}", say, said(_("Reading stopped after row %(n)s."), {"n": after}))
    return FileRefused(say, rule="file_unreadable")


def read_json(rows: Any, *, kind: str = "penalties") -> Source:
    """Read the rows of a JSON body: objects of strings (or null), with the columns' own names."""
    known = {column.name for column in (*FORMATS[kind], *SENDER)}
    if not isinstance(rows, list):
        raise FileRefused(_("“rows” must be a list of objects."), rule="field_invalid", field="/rows")
    if not rows:
        raise FileRefused(_("The file holds no rows."), rule="file_empty")
    if places := list(islice(_unknown_fields(rows, known), MOST_PLACES)):
        raise FileRefused.at("unknown_field", places)
    if places := list(islice(_not_text(rows), MOST_PLACES)):
        raise FileRefused.at("field_invalid", places)
    return Source((typed(n, row, kind) for n, row in enumerate(rows, start=1)), [])


def _unknown_fields(rows: list[Any], known: set[str]) -> Iterator[tuple[str, Any]]:
    for n, row in enumerate(rows):
        for name in row if isinstance(row, dict) else ():
            if name not in known:
                shown = plain_name(name)
                where = f"/rows/{n}/{shown}" if shown else f"/rows/{n}"
                yield where, said(_("There is no column “%(name)s”."), {"name": shown or "…"})


def _not_text(rows: list[Any]) -> Iterator[tuple[str, Any]]:
    for n, row in enumerate(rows):
        if not isinstance(row, dict):
            yield f"/rows/{n}", _("A row must be an object.")
            continue
        for name, value in row.items():
            if value is not None and not isinstance(value, str):
                yield f"/rows/{n}/{name}", _("Values are strings or null.")


def plain_name(name: str) -> str:
    """The name of a column as it may be told again; empty when it is none. A file without a header line names values."""
    return name[:64] if COLUMN_NAME.fullmatch(name) else ""


def check_columns(header: list[str], kind: str) -> tuple[list[str], list[str]]:
    """The columns of a header in lower case; refused when one is missing, unknown or named twice. `x_…` is passed over."""
    names = [name.strip().lower() for name in header]
    columns = {column.name: column for column in (*FORMATS[kind], *SENDER)}
    if len(names) > MOST_COLUMNS:
        raise FileRefused(said(_("More than %(n)s columns."), {"n": MOST_COLUMNS}), rule="file_unreadable")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FileRefused.at(
            "column_unknown", (_about(name, _("The column “%(name)s” stands twice.")) for name in twice)
        )
    if unknown := [name for name in names if name not in columns and not name.startswith("x_")]:
        raise FileRefused.at("column_unknown", (_about(name, _("There is no column “%(name)s”.")) for name in unknown))
    if missing := [name for name, column in columns.items() if column.required and name not in names]:
        raise FileRefused.at(
            "column_missing", (_about(name, _("The column “%(name)s” is missing.")) for name in missing)
        )
    return names, [plain_name(name) or "x_" for name in names if name not in columns]


def _about(name: str, sentence: Any) -> tuple[str | None, Any]:
    shown = plain_name(name)
    return shown or None, said(sentence, {"name": shown or "…"})


def read_json_file(stream: Any, *, kind: str) -> Source:
    """A file holding the JSON body of an intake: {"rows": [...]}."""
    try:
        body = json.load(stream)
        return read_json(body["rows"], kind=kind)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FileRefused(_("The file is not a JSON object with “rows”."), rule="file_unreadable") from None
