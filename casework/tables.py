"""Tables that people open in a spreadsheet: CSV in which no cell can act (attack 19)."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

BOM = "\ufeff"  # without it spreadsheets guess the encoding, wrongly
ACTS = tuple("=+-@\t\r\n＝＋－＠")


def cell(value: Any) -> str:
    """The value as text. What a spreadsheet would take for a formula gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return "'" + text if text.lstrip(" \u3000").startswith(ACTS) or text.startswith(ACTS) else text


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """A CSV file line by line, in constant memory."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    yield BOM
    writer.writerow(header)
    for row in rows:
        yield _taken(line)
        writer.writerow([cell(value) for value in row])
    yield _taken(line)


def _taken(line: io.StringIO) -> str:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text
