"""The frame of the office: who gets in, the queue, lists that walk by key, pages that refuse in words."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import agency, officer

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_stranger_is_led_to_the_sign_in() -> None:
    answer = Client().get("/admin/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/?next=/admin/")


def test_an_officer_begins_with_the_queue() -> None:
    answer = signed_in(officer("clerk", agency())).get("/admin/")

    assert answer.status_code == 200
    assert "我的队列" in answer.content.decode()
    assert "现在没有" in answer.content.decode()


@pytest.mark.parametrize("query", ["view=nobody", "password__startswith=a"])
def test_an_unknown_view_or_parameter_of_the_queue_is_refused(query: str) -> None:
    assert signed_in(officer("clerk", agency())).get(f"/admin/?{query}").status_code == 400


def test_public_pages_know_no_session(client: Client) -> None:
    answer = client.get("/")

    assert answer.status_code == 200
    assert not answer.cookies


def test_the_office_keeps_to_the_strict_policy() -> None:
    policy = signed_in(officer("clerk", agency())).get(reverse("admin:index")).headers["Content-Security-Policy"]

    assert "unsafe" not in policy
