"""What bin/run says and does before and around the servers; the servers themselves are tested beside."""

import socket
import stat
import sys
import time
from pathlib import Path

import pytest

from credit_portal.local import CannotStart, serve
from credit_portal.local.children import Child
from credit_portal.local.keys import draw_keys
from credit_portal.local.testing import pytest_arguments, row_lines


def test_a_port_in_use_is_said_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        taken.listen()

        with pytest.raises(CannotStart, match="in use"):
            serve.check_port(taken.getsockname()[1])


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)

    with pytest.raises(CannotStart, match="PORT"):
        serve.chosen_port()


def test_two_portals_never_run_from_one_folder(tmp_path: Path) -> None:
    with serve.only_one(tmp_path), pytest.raises(CannotStart, match="already runs"), serve.only_one(tmp_path):
        pass


def test_keys_are_drawn_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    paths = [Path(path) for path in draw_keys(tmp_path).values()]
    first = [path.read_text() for path in paths]

    draw_keys(tmp_path)

    assert [path.read_text() for path in paths] == first
    assert len(set(first)) == len(first)
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def child(tmp_path: Path, code: str) -> Child:
    return Child("probe", [sys.executable, "-c", code], {}, tmp_path / "probe.log")


def test_a_crashed_child_starts_again_later_each_time(tmp_path: Path) -> None:
    probe = child(tmp_path, "print('born', flush=True)")
    probe.pause = 0.05
    probe.start()

    messages = []
    until = time.monotonic() + 20
    while len(messages) < 2 and time.monotonic() < until:
        if message := probe.keep_alive():
            messages.append(message)
        time.sleep(0.01)

    assert "code 0" in messages[0]
    assert probe.last_lines() == "born\nborn\n"
    assert probe.pause == 0.2


def test_a_child_that_will_not_end_is_ended_by_impatience(tmp_path: Path) -> None:
    probe = child(tmp_path, "import signal,time; signal.signal(15, 1); print('deaf', flush=True); time.sleep(60)")
    probe.start()
    while not probe.last_lines():
        time.sleep(0.01)

    probe.ask_to_end()
    probe.await_end(lambda: True)

    assert probe.has_ended()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ([], ["-n", "auto", "--dist", "loadgroup", "-m", "not all and not heavy"]),
        (["--all"], ["-n", "auto", "--dist", "loadgroup", "-m", "not heavy", "--write-rows"]),
        (["--heavy"], ["-n", "auto", "--dist", "loadgroup", "--write-rows"]),
        (["--all", "-k", "calendar"], ["-n", "auto", "--dist", "loadgroup", "-m", "not heavy", "-k", "calendar"]),
        (["-n", "0", "-m", "browser"], ["-n", "0", "-m", "browser"]),
    ],
)
def test_a_tier_is_a_choice_of_markers(asked: list[str], told: list[str]) -> None:
    assert pytest_arguments(asked) == told


def test_rows_name_their_tests_or_are_open(tmp_path: Path) -> None:
    report = tmp_path / "rows.json"
    report.write_text('{"SUB-01": ["tests/b.py::two", "tests/a.py::one"]}')

    lines = list(row_lines(report))

    assert lines[0] == "SUB-01 CORE proven tests/a.py::one tests/b.py::two"
    assert lines[1] == "SUB-02 CORE open"
    assert len(lines) == 395 + 76


def test_rows_before_a_whole_run_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="bin/test --all"):
        list(row_lines(tmp_path / "rows.json"))
