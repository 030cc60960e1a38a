"""The private PostgreSQL: starts, stays, is shared, survives murder, and lets nobody be superuser."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import dj_database_url
import psycopg
import pytest

from credit_portal.local import PROJECT, CannotStart
from credit_portal.local import cluster as clusters
from credit_portal.local.broker import broker
from credit_portal.local.cluster import Account, Cluster, cluster

pytestmark = pytest.mark.all

HOLDER = """
import sys, pathlib
from credit_portal.local.cluster import cluster
with cluster(pathlib.Path(sys.argv[1]), fast_unsafe=True):
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's account may enter, with a blank, Chinese characters and a quote in its name."""
    top = Path(tempfile.mkdtemp(prefix="portal-cluster-"))
    top.chmod(0o755)
    yield top / "甲 's var"
    shutil.rmtree(top)


@pytest.fixture
def second_holder(place: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the same cluster."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place)], cwd=PROJECT, stdin=-1, stdout=-1, text=True, env=dict(os.environ)
    )
    assert holder.stdout
    assert holder.stdout.readline() == "holding\n"
    yield holder
    holder.kill()
    holder.communicate()


def login(url: str) -> psycopg.Connection:
    """As the portal logs in: by the address that its settings decode."""
    found = dj_database_url.parse(url)
    return psycopg.connect(host=found["HOST"], user=found["USER"], dbname=found["NAME"], autocommit=True)


def postmaster(running: Cluster) -> int:
    return int((running.data / "postmaster.pid").read_text().split()[0])


def test_a_first_start_makes_the_roles_and_none_of_them_is_superuser(place: Path) -> None:
    with cluster(place, fast_unsafe=True) as running:
        for variable, role in clusters.LOGINS.items():
            with login(running.environ()[variable]) as connection:
                query = "select rolname, rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = session_user"

                assert connection.execute(query).fetchone() == (role, False)


def test_names_in_chinese_have_trigrams(place: Path) -> None:
    with cluster(place, fast_unsafe=True) as running, login(running.environ()["DATABASE_OWNER_URL"]) as connection:
        assert connection.execute("select cardinality(extensions.show_trgm('北京某某公司'))").fetchone() == (7,)


def test_the_reader_can_make_nothing_and_the_owner_can(place: Path) -> None:
    with cluster(place, fast_unsafe=True) as running:
        with login(running.environ()["DATABASE_OWNER_URL"]) as owner:
            owner.execute("create table public.probe ()")
        with login(running.environ()["DATABASE_PUBLIC_URL"]) as reader:
            reader.execute("set default_transaction_read_only = off")
            for attempt in ("create table public.x ()", "create temp table x ()", "select * from public.probe"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(attempt)


def test_a_second_start_is_quick_and_keeps_the_data(place: Path) -> None:
    with cluster(place, fast_unsafe=True) as running, login(running.environ()["DATABASE_OWNER_URL"]) as owner:
        owner.execute("create table public.kept as select 1 as one")
    began = time.monotonic()

    with cluster(place, fast_unsafe=True) as running, login(running.environ()["DATABASE_OWNER_URL"]) as owner:
        took = time.monotonic() - began

        assert owner.execute("select one from public.kept").fetchone() == (1,)
        assert took < 5


def test_whoever_leaves_first_leaves_the_server_to_the_other(place: Path, second_holder: subprocess.Popen[str]) -> None:
    with cluster(place, fast_unsafe=True) as running:
        number = postmaster(running)
    assert running.is_running()
    assert postmaster(running) == number

    second_holder.communicate("")

    assert not running.is_running()


def test_a_killed_holder_leaves_a_server_that_the_next_one_joins_and_stops(
    place: Path, second_holder: subprocess.Popen[str]
) -> None:
    second_holder.send_signal(signal.SIGKILL)
    second_holder.wait()

    with cluster(place, fast_unsafe=True) as running:
        assert running.is_running()
    assert not running.is_running()


def test_a_killed_server_is_revived_with_what_was_committed(place: Path) -> None:
    with cluster(place) as running:
        with login(running.environ()["DATABASE_OWNER_URL"]) as owner:
            owner.execute("create table public.kept as select 1 as one")
        os.kill(postmaster(running), signal.SIGKILL)

        running.revive()

        with login(running.environ()["DATABASE_OWNER_URL"]) as owner:
            assert owner.execute("select one from public.kept").fetchone() == (1,)


def test_the_socket_is_private_and_there_is_no_port(place: Path) -> None:
    with cluster(place, fast_unsafe=True) as running, login(running.environ()["DATABASE_URL"]) as connection:
        assert running.socket.stat().st_mode & 0o777 == 0o700
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_a_long_path_moves_the_socket_and_nobody_may_have_been_there_before(place: Path) -> None:
    deep = place / ("很长" * 12) / ("x" * 40)
    with cluster(deep, fast_unsafe=True) as running:
        assert len(os.fsencode(running.socket)) < 85
        moved = running.socket
    moved.rmdir()
    moved.symlink_to(place)

    with pytest.raises(CannotStart, match="somebody else"):
        Cluster(deep)
    moved.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_a_checkout_under_a_closed_folder_is_explained(place: Path) -> None:
    place.mkdir()
    place.chmod(0o700)

    with pytest.raises(CannotStart, match="may not enter"):
        Account.find().check_reach(place)


def test_another_major_version_is_explained(place: Path) -> None:
    with cluster(place, fast_unsafe=True) as running:
        pass
    (running.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(CannotStart, match="made by PostgreSQL 9"), cluster(place):
        pass


def test_a_wrong_folder_of_programs_is_explained(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_PG_BIN", str(place))

    with pytest.raises(CannotStart, match="PORTAL_PG_BIN"), cluster(place):
        pass


def test_the_broker_keeps_its_messages_and_listens_on_its_socket_only(place: Path) -> None:
    import redis

    place.mkdir()
    for expected in (None, b"hint"):
        with broker(place) as running:
            client = redis.Redis(unix_socket_path=str(running.socket))
            assert client.get("message") == expected
            assert client.config_get("port") == {"port": "0"}
            client.set("message", "hint")
            client.close()
        assert not running.is_running()
