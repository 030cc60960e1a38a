"""What the office knows of the portal itself: is its clock alive, is its audit whole, does its calendar know the days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy

from casework.actors import Actor
from casework.audit import record
from casework.calendar import calendar
from casework.jobs import needed_years
from casework.models import AuditEvent, Heartbeat
from casework.office import OfficePage, site

READ_REGISTERS = "casework.read_registers"  # accounts.permissions; casework stands below it

site.menu("supervision", gettext_lazy("How the portal is"), "admin:health", READ_REGISTERS)


@dataclass(frozen=True)
class Pulse:
    """A part of the clock: what it does, when it last finished a round without complaint, how old that may be."""

    name: str
    does: Any
    longest: timedelta
    at: datetime | None = None

    @property
    def is_alive(self) -> bool:
        return self.at is not None and timezone.now() - self.at <= self.longest


# Three missed rounds of the schedule (credit_portal/celery.py); a nightly round may be an hour late.
PULSES = (
    Pulse(
        "sweep",
        gettext_lazy("Publishes what is ready, marks what is overdue, ends what is over"),
        timedelta(minutes=15),
    ),
    Pulse("audit", gettext_lazy("Walks every chain of the audit and recomputes its hashes"), timedelta(hours=25)),
    Pulse(
        "calendar", gettext_lazy("Looks whether every year that is needed has its holiday notice"), timedelta(hours=25)
    ),
)


@site.page("health/", name="health")
class Health(OfficePage):
    """How the portal is, for those who watch over it."""

    title = gettext_lazy("How the portal is")
    permission = READ_REGISTERS
    template_name = "office/health.html"

    def context(self) -> dict[str, Any]:
        beats = dict(Heartbeat.objects.values_list("name", "at"))
        known = calendar().years
        return {
            "pulses": [Pulse(pulse.name, pulse.does, pulse.longest, beats.get(pulse.name)) for pulse in PULSES],
            "missing_years": [year for year in needed_years(self.on) if year not in known],
            "years": [known[year] for year in sorted(known, reverse=True)],
        }


def note_look(event: AuditEvent, *, by: Actor) -> UUID:
    """Write on the reader's own chain that reason and values of this event were read (design part 5)."""
    return record(by, "audit.body_read", by=by, read=event.pk)
