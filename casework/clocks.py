"""Statutory clocks that rest. A stop is a row with two dates; each change computes the last day anew and says so in the audit.

The day on which a clock stops and the day on which it is set going are both not counted: counting goes on with the day
after, as it begins with the day after (民法典201). Call inside a verb that holds the subject.
"""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casework.actors import Actor
from casework.audit import record
from casework.calendar import ClockStopped, UnknownYear, calendar
from casework.errors import Refused, WrongState
from casework.models import ClockStop
from casework.terms import Term


@transaction.atomic
def stop_clock(case: Any, *, term: Term, by: Actor, reason: str, on: date, agency: str = "") -> ClockStop:
    """Stop the clock of a case from this day on. Until it runs again the case has no last day and cannot become late."""
    _needs_reason(reason)
    if case.is_late(on):
        raise WrongState(
            _("The last day was %(day)s; this clock has run out.") % {"day": case.due_on}, rule="clock_has_run_out"
        )
    if ClockStop.objects.filter(case_ref=case.ref, ends_on=None).exists():
        raise WrongState(_("This clock stands still already."), rule="clock_stopped")
    stop = ClockStop.objects.create(case_ref=case.ref, starts_on=on, reason=reason)
    _recompute(case, term, agency, event="clock.stopped", by=by, reason=reason, stopped_on=on)
    return stop


@transaction.atomic
def resume_clock(case: Any, *, term: Term, by: Actor, reason: str, on: date, agency: str = "") -> ClockStop:
    """Set the clock going again; the last day moves by what was not counted."""
    _needs_reason(reason)
    stop = ClockStop.objects.select_for_update().filter(case_ref=case.ref, ends_on=None).first()
    if stop is None:
        raise WrongState(_("This clock is running."), rule="clock_running")
    if on < stop.starts_on:
        raise Refused(_("This clock was stopped on %(day)s.") % {"day": stop.starts_on}, rule="dates_out_of_order")
    stop.ends_on = on
    stop.save(update_fields=["ends_on"])
    _recompute(case, term, agency, event="clock.resumed", by=by, reason=reason, resumed_on=on)
    return stop


def due(case: Any, term: Term, agency: str = "") -> date:
    """The last day with every stop taken out. Refused while the clock stands still or a year is not announced (PUB-10)."""
    stops = list(ClockStop.objects.filter(case_ref=case.ref).values_list("starts_on", "ends_on"))
    return calendar().due(case.starts_on, term, stops, agency)


def _recompute(case: Any, term: Term, agency: str, *, event: str, by: Actor, reason: str, **values: Any) -> None:
    before = case.due_on
    try:
        case.due_on = due(case, term, agency)
    except (ClockStopped, UnknownYear):
        case.due_on = None
    type(case).objects.filter(pk=case.pk).update(due_on=case.due_on)
    record(case, event, by=by, reason=reason, due_on_before=before, due_on=case.due_on, **values)


def _needs_reason(reason: str) -> None:
    if not reason:
        raise Refused(_("Stopping a clock and setting it going need a reason."), rule="reason_missing", rows=["REC-08"])
