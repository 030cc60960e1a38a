"""Account keepers read what keepers did with a body, and nothing of what the body does (design part 11: never a case role)."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import agency, deliver, officer, penalty, subject

pytestmark = pytest.mark.django_db


@pytest.mark.proves("SEC-04")
def test_the_page_of_a_body_tells_keepers_nothing_of_its_cases() -> None:
    office = agency()
    deliver(penalty(subject(), office), sender=office)
    client = Client()
    client.force_login(officer("account_keeper", office))

    answer: Any = client.get(f"/admin/agencies/{office.uuid}/")

    assert answer.status_code == 200
    assert "入库" not in answer.content.decode().partition('id="main"')[2]
