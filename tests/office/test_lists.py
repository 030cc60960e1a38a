"""Every list of the office asks as little of a long table as of a short one, and walks to its end without counting."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Agency, User
from accounts.permissions import ROLES
from casework.models import Refusal
from records.models import IntakeBatch
from subjects.models import QueryReceipt, Subject
from tests.factories import agency, code_of, deliver, officer, penalty, region, subject
from tests.office.test_access import LISTS, opens

pytestmark = pytest.mark.django_db
FEWER_THAN = 12  # statements of any list; savepoints are not counted


@pytest.fixture
def office() -> Agency:
    made = agency()
    deliver(*(penalty(subject(), made) for _n in range(10)), sender=made)
    return made


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.get("/admin/me/")  # the first page of a session writes when it was seen
    return client


def statements(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len([each for each in asked.captured_queries if "SAVEPOINT" not in each["sql"]])


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_asks_few_questions(office: Agency, name: str) -> None:
    role = next(role for role in sorted(ROLES) if opens(name, role))

    assert statements(signed_in(officer(role, office)), reverse(f"admin:{name}_changelist")) < FEWER_THAN


def refusals(n: int, at: Agency) -> None:
    Refusal.objects.bulk_create(
        Refusal(act="take_in", rule="value_missing", rows=["REC-18"], agency_id=at.pk) for _n in range(n)
    )


def batches(n: int, at: Agency) -> None:
    IntakeBatch.objects.bulk_create(
        IntakeBatch(
            public_id=f"bat_{i:012d}", kind="penalties", agency=at, sha256="0" * 64, format_version="1", uuid=uuid4()
        )
        for i in range(n)
    )


def looks(n: int, at: Agency) -> None:
    reader, about = officer("clerk", at), subject()
    QueryReceipt.objects.bulk_create(
        QueryReceipt(
            number=f"qry_{i:012d}", user=reader, agency=at, subject=about, purpose="intake", matter="x", channel="office",
            fields=["names"],
        )
        for i in range(n)
    )  # fmt: skip


def subjects(n: int, at: Agency) -> None:
    place = region()
    Subject.objects.bulk_create(
        Subject(
            unified_code=code_of(500_000 + i), name=f"示例{i}商贸有限公司", type="legal_person", region=place,
            registration_status="active", source_name="示例登记库", received_at="2026-11-01T00:00:00Z",
        )
        for i in range(n)
    )  # fmt: skip


LONG: dict[str, tuple[str, Callable[[int, Agency], None]]] = {
    "casework_refusal": ("reviewer", refusals), "records_intakebatch": ("clerk", batches),
    "subjects_queryreceipt": ("reviewer", looks), "subjects_subject": ("clerk", subjects),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(LONG))
def test_ten_thousand_rows_ask_no_more_than_ten_and_are_walked_page_by_page(office: Agency, name: str) -> None:
    role, fill = LONG[name]
    client, address = signed_in(officer(role, office)), reverse(f"admin:{name}_changelist")
    fill(30, office)
    few = statements(client, address)
    first: Any = client.get(address).context
    second: Any = client.get(address + first["next_url"]).context

    assert few < FEWER_THAN
    assert len(first["rows"]) == 25
    assert not {url for url, _cells in first["rows"]} & {url for url, _cells in second["rows"]}


@pytest.mark.all
@pytest.mark.parametrize("name", sorted(LONG))
def test_a_long_list_is_no_slower_to_ask(office: Agency, name: str) -> None:
    role, fill = LONG[name]
    client, address = signed_in(officer(role, office)), reverse(f"admin:{name}_changelist")
    few = statements(client, address)

    fill(10_000, office)

    assert statements(client, address) <= few


def test_a_cursor_that_was_altered_is_refused(office: Agency) -> None:
    client = signed_in(officer("clerk", office))

    assert client.get("/admin/records/intakebatch/?after=eyJ4IjoxfQ.zzz").status_code == 400
    assert client.get("/admin/records/intakebatch/?page=1000").status_code == 400
