"""What a stranger may see, as unmanaged models over the views of the schema `disclosed`. Nothing here is ever written.

Every read goes through the alias `public`, whose role may read that schema and no other, whichever face asks.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Disclosed(models.Manager[Any]):
    """Reads as the public does."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().using("public")


class View(models.Model):
    """A view of the schema `disclosed`."""

    objects = Disclosed()

    class Meta:
        abstract = True
        managed = False

    def __str__(self) -> str:
        return str(self.pk)


class Agency(View):
    """A body, as it is named beside a fact."""

    unified_code = models.TextField()
    name = models.TextField()
    kind = models.TextField()
    level = models.TextField()
    region = models.TextField()
    region_name = models.TextField()

    class Meta(View.Meta):
        db_table = 'disclosed"."agency'


class Region(View):
    """A division of GB/T 2260."""

    code = models.TextField(primary_key=True)
    name = models.TextField()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta(View.Meta):
        db_table = 'disclosed"."region'


class Subject(View):
    """A market subject of the register. No persons, no address, no phone."""

    unified_code = models.TextField(primary_key=True)
    name = models.TextField()
    type = models.TextField()
    category = models.TextField()
    region = models.TextField()
    region_name = models.TextField()
    authority_code = models.TextField(null=True)
    registration_status = models.TextField()
    registered_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    source_name = models.TextField()
    received_at = models.DateTimeField()

    class Meta(View.Meta):
        db_table = 'disclosed"."subject'


class SubjectName(View):
    """A name that a subject bears or bore, with its dates."""

    unified_code = models.TextField()
    name = models.TextField()
    kind = models.TextField()
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    source = models.TextField()

    class Meta(View.Meta):
        db_table = 'disclosed"."subject_name'


class FormerCode(View):
    """A code that leads to the subject which bears another one now (SUB-07)."""

    former_code = models.TextField(primary_key=True)
    unified_code = models.TextField()
    valid_to = models.DateField()

    class Meta(View.Meta):
        db_table = 'disclosed"."former_code'


class Record(View):
    """One fact as it is shown, under its public id: the act, with its untrustworthiness record where it has one."""

    public_id = models.TextField(primary_key=True)
    kind = models.TextField()
    group = models.TextField(db_column="class")
    adverse = models.BooleanField()
    severity = models.TextField(null=True)
    unified_code = models.TextField(null=True)
    subject_name = models.TextField(null=True)
    person_masked = models.TextField(null=True)
    person_tag = models.TextField(null=True)
    field = models.TextField(null=True)
    phase = models.TextField(null=True)
    region = models.TextField()
    item_code = models.TextField()
    item_edition = models.IntegerField()
    item_name = models.TextField()
    item_id = models.BigIntegerField()
    document_type = models.TextField()
    document_title = models.TextField()
    document_number = models.TextField()
    issuer_name = models.TextField()
    decided_on = models.DateField()
    effective_on = models.DateField(null=True)
    determining_code = models.TextField()
    determining_name = models.TextField()
    determining_kind = models.TextField()
    determining_level = models.TextField()
    determining_region = models.TextField()
    collecting_code = models.TextField()
    collecting_name = models.TextField()
    collecting_kind = models.TextField()
    collecting_level = models.TextField()
    collecting_region = models.TextField()
    content = models.JSONField()
    withheld = ArrayField(models.TextField())
    published_on = models.DateField()
    starts_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    late = models.BooleanField()
    last_day = models.DateField(null=True)
    channel_name = models.TextField()
    channel_url = models.TextField()
    source_public_on = models.DateField(null=True)
    clocks = models.JSONField()
    verification_since = models.DateField(null=True)
    version = models.IntegerField()
    corrected_on = models.DateField(null=True)

    class Meta(View.Meta):
        db_table = 'disclosed"."record'


def in_force(day: Any) -> Q:
    """The editions in force on a day: at most one of each code."""
    return Q(in_force_from__lte=day) & (Q(in_force_to=None) | Q(in_force_to__gte=day))


class CatalogueItem(View):
    """An announced edition of an item of the public credit information catalogue."""

    code = models.TextField()
    edition = models.IntegerField()
    name = models.TextField()
    name_en = models.TextField(null=True)
    level = models.TextField()
    region = models.TextField(null=True)
    category = models.IntegerField()
    kind = models.TextField()
    content = models.TextField()
    collecting_department = models.TextField()
    share_allowed = models.BooleanField()
    share_scope = ArrayField(models.TextField())
    share_lawfulness = models.TextField()
    share_necessity = models.TextField()
    disclose_allowed = models.BooleanField()
    disclose_lawfulness = models.TextField()
    disclose_necessity = models.TextField()
    adverse = models.BooleanField()
    basis_types = ArrayField(models.TextField())
    personal_information = models.BooleanField()
    state = models.TextField()
    in_force_from = models.DateField()
    in_force_to = models.DateField(null=True)
    announced_on = models.DateField(null=True)
    published_in = models.TextField(null=True)
    confidence = models.TextField()

    class Meta(View.Meta):
        db_table = 'disclosed"."catalogue_item'


class Basis(View):
    """A provision on which a catalogue item rests."""

    item_id = models.BigIntegerField()
    instrument = models.TextField()
    number = models.TextField(null=True)
    article = models.TextField(null=True)
    kind = models.TextField()
    in_force_from = models.DateField(null=True)
    in_force_to = models.DateField(null=True)
    confidence = models.TextField()

    class Meta(View.Meta):
        db_table = 'disclosed"."basis'


class RepairRule(View):
    """How long a regime shows a penalty of one class."""

    regime = models.TextField()
    platform = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    counts_from = models.TextField()
    severity = models.TextField()
    disclosed = models.BooleanField()
    minimum_months = models.IntegerField(null=True)
    maximum_months = models.IntegerField(null=True)
    confidence = models.TextField()
    instrument = models.TextField()
    number = models.TextField(null=True)
    instrument_kind = models.TextField()
    instrument_confidence = models.TextField()

    class Meta(View.Meta):
        db_table = 'disclosed"."repair_rule'


class CalendarYear(View):
    """A year whose working days are announced."""

    year = models.IntegerField(primary_key=True)
    title = models.TextField()
    number = models.TextField()
    source = models.TextField()
    confidence = models.TextField()

    class Meta(View.Meta):
        db_table = 'disclosed"."calendar_year'


class CalendarDay(View):
    """A day that differs from its weekday."""

    day = models.DateField(primary_key=True)
    kind = models.TextField()
    name = models.TextField()
    agency_code = models.TextField()

    class Meta(View.Meta):
        db_table = 'disclosed"."calendar_day'


class Freshness(View):
    """When the last delivery of each sort was accepted. One row."""

    records = models.DateTimeField(primary_key=True)
    register = models.DateTimeField(null=True)
    listings = models.DateTimeField(null=True)
    measures = models.DateTimeField(null=True)

    class Meta(View.Meta):
        db_table = 'disclosed"."freshness'


class Heartbeat(View):
    """When a part of the clock last finished its round."""

    name = models.TextField(primary_key=True)
    at = models.DateTimeField()

    class Meta(View.Meta):
        db_table = 'disclosed"."heartbeat'
