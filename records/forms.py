"""Reading what is handed in: rows from CSV or JSON, typed.

Only shape is judged here (present, typed, well-formed); whether a row may be recorded is the gate's question (rules.py).
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from casework.errors import DomainError
from records.formats import FORMATS, KEY_COLUMNS, PROSE, SENDER, Column, Fault, Row, Source, said
from subjects.codes import holds_identity_number

LONGEST_FIELD = 64 * 1024
MOST_COLUMNS = 64
MOST_PLACES = 50


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
    return read_cells(well_formed(csv.reader(no_nul(text), strict=True)), kind=kind)


def read_cells(lines: Iterator[list[str]], *, kind: str) -> Source:
    """Read the lines of a table, the header first. A line that holds nothing is none."""
    header = next(lines, None)
    if not header:
        raise FileRefused(_("The file holds no rows."), rule="file_empty")
    names, skipped = check_columns(header, kind)

    def rows() -> Iterator[Row]:
        for n, cells in enumerate(lines, start=1):
            if len(cells) == len(names):
                yield typed(n, dict(zip(names, cells, strict=True)), kind)
            else:
                sentence = _("The row has %(found)s cells; the header names %(wanted)s columns.")
                say = said(sentence, {"found": len(cells), "wanted": len(names)})
                yield Row(n, kind, empty(kind), [Fault("row_unreadable", ("REC-18",), None, say)])

    return Source(rows(), skipped)


def well_formed(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The lines of a CSV file until it ends or cannot be read."""
    read = 0
    try:
        for cells in filter(None, reader):
            yield cells
            read += 1
    except (UnicodeDecodeError, csv.Error) as error:
        raise unreadable(error, after=read - 1 if read else None) from None  # the first is the header


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


# ── typing one row ───────────────────────────────────────────────────────────────────────────────────────────────────

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MONEY = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)
COLUMN_NAME = re.compile(r"[a-z]+(_[a-z]+){0,7}")
NUMBER = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
SEPARATORS = re.compile("[;；,，]")


def empty(kind: str) -> dict[str, Any]:
    return {column.name: None for column in (*FORMATS[kind], *SENDER)} | {"op": "add"}


def typed(n: int, cells: dict[str, str | None], kind: str) -> Row:
    """Turn the cells of one row into values. Every fault of shape is told, not only the first (REC-18)."""
    row = Row(n, kind, empty(kind))
    withdraws = (cells.get("op") or "").strip() == "withdraw"
    for column in (*FORMATS[kind], *SENDER):
        text = (cells.get(column.name) or "").strip()
        if not text:
            if column.required and not (withdraws and column.name not in KEY_COLUMNS[kind]):
                say = said(_("“%(label)s” is empty."), {"label": column.label})
                row.faults.append(Fault("value_missing", ("REC-18",), column.name, say))
            continue
        if NOT_TEXT.search(text):
            say = said(_("“%(label)s” holds a character that is none."), {"label": column.label})
            row.faults.append(Fault("row_unreadable", ("REC-18",), column.name, say))
            continue
        if column.type != "identity" and column.name not in PROSE and holds_number(text):
            say = said(_("“%(label)s” holds an identity number; it is not kept here."), {"label": column.label})
            row.faults.append(Fault("identity_number_refused", ("RSP-10",), column.name, say))
            continue
        if column.max_length and len(text) > column.max_length:
            say = said(
                _("“%(label)s” is longer than %(n)s characters."), {"label": column.label, "n": column.max_length}
            )
            row.faults.append(Fault("value_too_long", ("REC-18",), column.name, say))
            continue
        try:
            row.values[column.name] = value_of(column, text)
        except BadValue as bad:
            row.faults.append(Fault(bad.rule, ("REC-18",), column.name, bad.message))
    return row


def holds_number(text: str) -> bool:
    """Whether an identity number stands in a text that should hold none (RSP-10)."""
    return holds_identity_number(text) or any(map(holds_identity_number, NUMBER.findall(text)))


class BadValue(ValueError):
    def __init__(self, rule: str, message: Any) -> None:
        super().__init__(rule)
        self.rule, self.message = rule, message


def value_of(column: Column, text: str) -> Any:
    if column.type == "date":
        try:
            if not DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            say = said(_("“%(label)s” is not a day written like 2026-03-01."), {"label": column.label})
            raise BadValue("date_invalid", say) from None
    if column.type == "money_wan":
        try:
            if not MONEY.fullmatch(text):
                raise InvalidOperation
            return Decimal(text) * 10_000  # kept in yuan
        except InvalidOperation:
            say = said(
                _("“%(label)s” is not an amount in 10,000 yuan with at most six decimals."), {"label": column.label}
            )
            raise BadValue("number_invalid", say) from None
    if column.type == "enum" and column.values is not None:
        parts = [part.strip() for part in SEPARATORS.split(text)] if column.many else [text]
        for part in parts:
            if part not in column.values:
                say = said(_("“%(label)s” does not know “%(value)s”."), {"label": column.label, "value": part[:20]})
                raise BadValue("value_not_in_list", say)
        return parts if column.many else text
    return text


def read_json_file(stream: Any, *, kind: str) -> Source:
    """A file holding the JSON body of an intake: {"rows": [...]}."""
    try:
        body = json.load(stream)
        return read_json(body["rows"], kind=kind)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FileRefused(_("The file is not a JSON object with “rows”."), rule="file_unreadable") from None
