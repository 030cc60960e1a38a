"""Agencies, people and keys. Whoever acts is an `Actor` (casework.actors)."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Func, Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.permissions import APART, ROLE_NAMES, ROLES, SCOPES
from casework.errors import NotAllowed
from casework.models import FourEyes


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
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")

    class Meta:
        verbose_name, verbose_name_plural = _("division"), _("divisions")
        constraints = [models.CheckConstraint(name="region_code_is_six_digits", condition=Q(code__regex=r"^\d{6}$"))]

    def __str__(self) -> str:
        return self.name

    def covers(self, other: str) -> bool:
        """Whether the division `other` lies in this one."""
        return other.startswith(self.open_part)

    @property
    def open_part(self) -> str:
        """What the codes of all divisions inside begin with: trailing pairs of zeros are open (api.md 1.4)."""
        open_part = self.code.rstrip("0")
        return open_part + "0" * (len(open_part) % 2)


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
        verbose_name, verbose_name_plural = _("agency"), _("agencies")
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


class AgencyName(models.Model):
    """A name that an agency bore before, with its days. What was decided under it keeps it."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="former_names")
    name = models.CharField(max_length=120)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField()

    def __str__(self) -> str:
        return self.name


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
    name = models.CharField(max_length=60, blank=True)  # as colleagues read it; never on a public surface
    identity = models.ForeignKey(Identity, models.PROTECT, null=True)
    is_active = models.BooleanField(default=True)
    totp_box = models.BinaryField(null=True)  # the secret of the second factor, sealed (D12)
    totp_step = models.BigIntegerField(default=0)  # the last 30-second step whose code was used: no code works twice
    recovery_codes = ArrayField(models.CharField(max_length=64), default=list)  # SHA-256 of one-time codes
    epoch = models.PositiveIntegerField(default=0)  # grows when a credential changes: every session of before ends

    objects = UserManager()

    class Meta:
        verbose_name, verbose_name_plural = _("account"), _("accounts")
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
        return self.name or self.username

    @property
    def chain(self) -> Any:
        return self.uuid

    @property
    def ref(self) -> str:
        return f"user:{self.uuid}"

    @property
    def is_staff(self) -> bool:
        """Whether the back office lets this account in at all; what it may do there follows from its postings."""
        return self.kind == self.Kind.STAFF

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's own permissions give nothing here: rules ask `may`."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False

    def get_session_auth_hash(self) -> str:
        return salted_hmac(
            "accounts.session", f"{self.password}{self.epoch}{self.is_active}", algorithm="sha256"
        ).hexdigest()

    def get_session_auth_fallback_hash(self) -> Any:
        return iter(())

    def postings_on(self, day: date) -> models.QuerySet["Posting"]:
        """The postings held that day, own or as a deputy."""
        running = Q(valid_to=None) | Q(valid_to__gte=day)
        as_deputy = Q(
            deputies__user=self, deputies__valid_from__lte=day, deputies__valid_to__gte=day, deputies__ended_on=None
        )
        return Posting.objects.filter(running, Q(user=self) | as_deputy, valid_from__lte=day).distinct()

    remembers = (
        False  # set while a page is only read: then its reader's postings are asked for once (accounts.middleware)
    )

    def once(self, key: Any, ask: Callable[[], Any]) -> Any:
        """An answer about this reader, asked once for a page that is read; whatever acts asks anew."""
        if not self.remembers:
            return ask()
        remembered = self.__dict__.setdefault("_remembered", {})
        if key not in remembered:
            remembered[key] = ask()
        return remembered[key]

    def held_on(self, day: date) -> list["Posting"]:
        """The postings held that day with their bodies: own ones first, then those held as a deputy."""
        mine = models.Case(models.When(user=self, then=0), default=1)
        held = self.postings_on(day).select_related("agency__region").annotate(borrowed=mine).order_by("borrowed", "pk")
        found: list[Posting] = self.once(("held", day), lambda: list(held))
        return found

    @property
    def agency_id(self) -> int | None:
        from casework.calendar import today

        return next((posting.agency_id for posting in self.held_on(today())), None)

    def permissions_on(self, day: date) -> frozenset[str]:
        """Everything the postings of this day allow."""
        if not self.is_active:
            return frozenset()
        return frozenset().union(*(ROLES[posting.role] for posting in self.held_on(day)))

    def may(self, permission: str, *, on: date) -> bool:
        return permission in self.permissions_on(on)

    def check_may(self, permission: str, *, on: date) -> None:
        """Refuse what no posting of this day allows, and say whose would (SEC-01)."""
        if not self.may(permission, on=on):
            who = [str(ROLE_NAMES[role]) for role, held in ROLES.items() if permission in held]
            raise NotAllowed(
                gettext("Your postings do not allow this; it is for: %(roles)s.") % {"roles": gettext(", ").join(who)},
                rule="not_allowed", rows=["SEC-01"],
            )  # fmt: skip


