"""The four ways in which an act is not done. Each names its rule; none changes anything."""

from collections.abc import Sequence
from typing import Any


class DomainError(Exception):
    """An act that cannot be done: `rule` is the rule's name in the contract, `rows` the requirements behind it.

    `data` holds what a program may want to know besides the sentence (never personal data).
    """

    def __init__(
        self,
        message: Any,
        *,
        rule: str,
        rows: Sequence[str] = (),
        field: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.rule, self.rows, self.field, self.data = message, rule, tuple(rows), field, data or {}

    def __str__(self) -> str:
        return str(self.message)


class Refused(DomainError):
    """The rules in force refuse (422). It goes into the accountability register (CAT-17, MEA-24, DSG-10)."""

    def __init__(
        self, message: Any, *, data_class: str = "", keys: dict[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(message, **kwargs)
        self.data_class, self.keys = data_class, keys or {}


class NotAllowed(DomainError):
    """This person or key may not do it (403)."""


class WrongState(DomainError):
    """It cannot be done in this state (409)."""

    def __init__(self, message: Any, *, rule: str = "wrong_state", **kwargs: Any) -> None:
        super().__init__(message, rule=rule, **kwargs)
