"""Real connections side by side: each racer has its own session, as portal_app, and starts when all are ready."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from tests.conftest import ROLE, as_role

PATIENCE = 30


@pytest.fixture
def race() -> Callable[..., list[Any]]:
    def run(*racers: Callable[[], Any]) -> list[Any]:
        """What each racer returned, or the exception that it met."""
        barrier, results = Barrier(len(racers)), [None] * len(racers)

        def go(n: int) -> None:
            try:
                for alias, role in ROLE.items():
                    connections[alias].execute_wrappers.append(as_role(role))
                connections["default"].ensure_connection()
                barrier.wait(PATIENCE)
                results[n] = racers[n]()
            except Exception as error:  # the race's result
                results[n] = error
            finally:
                connections.close_all()

        threads = [Thread(target=go, args=(n,)) for n in range(len(racers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE * 2)
            assert not thread.is_alive(), "a racer never came home"
        return results

    return run
