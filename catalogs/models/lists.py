"""Fields in which a serious list exists, and the criteria for standing on it."""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from casework.triggers import AppendOnly, Frozen, Machine, NoTruncate
from catalogs.models.base import NATIONAL_BASES, FrozenOnceAnnounced, Known, Named, RestsOnBasis, days
from catalogs.models.editions import Citation
from catalogs.models.library import Provision
from catalogs.states import (
    FIRST_LIST_STATES,
    LIST_TRANSITIONS,
    LISTS_IN_USE,
    LISTS_PUBLISHED,
    BasisKind,
    Confidence,
    Level,
    ListCategory,
    ListState,
)


class ListField(Named, Known):
    """A field in which a serious list exists or is said to exist (2020-49(6); LST-01 to LST-07)."""

    TRANSITIONS = LIST_TRANSITIONS

    field = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=200, blank=True)
    category = models.PositiveSmallIntegerField(choices=ListCategory.choices)
    level = models.CharField(max_length=8, choices=Level.choices)
    region = models.ForeignKey(Region, models.PROTECT, null=True)
    competent_department = models.CharField(max_length=120)
    state = models.CharField(max_length=16, choices=ListState.choices)
    usable = models.BooleanField()
    abolished_on = models.DateField(null=True)
    note = models.TextField(blank=True)
    provisions: "models.ManyToManyField[Provision, ListFieldBasis]" = models.ManyToManyField(
        Provision, through="ListFieldBasis", related_name="list_fields"
    )

    class Meta:
        ordering = ["field"]
        verbose_name = _("list field")
        verbose_name_plural = _("list fields")
        triggers = [
            Machine(LIST_TRANSITIONS, first=FIRST_LIST_STATES),
            Frozen("uuid", "field", "level", "region_id", "category"),
            RestsOnBasis("catalogs_listfieldbasis", "list_field_id", states=LISTS_PUBLISHED, accepted=NATIONAL_BASES),
        ]
        constraints = [
            models.CheckConstraint(
                name="listfield_is_one_of_the_four_categories",
                condition=Q(category__in=ListCategory.values),
                violation_error_message=_("A serious list belongs to exactly one of the four categories."),
            ),
            models.CheckConstraint(
                name="listfield_local_list_names_its_region",
                condition=Q(level=Level.LOCAL, region__isnull=False) | Q(level=Level.NATIONAL, region=None),
                violation_error_message=_("A local rule names its region; a national rule has none."),
            ),
            models.CheckConstraint(
                name="listfield_usable_only_in_force",
                condition=Q(usable=False) | Q(state__in=LISTS_IN_USE, confidence=Confidence.VERIFIED),
                violation_error_message=_("A list is usable only in force and with a verified basis."),
            ),
            models.CheckConstraint(
                name="listfield_abolished_has_its_day",
                condition=Q(state=ListState.ABOLISHED, abolished_on__isnull=False)
                | (~Q(state=ListState.ABOLISHED) & Q(abolished_on=None)),
                violation_error_message=_("An abolished list names the day of its abolition; no other does."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ListFieldBasis(Citation):
    list_field = models.ForeignKey(ListField, models.PROTECT, related_name="citations")

    class Meta(Citation.Meta):
        constraints = [models.UniqueConstraint(name="listfieldbasis_cited_once", fields=["list_field", "provision"])]


class CriteriaQuerySet(models.QuerySet["CriteriaEdition"]):
    def in_force(self, on: date) -> "CriteriaQuerySet":
        """The criteria in force that day: at most one edition of each field."""
        published = self.filter(state__in=LISTS_PUBLISHED, in_force_from__lte=on)
        return published.filter(Q(in_force_to=None) | Q(in_force_to__gte=on))


class CriteriaEdition(Named, Known):
    """One edition of the designation criteria of a field (2020-49(7); SM-3)."""

    TRANSITIONS = LIST_TRANSITIONS

    list_field = models.ForeignKey(ListField, models.PROTECT, related_name="editions")
    edition = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=ListState.choices)
    in_force_from = models.DateField(null=True)
    in_force_to = models.DateField(null=True)
    removal_conditions = models.TextField(blank=True)
    removal_procedure = models.TextField(blank=True)
    remedies = models.TextField(blank=True)
    entry_months = models.PositiveSmallIntegerField(null=True)
    no_end_basis = models.ForeignKey(Provision, models.PROTECT, null=True, related_name="+")
    earliest_removal_months = models.PositiveSmallIntegerField(null=True)
    response_working_days = models.PositiveSmallIntegerField()
    feedback_working_days = models.PositiveSmallIntegerField()
    higher_form_lacking = models.TextField(blank=True)  # why a departmental rule must do for now (LST-09)
    consulted = models.BooleanField(default=False)
    comment_from = models.DateField(null=True)
    comment_to = models.DateField(null=True)
    next_assessment_on = models.DateField(null=True)
    note = models.TextField(blank=True)
    provisions: "models.ManyToManyField[Provision, CriteriaEditionBasis]" = models.ManyToManyField(
        Provision, through="CriteriaEditionBasis", related_name="criteria_editions"
    )

    objects = CriteriaQuerySet.as_manager()

    class Meta:
        ordering = ["list_field", "edition"]
        verbose_name = _("edition of criteria")
        verbose_name_plural = _("editions of criteria")
        triggers = [
            Machine(LIST_TRANSITIONS, first=FIRST_LIST_STATES),
            FrozenOnceAnnounced(
                LISTS_PUBLISHED, "uuid", "list_field_id", "edition", "in_force_from", "removal_conditions",
                "removal_procedure", "remedies", "entry_months", "no_end_basis_id", "earliest_removal_months",
                "response_working_days", "feedback_working_days", "higher_form_lacking", "consulted", "comment_from",
                "comment_to",
            ),
            RestsOnBasis(
                "catalogs_criteriaeditionbasis", "edition_id", states=LISTS_PUBLISHED,
                accepted=(*NATIONAL_BASES, BasisKind.DEPT_RULE), level_of="catalogs_listfield.list_field_id",
            ),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(name="criteriaedition_once_per_field", fields=["list_field", "edition"]),
            models.CheckConstraint(
                name="criteriaedition_states_the_way_out",
                condition=~Q(state__in=LISTS_PUBLISHED)
                | (
                    ~Q(removal_conditions="")
                    & ~Q(removal_procedure="")
                    & ~Q(remedies="")
                    & Q(in_force_from__isnull=False)
                ),
                violation_error_message=_("Criteria state removal conditions, removal procedure and remedies."),
            ),
            models.CheckConstraint(
                name="criteriaedition_entry_has_an_end",
                condition=~Q(state__in=LISTS_PUBLISHED)
                | Q(entry_months__isnull=False, entry_months__gt=0)
                | Q(no_end_basis__isnull=False),
                violation_error_message=_("An entry has an end, or a cited article that allows none."),
            ),
            models.CheckConstraint(
                name="criteriaedition_periods_are_positive",
                condition=Q(response_working_days__gt=0, feedback_working_days__gt=0),
                violation_error_message=_("The periods for answering and for feedback are at least one working day."),
            ),
            models.CheckConstraint(
                name="criteriaedition_public_had_thirty_days",
                condition=Q(comment_from=None, comment_to=None)
                | Q(comment_from__isnull=False, comment_to__isnull=False, comment_to__gte=F("comment_from") + 30),
                violation_error_message=_("The public has at least 30 days to comment on criteria."),
            ),
            ExclusionConstraint(
                name="criteriaedition_one_edition_in_force",
                expressions=[
                    ("list_field", RangeOperators.EQUAL),
                    (days("in_force_from", "in_force_to"), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=LISTS_PUBLISHED),
                violation_error_message=_("Two editions of one rule cannot be in force on the same day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_field.field} {self.edition}"

    @property
    def comment_days(self) -> int | None:
        """How long the public could comment; None where it is not known (lists adopted before this portal)."""
        if self.comment_from is None or self.comment_to is None:
            return None
        return (self.comment_to - self.comment_from).days


class CriteriaEditionBasis(Citation):
    edition = models.ForeignKey(CriteriaEdition, models.PROTECT, related_name="citations")

    class Meta(Citation.Meta):
        constraints = [models.UniqueConstraint(name="criteriaeditionbasis_cited_once", fields=["edition", "provision"])]


class Criterion(models.Model):
    """One ground for designation, in the words of the criteria."""

    edition = models.ForeignKey(CriteriaEdition, models.PROTECT, related_name="items")
    code = models.CharField(max_length=12)
    text = models.TextField()

    class Meta:
        ordering = ["edition", "code"]
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        triggers = [AppendOnly(), NoTruncate()]
        constraints = [models.UniqueConstraint(name="criterion_once_per_edition", fields=["edition", "code"])]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"
