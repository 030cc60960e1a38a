"""Which of the eight other kinds of act a region publishes."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from casework.triggers import Frozen
from catalogs.models.base import Known, Named
from catalogs.models.library import Provision
from catalogs.states import SWITCHED_KINDS


class ActSwitch(Named, Known):
    """From this day on a region takes in and publishes acts of a kind, within the same seven working days (2019-35(15)).

    Without a row the kind is switched off there (PUB-05). Licences and penalties need none: the clause binds everybody.
    """

    kind = models.CharField(max_length=24, choices=[(kind.value, kind.label) for kind in SWITCHED_KINDS])
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, related_name="+"
    )  # and those in it; empty: everywhere
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    provision = models.ForeignKey(Provision, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["kind", "region", "valid_from"]
        verbose_name = _("switch of an act kind")
        verbose_name_plural = _("switches of act kinds")
        triggers = [Frozen("uuid", "kind", "region_id", "valid_from", "provision_id")]
        constraints = [
            models.UniqueConstraint(
                name="actswitch_once_per_day", fields=["kind", "region", "valid_from"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="actswitch_is_for_the_eight_other_kinds",
                condition=Q(kind__in=[kind.value for kind in SWITCHED_KINDS]),
                violation_error_message=_(
                    "Licences and penalties are always published; only other acts have a switch."
                ),
            ),
            models.CheckConstraint(
                name="actswitch_ends_after_it_begins", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.region_id or ''}".strip()
