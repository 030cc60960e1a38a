"""The supervisor behind `bin/run`: servers, keys, schema, rules, demo data; then web, worker and beat until Ctrl-C.

It stops what it started and nothing else; the data stays. Everything listens on this machine only.
"""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from credit_portal.local import PROJECT, CannotStart, var_folder
from credit_portal.local.children import Child
from credit_portal.local.officers import lines
from credit_portal.local.preparing import Preparation
from credit_portal.local.servers import Servers, servers

HOST = "127.0.0.1"
READY_SECONDS = 60.0
LOOK_SECONDS = 0.3
SERVERS_LOOK_SECONDS = 2.0


class Supervisor:
    """One running portal. Signals only raise a flag; the loop looks at it, so nothing is left half done."""

    def __init__(self, var: Path, port: int) -> None:
        self.var, self.port = var, port
        self.stopping = False
        self.impatient = False

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told)

    def _told(self, number: int, frame: FrameType | None) -> None:
        self.impatient = self.stopping and number == signal.SIGINT
        self.stopping = True

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    def run(self) -> int:
        began = time.monotonic()
        check_port(self.port)
        say("正在启动 · starting …")
        with servers(self.var) as held:
            env = self._environment(held)
            Preparation(self.var, env, own_database=held.own_database, is_stopping=lambda: self.stopping).run()
            children = self._children(env)
            try:
                if not self.stopping:
                    for child in children:
                        child.start()
                    self._await_ready(children)
                if not self.stopping:
                    banner(self.address, self.var, time.monotonic() - began)
                self._watch(held, children)
            finally:
                say("正在停止 · stopping …")
                stop(children, is_impatient=lambda: self.impatient)
        say("已停止，数据已保留。Stopped; the data stays.")
        return 0

    def _environment(self, held: Servers) -> dict[str, str]:
        env = {"PYTHONUNBUFFERED": "1", "PORTAL_BASE_URL": self.address.rstrip("/"), **os.environ, **held.environ}
        env.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")
        return env

    def _children(self, env: dict[str, str]) -> list[Child]:
        log, state = self.var / "log", self.var / "state"
        log.mkdir(mode=0o700, exist_ok=True)
        state.mkdir(exist_ok=True)
        celery = ["celery", "-A", "credit_portal"]
        web = f"--interface wsgi --host {HOST} --port {self.port} --no-ws --workers 2 --blocking-threads 4"
        commands = {
            "web": ["granian", *web.split(), "--respawn-failed-workers", "credit_portal.wsgi:application"],
            "worker": [*celery, "worker", "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle"],
            "beat": [*celery, "beat", "-l", "INFO", "-s", str(state / "beat"), "--pidfile="],
        }
        return [
            Child(name, [sys.executable, "-m", *command], env, log / f"{name}.log")
            for name, command in commands.items()
        ]

    def _await_ready(self, children: list[Child]) -> None:
        until = time.monotonic() + READY_SECONDS
        while not self.stopping and not answers(f"{self.address}api/v1/health/ready/"):
            web = children[0]
            if web.has_ended() or time.monotonic() > until:
                raise CannotStart(f"The web server did not become ready.\n{web.last_lines()}\nMore in {web.log}.")
            time.sleep(LOOK_SECONDS / 3)

    def _watch(self, held: Servers, children: list[Child]) -> None:
        next_look = 0.0
        while not self.stopping:
            for child in children:
                if message := child.keep_alive():
                    say(message)
            if time.monotonic() > next_look:
                next_look = time.monotonic() + SERVERS_LOOK_SECONDS
                try:
                    for name in held.revive():
                        say(f"{name} had died and runs again.")
                except CannotStart as error:
                    say(str(error))
            time.sleep(LOOK_SECONDS)


def stop(children: list[Child], *, is_impatient: Callable[[], bool]) -> None:
    """Ask all to end, wait for what they are doing, then insist. A second Ctrl-C shortens the wait."""
    for child in reversed(children):
        child.ask_to_end()
    for child in children:
        child.await_end(is_impatient)


def check_port(port: int) -> None:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind((HOST, port))
        except PermissionError as error:
            raise CannotStart(f"This user may not serve on port {port}. Choose another: PORT=8001 bin/run") from error
        except OSError as error:
            raise CannotStart(
                f"Port {port} is in use by another program. Stop that program, or choose another port: PORT=8001 bin/run"
            ) from error


def answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError), direct.open(url, timeout=5) as response:
        return bool(response.status == 200)
    return False


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; stopping cleanly matters more
        print(text, flush=True)


def banner(address: str, var: Path, seconds: float) -> None:
    line = "─" * 72
    officers = "".join(f"      {each}\n" for each in lines(var))
    officers = f"  工作人员 · officers\n{officers}\n" if officers else ""
    say(
        f"""{line}
  信用门户已就绪 · The credit portal is ready ({seconds:.1f} s)
      {address}

  试试 · Try
      在首页搜索一家企业（演示数据，均为虚构）
      look up a company on the front page (demo data, all invented)
      {address}api/v1/about/                   REST API
      {address}admin/                          工作台 · back office; 动态口令 · codes: bin/manage demo_codes
      bin/manage dbshell --database public     数据库里陌生人能看到的 · what a stranger may see, in psql

{officers}  日志 · logs   {var}/log/
  停止 · stop   Ctrl-C
{line}"""
    )


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[None]:
    var.mkdir(parents=True, exist_ok=True)
    with (var / "serve.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart("The portal already runs from this folder. Stop it there with Ctrl-C first.") from error
        yield


def chosen_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"PORT is {text!r}; write a number between 1 and 65535.")
    return int(text)


def main() -> int:
    os.chdir(PROJECT)
    var = var_folder()
    supervisor = Supervisor(var, chosen_port())
    supervisor.listen()
    with only_one(var):
        return supervisor.run()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CannotStart as error:
        sys.exit(f"bin/run: {error}")
    except subprocess.SubprocessError as error:
        sys.exit(f"bin/run: {error}")
