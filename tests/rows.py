"""Which requirement rows are proven: `@pytest.mark.proves("DSG-03", "INV-27")`, at most three a test.

Unknown rows fail the collection; what is skipped or fails proves nothing. `bin/test --rows` prints what the last whole run
found (var/rows.json).
"""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
ROWS = ROOT / "docs" / "rows.csv"
RESULT = ROOT / "var" / "rows.json"
MOST_PER_TEST = 3


def known_rows() -> dict[str, str]:
    """Every requirement row and invariant with its tag."""
    with ROWS.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["tag"] for row in csv.DictReader(file)}


class ProvenRows:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.claims: dict[str, list[str]] = {}
        self.passed: dict[str, bool] = {}
        self.is_worker = hasattr(config, "workerinput")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        known = known_rows()
        for item in items:
            for marker in item.iter_markers("proves"):
                if unknown := [row for row in marker.args if row not in known]:
                    raise pytest.UsageError(f"{item.nodeid} proves rows that do not exist: {', '.join(unknown)}")
                if len(marker.args) > MOST_PER_TEST:
                    raise pytest.UsageError(f"{item.nodeid} claims more than {MOST_PER_TEST} rows.")
                item.user_properties += [("proves", row) for row in marker.args]

    def pytest_runtest_logreport(self, report: Any) -> None:
        rows = [row for name, row in report.user_properties if name == "proves"]
        if not rows:
            return
        good = report.passed and not hasattr(report, "wasxfail")
        self.passed[report.nodeid] = self.passed.get(report.nodeid, True) and good
        for row in rows:
            if report.nodeid not in self.claims.setdefault(row, []):
                self.claims[row].append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        if self.is_worker or not self.config.getoption("--write-rows"):
            return
        proven = {row: [t for t in tests if self.passed[t]] for row, tests in sorted(self.claims.items())}
        failed = {row for row, tests in self.claims.items() if not all(self.passed[t] for t in tests)}
        RESULT.parent.mkdir(exist_ok=True)
        kept = {row: tests for row, tests in proven.items() if tests and row not in failed}
        RESULT.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-rows", action="store_true", help="write var/rows.json")
