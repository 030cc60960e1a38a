"""Agencies, people and keys. Whoever acts is an `Actor` (casework.actors)."""

from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ROLES, SCOPES


class Level(models.TextChoices):
    """Administrative level (ORG-03). Only county level and above bears the 7-working-day duty (PUB-13)."""

    NATIONAL = "national", _("national")
    PROVINCE = "province", _("province")
    PREFECTURE = "prefecture", _("prefecture")
    COUNTY = "county", _("county")
    BELOW_COUNTY = "below_county", _("below county")


class AgencyKind(models.TextChoices):
    """Kinds of body with distinct rights (ORG-01)."""

    LEAD_UNIT = "lead_unit", _("joint-conference lead unit")
    MEMBER_UNIT = "member_unit", _("member unit")
    COMPETENT_DEPARTMENT = "competent_department", _("competent department")
    LOCAL_LEAD_UNIT = "local_lead_unit", _("local lead unit")
    JUDICIAL_ORGAN = "judicial_organ", _("judicial organ")


class Region(models.Model):
    """A division of GB/T 2260, with the years in which its code was in use."""

    code = models.CharField(primary_key=True, max_length=6)
    name = models.CharField(max_length=60)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="region_code_is_six_digits", condition=Q(code__regex=r"^\d{6}$"))]

    def __str__(self) -> str:
        return self.name

    def covers(self, other: str) -> bool:
        """Whether the division `other` lies in this one: trailing pairs of zeros are open (api.md 1.4)."""
        open_part = self.code.rstrip("0")
        open_part += "0" * (len(open_part) % 2)
        return other.startswith(open_part)


class Agency(models.Model):
    """A body that acts: kind, level, region and validity decide what it may do (ORG-01, ORG-03)."""

    Kind, Level = AgencyKind, Level

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    unified_code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=24, choices=AgencyKind.choices)
    level = models.CharField(max_length=12, choices=Level.choices)
    region = models.ForeignKey(Region, models.PROTECT)
    superior = models.ForeignKey("self", models.PROTECT, null=True, related_name="subordinates")
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")
    # An organisation that is no organ but authorised by law or regulation to manage public affairs (REC-06).
    authorised_by = models.CharField(max_length=200, blank=True)
    is_administrative_organ = models.BooleanField(default=True)
    field = models.CharField(max_length=40, blank=True)  # the field it supervises, as in the list fields
    domain = models.CharField(max_length=20, blank=True)  # a domain that a repair regime treats more strictly
    channel_name = models.CharField(max_length=120, blank=True)  # where it publishes itself (SHR-09)
    channel_url = models.URLField(blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="agency_ends_after_it_begins", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def chain(self) -> Any:
        return self.uuid

    @property
    def ref(self) -> str:
        return f"agency:{self.uuid}"

    def exists_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def stands_over(self, other: "Agency") -> bool:
        """Whether `other` is this body itself or stands below it."""
        body: Agency | None = other
        while body is not None and body.pk != self.pk:
            body = body.superior
        return body is not None

    @property
    def may_determine(self) -> bool:
        """Only an administrative organ, or an organisation authorised by law or regulation, determines conduct (REC-06)."""
        return self.is_administrative_organ or bool(self.authorised_by)

    @property
    def is_clocked(self) -> bool:
        """Whether the 7-working-day duty binds it: governments at county level and above, and their departments (PUB-13)."""
        return self.level != Level.BELOW_COUNTY and self.kind != AgencyKind.JUDICIAL_ORGAN


class Identity(models.Model):
    """One human, known by the keyed digest of a verified identity number. Separation of duties is by human (D6)."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    digest_key = models.PositiveSmallIntegerField()
    digest = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(name="identity_one_per_human", fields=["digest_key", "digest"])]

    def __str__(self) -> str:
        return f"identity {self.uuid}"


class UserManager(BaseUserManager["User"]):
    """Looks users up by name; accounts are made by accounts.services."""


class User(AbstractBaseUser):
    """An account of an officer or of a business. What an officer may do follows from postings valid that day."""

    class Kind(models.TextChoices):
        STAFF = "staff", _("staff")
        BUSINESS = "business", _("business")

    USERNAME_FIELD = "username"

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    username = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    identity = models.ForeignKey(Identity, models.PROTECT, null=True)
    is_active = models.BooleanField(default=True)

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="user_one_live_account_per_human_and_kind",
                fields=["identity", "kind"],
                condition=Q(is_active=True, identity__isnull=False),
            ),
            models.CheckConstraint(
                name="user_staff_is_a_verified_human", condition=~Q(kind="staff") | Q(identity__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def postings_on(self, day: date) -> models.QuerySet["Posting"]:
        return self.postings.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)

    @property
    def agency_id(self) -> int | None:
        from casework.calendar import today

        return self.postings_on(today()).order_by("pk").values_list("agency_id", flat=True).first()

    def may(self, permission: str, *, on: date) -> bool:
        return self.is_active and any(permission in ROLES[posting.role] for posting in self.postings_on(on))


class Posting(models.Model):
    """An officer's role in an agency, from a day until a day. An auditor holds no other posting (design part 11)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="postings")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="postings")
    role = models.CharField(max_length=16, choices=[(role, role) for role in ROLES])
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="posting_ends_after_it_begins", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
            # Overlapping postings of one user agree on whether they are an auditor's.
            ExclusionConstraint(
                name="posting_auditor_holds_no_other",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_to"),
                            RangeBoundary(inclusive_upper=True),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (models.Case(models.When(role="auditor", then=1), default=0), RangeOperators.NOT_EQUAL),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.agency}"


class ApiClient(models.Model):
    """A key of a body: its scopes, its purposes, its networks, its last day. Only a digest of the secret is kept (D13)."""

    class Kind(models.TextChoices):
        AGENCY = "agency", _("agency")
        INSTITUTION = "institution", _("institution")
        PUBLIC = "public", _("public")

    PREFIX = {"agency": "ak", "institution": "ik", "public": "pk"}

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=120)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="clients")
    key_id = models.CharField(max_length=8, unique=True)
    key_sha256 = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=16), default=list)
    purposes = ArrayField(models.CharField(max_length=32), default=list)
    networks = ArrayField(models.CharField(max_length=43), default=list)
    valid_from = models.DateField()
    valid_to = models.DateField()
    revoked_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="apiclient_agency_key_has_its_agency", condition=~Q(kind="agency") | Q(agency__isnull=False)
            ),
            models.CheckConstraint(name="apiclient_ends_after_it_begins", condition=Q(valid_to__gte=F("valid_from"))),
        ]

    identity_id = None

    def __str__(self) -> str:
        return f"{self.PREFIX[self.kind]}_{self.key_id}"

    @property
    def chain(self) -> Any:
        return self.uuid

    @property
    def ref(self) -> str:
        return f"apiclient:{self.uuid}"

    def lives_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_to and (self.revoked_on is None or day < self.revoked_on)

    def may(self, permission: str, *, on: date) -> bool:
        return self.lives_on(on) and any(permission in SCOPES.get(scope, ()) for scope in self.scopes)
