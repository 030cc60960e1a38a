"""Records made at a desk, and the tolerance review by a second human (REC-07, REC-09 to REC-11)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Deputy, User
from casework.actors import SYSTEM
from casework.calendar import today
from casework.errors import NotAllowed, Refused, WrongState
from casework.models import AuditEvent
from catalogs.models import CatalogueItem
from records import services
from records.models import BasisDocument, Record, ToleranceReview
from records.services import tolerance
from subjects.models import Subject
from tests.factories import agency, officer
from tests.records.test_facts import adverse_item, judgment, record_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(office: Any, firm: Subject) -> BasisDocument:
    made = judgment(firm, office)
    return services.take_effect(made.pk, by=SYSTEM, on=today())


def drafted(document: BasisDocument, by: User, **changes: Any) -> Record:
    values: dict[str, Any] = {
        "item_code": adverse_item(document.type), "nature": "拒不履行", "severity": "ordinary", "occasion": "supervision",
        "by": by, "on": today(),
    }  # fmt: skip
    return tolerance.draft_record(document.pk, **values | changes)


def flagged(document: BasisDocument, by: User, *flags: str) -> Record:
    made = drafted(document, by, flags=flags or ("force_majeure",))
    return tolerance.submit(made.pk, by=by, on=today())


def review(made: Record, by: User, **changes: Any) -> Record:
    values = {"opinion": "疫情期间，已及时补救", "may_record": True, "by": by, "on": today()}
    return tolerance.review_tolerance(made.pk, **values | changes)


# ── drafts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-07", "SUB-08", "ORG-02")
def test_a_draft_names_the_occasion_the_phase_and_the_department_and_takes_effect_through_the_gate(
    office: Any, document: BasisDocument
) -> None:
    clerk = officer("clerk", office)

    made = drafted(document, clerk, occasion="registration", phase="before")
    taken = tolerance.submit(made.pk, by=clerk, on=today())

    assert (made.state, made.prepared_by_identity) == ("draft", clerk.identity)
    assert (taken.state, taken.occasion, taken.phase) == ("effective", "registration", "before")
    assert (taken.determining_department, taken.region_id) == (office, office.region_id)
    names = list(AuditEvent.objects.filter(ref=made.ref).order_by("seq").values_list("name", flat=True))
    assert names == ["record.drafted", "record.took_effect"]


@pytest.mark.proves("REC-07", "SUB-08")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"occasion": ""}, "occasion"),
        ({"occasion": "gossip"}, "occasion"),
        ({"phase": "later"}, "phase"),
        ({"severity": "huge"}, "severity"),
        ({"flags": ["bad_luck"]}, "flags"),
        ({"nature": " "}, "nature"),
    ],
)
def test_what_a_draft_says_comes_from_closed_lists(
    office: Any, document: BasisDocument, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        drafted(document, officer("clerk", office), **change)

    assert (refused.value.field, Record.objects.count()) == (field, 0)


@pytest.mark.proves("CAT-15")
def test_a_record_by_a_department_without_the_power_for_the_item_is_refused(
    office: Any, document: BasisDocument, firm: Subject
) -> None:
    courts = CatalogueItem.objects.in_force(today()).filter(adverse=True, determined_by=["judicial_organ"]).first()
    court = agency("示例市人民法院", kind="judicial_organ")
    ruling = services.register_document(
        document_type=courts.basis_types[0], number="示法〔2026〕1号", issuer=court, subject_id=firm.pk, conduct="拒不履行",
        decided_on=today(), effective_on=today(), by=SYSTEM, on=today(),
    )  # fmt: skip
    own = services.register_document(
        document_type=courts.basis_types[0], number="示裁〔2026〕9号", issuer=office, subject_id=firm.pk, conduct="拒不履行",
        decided_on=today(), effective_on=today(), by=SYSTEM, on=today(),
    )  # fmt: skip

    with pytest.raises(Refused) as lacking:
        drafted(own, officer("clerk", office), item_code=courts.code)
    with pytest.raises(NotAllowed):
        drafted(ruling, officer("clerk", office), item_code=courts.code)

    assert lacking.value.rule == "no_power_for_item"
    assert drafted(ruling, officer("clerk", court), item_code=courts.code).state == "draft"


def test_a_draft_may_wait_for_its_document_and_takes_effect_with_it_only(office: Any, firm: Subject) -> None:
    clerk = officer("clerk", office)
    document = judgment(firm, office)
    made = drafted(document, clerk)

    with pytest.raises(Refused) as early:
        tolerance.submit(made.pk, by=clerk, on=today())
    services.take_effect(document.pk, by=SYSTEM, on=today())
    taken = tolerance.submit(made.pk, by=clerk, on=today())

    assert (early.value.rule, taken.state) == ("basis_not_effective", "effective")
    with pytest.raises(WrongState):
        tolerance.submit(made.pk, by=clerk, on=today())


def test_nobody_drafts_for_another_body_and_no_reviewer_drafts(office: Any, document: BasisDocument) -> None:
    for somebody in (officer("clerk", agency("示例市财政局")), officer("reviewer", office)):
        with pytest.raises(NotAllowed):
            drafted(document, somebody)


# ── the review ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-09", "REC-10", "REC-11")
@pytest.mark.parametrize("flag", ["minor", "force_majeure", "minor_unintentional"])
def test_flagged_conduct_waits_for_the_written_opinion_of_a_second_human(
    office: Any, document: BasisDocument, flag: str
) -> None:
    clerk, second = officer("clerk", office), officer("reviewer", office)
    made = flagged(document, clerk, flag)

    with pytest.raises(Refused) as unwritten:
        review(made, second, opinion=" ")
    taken = review(made, second)

    assert (made.state, unwritten.value.rule, taken.state) == ("tolerance_review", "reason_missing", "effective")
    kept = ToleranceReview.objects.get()
    assert (kept.reviewed_by_identity, kept.may_record) == (second.identity, True)


@pytest.mark.proves("INV-09")
def test_the_one_gate_holds_back_flagged_conduct_whichever_verb_records_it(
    office: Any, document: BasisDocument
) -> None:
    made = record_on(document, office, flags=["minor"])

    assert made.state == "tolerance_review"
    assert review(made, officer("reviewer", office)).state == "effective"


@pytest.mark.proves("REC-09")
def test_what_may_not_be_recorded_ends_there_and_does_not_come_back_on_the_same_document(
    office: Any, document: BasisDocument
) -> None:
    clerk, second = officer("clerk", office), officer("reviewer", office)

    ended = review(flagged(document, clerk), second, may_record=False)

    assert ended.state == "not_recorded"
    with pytest.raises(Refused):
        drafted(document, clerk)
    with pytest.raises(WrongState):
        review(ended, second)


@pytest.mark.parametrize("way", ["the same account", "a deputy", "a second account"])
def test_whoever_drafted_reviews_nothing_whatever_account_or_posting_he_uses(
    office: Any, document: BasisDocument, way: str
) -> None:
    second = officer("reviewer", office)
    hand = officer("clerk", office)
    made = flagged(document, hand)
    if way == "the same account":
        hand.postings.create(agency=office, role="reviewer", valid_from=date(2020, 1, 1))
    if way == "a deputy":
        Deputy.objects.create(
            posting=second.postings.get(), user=hand, valid_from=today(), valid_to=today() + timedelta(days=3)
        )
    if way == "a second account":
        User.objects.filter(pk=hand.pk).update(is_active=False)
        hand = User.objects.create(username="second", kind="staff", identity=hand.identity)
        hand.postings.create(agency=office, role="reviewer", valid_from=date(2020, 1, 1))

    with pytest.raises(Refused) as refused:
        review(made, hand)

    made.refresh_from_db()
    assert (refused.value.rule, made.state) == ("own_draft", "tolerance_review")


def test_a_reviewer_of_another_body_or_a_clerk_reviews_nothing(office: Any, document: BasisDocument) -> None:
    made = flagged(document, officer("clerk", office))

    for somebody in (officer("reviewer", agency("示例市财政局")), officer("clerk", office)):
        with pytest.raises(NotAllowed):
            review(made, somebody)


def test_a_good_opinion_on_a_document_that_was_stayed_meanwhile_leaves_a_draft(
    office: Any, document: BasisDocument
) -> None:
    made = flagged(document, officer("clerk", office))
    type(document).objects.filter(pk=document.pk).update(state="effective")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO casework_attachment (uuid, sha256, bytes, media_type, original_name, served_sha256, stored_at,"
            " stored_by) VALUES (gen_random_uuid(), '', 1, 'application/pdf', 'x', '', now(), gen_random_uuid())"
            " RETURNING id"
        )
        (order,) = cursor.fetchone()
    type(document).objects.filter(pk=document.pk).update(state="stayed", order=order)

    assert review(made, officer("reviewer", office)).state == "draft"


# ── the database as last judge ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("INV-09")
@pytest.mark.parametrize("review_by", [None, "the drafter"])
def test_the_database_itself_keeps_a_flagged_record_from_taking_effect(
    office: Any, document: BasisDocument, review_by: str | None
) -> None:
    clerk = officer("clerk", office)
    made = drafted(document, clerk, flags=["minor"])
    if review_by:
        ToleranceReview.objects.create(record=made, opinion="自己审的", may_record=True, reviewed_by=clerk)

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Record.objects.filter(pk=made.pk).update(state="effective")

    assert refused.value.__cause__.diag.constraint_name == "tolerance_review_missing"  # type: ignore[union-attr]


@pytest.mark.proves("INV-09")
def test_the_database_itself_keeps_flags_on_a_record_that_is_reviewed(office: Any, document: BasisDocument) -> None:
    made = flagged(document, officer("clerk", office))

    with pytest.raises(IntegrityError, match="its flags stay"), transaction.atomic():
        Record.objects.filter(pk=made.pk).update(flags=[])
