"""`bin/test`: the tests, beside servers of their own.

Three tiers by marker: the default leaves out `all` and `heavy`; `--all` leaves out `heavy`; `--heavy` leaves out nothing.
`--rows` runs nothing: it prints what the last whole run proved, one line a requirement.
"""

import csv
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from credit_portal.local import PROJECT, CannotStart, var_folder
from credit_portal.local.servers import servers

TIERS = {"--all": "not heavy", "--heavy": ""}
EVERYDAY = "not all and not heavy"
ROWS = PROJECT / "docs" / "rows.csv"


def pytest_arguments(asked: list[str]) -> list[str]:
    """What pytest is told: the tier, all cores unless the caller says otherwise, and the caller's own arguments."""
    tier = EVERYDAY
    rest = []
    for word in asked:
        if word in TIERS:
            tier = TIERS[word]
        else:
            rest.append(word)
    made = [] if _chooses(rest, "-n") or _chooses(rest, "--numprocesses") else ["-n", "auto", "--dist", "loadgroup"]
    if tier and not _chooses(rest, "-m"):
        made += ["-m", tier]
    if tier != EVERYDAY and not rest:
        made.append("--write-rows")  # only a whole run can say what is proven
    return made + rest


def row_lines(report: Path) -> Iterator[str]:
    """`ID TAG proven|open tests` for every row and invariant, in the order of the requirements."""
    if not report.exists():
        raise CannotStart(f"{report} is not there yet. It is written by a whole run: bin/test --all")
    proven: dict[str, list[str]] = json.loads(report.read_text(encoding="utf-8"))
    with ROWS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tests = proven.get(row["id"], [])
            yield " ".join([row["id"], row["tag"], "proven" if tests else "open", *sorted(tests)])


def run(asked: list[str], var: Path) -> int:
    """Run pytest; two runs at once would share the names of the test databases, so the second waits."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "run.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another bin/test runs in this folder; waiting for it to end.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        with servers(var, for_tests=True) as held:
            env = {**os.environ, **held.environ, "DJANGO_SETTINGS_MODULE": "credit_portal.settings_test"}
            if not held.own_database:
                roles = [sys.executable, "manage.py", "setup_roles"]
                subprocess.run(roles, cwd=PROJECT, env=env, check=True)
            command = [sys.executable, "-m", "pytest", *pytest_arguments(asked)]
            return subprocess.run(command, cwd=PROJECT, env=env, check=False).returncode


def main(asked: list[str]) -> int:
    var = var_folder()
    if "--rows" in asked:
        for line in row_lines(PROJECT / "var" / "rows.json"):
            print(line)
        return 0
    return run(asked, var)


def _chooses(words: list[str], option: str) -> bool:
    return any(word == option or word.startswith(f"{option}=") for word in words)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotStart as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
