"""The keys of a portal on one machine, drawn once. In production they come from mounted files (docker-compose.yml shows how).

A ring is a file of lines `number:32 bytes in base64`; the first line writes, all lines read. Losing a ring loses the personal
data sealed with it, so nothing here ever replaces a file.
"""

import base64
import contextlib
import os
import secrets
from pathlib import Path

RING_KEY_BYTES = 32
VARIABLES = {
    "PORTAL_SECRET_KEY_FILE": "secret_key",
    "PORTAL_BOX_RING_FILE": "box_ring",
    "PORTAL_DIGEST_RING_FILE": "digest_ring",
    "PORTAL_TAG_KEY_FILE": "tag_key",
}


def draw_keys(var: Path) -> dict[str, str]:
    """Draw the keys that are missing under var/secrets (0600); the variables that point to them."""
    folder = var / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    _write_once(folder / "secret_key", secrets.token_urlsafe(50))
    for name in ("box_ring", "digest_ring", "tag_key"):
        _write_once(folder / name, f"1:{base64.b64encode(secrets.token_bytes(RING_KEY_BYTES)).decode()}")
    return {variable: str(folder / name) for variable, name in VARIABLES.items()}


def _write_once(path: Path, text: str) -> None:
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(text + "\n")
