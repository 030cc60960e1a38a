"""What officers do beside intake: hiding, tolerance review, review after an item's end, circulars."""

from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, Identity, User
from casework.models import Case, Timed
from casework.triggers import AppendOnly, ByHuman, Frozen, Machine, NoTruncate
from records import states
from records.models.facts import Record
from subjects.models import Subject


class Hide(Case, Timed):
    """One fact, one field of a fact, or all of one sender, off every public surface at once (design part 8, SHR-06).

    It takes effect with its order; a second human decides within a working day. A hide for personal data or secrets never
    lapses, any other is undone when nobody upholds it in time; a late one goes to the superior.
    """

    TRANSITIONS = states.HIDE

    what = models.CharField(max_length=8, choices=states.HideWhat.choices)
    fact = models.CharField(max_length=20, blank=True)  # public id, over all versions
    field = models.CharField(max_length=32, blank=True)  # a name in the content of the fact
    sender = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="+", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+", db_index=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="hides")  # which acts here; its superior is told
    ground = models.CharField(max_length=16, choices=states.HideGround.choices)
    reason = models.TextField()
    state = models.CharField(max_length=8, choices=states.HideState.choices, default=states.HideState.ORDERED)
    ordered_at = models.DateTimeField(auto_now_add=True)
    ordered_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    ordered_by_identity = models.ForeignKey(Identity, models.PROTECT, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_by_identity = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="+", db_index=False)
    decision_reason = models.TextField(blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("hide"), _("hides")
        constraints = [
            models.CheckConstraint(
                name="hide_names_what_it_hides",
                condition=Q(what="fact", field="", sender=None) & ~Q(fact="")
                | Q(what="field", sender=None) & ~Q(fact="") & ~Q(field="")
                | Q(what="sender", fact="", field="", sender__isnull=False),
            ),
            models.CheckConstraint(
                name="hide_is_decided_by_another_human",
                condition=Q(decided_by_identity=None) | ~Q(decided_by_identity=F("ordered_by_identity")),
            ),
            models.CheckConstraint(
                name="hide_decision_is_whole",
                condition=Q(state__in=["ordered", "lapsed"]) | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="hide_for_personal_data_or_secrets_never_lapses",
                condition=~Q(state="lapsed", ground__in=["personal_data", "secret"]),
            ),
            models.CheckConstraint(name="hide_has_a_reason", condition=~Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["fact"], condition=Q(state__in=["ordered", "upheld"]), name="hide_of_fact"),
            models.Index(fields=["sender"], condition=Q(state__in=["ordered", "upheld"]), name="hide_of_sender"),
            models.Index(fields=["due_on"], condition=Q(state="ordered"), name="hide_waiting"),
        ]
        triggers = [
            Machine(states.HIDE, first={states.HideState.ORDERED}),
            Frozen("uuid", "what", "fact", "field", "sender_id", "ground", "reason", "ordered_by_id", "ordered_at"),
            Frozen("late_since", once=True),
            ByHuman("ordered_by", "decided_by"),
        ]

    def __str__(self) -> str:
        return f"hide {self.uuid}"

    @property
    def chain(self) -> UUID:
        return self.subject.chain if self.subject else self.agency.chain


class ToleranceReview(models.Model):
    """The written tolerance-and-prudence review of a flagged record, by a second officer (REC-09 to REC-11, INV-09)."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="tolerance_review")
    opinion = models.TextField()
    may_record = models.BooleanField()
    reviewed_at = models.DateTimeField(auto_now_add=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    reviewed_by_identity = models.ForeignKey(Identity, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        verbose_name, verbose_name_plural = _("tolerance review"), _("tolerance reviews")
        constraints = [models.CheckConstraint(name="tolerancereview_is_written", condition=~Q(opinion=""))]
        triggers = [AppendOnly(), NoTruncate(), ByHuman("reviewed_by")]

    def __str__(self) -> str:
        return f"tolerance review of {self.record_id}"


class ItemReview(Case):
    """A record whose catalogue item was retired waits for somebody to say whether it stays (CAT-19)."""

    TRANSITIONS = states.ITEM_REVIEW

    record = models.OneToOneField(Record, models.PROTECT, related_name="item_review")
    state = models.CharField(max_length=12, choices=states.ItemReviewState.choices, default=states.ItemReviewState.OPEN)
    opened_on = models.DateField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("review after an item's end"), _("reviews after an item's end")
        constraints = [
            models.CheckConstraint(
                name="itemreview_decision_is_whole",
                condition=Q(state="open", decided_by=None) | (Q(decided_by__isnull=False) & ~Q(reason="")),
            )
        ]
        triggers = [Machine(states.ITEM_REVIEW, first={states.ItemReviewState.OPEN})]

    def __str__(self) -> str:
        return f"review of {self.record_id}"

    @property
    def chain(self) -> UUID:
        return self.record.chain


class Circular(Case):
    """A letter of the lead unit to a department whose publications come late, with the figures it rests on (STA-04)."""

    TRANSITIONS = states.CIRCULAR

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="circulars")
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    issuer = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_index=False)
    issued_on = models.DateField()
    period_from = models.DateField()
    period_to = models.DateField()
    figures = models.JSONField()  # due, on time, late, still open, as they stood that day
    text = models.TextField()
    answer_by = models.DateField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    answered_on = models.DateField(null=True)
    state = models.CharField(max_length=8, choices=states.CircularState.choices, default=states.CircularState.ISSUED)

    class Meta:
        verbose_name, verbose_name_plural = _("circular"), _("circulars")
        constraints = [
            models.CheckConstraint(name="circular_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="circular_answer_is_whole",
                condition=Q(state="issued", answer="", answered_by=None)
                | (Q(state="answered", answered_by__isnull=False, answered_on__isnull=False) & ~Q(answer="")),
            ),
        ]
        triggers = [
            Machine(states.CIRCULAR, first={states.CircularState.ISSUED}),
            Frozen("uuid", "agency_id", "issued_by_id", "issued_on", "figures", "text"),
        ]

    def __str__(self) -> str:
        return f"circular {self.uuid}"

    @property
    def chain(self) -> Any:
        return self.agency.chain
