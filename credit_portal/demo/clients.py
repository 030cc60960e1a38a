"""One API key of each kind, for trying the interfaces. The keys stand in a file of the portal's own folder, 0600."""

import os
from datetime import date
from pathlib import Path

from django.conf import settings

from accounts.models import Agency, ApiClient
from accounts.services import make_client
from casework.actors import SYSTEM

AGENCY, INSTITUTION, PUBLIC = ApiClient.Kind.AGENCY, ApiClient.Kind.INSTITUTION, ApiClient.Kind.PUBLIC


def make(bodies: dict[str, Agency], on: date) -> dict[str, str]:
    """Keys by what they are for. Each is shown here once."""
    wanted = (
        (
            AGENCY,
            "岑州市市场监督管理局报送系统（演示）",
            bodies["market"],
            ("intake", "queries"),
            ("routine_supervision",),
        ),
        (INSTITUTION, "示例征信机构（演示）", None, ("queries",), ("credit_reporting",)),
        (PUBLIC, "示例公众应用（演示）", None, (), ()),
    )
    return {
        name: make_client(
            kind=kind, name=name, agency=agency, scopes=scopes, purposes=purposes, by=SYSTEM, on=on
        ).secret
        for kind, name, agency, scopes, purposes in wanted
    }  # fmt: skip


def keep(keys: dict[str, str]) -> Path:
    """Write the keys down for whoever tries the demo, readable by the owner only."""
    path: Path = settings.VAR / "demo" / "keys.txt"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(f"{name}\t{key}\n" for name, key in keys.items())
    return path
