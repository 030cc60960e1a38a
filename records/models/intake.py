"""Deliveries of rows: the batch, the verdict of each row, and the quarantine in which an officer's rows wait."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, ApiClient, User
from casework.models import FourEyes
from casework.triggers import AppendOnly, Machine, NoTruncate
from records import states


class IntakeBatch(models.Model):
    """One delivery of rows: who sent what under which key, and what became of it.

    A key of a body or the operator brings it as APPLYING. An officer's file begins as CHECKING: its rows wait in quarantine
    until the dry run is read and somebody takes them in.
    """

    State, TRANSITIONS = states.Batch, states.BATCH

    uuid = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    public_id = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=32)
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True)
    agency = models.ForeignKey(Agency, models.PROTECT)
    officer = models.CharField(max_length=64, blank=True)  # the body's own staff number; takes rights away, gives none
    idempotency_key = models.CharField(max_length=255, blank=True)
    request_sha256 = models.CharField(max_length=64, blank=True)  # over path, query and body
    sha256 = models.CharField(max_length=64)
    format_version = models.CharField(max_length=16)
    state = models.CharField(max_length=16, choices=states.Batch.choices, default=states.Batch.APPLYING)
    totals = models.JSONField(default=dict)
    skipped_columns = ArrayField(models.CharField(max_length=64), default=list)
    received_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    working_until = models.DateTimeField(null=True)  # so long the request that brought it is taken to be at work
    # At an officer's desk:
    desk_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="batches", db_index=False)
    file_name = models.CharField(max_length=255, blank=True)
    fact = models.CharField(max_length=20, blank=True)  # the fact that its one row proposes to correct (decision 17)
    is_history = models.BooleanField(default=False)  # a first load of history: no lateness marks (design part 6)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    rows_total = models.PositiveIntegerField(null=True)
    rows_read = models.PositiveIntegerField(default=0)  # how far the dry run or the taking in has come

    class Meta:
        verbose_name, verbose_name_plural = _("delivery"), _("deliveries")
        triggers = [Machine(states.BATCH, first={states.Batch.APPLYING, states.Batch.CHECKING})]
        constraints = [
            models.UniqueConstraint(
                name="intakebatch_once_per_key", fields=["client", "idempotency_key"], condition=~Q(idempotency_key="")
            )
        ]
        indexes = [
            models.Index(fields=["agency", "-received_at"], name="batch_of_agency"),
            models.Index(fields=["fact"], condition=~Q(fact=""), name="batch_correcting"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def chain(self) -> Any:
        return self.agency.chain

    @property
    def ref(self) -> str:
        return f"batch:{self.uuid}"


class QuarantineRow(models.Model):
    """One row of an officer's file, sealed, with the verdict of its dry run. Taken in, given up or 30 days old, it is emptied."""

    batch = models.ForeignKey(IntakeBatch, models.PROTECT, related_name="quarantine", db_index=False)
    n = models.PositiveIntegerField()
    box = models.BinaryField(null=True)  # the cells as JSON, sealed under the batch's uuid
    verdict = models.CharField(max_length=12, choices=states.Verdict.choices, blank=True)
    refusals = models.JSONField(default=list)
    warnings = ArrayField(models.CharField(max_length=40), default=list)
    is_corrected = models.BooleanField(default=False)  # an officer changed a cell after the upload
    taken_in = models.ForeignKey(IntakeBatch, models.PROTECT, null=True, related_name="+")
    erase_on = models.DateField()
    emptied_on = models.DateField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("row in quarantine"), _("rows in quarantine")
        constraints = [
            models.UniqueConstraint(name="quarantinerow_once", fields=["batch", "n"]),
            models.CheckConstraint(
                name="quarantinerow_is_sealed_or_emptied",
                condition=Q(box__isnull=False, emptied_on=None) | Q(box=None, emptied_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["erase_on"], condition=Q(emptied_on=None), name="quarantinerow_to_erase"),
            models.Index(fields=["batch", "verdict", "n"], name="quarantinerow_by_verdict"),  # "only the refused ones"
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} row {self.n}"


class BatchStep(FourEyes):
    """What two officers do with a whole batch: withdraw all it brought, or let a first load of history in, or let
    a file that is not taken in yet withdraw many facts."""

    class Kind(models.TextChoices):
        WITHDRAW = "withdraw", _("withdraw the whole delivery")
        LOAD_HISTORY = "load_history", _("take in as first load of history")
        LET_WITHDRAW = "let_withdraw", _("let the file withdraw many facts")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    batch = models.ForeignKey(IntakeBatch, models.PROTECT, related_name="steps")
    preview = models.JSONField(default=dict)  # what the first officer saw: counts of facts, of what is public

    class Meta(FourEyes.Meta):
        verbose_name, verbose_name_plural = _("act on a whole delivery"), _("acts on whole deliveries")
        constraints = [
            *FourEyes.Meta.constraints,
            models.UniqueConstraint(
                name="batchstep_one_waiting", fields=["batch", "kind"], condition=Q(state="proposed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.batch_id}"

    @property
    def chain(self) -> Any:
        return self.batch.chain


def _told(refusal: dict[str, Any]) -> dict[str, Any]:
    """A refusal as it is shown: its sentence in the language of whoever reads it."""
    shown = {name: value for name, value in refusal.items() if name != "message_en"}
    if get_language() == "en":
        shown["message"] = refusal["message_en"]
    return shown


class IntakeRow(models.Model):
    """The verdict of one row. It names rules, never the refused content."""

    batch = models.ForeignKey(IntakeBatch, models.PROTECT, related_name="rows", db_index=False)
    n = models.PositiveIntegerField()
    source_id = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=12, choices=states.Verdict.choices)
    record_id = models.CharField(max_length=20, blank=True)
    version = models.PositiveSmallIntegerField(null=True)
    publication_due_on = models.DateField(null=True)
    refusals = models.JSONField(default=list)
    warnings = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(name="intakerow_once", fields=["batch", "n"])]
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"{self.batch_id} row {self.n}"

    def as_verdict(self) -> dict[str, Any]:
        """The row as the API shows it."""
        return {
            "n": self.n,
            "source_id": self.source_id or None,
            "verdict": self.verdict,
            "record_id": self.record_id or None,
            "version": self.version,
            "publication_due_on": self.publication_due_on,
            "refusals": [_told(refusal) for refusal in self.refusals],
            "warnings": self.warnings,
            "resend": None,
        }
