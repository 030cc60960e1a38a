"""Workbooks: the same verdicts as CSV, and a child process that no hostile file gets out of (security.md D17, attack 20)."""

import io
import os
import resource
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command

from casework.actors import SYSTEM
from casework.calendar import today
from disclosure.models import Record as Shown
from records import services, sheets
from records.formats import LICENCES, SENDER
from records.forms import FileRefused, read_csv
from records.models import AdministrativeAct
from records.sheets import read_table, read_xlsx
from subjects.models import Subject
from tests.factories import agency, csv_of, penalty, subject
from tests.records.acts import licence
from tests.records.sender import Sender, code_of_problem, verdicts

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAMES = [column.name for column in (*LICENCES, *SENDER)]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(*rows: list[Any], change: Callable[[Any], None] = lambda sheet: None) -> io.BytesIO:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def packed(sheet: str | bytes | Iterator[bytes], *, more: dict[str, str | bytes] | None = None) -> io.BytesIO:
    """A workbook whose first sheet is this XML, with more members beside it."""
    parts = {"xl/workbook.xml": "sheet.main", "xl/worksheets/sheet1.xml": "worksheet"}
    if "xl/sharedStrings.xml" in (more or {}):
        parts["xl/sharedStrings.xml"] = "sharedStrings"
    types = "".join(f'<Override PartName="/{name}" ContentType="{KIND}.{one}+xml"/>' for name, one in parts.items())
    members: dict[str, Any] = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}">{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{LINKS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{LINKS}"><Relationship Id="r1" Type="{OFFICE}/worksheet"'
        ' Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="s" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/worksheets/sheet1.xml": sheet,
    } | (more or {})  # fmt: skip
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            with archive.open(name, "w") as target:
                for part in content if isinstance(content, Iterator) else [content]:
                    target.write(part.encode() if isinstance(part, str) else part)
    file.seek(0)
    return file


