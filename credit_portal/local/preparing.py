"""Bring a database to the state of the code: roles, schema, views, rules in force, calendar, demo data.

A second start must take seconds, so what was done is remembered: for which database, and for which edition of the code.
Losing that note costs time only; every command may be run again.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from credit_portal.local import PROJECT, CannotStart

# Whatever can change schema, views, rights or rules. Tests, screens and documents cannot.
WATCHED = ("*.py", "*.sql", "*.yaml", "*.yml", "*.csv", "*.json")
NOT_WATCHED = {"tests", "docs", "templates", "static", "static_root", "locale", "var", "docker"}
STEPS = {
    "setup_roles": "数据库角色 · roles",
    "migrate": "数据表 · tables",
    "disclose": "公示视图 · public views",
    "load_rules": "现行规则 · rules in force",
    "load_calendar": "工作日历 · working days",
    "load_demo": "演示数据 · demo data",
}
ARGUMENTS = {"migrate": ["--no-input"]}
LOOK_SECONDS = 0.05


@dataclass
class Preparation:
    var: Path
    env: dict[str, str]
    own_database: bool
    is_stopping: Callable[[], bool]

    def run(self) -> None:
        """Run what is due, in order; nothing if nothing changed."""
        note = self.var / "state" / "prepared.json"
        done = json.loads(note.read_text()) if note.exists() else {}
        database, digest = self._database(), code_digest()
        same_database = done.get("database") == database and not database.endswith(":empty")
        if same_database and done.get("digest") == digest:
            return
        for command in self._commands(first=not (same_database and done.get("demo"))):
            self._step(command)
            if self.is_stopping():
                return  # not noted as done: the next start does it again
        note.parent.mkdir(exist_ok=True)
        note.write_text(json.dumps({"database": self._database(), "digest": digest, "demo": True}))

    def _commands(self, *, first: bool) -> list[str]:
        """Our own cluster has its roles from its bootstrap; demo data comes once, and never into production."""
        left_out = set()
        if self.own_database:
            left_out.add("setup_roles")
        if not first or self.env.get("PORTAL_ENV", "demo") != "demo":
            left_out.add("load_demo")
        return [command for command in STEPS if command not in left_out]

    def _step(self, command: str) -> None:
        began = time.monotonic()
        print(f"  {STEPS[command]} …", end="", flush=True)
        log = self.var / "log" / "setup.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        with log.open("a+", encoding="utf-8", errors="replace") as out:
            out.seek(0, os.SEEK_END)
            here = out.tell()
            child = subprocess.Popen(
                [sys.executable, "manage.py", command, *ARGUMENTS.get(command, [])],
                cwd=PROJECT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
            told = False
            while child.poll() is None:
                if self.is_stopping() and not told:
                    child.send_signal(signal.SIGINT)  # a command is one transaction or may be run again
                    told = True
                time.sleep(LOOK_SECONDS)
            if child.returncode and not told:
                out.seek(here)
                print(" ✗", flush=True)
                tail = "".join(out.readlines()[-15:])
                raise CannotStart(f"`manage.py {command}` failed:\n{tail}\nMore in {log}.")
        print(f" {time.monotonic() - began:.1f} s", flush=True)

    def _database(self) -> str:
        """Which database this is: its address without the password, its number in the server, and whether it is empty."""
        url = self.env.get("DATABASE_OWNER_URL") or self.env["DATABASE_URL"]
        query = (
            "select current_database() || ':' || oid || case when exists (select from pg_class "
            "where relname = 'django_migrations') then '' else ':empty' end from pg_database where datname = current_database()"
        )
        try:
            with psycopg.connect(url, connect_timeout=10) as connection:
                row = connection.execute(query).fetchone()
                where = f"{connection.info.host}:{connection.info.port}"
        except psycopg.Error as error:
            raise CannotStart(f"The database does not answer. {str(error).strip()}") from error
        return f"{where}/{row[0] if row else ''}"


def code_digest() -> str:
    """One number for the edition of everything that a database is made from."""
    digest = hashlib.sha256()
    for top in sorted(PROJECT.iterdir()):
        if not top.is_dir() or top.name.startswith(".") or top.name in NOT_WATCHED:
            continue
        for path in sorted(path for pattern in WATCHED for path in top.rglob(pattern)):
            digest.update(f"{path.relative_to(PROJECT)}\0".encode())
            digest.update(path.read_bytes())
            digest.update(b"\0")
    return digest.hexdigest()
