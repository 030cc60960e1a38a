"""The correction of one fact by two officers: proposed as one row, judged by the gate, confirmed by another human."""

from decimal import Decimal
from typing import Any

import pytest

from casework.calendar import today
from casework.errors import NotAllowed, Refused, WrongState
from casework.models import AuditEvent
from disclosure.models import Record as DisclosedRecord
from records.forms import typed
from records.models import AdministrativeAct, IntakeBatch, QuarantineRow
from records.services import corrections
from subjects.models import Subject
from tests.factories import act_of, agency, deliver, officer, penalty

pytestmark = pytest.mark.django_db


@pytest.fixture
def act(office: Any, firm: Subject) -> AdministrativeAct:
    row = penalty(
        firm, office, cf_cflb="罚款;没收违法所得", cf_nr_wfff="0.5", cf_gsjzq="2027-01-31", bz="内部", phase="事中"
    )
    return act_of(deliver(row | {"business_secret": "cf_sy"}, sender=office))


def row_of(act: AdministrativeAct, **changes: str) -> Any:
    cells = corrections.cells_of(act) | {"op": "correct", "reason": "金额笔误"} | changes
    return typed(1, cells, corrections.format_of(act))


def propose(act: AdministrativeAct, by: Any, **changes: str) -> IntakeBatch:
    return corrections.propose_correction(act.pk, row=row_of(act, **changes), by=by, on=today())


def content(act: AdministrativeAct) -> Any:
    return DisclosedRecord.objects.get(public_id=act.public_id).content


def test_the_row_that_a_correction_starts_from_says_what_stands_to_the_letter(act: AdministrativeAct) -> None:
    assert corrections.differences(act, row_of(act)) == []
    cells = corrections.cells_of(act)
    assert (cells["cf_nr_fk"], cells["cf_nr_wfff"], cells["cf_gsjzq"], cells["bz"]) == (
        "3",
        "0.5",
        "2027-01-31",
        "内部",
    )
    assert (cells["business_secret"], cells["phase"]) == ("cf_sy", "事中")


@pytest.mark.proves("REC-08")
def test_a_correction_stands_only_when_another_human_has_confirmed_it(office: Any, act: AdministrativeAct) -> None:
    clerk, second = officer("clerk", office), officer("reviewer", office)

    batch = propose(act, clerk, cf_nr_fk="2.5")
    before = content(act)["fine"]
    row, _version = corrections.proposed(batch)
    told = [(d.column.name, d.old, d.new) for d in corrections.differences(act, row)]
    made = corrections.confirm_correction(batch.pk, by=second, on=today())

    assert (before, told, content(act)["fine"]) == ("30000.00", [("cf_nr_fk", "3", "2.5")], "25000.00")
    assert (made.version, made.prepared_by, row.cf_nr_fk) == (2, clerk, Decimal("25000"))
    act.refresh_from_db()
    assert act.state == "corrected"
    batch.refresh_from_db()
    assert (batch.state, batch.totals["corrected"], QuarantineRow.objects.get().box) == ("done", 1, None)
    names = set(AuditEvent.objects.values_list("name", flat=True))
    assert {"act.correction_proposed", "batch.correction_confirmed", "act.corrected"} <= names


def test_nobody_confirms_what_they_proposed_and_no_other_body_does(office: Any, act: AdministrativeAct) -> None:
    clerk = officer("clerk", office)
    clerk.postings.create(agency=office, role="reviewer", valid_from=today())
    batch = propose(act, clerk, cf_nr_fk="2.5")

    with pytest.raises(Refused) as own:
        corrections.confirm_correction(batch.pk, by=clerk, on=today())
    with pytest.raises(NotAllowed):
        corrections.confirm_correction(batch.pk, by=officer("reviewer", agency("示例市财政局")), on=today())

    assert (own.value.rule, content(act)["fine"]) == ("own_draft", "30000.00")


def test_a_rejected_proposal_leaves_the_fact_and_erases_what_was_proposed(office: Any, act: AdministrativeAct) -> None:
    batch = propose(act, officer("clerk", office), cf_nr_fk="2.5")

    with pytest.raises(Refused):
        corrections.reject_correction(batch.pk, by=officer("reviewer", office), on=today(), reason="")
    corrections.reject_correction(batch.pk, by=officer("reviewer", office), on=today(), reason="原决定书就是三万元")

    batch.refresh_from_db()
    assert (batch.state, QuarantineRow.objects.get().box, content(act)["fine"]) == ("abandoned", None, "30000.00")
    with pytest.raises(WrongState):
        corrections.confirm_correction(batch.pk, by=officer("reviewer", office), on=today())


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "nothing_to_correct"),
        ({"reason": ""}, "reason_missing"),
        ({"cf_wsh": "示市监罚〔2026〕0号"}, "nothing_to_correct"),
        ({"cf_jdrq": "2027-01-01"}, "decided_after_recorded"),
    ],
)
def test_a_correction_passes_the_gate_of_any_row_or_is_refused_with_its_sentence(
    office: Any, act: AdministrativeAct, changes: dict[str, str], rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        propose(act, officer("clerk", office), **changes)

    assert (refused.value.rule, IntakeBatch.objects.filter(desk_of__isnull=False).count()) == (rule, 0)


def test_one_proposal_waits_at_a_time_and_never_outlives_the_version_it_was_written_against(
    office: Any, firm: Subject, act: AdministrativeAct
) -> None:
    batch = propose(act, officer("clerk", office), cf_nr_fk="2.5")

    with pytest.raises(WrongState) as second:
        propose(act, officer("clerk", office), cf_nr_fk="2")
    cells = corrections.cells_of(act) | {"cf_nr_fk": "1.000000", "op": "correct", "reason": "系统更正"}
    deliver(cells, sender=office)
    with pytest.raises(WrongState) as late:
        corrections.confirm_correction(batch.pk, by=officer("reviewer", office), on=today())

    assert (second.value.rule, late.value.rule) == ("already_proposed", "moved_on")
    assert content(act)["fine"] == "10000.00"


def test_a_natural_persons_act_is_not_corrected_at_a_desk_for_the_number_is_sealed(office: Any) -> None:
    row = penalty(None, office, cf_xdr_mc="示例甲", cf_xdr_zjhm="990100199003070019", cf_xdr_zjlx="身份证")
    act = act_of(deliver(row, sender=office))

    with pytest.raises(Refused) as refused:
        propose(act, officer("clerk", office), cf_nr_fk="2.5")

    assert refused.value.rule == "identity_number_refused"


def test_whoever_wrote_a_corrected_text_does_not_clear_it(office: Any, act: AdministrativeAct) -> None:
    from records import services

    clerk, second = officer("clerk", office), officer("reviewer", office)
    clerk.postings.create(agency=office, role="reviewer", valid_from=today())
    batch = propose(act, clerk, cf_sy="投诉电话13800138000已核实", business_secret="")
    made = corrections.confirm_correction(batch.pk, by=second, on=today())

    with pytest.raises(Refused) as own:
        services.clear_text(made.pk, by=clerk, on=today(), reason="公开的电话")

    assert (made.publication.hold, own.value.rule) == ("identity_number_in_text", "own_draft")
    assert services.clear_text(made.pk, by=second, on=today(), reason="公开的电话").text_cleared_by_id is None
