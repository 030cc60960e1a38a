"""The registers: refusals by body, the audit with the proof of its chain, the rules in force, how the portal is."""

from datetime import date, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, User
from casework.actors import SYSTEM
from casework.admin import PULSES
from casework.audit import record
from casework.jobs import beat
from casework.models import AuditEvent, Heartbeat, Refusal
from catalogs.models import CatalogueItem
from tests.factories import agency, deliver, officer, penalty, subject
from tests.records.test_clock_desk import seen, signed_in

pytestmark = pytest.mark.django_db
REFUSALS, AUDIT = "admin:casework_refusal_changelist", "admin:casework_auditevent_changelist"


@pytest.fixture
def city() -> Agency:
    return agency("示例市市场监督管理局")


def refused(by: Agency, n: int = 1) -> Refusal:
    """A row that the gate refuses: its catalogue item does not exist."""
    for _row in range(n):
        deliver(penalty(subject(), by, catalogue_item="NC-99-99"), sender=by)
    return Refusal.objects.latest("pk")


# --- Refusals


@pytest.mark.proves("CAT-17")
def test_a_refusal_says_the_sentence_of_its_rule_and_the_requirements_behind_it(city: Agency) -> None:
    refusal = refused(city)
    user = officer("reviewer", city)

    listed = seen(user, reverse(REFUSALS))
    page = seen(user, reverse("admin:casework_refusal_change", args=[refusal.pk]))

    for text in (listed, page):
        assert "目录中没有" in text
        assert all(row in text for row in refusal.rows)
    assert refusal.rule in page


@pytest.mark.proves("CAT-17")
def test_a_reviewer_reads_the_refusals_of_his_body_and_below_an_auditor_all(city: Agency) -> None:
    below, other = agency("示例县局", superior=city), agency("邻市局", region="880100")
    for body in (city, below, other):
        refused(body)

    def bodies(user: User) -> list[bool]:
        page = seen(user, reverse(REFUSALS))
        table = page[page.index("<tbody") :]
        return [f">{body.name}<" in table for body in (city, below, other)]

    assert bodies(officer("reviewer", city)) == [True, True, False]
    assert bodies(officer("auditor", city)) == [True, True, True]
    foreign = Refusal.objects.get(agency_id=other.pk)
    address = reverse("admin:casework_refusal_change", args=[foreign.pk])
    assert signed_in(officer("reviewer", city)).get(address).status_code in {302, 403, 404}


@pytest.mark.parametrize("role", ["clerk", "publisher", "rule_keeper", "account_keeper"])
@pytest.mark.parametrize("register", [REFUSALS, AUDIT])
def test_who_may_not_read_a_register_does_not(role: str, register: str, city: Agency) -> None:
    assert signed_in(officer(role, city)).get(reverse(register)).status_code == 403


def test_refusals_are_narrowed_by_rule_act_and_period(city: Agency) -> None:
    refusal = refused(city)
    user = officer("auditor", city)

    def found(query: str) -> int:
        return seen(user, f"{reverse(REFUSALS)}?{query}").count('<th scope="row">')

    later = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%d %H:%M:%S%z").replace("+", "%2B")
    assert found(f"rule={refusal.rule}") == 1
    assert found("rule=code_malformed") == 0
    assert found(f"act={refusal.act}") == 1
    assert found(f"at__gte={later}") == 0


@pytest.mark.parametrize("query", ["keys__startswith=a", "actor=1", "after=forged"])
def test_a_register_answers_no_hidden_question(query: str, city: Agency) -> None:
    assert signed_in(officer("auditor", city)).get(f"{reverse(REFUSALS)}?{query}").status_code == 400


@pytest.mark.parametrize("register", [REFUSALS, AUDIT])
def test_a_long_register_costs_the_same_few_queries(register: str, city: Agency) -> None:
    user = officer("auditor", city)

    def cost() -> int:
        client = signed_in(user)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(register)).status_code == 200
        return len([one for one in queries if "casework_calendar" not in one["sql"]])

    refused(city, 2)
    few = cost()
    refused(city, 30)

    assert cost() == few
    assert few < 14


@pytest.mark.parametrize("address", [REFUSALS, AUDIT, "admin:catalogs_catalogueitem_changelist"])
def test_nothing_is_added_or_changed_in_a_register(address: str, city: Agency) -> None:
    client = signed_in(officer("auditor", city))

    assert client.post(reverse(address), {"action": "delete_selected"}).status_code == 400
    assert client.get(reverse(address) + "add/").status_code == 403


# --- Audit


def event_of(city: Agency) -> AuditEvent:
    case = subject()
    record(case, "test.happened", by=SYSTEM, reason="因为测试", before="a", after="b")
    return AuditEvent.objects.get(chain=case.uuid, name="test.happened")


