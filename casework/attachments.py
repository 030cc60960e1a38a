"""Files that people hand in: judged by what they are, not by what they are called.

PDF, JPEG and PNG up to 20 MB. A child process with limits of memory, time and output does the parsing, so that a hostile
file hurts nobody else. The original is kept and hashed as evidence; of an image a re-encoded copy without metadata is
served. Files stand under their uuid outside every served folder; the original name is only text.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from casework.actors import Actor
from casework.errors import Refused
from casework.models import Attachment

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
TYPES = frozenset({PDF, JPEG, PNG})
MOST_BYTES = 20 * 2**20
SECONDS = 60  # of the clock; the child bounds its own processor time
CHILD = Path(__file__).with_name("attachments_child.py")

MESSAGES = {
    "attachment_empty": _("The file is empty."),
    "attachment_too_large": _("The file is larger than 20 MB."),
    "attachment_type_not_allowed": _("Only the named kinds of files are taken: PDF, JPEG or PNG."),
    "attachment_unreadable": _("The file cannot be read. Please save or scan it again."),
    "attachment_encrypted": _("The PDF is encrypted. Please hand it in without a password."),
    "attachment_too_many_pages": _("The PDF has more than 300 pages."),
    "attachment_has_javascript": _("The PDF contains JavaScript."),
    "attachment_has_action": _("The PDF contains an action that starts a program or sends data."),
    "attachment_has_embedded_file": _("The PDF contains embedded files or media."),
    "attachment_has_xfa": _("The PDF contains an XFA form. Please print it to a new PDF."),
    "attachment_has_trailing_data": _("The PDF carries other data behind its end."),
    "attachment_image_too_large": _("The image has more than 40 million pixels."),
}


def store(file: BinaryIO, *, name: str, by: Actor, allowed: Collection[str] = TYPES) -> Attachment:
    """Judge and keep one file. What is refused leaves no trace on the disk.

    A file whose transaction is rolled back later stays behind under a uuid that nothing knows; it is never served.
    """
    content = file.read(MOST_BYTES + 1)
    if not content:
        raise refused("attachment_empty")
    if len(content) > MOST_BYTES:
        raise refused("attachment_too_large")
    uuid = uuid4()
    original, served = original_path(uuid), copy_path(uuid)
    original.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        _write(original, content)
        found = _judge(original, served, allowed)
        copy = _sha256(served) if served.exists() else ""
        return Attachment.objects.create(
            uuid=uuid,
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            media_type=found["media_type"],
            original_name=plain_name(name),
            pages=found.get("pages"),
            served_sha256=copy,
            stored_by=by.uuid,
        )
    except BaseException:
        original.unlink(missing_ok=True)
        served.unlink(missing_ok=True)
        raise


def original_path(uuid: UUID) -> Path:
    """Where the bytes handed in stand: evidence, read for a case, never sent to a browser if there is a copy."""
    return Path(settings.PORTAL_ATTACHMENTS) / uuid.hex[:2] / str(uuid)


def copy_path(uuid: UUID) -> Path:
    return original_path(uuid).with_suffix(".copy")


def served_path(attachment: Attachment) -> Path:
    """The file a browser may get, as `attachment` with a fixed type: of an image the re-encoded copy."""
    return copy_path(attachment.uuid) if attachment.served_sha256 else original_path(attachment.uuid)


def plain_name(name: str) -> str:
    """The name as a person may read it: no folders, no control or direction marks, at most 200 characters."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    return kept.strip()[:200] or "-"


def refused(rule: str) -> Refused:
    return Refused(MESSAGES[rule], rule=rule, field="file")


def _judge(original: Path, served: Path, allowed: Collection[str]) -> dict[str, Any]:
    """Ask the child. Whatever it does but answer in time counts as unreadable.

    `-I` keeps environment and own folder out of its import path; it gets no secrets, no sockets, no shell.
    """
    command = [sys.executable, "-I", str(CHILD), str(original), str(served)]
    try:
        child = subprocess.run(  # a fixed program, two paths made from a uuid
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS,
            env={"LC_ALL": "C.UTF-8"}, cwd="/", check=True,
        )  # fmt: skip
        found = json.loads(child.stdout)
    except (subprocess.SubprocessError, ValueError):
        raise refused("attachment_unreadable") from None
    if found.get("rule"):
        raise refused(found["rule"] if found["rule"] in MESSAGES else "attachment_unreadable")
    if found.get("media_type") not in TYPES.intersection(allowed):
        raise refused("attachment_type_not_allowed")
    return dict(found)


def _write(path: Path, content: bytes) -> None:
    """Write and flush to the disk before the row says that the file is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
