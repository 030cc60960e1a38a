"""The demo's officers as whoever tries it needs them: user names, the password, the codes that their authenticators show now.

The file holds secrets of invented people: 0600, under var/secrets, refused by the posture check in production.
"""

import json
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from accounts import codes

DEMO_ACCOUNTS = Path("secrets") / "demo-accounts.json"


@dataclass(frozen=True)
class Tried:
    """An invented officer. `secret` is what his authenticator would hold."""

    username: str
    name: str
    role: str
    body: str
    secret: str


def keep(var: Path, password: str, officers: Iterable[Tried]) -> Path:
    """Write them down, readable by the owner only."""
    path = var / DEMO_ACCOUNTS
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"password": password, "officers": [asdict(each) for each in officers]}, file, ensure_ascii=False)
    return path


def lines(var: Path, at: datetime | None = None) -> Iterator[str]:
    """User name, code now, role, name and body, one officer a line; the password first. Nothing where there is no demo."""
    path = var / DEMO_ACCOUNTS
    if not path.exists():
        return
    at = at or datetime.now(tz=UTC)
    kept = json.loads(path.read_text(encoding="utf-8"))
    left = codes.STEP_SECONDS - int(at.timestamp()) % codes.STEP_SECONDS
    yield f"密码 · password   {kept['password']}   （动态口令还有 {left} 秒 · codes change in {left} s）"
    for each in kept["officers"]:
        code = codes.code_at(each["secret"], at)
        yield f"{each['username']:<18}{code}  {padded(each['role'], 12)}{padded(each['name'], 10)}{each['body']}"


def padded(text: str, width: int) -> str:
    """Text on a terminal: a Han character takes two columns."""
    taken = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return text + " " * max(1, width - taken)
