"""The servers this process works with: those of DATABASE_URL and REDIS_URL, or our own where one of them is not set."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from credit_portal.local.broker import Broker, broker
from credit_portal.local.cluster import SUPERUSER, Cluster, cluster
from credit_portal.local.keys import draw_keys


@dataclass
class Servers:
    environ: dict[str, str]  # variables that the portal's processes get on top of ours
    own: list[Cluster | Broker] = field(default_factory=list)

    @property
    def own_database(self) -> bool:
        return any(isinstance(server, Cluster) for server in self.own)

    def revive(self) -> list[str]:
        """Start again what died while we hold it; the names of those."""
        dead = [server for server in self.own if not server.is_running()]
        for server in dead:
            server.revive()
        return [server.name for server in dead]


@contextlib.contextmanager
def servers(var: Path, *, for_tests: bool = False) -> Iterator[Servers]:
    """Hold database and broker for as long as the block runs.

    Tests get one URL, of a login that makes databases and plays every role; the portal gets one URL per role.
    """
    with contextlib.ExitStack() as stack:
        held = Servers({"PORTAL_VAR": str(var)})
        if not os.environ.get("DATABASE_URL"):
            running = stack.enter_context(cluster(var, fast_unsafe=for_tests))
            held.environ |= {"DATABASE_URL": running.url(SUPERUSER)} if for_tests else running.environ()
            held.own.append(running)
        if not os.environ.get("REDIS_URL"):
            queue = stack.enter_context(broker(var))
            held.environ |= queue.environ()
            held.own.append(queue)
        chosen = {name: value for name, value in draw_keys(var).items() if not os.environ.get(name)}
        held.environ |= chosen
        yield held
