"""Tests run as the roles of production: `default` as portal_app, `public` as portal_reader, in one shared transaction.

Three traps that this file knows: a mirrored alias would run the public pages as the office role; a rolled-back savepoint
takes SET ROLE back with it, so the role is set before every statement; a flush would TRUNCATE evidence, so the tables are
emptied by the login of the tests with the guards off.
"""

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core.management import call_command
from django.db import connections
from django.dispatch import receiver
from django.test import TestCase, TransactionTestCase
from django.utils import timezone
from psycopg.pq import TransactionStatus

from tests.rows import ProvenRows, pytest_addoption  # noqa: F401  the option is a hook of this file

ROLE = {"default": "portal_app", "public": "portal_reader"}
# What `load_rules` and `load_calendar` brought in stands for the whole run; tests with real transactions leave it.
RULES = ("catalogs_", "casework_calendar", "accounts_region", "django_content_type", "django_migrations")

# Every test lives on this Friday, in Python and in the database, so that the suite says the same in any year.
THE_DAY = date(2026, 11, 20)
# In the test database only, by the owner: the day of the views comes from a table. Never a setting, which a reader could set.
FROZEN_TODAY = f"""
    SET ROLE portal_owner;
    CREATE SCHEMA IF NOT EXISTS testing;
    DROP TABLE IF EXISTS testing.frozen_day;
    CREATE TABLE testing.frozen_day AS SELECT '{THE_DAY}'::date AS day;
    CREATE OR REPLACE FUNCTION disclosed.today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp AS $$ SELECT day FROM testing.frozen_day $$;
    RESET ROLE;
"""
# Tests load and empty the same tables over and over. What the server happened to count in between would make it plan the
# next test's queries for a few rows where there are thousands; without any statistics it goes by the size of the tables.
NO_STATISTICS_BY_CHANCE = """
    DO $$ DECLARE t record; BEGIN
      FOR t IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'audit', 'sealed') LOOP
        EXECUTE format('ALTER TABLE %I.%I SET (autovacuum_enabled = false)', t.schemaname, t.tablename);
      END LOOP;
    END $$;
"""


def as_role(role: str) -> Callable[..., Any]:
    def wrap(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        raw = context["connection"].connection
        if raw.info.transaction_status != TransactionStatus.INERROR:
            raw.execute(f"SET ROLE {role}")
        return execute(sql, params, many, context)

    return wrap


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ProvenRows(config), "proven-rows")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and "databases" not in marker.kwargs:
            item.add_marker(pytest.mark.django_db(databases=["default", "public"], **marker.kwargs), append=False)


@pytest.fixture(scope="session", autouse=True)
def secrets() -> None:
    """Key rings of the test run."""
    folder = Path(settings.SECRETS)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "box_ring": f"1:{base64.b64encode(os.urandom(32)).decode()}\n",
        "digest_ring": f"1:{base64.b64encode(os.urandom(32)).decode()}\n",
        "tag_key": f"1:{base64.b64encode(os.urandom(32)).decode()}\n",
    }.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="ascii")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, secrets: None) -> None:
    """The database with the rules in force and the calendar; from here on every statement runs as the portal's roles."""
    with django_db_blocker.unblock():
        for alias, role in ROLE.items():
            connections[alias].execute_wrappers.append(as_role(role))
        with as_login() as raw:
            raw.execute(FROZEN_TODAY)
            raw.execute(NO_STATISTICS_BY_CHANCE)
        call_command("load_calendar", verbosity=0)
        call_command("load_rules", verbosity=0)
        connections["default"].close()


def share_session(cls: Any) -> Any:
    """Before a test's transaction begins: let `public` work on the same session, so that it sees what is not committed."""
    office, public = connections["default"], connections["public"]
    if "public" in cls.databases and (public.connection is None or public.connection is not office.connection):
        public.close()
        office.ensure_connection()
        public.connection, public.connect = office.connection, lambda: None  # type: ignore[method-assign]
        public.set_autocommit = lambda *a, **k: None  # type: ignore[method-assign]
        public.close_if_unusable_or_obsolete = lambda: None  # type: ignore[method-assign]
        public.check_constraints = lambda *a, **k: None  # type: ignore[method-assign]  `default` does it, as the office
    return enter_atomics(cls)


def part_session(cls: Any, atomics: Any) -> None:
    rollback_atomics(cls, atomics)
    public = connections["public"]
    if "public" in cls.databases and "connect" in vars(public) and not public.in_atomic_block:
        del public.connect, public.set_autocommit, public.close_if_unusable_or_obsolete, public.check_constraints
        public.connection = None


enter_atomics, rollback_atomics = TestCase._enter_atomics.__func__, TestCase._rollback_atomics.__func__  # type: ignore[attr-defined]
TestCase._enter_atomics, TestCase._rollback_atomics = classmethod(share_session), classmethod(part_session)  # type: ignore[method-assign]


@receiver(user_logged_in)
def begin_session(request: Any, **_more: Any) -> None:
    """`client.force_login` begins a session as the sign-in page does; without a beginning the office ends it at once."""
    request.session.setdefault("began_at", timezone.now().isoformat())


@pytest.fixture(autouse=True)
def _frozen_day() -> Iterator[None]:
    with time_machine.travel(noon(THE_DAY), tick=True):
        yield


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def travel(db: None) -> Iterator[Callable[[date], None]]:
    """Go to another day, in Python and in the database."""
    with ExitStack() as stack:

        def to(day: date) -> None:
            stack.enter_context(time_machine.travel(noon(day), tick=True))
            raw = connections["default"].connection
            raw.execute("RESET ROLE")
            raw.execute("UPDATE testing.frozen_day SET day = %s", [day])

        yield to


def empty_tables(self: Any) -> None:
    """After a test with real transactions: everything but the rules goes, by the login, guards off."""
    for alias in ROLE:
        connections[alias].close()
    with as_login() as raw:
        raw.execute("SET session_replication_role = replica")
        tables = raw.execute(
            "SELECT format('%I.%I', schemaname, tablename), tablename FROM pg_tables"
            " WHERE schemaname IN ('public', 'audit', 'sealed')"
        ).fetchall()
        gone = [name for name, table in tables if not table.startswith(RULES)]
        raw.execute(f"TRUNCATE {', '.join(gone)} RESTART IDENTITY")
        raw.execute("UPDATE testing.frozen_day SET day = %s", [THE_DAY])


TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[method-assign]


def count_anew() -> None:
    """Let the server count what this test has loaded, as it does by itself in a portal that lives longer than a test."""
    raw = connections["default"].connection
    raw.execute("RESET ROLE")
    raw.execute("ANALYZE")


@contextmanager
def as_login() -> Iterator[Any]:
    """The login of the tests itself, on the test database."""
    office = connections["default"]
    office.ensure_connection()
    raw = office.connection
    raw.execute("RESET ROLE")
    yield raw
    office.close()


def answer(response: Any) -> Any:
    """The JSON body of a response, streamed or not."""
    return json.loads(b"".join(response.streaming_content) if response.streaming else response.content)
