"""What every case needs: refusals, the calendar's days, stopped clocks, attachments, the audit as the database shows it."""

from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from casework.triggers import AppendOnly, ByHuman, Machine, NoTruncate


class Refusal(models.Model):
    """One line of the accountability register (CAT-17): who tried what against which rule. Never the refused content."""

    at = models.DateTimeField(auto_now_add=True)
    act = models.CharField(max_length=64)
    rule = models.CharField(max_length=64)
    rows = ArrayField(models.CharField(max_length=12), default=list)
    actor = models.UUIDField(null=True)
    agency_id = models.BigIntegerField(null=True)
    data_class = models.CharField(max_length=32, blank=True)
    keys = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["agency_id", "-at"], name="refusal_by_agency")]  # the register per department
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"{self.rule} ({self.act})"


class CalendarYear(models.Model):
    """A year whose working days the State Council has announced. Any other year is unknown and refused (PUB-10)."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    title = models.CharField(max_length=200)
    number = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=200, blank=True)
    confidence = models.CharField(
        max_length=12, choices=[("verified", _("verified")), ("from_memory", _("from memory"))]
    )

    def __str__(self) -> str:
        return str(self.year)


class CalendarDay(models.Model):
    """A day that differs from its weekday: a holiday, a make-up working day, or an agency's own extra day."""

    class Kind(models.TextChoices):
        STATUTORY_HOLIDAY = "statutory_holiday", _("statutory holiday")
        MAKEUP_WORKING_DAY = "makeup_working_day", _("make-up working day")
        LOCAL_EXTRA_HOLIDAY = "local_extra_holiday", _("local extra holiday")
        LOCAL_EXTRA_WORKING_DAY = "local_extra_working_day", _("local extra working day")

    day = models.DateField()
    kind = models.CharField(max_length=24, choices=Kind.choices)
    name = models.CharField(max_length=60, blank=True)
    year = models.ForeignKey(CalendarYear, models.PROTECT, related_name="days")
    agency_code = models.CharField(max_length=18, blank=True, default="")  # "" = everywhere

    class Meta:
        constraints = [
            models.UniqueConstraint(name="calendarday_once_per_agency", fields=["day", "agency_code"]),
            models.CheckConstraint(
                name="calendarday_local_days_name_their_agency",
                condition=Q(kind__startswith="local_") ^ Q(agency_code=""),
            ),
            models.CheckConstraint(name="calendarday_stands_in_its_year", condition=Q(day__year=F("year"))),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class Timed(models.Model):
    """A deadline is a date, computed once from a named rule. `late_since` is set once and never changes (INV-21).

    `due_on` is empty only while the last day falls in a year whose working days are not announced.
    """

    starts_on = models.DateField(null=True)  # day 0, not counted
    due_on = models.DateField(null=True)
    late_since = models.DateField(null=True)  # the legal day: the day after `due_on`, not the day of the sweep

    class Meta:
        abstract = True

    def is_late(self, on: date) -> bool:
        return self.due_on is not None and on > self.due_on


class ClockStop(models.Model):
    """A statutory clock that rests: from a day, with a reason, until a day. Two stops of one case never overlap."""

    case_ref = models.CharField(max_length=80)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)  # last day that is not counted
    reason = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="clockstop_ends_after_it_starts", condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on"))
            ),
            models.CheckConstraint(name="clockstop_has_a_reason", condition=~Q(reason="")),
            ExclusionConstraint(
                name="clockstop_never_overlaps",
                expressions=[
                    ("case_ref", RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_on"),
                            F("ends_on"),
                            RangeBoundary(inclusive_upper=True),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_ref} {self.starts_on}"


class Heartbeat(models.Model):
    """When a part of the clock last finished its round: what the health call answers, without asking the broker."""

    name = models.CharField(primary_key=True, max_length=32)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Attachment(models.Model):
    """A file judged by its content. The bytes stand outside every served folder, under the uuid."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveIntegerField()
    media_type = models.CharField(max_length=40)
    original_name = models.CharField(max_length=255)
    pages = models.PositiveSmallIntegerField(null=True)
    served_sha256 = models.CharField(max_length=64, blank=True)  # the re-encoded copy of an image
    stored_at = models.DateTimeField(auto_now_add=True)
    stored_by = models.UUIDField()

    class Meta:
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"attachment {self.uuid}"


class AuditEvent(models.Model):
    """The audit as the database shows it. Written by casework.audit only."""

    id = models.UUIDField(primary_key=True)
    chain = models.UUIDField()
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    name = models.TextField()
    actor = models.UUIDField(null=True)
    agency = models.BigIntegerField(null=True)
    ref = models.TextField()
    before = models.TextField()
    after = models.TextField()

    class Meta:
        managed = False
        db_table = 'audit"."event'
        ordering = ["chain", "seq"]

    def __str__(self) -> str:
        return f"{self.name} {self.ref}"


class AuditBody(models.Model):
    """Reason and values of an event: a body that the law may erase without breaking the chain."""

    event = models.OneToOneField(
        AuditEvent, models.DO_NOTHING, primary_key=True, db_column="event", related_name="body"
    )
    salt = models.BinaryField()
    body = models.TextField()

    class Meta:
        managed = False
        db_table = 'audit"."body'

    def __str__(self) -> str:
        return f"body of {self.event_id}"


class Case(models.Model):
    """What the audit asks of a case: a uuid, the chain it belongs to, a reference."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    TRANSITIONS: dict[Any, set[Any]] = {}

    class Meta:
        abstract = True

    @property
    def ref(self) -> str:
        return f"{self._meta.model_name}:{self.uuid}"


class Step(models.TextChoices):
    """An act that one human proposes and another decides."""

    PROPOSED = "proposed", _("waiting for a second person")
    CONFIRMED = "confirmed", _("confirmed")
    REJECTED = "rejected", _("rejected")
    TAKEN_BACK = "taken_back", _("taken back")


FOUR_EYES = {Step.PROPOSED: {Step.CONFIRMED, Step.REJECTED, Step.TAKEN_BACK}}


class FourEyes(Case):
    """What one human proposes and another decides (security.md D6). The identities are filled by a trigger (`ByHuman`).

    Separation is by human: two accounts, two postings or a deputy of one person do not make two people. Whoever takes back
    what he proposed decides nothing, so the constraint asks for two humans only where something was decided.
    """

    TRANSITIONS = FOUR_EYES

    state = models.CharField(max_length=12, choices=Step.choices, default=Step.PROPOSED)
    reason = models.TextField()
    proposed_at = models.DateTimeField(auto_now_add=True)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", db_index=False)
    proposed_by_identity = models.ForeignKey("accounts.Identity", models.PROTECT, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", db_index=False)
    decided_by_identity = models.ForeignKey(
        "accounts.Identity", models.PROTECT, null=True, related_name="+", db_index=False
    )
    decision_reason = models.TextField(blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(name="%(class)s_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="%(class)s_is_decided_by_another_human",
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | Q(state="taken_back", decided_at__isnull=False)
                | Q(state__in=["confirmed", "rejected"], decided_at__isnull=False, decided_by_identity__isnull=False)
                & ~Q(decided_by_identity=F("proposed_by_identity")),
            ),
        ]
        triggers = [Machine(FOUR_EYES, first={Step.PROPOSED}), ByHuman("proposed_by", "decided_by")]
