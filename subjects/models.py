"""Market subjects by unified social credit code, their names and former codes, and the persons beside them."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from accounts.models import Agency, Region
from casework.models import Case
from casework.triggers import Frozen
from subjects.states import NameKind, RegistrationStatus, Role, SubjectType

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

    class Meta:
        constraints = [
            models.CheckConstraint(name="subject_code_has_the_form", condition=Q(unified_code__regex=CODE)),
            models.CheckConstraint(
                name="subject_ends_after_it_begins",
                condition=Q(ended_on=None) | Q(registered_on=None) | Q(ended_on__gte=F("registered_on")),
            ),
        ]
        indexes = [models.Index(fields=["-received_at"], name="subject_received")]  # freshness of the register
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
        indexes = [GinIndex(fields=["bigrams"], name="subjectname_bigrams")]  # two-character brands, 1 ms in 3 million

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
