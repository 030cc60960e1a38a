"""Documents and what rests on them: effect, stay, annulment; withdrawal; what a second person clears; exemption."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from casework.actors import SYSTEM
from casework.calendar import today
from casework.errors import NotAllowed, Refused, WrongState
from casework.models import AuditEvent, Refusal
from catalogs.models import CatalogueItem, Provision
from disclosure.models import Record as DisclosedRecord
from records import rules, services
from records.jobs import catch_up
from records.models import BasisDocument, Publication, Record
from records.states import Clock
from subjects.models import Subject
from tests.factories import act_of, agency, client_of, deliver, officer, order, penalty

pytestmark = pytest.mark.django_db


def shown(firm: Subject) -> int:
    return DisclosedRecord.objects.filter(unified_code=firm.unified_code).count()


def judgment(firm: Subject, office: Any, **changes: Any) -> BasisDocument:
    """An adjudication in effect."""
    values: dict[str, Any] = {
        "document_type": "adjudication", "number": "示裁〔2026〕1号", "issuer": office, "subject_id": firm.pk,
        "decided_on": date(2026, 5, 6), "effective_on": date(2026, 5, 6), "conduct": "拒不履行", "by": SYSTEM, "on": today(),
    }  # fmt: skip
    return services.register_document(**values | changes)


def adverse_item(document_type: str) -> str:
    item = (
        CatalogueItem.objects.in_force(date(2026, 5, 6))
        .filter(adverse=True, basis_types__contains=[document_type])
        .first()
    )
    assert item is not None
    return item.code


def record_on(document: BasisDocument, office: Any, **changes: Any) -> Record:
    values: dict[str, Any] = {
        "item_code": adverse_item(document.type), "nature": "拒不履行", "severity": "ordinary", "field": "market-regulation",
        "sender": office, "by": SYSTEM, "on": today(),
    }  # fmt: skip
    return services.record_untrustworthiness(document.pk, **values | changes)


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-01", "INV-05")
def test_a_record_needs_a_document_in_effect_and_the_same_document_carries_it_once_it_is(
    office: Any, firm: Subject
) -> None:
    document = judgment(firm, office)

    with pytest.raises(Refused) as refused:
        record_on(document, office)
    services.take_effect(document.pk, by=SYSTEM, on=today())
    made = record_on(document, office)

    assert refused.value.rule == "basis_not_effective"
    assert made.state == "effective"
    assert [line.rule for line in Refusal.objects.all()] == ["basis_not_effective"]


@pytest.mark.proves("REC-01")
def test_a_document_takes_effect_on_its_day_and_not_before(office: Any, firm: Subject) -> None:
    document = judgment(firm, office, effective_on=today() + timedelta(days=1))

    with pytest.raises(Refused, match="2026-11-21") as refused:
        services.take_effect(document.pk, by=SYSTEM, on=today())
    services.take_effect(document.pk, by=SYSTEM, on=today() + timedelta(days=1))

    document.refresh_from_db()
    assert refused.value.rule == "basis_not_effective"
    assert document.state == "effective"


@pytest.mark.proves("REC-02", "INV-06")
@pytest.mark.parametrize("kind", ["complaint", "third_party_report", "warning", "evaluation", "third_party_list"])
def test_only_the_closed_set_of_documents_carries_a_record(office: Any, firm: Subject, kind: str) -> None:
    with pytest.raises(Refused) as refused:
        judgment(firm, office, document_type=kind)

    assert refused.value.rule == "basis_type_not_allowed"
    assert judgment(firm, office, document_type="penalty").state == "registered"


@pytest.mark.proves("REC-03")
def test_an_other_document_names_the_law_that_allows_it(office: Any, firm: Subject) -> None:
    law = Provision.objects.filter(instrument__kind="law").in_force(date(2026, 5, 6)).first()
    rule = Provision.objects.filter(instrument__kind="dept_rule").in_force(date(2026, 5, 6)).first()

    with pytest.raises(Refused) as bare:
        judgment(firm, office, document_type="other_document")
    with pytest.raises(Refused) as weak:
        judgment(firm, office, document_type="other_document", allowed_by=rule)
    taken = judgment(firm, office, document_type="other_document", allowed_by=law)

    assert bare.value.rule == "basis_citation_missing"
    assert weak.value.rule == "legal_basis_not_accepted"
    assert taken.allowed_by == law


@pytest.mark.proves("INV-02", "INV-05", "INV-08")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"state": "effective", "document_id": None}, "basis_not_effective"),
        ({"decided_on": date(2026, 5, 7)}, "basis_mismatch"),
        ({"decided_on": date(2019, 5, 7)}, "basis_mismatch"),
    ],
)
def test_the_database_itself_refuses_a_record_that_differs_from_its_document(
    office: Any, firm: Subject, change: dict[str, Any], rule: str
) -> None:
    registered = judgment(firm, office)
    in_effect = judgment(firm, office, number="示裁〔2026〕2号")
    services.take_effect(in_effect.pk, by=SYSTEM, on=today())
    good = record_on(in_effect, office)
    bare = {
        f.attname: getattr(good, f.attname)
        for f in Record._meta.concrete_fields
        if f.name not in ("id", "uuid", "public_id")
    }
    wrong = bare | {"document_id": registered.pk} | {k: v for k, v in change.items() if k != "document_id"}
    if rule == "basis_mismatch":
        other = judgment(firm, office, number="示裁〔2026〕3号")
        services.take_effect(other.pk, by=SYSTEM, on=today())
        wrong["document_id"] = other.pk

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Record.objects.create(public_id="rec_000000000000", **wrong)

    assert refused.value.__cause__.diag.constraint_name == rule  # type: ignore[union-attr]


@pytest.mark.proves("INV-02", "INV-04")
def test_the_database_itself_refuses_an_item_that_was_not_in_force_or_belongs_elsewhere(
    office: Any, firm: Subject
) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))
    old = CatalogueItem.objects.filter(code="NC-03-02", state="superseded").first()
    assert old is not None

    columns = [f.column for f in act._meta.concrete_fields if f.name not in ("id", "uuid", "item", "public_id")]
    names = ", ".join(f'"{name}"' for name in columns)
    statement = (
        f"INSERT INTO records_administrativeact (uuid, item_id, public_id, {names})"
        f" SELECT gen_random_uuid(), %s, 'rec_000000000001', {names} FROM records_administrativeact WHERE id = %s"
    )

    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [old.pk, act.pk])

    assert refused.value.__cause__.diag.constraint_name == "catalogue_item_not_in_force"  # type: ignore[union-attr]


# ── stay and annulment ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-12", "INV-07")
def test_annulling_the_document_withdraws_all_that_rests_on_it_at_once(office: Any, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))
    reviewer = officer("reviewer", office)
    assert shown(firm) == 1

    services.annul_document(
        act.document_id, order=order(), order_number="示复决〔2026〕5号", by=reviewer, on=today(), reason="复议撤销"
    )

    act.refresh_from_db()
    assert (act.document.state, act.state, act.record.state) == ("annulled", "withdrawn", "withdrawn")
    assert act.publication.state == Clock.ENDED
    assert shown(firm) == 0
    names = set(AuditEvent.objects.filter(chain=firm.uuid).values_list("name", flat=True))
    assert {"document.annulled", "act.withdrawn", "record.withdrawn", "publication.ended"} <= names


@pytest.mark.proves("INV-07")
def test_what_was_annulled_does_not_come_back_with_yesterdays_file(office: Any, firm: Subject) -> None:
    row = penalty(firm, office)
    act = act_of(deliver(row, sender=office))
    services.annul_document(
        act.document_id, order=order(), order_number="示复决〔2026〕5号", by=officer("reviewer", office), on=today(),
        reason="复议撤销",
    )  # fmt: skip

    again = deliver(row, sender=office)

    assert again.rows[0].verdict == "refused"
    assert again.rows[0].refusals[0]["rule"] == "restored_on_same_facts"
    assert shown(firm) == 0


def test_a_stay_hides_what_rests_on_the_document_until_it_is_lifted(office: Any, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))
    judge = officer("reviewer", office)

    services.stay_document(act.document_id, order=order("停止执行.pdf"), order_number="示行停1号", by=judge, on=today())
    while_stayed = shown(firm)
    services.lift_stay(act.document_id, by=judge, on=today(), reason="裁定期满")

    assert (while_stayed, shown(firm)) == (0, 1)
    with pytest.raises(WrongState):
        services.lift_stay(act.document_id, by=judge, on=today(), reason="再来一次")


def test_a_clerk_does_not_rule_on_a_document(office: Any, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))

    with pytest.raises(NotAllowed):
        services.stay_document(
            act.document_id, order=order(), order_number="1", by=officer("clerk", office), on=today()
        )


@pytest.mark.proves("SEC-18")
def test_nobody_rules_on_clears_or_exempts_what_another_body_decided_and_those_above_and_courts_may(
    office: Any, firm: Subject
) -> None:
    act = act_of(deliver(penalty(firm, office, cf_sy="投诉电话13800138000已核实"), sender=office))
    stranger = agency("示例市财政局")
    above = agency("示例省市场监督管理局", level="province")
    type(office).objects.filter(pk=office.pk).update(superior=above)
    court = agency("示例市人民法院", kind="judicial_organ")
    law = Provision.objects.filter(instrument__kind="admin_reg").in_force(today()).first()
    stay = {"order": order(), "order_number": "示行停1号", "on": today()}

    for attempt in (
        lambda: services.stay_document(act.document_id, by=officer("reviewer", stranger), **stay),
        lambda: services.clear_text(act.pk, by=officer("reviewer", stranger), on=today(), reason="越权"),
        lambda: services.exempt(act.publication.pk, provision=law, by=officer("publisher", stranger), on=today()),
        lambda: services.exempt(act.publication.pk, provision=law, by=officer("publisher", court), on=today()),
    ):
        with pytest.raises(NotAllowed, match="另一单位"):
            attempt()
    services.clear_text(act.pk, by=officer("reviewer", above), on=today(), reason="为公开的投诉电话")
    services.stay_document(act.document_id, by=officer("reviewer", court), **stay)

    act.document.refresh_from_db()
    assert act.document.state == "stayed"


@pytest.mark.proves("CAT-15", "REC-06")
def test_a_record_is_made_by_who_has_the_power_and_for_ones_own_bodies_only(office: Any, firm: Subject) -> None:
    document = judgment(firm, office)
    services.take_effect(document.pk, by=SYSTEM, on=today())
    courts_only = (
        CatalogueItem.objects.in_force(date(2026, 5, 6))
        .filter(adverse=True, determined_by=["judicial_organ"])
        .values_list("code", flat=True)
        .first()
    )

    with pytest.raises(Refused) as foreign:
        record_on(document, agency("示例市财政局"))

    assert foreign.value.rule == "authority_not_sender"
    assert courts_only is not None
    item = CatalogueItem.objects.get(code=courts_only, state="in_force")
    with pytest.raises(Refused) as lacking:
        rules.check_can_record_under(item, issuer=office, sender=office)
    assert lacking.value.rule == "no_power_for_item"
    court = agency("示例市人民法院", kind="judicial_organ")
    rules.check_can_record_under(item, issuer=court, sender=court)
    assert record_on(document, office).state == "effective"


# ── withdrawal ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-08")
def test_a_withdrawn_fact_is_gone_everywhere_and_yesterdays_file_does_not_bring_it_back(
    office: Any, firm: Subject
) -> None:
    row = penalty(firm, office)
    deliver(row, sender=office)

    withdrawn = deliver(row | {"op": "withdraw", "reason": "当事人错误"}, sender=office)
    again = deliver(row, sender=office)
    twice = deliver(row | {"op": "withdraw", "reason": "当事人错误"}, sender=office)

    assert withdrawn.rows[0].verdict == "withdrawn"
    assert again.rows[0].refusals[0]["rule"] == "restored_on_same_facts"
    assert twice.rows[0].verdict == "unchanged"
    assert shown(firm) == 0
    assert Record.objects.get().state == "withdrawn"


def test_only_who_handed_it_in_withdraws_and_only_with_a_reason(office: Any, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))
    stranger, own = client_of(agency("示例市财政局")).client, client_of(office).client

    with pytest.raises(NotAllowed):
        services.withdraw(act.pk, by=stranger, on=today(), reason="越权")
    with pytest.raises(Refused) as refused:
        services.withdraw(act.pk, by=own, on=today(), reason="")
    services.withdraw(act.pk, by=own, on=today(), reason="录入重复")

    assert refused.value.rule == "reason_missing"
    assert shown(firm) == 0


def test_no_officer_withdraws_alone(office: Any, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))

    with pytest.raises(Refused) as refused:
        services.withdraw(act.pk, by=officer("clerk", office), on=today(), reason="录入重复")

    assert refused.value.rule == "second_person_needed"
    assert shown(firm) == 1


def test_a_key_without_the_scope_hands_in_nothing(office: Any, firm: Subject) -> None:
    key = client_of(office, "queries").client

    with pytest.raises(NotAllowed) as refused:
        deliver(penalty(firm, office), sender=office, by=key)

    assert refused.value.rule == "scope_missing"
    assert deliver(penalty(firm, office), sender=office, by=client_of(office).client).totals == {"accepted": 1}


# ── held texts, exemption ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SHR-06")
def test_a_held_text_shows_only_after_a_second_person_cleared_it(
    office: Any, firm: Subject, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    sent: list[tuple[str, list[int]]] = []
    monkeypatch.setattr("casework.hints.current_app.send_task", lambda task, args, **_more: sent.append((task, args)))
    act = act_of(deliver(penalty(firm, office, cf_sy="投诉电话13800138000已核实"), sender=office))

    with pytest.raises(NotAllowed):
        services.clear_text(act.pk, by=officer("clerk", office), on=today(), reason="越权")
    before = shown(firm)
    with django_capture_on_commit_callbacks(execute=True):
        services.clear_text(act.pk, by=officer("reviewer", office), on=today(), reason="为公开的投诉电话")
    assert sent == [("records.catch_up", [act.publication.pk])]
    catch_up(act.publication.pk)

    assert (before, shown(firm)) == (0, 1)
    with pytest.raises(WrongState):
        services.clear_text(act.pk, by=officer("reviewer", office), on=today(), reason="再清一次")


@pytest.mark.proves("SHR-06", "INV-15")
def test_the_database_itself_refuses_a_public_text_with_a_number_that_nobody_cleared(
    office: Any, firm: Subject
) -> None:
    act = act_of(deliver(penalty(firm, office, cf_sy="投诉电话13800138000已核实"), sender=office))

    with pytest.raises(IntegrityError, match="administrativeact_public_text_hides_no_numbers"), transaction.atomic():
        type(act).objects.filter(pk=act.pk).update(content_public=act.content)


@pytest.mark.proves("PUB-06", "INV-20")
def test_an_exemption_cites_a_law_or_is_refused_also_by_the_database(office: Any, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office, cf_sy="投诉电话13800138000已核实"), sender=office))
    publisher = officer("publisher", office)
    law = Provision.objects.filter(instrument__kind="admin_reg").in_force(today()).first()
    rule = Provision.objects.filter(instrument__kind="dept_rule").in_force(today()).first()

    with pytest.raises(Refused):
        services.exempt(act.publication.pk, provision=rule, by=publisher, on=today())
    with pytest.raises(IntegrityError, match="publication_exemption_cites_its_law"), transaction.atomic():
        Publication.objects.filter(pk=act.publication.pk).update(state=Clock.EXEMPT)
    services.exempt(act.publication.pk, provision=law, by=publisher, on=today())

    act.publication.refresh_from_db()
    assert (act.publication.state, act.publication.exempt_by) == (Clock.EXEMPT, law)
