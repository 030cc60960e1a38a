"""Market subjects by unified social credit code, their names and former codes, and the persons beside them."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Substr
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, ApiClient, Region, User
from casework.models import Case
from casework.triggers import Frozen, Machine, NoTruncate
from subjects.states import (
    CONSENT,
    QUERY,
    Channel,
    ConsentState,
    NameKind,
    PublicBody,
    QueryPurpose,
    QueryState,
    RegistrationStatus,
    Role,
    SubjectType,
)

CODE = r"^[0-9A-HJ-NPQRTUWXY]{18}$"


class Subject(Case):
    """A legal person or unincorporated organisation, once, under its code, through every change of its life (SUB-01, SUB-07)."""

    unified_code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=200)  # the current name; all names with their dates stand in SubjectName
    type = models.CharField(max_length=16, choices=SubjectType.choices)
    region = models.ForeignKey(Region, models.PROTECT)
    registration_authority = models.ForeignKey(Agency, models.PROTECT, null=True)
    registration_status = models.CharField(max_length=12, choices=RegistrationStatus.choices)
    registered_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    source_name = models.CharField(max_length=60)
    received_at = models.DateTimeField()
    # State organ, public institution or state-owned enterprise: whose untrustworthiness its superior is told of (SUB-12).
    public_body = models.CharField(max_length=24, choices=PublicBody.choices, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("market subject"), _("market subjects")
        constraints = [
            models.CheckConstraint(name="subject_code_has_the_form", condition=Q(unified_code__regex=CODE)),
            models.CheckConstraint(
                name="subject_ends_after_it_begins",
                condition=Q(ended_on=None) | Q(registered_on=None) | Q(ended_on__gte=F("registered_on")),
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at"], name="subject_received"),  # freshness of the register
            models.Index(
                Substr("unified_code", 9, 9), name="subject_organisation_code"
            ),  # looked up by nine characters
            # the register leafed through, newest first, without sorting it whole
            models.Index(F("registered_on").desc(nulls_last=True), "unified_code", name="subject_newest"),
        ]
        triggers = [Frozen("unified_code", "uuid")]  # a new code is a new FormerCode, by the register only

    def __str__(self) -> str:
        return f"{self.name} {self.unified_code}"

    @property
    def chain(self) -> UUID:
        return self.uuid


class SubjectName(models.Model):
    """A name with its dates and the keys by which it is found (design part 9)."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="names")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=NameKind.choices)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    bigrams = ArrayField(models.CharField(max_length=2))
    pinyin = models.CharField(max_length=600, blank=True)
    initials = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="subjectname_one_current", fields=["subject"], condition=Q(kind="current")),
            models.UniqueConstraint(
                name="subjectname_once", fields=["subject", "name", "kind", "valid_from"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="subjectname_current_has_no_end", condition=~Q(kind="current") | Q(valid_to=None)
            ),
        ]
        indexes = [
            GinIndex(fields=["bigrams"], name="subjectname_bigrams"),  # two-character brands, 1 ms in 3 million
            # A search that half the register answers is walked by these, in bytes, and never sorted whole: exact name and
            # prefix by the first, pinyin and initials as they are typed by the others.
            models.Index("kind", Collate("key", "C"), name="subjectname_by_key"),
            models.Index(Collate("pinyin", "C"), name="subjectname_pinyin", condition=~Q(pinyin="")),
            models.Index(Collate("initials", "C"), name="subjectname_initials", condition=~Q(initials="")),
        ]

    def __str__(self) -> str:
        return self.name


class FormerCode(models.Model):
    """A code that this subject bore before; it still leads to the subject, and belongs to nobody else (SUB-07)."""

    unified_code = models.CharField(max_length=18, unique=True)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="former_codes")
    valid_to = models.DateField()

    class Meta:
        constraints = [models.CheckConstraint(name="formercode_has_the_form", condition=Q(unified_code__regex=CODE))]

    def __str__(self) -> str:
        return self.unified_code


class Person(Case):
    """A natural person, apart from market subjects: no code, no public search (SUB-11, RSP-10).

    The identity number is sealed (schema `sealed`), found again only by its keyed digest. What may show is the mask,
    made when the row is written.
    """

    name = models.CharField(max_length=100)
    name_masked = models.CharField(max_length=20)
    tag = models.CharField(max_length=5, blank=True)  # tells namesakes apart without any digit of a number (D9)
    born_on = models.DateField(null=True)  # needed for the protection of minors only (REC-09)

    class Meta:
        triggers = [Frozen("uuid")]

    def __str__(self) -> str:
        return f"person {self.uuid}"

    @property
    def chain(self) -> UUID:
        return self.uuid


