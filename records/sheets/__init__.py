"""Tables that people hand in: a workbook (XLSX) read by a child process with limits, or CSV; judged by what they are.

A row of a workbook and the same row of a CSV file meet the same reader, so they get the same verdict.
"""

import codecs
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from records.formats import Source, said
from records.forms import FileRefused, read_cells, read_csv

MOST_BYTES = 50 * 2**20
SILENT_SECONDS = 90  # so long the child may work on a line; it bounds its own processor time
LONGEST_LINE = 8 * 2**20
CHILD = Path(__file__).with_name("child.py")
BLOCK = 1 << 16
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

SENTENCES = {
    "unreadable": _("The workbook cannot be read. Save it again as .xlsx, or as CSV."),
    "too_large": _("The workbook unpacks to more than is taken. Hand it in as CSV."),
    "active": _("The workbook holds macros, links to other files or embedded objects. Save it as plain .xlsx."),
    "merged": _("The sheet has merged cells. Undo the merging, so that each row has its own cells."),
    "formula": _("Cell %(cell)s holds a formula. Replace it by its value (copy, paste as values)."),
    "error": _("Cell %(cell)s holds an error instead of a value."),
    "too_long": _("Cell %(cell)s holds more than 65,536 characters."),
    "number_too_long": _("Cell %(cell)s holds a number of more than 15 digits, of which a spreadsheet keeps only 15. "
                         "Format the column as text and enter it again."),
    "too_many_rows": _("The sheet has more than %(n)s rows. Hand it in as CSV."),
    "too_many_columns": _("The sheet has more than %(n)s columns."),
}  # fmt: skip


def read_table(stream: Any, *, kind: str) -> Source:
    """Read a table by its content: a workbook, or CSV in UTF-8 (with or without BOM) or GB18030. `stream` can be sought."""
    stream.seek(0)
    start = stream.read(len(OLE))
    stream.seek(0)
    if start.startswith(ZIP):
        return read_xlsx(stream, kind=kind)
    if start == OLE:
        say = _("This is an old .xls file or one with a password. Save it as .xlsx without a password.")
        raise FileRefused(say, rule="file_unreadable")
    encoding = "utf-8-sig" if is_utf8(stream) else "gb18030"
    stream.seek(0)
    return read_csv(stream, kind=kind, encoding=encoding)


def is_utf8(stream: Any) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def read_xlsx(file: Path | str | BinaryIO, *, kind: str) -> Source:
    """Read the first sheet of a workbook, its header in row 1. Rows come as they are read, in constant memory here.

    Raises FileRefused for whatever is wrong with the file as a whole, at once or after the rows before the fault.
    """
    return read_cells(filled(cells_of(file)), kind=kind)


def filled(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    """Rows as wide as the header: a spreadsheet writes no cell where nothing stands. Rows without any cell are none."""
    header = next(lines, [])
    yield header
    for cells in filter(None, lines):
        yield cells + [""] * (len(header) - len(cells))


def cells_of(file: Path | str | BinaryIO) -> Iterator[list[str]]:
    """The rows as the child tells them. Whatever it does but finish in time counts as unreadable.

    `-I` keeps environment and own folder out of its import path; it gets no secrets, no sockets, no shell.
    """
    with in_memory(file) as held:
        child = subprocess.Popen(  # a fixed program; the file is its standard input
            [sys.executable, "-I", str(CHILD)], stdin=held, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"}, cwd="/", bufsize=0,
        )  # fmt: skip
    n = 0
    try:
        for line in lines_of(child.stdout):
            told = json.loads(line)
            if isinstance(told, dict):
                if "end" in told:
                    return
                raise refused(told, after=n - 1)
            yield told
            n += bool(told)
        raise refused({}, after=n - 1)
    except ValueError:
        raise refused({}, after=n - 1) from None
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


def in_memory(file: Path | str | BinaryIO) -> BinaryIO:
    """The file without a name, in memory and not on a disk: it holds what is to be sealed before it rests anywhere."""
    held = os.fdopen(os.memfd_create("sheet"), "w+b")
    try:
        if isinstance(file, Path | str):
            with open(file, "rb") as source:
                shutil.copyfileobj(source, held)
        else:
            while held.tell() <= MOST_BYTES and (block := file.read(BLOCK)):
                held.write(block)
        if held.tell() > MOST_BYTES:
            say = said(_("The file is larger than %(n)s MB."), {"n": MOST_BYTES // 2**20})
            raise FileRefused(say, rule="file_unreadable")
        held.seek(0)
    except BaseException:
        held.close()
        raise
    return held


def lines_of(pipe: Any) -> Iterator[bytes]:
    """Whole lines; an end where the child is silent for too long or tells a line without end."""
    rest = b""
    while select.select([pipe], [], [], SILENT_SECONDS)[0] and len(rest) <= LONGEST_LINE:
        block = os.read(pipe.fileno(), BLOCK)
        if not block:
            return
        *whole, rest = (rest + block).split(b"\n")
        yield from whole


def refused(told: dict[str, Any], *, after: int) -> FileRefused:
    """The sentence for what the child found; after the header it says how far the reading came."""
    sentence: Any = SENTENCES.get(str(told.get("refused")), SENTENCES["unreadable"])
    where = {"cell": str(told.get("cell", ""))[:10], "n": told.get("n")}
    say = said(sentence, where)
    if after > 0:
        say = format_lazy("{} {}", say, said(_("Reading stopped after row %(n)s."), {"n": after}))
    return FileRefused(say, rule="file_unreadable")
