"""What the clock asks for. A sweep lists keys without locking and calls one verb for each, in a transaction of its own.

Lose Redis, kill a worker, miss three nights: the next sweep finds the same rows. A failing row is logged and passed over.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from celery import shared_task
from django.db.models import F, Q

from casework.actors import SYSTEM
from casework.calendar import ClockStopped, UnknownYear, calendar, today
from casework.errors import DomainError
from casework.jobs import beat
from records import services
from records.models import BasisDocument, Hide, Publication
from records.services import desk, hides, reviews
from records.services.clock import recount_open, revised
from records.services.desk_steps import go_on
from records.states import SHOWN, Clock, Document, HideState

log = logging.getLogger("portal.sweep")


def sweep(on: date) -> Counter[str]:
    """Do everything that is due on this day. Safe to run twice, and at the same time as another."""
    if on > today():
        raise ValueError("The sweep never runs ahead of the day.")
    done: Counter[str] = Counter()
    take_effect = BasisDocument.objects.filter(state=Document.REGISTERED, effective_on__lte=on)
    done["took_effect"] = each(take_effect, lambda pk: services.take_effect(pk, by=SYSTEM, on=on))
    uncounted = Publication.objects.filter(due_on=None, starts_on__isnull=False).exclude(state=Clock.ENDED)
    known = Q(starts_on__year__in=sorted(calendar().years))
    done["counted"] = each(uncounted.filter(known), services.recount)
    done["recounted"] = each(revised(), lambda pk: recount_open(pk, on=on))
    ready = Publication.objects.filter(
        state__in=[Clock.PENDING, Clock.OVERDUE], hold="", act__content_public__isnull=False
    )
    # What is published now is public from today, also when a past day is swept: nobody publishes for yesterday.
    done["published"] = each(ready, lambda pk: services.catch_up(pk, on=today()))
    # What the department itself made public in time is not late (design part 6).
    late = Publication.objects.filter(state=Clock.PENDING, due_on__lt=on).exclude(source_public_on__lte=F("due_on"))
    done["overdue"] = each(late, lambda pk: services.mark_overdue(pk, on=on))
    over = Publication.objects.filter(state__in=SHOWN, public_until__lt=on)
    done["ended"] = each(over, lambda pk: services.end(pk, on=on))
    waiting = Hide.objects.filter(state=HideState.ORDERED)
    done["hides_counted"] = each(
        waiting.filter(due_on=None, starts_on__year__in=sorted(calendar().years)), hides.recount
    )
    undecided = waiting.filter(due_on__lt=on, late_since=None)
    done["hides_overdue"] = each(undecided, lambda pk: hides.lapse(pk, on=on))
    done["to_review"] = each(reviews.under_ended_items(on), lambda pk: reviews.open_item_review(pk, on=on))
    done["deliveries_gone_on_with"] = each(desk.left_open(), lambda pk: go_on(pk, on=on))
    done["quarantine_emptied"] = each(desk.to_empty(on), lambda pk: desk.empty_quarantine(pk, on=on))
    beat("sweep")
    return done


def each(found: Any, act: Callable[[int], Any]) -> int:
    """Call one verb for each key. What cannot be counted yet is no fault; any other failure is logged and passed over."""
    done = 0
    for pk in found.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=2_000):
        try:
            act(pk)
            done += 1
        except (ClockStopped, UnknownYear):
            continue
        except DomainError:
            log.warning("sweep_refused", extra={"event": "sweep_refused"})
        except Exception:  # one bad row never stops the night
            log.exception("sweep_failed", extra={"event": "sweep_failed"})
    return done


@shared_task(name="records.sweep", acks_late=True)
def sweep_today() -> dict[str, int]:
    return dict(sweep(today()))


@shared_task(name="records.catch_up", acks_late=True)
def catch_up(publication_id: int) -> None:
    """A hint that this publication may be ready. The verb reads for itself and does nothing if it is not."""
    services.catch_up(publication_id, on=today())


@shared_task(name="records.go_on", acks_late=True)
def go_on_with(batch_id: int) -> None:
    """A hint that work on a delivery is due: its dry run, its taking in, its withdrawal."""
    go_on(batch_id, on=today())


def summary(done: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in done)
