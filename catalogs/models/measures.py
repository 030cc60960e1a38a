"""The measure list."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casework.triggers import Machine
from catalogs.models.base import NATIONAL_BASES, FrozenOnceAnnounced, RestsOnBasis, words
from catalogs.models.editions import EDITION_FROZEN, Citation, Edition
from catalogs.models.library import Provision
from catalogs.states import (
    ANNOUNCED,
    EDITION_TRANSITIONS,
    FIRST_EDITION_STATES,
    Addressee,
    Confidence,
    MeasureClass,
    MeasurePart,
    MeasureType,
    Severity,
)


class MeasureItem(Edition):
    """An item of the measure list: what may be done to whom, on what law, for how long (2020-49(9), (10))."""

    part = models.CharField(max_length=16, choices=MeasurePart.choices)
    list_number = models.PositiveSmallIntegerField(null=True)  # 1–14 in the national basic list
    incentive = models.BooleanField()
    effect = models.TextField()
    targets = models.TextField(blank=True)  # whom the item names
    measure_class = models.CharField(max_length=12, choices=MeasureClass.choices)
    type = models.CharField(max_length=16, choices=MeasureType.choices)
    reduces_rights = models.BooleanField()
    adds_obligations = models.BooleanField()
    administrative_act = models.BooleanField()
    addressee = models.CharField(max_length=16, choices=Addressee.choices)
    implementing_department = models.CharField(max_length=120, blank=True)
    fields = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    severities = words(Severity)
    person_classes = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    maximum_months = models.PositiveSmallIntegerField(null=True)
    permanent_allowed = models.BooleanField()
    background = models.TextField(blank=True)  # memoranda and the like; never a basis (MEA-28)
    usable = models.BooleanField()
    provisions: "models.ManyToManyField[Provision, MeasureItemBasis]" = models.ManyToManyField(
        Provision, through="MeasureItemBasis", related_name="measure_items"
    )

    class Meta(Edition.Meta):
        verbose_name = _("measure item")
        verbose_name_plural = _("measure items")
        triggers = [
            Machine(EDITION_TRANSITIONS, first=FIRST_EDITION_STATES),
            FrozenOnceAnnounced(
                ANNOUNCED, *EDITION_FROZEN, "part", "list_number", "incentive", "effect", "targets", "measure_class", "type",
                "reduces_rights", "adds_obligations", "administrative_act", "addressee", "implementing_department",
                "fields", "severities", "person_classes", "maximum_months", "permanent_allowed",
            ),
            RestsOnBasis("catalogs_measureitembasis", "item_id", states=ANNOUNCED, accepted=NATIONAL_BASES),
        ]  # fmt: skip
        constraints = [
            *Edition.Meta.constraints,
            models.CheckConstraint(
                name="measureitem_usable_only_when_complete_and_verified",
                condition=Q(usable=False)
                | Q(
                    Q(maximum_months__isnull=False) | Q(permanent_allowed=True) | Q(reduces_rights=False),
                    state__in=ANNOUNCED,
                    confidence=Confidence.VERIFIED,
                    severities__len__gt=0,
                    fields__len__gt=0,
                ),
                violation_error_message=_(
                    "A measure is usable only in force, verified, with fields, severities and limit."
                ),
            ),
            models.CheckConstraint(
                name="measureitem_nobody_outside_government_is_forced",
                condition=Q(measure_class=MeasureClass.RECOMMENDED)
                | Q(addressee__in=(Addressee.GOVERNMENT, Addressee.EMPOWERED_ORGAN)),
                violation_error_message=_("A mandatory measure is addressed to a public body only."),
            ),
            models.CheckConstraint(
                name="measureitem_incentive_takes_nothing",
                condition=Q(incentive=False) | Q(reduces_rights=False, adds_obligations=False),
                violation_error_message=_("An incentive neither reduces rights nor adds obligations."),
            ),
        ]


class MeasureItemBasis(Citation):
    item = models.ForeignKey(MeasureItem, models.PROTECT, related_name="citations")

    class Meta(Citation.Meta):
        constraints = [models.UniqueConstraint(name="measureitembasis_cited_once", fields=["item", "provision"])]
