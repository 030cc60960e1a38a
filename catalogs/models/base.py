"""What the rules share: a chain of their own, how sure we are of them, and two triggers."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import pgtrigger
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary
from django.db import models
from django.db.models import F, Func

from casework.triggers import Firm, Frozen, quoted
from catalogs.states import BasisKind, Confidence

NATIONAL_BASES = (BasisKind.LAW, BasisKind.ADMIN_REG, BasisKind.CENTRAL_POLICY)


def days(first: str, last: str) -> Func:
    """The days from one column to another, both inclusive; an empty column leaves that end open."""
    return Func(
        F(first), F(last), RangeBoundary(inclusive_upper=True), function="daterange", output_field=DateRangeField()
    )


def words(choices: type[models.TextChoices], *, length: int = 30) -> Any:
    return ArrayField(models.CharField(max_length=length, choices=choices.choices), default=list, blank=True)


class RestsOnBasis(Firm):
    """At commit, what is in force cites a provision of an accepted kind (requirements 0.1; CAT-02, LST-01, MEA-02).

    `link` is the table of citations, `column` its key to this table. Where the row itself has no level, `level_of` names
    the table that has one, with the key to it.
    """

    when, operation = pgtrigger.After, pgtrigger.Insert | pgtrigger.UpdateOf("state")
    timing = pgtrigger.Deferred

    def __init__(
        self, link: str, column: str, *, states: Iterable[Any], accepted: Iterable[Any], level_of: str = ""
    ) -> None:
        self.link, self.column, self.level_of = link, column, level_of
        self.states, self.accepted = [s.value for s in states], [k.value for k in accepted]
        super().__init__(name="rests_on_basis")

    def get_func(self, model: Any) -> str:
        table = model._meta.db_table
        scope = "SELECT NEW.level, NEW.region_id"
        if self.level_of:
            parent, key = self.level_of.split(".")
            scope = f"SELECT o.level, o.region_id FROM {parent} o WHERE o.id = NEW.{key}"  # noqa: S608  names of this app
        return f"""
            IF NEW.state IN ({quoted(self.states)}) AND NOT EXISTS (
              SELECT FROM {self.link} l
                JOIN catalogs_provision p ON p.id = l.provision_id
                JOIN catalogs_legalinstrument i ON i.id = p.instrument_id
                CROSS JOIN LATERAL ({scope}) AS own (level, region)
               WHERE l.{self.column} = NEW.id
                 AND (own.level = 'national' AND i.kind IN ({quoted(self.accepted)})
                   OR own.level = 'local' AND i.kind = 'local_reg'
                     AND starts_with(own.region, regexp_replace(i.region_id, '(00)+$', '')))
            ) THEN
              RAISE EXCEPTION '{table} cites no legal basis of an accepted kind'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_rests_on_basis', TABLE = '{table}';
            END IF;
            RETURN NEW;"""


class FrozenOnceAnnounced(Frozen):
    """What was announced stays as it was announced: a change is a new edition (CAT-08).

    State and last day may move; how sure we are of the text, and where it was seen, may be put right.
    """

    def __init__(self, states: Iterable[Any], *columns: str) -> None:
        self.condition = pgtrigger.Q(old__state__in=[state.value for state in states])
        super().__init__(*columns)


class Named(models.Model):
    """A thing with an audit chain of its own."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)

    class Meta:
        abstract = True

    @property
    def chain(self) -> UUID:
        return self.uuid

    @property
    def ref(self) -> str:
        return f"{self._meta.model_name}:{self.uuid}"


class Known(models.Model):
    """How sure we are of the text. What is from memory is shown as such and is never presented as law."""

    confidence = models.CharField(max_length=12, choices=Confidence.choices)
    source = models.TextField()

    class Meta:
        abstract = True
