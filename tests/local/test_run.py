"""`bin/run` from the outside: a first start from nothing, a second in seconds, the data kept, everything stopped."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from credit_portal.local import PROJECT
from credit_portal.local.cluster import LOGINS, Cluster

pytestmark = pytest.mark.all

FIRST_SECONDS, SECOND_SECONDS = 300, 15


class Run:
    """One `bin/run` under a folder and a port of its own."""

    def __init__(self, var: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.var = var
        self.process: subprocess.Popen[str] | None = None

    def start(self, **more: str) -> None:
        outside = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", *LOGINS}
        own = {
            name: value for name, value in os.environ.items() if name not in outside and not name.startswith("PORTAL_")
        }
        env = {**own, "PORTAL_VAR": str(self.var), "PORT": str(self.port), **more}
        self.process = subprocess.Popen([PROJECT / "bin" / "run"], cwd="/", env=env, stdout=-1, stderr=-2, text=True)

    def seconds_until_it_answers(self, most: float) -> float:
        began = time.monotonic()
        while time.monotonic() - began < most:
            assert self.process
            assert self.process.poll() is None, self.process.communicate()[0]
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as response:
                    assert response.status == 200
                    return time.monotonic() - began
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError(f"no answer in {most} s")

    def end(self, how: int = signal.SIGINT) -> str:
        assert self.process
        self.process.send_signal(how)
        said = self.process.communicate(timeout=60)[0]
        assert self.process.returncode == 0, said
        return said

    def processes(self) -> list[str]:
        """Whatever runs with this folder in its command line."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace") if folder.name.isdigit() else ""
            except OSError:
                continue
            if str(self.var) in words:
                found.append(words.replace("\0", " "))
        return found


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    top = Path(tempfile.mkdtemp(prefix="portal-run-"))
    top.chmod(0o755)
    made = Run(top / "变 量")
    yield made
    if made.process and made.process.poll() is None:
        made.process.terminate()
        made.process.wait(60)
    shutil.rmtree(top)


def subjects(run: Run) -> int:
    with psycopg.connect(Cluster(run.var).url("portal_app")) as connection:
        row = connection.execute("select count(*) from subjects_subject").fetchone()
        return int(row[0]) if row else 0


def test_the_portal_serves_is_shared_stops_and_comes_back_in_seconds(run: Run) -> None:
    run.start()
    run.seconds_until_it_answers(FIRST_SECONDS)
    made = subjects(run)
    twin = subprocess.run(
        [PROJECT / "bin" / "run"], env={**os.environ, "PORTAL_VAR": str(run.var)}, capture_output=True, text=True
    )
    said = run.end()

    assert made > 0
    assert "already runs" in twin.stderr
    assert "http://127.0.0.1:" in said
    assert not run.processes()

    run.start()
    assert run.seconds_until_it_answers(SECOND_SECONDS) < SECOND_SECONDS
    assert subjects(run) == made
    run.end(signal.SIGTERM)
    assert not run.processes()
