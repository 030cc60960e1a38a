"""Basis documents, administrative acts, untrustworthiness records and their publication."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, Identity, Region, User
from casework.models import Attachment, Case, Timed
from casework.triggers import ByHuman, Frozen, Machine
from catalogs.models import CatalogueItem, Provision
from catalogs.states import Severity
from records import states
from records.triggers import RestsOnDocument, ReviewedIfFlagged
from subjects.models import Person, Subject


class HasNumbers(Func):
    """Whether a text hides an identity number, a telephone, a bank card or an address of mail (casework/sql/guards.sql)."""

    function, output_field = "public.has_numbers", models.BooleanField()


ONE_COUNTERPART = Q(subject__isnull=False, person=None) | Q(subject=None, person__isnull=False)


class Counterpart(Case):
    """A fact about a market subject or about a natural person, never both, never neither (SUB-11)."""

    # Foreign keys here and below carry no index of their own where another begins with them or nobody asks by them.
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, db_index=False)

    class Meta:
        abstract = True

    @property
    def chain(self) -> UUID:
        return (self.subject or self.person).chain  # type: ignore[union-attr]


class BasisDocument(Counterpart):
    """The legally effective document on which a fact rests (REC-01 to REC-04). A correction makes a new version."""

    TRANSITIONS = states.DOCUMENT

    version = models.PositiveSmallIntegerField(default=1)
    type = models.CharField(max_length=16, choices=states.DocumentType.choices)
    title = models.CharField(max_length=200, blank=True)
    number = models.CharField(max_length=128)
    issuer = models.ForeignKey(Agency, models.PROTECT, related_name="documents", db_index=False)
    conduct = models.TextField(blank=True)
    decided_on = models.DateField()
    effective_on = models.DateField()
    is_history = models.BooleanField(default=False)  # of a first load of history, which two officers let in
    state = models.CharField(max_length=12, choices=states.Document.choices, default=states.Document.REGISTERED)
    allowed_by = models.ForeignKey(Provision, models.PROTECT, null=True, related_name="+", db_index=False)
    file = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+", db_index=False)
    # The order that stayed or annulled it.
    order = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+", db_index=False)
    order_number = models.CharField(max_length=128, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("basis document"), _("basis documents")
        constraints = [
            models.CheckConstraint(name="basisdocument_has_one_counterpart", condition=ONE_COUNTERPART),
            models.UniqueConstraint(  # collected once, shared fully (SHR-02): over all versions and final states
                name="basisdocument_once_per_counterpart",
                fields=["issuer", "number", "subject", "person", "version"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="basisdocument_takes_effect_after_decision", condition=Q(effective_on__gte=F("decided_on"))
            ),
            models.CheckConstraint(
                name="basisdocument_other_names_its_law",
                condition=~Q(type="other_document") | Q(allowed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="basisdocument_stay_and_annulment_have_an_order",
                condition=~Q(state__in=["stayed", "annulled"]) | Q(order__isnull=False),
            ),
        ]
        # An intake may begin EFFECTIVE, through the gate only (design part 7).
        triggers = [
            Machine(states.DOCUMENT, first={states.Document.REGISTERED, states.Document.EFFECTIVE}),
            Frozen(
                "uuid", "issuer_id", "number", "subject_id", "person_id", "decided_on", "type", "version", "is_history"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class AdministrativeAct(Counterpart):
    """An administrative act, as handed in (`content`) and as it may be shown (`content_public`).

    `content_public` stays empty while a number was found in its text and nobody has cleared it: nothing is redacted
    silently, nothing leaks (SHR-06). All versions share one `public_id`.
    """

    TRANSITIONS = states.ACT

    public_id = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=16, choices=states.ActKind.choices)
    document = models.ForeignKey(BasisDocument, models.PROTECT, related_name="acts", db_index=False)
    item = models.ForeignKey(CatalogueItem, models.PROTECT, related_name="+", db_index=False)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", db_index=False)
    determining_department = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_index=False)
    collecting_department = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_index=False)
    phase = models.CharField(max_length=8, choices=states.Phase.choices, default=states.Phase.DURING)
    severity = models.CharField(max_length=12, choices=Severity.choices, blank=True)
    decided_on = models.DateField()
    content = models.JSONField()
    content_public = models.JSONField(null=True)
    withheld = ArrayField(models.CharField(max_length=32), default=list)  # fields kept back as business secrets
    # The officer who handed it in at a desk; empty for keys of bodies and for the operator.
    prepared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    prepared_by_identity = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="+", db_index=False)
    text_cleared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    text_cleared_by_identity = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(max_length=12, choices=states.Act.choices, default=states.Act.EFFECTIVE)
    source_id = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("administrative act"), _("administrative acts")
        constraints = [
            models.CheckConstraint(name="administrativeact_has_one_counterpart", condition=ONE_COUNTERPART),
            models.UniqueConstraint(name="administrativeact_one_per_version", fields=["public_id", "version"]),
            models.UniqueConstraint(
                name="administrativeact_one_live_version", fields=["public_id"], condition=Q(state="effective")
            ),
            models.UniqueConstraint(name="administrativeact_once_per_document_and_item", fields=["document", "item"]),
            models.CheckConstraint(
                name="administrativeact_public_text_hides_no_numbers",
                condition=Q(content_public__isnull=True)
                | Q(text_cleared_by__isnull=False)
                | ~Q(HasNumbers(Cast("content_public", models.TextField()))),
            ),
            models.CheckConstraint(
                name="administrativeact_text_is_cleared_by_another_human",
                condition=Q(text_cleared_by_identity=None)
                | Q(prepared_by_identity=None)
                | ~Q(text_cleared_by_identity=F("prepared_by_identity")),
            ),
            models.CheckConstraint(
                name="administrativeact_penalty_has_its_class", condition=~Q(kind="penalty") | ~Q(severity="")
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "-decided_on"], name="act_of_subject"),  # the subject page
            models.Index(fields=["-decided_on", "public_id"], name="act_by_day"),  # /acts/, newest first
            models.Index(fields=["determining_department"], name="act_of_department"),  # the desks of one body
        ]
        triggers = [
            Machine(states.ACT, first={states.Act.EFFECTIVE}),
            RestsOnDocument(),
            ByHuman("prepared_by", "text_cleared_by"),
            Frozen("uuid", "public_id", "version", "document_id", "item_id", "subject_id", "person_id", "content"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Record(Case):
    """An untrustworthiness record of a market subject: rests on a document, may point to an act (REC-01, REC-15)."""

    TRANSITIONS = states.UNTRUSTWORTHINESS

    class Impact(models.TextChoices):
        LIMITED = "limited", _("limited")
        CONSIDERABLE = "considerable", _("considerable")
        GRAVE = "grave", _("grave")

    public_id = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField(default=1)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="records", db_index=False)
    document = models.ForeignKey(BasisDocument, models.PROTECT, related_name="records")
    act = models.OneToOneField(AdministrativeAct, models.PROTECT, null=True, related_name="record")
    item = models.ForeignKey(CatalogueItem, models.PROTECT, related_name="+", db_index=False)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", db_index=False)
    determining_department = models.ForeignKey(Agency, models.PROTECT, related_name="+", db_index=False)
    field = models.CharField(max_length=40)
    nature = models.TextField()
    severity = models.CharField(max_length=12, choices=Severity.choices)
    impact = models.CharField(max_length=12, choices=Impact.choices)
    decided_on = models.DateField()
    determined_at = models.DateTimeField()  # when it was recorded: never before the determination (REC-05)
    verification_since = models.DateField(null=True)
    phase = models.CharField(max_length=8, choices=states.Phase.choices, default=states.Phase.AFTER)  # SUB-08
    occasion = models.CharField(max_length=20, choices=states.Occasion.choices, blank=True)  # REC-07
    flags = ArrayField(models.CharField(max_length=24, choices=states.Tolerance.choices), default=list)  # REC-09 to 11
    prepared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    prepared_by_identity = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(
        max_length=20, choices=states.Untrustworthiness.choices, default=states.Untrustworthiness.DRAFT
    )

    class Meta:
        verbose_name, verbose_name_plural = _("untrustworthiness record"), _("untrustworthiness records")
        constraints = [
            models.UniqueConstraint(name="record_one_per_version", fields=["public_id", "version"]),
            models.UniqueConstraint(name="record_once_per_document_and_item", fields=["subject", "document", "item"]),
            models.CheckConstraint(
                name="record_is_made_after_the_determination",
                condition=Q(determined_at__date__gte=F("decided_on")),
            ),
            models.CheckConstraint(
                name="record_tests_of_proportion_are_whole",
                condition=~Q(field="") & ~Q(nature="") & ~Q(severity="") & ~Q(impact=""),
            ),
            models.CheckConstraint(
                name="record_verification_has_its_day",
                condition=Q(state="under_verification", verification_since__isnull=False)
                | (~Q(state="under_verification") & Q(verification_since=None)),
            ),
        ]
        indexes = [models.Index(fields=["subject", "state"], name="record_of_subject")]  # the status answer
        triggers = [
            Machine(
                states.UNTRUSTWORTHINESS,
                first={states.Untrustworthiness.DRAFT, states.Untrustworthiness.EFFECTIVE},
            ),
            RestsOnDocument(),
            ReviewedIfFlagged(),
            ByHuman("prepared_by"),
            Frozen("uuid", "public_id", "version", "document_id", "item_id", "subject_id", "act_id", "severity"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def chain(self) -> UUID:
        return self.subject.chain


class Publication(Timed):
    """The statutory clock of one act (SM-6): 7 working days to be public, and the day after which it is gone.

    `starts_on` is the decision day (day 0); empty for a body that the clause does not bind (PUB-13). `public_until` is
    the last day on show, inclusive; empty means that no rule ends it.
    """

    TRANSITIONS = states.PUBLICATION

    act = models.OneToOneField(AdministrativeAct, models.PROTECT, related_name="publication")
    state = models.CharField(max_length=16, choices=states.Clock.choices, default=states.Clock.PENDING)
    received_on = models.DateField()
    source_public_on = models.DateField(null=True)  # on the department's own site (PUB-04)
    public_from = models.DateField(null=True)  # here
    public_until = models.DateField(null=True)
    delay_by = models.CharField(max_length=12, choices=states.Delay.choices, blank=True)
    channel_name = models.CharField(max_length=120, blank=True)  # SHR-09
    channel_url = models.URLField(blank=True)
    exempt_by = models.ForeignKey(Provision, models.PROTECT, null=True, related_name="+", db_index=False)
    closed_reason = models.CharField(
        max_length=200, blank=True
    )  # item, class and regime, when not disclosable (PUB-07)
    hold = models.CharField(max_length=32, blank=True)  # why it waits for a second person
    clocks = models.JSONField(default=list)  # per platform: regime, from when it counts, earliest repair, last day

    class Meta:
        verbose_name, verbose_name_plural = _("publication"), _("publications")
        constraints = [
            models.CheckConstraint(
                name="publication_exemption_cites_its_law", condition=~Q(state="exempt") | Q(exempt_by__isnull=False)
            ),
            models.CheckConstraint(
                name="publication_closed_says_why", condition=~Q(state="not_disclosable") | ~Q(closed_reason="")
            ),
            models.CheckConstraint(
                name="publication_shown_has_its_day",
                condition=~Q(state__in=["published", "published_late", "aggregated"])
                | Q(public_from__isnull=False, hold=""),
            ),
            models.CheckConstraint(
                name="publication_late_names_whose_delay",
                condition=Q(late_since=None, delay_by="") | (Q(late_since__isnull=False) & ~Q(delay_by="")),
            ),
            models.CheckConstraint(
                name="publication_overdue_is_marked",
                condition=~Q(state__in=["overdue", "published_late"]) | Q(late_since__isnull=False),
            ),
        ]
        indexes = [
            # The sweep, and the clock desk by last day.
            models.Index(
                fields=["due_on", "id"], condition=Q(state__in=["pending", "overdue"]), name="publication_open"
            ),
            models.Index(
                fields=["late_since", "id"], condition=Q(late_since__isnull=False), name="publication_late"
            ),  # the marks that stay
            models.Index(fields=["starts_on"], condition=Q(due_on=None), name="publication_uncounted"),  # the sweep
            models.Index(  # the sweep's other end
                fields=["public_until"],
                condition=Q(state__in=["published", "published_late", "aggregated"]),
                name="publication_ending",
            ),
        ]
        triggers = [
            Machine(states.PUBLICATION, first={states.Clock.PENDING}),
            Frozen("late_since", once=True),
        ]

    def __str__(self) -> str:
        return f"publication of {self.act_id}"

    @property
    def chain(self) -> UUID:
        return self.act.chain

    @property
    def ref(self) -> str:
        return f"publication:{self.act.uuid}"
