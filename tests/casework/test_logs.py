"""Log lines: what is on the list, in its shape, and nothing else."""

import json
import logging
import sys
from uuid import UUID

import pytest

from casework import logs
from casework.logs import JsonLines

NUMBER = "990100199003070011"
ACTOR = "11111111-2222-4333-8444-555555555555"


def line(message: object, *args: object, error: BaseException | None = None, **extra: object) -> dict[str, object]:
    record = logging.getLogger("portal.test").makeRecord(
        "portal.test", logging.WARNING, "intake.py", 12, message, args, (type(error), error, None) if error else None,
        extra=extra,
    )  # fmt: skip
    text = JsonLines().format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_line_holds_the_fields_of_the_list() -> None:
    made = line(
        "intake.chunk_refused", request_id=UUID(ACTOR), actor=ACTOR, client="agc_7Kq2mVx0", route="api:intake", status=422,
        ms=12.345, constraint="record_code_is_valid",
    )  # fmt: skip

    assert made.pop("at")
    assert made == {
        "level": "WARNING", "logger": "portal.test", "event": "intake.chunk_refused", "request_id": ACTOR, "actor": ACTOR,
        "client": "agc_7Kq2mVx0", "route": "api:intake", "status": 422, "ms": 12.3, "constraint": "record_code_is_valid",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message", "args", "extra"),
    [
        (f"number {NUMBER} refused", (), {}),
        ("Not Found: %s", (f"/subjects/{NUMBER}/",), {}),
        ("张三", (), {}),
        ("intake.refused", (), {"person_name": NUMBER, "sql": NUMBER, "query": NUMBER, "args_of": NUMBER}),
        ("intake.refused", (), {"route": f"/subjects/{NUMBER}/", "client": NUMBER, "actor": NUMBER}),
        (
            "intake.refused",
            (),
            {"request_id": NUMBER, "status": NUMBER, "constraint": f"x_{NUMBER}", "client": f"a{NUMBER}"},
        ),
        (f"intake.refused_{NUMBER}", (), {}),
    ],
)
def test_nothing_of_a_person_gets_out(message: str, args: tuple[object, ...], extra: dict[str, object]) -> None:
    made = json.dumps(line(message, *args, **extra))

    assert NUMBER not in made
    assert "张三" not in made
    assert "\\u5f20" not in made


def test_somebody_elses_sentence_is_known_by_its_place_only() -> None:
    made = line("Slow query: SELECT secret")

    assert made["source"] == "intake:12"
    assert "event" not in made


class Diagnosis:
    constraint_name = "record_code_is_valid"


class Broken(Exception):
    diag = Diagnosis()


def test_an_error_shows_kind_place_and_constraint_but_no_text() -> None:
    def fall() -> None:
        try:
            raise Broken(f"Key (number)=({NUMBER}) already exists.")
        except Broken as cause:
            raise RuntimeError(NUMBER) from cause

    try:
        fall()
    except RuntimeError:
        record = logging.LogRecord("portal", logging.ERROR, "x.py", 1, "request.failed", (), sys.exc_info())
    text = JsonLines().format(record)

    made = json.loads(text)
    assert NUMBER not in text
    assert (made["error"], made["constraint"]) == ("RuntimeError", "record_code_is_valid")
    assert any("test_logs.py" in frame and frame.endswith(" fall") for frame in made["trace"])


def test_the_request_is_known_on_every_line() -> None:
    token = logs.context.set({"request_id": ACTOR, "route": "home"})
    try:
        made = line("request.done")
    finally:
        logs.context.reset(token)

    assert (made["request_id"], made["route"]) == (ACTOR, "home")


def test_djangos_own_status_code_is_taken() -> None:
    assert line("Not Found: %s", "/x/", status_code=404)["status"] == 404


@pytest.mark.parametrize("status", [99, 600, "many"])
def test_a_status_out_of_its_shape_is_left_out(status: object) -> None:
    assert "status" not in line("request.done", status=status)
