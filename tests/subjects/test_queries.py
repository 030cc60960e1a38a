"""Looks at what is not public: registered before anything leaves, flagged by rule, reviewed by somebody else."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Identity, Posting, User
from casework import privacy
from casework.actors import SYSTEM
from casework.calendar import today
from casework.errors import NotAllowed, Refused, WrongState
from casework.models import AuditEvent, Refusal
from casework.verbs import verb
from subjects import invariants, jobs, rules
from subjects.models import Person, Position, QueryReceipt, Subject
from subjects.services import (
    mark_public_body,
    register_query,
    reveal_number,
    review_query,
    sample_for_review,
)
from subjects.states import Channel, Mark, PublicBody, QueryPurpose, QueryState, Role
from tests.factories import agency, officer, region, subject

NUMBER = "990100199003070019"  # invented, with the right check


@pytest.fixture
def firm(db: None) -> Subject:
    return subject()


@pytest.fixture
def clerk(db: None) -> User:
    return officer("clerk", agency())


def look(by: User, at: Subject | None = None, **changes: Any) -> QueryReceipt:
    values: dict[str, Any] = {
        "purpose": QueryPurpose.DETERMINATION, "matter": "示市监案〔2026〕7号", "reason": "核对处罚决定",
        "channel": Channel.OFFICE, "fields": ["names", "acts"], "on": today(),
    }  # fmt: skip
    return register_query(by=by, subject=at, **values | changes)


def connected(user: User, to: Subject, *, until: date | None = None) -> Person:
    """Make the officer a senior manager of the subject, under the same invented number."""
    person = Person.objects.create(name="示例某甲", name_masked="示**")
    privacy.keep(person.uuid, NUMBER)
    key, digest = privacy.look_up_digests(NUMBER, privacy.Document.RESIDENT_IDENTITY)[0]
    user.identity = Identity.objects.create(digest_key=key, digest=digest)
    user.save()
    Position.objects.create(person=person, subject=to, role=Role.SENIOR_MANAGER, valid_from=None, valid_to=until)
    return person


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("SEC-02")
def test_a_look_is_committed_with_who_for_whom_about_whom_what_for_and_which_fields() -> None:
    reader, firm = officer("clerk", agency()), subject()

    receipt = look(reader, firm)

    assert not connection.in_atomic_block
    kept = QueryReceipt.objects.get()
    assert (kept.user, kept.agency_id, kept.subject, kept.purpose) == (reader, reader.agency_id, firm, "determination")
    assert (kept.fields, kept.state, kept.marks, kept.rows) == (["names", "acts"], "registered", [], 1)
    assert kept.number == receipt.number
    line = AuditEvent.objects.get(name="query.registered")
    assert (line.chain, line.ref, line.actor) == (reader.uuid, receipt.ref, reader.uuid)
    with pytest.raises(DatabaseError), transaction.atomic():
        QueryReceipt.objects.update(purpose="court")


@pytest.mark.django_db(transaction=True)
def test_inside_a_verb_no_look_can_be_registered_for_it_could_be_rolled_back() -> None:
    reader = officer("clerk", agency())

    @verb
    def act(*, by: User) -> None:
        look(by)

    with pytest.raises(RuntimeError, match="durable"):
        act(by=reader)
    assert not QueryReceipt.objects.exists()


@pytest.mark.proves("SEC-01")
@pytest.mark.parametrize("role", sorted(rules.PURPOSES_OF))
def test_only_the_defined_combinations_of_role_and_purpose_are_looked_for(role: str, firm: Subject) -> None:
    reader = officer(role, agency())
    for purpose in QueryPurpose:
        if purpose in rules.PURPOSES_OF[role]:
            assert look(reader, firm, purpose=purpose).purpose == purpose
        else:
            with pytest.raises(Refused) as refused:
                look(reader, firm, purpose=purpose)
            assert refused.value.rule == "purpose_not_defined_for_role"
            assert Refusal.objects.filter(rule="purpose_not_defined_for_role", actor=reader.uuid).exists()


@pytest.mark.parametrize("role", ["rule_keeper", "account_keeper"])
def test_a_role_without_cases_looks_for_nothing(role: str, firm: Subject) -> None:
    reader = officer(role, agency())

    assert rules.purposes_of(reader, on=today()) == []
    with pytest.raises(Refused):
        look(reader, firm)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"purpose": "curiosity"}, "purpose_missing"),
        ({"matter": "  "}, "case_missing"),
        ({"reason": ""}, "reason_missing"),
    ],
)
def test_purpose_case_and_reason_are_asked_for(changes: dict[str, str], rule: str, clerk: User, firm: Subject) -> None:
    with pytest.raises(Refused) as refused:
        look(clerk, firm, **changes)

    assert refused.value.rule == rule
    assert Refusal.objects.get().rule == rule
    assert not QueryReceipt.objects.exists()


@pytest.mark.proves("SEC-07")
def test_a_look_without_a_case_or_outside_the_region_is_flagged_at_once(clerk: User, firm: Subject) -> None:
    elsewhere = subject(region="990200")

    own = look(clerk, firm, purpose=QueryPurpose.OWN_REQUEST, matter="")
    far = look(clerk, elsewhere)
    plain = look(clerk, firm)

    assert (own.state, own.marks) == (QueryState.FLAGGED, [Mark.WITHOUT_MATTER])
    assert (far.state, far.marks) == (QueryState.FLAGGED, [Mark.OUTSIDE_REGION])
    assert (plain.state, plain.marks) == (QueryState.REGISTERED, [])
    moves = AuditEvent.objects.filter(ref=own.ref).order_by("seq").values_list("name", "before", "after", "actor")
    assert list(moves) == [
        ("query.registered", "", "registered", clerk.uuid),
        ("query.flagged", "registered", "flagged", SYSTEM.uuid),
    ]


def test_an_auditor_supervises_everywhere_and_without_a_case(firm: Subject) -> None:
    auditor = officer("auditor", agency(region="990200"))
    region("990300")

    receipt = look(auditor, firm, purpose=QueryPurpose.SUPERVISION, matter="")

    assert receipt.state == QueryState.REGISTERED


@pytest.mark.proves("SEC-07")
def test_who_holds_a_position_in_a_subject_does_not_look_and_the_attempt_is_flagged(clerk: User, firm: Subject) -> None:
    connected(clerk, firm)

    with pytest.raises(Refused) as refused:
        look(clerk, firm)

    assert refused.value.rule == "own_relation"
    receipt = QueryReceipt.objects.get()
    assert (receipt.state, receipt.marks, receipt.rows) == (QueryState.FLAGGED, [Mark.OWN_RELATION], 0)
    assert Refusal.objects.get().rule == "own_relation"
    assert look(clerk, subject()).state == QueryState.REGISTERED


def test_a_position_of_the_past_is_no_relation_but_the_own_number_is(clerk: User, firm: Subject) -> None:
    me = connected(clerk, firm, until=today() - timedelta(days=1))

    rules.check_no_own_relation(clerk, firm, on=today())
    with pytest.raises(Refused):
        rules.check_no_own_relation(clerk, None, me, on=today())
    rules.check_no_own_relation(SYSTEM, firm, on=today())
    rules.check_no_own_relation(officer("clerk", agency()), firm, me, on=today())


@pytest.mark.proves("SEC-07")
def test_above_the_days_number_a_look_is_flagged_and_refused_and_tomorrow_it_is_not(
    clerk: User, firm: Subject, monkeypatch: pytest.MonkeyPatch, travel: Any
) -> None:
    monkeypatch.setattr(rules, "LOOKS_A_DAY", 3)
    for _n in range(3):
        look(clerk, firm)

    with pytest.raises(Refused) as refused:
        look(clerk, firm)

    assert refused.value.rule == "daily_looks_used"
    assert "3" in str(refused.value)
    last = QueryReceipt.objects.order_by("-pk")[0]
    assert (last.state, last.marks, last.rows) == (QueryState.FLAGGED, [Mark.UNUSUAL_VOLUME], 0)
    assert look(officer("clerk", agency()), firm).state == QueryState.REGISTERED
    travel(today() + timedelta(days=1))
    assert look(clerk, firm).state == QueryState.REGISTERED


# --- Review


def reviewer_of(receipt: QueryReceipt) -> User:
    assert receipt.agency is not None
    return officer("reviewer", receipt.agency)


def test_a_flagged_look_is_cleared_or_found_an_incident_with_a_reason(clerk: User, firm: Subject) -> None:
    flagged = [look(clerk, firm, purpose="own_request", matter="") for _n in range(2)]
    reviewer = reviewer_of(flagged[0])
    asked: dict[str, Any] = {"by": reviewer, "on": today()}

    with pytest.raises(Refused) as refused:
        review_query(flagged[0].pk, to=QueryState.CLEARED, reason=" ", **asked)
    assert refused.value.rule == "reason_missing"
    cleared = review_query(flagged[0].pk, to=QueryState.CLEARED, reason="当事人书面申请在卷", **asked)
    found = review_query(flagged[1].pk, to=QueryState.INCIDENT, reason="无业务往来", **asked)

    assert (cleared.state, cleared.reviewed_by, found.state) == (QueryState.CLEARED, reviewer, QueryState.INCIDENT)
    assert found.review_reason == "无业务往来"
    with pytest.raises(WrongState):
        review_query(flagged[0].pk, to=QueryState.INCIDENT, reason="再看", **asked)


@pytest.mark.proves("SEC-03")
def test_nobody_reviews_their_own_look_nor_that_of_another_body(clerk: User, firm: Subject) -> None:
    receipt = look(clerk, firm)
    reviewer = reviewer_of(receipt)
    own = look(reviewer, firm)
    stranger = officer("reviewer", agency("另一机关"))

    with pytest.raises(Refused) as refused:
        review_query(own.pk, to=QueryState.REVIEWED_OK, by=reviewer, reason="", on=today())
    assert refused.value.rule == "own_query"
    for by in (stranger, clerk):
        with pytest.raises(NotAllowed):
            review_query(receipt.pk, to=QueryState.REVIEWED_OK, by=by, reason="", on=today())
    assert (
        review_query(receipt.pk, to=QueryState.REVIEWED_OK, by=reviewer, reason="", on=today()).state == "reviewed_ok"
    )


def test_a_second_account_of_the_reader_does_not_make_a_second_reader(clerk: User, firm: Subject) -> None:
    """One human may hold an account of each kind; the human counts, not the account."""
    receipt = look(clerk, firm)
    reviewer = reviewer_of(receipt)
    User.objects.filter(pk=clerk.pk).update(is_active=False)
    User.objects.filter(pk=reviewer.pk).update(identity=clerk.identity)
    reviewer.refresh_from_db()

    with pytest.raises(Refused) as refused:
        review_query(receipt.pk, to=QueryState.REVIEWED_OK, by=reviewer, reason="", on=today())

    assert refused.value.rule == "own_query"


@pytest.mark.proves("SEC-03")
def test_each_day_a_lot_of_yesterdays_looks_is_drawn_once(clerk: User, firm: Subject, travel: Any) -> None:
    for _n in range(25):
        look(clerk, firm)
    flagged = look(clerk, firm, purpose="own_request", matter="")
    assert jobs.sample_queries() == 0
    travel(today() + timedelta(days=1))

    drawn = jobs.sample_queries()

    assert drawn == 2  # one of twenty, rounded up
    sampled = QueryReceipt.objects.filter(marks__contains=[Mark.SAMPLED])
    assert [each.state for each in sampled] == [QueryState.REGISTERED] * 2
    assert flagged.pk not in {each.pk for each in sampled}
    assert AuditEvent.objects.filter(name="query.sampled").count() == 2
    assert sample_for_review(on=today()) == 0


# --- The number of a person


def test_a_number_is_revealed_by_its_last_four_or_whole_and_leaves_two_lines(transactional_db: None) -> None:
    clerk = officer("clerk", agency())
    person = Person.objects.create(name="示例某乙", name_masked="示**")
    privacy.keep(person.uuid, NUMBER)
    asked: dict[str, Any] = {"by": clerk, "matter": "案7号", "reason": "送达", "on": today()}

    some = reveal_number(person, purpose="service", is_full=False, **asked)
    whole = reveal_number(person, purpose="service", is_full=True, **asked)

    assert some == {"resident_identity": "…0019"}
    assert whole == {"resident_identity": NUMBER}
    assert [r.fields for r in QueryReceipt.objects.order_by("pk")] == [
        ["identity_number_last_four"],
        ["identity_number"],
    ]
    assert AuditEvent.objects.filter(name="privacy.identity_read", actor=clerk.uuid).count() == 2
    assert invariants.broken_inv_64() == []


@pytest.mark.proves("SEC-02", "INV-64")
def test_when_the_receipt_cannot_be_written_no_number_leaves(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = officer("clerk", agency())
    person = Person.objects.create(name="示例某丙", name_masked="示**")
    privacy.keep(person.uuid, NUMBER)
    monkeypatch.setattr(
        QueryReceipt.objects, "create", lambda **_row: (_ for _ in ()).throw(DatabaseError("disk full"))
    )

    with pytest.raises(DatabaseError):
        reveal_number(person, by=clerk, purpose="service", matter="案7号", reason="送达", is_full=True, on=today())

    assert not AuditEvent.objects.filter(name="privacy.identity_read").exists()


@pytest.mark.proves("INV-64")
def test_the_auditor_finds_a_number_read_without_a_receipt(transactional_db: None) -> None:
    clerk = officer("clerk", agency())
    person = Person.objects.create(name="示例某丁", name_masked="示**")
    privacy.keep(person.uuid, NUMBER)

    privacy.reveal(person.uuid, by=clerk, purpose="service", case="案7号")

    assert [row.partition(":")[0] for row in invariants.broken_inv_64()] == ["read without receipt"]


def test_a_role_without_the_right_reveals_nothing(db: None) -> None:
    person = Person.objects.create(name="示例某戊", name_masked="示**")

    with pytest.raises(NotAllowed):
        reveal_number(
            person,
            by=officer("publisher", agency()),
            purpose="service",
            matter="1",
            reason="x",
            is_full=False,
            on=today(),
        )
    assert not QueryReceipt.objects.exists()


# --- Bodies of the public purse


@pytest.mark.proves("SUB-12")
def test_a_reviewer_marks_a_subject_as_a_body_of_the_public_purse_and_the_file_says_so(firm: Subject) -> None:
    reviewer = officer("reviewer", agency())
    values: dict[str, Any] = {"by": reviewer, "reason": "国有资本控股", "on": today()}

    mark_public_body(firm.pk, kind=PublicBody.STATE_OWNED_ENTERPRISE, **values)

    firm.refresh_from_db()
    assert firm.public_body == "state_owned_enterprise"
    line = AuditEvent.objects.get(name="subject.marked_public_body")
    assert (line.chain, line.before, line.after) == (firm.uuid, "", "state_owned_enterprise")
    with pytest.raises(WrongState):
        mark_public_body(firm.pk, kind=PublicBody.STATE_OWNED_ENTERPRISE, **values)
    assert mark_public_body(firm.pk, kind="", **values).public_body == ""


def test_the_mark_needs_the_right_a_reason_a_kind_of_the_list_and_no_relation(firm: Subject, clerk: User) -> None:
    reviewer = officer("reviewer", agency())
    values: dict[str, Any] = {"kind": PublicBody.STATE_ORGAN, "by": reviewer, "reason": "机关法人", "on": today()}

    with pytest.raises(NotAllowed):
        mark_public_body(firm.pk, **values | {"by": clerk})
    with pytest.raises(Refused):
        mark_public_body(firm.pk, **values | {"reason": ""})
    with pytest.raises(Refused):
        mark_public_body(firm.pk, **values | {"kind": "charity"})
    connected(reviewer, firm)
    with pytest.raises(Refused) as refused:
        mark_public_body(firm.pk, **values)
    assert refused.value.rule == "own_relation"
    assert Posting.objects.filter(user=reviewer).exists()
