"""The public credit information catalogue."""

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
    OUTSIDE_THE_CATALOGUE,
    BasisType,
    Category,
    Determiner,
    Kind,
    ShareScope,
)


class CatalogueItem(Edition):
    """An item of the public credit information catalogue: what may be recorded, shared and disclosed (2020-49(1)–(4))."""

    category = models.PositiveSmallIntegerField(choices=Category.choices)
    kind = models.CharField(max_length=24, choices=Kind.choices)
    content = models.TextField()
    field = models.CharField(max_length=40, blank=True)  # "" = every field
    determined_by = words(Determiner)
    collecting_department = models.CharField(max_length=120, blank=True)  # the office, or the class of offices
    power_ref = models.CharField(max_length=200, blank=True)  # its entry in the list of powers (CAT-15)
    share_allowed = models.BooleanField()
    share_scope = words(ShareScope)
    share_lawfulness = models.TextField()
    share_necessity = models.TextField()
    disclose_allowed = models.BooleanField()
    disclose_lawfulness = models.TextField()
    disclose_necessity = models.TextField()
    adverse = models.BooleanField()  # the act makes an untrustworthiness record
    basis_types = words(BasisType)
    personal_information = models.BooleanField()
    provisions: "models.ManyToManyField[Provision, CatalogueItemBasis]" = models.ManyToManyField(
        Provision, through="CatalogueItemBasis", related_name="catalogue_items"
    )

    class Meta(Edition.Meta):
        verbose_name = _("catalogue item")
        verbose_name_plural = _("catalogue items")
        triggers = [
            Machine(EDITION_TRANSITIONS, first=FIRST_EDITION_STATES),
            FrozenOnceAnnounced(
                ANNOUNCED, *EDITION_FROZEN, "category", "kind", "content", "field", "determined_by", "collecting_department",
                "power_ref", "share_allowed", "share_scope", "share_lawfulness", "share_necessity", "disclose_allowed",
                "disclose_lawfulness", "disclose_necessity", "adverse", "basis_types", "personal_information",
            ),
            RestsOnBasis("catalogs_catalogueitembasis", "item_id", states=ANNOUNCED, accepted=NATIONAL_BASES),
        ]  # fmt: skip
        constraints = [
            *Edition.Meta.constraints,
            models.CheckConstraint(
                name="catalogueitem_is_of_a_known_category",
                condition=Q(category__in=Category.values),
                violation_error_message=_("The catalogue has thirteen categories."),
            ),
            models.CheckConstraint(
                name="catalogueitem_is_not_general_social_conduct",
                condition=Q(kind=Kind.VOLUNTARY) | Q(determined_by__len__gt=0),
                violation_error_message=_(
                    "Only conduct determined by an administrative, authorised or judicial body may be catalogued."
                ),
            ),
            models.CheckConstraint(
                name="catalogueitem_is_public_credit_information",
                condition=~Q(kind__in=OUTSIDE_THE_CATALOGUE),
                violation_error_message=_("Complaints are kept apart from public credit information."),
            ),
            models.CheckConstraint(
                name="catalogueitem_shared_item_names_its_collector",
                condition=Q(share_allowed=False) | ~Q(collecting_department=""),
                violation_error_message=_("An item that may be shared names exactly one collecting department."),
            ),
            models.CheckConstraint(
                name="catalogueitem_shared_item_states_with_whom",
                condition=Q(share_allowed=True, share_scope__len__gt=0) | Q(share_allowed=False, share_scope__len=0),
                violation_error_message=_("Say with whom the item may be shared, and only if it may be."),
            ),
            models.CheckConstraint(
                name="catalogueitem_sharing_has_reasons",
                condition=~Q(share_lawfulness="") & ~Q(share_necessity=""),
                violation_error_message=_("Sharing or not sharing needs a reason on lawfulness and one on necessity."),
            ),
            models.CheckConstraint(
                name="catalogueitem_disclosure_has_reasons",
                condition=~Q(disclose_lawfulness="") & ~Q(disclose_necessity=""),
                violation_error_message=_(
                    "Disclosing or not disclosing needs a reason on lawfulness and one on necessity."
                ),
            ),
        ]


class CatalogueItemBasis(Citation):
    item = models.ForeignKey(CatalogueItem, models.PROTECT, related_name="citations")

    class Meta(Citation.Meta):
        constraints = [models.UniqueConstraint(name="catalogueitembasis_cited_once", fields=["item", "provision"])]
