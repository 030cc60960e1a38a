"""Circulars: who writes to whom about what, frozen figures, one answer, and what of it waits in the queue."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Agency, User
from casework.calendar import today
from casework.errors import NotAllowed, Refused, WrongState
from casework.models import AuditEvent
from records.admin.circulars import waiting_circulars
from records.figures import DEFINITIONS, Period, of_agency
from records.models import Circular
from records.services.circulars import answer_circular, issue_circular
from records.states import CircularState
from subjects.models import Subject
from tests.factories import agency, deliver, officer, penalty
from tests.records.test_clock_desk import seen, signed_in

pytestmark = pytest.mark.django_db
YEAR, ANSWER_BY = Period.parse("2026"), date(2026, 12, 4)


@pytest.fixture
def lead() -> Agency:
    return agency("示例市信用办", kind=Agency.Kind.LOCAL_LEAD_UNIT)


@pytest.fixture
def coordinator(lead: Agency) -> User:
    return officer("coordinator", lead)


@pytest.fixture
def late(office: Agency, firm: Subject) -> Agency:
    """A department with one act in time and one that was not."""
    deliver(penalty(firm, office, cf_jdrq=date(2026, 3, 2)), sender=office)
    deliver(penalty(firm, office, cf_jdrq=date(2026, 11, 18)), sender=office)
    return office


def issued(to: Agency, by: User, **changes: Any) -> Circular:
    values = {"period": YEAR, "text": "请说明原因。", "answer_by": ANSWER_BY, "on": today()}
    return issue_circular(to.pk, by=by, **values | changes)  # type: ignore[arg-type]


@pytest.mark.proves("STA-04")
def test_a_circular_keeps_the_figures_of_its_day(late: Agency, coordinator: User, firm: Subject) -> None:
    before = of_agency(late, YEAR, on=today())

    circular = issued(late, coordinator)
    deliver(penalty(firm, late, cf_jdrq=date(2026, 4, 1)), sender=late)

    circular.refresh_from_db()
    assert circular.figures == before.as_json()
    assert of_agency(late, YEAR, on=today()).late == before.late + 1
    assert AuditEvent.objects.get(ref=circular.ref).name == "circular.issued"


@pytest.mark.parametrize("change", [{"figures": {}}, {"text": "另一份"}, {"issued_on": date(2026, 1, 1)}])
def test_what_was_written_stays_as_it_was_written(late: Agency, coordinator: User, change: dict[str, Any]) -> None:
    circular = issued(late, coordinator)

    with pytest.raises(IntegrityError, match="what is written stays"), transaction.atomic():
        Circular.objects.filter(pk=circular.pk).update(**change)


@pytest.mark.parametrize("role", ["clerk", "reviewer", "auditor", "publisher"])
def test_only_a_coordinator_writes(role: str, late: Agency) -> None:
    with pytest.raises(NotAllowed):
        issued(late, officer(role, late))

    assert not Circular.objects.exists()


def test_he_writes_to_bodies_of_his_region_only(late: Agency, coordinator: User, firm: Subject) -> None:
    outside = agency("邻市应急管理局", region="880100")
    deliver(penalty(firm, outside, cf_jdrq=date(2026, 3, 2)), sender=outside)

    with pytest.raises(NotAllowed):
        issued(outside, coordinator)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"text": "  "}, "reason_missing"),
        ({"answer_by": date(2026, 11, 20)}, "dates_out_of_order"),
        ({"period": Period.parse("2026-12")}, "date_in_future"),
        ({"period": Period.parse("2026-10")}, "nothing_late"),
    ],
)
def test_a_letter_says_something_about_something_with_a_day_to_answer(
    late: Agency, coordinator: User, changes: dict[str, Any], rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        issued(late, coordinator, **changes)

    assert refused.value.rule == rule


def test_a_second_letter_about_the_same_waits_for_the_answer_to_the_first(late: Agency, coordinator: User) -> None:
    first = issued(late, coordinator)
    with pytest.raises(WrongState):
        issued(late, coordinator)

    answer_circular(first.pk, answer="系统故障，已修复。", by=officer("reviewer", late), on=today())

    assert issued(late, coordinator).pk != first.pk


@pytest.mark.parametrize("answer", ["已查明原因，本月底前改进。"])
def test_a_reviewer_of_that_body_answers_once(late: Agency, coordinator: User, answer: str) -> None:
    circular, reviewer = issued(late, coordinator), officer("reviewer", late)

    answered = answer_circular(circular.pk, answer=answer, by=reviewer, on=today())

    assert (answered.state, answered.answer, answered.answered_by, answered.answered_on) == (
        CircularState.ANSWERED, answer, reviewer, today(),
    )  # fmt: skip
    with pytest.raises(WrongState):
        answer_circular(circular.pk, answer="另一份", by=reviewer, on=today())


def test_nobody_else_answers_and_nothing_is_no_answer(late: Agency, coordinator: User) -> None:
    circular = issued(late, coordinator)
    for user in (officer("clerk", late), officer("reviewer", agency("示例市应急管理局")), coordinator):
        with pytest.raises(NotAllowed):
            answer_circular(circular.pk, answer="已改进", by=user, on=today())

    with pytest.raises(Refused):
        answer_circular(circular.pk, answer=" ", by=officer("reviewer", late), on=today())

    circular.refresh_from_db()
    assert circular.state == CircularState.ISSUED


def test_it_waits_for_the_reviewer_and_comes_back_to_the_writer_when_it_is_late(
    late: Agency, lead: Agency, coordinator: User, travel: Any
) -> None:
    circular = issued(late, coordinator)
    reviewer = officer("reviewer", late)

    def queue(user: User) -> list[tuple[str, date | None]]:
        return [(line.group, line.due_on) for line in waiting_circulars(user, today())]

    assert (queue(reviewer), queue(coordinator)) == ([("mine", ANSWER_BY)], [])
    travel(date(2026, 12, 7))
    assert (queue(reviewer), queue(coordinator)) == ([("mine", ANSWER_BY)], [("agency", ANSWER_BY)])

    answer_circular(circular.pk, answer="已改进", by=reviewer, on=today())
    assert (queue(reviewer), queue(coordinator)) == ([], [])


# --- Pages


def test_the_whole_way_through_the_pages(late: Agency, coordinator: User) -> None:
    departments = seen(coordinator, "/admin/clock/departments/?period=2026")
    address = f"{reverse('admin:circular_new')}?agency={late.unified_code}&period=2026"
    assert address in departments
    seen(coordinator, address)

    made = signed_in(coordinator).post(address, {"text": "请说明原因。", "answer_by": "2026-12-04"})
    circular = Circular.objects.get()
    assert made.headers["Location"] == reverse("admin:circular", args=[circular.uuid])
    answer = reverse("admin:circular_answer", args=[circular.uuid])
    reviewer = officer("reviewer", late)
    assert answer in seen(reviewer, made.headers["Location"])
    assert answer not in seen(coordinator, made.headers["Location"])
    assert signed_in(reviewer).post(answer, {"answer": "已改进。"}).status_code == 302

    page = seen(coordinator, made.headers["Location"])
    assert "已改进。" in page
    figures = page[page.index('id="figures"') : page.index('id="answer"')]
    places = [figures.index(f">{words}<") for words in map(str, DEFINITIONS.values())]
    assert places == sorted(places)  # the table keeps an order that JSON does not
    assert late.name in seen(coordinator, reverse("admin:records_circular_changelist"))


def test_a_refused_letter_keeps_what_was_typed(late: Agency, coordinator: User) -> None:
    address = f"{reverse('admin:circular_new')}?agency={late.unified_code}&period=2026"

    answer = signed_in(coordinator).post(address, {"text": "请逐项说明", "answer_by": "2026-11-01"})

    assert answer.status_code == 422
    assert "请逐项说明" in answer.content.decode()
    assert not Circular.objects.exists()


def test_who_is_not_concerned_does_not_know_of_it(late: Agency, coordinator: User) -> None:
    circular = issued(late, coordinator)
    stranger = officer("reviewer", agency("示例市应急管理局"))

    for name in ("circular", "circular_answer"):
        address = reverse(f"admin:{name}", args=[circular.uuid])
        assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(stranger).get(reverse("admin:circular", args=[uuid4()])).status_code == 404
    assert late.name not in seen(stranger, reverse("admin:records_circular_changelist"))


def test_a_clerk_is_told_who_writes_circulars(late: Agency) -> None:
    address = f"{reverse('admin:circular_new')}?agency={late.unified_code}&period=2026"

    answer = signed_in(officer("clerk", late)).get(address)

    assert answer.status_code == 403