@pytest.mark.proves("SEC-05")
def test_the_page_of_an_event_recomputes_its_chain(city: Agency) -> None:
    event = event_of(city)
    address = reverse("admin:casework_auditevent_change", args=[event.pk])
    user = officer("auditor", city)

    whole = seen(user, address)
    raw = connection.connection  # what only the login of the database itself can do
    raw.execute("RESET ROLE")
    raw.execute("ALTER TABLE audit.event DISABLE TRIGGER append_only")
    raw.execute("UPDATE audit.event SET after = 'c' WHERE id = %s", [event.pk])
    raw.execute("ALTER TABLE audit.event ENABLE TRIGGER append_only")
    broken = seen(user, address)

    assert "因为测试" in whole
    assert ("cp-note--soon" in whole, "cp-note--soon" in broken) == (False, True)


@pytest.mark.proves("SEC-02")
def test_reading_reason_and_values_stands_on_the_readers_own_chain(city: Agency) -> None:
    event, user = event_of(city), officer("auditor", city)

    seen(user, reverse("admin:casework_auditevent_change", args=[event.pk]))

    look = AuditEvent.objects.get(chain=user.uuid, name="audit.body_read")
    assert str(event.pk) in look.body.body


def test_the_audit_is_found_by_chain_case_actor_and_name_and_by_nothing_else(city: Agency) -> None:
    event, user = event_of(city), officer("auditor", city)

    def found(text: Any) -> bool:
        return event.ref in seen(user, f"{reverse(AUDIT)}?q={text}")

    assert all(found(text) for text in (event.chain, event.ref, event.name, event.pk, SYSTEM.uuid))
    assert not any(found(text) for text in (uuid4(), "test.happ", "因为"))
    assert signed_in(user).get(f"{reverse(AUDIT)}?body__body__contains=a").status_code == 400


def test_the_list_of_the_audit_tells_no_reason(city: Agency) -> None:
    event_of(city)

    assert "因为测试" not in seen(officer("auditor", city), reverse(AUDIT))


# --- The rules in force, channels


def test_everybody_reads_the_catalogue_as_it_stood_on_any_day(city: Agency) -> None:
    user = officer("account_keeper", city)
    item = CatalogueItem.objects.in_force(date(2026, 11, 20)).order_by("code").first()

    def listed(query: str) -> str:
        return seen(user, reverse("admin:catalogs_catalogueitem_changelist") + query)

    assert f">{item.code}<" in listed("")
    assert f">{item.code}<" not in listed("?on=1990-01-01")
    assert item.content in seen(user, reverse("admin:catalogs_catalogueitem_change", args=[item.pk]))
    assert signed_in(user).get(reverse("admin:catalogs_catalogueitem_changelist") + "?on=tomorrow").status_code == 400


def test_an_item_of_the_catalogue_names_who_collects_it_and_by_which_power(city: Agency) -> None:
    item = CatalogueItem.objects.in_force(date(2026, 11, 20)).exclude(collecting_department="").first()

    page = seen(officer("clerk", city), reverse("admin:catalogs_catalogueitem_change", args=[item.pk]))

    assert item.collecting_department in page
    assert item.power_ref in page


def test_the_channels_of_departments_stand_together(city: Agency) -> None:
    gone = agency("已撤销局", valid_to=date(2019, 1, 31))
    user = officer("clerk", city)

    page = seen(user, "/admin/channels/")

    assert city.channel_url in page
    assert gone.name not in page
    assert city.channel_url not in seen(user, "/admin/channels/?q=没有这个")
    assert signed_in(user).get("/admin/channels/?name__startswith=a").status_code == 400


# --- How the portal is


def test_a_part_that_stands_still_is_named_in_words(city: Agency) -> None:
    for pulse in PULSES:
        beat(pulse.name)
    user = officer("coordinator", city)
    alive = seen(user, "/admin/health/")

    Heartbeat.objects.filter(name="audit").update(at=timezone.now() - timedelta(hours=26))
    page = seen(user, "/admin/health/")

    assert ("cp-tag--overdue" in alive, page.count("cp-tag--overdue")) == (False, 1)
    assert unescape(str(PULSES[1].does)) in page


def test_a_year_without_its_notice_is_named(city: Agency, travel: Any) -> None:
    travel(date(2026, 12, 2))

    assert "2027" in seen(officer("auditor", city), "/admin/health/")


@pytest.mark.parametrize("role", ["clerk", "publisher"])
def test_who_does_not_watch_over_the_portal_does_not_see_how_it_is(role: str, city: Agency) -> None:
    assert signed_in(officer(role, city)).get("/admin/health/").status_code == 403
