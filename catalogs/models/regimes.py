"""The repair regimes and what each provides."""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from casework.triggers import Frozen
from catalogs.models.base import Known, Named, days, words
from catalogs.models.library import LegalInstrument, Provision
from catalogs.states import CountsFrom, PenaltyType, Platform, RegimeCode, Severity


class RegimeQuerySet(models.QuerySet["Regime"]):
    def in_force(self, on: date) -> "RegimeQuerySet":
        """The regimes in force that day: at most one of each platform."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=on), valid_from__lte=on)


class Regime(Named, Known):
    """A repair regime: how long a platform shows a penalty, counted from when (regulation.md 2.1)."""

    code = models.CharField(max_length=4, choices=RegimeCode.choices, unique=True)
    platform = models.CharField(max_length=16, choices=Platform.choices)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    counts_from = models.CharField(max_length=12, choices=CountsFrom.choices)
    instrument = models.ForeignKey(LegalInstrument, models.PROTECT)
    note = models.TextField(blank=True)

    objects = RegimeQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("repair regime")
        verbose_name_plural = _("repair regimes")
        triggers = [Frozen("uuid", "code", "platform", "valid_from", "instrument_id")]
        constraints = [
            models.CheckConstraint(
                name="regime_ends_after_it_begins", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
            ExclusionConstraint(
                name="regime_one_per_platform_and_day",
                expressions=[
                    ("platform", RangeOperators.EQUAL),
                    (days("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Two repair regimes of one platform cannot be in force on the same day."),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class RepairRule(Known):
    """What a regime provides for one severity. A severity without an enabled rule is not disclosed."""

    regime = models.ForeignKey(Regime, models.PROTECT, related_name="rules")
    severity = models.CharField(max_length=8, choices=Severity.choices)
    disclosed = models.BooleanField()
    not_disclosed_when_only = words(PenaltyType)  # penalties that are never shown when they stand alone
    minimum_months = models.PositiveSmallIntegerField(null=True)  # none: ends by itself, no application needed
    maximum_months = models.PositiveSmallIntegerField(null=True)
    automatic = models.BooleanField()  # ends by itself on the last day
    provision = models.ForeignKey(Provision, models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["regime", "severity"]
        verbose_name = _("repair rule")
        verbose_name_plural = _("repair rules")
        constraints = [
            models.UniqueConstraint(name="repairrule_once_per_severity", fields=["regime", "severity"]),
            models.CheckConstraint(
                name="repairrule_what_is_shown_has_an_end",
                condition=Q(disclosed=False) | Q(maximum_months__isnull=False, maximum_months__gt=0),
                violation_error_message=_("What is disclosed has a longest period."),
            ),
            models.CheckConstraint(
                name="repairrule_shortest_is_not_longer_than_longest",
                condition=Q(minimum_months=None) | Q(maximum_months=None) | Q(minimum_months__lte=F("maximum_months")),
                violation_error_message=_("The shortest period is longer than the longest."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.regime.code} {self.severity}"
