"""Typed settings from the environment. A wrong value stops the start with a sentence, not with a trace."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def required(name: str, why: str) -> str:
    if value := os.environ.get(name):
        return value
    raise ImproperlyConfigured(f"{name} is not set: {why}")


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").lower()
    if value not in {"", "0", "1", "true", "false", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")
    return default if value == "" else value in {"1", "true", "yes"}


def number(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    if value and not value.isdigit():
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number.")
    return int(value) if value else default


def words(name: str, default: str, allowed: set[str] | None = None) -> frozenset[str]:
    """A set written with commas; every word must be one of `allowed`."""
    found = frozenset(word.strip() for word in os.environ.get(name, default).split(",") if word.strip())
    if allowed is not None and (unknown := found - allowed):
        raise ImproperlyConfigured(f"{name} holds {', '.join(sorted(unknown))}; allowed: {', '.join(sorted(allowed))}.")
    return found


def secret(name: str) -> str:
    """A secret from the variable `name`, or from the file that `name`_FILE points to."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="ascii").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}.") from error
    return os.environ.get(name, "")
