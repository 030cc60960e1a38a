"""The review queue after a catalogue item's end (CAT-19): each record under it is kept or withdrawn, with a reason."""

from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from casework.actors import SYSTEM
from casework.audit import move, record
from casework.errors import WrongState
from casework.four_eyes import check_another_human, check_has_reason
from casework.verbs import verb
from catalogs.states import EditionState
from records.models import ItemReview, Record
from records.office_rules import acting_body, check_is_officer
from records.services.facts import LIVE, hold_subject, withdraw_in_transaction
from records.states import ItemReviewState, Untrustworthiness
from subjects.rules import check_no_own_relation


def under_ended_items(on: date) -> QuerySet[Record]:
    """Records in effect whose catalogue item has been retired, and that nobody has been asked about yet."""
    return Record.objects.filter(
        state__in=LIVE, item__state=EditionState.RETIRED, item__in_force_to__lt=on, item_review=None
    )


@verb
def open_item_review(record_id: int, *, on: date) -> ItemReview | None:
    """Put one record into the review queue. Nothing happens if it is there, or no longer stands."""
    hold_subject(Record.objects.values_list("subject_id", flat=True).get(pk=record_id))
    made = under_ended_items(on).select_related("subject").filter(pk=record_id).first()
    if made is None:
        return None
    review = ItemReview.objects.create(record=made, opened_on=on)
    record(review, "item_review.opened", by=SYSTEM, after=review.state, record=made.uuid)
    return review


def check_may_review_item(review: ItemReview, *, by: User, on: date) -> None:
    """An officer of the determining department or above, not the human who drafted the record."""
    acting_body(check_is_officer(by), Permission.REVIEW_ITEM, of=review.record.determining_department, on=on)
    check_another_human(by, review.record.prepared_by_identity_id)
    check_no_own_relation(by, review.record.subject, on=on)


def check_waits(review: ItemReview) -> None:
    if review.state != ItemReviewState.OPEN:
        raise WrongState(_("This review is “%(state)s”.") % {"state": review.get_state_display()})


@verb
def keep(review_id: int, *, by: User, on: date, reason: str) -> ItemReview:
    """The record stays: it was lawful on the day of its decision."""
    return _decide(review_id, ItemReviewState.KEPT, event="item_review.kept", by=by, on=on, reason=reason)


@verb
def withdraw(review_id: int, *, by: User, on: date, reason: str) -> ItemReview:
    """The record does not outlive its item: it and its act are withdrawn at once."""
    review = _decide(review_id, ItemReviewState.WITHDRAWN, event="item_review.withdrawn", by=by, on=on, reason=reason)
    made = review.record
    if made.state not in LIVE:
        raise WrongState(_("%(record)s has moved on; please reload.") % {"record": made}, rule="moved_on")
    if made.act_id is not None:
        withdraw_in_transaction(made.act_id, by=by, reason=reason)
    else:
        move(made, Untrustworthiness.WITHDRAWN, event="record.withdrawn", by=by, reason=reason, verification_since=None)
    return review


def _decide(review_id: int, to: ItemReviewState, *, event: str, by: User, on: date, reason: str) -> ItemReview:
    hold_subject(ItemReview.objects.values_list("record__subject_id", flat=True).get(pk=review_id))
    review = (
        ItemReview.objects.select_for_update(of=("self",), no_key=True)
        .select_related("record__subject", "record__determining_department")
        .get(pk=review_id)
    )
    check_may_review_item(review, by=by, on=on)
    check_has_reason(reason)
    review.reason = reason
    review.save(update_fields=["reason"])
    move(review, to, event=event, by=by, reason=reason, decided_by=by, decided_at=timezone.now())
    return review
