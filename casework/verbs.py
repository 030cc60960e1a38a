"""`@verb`: one transaction, and a refusal that outlives its rollback."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from django.db import transaction

from casework.errors import Refused

Verb = TypeVar("Verb", bound=Callable[..., Any])
_depth: ContextVar[int] = ContextVar("verb_depth", default=0)


def verb(act: Verb) -> Verb:
    """Run an act in one transaction. When the rules refuse it, everything is undone and one line goes into the register.

    A verb inside a verb shares the transaction; only the outermost one writes the line, after the rollback.
    """

    @wraps(act)
    def run(*args: Any, **kwargs: Any) -> Any:
        token = _depth.set(_depth.get() + 1)
        try:
            with transaction.atomic():
                return act(*args, **kwargs)
        except Refused as refusal:
            if _depth.get() == 1:
                note(refusal, act=act.__name__, by=kwargs.get("by"))
            raise
        finally:
            _depth.reset(token)

    return run  # type: ignore[return-value]


def note(refusal: Refused, *, act: str, by: Any) -> None:
    """Write one line of the accountability register. It never holds the refused content (CAT-17)."""
    from casework.models import Refusal

    Refusal.objects.create(**refusal_line(refusal, act=act, by=by))


def refusal_line(refusal: Refused, *, act: str, by: Any) -> dict[str, Any]:
    return {
        "act": act,
        "rule": refusal.rule,
        "rows": list(refusal.rows),
        "actor": by.uuid if by else None,
        "agency_id": by.agency_id if by else None,
        "data_class": refusal.data_class,
        "keys": refusal.keys,
    }
