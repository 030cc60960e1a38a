"""Asks a container how it is: `healthcheck.py web|worker|beat`. Ends with 0 when it is well. Standard library only."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

BEAT_NOTE = Path("/tmp/beat")  # noqa: S108  inside the container; beat writes it every three minutes
BEAT_SECONDS = 600


def web_is_ready() -> bool:
    """Ready, not only alive: a web process that cannot read the database must get no requests."""
    host = os.environ.get("PORTAL_HOSTS", "localhost").split(",")[0]
    request = urllib.request.Request("http://127.0.0.1:8000/api/v1/health/ready/", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310  a constant address
        return bool(response.status == 200)


def worker_answers() -> bool:
    name = f"celery@{os.uname().nodename}"
    command = ["celery", "-A", "credit_portal", "inspect", "ping", "-d", name, "-t", "8"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, timeout=25, check=False).returncode == 0


def beat_beats() -> bool:
    return time.time() - BEAT_NOTE.stat().st_mtime < BEAT_SECONDS


CHECKS = {"web": web_is_ready, "worker": worker_answers, "beat": beat_beats}

if __name__ == "__main__":
    try:
        well = CHECKS[sys.argv[1]]()
    except (OSError, subprocess.TimeoutExpired):
        well = False
    sys.exit(0 if well else 1)
