"""What the database holds about the repair regimes: one row refused, one that passes by a single change."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from catalogs.models import LegalInstrument, Regime, RepairRule
from tests.catalogs.test_models import refused

pytestmark = pytest.mark.django_db


def test_one_regime_per_platform_and_day() -> None:
    law = LegalInstrument.objects.get(key="samr-order-107")
    RepairRule.objects.all()  # the shipped regimes stand
    common = {"counts_from": "decision", "instrument": law, "confidence": "verified", "source": "试验"}
    assert Regime.objects.in_force(date(2026, 4, 1)).count() == 2

    with refused("regime_one_per_platform_and_day"):
        Regime.objects.create(code="R9", platform="necips", valid_from=date(2026, 1, 1), **common)
    with refused("regime_ends_after_it_begins"):
        Regime.objects.create(
            code="R9", platform="necips", valid_from=date(2010, 1, 2), valid_to=date(2010, 1, 1), **common
        )
    Regime.objects.create(
        code="R9", platform="necips", valid_from=date(2010, 1, 1), valid_to=date(2010, 1, 1), **common
    )
    with refused("what is written stays"):
        Regime.objects.filter(code="R9").update(platform="credit_china")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("what_is_shown_has_an_end", {"maximum_months": None}),
        ("what_is_shown_has_an_end", {"minimum_months": None, "maximum_months": 0}),
        ("shortest_is_not_longer_than_longest", {"minimum_months": 13}),
    ],
)
def test_a_repair_rule_is_whole(name: str, change: dict[str, Any]) -> None:
    values = {"disclosed": True, "minimum_months": 3, "maximum_months": 12, "automatic": True}
    values |= {"confidence": "verified", "source": "试验", "regime": Regime.objects.get(code="R0"), "severity": "minor"}

    with refused(f"repairrule_{name}"):
        RepairRule.objects.create(**(values | change))
    RepairRule.objects.create(**values)
    with pytest.raises(IntegrityError, match="repairrule_once_per_severity"), transaction.atomic():
        RepairRule.objects.create(**values)
