"""Killed workers, a flushed or absent broker, nights missed, sweeps at once: nothing lost, nothing twice, no error answered."""

import time

import pytest

from tests.portal import Portal, until

pytestmark = pytest.mark.all

TAKEN, AFTER = "2026-11-20", "2026-11-25"


def ending(portal: Portal, count: int) -> list[int]:
    """Clocks whose last day is 24 November."""
    return portal.run(TAKEN, "deliver", ",".join(["2026-11-24"] * count))  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def _whole_at_the_end(portal: Portal) -> object:
    """Whatever happened: the chains are whole, and no hint is left over for the next test."""
    yield
    assert portal.manage("verify_audit", PORTAL_DATABASE_AS="auditor")
    portal.redis().flushall()


def test_a_worker_killed_in_the_middle_of_a_sweep_leaves_its_rest_to_the_next(portal: Portal) -> None:
    clocks = ending(portal, 8)

    with portal.hold(clocks[4]), portal.worker(AFTER) as worker:
        portal.ring()
        until(portal.waiting)  # four are done, the fifth is in the worker's hands
        worker.kill()
        worker.wait()
        half = portal.states(clocks)
    portal.redis().flushall()
    with portal.worker(AFTER):
        portal.ring()
        until(lambda: set(portal.states(clocks)) == {"ended"})

    assert half == ["ended"] * 4 + ["aggregated"] * 4
    assert portal.lines(clocks, "publication.ended") == [1] * 8


def test_a_message_that_a_killed_worker_held_does_nothing_twice_when_it_comes_back(portal: Portal) -> None:
    clocks = ending(portal, 3)

    with portal.worker(AFTER):
        portal.ring()
        until(lambda: set(portal.states(clocks)) == {"ended"})
        for _n in range(3):
            portal.ring()
        until(lambda: portal.redis().llen("celery") == 0)
    portal.run(AFTER, "sweep")

    assert portal.lines(clocks, "publication.ended") == [1] * 3


def test_a_flushed_broker_loses_hints_and_nothing_else(portal: Portal) -> None:
    clocks = ending(portal, 2)
    portal.ring()
    portal.ring()
    assert portal.redis().llen("celery") == 2

    portal.redis().flushall()
    with portal.worker(AFTER):
        time.sleep(3)
        before = portal.states(clocks)
        portal.ring()
        until(lambda: set(portal.states(clocks)) == {"ended"})

    assert before == ["aggregated"] * 2
    assert portal.lines(clocks, "publication.ended") == [1] * 2


def test_a_flush_under_a_running_worker_does_not_deafen_it(portal: Portal) -> None:
    clocks = ending(portal, 2)

    with portal.worker(AFTER):
        portal.ring()
        until(lambda: set(portal.states(clocks)) == {"ended"})
        portal.redis().flushall()
        more = ending(portal, 2)
        portal.ring()
        until(lambda: set(portal.states(more)) == {"ended"})

    assert portal.lines(clocks + more, "publication.ended") == [1] * 4


def test_with_the_broker_away_an_act_is_done_and_answers_and_the_sweep_catches_up(portal: Portal) -> None:
    withdrawn, due = ending(portal, 1), ending(portal, 2)
    portal.queue.stop()
    try:
        state, seconds = portal.run(TAKEN, "withdraw", str(withdrawn[0]))
    finally:
        portal.queue.start()
    with portal.worker(AFTER):
        portal.ring()
        until(lambda: set(portal.states(due)) == {"ended"})

    assert state == "withdrawn"
    assert seconds < 2  # nobody waits for a broker that is away
    assert portal.lines(withdrawn, "publication.ended") == [1]
    assert portal.lines(due, "publication.ended") == [1, 1]


def test_a_worker_survives_a_broker_that_goes_and_comes_back(portal: Portal) -> None:
    clocks = ending(portal, 2)

    with portal.worker(AFTER) as worker:
        portal.ring()
        until(lambda: set(portal.states(clocks)) == {"ended"})
        portal.queue.stop()
        time.sleep(2)
        portal.queue.start()
        more = ending(portal, 1)
        portal.ring()
        until(lambda: portal.states(more) == ["ended"])
        assert worker.poll() is None


@pytest.mark.proves("PUB-09", "INV-18")
def test_three_missed_nights_are_made_up_in_one_and_marks_bear_the_legal_day(portal: Portal) -> None:
    clocks = portal.run(TAKEN, "deliver", "2026-11-30,2026-12-01,2026-12-02,held")

    portal.run("2026-12-03", "sweep")
    portal.run("2026-12-03", "sweep")

    assert portal.states(clocks) == ["ended", "ended", "ended", "overdue"]
    assert portal.lines(clocks, "publication.ended") == [1, 1, 1, 0]
    assert portal.lines(clocks, "publication.overdue") == [0, 0, 0, 1]
    ((due_on, late_since),) = portal.ask(
        "SELECT due_on::text, late_since::text FROM records_publication WHERE id = %s", clocks[3]
    )
    assert (due_on, late_since) == ("2026-12-01", "2026-12-02")


def test_two_sweeps_at_once_do_everything_once(portal: Portal) -> None:
    clocks = ending(portal, 30)

    with portal.hold(clocks[0]):
        sweeps = [portal.start(AFTER, "sweep") for _n in range(2)]
        until(lambda: portal.waiting() == 2)
    for process in sweeps:
        portal.answer(process)

    assert set(portal.states(clocks)) == {"ended"}
    assert portal.lines(clocks, "publication.ended") == [1] * 30