def inline(text: str, place: str = "A1") -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet_of(*rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


def cells(file: Any) -> list[list[str]]:
    return list(sheets.cells_of(file))


def refusal_of(file: Any, kind: str = "licences") -> str:
    with pytest.raises(FileRefused) as refused:
        list(read_table(file, kind=kind).rows)
    assert refused.value.rule == "file_unreadable"
    return str(refused.value)


# ── the same as CSV ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.proves("REC-18")
def test_a_row_of_a_workbook_gets_the_verdict_of_the_same_row_in_a_csv_file() -> None:
    office, firm = agency(), subject()
    rows = [
        licence(firm, office, source_id="A"),
        licence(firm, office, xk_zt="3"),
        licence(firm, office, xk_nr="联系电话13800138000"),
        licence(firm, office, xk_jdrq="2026/11/20"),
        licence(firm, office, xk_nr="甲，乙\n“丙”"),
    ]
    lines = [NAMES, *([row.get(name, "") for name in NAMES] for row in rows)]
    as_csv = io.BytesIO("\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode())

    def judged(source: Any) -> list[tuple[Any, ...]]:
        values: dict[str, Any] = {"agency": office, "by": SYSTEM, "on": today(), "sha256": "0" * 64, "dry_run": True}
        delivery = services.take_in(source, kind="licences", **values)
        return [(row.n, row.source_id, row.verdict, row.publication_due_on, row.refusals) for row in delivery.rows]

    found = judged(read_xlsx(workbook(*lines), kind="licences"))

    assert found == judged(read_csv(as_csv, kind="licences"))
    assert [verdict for _n, _id, verdict, *_rest in found] == ["accepted", "refused", "held", "refused", "accepted"]


def test_days_are_iso_and_numbers_plain() -> None:
    noon = datetime.combine(date(2026, 3, 1), clock(12, 30))
    row = [date(2026, 3, 1), noon, 3, 3.0, 0.1, 1e-7, 123456789012345, -2.50, True, "=", None]

    (found,) = cells(workbook(row, change=lambda sheet: setattr(sheet["J1"], "data_type", "s")))

    assert found == [
        "2026-03-01", "2026-03-01T12:30:00", "3", "3", "0.1", "0.0000001", "123456789012345", "-2.5", "TRUE", "=",
    ]  # fmt: skip


def test_a_row_that_ends_early_is_filled_an_empty_one_is_none_and_a_longer_one_is_refused() -> None:
    row = ["示例"] * 3
    file = workbook(NAMES, row, [], [None, ""], row + [None] * 5, ["x"] * (len(NAMES) + 1))

    rows = list(read_xlsx(file, kind="licences").rows)

    assert [(one.n, [fault.rule for fault in one.faults][:1]) for one in rows] == [
        (1, rows[0].faults and ["value_not_in_list"]), (2, ["value_not_in_list"]), (3, ["row_unreadable"]),
    ]  # fmt: skip
    assert "xk_xdr_shxym" in {fault.field for fault in rows[0].faults} or rows[0].faults


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ([], "file_empty"),
        (["xk_nothing"], "column_unknown"),
        (["xk_nr", "xk_nr"], "column_unknown"),
        (["bz"], "column_missing"),
    ],
)
def test_the_header_is_judged_like_that_of_a_csv_file(header: list[str], rule: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_xlsx(workbook(header, ["1"]), kind="licences")

    assert refused.value.rule == rule


# ── which file it is ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_judged_by_its_content(encoding: str) -> None:
    text = ",".join(NAMES) + "\n" + ",".join(["示例公司"] * len(NAMES)) + "\n"

    (row,) = read_table(io.BytesIO(text.encode(encoding)), kind="licences").rows
    (same,) = read_table(workbook(NAMES, ["示例公司"] * len(NAMES)), kind="licences").rows

    assert row.name == same.name == "示例公司"
    assert row == same


@pytest.mark.parametrize(
    "content",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,  # .xls, or .xlsx with a password
        ",".join(NAMES).encode() + b"\n\0",
        ",".join(NAMES).encode() + b"\n\xff\xff",  # neither UTF-8 nor GB18030
        b"PK\x03\x04 and no more",
    ],
    ids=["old", "nul", "encoding", "broken"],
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    assert refusal_of(io.BytesIO(content))


# ── what a sheet may not hold ────────────────────────────────────────────────────────────────────────────────────────

ROW = ["示例"] * len(NAMES)


@pytest.mark.parametrize(
    ("value", "place", "said"),
    [
        ("=1+1", "C3", "C3"),
        ("#N/A", "B3", "B3"),
        (91990100000000001234, "C3", "C3"),  # a code typed as a number has lost its end
        ("长" * 32_767, "A3", ""),
    ],
    ids=["formula", "error", "long number", "text of any length a spreadsheet takes"],
)
def test_a_cell_that_is_no_plain_value_is_named(value: Any, place: str, said: str) -> None:
    file = workbook(NAMES, ROW, ROW, change=lambda sheet: sheet.__setitem__(place, value))

    if said:
        assert said in refusal_of(file)
    else:
        assert len(list(read_table(file, kind="licences").rows)) == 2


def test_a_file_with_a_fault_says_how_far_it_was_read() -> None:
    assert "2" in refusal_of(workbook(NAMES, ROW, ROW, ["=1"]))


def test_merged_cells_are_refused_before_a_row_is_told() -> None:
    source = sheets.cells_of(workbook(NAMES, *[ROW] * 50, change=lambda sheet: sheet.merge_cells("A2:A3")))

    with pytest.raises(FileRefused):
        next(source)


@pytest.mark.parametrize(
    "member",
    ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/oleObject1.bin", "xl/connections.xml"],
)
@pytest.mark.proves("SEC-16")
def test_what_a_workbook_does_or_fetches_is_refused_and_without_it_the_same_is_read(member: str) -> None:
    sheet = sheet_of(f'<row r="1">{inline("示例")}</row>')

    refused = refusal_of(packed(sheet, more={member: b"x"}))

    assert refused
    assert cells(packed(sheet, more={"xl/theme/theme1.xml": b"x"})) == [["示例"]]


@pytest.mark.parametrize(("columns", "rows"), [(65, 1), (1, 200_002)], ids=["columns", "rows"])
def test_a_sheet_has_at_most_64_columns_and_200_000_rows(columns: int, rows: int) -> None:
    line = "".join(inline("x", f"{openpyxl.utils.get_column_letter(n)}{rows}") for n in range(1, columns + 1))

    with pytest.raises(FileRefused) as refused:
        cells(packed(sheet_of(f'<row r="{rows}">{line}</row>')))

    assert "64" in str(refused.value) or "200000" in str(refused.value)


def test_a_file_over_50_mb_is_not_even_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_BYTES", 1_000)
    started: list[Any] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **_more: started.append(args))

    assert refusal_of(workbook(NAMES))
    assert started == []


