"""Every refusal says how to put it right. That each sentence stands in Chinese too is held by tests/test_translations.py."""

import pytest
from django.utils.translation import override

from records.remedies import REMEDIES, remedy
from records.states import REFUSAL_RULES


@pytest.mark.parametrize("rule", sorted(REFUSAL_RULES))
def test_every_rule_says_how_to_put_it_right(rule: str) -> None:
    with override("en"):
        sentence = str(remedy(rule))

        assert rule in REMEDIES
        assert sentence.endswith(".")
        assert sentence != str(REFUSAL_RULES[rule][1])


def test_there_is_no_remedy_without_its_rule_and_a_constraint_has_a_general_one() -> None:
    assert set(REMEDIES) == set(REFUSAL_RULES)
    assert str(remedy("administrativeact_has_one_counterpart"))
