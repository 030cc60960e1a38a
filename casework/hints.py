"""A message is only a hint to look sooner. What is due is a query over stored dates, so a lost hint loses nothing."""

import logging

from celery import current_app
from django.db import transaction

log = logging.getLogger("portal.hints")


def hint(task: str, *ids: int) -> None:
    """After the commit, ask a worker to look at these ids. With the broker away nothing happens, and nobody gets an error."""
    transaction.on_commit(lambda: _send(task, ids), robust=True)


def _send(task: str, ids: tuple[int, ...]) -> None:
    try:
        current_app.send_task(task, args=list(ids), retry=False, ignore_result=True)
    except Exception:  # whatever the broker's client raises: the act is committed and stands
        log.warning("hint_lost", extra={"event": "hint_lost"})
