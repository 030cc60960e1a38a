"""A portal as a stranger meets it: the demo data, the real server, a headless Chromium. Every test shares one."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from credit_portal.local import PROJECT
from credit_portal.local.keys import draw_keys
from tests.portal import Portal, database, until

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@dataclass
class Site:
    """The running portal: its address and its command line."""

    address: str
    portal: Portal

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        request = Request(self.address + path, headers=headers)  # noqa: S310  our own loopback address
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, dict(answer.headers), answer.read()
        except HTTPError as error:
            return error.code, dict(error.headers), error.read()


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    var = Path(tmp_path_factory.mktemp("journeys"))
    with database(f"portal_journeys_{os.getpid()}") as url:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "REDIS_", "PORTAL_", "DJANGO_"))}
        env |= {"DATABASE_URL": url, "PORTAL_VAR": str(var), **draw_keys(var)}
        portal = Portal(env, None)  # type: ignore[arg-type]  no broker: the public face needs none
        for words in (
            ("migrate", "--no-input", "-v0"),
            ("load_calendar", "-v0"),
            ("load_rules", "-v0"),
            ("load_demo",),
        ):
            portal.manage(*words)
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
             "credit_portal.wsgi:application"], cwd=PROJECT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        made = Site(f"http://127.0.0.1:{port}", portal)
        try:
            until(lambda: answers(made))
            yield made
        finally:
            server.terminate()
            server.wait(timeout=20)


def answers(site: Site) -> bool:
    try:
        return site.get("/api/v1/health/live/")[0] == 200
    except OSError:
        return False


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=CHROMIUM, headless=True, args=QUIET)
        yield started
        started.close()
