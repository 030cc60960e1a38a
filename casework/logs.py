"""Log lines as JSON, from an allow-list: who, where, how it ended. Never what was said.

No message text, argument, query string, header, SQL or value of a person gets out: a field is printed only if it is on the
list and in its shape, and runs of digits are struck out of what remains. Write

    log.info("intake.chunk_refused", extra={"client": client.public_id, "ms": 12})
"""

import json
import logging
import re
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

DIGITS = re.compile(r"[0-9](?:[ \-]?[0-9]){5,}")
STRUCK = "#"

# What a middleware knows of the request for every line: request_id, actor, client, route.
context: ContextVar[dict[str, Any] | None] = ContextVar("log_context", default=None)


def _uuid(value: Any) -> str:
    return str(UUID(str(value)))


def _event(value: Any) -> str:
    """An event is named by our own code, in small letters; any other message is somebody's sentence."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", str(value)):
        raise ValueError
    return _name(value)


def _name(value: Any) -> str:
    """A name from our own code or a random public id: no blanks, no digits in a row."""
    text = str(value)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.:\-]{0,79}", text):
        raise ValueError
    return DIGITS.sub(STRUCK, text)


def _request_id(value: Any) -> str:
    try:
        return _uuid(value)
    except ValueError:
        return _name(value)


def _status(value: Any) -> int:
    if not 100 <= int(value) <= 599:
        raise ValueError
    return int(value)


def _milliseconds(value: Any) -> float:
    return round(float(value), 1)


FIELDS: dict[str, Callable[[Any], Any]] = {
    "event": _event,
    "request_id": _request_id,
    "actor": _uuid,
    "client": _name,
    "route": _name,
    "status": _status,
    "ms": _milliseconds,
    "constraint": _name,
}


class JsonLines(logging.Formatter):
    """One line of JSON per record."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname, "logger": record.name}
        known = {**(context.get() or {}), **record.__dict__}
        known.setdefault("event", record.msg)
        known.setdefault("status", getattr(record, "status_code", None))
        error = record.exc_info[1] if record.exc_info else None
        known.setdefault("constraint", constraint_of(error))
        for field, shape in FIELDS.items():
            if known.get(field) is not None:
                try:
                    line[field] = shape(known[field])
                except (ValueError, TypeError):
                    continue  # not in its shape: left out, for it may be anything
        if "event" not in line:  # somebody else's sentence: the place it came from has to do
            line["source"] = f"{record.module}:{record.lineno}"
        if error is not None:
            line["error"] = type(error).__name__
            line["trace"] = trace_of(error)
        return json.dumps(line, ensure_ascii=True)


def constraint_of(error: BaseException | None) -> str | None:
    """The name of the constraint that a database error broke. Its text would quote values."""
    while error is not None:
        if name := getattr(getattr(error, "diag", None), "constraint_name", None):
            return str(name)
        error = error.__cause__ or error.__context__
    return None


def trace_of(error: BaseException) -> list[str]:
    """Where it happened, innermost last: file, line and function, without source text or messages."""
    frames = traceback.extract_tb(error.__traceback__)[-20:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
