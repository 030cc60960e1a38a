"""Judges one file in a process of its own: `python -I attachments_child.py ORIGINAL COPY`, answer as JSON on stdout.

Run by casework.attachments, never imported by it. It knows nothing of Django and sets its own limits before it touches
the file: memory, processor time, size of what it writes.
"""

import json
import os
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MEMORY, CPU_SECONDS, OUTPUT = 1024 * 2**20, 40, 200 * 2**20
MOST_PAGES = 300
MOST_PIXELS = 40_000_000
BEGINNINGS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}

# PDF names that make a page more than a page (ISO 32000-1, 7.11.4, 12.6.4, 12.7.8). Rule → names, as key or as value.
ACTIVE = {
    "attachment_has_javascript": {"/JS", "/JavaScript"},
    "attachment_has_action": {"/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Rendition"},
    "attachment_has_embedded_file": {
        "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/FileAttachment", "/RichMedia", "/RichMediaContent", "/Movie", "/Sound",
        "/Screen", "/3D",
    },
    "attachment_has_xfa": {"/XFA"},
}  # fmt: skip
# Looked for in the raw bytes too, where older versions and unlisted objects stand. Long names only: no chance hits.
RAW = {name: rule for rule, names in ACTIVE.items() for name in names if len(name) > 6 and name not in {"/Screen"}}


class Refusal(Exception):
    pass


def main(original: str, copy: str) -> dict[str, Any]:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    os.umask(0o077)
    content = Path(original).read_bytes()
    media_type = next((kind for start, kind in BEGINNINGS.items() if content.startswith(start)), None)
    try:
        if media_type is None:
            raise Refusal("attachment_type_not_allowed")
        if media_type == "application/pdf":
            return {"media_type": media_type, "pages": pages_of_pdf(content)}
        re_encode(original, copy, media_type)
    except Refusal as refusal:
        return {"rule": str(refusal)}
    return {"media_type": media_type}


def pages_of_pdf(content: bytes) -> int:
    """The number of pages of a PDF that is only paper."""
    import io

    from pypdf import PdfReader
    from pypdf.generic import IndirectObject

    end = content.rfind(b"%%EOF")
    if end < 0:
        raise Refusal("attachment_unreadable")
    if content[end + 5 :].strip(b" \t\r\n\x0c\x00"):
        raise Refusal("attachment_has_trailing_data")
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise Refusal("attachment_encrypted")
    look_for_names(content)
    listed = {(number, generation) for generation, objects in reader.xref.items() for number in objects}
    listed |= {(number, 0) for number in reader.xref_objStm}
    for number, generation in sorted(listed):
        look_into(reader.get_object(IndirectObject(number, generation, reader)))
    look_into(reader.trailer)
    pages = len(reader.pages)
    if pages > MOST_PAGES:
        raise Refusal("attachment_too_many_pages")
    if pages == 0:
        raise Refusal("attachment_unreadable")
    return pages


def look_for_names(content: bytes) -> None:
    for match in re.finditer(rb"/(?:[A-Za-z0-9]|#[0-9A-Fa-f]{2}){6,40}", content):
        plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda code: bytes.fromhex(code[1].decode()), match[0])
        if rule := RAW.get(plain.decode("latin-1")):
            raise Refusal(rule)


def look_into(thing: Any) -> None:
    """Refuse an object that holds an active name, at any depth. References are left: each object is looked at by itself."""
    for name in names_in(thing):
        for rule, names in ACTIVE.items():
            if name in names:
                raise Refusal(rule)


def names_in(thing: Any) -> Iterator[str]:
    """Keys of dictionaries, and values that say what a dictionary is."""
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for key in one:
                yield str(key)
                value = dict.__getitem__(one, key)  # as it stands, without following a reference
                if key in {"/S", "/Type", "/Subtype"} and isinstance(value, str):
                    yield str(value)
                waiting.append(value)
        elif isinstance(one, list):
            waiting.extend(list.__iter__(one))


def re_encode(original: str, copy: str, media_type: str) -> None:
    """Write the pixels of an image, and nothing else of it, to `copy`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    kind = "JPEG" if media_type == "image/jpeg" else "PNG"
    Image.MAX_IMAGE_PIXELS = None  # our own limit, checked on the header before a pixel is decoded
    try:
        with Image.open(original, formats=[kind]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refusal("attachment_image_too_large")
            image.verify()
        with Image.open(original, formats=[kind]) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I"):  # 16 bits a channel
            upright = upright.point(lambda value: value / 256).convert("L")
        has_alpha = kind == "PNG" and (upright.mode in {"LA", "PA", "RGBA"} or "transparency" in upright.info)
        mode = "RGBA" if has_alpha else "L" if upright.mode in {"1", "L"} else "RGB"
        pixels = upright.convert(mode)
        clean = Image.new(mode, pixels.size)
        clean.paste(pixels)
        clean.save(copy, kind, **({"quality": 90} if kind == "JPEG" else {}))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Refusal("attachment_unreadable") from None


if __name__ == "__main__":
    try:
        answer = main(*sys.argv[1:3])
    except Exception:  # a parser may raise anything; the sentence for the user is the same
        answer = {"rule": "attachment_unreadable"}
    sys.stdout.write(json.dumps(answer))
