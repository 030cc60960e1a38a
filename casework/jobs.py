"""What the clock asks of casework: is the audit whole, does the calendar know the days that are needed?"""

import logging
from datetime import date
from typing import Any

from celery import shared_task
from django.apps import apps
from django.utils import timezone

from casework import audit
from casework.calendar import UnknownYear, calendar, today
from casework.models import Heartbeat, Timed

log = logging.getLogger("portal.jobs")
NOTICE_NEEDED_FROM = 12  # the month: a term of working days begun in December may end in January


class AuditBroken(Exception):
    """A chain is not whole. `manage.py verify_audit` says where."""


def beat(name: str) -> None:
    """Say that a part of the clock has finished its round, and found nothing to complain about."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


@shared_task(name="casework.verify_audit", acks_late=True)
def verify_audit() -> int:
    """Walk every chain (SEC-05). A break is an error in the log, fails the task and leaves the heartbeat to grow old."""
    verdict = audit.verify()
    if verdict.broken:
        log.error("audit_broken", extra={"event": "audit_broken"})
        raise AuditBroken("\n".join(verdict.broken))
    beat("audit")
    return verdict.events


@shared_task(name="casework.check_calendar", acks_late=True)
def check_calendar() -> None:
    """Raise the alarm while a needed year is not announced: an error, never an assumption (PUB-10).

    This year is always needed, the next from 1 December, and any year in which an open deadline ends. As long as one is
    missing the task fails each morning, and the heartbeat grows old.
    """
    on = today()
    if missing := [year for year in needed_years(on) if year not in calendar().years]:
        log.error("calendar_year_missing", extra={"event": "calendar_year_missing"})
        raise UnknownYear(missing[0], calendar().years)
    beat("calendar")


def needed_years(on: date) -> list[int]:
    """The years whose notices the portal cannot do without on this day."""
    needed = {on.year, on.year + 1} if on.month >= NOTICE_NEEDED_FROM else {on.year}
    for year in uncounted_from():
        needed |= {year, year + 1} if year in calendar().years else {year}
    return sorted(needed)


def uncounted_from() -> set[int]:
    """The years in which open deadlines began that still have no last day."""
    timed: list[Any] = [model for model in apps.get_models() if issubclass(model, Timed)]
    years: set[int] = set()
    for model in timed:
        waiting = model.objects.filter(state__in=list(model.TRANSITIONS), starts_on__isnull=False, due_on=None)
        years |= set(waiting.values_list("starts_on__year", flat=True).distinct())
    return years
