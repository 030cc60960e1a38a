"""Files are judged by what they are. What is refused leaves nothing behind."""

import hashlib
import io
import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from casework import attachments
from casework.actors import System
from casework.attachments import PDF, plain_name, served_path, store
from casework.errors import Refused
from casework.models import Attachment

pytestmark = pytest.mark.django_db
OFFICER = System(uuid4())


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PORTAL_ATTACHMENTS = tmp_path / "attachments"
    return tmp_path / "attachments"


def keep(content: bytes, name: str = "evidence.pdf", **options: Any) -> Attachment:
    return store(io.BytesIO(content), name=name, by=OFFICER, **options)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def pdf(change: Callable[[PdfWriter], object] = lambda writer: None, pages: int = 1) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def image(kind: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 1).save(out, kind, **options)
    return out.getvalue()


def with_action(kind: str, **values: Any) -> Callable[[PdfWriter], object]:
    """A page whose opening does something."""

    def change(writer: PdfWriter) -> None:
        action = DictionaryObject({NameObject("/S"): NameObject(kind)})
        action.update({NameObject(f"/{key}"): value for key, value in values.items()})
        writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): action})

    return change


def hidden_names(content: bytes) -> bytes:
    """The same names, written with escapes."""
    return content.replace(b"/JavaScript", b"/J#61v#61Script").replace(b"/JS ", b"/J#53 ")


def with_xfa(writer: PdfWriter) -> None:
    form = DictionaryObject({NameObject("/XFA"): TextStringObject("<xdp/>"), NameObject("/Fields"): ArrayObject()})
    writer.root_object[NameObject("/AcroForm")] = writer._add_object(form)


def with_document_script(writer: PdfWriter) -> None:
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    names = DictionaryObject({NameObject("/Names"): ArrayObject([TextStringObject("x"), DictionaryObject(script)])})
    writer.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/JavaScript"): writer._add_object(names)})


def with_note(subtype: str) -> Callable[[PdfWriter], object]:
    def change(writer: PdfWriter) -> None:
        note = writer._add_object(DictionaryObject({NameObject("/Subtype"): NameObject(subtype)}))
        writer.pages[0][NameObject("/Annots")] = ArrayObject([note])

    return change


# --- What is taken


def test_a_pdf_is_kept_whole_under_its_uuid(folder: Path) -> None:
    content = pdf(pages=3)

    made = keep(content, name="C:\\scans\\决定书.pdf")

    assert (made.media_type, made.pages, made.bytes, made.served_sha256) == (PDF, 3, len(content), "")
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert made.original_name == "决定书.pdf"
    assert made.stored_by == OFFICER.uuid
    (path,) = files(folder)
    assert path == served_path(made)
    assert path.name == str(made.uuid)
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o077 == 0


