"""What becomes of records when their catalogue item ends (CAT-19)."""

from datetime import date
from typing import Any

import pytest

from casework.calendar import today
from casework.errors import NotAllowed, Refused, WrongState
from catalogs.models import CatalogueItem
from disclosure.models import Record as DisclosedRecord
from records.jobs import sweep
from records.models import AdministrativeAct, ItemReview
from records.services import reviews
from subjects.models import Subject
from tests.factories import act_of, agency, deliver, officer, penalty

pytestmark = pytest.mark.django_db

LAST_DAY = date(2026, 11, 20)


@pytest.fixture
def act(office: Any, firm: Subject) -> AdministrativeAct:
    return act_of(deliver(penalty(firm, office), sender=office))


def retire(act: AdministrativeAct) -> None:
    CatalogueItem.objects.filter(pk=act.item_id).update(state="retired", in_force_to=LAST_DAY)


@pytest.fixture
def review(act: AdministrativeAct, travel: Any) -> ItemReview:
    retire(act)
    travel(date(2026, 11, 23))
    sweep(today())
    return ItemReview.objects.get()


@pytest.mark.proves("CAT-19")
def test_a_retired_item_takes_no_new_record_from_the_day_after_its_last(
    office: Any, firm: Subject, act: AdministrativeAct, travel: Any
) -> None:
    retire(act)
    travel(date(2026, 11, 23))

    late = deliver(penalty(firm, office, cf_jdrq="2026-11-23"), sender=office)
    in_time = deliver(penalty(firm, office, cf_jdrq=str(LAST_DAY)), sender=office)

    assert [r["rule"] for r in late.rows[0].refusals] == ["catalogue_item_not_in_force"]
    assert in_time.rows[0].verdict == "accepted"


@pytest.mark.proves("CAT-19")
def test_every_record_under_a_retired_item_comes_into_the_review_queue_once(
    act: AdministrativeAct, travel: Any
) -> None:
    retire(act)
    on_the_last_day = sweep(today())["to_review"]
    travel(date(2026, 11, 23))

    first, second = sweep(today())["to_review"], sweep(today())["to_review"]

    assert (on_the_last_day, first, second) == (0, 1, 0)
    assert (ItemReview.objects.get().record, ItemReview.objects.get().state) == (act.record, "open")


def test_a_record_that_is_kept_stands_and_is_not_asked_about_again(
    office: Any, act: AdministrativeAct, review: ItemReview
) -> None:
    kept = reviews.keep(review.pk, by=officer("reviewer", office), on=today(), reason="决定时目录有效")

    act.refresh_from_db()
    assert (kept.state, act.state, sweep(today())["to_review"]) == ("kept", "effective", 0)
    with pytest.raises(WrongState):
        reviews.withdraw(review.pk, by=officer("reviewer", office), on=today(), reason="又想撤回")


@pytest.mark.proves("CAT-19")
def test_a_record_that_does_not_outlive_its_item_is_gone_at_once(
    office: Any, act: AdministrativeAct, review: ItemReview
) -> None:
    before = DisclosedRecord.objects.filter(public_id=act.public_id).count()

    reviews.withdraw(review.pk, by=officer("reviewer", office), on=today(), reason="新目录不再归集")

    act.refresh_from_db()
    assert (before, DisclosedRecord.objects.filter(public_id=act.public_id).count()) == (1, 0)
    assert (act.state, act.record.state) == ("withdrawn", "withdrawn")


def test_the_review_is_for_an_officer_of_that_department_with_a_reason(office: Any, review: ItemReview) -> None:
    for somebody in (officer("reviewer", agency("示例市财政局")), officer("clerk", office)):
        with pytest.raises(NotAllowed):
            reviews.keep(review.pk, by=somebody, on=today(), reason="越权")
    with pytest.raises(Refused) as bare:
        reviews.keep(review.pk, by=officer("reviewer", office), on=today(), reason=" ")

    review.refresh_from_db()
    assert (bare.value.rule, review.state) == ("reason_missing", "open")
