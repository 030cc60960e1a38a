"""Taking rows in: what passes, what is refused by which rule, and that the register of refusals knows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from casework.calendar import today
from casework.models import AuditEvent, Refusal
from catalogs.models import CatalogueItem, CatalogueItemBasis
from disclosure.models import Record as DisclosedRecord
from records.models import AdministrativeAct, BasisDocument, IntakeRow, Publication, Record
from records.states import Clock
from subjects.models import Person, Subject
from tests.factories import act_of, agency, code_of, deliver, penalty

pytestmark = pytest.mark.django_db


def verdict(delivery: Any, n: int = 1) -> tuple[str, list[str]]:
    row = delivery.rows[n - 1]
    return row.verdict, [refusal["rule"] for refusal in row.refusals]


@pytest.mark.proves("SUB-04", "REC-15", "ORG-02")
def test_a_sound_row_becomes_document_act_record_and_publication_in_one_go(office: Any, firm: Subject) -> None:
    delivery = deliver(penalty(firm, office), sender=office)

    assert delivery.totals == {"accepted": 1}, [row.refusals for row in delivery.rows]
    act = act_of(delivery)
    made = act.record
    assert (act.subject, made.subject, act.document.state, made.state) == (firm, firm, "effective", "effective")
    assert (made.field, made.nature, made.severity, made.impact) == (
        "market-regulation", "销售不合格商品", "ordinary", "considerable",
    )  # fmt: skip
    assert made.determining_department == act.collecting_department == office
    assert act.publication.state == Clock.PUBLISHED
    assert DisclosedRecord.objects.filter(unified_code=firm.unified_code).count() == 1


@pytest.mark.proves("REC-08")
def test_every_fact_leaves_its_lines_on_the_subjects_chain(office: Any, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))

    lines = AuditEvent.objects.filter(chain=firm.uuid).values_list("name", "ref")
    assert ("act.taken_in", f"act:{act.uuid}") in lines
    assert ("publication.opened", f"publication:{act.uuid}") in lines


REFUSED = [
    # (rows proven, change of a sound row, rule)
    ("SUB-02", {"cf_xdr_shxym": "91990100MA00000010"}, "code_malformed"),
    ("SUB-01", {"cf_xdr_shxym": code_of(999_999)}, "subject_not_in_register"),
    ("REC-04", {"cf_xdr_mc": "别的名称有限公司"}, "subject_name_mismatch"),
    ("REC-05", {"cf_jdrq": date(2099, 1, 1)}, "decided_after_recorded"),
    ("REC-06", {"cf_cfjgdm": code_of(888_888, department="1")}, "body_not_authorised"),
    ("CAT-01", {"catalogue_item": "XX-99"}, "outside_catalogue"),
    ("REC-18", {"cf_nr_fk": ""}, "fine_amount_missing"),
    ("REC-18", {"cf_jdrq": "2026/03/01"}, "date_invalid"),
    ("REC-18", {"cf_nr_fk": "3万"}, "number_invalid"),
    ("REC-18", {"cf_cflb": "打板子"}, "value_not_in_list"),
    ("REC-18", {"cf_sy": ""}, "value_missing"),
    ("REC-18", {"cf_wsh": "号" * 129}, "value_too_long"),
    ("REC-18", {"cf_gsjzq": date(2020, 1, 1)}, "validity_order"),
    ("PUB-06", {"exempt_basis": "nothing:第一条"}, "exemption_without_citation"),
    ("REC-08", {"op": "withdraw"}, "reason_missing"),
]


@pytest.mark.parametrize(("row", "change", "rule"), REFUSED, ids=[f"{r}-{rule}" for r, _c, rule in REFUSED])
@pytest.mark.proves("REC-18", "CAT-17", "INV-69")
def test_a_row_with_one_fault_is_refused_by_its_rule_and_registered(
    office: Any, firm: Subject, row: str, change: dict[str, Any], rule: str
) -> None:
    delivery = deliver(penalty(firm, office, **change), penalty(firm, office), sender=office)

    assert verdict(delivery)[0] == "refused"
    assert rule in verdict(delivery)[1]
    assert verdict(delivery, 2) == ("accepted", [])
    (line,) = Refusal.objects.filter(act="take_in")
    assert rule in line.keys["rules"]
    assert (line.agency_id, line.data_class, line.keys["row"]) == (office.pk, "penalties", "1")
    assert "有限公司" not in str(line.keys)
    assert AdministrativeAct.objects.count() == 1


@pytest.mark.proves("SUB-02")
def test_a_wrong_check_character_refuses_the_row_and_the_right_one_passes(office: Any, firm: Subject) -> None:
    wrong = firm.unified_code[:-1] + ("0" if firm.unified_code[-1] != "0" else "1")

    delivery = deliver(penalty(firm, office, cf_xdr_shxym=wrong), penalty(firm, office), sender=office)

    assert [row.verdict for row in delivery.rows] == ["refused", "accepted"]
    assert delivery.rows[0].refusals[0]["code_check"]["failed_check"] == "check_character"


@pytest.mark.proves("REC-04")
@pytest.mark.parametrize(
    ("change", "rule"),
    [({"cf_xdr_mc": "别的名称有限公司"}, "subject_name_mismatch"), ({"cf_cfjg": "别的机关"}, "basis_mismatch")],
)
def test_a_row_that_does_not_tell_the_document_truly_is_refused_and_the_true_one_passes(
    office: Any, firm: Subject, change: dict[str, Any], rule: str
) -> None:
    row = penalty(firm, office)

    delivery = deliver(row | change, row, sender=office)

    assert verdict(delivery) == ("refused", [rule])
    assert verdict(delivery, 2) == ("accepted", [])


@pytest.mark.proves("REC-05")
def test_a_record_follows_its_determination_and_never_comes_before_it(office: Any, firm: Subject) -> None:
    rows = [penalty(firm, office, cf_jdrq=day) for day in (today() + timedelta(days=1), today())]

    delivery = deliver(*rows, sender=office)

    assert verdict(delivery) == ("refused", ["decided_after_recorded"])
    assert verdict(delivery, 2) == ("accepted", [])
    with pytest.raises(IntegrityError, match="record_is_made_after_the_determination"), transaction.atomic():
        Record.objects.update(determined_at=datetime(2026, 11, 1, tzinfo=UTC))


@pytest.mark.proves("REC-06")
def test_a_body_that_may_not_determine_creates_no_record_and_one_that_may_does(firm: Subject) -> None:
    club = agency("示例行业协会", is_administrative_organ=False)
    authorised = agency("示例专业监管中心", is_administrative_organ=False, authorised_by="《示例条例》第三条")

    refused = deliver(penalty(firm, club), sender=club)
    taken = deliver(penalty(firm, authorised), sender=authorised)

    assert "body_not_authorised" in verdict(refused)[1]
    assert "body_not_authorised" not in verdict(taken)[1]


@pytest.mark.proves("REC-06", "SEC-18")
def test_an_agency_hands_in_its_own_decisions_and_those_below_it_only(office: Any, firm: Subject) -> None:
    station = agency("示例区市场监督管理局", level="county", superior=office)
    other = agency("示例市财政局")

    assert verdict(deliver(penalty(firm, station), sender=office)) == ("accepted", [])
    assert verdict(deliver(penalty(firm, other), sender=office)) == ("refused", ["authority_not_sender"])


@pytest.mark.proves("CAT-01", "INV-02", "CAT-08")
def test_the_edition_in_force_on_the_day_of_the_decision_governs_and_none_means_refusal(
    office: Any, firm: Subject
) -> None:
    first = CatalogueItem.objects.filter(code="NC-03-02").order_by("in_force_from").first()
    assert first is not None
    before = first.in_force_from - timedelta(days=1)
    rows = [penalty(firm, office, cf_jdrq=day, source_public_on=day) for day in (before, first.in_force_from)]

    delivery = deliver(*rows, sender=office)

    assert verdict(delivery) == ("refused", ["catalogue_item_not_in_force"])
    message = delivery.rows[0].refusals[0]["message"]
    assert "NC-03-02" in message
    assert str(before) in message
    assert verdict(delivery, 2)[0] == "accepted"
    assert act_of(delivery, 2).item.edition == first.edition


@pytest.mark.proves("SHR-02", "INV-10")
def test_the_same_fact_is_held_once_however_often_it_is_sent(office: Any, firm: Subject) -> None:
    row = penalty(firm, office)

    first = deliver(row, sender=office)
    again = deliver(row, row, sender=office)

    assert [r.verdict for r in again.rows] == ["unchanged", "duplicate"]
    assert again.rows[0].record_id == first.rows[0].record_id
    assert AdministrativeAct.objects.count() == Record.objects.count() == 1


@pytest.mark.proves("SHR-02", "REC-08")
def test_other_content_under_the_same_number_is_no_silent_overwrite_but_a_reasoned_correction(
    office: Any, firm: Subject
) -> None:
    row = penalty(firm, office)
    first = act_of(deliver(row, sender=office))
    changed = row | {"cf_nr": "罚款二万元", "cf_nr_fk": "2"}

    silent = deliver(changed, sender=office)
    spoken = deliver(changed | {"op": "correct", "reason": "金额录入有误"}, sender=office)
    repeated = deliver(changed | {"op": "correct", "reason": "再说一次"}, sender=office)

    assert verdict(silent) == ("refused", ["differs_from_record"])
    assert verdict(spoken) == ("corrected", [])
    assert verdict(repeated) == ("refused", ["nothing_to_correct"])
    first.refresh_from_db()
    assert (first.state, first.record.state, first.publication.state) == ("corrected", "corrected", "ended")
    second = act_of(spoken)
    assert (second.public_id, second.version, second.content["fine"]) == (first.public_id, 2, "20000.00")
    shown = DisclosedRecord.objects.get(public_id=first.public_id)
    assert (shown.version, shown.content["fine"]) == (2, "20000.00")


@pytest.mark.proves("SHR-02")
def test_what_one_department_collects_no_other_collects_again(office: Any, firm: Subject) -> None:
    above = agency("示例省市场监督管理局", level="province")
    type(office).objects.filter(pk=office.pk).update(superior=above)
    row = penalty(firm, office)
    deliver(row, sender=office)

    assert verdict(deliver(row, sender=above)) == ("refused", ["already_held_by_other_sender"])


def test_a_dry_run_says_the_same_and_leaves_nothing(office: Any, firm: Subject) -> None:
    rows = [penalty(firm, office), penalty(firm, office, cf_nr_fk=""), penalty(firm, office, cf_xdr_mc="别家")]
    before = (Refusal.objects.count(), AuditEvent.objects.count())

    dry = deliver(*rows, sender=office, dry_run=True)
    untouched = (AdministrativeAct.objects.count(), IntakeRow.objects.count(), Person.objects.count())
    assert (Refusal.objects.count(), AuditEvent.objects.count()) == before
    real = deliver(*rows, sender=office)

    assert untouched == (0, 0, 0)
    assert dry.batch is None
    assert [verdict(dry, n) for n in (1, 2, 3)] == [verdict(real, n) for n in (1, 2, 3)]
    assert [row.record_id for row in dry.rows] == ["", "", ""]


@pytest.mark.proves("PUB-06", "INV-20")
def test_only_a_cited_law_or_administrative_regulation_exempts_from_publication(office: Any, firm: Subject) -> None:
    from catalogs.models import Provision

    law = Provision.objects.filter(instrument__kind="law").in_force(today()).select_related("instrument").first()
    rule = Provision.objects.filter(instrument__kind="dept_rule").in_force(today()).select_related("instrument").first()
    assert law is not None
    assert rule is not None

    exempted = deliver(penalty(firm, office, exempt_basis=f"{law.instrument.key}:{law.article}"), sender=office)
    refused = deliver(penalty(firm, office, exempt_basis=f"{rule.instrument.key}:{rule.article}"), sender=office)

    assert act_of(exempted).publication.state == Clock.EXEMPT
    assert act_of(exempted).publication.exempt_by == law
    assert not DisclosedRecord.objects.exists()
    assert verdict(refused) == ("refused", ["exemption_without_citation"])


@pytest.mark.proves("SHR-05", "SEC-16", "INV-17")
def test_a_field_marked_as_business_secret_is_kept_and_never_shown(office: Any, firm: Subject) -> None:
    delivery = deliver(penalty(firm, office, business_secret="cf_sy", cf_sy="配方为甲三乙七"), sender=office)

    assert act_of(delivery).content["facts"] == "配方为甲三乙七"
    shown = DisclosedRecord.objects.get()
    assert shown.content["facts"] is None
    assert shown.withheld == ["facts"]
    assert "甲三乙七" not in str(shown.__dict__)


@pytest.mark.parametrize("text", ["联系电话13800138000", "身份证号 1101 0119 9003 0756 58", "邮箱 a@example.cn"])
@pytest.mark.proves("SHR-06", "INV-15")
def test_a_personal_number_in_a_text_holds_the_publication_until_a_second_person_cleared_it(
    office: Any, firm: Subject, text: str
) -> None:
    delivery = deliver(penalty(firm, office, cf_sy=text), penalty(firm, office), sender=office)

    assert verdict(delivery) == ("held", ["identity_number_in_text"])
    act = act_of(delivery)
    assert (act.content_public, act.publication.state) == (None, Clock.PENDING)
    assert DisclosedRecord.objects.count() == 1


@pytest.mark.proves("SUB-11", "PUB-03", "SHR-08")
def test_a_natural_persons_penalty_is_published_masked_and_makes_no_untrustworthiness_record(office: Any) -> None:
    row = penalty(None, office, cf_xdr_mc="欧阳示例", cf_xdr_zjhm="990101199003078011", cf_xdr_zjlx="身份证")

    delivery = deliver(row, sender=office)

    assert verdict(delivery) == ("accepted", [])
    act = act_of(delivery)
    assert not Record.objects.filter(act=act).exists()
    shown = DisclosedRecord.objects.get(public_id=act.public_id)
    assert (shown.unified_code, shown.person_masked) == (None, "欧阳**")
    assert "示例" not in str(shown.person_masked)
    assert "9003" not in str(shown.__dict__)


def test_the_same_number_is_the_same_person(office: Any) -> None:
    rows = [penalty(None, office, cf_xdr_mc="林示例", cf_xdr_zjhm=number) for number in ("990101199003078011",) * 2]

    deliver(rows[0], sender=office)
    deliver(rows[1], sender=office)

    assert Person.objects.count() == 1
    assert AdministrativeAct.objects.count() == 2


def test_a_person_under_18_on_the_day_is_held_and_never_shown(office: Any) -> None:
    born = today().replace(year=today().year - 17)
    number = f"990101{born:%Y%m%d}801X"

    delivery = deliver(penalty(None, office, cf_xdr_mc="小示例", cf_xdr_zjhm=number), sender=office)

    assert verdict(delivery) == ("held", ["tolerance_review_needed"])
    assert act_of(delivery).publication.state == Clock.NOT_DISCLOSABLE
    assert not DisclosedRecord.objects.exists()


@pytest.mark.proves("CAT-16", "SEC-10")
def test_a_person_is_recorded_only_under_an_item_that_covers_personal_information(office: Any) -> None:
    national = CatalogueItem.objects.get(code="NC-03-02", state="in_force")
    narrow = CatalogueItem.objects.get(pk=national.pk)
    narrow.pk, narrow.uuid, narrow.code, narrow.edition, narrow.personal_information = None, uuid4(), "NC-T", 1, False
    narrow.save(force_insert=True)
    for provision in national.provisions.all():
        CatalogueItemBasis.objects.create(item=narrow, provision=provision)
    row = penalty(None, office, cf_xdr_mc="林示例", cf_xdr_zjhm="990101199003078011")

    delivery = deliver(row | {"catalogue_item": "NC-T"}, row | {"catalogue_item": "NC-03-02"}, sender=office)

    assert verdict(delivery) == ("refused", ["personal_field_not_in_catalogue"])
    assert verdict(delivery, 2) == ("accepted", [])


@pytest.mark.proves("PUB-07", "INV-11", "SHR-04")
def test_a_penalty_of_a_class_that_its_regime_does_not_publish_closes_its_clock_and_says_why(
    office: Any, firm: Subject
) -> None:
    row = penalty(firm, office, cf_cflb="警告", cf_nr="警告", cf_nr_fk="")

    delivery = deliver(row, sender=office)

    publication = act_of(delivery).publication
    assert verdict(delivery) == ("accepted", [])
    assert publication.state == Clock.NOT_DISCLOSABLE
    assert "NC-03-02" in publication.closed_reason
    assert "minor" in publication.closed_reason
    assert not DisclosedRecord.objects.exists()


@pytest.mark.proves("PUB-13", "ORG-03")
def test_a_body_below_county_level_has_no_clock_and_one_at_county_level_has(office: Any, firm: Subject) -> None:
    station = agency("示例街道办事处", level="below_county", superior=office)
    bureau = agency("示例区城管局", level="county", superior=office)

    below = act_of(deliver(penalty(firm, station), sender=office)).publication
    county = act_of(deliver(penalty(firm, bureau), sender=office)).publication

    assert (below.starts_on, below.due_on, below.state) == (None, None, Clock.PUBLISHED)
    assert county.starts_on == today()
    assert county.due_on is not None


@pytest.mark.proves("PUB-04", "SHR-09")
def test_both_days_of_publication_and_the_departments_channel_are_kept(office: Any, firm: Subject) -> None:
    day = today() - timedelta(days=3)

    publication = act_of(
        deliver(penalty(firm, office, cf_jdrq=day, source_public_on=day + timedelta(days=1)), sender=office)
    ).publication

    assert (publication.source_public_on, publication.public_from) == (day + timedelta(days=1), today())
    assert publication.state == Clock.AGGREGATED
    shown = DisclosedRecord.objects.get()
    assert (shown.channel_name, shown.source_public_on) == (office.channel_name, publication.source_public_on)


@pytest.mark.proves("PUB-02", "INV-18")
def test_a_late_delivery_is_marked_with_the_legal_day_and_whose_delay_it_was(office: Any, firm: Subject) -> None:
    day = date(2026, 3, 2)

    late = act_of(deliver(penalty(firm, office, cf_jdrq=day), sender=office)).publication
    prompt = act_of(
        deliver(penalty(firm, office, cf_jdrq=day, source_public_on=date(2026, 3, 5)), sender=office)
    ).publication

    assert (late.due_on, late.late_since, late.delay_by) == (date(2026, 3, 11), date(2026, 3, 12), "department")
    assert late.state == Clock.PUBLISHED_LATE
    assert (prompt.late_since, prompt.state) == (None, Clock.AGGREGATED)


@pytest.mark.proves("SHR-10", "INV-14")
def test_the_last_day_is_the_earlier_of_the_departments_own_and_the_regimes_longest(office: Any, firm: Subject) -> None:
    day = date(2026, 5, 6)  # R3: an ordinary penalty shows for at most a year
    own, too_long = date(2026, 12, 1), date(2030, 1, 1)
    rows = [penalty(firm, office, cf_jdrq=day, source_public_on=day, cf_gsjzq=last) for last in ("", own, too_long)]

    delivery = deliver(*rows, sender=office)

    lasts = [act_of(delivery, n).publication.public_until for n in (1, 2, 3)]
    assert lasts == [date(2027, 5, 6), own, date(2027, 5, 6)]
    assert delivery.rows[2].warnings == ["public_until_too_late"]


@pytest.mark.proves("PUB-10", "INV-19")
def test_a_last_day_in_a_year_not_announced_refuses_the_sum_and_never_the_act(
    office: Any, firm: Subject, travel: Any
) -> None:
    travel(date(2026, 12, 30))

    delivery = deliver(penalty(firm, office), sender=office)

    assert verdict(delivery) == ("accepted", [])
    assert delivery.rows[0].warnings == ["calendar_year_unknown"]
    publication = act_of(delivery).publication
    assert (publication.starts_on, publication.due_on, publication.state) == (date(2026, 12, 30), None, Clock.PUBLISHED)


def test_the_database_halves_a_chunk_to_find_the_row_it_refuses(office: Any, firm: Subject, monkeypatch: Any) -> None:
    from records.services import intake

    real = intake.judge

    def careless(row: Any, world: Any) -> Any:
        found = real(row, world)
        if row.n == 3 and found.facts:
            found.facts.severity = ""  # the constraint on the class of a penalty refuses it
        return found

    monkeypatch.setattr(intake, "judge", careless)

    delivery = deliver(*[penalty(firm, office) for _n in range(5)], sender=office)

    assert [row.verdict for row in delivery.rows] == ["accepted", "accepted", "refused", "accepted", "accepted"]
    assert verdict(delivery, 3)[1] == ["administrativeact_penalty_has_its_class"]
    assert BasisDocument.objects.count() == Publication.objects.count() == 4
