"""Reads one workbook in a process of its own: `python -I child.py < FILE`, one JSON value a line on stdout.

Run by records.sheets, never imported by it. It knows nothing of Django and sets its own limits before it touches the file:
memory, processor time, nothing written. Each line is a list of cells, the first sheet's rows from the first on; the last is
an object: {"end": true}, or {"refused": name, …} (security.md D17, attacks 19 and 20).
"""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

MEMORY, CPU_SECONDS = 512 * 2**20, 240
MOST_MEMBERS, MOST_DECLARED, MOST_SHARED, MOST_RATIO = 200, 400 * 2**20, 64 * 2**20, 100
SMALL = 2**20  # a member that unpacks to no more may be packed as tightly as it likes
MOST_ROWS, MOST_COLUMNS, LONGEST = 200_000, 64, 64 * 1024
DIGITS = 15  # a spreadsheet keeps no more of a number

# Parts of a workbook that do something, or fetch something from elsewhere.
ACTIVE = (
    "vbaproject",
    "/externallinks/",
    "/activex/",
    "/embeddings/",
    "/macrosheets/",
    "/connections.xml",
    "/ctrlprops/",
)
MERGED = re.compile(rb"<(?:[A-Za-z0-9_]+:)?mergeCell[ />]")


class Refusal(Exception):
    """What is wrong with the file, and in which cell."""

    def __init__(self, refused: str, **where: Any) -> None:
        super().__init__(refused)
        self.told = {"refused": refused, **where}


def main(file: BinaryIO) -> Iterator[Any]:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    try:
        check_archive(file)
        yield from rows_of(file)
        yield {"end": True}
    except Refusal as refusal:
        yield refusal.told


def check_archive(file: BinaryIO) -> None:
    """Judge the archive by its table of contents alone. Unpacking never gives more than is declared there."""
    members = zipfile.ZipFile(file).infolist()
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_DECLARED:
        raise Refusal("too_large")
    for member in members:
        name = "/" + member.filename.lower()
        if any(part in name for part in ACTIVE):
            raise Refusal("active")
        if member.file_size > SMALL and member.file_size > MOST_RATIO * member.compress_size:
            raise Refusal("too_large")
        if name.endswith("sharedstrings.xml") and member.file_size > MOST_SHARED:
            raise Refusal("too_large")


def rows_of(file: BinaryIO) -> Iterator[list[str]]:
    """The rows of the first sheet as text. A row that holds nothing is an empty list."""
    import openpyxl

    if not openpyxl.DEFUSEDXML:  # without it entities would be resolved
        raise Refusal("unreadable")
    book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
    sheet: Any = book.worksheets[0]
    with zipfile.ZipFile(file) as archive, archive.open(sheet._worksheet_path) as source:
        if holds_merged_cells(source):
            raise Refusal("merged")
    sheet.reset_dimensions()  # what the file says of its own size is not believed
    for n, cells in enumerate(sheet.iter_rows(), start=1):
        if n > MOST_ROWS + 1:
            raise Refusal("too_many_rows", n=MOST_ROWS)
        if len(cells) > MOST_COLUMNS:
            raise Refusal("too_many_columns", n=MOST_COLUMNS)
        texts = [text_of(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        yield texts


def holds_merged_cells(source: Any) -> bool:
    """Whether a sheet merges cells; they stand behind its rows, so they are looked for before the first is told."""
    before = b""
    while block := source.read(1 << 20):
        text = before + block
        if b"mergeCell" in text and MERGED.search(text):
            return True
        before = block[-64:]
    return False


def text_of(cell: Any) -> str:
    """A cell as it would stand in a CSV file: days as ISO, numbers plain. What is no plain value is refused by its place."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise Refusal("formula", cell=cell.coordinate)
    if cell.data_type == "e":
        raise Refusal("error", cell=cell.coordinate)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return number(value, cell.coordinate)
    text = str(value)
    if len(text) > LONGEST:
        raise Refusal("too_long", cell=cell.coordinate)
    return text


def number(value: float, place: str) -> str:
    """A number in digits. One that is longer than what a spreadsheet keeps was a code or an account, and is damaged."""
    plain = Decimal(repr(value))
    if not plain.is_finite() or abs(plain) >= 10**DIGITS:
        raise Refusal("number_too_long", cell=place)
    text = f"{plain:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


if __name__ == "__main__":
    try:
        for line in main(sys.stdin.buffer):
            sys.stdout.write(json.dumps(line) + "\n")
    except Exception:  # a parser may raise anything, and so does a limit; the sentence for the user is the same
        sys.stdout.write('{"refused": "unreadable"}\n')