def test_the_largest_pdf_passes() -> None:
    assert keep(pdf(pages=300)).pages == 300


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_of_an_image_a_copy_without_metadata_is_served_and_the_original_kept(folder: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "secret place", 6  # description; turned by a quarter
    options: dict[str, Any] = {"exif": exif, "icc_profile": b"secret profile"}
    if kind == "JPEG":
        options["comment"] = b"secret comment"
    else:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("Comment", "secret comment")
    content = image(kind, **options)
    assert b"secret" in content

    made = keep(content, name="photo.pdf")  # the name says nothing

    served = served_path(made).read_bytes()
    assert made.media_type == f"image/{kind.lower()}"
    assert made.served_sha256 == hashlib.sha256(served).hexdigest()
    assert b"secret" not in served
    with Image.open(io.BytesIO(served)) as shown:
        assert (shown.format, shown.size) == (kind, (20, 40))  # upright
        assert not shown.getexif()
        assert not set(shown.info) & {"exif", "icc_profile", "comment", "Comment"}
    assert attachments.original_path(made.uuid).read_bytes() == content
    assert {path.stat().st_mode & 0o077 for path in files(folder)} == {0}


@pytest.mark.parametrize(
    ("kind", "mode", "shown"),
    [("PNG", "RGBA", "RGBA"), ("PNG", "LA", "RGBA"), ("PNG", "P", "RGB"), ("PNG", "1", "L"), ("PNG", "I;16", "L"),
     ("JPEG", "L", "L"), ("JPEG", "CMYK", "RGB")],
)  # fmt: skip
def test_every_kind_of_pixel_is_re_encoded(kind: str, mode: str, shown: str) -> None:
    made = keep(image(kind, mode=mode))

    with Image.open(served_path(made)) as copy:
        assert copy.mode == shown


def test_the_zip_behind_an_image_is_not_served() -> None:
    made = keep(image("PNG") + b"PK\x03\x04 secret")

    assert b"secret" not in served_path(made).read_bytes()


# --- What is refused


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "attachment_empty"),
    "too large": (b"%PDF-" + bytes(20 * 2**20), "attachment_too_large"),
    "text": (b"hello", "attachment_type_not_allowed"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "attachment_type_not_allowed"),
    "html before a pdf": (b"<script>alert(1)</script>" + pdf(), "attachment_type_not_allowed"),
    "gif": (image("GIF", mode="P"), "attachment_type_not_allowed"),
    "zip": (b"PK\x03\x04", "attachment_type_not_allowed"),
    "half a pdf": (pdf()[:200], "attachment_unreadable"),
    "a pdf of nothing": (b"%PDF-1.7\n%%EOF", "attachment_unreadable"),
    "a pdf without pages": (pdf(pages=0), "attachment_unreadable"),
    "half an image": (image("PNG", (500, 500))[:-30], "attachment_unreadable"),
    "half a photo": (image("JPEG", (500, 500))[:400], "attachment_unreadable"),
    "encrypted": (pdf(lambda writer: writer.encrypt("password", algorithm="RC4-128")), "attachment_encrypted"),
    "301 pages": (pdf(pages=301), "attachment_too_many_pages"),
    "document script": (pdf(with_document_script), "attachment_has_javascript"),
    "page script": (pdf(with_action("/JavaScript", JS=TextStringObject("1"))), "attachment_has_javascript"),
    "nameless script": (pdf(with_action("/X", JS=TextStringObject("1"))), "attachment_has_javascript"),
    "hidden name": (
        hidden_names(pdf(with_action("/JavaScript", JS=TextStringObject("1")))),
        "attachment_has_javascript",
    ),
    "program": (pdf(with_action("/Launch", F=TextStringObject("calc.exe"))), "attachment_has_action"),
    "form that sends": (pdf(with_action("/SubmitForm")), "attachment_has_action"),
    "attached file": (pdf(lambda writer: writer.add_attachment("x.exe", b"MZ")), "attachment_has_embedded_file"),
    "pinned file": (pdf(with_note("/FileAttachment")), "attachment_has_embedded_file"),
    "film": (pdf(with_note("/Movie")), "attachment_has_embedded_file"),
    "xfa": (pdf(with_xfa), "attachment_has_xfa"),
    "zip behind a pdf": (pdf() + b"PK\x03\x04", "attachment_has_trailing_data"),
    "51 megapixels": (image("PNG", (8000, 6400), "1"), "attachment_image_too_large"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_has_a_rule_and_leaves_nothing(folder: Path, name: str) -> None:
    content, rule = REFUSED[name]

    with pytest.raises(Refused) as refusal:
        keep(content)

    assert refusal.value.rule == rule
    assert str(refusal.value)
    assert files(folder) == []
    assert not Attachment.objects.exists()


def test_a_script_in_an_object_that_nothing_lists_is_found() -> None:
    content = pdf()
    hidden = content.replace(b"startxref", b"99 0 obj << /S /JavaScript >> endobj\nstartxref")

    with pytest.raises(Refused) as refusal:
        keep(hidden)

    assert refusal.value.rule == "attachment_has_javascript"


def test_a_script_in_a_compressed_object_is_found() -> None:
    inner = b"<< /JS (1) >>"
    packed = zlib.compress(b"7 0 " + inner)
    head = b"%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R/Names 7 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    head += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    at_objects = len(head)
    head += b"4 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%b\nendstream endobj\n" % (
        len(packed),
        packed,
    )
    at_table = len(head)
    at = [head.index(b"%d 0 obj" % n) for n in (1, 2, 3)] + [at_objects, at_table]
    rows = [(0, 0, 255)] + [(1, place, 0) for place in at] + [(0, 0, 0), (2, 4, 0)]
    table = b"".join(bytes([kind]) + place.to_bytes(2, "big") + bytes([third]) for kind, place, third in rows)
    head += b"5 0 obj<</Type/XRef/Size 8/Root 1 0 R/W[1 2 1]/Length %d>>stream\n%b\nendstream endobj\n" % (
        len(table),
        table,
    )
    content = head + b"startxref\n%d\n%%%%EOF\n" % at_table
    assert b"/JS" not in content

    with pytest.raises(Refused) as refusal:
        keep(content)

    assert refusal.value.rule == "attachment_has_javascript"


def test_a_door_may_take_fewer_kinds() -> None:
    assert keep(pdf(), allowed={PDF}).media_type == PDF
    with pytest.raises(Refused) as refusal:
        keep(image(), allowed={PDF})
    assert refusal.value.rule == "attachment_type_not_allowed"


# --- The child


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(30)",
        "import sys; sys.exit(1)",
        "import os; os.abort()",
        "print('nonsense')",
        'print(\'{"media_type": "text/html"}\')',
        'print(\'{"rule": "no_such_rule"}\')',
    ],
)
def test_whatever_the_child_does_nothing_gets_through(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    child = tmp_path / "child.py"
    child.write_text(program, encoding="utf-8")
    monkeypatch.setattr(attachments, "CHILD", child)
    monkeypatch.setattr(attachments, "SECONDS", 1)

    with pytest.raises(Refused) as refusal:
        keep(pdf())

    assert refusal.value.rule in {"attachment_unreadable", "attachment_type_not_allowed"}
    assert files(folder) == []


def test_a_bomb_is_refused_within_the_limits_of_the_child(folder: Path) -> None:
    """Half a gigabyte of blanks in two megabytes of a cross-reference stream."""
    squeeze = zlib.compressobj(1)
    packed = b"".join(squeeze.compress(b" " * 2**24) for _ in range(32)) + squeeze.flush()
    head = b"%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    table = b"4 0 obj<</Type/XRef/Size 8/Root 1 0 R/W[1 2 1]/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    bomb = head + table + packed + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % len(head)

    with pytest.raises(Refused) as refusal:
        keep(bomb)

    assert refusal.value.rule == "attachment_unreadable"
    assert files(folder) == []


def test_the_child_limits_itself(tmp_path: Path) -> None:
    program = (
        "import importlib.util, resource, sys\n"
        f"spec = importlib.util.spec_from_file_location('child', {str(attachments.CHILD)!r})\n"
        "child = importlib.util.module_from_spec(spec); spec.loader.exec_module(child)\n"
        "child.main(sys.argv[1], '')\n"
        "print([resource.getrlimit(x)[1] for x in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)])\n"
    )
    text = tmp_path / "text"
    text.write_text("x", encoding="ascii")

    said = subprocess.run([sys.executable, "-I", "-c", program, str(text)], capture_output=True, text=True, check=True)

    assert json.loads(said.stdout) == [2**30, 40, 200 * 2**20]


# --- Names


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("line\nbreak\x00.pdf", "linebreak.pdf"),
        ('"><x x-init>.pdf', '"><x x-init>.pdf'),  # only text: every screen escapes it
        ("x" * 300, "x" * 200),
        ("", "-"),
        ("/", "-"),
    ],
)
def test_a_name_is_only_text(name: str, plain: str) -> None:
    assert plain_name(name) == plain
