"""What a machine needs that has neither PostgreSQL nor Redis: a private cluster, a private broker, and one supervisor.

For development, demonstration and tests. In production the portal uses packaged or managed servers.
"""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


class CannotStart(Exception):
    """Something on this machine is in the way; the message is one sentence for the person who typed the command."""


def var_folder() -> Path:
    """The folder of everything that is made at run time: PORTAL_VAR, or var/ beside the code."""
    return Path(os.environ.get("PORTAL_VAR") or PROJECT / "var").resolve()
