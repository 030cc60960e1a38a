"""The day's number of looks, asked for by one officer over two connections at once (security.md #5)."""

from collections import Counter
from typing import Any

import pytest

from casework.calendar import today
from casework.errors import Refused
from subjects import rules
from subjects.models import QueryReceipt
from subjects.services import register_query
from subjects.states import Channel, QueryPurpose
from tests.factories import agency, officer, subject

pytestmark = [pytest.mark.all, pytest.mark.django_db(transaction=True)]

ROUNDS = 25


@pytest.mark.proves("SEC-07")
def test_two_looks_at_once_never_both_take_the_last_of_the_day(race: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    firm, office = subject(), agency()
    monkeypatch.setattr(rules, "LOOKS_A_DAY", 1)

    def look(reader: Any) -> QueryReceipt:
        return register_query(
            by=reader, subject=firm, purpose=QueryPurpose.DETERMINATION, matter="案7号", reason="核对", channel=Channel.OFFICE,
            fields=["facts"], on=today(),
        )  # fmt: skip

    for _n in range(ROUNDS):
        reader = officer("clerk", office)
        results = race(*[lambda reader=reader: look(reader)] * 2)

        assert Counter(type(result) for result in results) == {QueryReceipt: 1, Refused: 1}
        assert QueryReceipt.objects.filter(user=reader, rows=1).count() == 1
