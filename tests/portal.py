"""A portal beside the tests' own: a database, a Redis on a private socket, real processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import psycopg
import redis
from celery import Celery
from psycopg import sql

from casework.roles import make_roles, prepare_database
from credit_portal.local import PROJECT
from credit_portal.local.broker import Broker, broker
from credit_portal.local.keys import draw_keys

PATIENCE = 30.0


def until(question: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@dataclass
class Portal:
    """Database, broker and processes of one portal."""

    env: dict[str, str]
    queue: Broker

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**parameters(self.env["DATABASE_URL"]), autocommit=True)

    def ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connect() as raw:
            return raw.execute(question, values).fetchall()

    def start(self, day: str, what: str, argument: str = "") -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.faults.process", day, what, argument]
        return subprocess.Popen(command, cwd=PROJECT, env=self.env, stdout=-1, stderr=-1, text=True)

    def run(self, day: str, what: str, argument: str = "") -> Any:
        return self.answer(self.start(day, what, argument))

    def answer(self, process: "subprocess.Popen[str]") -> Any:
        out, err = process.communicate(timeout=PATIENCE * 4)
        assert process.returncode == 0, err[-1000:]
        return json.loads(out.splitlines()[-1])

    @contextmanager
    def worker(self, day: str) -> "Iterator[subprocess.Popen[str]]":
        process = self.start(day, "worker")
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def ring(self) -> None:
        """What beat does every five minutes."""
        with Celery(broker=self.env["REDIS_URL"], set_as_current=False) as clock:
            clock.send_task("records.sweep", ignore_result=True)

    def redis(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.queue.socket))

    @contextmanager
    def hold(self, publication_id: int) -> Iterator[None]:
        """Hold the subject of this clock, so that whoever comes to it waits."""
        with self.connect() as raw, raw.transaction():
            raw.execute(
                "SELECT 1 FROM subjects_subject s JOIN records_administrativeact a ON a.subject_id = s.id"
                " JOIN records_publication p ON p.act_id = a.id WHERE p.id = %s FOR UPDATE OF s", [publication_id]
            )  # fmt: skip
            yield

    def waiting(self) -> int:
        """How many sessions wait for a lock."""
        ((count,),) = self.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(count)

    def states(self, clocks: list[int]) -> list[str]:
        return [s for (s,) in self.ask("SELECT state FROM records_publication WHERE id = ANY(%s) ORDER BY id", clocks)]

    def lines(self, clocks: list[int], event: str) -> list[int]:
        """How many lines of this name stand in the audit, for each clock."""
        found = self.ask(
            "SELECT count(e.id) FROM records_publication p JOIN records_administrativeact a ON a.id = p.act_id"
            " LEFT JOIN audit.event e ON e.ref = 'publication:' || a.uuid AND e.name = %s"
            " WHERE p.id = ANY(%s) GROUP BY p.id ORDER BY p.id", event, clocks
        )  # fmt: skip
        return [count for (count,) in found]

    def manage(self, *words: str, **env: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=PROJECT, env=self.env | env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def parameters(url: str) -> dict[str, Any]:
    found = dj_database_url.parse(url)
    named = {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "password": found["PASSWORD"]}
    named |= {"host": found.get("OPTIONS", {}).get("host") or found["HOST"], "dbname": found["NAME"]}
    return {key: value for key, value in named.items() if value}


def url_of(database: str) -> str:
    """DATABASE_URL of the tests, with another database."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return f"{parts.scheme}://{parts.netloc}/{database}" + (f"?{parts.query}" if parts.query else "")


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty, prepared database beside the tests'; gone at the end."""
    with psycopg.connect(**parameters(url_of("postgres")), autocommit=True) as server:
        gone = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        server.execute(gone)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")
                       .format(sql.Identifier(name)))  # fmt: skip
        try:
            with psycopg.connect(**parameters(url_of(name)), autocommit=True) as inside:
                make_roles(inside)
                prepare_database(inside)
            yield url_of(name)
        finally:
            server.execute(gone)


@contextmanager
def running_portal(name: str, var: Path) -> Iterator[Portal]:
    """A portal with rules and calendar, without any process."""
    with database(f"{name}_{os.getpid()}") as url, broker(var) as queue:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "REDIS_", "PORTAL_", "DJANGO_"))}
        env |= {"DATABASE_URL": url, "PORTAL_VAR": str(var), **queue.environ(), **draw_keys(var)}
        made = Portal(env, queue)
        made.manage("migrate", "--no-input", "-v0")
        made.manage("load_calendar", "-v0")
        made.manage("load_rules", "-v0")
        yield made
