"""The statutory clock of publications: one verb for each thing that time does. The sweep finds what is due (jobs.py).

Reads never wait for it: the views judge dates at the moment of reading.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from casework.actors import SYSTEM
from casework.audit import move, record
from casework.calendar import UnknownYear, calendar
from casework.clocks import due
from casework.locks import hold
from casework.terms import PUBLICATION
from casework.verbs import verb
from records.models import AdministrativeAct, Publication, Record
from records.states import SHOWN, Clock, Delay, Untrustworthiness
from subjects.models import Subject


def _locked(publication_id: int) -> Publication:
    """The publication, its subject locked first. Two look-ups by key: a join is planned badly after a bulk load."""
    act_id = Publication.objects.values_list("act_id", flat=True).get(pk=publication_id)
    subject_id = AdministrativeAct.objects.values_list("subject_id", flat=True).get(pk=act_id)
    hold(Subject.objects.filter(pk__in=[subject_id] if subject_id else []))
    return (
        Publication.objects.select_for_update(of=("self",), no_key=True)
        .select_related("act__subject", "act__person", "act__determining_department")
        .get(pk=publication_id)
    )


@verb
def recount(publication_id: int) -> Publication:
    """Compute a last day that could not be counted, once its year is announced (PUB-10)."""
    publication = _locked(publication_id)
    if publication.due_on is None and publication.starts_on is not None:
        agency = publication.act.determining_department.unified_code
        publication.due_on = due(publication, PUBLICATION, agency)
        publication.save(update_fields=["due_on"])
        record(publication, "publication.counted", by=SYSTEM, due_on=publication.due_on)
    return publication


def revised() -> QuerySet[Publication]:
    """Running clocks whose stored last day is no longer the calendar's answer: the notice of a year was revised.

    One sum for each first day, department with days of its own, and last day that occurs among them: their number is
    bounded by the days on which running clocks began, not by the clocks.
    """
    running = Publication.objects.filter(state=Clock.PENDING, due_on__isnull=False, late_since=None)
    known, moved = calendar(), Q(pk__in=())
    of_agency = "act__determining_department__unified_code"
    days: Iterable[tuple[Any, Any]] = running.order_by().values_list("starts_on", "due_on").distinct()
    for starts_on, day in days:
        asked = Q(starts_on=starts_on, due_on=day)
        try:
            for agency in known.local:
                if known.due(starts_on, PUBLICATION, agency=agency) != day:
                    moved |= asked & Q(**{of_agency: agency})
            if known.due(starts_on, PUBLICATION) != day:
                moved |= asked & ~Q(**{f"{of_agency}__in": list(known.local)})
        except UnknownYear:  # a year was taken back: the alarm of the calendar says so, the stored day stands meanwhile
            continue
    return running.filter(moved)


@verb
def recount_open(publication_id: int, *, on: date) -> Publication:
    """Count the last day of a running clock anew after a notice was revised, and say so in the audit (trap 3).

    A later day holds at once. An earlier one never lies before the day on which it is counted anew: nobody is late for what
    no calendar said. What was published, is marked or has ended keeps its day (INV-21).
    """
    publication = _locked(publication_id)
    before = publication.due_on
    if publication.state != Clock.PENDING or before is None or publication.late_since is not None:
        return publication
    counted = due(publication, PUBLICATION, publication.act.determining_department.unified_code)
    day = counted if counted > before else max(counted, min(on, before))
    if day != before:
        publication.due_on = day
        publication.save(update_fields=["due_on"])
        record(publication, "publication.recounted", by=SYSTEM, due_on_before=before, due_on=day, counted=counted)
    return publication


@verb
def catch_up(publication_id: int, *, on: date) -> Publication:
    """Publish what is ready and was not published when it came in: a cleared text, a night that was missed (PUB-09)."""
    publication = _locked(publication_id)
    act = publication.act
    ready = act.content_public is not None and not publication.hold and act.item.disclose_allowed
    if publication.state == Clock.OVERDUE and ready:
        move(publication, Clock.PUBLISHED_LATE, event="publication.published_late", by=SYSTEM, public_from=on)
    elif publication.state == Clock.PENDING and ready:
        if publication.is_late(publication.source_public_on or on):
            mark_overdue(publication_id, on=on)
            return catch_up(publication_id, on=on)
        move(publication, Clock.PUBLISHED, event="publication.published", by=SYSTEM, public_from=on)
    else:
        return publication
    if publication.source_public_on:
        move(publication, Clock.AGGREGATED, event="publication.aggregated", by=SYSTEM)
    return publication


@verb
def mark_overdue(publication_id: int, *, on: date) -> Publication:
    """Mark a publication that is past its day. The mark bears the legal day, names whose delay it was, and never clears.

    What the department itself made public in time is not late, however long it waits to be shown here (design part 6).
    """
    publication = _locked(publication_id)
    first_public = publication.source_public_on or on
    if publication.state == Clock.PENDING and publication.is_late(first_public) and publication.due_on:
        late = publication.received_on > publication.due_on or publication.hold
        move(
            publication, Clock.OVERDUE, event="publication.overdue", by=SYSTEM,
            late_since=publication.late_since or publication.due_on + timedelta(days=1),
            delay_by=Delay.DEPARTMENT if late else Delay.PORTAL,
        )  # fmt: skip
    return publication


@verb
def end(publication_id: int, *, on: date) -> Publication:
    """Close a publication after its last day, and let the record beneath it expire (SHR-11, SM-5)."""
    publication = _locked(publication_id)
    if publication.state in SHOWN and publication.public_until and publication.public_until < on:
        move(publication, Clock.ENDED, event="publication.ended", by=SYSTEM)
        for made in Record.objects.filter(act=publication.act, state=Untrustworthiness.EFFECTIVE).select_related(
            "subject"
        ):
            move(made, Untrustworthiness.EXPIRED, event="record.expired", by=SYSTEM)
    return publication
