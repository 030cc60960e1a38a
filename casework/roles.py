"""Making the roles of the portal, and preparing a database for them."""

import time
from pathlib import Path
from typing import Any

import psycopg

SQL = Path(__file__).parent / "sql"
ROLES = ("portal_owner", "portal_app", "portal_reader", "portal_auditor")
LOCALE_WANTED = "C.UTF-8"


def roles_sql() -> str:
    return (SQL / "roles.sql").read_text(encoding="utf-8")


def database_sql() -> str:
    return (SQL / "database.sql").read_text(encoding="utf-8")


def make_roles(connection: Any) -> None:
    """Make the roles and let this login play them (one-URL installations, tests). `connection` is psycopg's, autocommit.

    Roles belong to the whole server. Another process that makes them at the same moment, for another database, makes
    PostgreSQL answer "tuple concurrently updated": what was begun is undone and tried again.
    """
    for tries_left in reversed(range(20)):
        try:
            connection.execute(roles_sql())
            login = connection.execute(
                "select quote_ident(session_user), rolsuper from pg_roles where rolname = session_user"
            )
            name, is_superuser = login.fetchone()
            if not is_superuser:
                connection.execute(f"grant {', '.join(ROLES)} to {name}")
            return
        except psycopg.errors.InternalError_:
            if not tries_left:
                raise
            time.sleep(0.05)


def prepare_database(connection: Any) -> None:
    """Schemas, extensions and bare rights of one database. Tables get theirs from casework.grants after `migrate`."""
    connection.execute(database_sql())
