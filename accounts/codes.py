"""One-time codes: of the authenticator (RFC 6238), of last resort, and the two halves that open an account. Pure."""

import base64
import hashlib
import secrets
import unicodedata
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_SECONDS = 30
WINDOW = 1  # steps before and after now: clocks of telephones differ
DIGITS = 6
SECRET_BYTES = 20
RECOVERY_CODES = 10
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is read for something else
RECOVERY_LENGTH, HALF_LENGTH = 16, 12


def draw_secret() -> str:
    """A fresh secret for an authenticator, as people type it: base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def step_of(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def code_at(secret: str, at: datetime) -> str:
    """The code that an authenticator shows at an instant."""
    return _totp(secret).generate(step_of(at) * STEP_SECONDS).decode()


def step_matching(secret: str, code: str, at: datetime) -> int | None:
    """The newest step near `at` whose code this is; None when it is none of them. Whether it was used is not asked here."""
    now, totp, found = step_of(at), _totp(secret), None
    for step in range(now - WINDOW, now + WINDOW + 1):
        if secrets.compare_digest(totp.generate(step * STEP_SECONDS), code.encode()):
            found = step
    return found


def address_for(secret: str, username: str, issuer: str) -> str:
    """What the picture for the authenticator holds (otpauth://…)."""
    return _totp(secret).get_provisioning_uri(username, issuer)


def _totp(secret: str) -> TOTP:
    # SHA-1 is what every authenticator knows; HMAC does not rest on its resistance to collisions.
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303


def draw_recovery_codes() -> list[str]:
    return [_drawn(RECOVERY_LENGTH) for _n in range(RECOVERY_CODES)]


def draw_half() -> str:
    """Half of the code with which the holder of an account sets his password."""
    return _drawn(HALF_LENGTH)


def _drawn(length: int) -> str:
    drawn = "".join(secrets.choice(ALPHABET) for _n in range(length))
    return "-".join(drawn[at : at + 4] for at in range(0, length, 4))


def tidy(code: str) -> str:
    """A code as it was drawn: no blanks, hyphens, full width or lower case."""
    return "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c.isalnum() and c.isascii())


def digest(code: str) -> str:
    """What is kept of a code or key."""
    return hashlib.sha256(tidy(code).encode()).hexdigest()


def is_from_authenticator(tidied: str) -> bool:
    return len(tidied) == DIGITS and tidied.isdecimal()
