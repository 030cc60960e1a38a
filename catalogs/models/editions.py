"""Editions: a rule is never rewritten, it is replaced by its next edition (CAT-08)."""

from datetime import date
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from casework.triggers import AppendOnly, NoTruncate
from catalogs.models.base import Known, Named, days
from catalogs.models.library import Provision
from catalogs.states import ANNOUNCED, EDITION_TRANSITIONS, EditionState, Level


class EditionQuerySet(models.QuerySet[Any]):
    def announced(self) -> "EditionQuerySet":
        return self.filter(state__in=ANNOUNCED)

    def in_force(self, on: date) -> "EditionQuerySet":
        """The editions in force that day: at most one of each code."""
        return self.announced().filter(Q(in_force_to=None) | Q(in_force_to__gte=on), in_force_from__lte=on)


class Edition(Named, Known):
    """One edition of a national or local rule (SM-1, SM-2; CAT-03, CAT-08)."""

    TRANSITIONS = EDITION_TRANSITIONS

    code = models.CharField(max_length=30)
    edition = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=200, blank=True)
    level = models.CharField(max_length=8, choices=Level.choices)
    region = models.ForeignKey(Region, models.PROTECT, null=True)
    state = models.CharField(max_length=12, choices=EditionState.choices)
    in_force_from = models.DateField(null=True)
    in_force_to = models.DateField(null=True)
    announced_on = models.DateField(null=True)
    published_in = models.CharField(max_length=200, blank=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["code", "edition"]
        constraints = [
            models.UniqueConstraint(name="%(class)s_edition_once_per_code", fields=["code", "edition"]),
            models.CheckConstraint(
                name="%(class)s_local_rule_names_its_region",
                condition=Q(level=Level.LOCAL, region__isnull=False) | Q(level=Level.NATIONAL, region=None),
                violation_error_message=_("A local rule names its region; a national rule has none."),
            ),
            models.CheckConstraint(
                name="%(class)s_was_announced_before_it_took_force",
                condition=~Q(state__in=ANNOUNCED)
                | (
                    Q(announced_on__isnull=False, in_force_from__isnull=False, in_force_from__gte=F("announced_on"))
                    & ~Q(published_in="")
                ),
                violation_error_message=_("A rule takes force on or after the day on which it was announced."),
            ),
            models.CheckConstraint(
                name="%(class)s_what_is_replaced_has_an_end",
                condition=~Q(state__in=(EditionState.SUPERSEDED, EditionState.RETIRED)) | Q(in_force_to__isnull=False),
                violation_error_message=_("A rule that was replaced or retired names its last day."),
            ),
            models.CheckConstraint(
                name="%(class)s_ends_after_it_begins",
                condition=Q(in_force_to=None) | Q(in_force_to__gte=F("in_force_from")),
                violation_error_message=_("The last day lies before the first."),
            ),
            ExclusionConstraint(
                name="%(class)s_one_edition_in_force",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (days("in_force_from", "in_force_to"), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=ANNOUNCED),
                violation_error_message=_("Two editions of one rule cannot be in force on the same day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


EDITION_FROZEN = ("uuid", "code", "edition", "name", "name_en", "level", "region_id", "in_force_from", "announced_on",
                  "published_in")  # fmt: skip


class Citation(models.Model):
    """A rule rests on a provision. A citation once made stays; other citations are a new edition."""

    provision = models.ForeignKey(Provision, models.PROTECT, related_name="+")

    class Meta:
        abstract = True
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return str(self.provision)
