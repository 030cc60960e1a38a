"""The rules of facts: who may do what to them (checks), and whether a row may be recorded (gate)."""

from records.rules.checks import (
    check_can_record_under,
    check_can_rest_on,
    check_may_change,
    check_may_take_in,
    determiner_of,
)
from records.rules.gate import HOLDS, KINDS, OWN, content_of, is_minor, is_same, item_code, judge, kind_of, public_part
from records.rules.world import Facts, Held, Judgement, KnownSubject, NaturalKey, World

__all__ = [
    "HOLDS", "KINDS", "OWN", "Facts", "Held", "Judgement", "KnownSubject", "NaturalKey", "World", "check_can_record_under",
    "check_can_rest_on", "check_may_change", "check_may_take_in", "content_of", "determiner_of", "is_minor", "is_same",
    "item_code", "judge", "kind_of", "public_part",
]  # fmt: skip
