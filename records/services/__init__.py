"""The verbs of facts: taking in, correcting, withdrawing, what follows when a document loses effect, and the clock."""

from records.services.clock import catch_up, end, mark_overdue, recount
from records.services.facts import (
    annul_document,
    clear_text,
    exempt,
    lift_stay,
    record_untrustworthiness,
    register_document,
    stay_document,
    take_effect,
    withdraw,
)
from records.services.intake import Delivery, take_in
from records.services.once import KeyReused, take_in_once

__all__ = [
    "Delivery", "KeyReused", "annul_document", "catch_up", "clear_text", "end", "exempt", "lift_stay", "mark_overdue",
    "record_untrustworthiness", "recount", "register_document", "stay_document", "take_effect", "take_in",
    "take_in_once", "withdraw",
]  # fmt: skip
