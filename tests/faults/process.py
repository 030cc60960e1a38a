"""One process of the portal on a day of its own: `python -m tests.faults.process DAY WHAT [ARGUMENT]`.

It runs with the portal's real settings on the database and the broker of its environment, at noon of DAY in Shanghai.
"""

import json
import os
import sys
import time
from datetime import date
from itertools import count
from typing import Any

import time_machine


def deliver(last_days: str) -> list[int]:
    """Take in one penalty for each last day (or "held": a text that waits for a second person); the keys of their clocks."""
    from accounts.models import Agency
    from casework.calendar import today
    from tests import factories
    from tests.factories import act_of, agency, penalty, subject
    from tests.factories import deliver as hand_in

    factories.numbers = count(1 + 100 * Agency.objects.count())  # other codes than those of the processes before
    sender = agency()
    made = []
    for last in last_days.split(","):
        changes = (
            {"cf_sy": "联系电话13800138000"} if last == "held" else {"cf_gsjzq": last, "source_public_on": today()}
        )
        made.append(act_of(hand_in(penalty(subject(), sender, **changes), sender=sender)).publication.pk)
    return made


def sweep(_argument: str) -> dict[str, int]:
    from casework.calendar import today
    from records.jobs import sweep as sweep_on

    return dict(sweep_on(today()))


def withdraw(publication_id: str) -> tuple[str, float]:
    """A verb whose hint follows its commit; whatever becomes of the hint, it answers. The state, and the seconds it took."""
    from casework.actors import SYSTEM
    from casework.calendar import today
    from casework.hints import hint
    from casework.verbs import verb
    from records.models import Publication
    from records.services import withdraw as take_back

    @verb
    def act(*, by: Any) -> str:
        hint("records.sweep")
        case = Publication.objects.get(pk=publication_id)
        return take_back(case.act_id, by=by, on=today(), reason="录入有误").state

    began = time.perf_counter()
    return str(act(by=SYSTEM)), time.perf_counter() - began


def worker(_argument: str) -> None:
    from credit_portal.celery import app

    app.worker_main(
        ["worker", "--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    )


def main(day: str, what: str, argument: str = "") -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "credit_portal.settings"
    with time_machine.travel(f"{date.fromisoformat(day)}T12:00:00+08:00", tick=True):
        django.setup()
        done = {"deliver": deliver, "sweep": sweep, "withdraw": withdraw, "worker": worker}[what](argument)
        sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
