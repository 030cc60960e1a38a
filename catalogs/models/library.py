"""The legal library: documents and their articles (ORG-08). An empty first or last day is one the library does not know."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from casework.triggers import Frozen
from catalogs.models.base import Known, Named
from catalogs.states import BasisKind, Confidence


class LegalInstrument(Named, Known):
    """A document of the legal library (ORG-08)."""

    Kind = BasisKind

    key = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    number = models.CharField(max_length=80, blank=True)
    issuer = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=BasisKind.choices)
    region = models.ForeignKey(Region, models.PROTECT, null=True)
    in_force_from = models.DateField(null=True)
    in_force_to = models.DateField(null=True)

    class Meta:
        verbose_name = _("legal instrument")
        verbose_name_plural = _("legal instruments")
        triggers = [Frozen("key", "title", "number", "issuer", "kind", "region_id")]
        constraints = [
            models.CheckConstraint(
                name="legalinstrument_local_regulation_names_its_region",
                condition=Q(kind=BasisKind.LOCAL_REG, region__isnull=False)
                | (~Q(kind=BasisKind.LOCAL_REG) & Q(region=None)),
                violation_error_message=_("A local regulation names its region; no other document does."),
            ),
            models.CheckConstraint(
                name="legalinstrument_ends_after_it_begins",
                condition=Q(in_force_from=None) | Q(in_force_to=None) | Q(in_force_to__gte=F("in_force_from")),
                violation_error_message=_("The last day lies before the first."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ProvisionQuerySet(models.QuerySet["Provision"]):
    def in_force(self, on: date) -> "ProvisionQuerySet":
        """Provisions not known to be out of force that day, by their own dates and those of their document."""
        own = Q(in_force_from=None) | Q(in_force_from__lte=on)
        own &= Q(in_force_to=None) | Q(in_force_to__gte=on)
        whole = Q(instrument__in_force_from=None) | Q(instrument__in_force_from__lte=on)
        whole &= Q(instrument__in_force_to=None) | Q(instrument__in_force_to__gte=on)
        return self.filter(own & whole)


class Provision(models.Model):
    """An article of a legal instrument. Empty dates: as the instrument's. `says`: what it provides, in a line."""

    instrument = models.ForeignKey(LegalInstrument, models.PROTECT, related_name="provisions")
    article = models.CharField(max_length=60)
    says = models.TextField(blank=True)
    in_force_from = models.DateField(null=True)
    in_force_to = models.DateField(null=True)
    confidence = models.CharField(max_length=12, choices=Confidence.choices)

    objects = ProvisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("provision")
        verbose_name_plural = _("provisions")
        triggers = [Frozen("instrument_id", "article")]
        constraints = [
            models.UniqueConstraint(
                name="provision_once_per_wording",
                fields=["instrument", "article", "in_force_from"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="provision_names_its_article", condition=~Q(article="")),
            models.CheckConstraint(
                name="provision_ends_after_it_begins",
                condition=Q(in_force_from=None) | Q(in_force_to=None) | Q(in_force_to__gte=F("in_force_from")),
                violation_error_message=_("The last day lies before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"《{self.instrument.title}》{self.article}"

    @property
    def first_day(self) -> date | None:
        return self.in_force_from or self.instrument.in_force_from

    @property
    def last_day(self) -> date | None:
        return min(filter(None, (self.in_force_to, self.instrument.in_force_to)), default=None)

    def is_in_force(self, on: date) -> bool:
        """Whether the article is not known to be out of force that day (INV-74)."""
        first, last = self.first_day, self.last_day
        return (first is None or first <= on) and (last is None or on <= last)

    @property
    def is_verified(self) -> bool:
        return self.confidence == self.instrument.confidence == Confidence.VERIFIED