class Position(models.Model):
    """A person's role in a subject, with its dates (RSP-01)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="positions")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="positions")
    role = models.CharField(max_length=20, choices=Role.choices)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="position_once", fields=["person", "subject", "role", "valid_from"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="position_ends_after_it_begins",
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.person_id}"


class QueryReceipt(Case):
    """One look at what is not public: who, for whom, about whom, what for, which fields (SEC-02, SM-22).

    It is committed before any data leaves. Purpose and case stay; only its review is written later.
    """

    TRANSITIONS = QUERY

    number = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, related_name="+", db_index=False)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="+", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="queries", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="queries", db_index=False)
    purpose = models.CharField(max_length=24, choices=QueryPurpose.choices)
    matter = models.CharField(max_length=80, blank=True)  # the case it was needed for
    reason = models.TextField(blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    fields = ArrayField(models.CharField(max_length=40))
    rows = models.PositiveIntegerField(default=1)  # how many facts an export or list gave out
    state = models.CharField(max_length=12, choices=QueryState.choices, default=QueryState.REGISTERED)
    marks = ArrayField(models.CharField(max_length=24), default=list)  # why a rule flagged it (SEC-07)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    reviewed_at = models.DateTimeField(null=True)
    review_reason = models.TextField(blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("registered query"), _("registered queries")
        constraints = [
            models.CheckConstraint(
                name="queryreceipt_names_who_asked",
                condition=Q(user__isnull=False, client=None) | Q(user=None, client__isnull=False),
            ),
            models.CheckConstraint(name="queryreceipt_names_its_fields", condition=Q(fields__len__gt=0)),
        ]
        indexes = [
            models.Index(fields=["user", "-at"], name="queryreceipt_of_user"),  # the daily quota
            models.Index(fields=["subject", "-at"], name="queryreceipt_of_subject"),  # who looked at me
            models.Index(fields=["-at"], condition=Q(state="flagged"), name="queryreceipt_flagged"),
        ]
        triggers = [
            Machine(QUERY, first={QueryState.REGISTERED}),
            Frozen(
                "uuid", "number", "at", "user_id", "client_id", "agency_id", "subject_id", "person_id", "purpose", "matter",
                "reason", "channel", "fields", "rows",
            ),
            NoTruncate(),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def chain(self) -> UUID:
        """Reads are chained per reader, so that a look never waits for a case."""
        reader = self.user or self.client
        assert reader is not None
        return reader.uuid


class Consent(Case):
    """A person's consent to one use of personal information: purpose, manner, scope and last day shown and stored (SM-20)."""

    TRANSITIONS = CONSENT

    person = models.ForeignKey(Person, models.PROTECT, related_name="consents")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")  # who may use it
    service = models.CharField(max_length=60)  # for which service it was asked
    purpose = models.CharField(max_length=200)
    manner = models.CharField(max_length=200)
    scope = ArrayField(models.CharField(max_length=40))  # the fields, by name
    shown_text = models.TextField()  # word for word what the person read
    given_on = models.DateField()
    ends_on = models.DateField()
    ended_on = models.DateField(null=True)
    state = models.CharField(max_length=8, choices=ConsentState.choices, default=ConsentState.GIVEN)

    class Meta:
        verbose_name, verbose_name_plural = _("consent"), _("consents")
        constraints = [
            models.CheckConstraint(
                name="consent_is_whole",
                condition=~Q(purpose="") & ~Q(manner="") & ~Q(shown_text="") & Q(scope__len__gt=0),
            ),
            models.CheckConstraint(name="consent_ends_after_it_begins", condition=Q(ends_on__gte=F("given_on"))),
        ]
        indexes = [models.Index(fields=["ends_on"], condition=Q(state="given"), name="consent_ending")]
        triggers = [
            Machine(CONSENT, first={ConsentState.GIVEN}),
            Frozen("uuid", "person_id", "agency_id", "purpose", "manner", "scope", "shown_text", "given_on", "ends_on"),
        ]

    def __str__(self) -> str:
        return f"consent {self.uuid}"

    @property
    def chain(self) -> UUID:
        return self.person.chain
