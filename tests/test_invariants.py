"""The auditor's command: silent on sound data, and each breach that an owner of the database could make is named."""

from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from credit_portal.invariants import INVARIANTS
from subjects.models import Subject
from tests.factories import act_of, agency, deliver, penalty, subject

pytestmark = pytest.mark.django_db
BY_ID = {invariant.id: invariant for invariant in INVARIANTS}

BREACHES = {
    "INV-02": "UPDATE catalogs_catalogueitem SET in_force_from = in_force_from + 3000, announced_on = announced_on"
    " WHERE id = (SELECT item_id FROM records_record LIMIT 1)",
    "INV-05": "UPDATE records_basisdocument SET state = 'registered'",
    "INV-07": "UPDATE records_basisdocument SET state = 'annulled', order_id = (SELECT id FROM casework_attachment LIMIT 1)",
    "INV-08": "UPDATE records_record SET decided_on = decided_on - 1",
    "INV-18": "UPDATE records_publication SET state = 'pending', due_on = '2026-11-01', public_from = null",
    "INV-19": "UPDATE records_publication SET due_on = '2031-01-10' WHERE late_since IS NULL",
    "INV-21": "UPDATE records_publication SET late_since = late_since - 30",
    "INV-65": "UPDATE audit.event SET after = 'withdrawn' WHERE seq = 1",
    "INV-69": "DELETE FROM casework_refusal",
}


@pytest.fixture
def facts() -> Subject:
    """A late fact, a prompt one, and a refused row."""
    from tests.factories import order

    office, firm = agency(), subject()
    order()
    delivery = deliver(
        penalty(firm, office, cf_jdrq=date(2026, 5, 6)),
        penalty(firm, office),
        penalty(firm, office, cf_sy=""),
        sender=office,
    )
    assert act_of(delivery).publication.late_since
    return firm


def run() -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_invariants", stdout=out)
    except SystemExit as left:
        return int(left.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.proves("INV-02", "INV-05", "INV-07")
def test_sound_data_break_nothing(facts: Subject) -> None:
    code, said = run()

    assert (code, [line for line in said.splitlines() if " broken" in line]) == (0, [])
    assert all(f"{invariant.id} ok" in said for invariant in INVARIANTS)


@pytest.mark.proves("INV-16", "SHR-07")
def test_a_person_is_shown_only_under_an_item_that_cites_law_regulation_or_decision(facts: Subject) -> None:
    office = agency("示例市生态环境局")
    deliver(penalty(None, office, cf_xdr_mc="林示例", cf_xdr_zjhm="990101199003078011"), sender=office)
    assert not BY_ID["INV-16"].find()
    raw: Any = connections["default"].connection
    raw.execute("RESET ROLE")
    raw.execute("SET LOCAL session_replication_role = replica")
    raw.execute("UPDATE catalogs_legalinstrument SET kind = 'dept_rule' WHERE kind IN ('law', 'admin_reg')")
    raw.execute("SET LOCAL session_replication_role = origin")

    assert any("NC-03-02" in found for found in BY_ID["INV-16"].find())


@pytest.mark.parametrize("name", sorted(BREACHES))
def test_a_breach_made_with_the_guards_off_is_named(facts: Subject, name: str) -> None:
    raw: Any = connections["default"].connection
    raw.execute("RESET ROLE")
    raw.execute("SET LOCAL session_replication_role = replica")
    changed = raw.execute(BREACHES[name]).rowcount
    raw.execute("SET LOCAL session_replication_role = origin")

    found = BY_ID[name].find()

    assert changed
    assert found