class Posting(models.Model):
    """An officer's role in an agency, from a day until a day. Auditors and account keepers hold no other (design part 11)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="postings")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="postings")
    role = models.CharField(max_length=16, choices=list(ROLE_NAMES.items()))
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("posting"), _("postings")
        constraints = [
            models.CheckConstraint(
                name="posting_ends_after_it_begins", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
            # Overlapping postings of one user agree on whether they are an auditor's, an account keeper's or a case role's.
            ExclusionConstraint(
                name="posting_auditor_and_keeper_hold_no_other",
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
                    (
                        models.Case(*(models.When(role=role, then=n) for role, n in APART.items()), default=0),
                        RangeOperators.NOT_EQUAL,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.agency}"


class Deputy(models.Model):
    """Somebody who holds another's posting while he is away, from a day until a day."""

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="deputies")
    user = models.ForeignKey(User, models.PROTECT, related_name="deputising")
    valid_from = models.DateField()
    valid_to = models.DateField()
    ended_on = models.DateField(null=True)  # called off before its last day

    class Meta:
        verbose_name, verbose_name_plural = _("deputy"), _("deputies")
        constraints = [
            models.CheckConstraint(name="deputy_ends_after_it_begins", condition=Q(valid_to__gte=F("valid_from")))
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.posting}"


class AccountStep(FourEyes):
    """Whatever account keepers do, two of them do: accounts, postings, resets, agencies, divisions (D6, D12)."""

    class Kind(models.TextChoices):
        MAKE_ACCOUNT = "make_account", _("make an account")
        OPEN_POSTING = "open_posting", _("open a posting")
        END_POSTING = "end_posting", _("end a posting")
        NAME_DEPUTY = "name_deputy", _("name a deputy")
        CLOSE_ACCOUNT = "close_account", _("close an account")
        RESET_ACCESS = "reset_access", _("reset password and second factor")
        MAKE_AGENCY = "make_agency", _("register an agency")
        RENAME_AGENCY = "rename_agency", _("rename an agency")
        MERGE_AGENCY = "merge_agency", _("end an agency, its successor goes on")
        CHANGE_REGION = "change_region", _("end a division code, its successor goes on")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="steps")
    identity = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="+", db_index=False)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="steps")
    values = models.JSONField(default=dict)
    # The code with which the holder sets a new password has two halves, one from each keeper; neither opens it alone.
    first_half_sha256 = models.CharField(max_length=64, blank=True)
    second_half_sha256 = models.CharField(max_length=64, blank=True)
    usable_until = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta(FourEyes.Meta):
        verbose_name, verbose_name_plural = _("act of the account keepers"), _("acts of the account keepers")
        indexes = [models.Index(fields=["state", "proposed_at"], name="accountstep_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.uuid}"

    @property
    def chain(self) -> Any:
        return self.user.uuid if self.user else self.agency.uuid if self.agency else self.uuid


class Session(AbstractBaseSession):
    """A session of an account, with its holder and its age: it ends after idleness, after its day, or by its holder."""

    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="sessions")
    began_at = models.DateTimeField(null=True)  # of the sign-in
    seen_at = models.DateTimeField(auto_now=True)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=200, blank=True)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from accounts.sessions import SessionStore

        return SessionStore


class SignInFailure(models.Model):
    """A failed sign-in: which name and address, as keyed digests. What slows the next try down is a query over these."""

    account = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-at"], name="signinfailure_of_account"),
            models.Index(fields=["address", "-at"], name="signinfailure_of_address"),
        ]

    def __str__(self) -> str:
        return f"failed sign-in {self.pk}"


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
    last_used_on = models.DateField(null=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="replaced_by")  # its rotation

    class Meta:
        verbose_name, verbose_name_plural = _("API key"), _("API keys")
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
        """A key lives until its last day, its revocation, or the end of its body."""
        is_held = self.agency is None or self.agency.exists_on(day)
        return (
            is_held and self.valid_from <= day <= self.valid_to and (self.revoked_on is None or day < self.revoked_on)
        )

    def may(self, permission: str, *, on: date) -> bool:
        return self.lives_on(on) and any(permission in SCOPES.get(scope, ()) for scope in self.scopes)