# ── bombs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def zeros(megabytes: int) -> Iterator[bytes]:
    for _n in range(megabytes):
        yield b"A" * 2**20


def one_cell(megabytes: int, *, before: bytes = b"") -> Iterator[bytes]:
    yield f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'.encode() + before
    yield from zeros(megabytes)
    yield b"</t></is></c></row></sheetData></worksheet>"


def noise(megabytes: int) -> bytes:
    return os.urandom(megabytes * 2**20)


SHARED = f'<sst xmlns="{MAIN}">'.encode()
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "' + "&a;" * 100 + '"><!ENTITY c "' + "&b;" * 100 + '">'
    '<!ENTITY d "' + "&c;" * 100 + '"><!ENTITY e "' + "&d;" * 100 + '">]>'
)


PLAIN = sheet_of(f'<row r="1">{inline("示例")}</row>')
BOMBS: dict[str, tuple[str, Callable[[], io.BytesIO]]] = {
    "one cell of 490 MB": ("too_large", lambda: packed(one_cell(490))),
    "one cell of 90 MB": ("too_large", lambda: packed(one_cell(90))),
    "one cell of 300 MB, packed badly": (  # nothing but the limit of memory ends it
        "unreadable", lambda: packed(one_cell(300, before=noise(4).hex().encode())),
    ),
    "shared strings of 40 MB in 200 KB": (
        "too_large",
        lambda: packed(PLAIN, more={"xl/sharedStrings.xml": SHARED + b"<si><t>a</t></si>" * 2_500_000 + b"</sst>"}),
    ),
    "shared strings of 65 MB": (
        "too_large", lambda: packed(PLAIN, more={"xl/sharedStrings.xml": SHARED + (noise(1) + b"A" * 12 * 2**20) * 5}),
    ),
    "cells at XFD": (
        "too_many_columns",
        lambda: packed(sheet_of(*(f'<row r="{n}">{inline("x", f"XFD{n}")}</row>' for n in range(1, 20_000)))),
    ),
    "a million empty rows": (
        "too_many_rows", lambda: packed(sheet_of(f'<row r="1048576">{inline("x", "A1048576")}</row>')),
    ),
    "a file of the machine": (
        "unreadable",
        lambda: packed('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + PLAIN.replace("示例", "&e;")),
    ),
    "entities in entities": ("unreadable", lambda: packed(ENTITIES + PLAIN.replace("示例", "&e;"))),
    "a thousand members": ("too_large", lambda: packed(PLAIN, more={f"xl/m{n}.xml": "x" for n in range(1_000)})),
}  # fmt: skip


def spent() -> float:
    """Processor time of the children so far: the same on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("name", list(BOMBS))
@pytest.mark.proves("SEC-16")
def test_a_bomb_is_refused_at_once_and_costs_the_portal_nothing(name: str) -> None:
    rule, make = BOMBS[name]
    bomb = make()
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, spent()

    with pytest.raises(FileRefused) as refused:
        cells(bomb)

    assert str(refused.value).startswith(str(sheets.SENTENCES[rule]).partition("%")[0])
    assert spent() - began < (
        8 if rule == "unreadable" else 2
    )  # what is not seen at once is ended by the limit of memory
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_a_child_that_falls_silent_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sleeper = tmp_path / "child.py"
    sleeper.write_text("import time; print('[\"a\"]', flush=True); time.sleep(60)", encoding="ascii")
    monkeypatch.setattr(sheets, "CHILD", sleeper)
    monkeypatch.setattr(sheets, "SILENT_SECONDS", 0.2)
    began = time.perf_counter()

    with pytest.raises(FileRefused):
        list(sheets.cells_of(io.BytesIO()))

    assert time.perf_counter() - began < 20


def test_a_child_that_tells_a_line_without_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    talker = tmp_path / "child.py"
    talker.write_text("import os\nwhile True: os.write(1, b'x' * 65536)", encoding="ascii")
    monkeypatch.setattr(sheets, "CHILD", talker)
    monkeypatch.setattr(sheets, "LONGEST_LINE", 2**20)

    with pytest.raises(FileRefused):
        list(sheets.cells_of(io.BytesIO()))


def test_nobody_waits_for_a_child_whose_rows_are_no_longer_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    popen = subprocess.Popen

    def keep(*args: Any, **more: Any) -> Any:
        started.append(popen(*args, **more))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", keep)
    source = sheets.cells_of(workbook(NAMES, *[ROW] * 3_000))

    next(source)
    source.close()

    assert started[0].poll() is not None


def test_the_child_works_under_limits_and_may_write_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asking = tmp_path / "child.py"
    asking.write_text(
        sheets.CHILD.read_text(encoding="utf-8").partition("if __name__")[0]
        + "told = next(main(sys.stdin.buffer))\n"
        + "limits = (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU, resource.RLIMIT_CORE)\n"
        + "print(json.dumps(told + [resource.getrlimit(limit)[1] for limit in limits]))\n"
        + "print('{\"end\": true}')\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(sheets, "CHILD", asking)

    assert cells(workbook(["a"])) == [["a", 512 * 2**20, 0, 240, 0]]


# ── the doors ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.proves("REC-18")
def test_a_program_hands_a_workbook_in(sender: Sender, firm: Subject) -> None:
    rows = [penalty(firm, sender.agency), penalty(firm, sender.agency, cf_nr_fk="")]
    names = list(rows[0])
    file = workbook(names, *([row[name] for name in names] for row in rows)).getvalue()

    response = sender.post(file, kind=XLSX)
    damaged = sender.post(file[:1_000], kind=XLSX)

    assert verdicts(response) == ["accepted", "refused"]
    assert code_of_problem(damaged) == (400, "file_unreadable")
    assert Shown.objects.count() == 1


@pytest.mark.django_db
def test_a_formula_in_the_last_row_touches_nothing(sender: Sender, firm: Subject) -> None:
    row = penalty(firm, sender.agency)
    names = list(row)

    response = sender.post(workbook(names, list(row.values()), ["=1"]).getvalue(), kind=XLSX)

    assert code_of_problem(response) == (400, "file_unreadable")
    assert "A3" in response.json()["errors"][0]["message"]
    assert not AdministrativeAct.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("made", ["xlsx", "utf-8", "gb18030"])
def test_the_operator_hands_in_any_table_without_saying_which(
    office: Any, firm: Subject, tmp_path: Path, capsys: Any, made: str
) -> None:
    row = penalty(firm, office)
    file = tmp_path / "rows"
    content = workbook(list(row), list(row.values())).getvalue()
    file.write_bytes(content if made == "xlsx" else csv_of(row).decode().encode(made))

    call_command("take_in", str(file), agency=office.unified_code)

    assert "accepted 1" in capsys.readouterr().out
