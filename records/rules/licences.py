"""What the gate asks of a licence alone, and of the eight other kinds of act.

No regime bounds how long they show: the department's own last day does, where it gives one (SHR-10). None of them is
adverse, and none makes an untrustworthiness record (REC-16).
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from records.formats import LICENCE_KINDS, LICENCE_STATES, LONG_TERM, Row, said
from records.rules.world import Judgement

TEXTS = {"xk_xkzs": "certificate", "xk_xkbh": "licence_number", "xk_nr": "content"}
OTHER_TEXTS = {"content": "summary"}


def check(row: Row, found: Judgement) -> None:
    """Decided, then valid, then at an end (regulation.md 6.3)."""
    decided, first, last = row.decided_on, row.xk_yxqz, row.xk_yxqzi
    if decided and first and first < decided:
        say = said(_("%(later)s lies before the day of the decision, %(day)s."), {"later": first, "day": decided})
        found.fault("validity_order", ("REC-18",), "xk_yxqz", say)
    if first and last and last < first:
        say = said(_("%(later)s lies before the first day of validity, %(day)s."), {"later": last, "day": first})
        found.fault("validity_order", ("REC-18",), "xk_yxqzi", say)


def content(row: Row) -> dict[str, Any]:
    """The content of a licence as handed in; 2099-12-31 means that it has no last day."""
    is_long_term = row.xk_yxqzi == LONG_TERM
    return {name: row.values[column] for column, name in TEXTS.items()} | {
        "licence_kind": LICENCE_KINDS[row.xk_xklb],
        "valid_from": str(row.xk_yxqz),
        "valid_to": None if is_long_term else str(row.xk_yxqzi),
        "long_term": is_long_term,
        "state": LICENCE_STATES[row.xk_zt],
    }


def other_content(row: Row) -> dict[str, Any]:
    return {name: row.values[column] for column, name in OTHER_TEXTS.items()}
