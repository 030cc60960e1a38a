"""A child process of the supervisor: its own process group, its own log, started again when it crashes."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from credit_portal.local import PROJECT

LARGEST_LOG = 20_000_000
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
HEALTHY_SECONDS = 60.0  # who lived that long begins again with the first pause
END_SECONDS = 20.0  # a worker finishes the task in hand
LOOK_SECONDS = 0.1
PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """If the supervisor itself is killed, its children end too, and the next start finds its port free."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    def __init__(self, name: str, command: list[str], env: dict[str, str], log: Path) -> None:
        self.name, self.command, self.env, self.log = name, command, env, log
        self.process: subprocess.Popen[bytes] | None = None
        self.pause = FIRST_PAUSE
        self.started = self.restart_at = 0.0

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=PROJECT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor only, which stops them in order
                preexec_fn=_die_with_parent,  # noqa: PLW1509  the supervisor has one thread
            )
        self.started, self.restart_at = time.monotonic(), 0.0

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def keep_alive(self) -> str:
        """Start a crashed child again, later each time; what happened, in a sentence."""
        if not self.has_ended():
            return ""
        now = time.monotonic()
        if not self.restart_at:
            if now - self.started > HEALTHY_SECONDS:
                self.pause = FIRST_PAUSE
            self.restart_at = now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
            code = self.process.returncode if self.process else "unknown"
            self._signal(signal.SIGKILL)  # what a crashed parent left of its group
            return f"{self.name} ended (code {code}), starts again in {self.restart_at - now:.0f} s; see {self.log}"
        if now >= self.restart_at:
            self.start()
        return ""

    def ask_to_end(self) -> None:
        if self.process and not self.has_ended():
            self.process.terminate()

    def await_end(self, is_impatient: Callable[[], bool]) -> None:
        until = time.monotonic() + END_SECONDS
        while not self.has_ended() and time.monotonic() < until and not is_impatient():
            time.sleep(LOOK_SECONDS)
        self._signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def last_lines(self, count: int = 15) -> str:
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, count))

    def _signal(self, number: int) -> None:
        """To the whole group: processes of a pool outlive a killed parent."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)
