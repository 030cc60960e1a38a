"""The roles of design part 4: what they are, and that a database is prepared for them twice as well as once."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from casework.roles import ROLES, make_roles, prepare_database
from credit_portal.postgres.base import DatabaseWrapper, without_role

pytestmark = pytest.mark.django_db


def ask(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_no_role_of_the_portal_is_more_than_it_must_be() -> None:
    found = ask(
        "SELECT rolname, rolcanlogin, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
        " FROM pg_roles WHERE rolname LIKE 'portal\\_%' ORDER BY 1"
    )

    assert {name: (login, mighty) for name, login, mighty in found if name in ROLES} == dict.fromkeys(
        ROLES, (True, False)
    )


def test_no_role_may_become_another() -> None:
    mutual = ask(
        "SELECT m.rolname, r.rolname FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid"
        f" JOIN pg_roles m ON m.oid = a.member WHERE m.rolname IN {ROLES}"
    )

    assert mutual == []


def test_the_readers_statements_are_short_and_write_nothing_by_habit() -> None:
    ((settings,),) = ask(
        "SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole"
        " WHERE r.rolname = 'portal_reader' AND setdatabase = 0"
    )

    assert {"statement_timeout=2s", "default_transaction_read_only=on"} <= set(settings.split())


def test_everybody_may_do_nothing_in_the_database() -> None:
    rights = ask(
        "SELECT a.privilege_type FROM pg_database d, aclexplode(d.datacl) a"
        " WHERE d.datname = current_database() AND a.grantee = 0"
        " UNION ALL SELECT 'language ' || l.lanname FROM pg_language l, aclexplode(l.lanacl) a"
        " WHERE a.grantee = 0 AND l.lanname = 'plpgsql'"
    )

    assert rights == []


def test_what_the_portal_owns_belongs_to_the_owner() -> None:
    others = ask(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('public', 'audit', 'sealed', 'disclosed') AND c.relowner <> 'portal_owner'::regrole"
    )

    assert others == []


def test_sessions_are_in_utc_and_texts_in_utf8() -> None:
    assert ask("SELECT current_setting('server_encoding'), reset_val FROM pg_settings WHERE name = 'TimeZone'") == [
        ("UTF8", "UTC")
    ]
    assert {name for (name,) in ask("SELECT extname FROM pg_extension")} == {"plpgsql", "pg_trgm", "btree_gist"}


@pytest.mark.django_db(transaction=True)
def test_preparing_a_database_again_changes_nothing() -> None:
    params = DatabaseWrapper(without_role(connection.settings_dict), alias="default").get_connection_params()
    state = "SELECT nspname, nspacl::text, nspowner FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1"
    before = ask(state)

    with psycopg.connect(**params, autocommit=True) as login:
        for _n in range(2):
            make_roles(login)
            prepare_database(login)

    assert ask(state) == before


@pytest.mark.django_db(transaction=True)
def test_the_roles_can_be_made_by_many_at_the_same_moment() -> None:
    params = DatabaseWrapper(without_role(connection.settings_dict), alias="default").get_connection_params()

    def make(_n: int) -> None:
        with psycopg.connect(**params, autocommit=True) as login:
            for _again in range(5):
                make_roles(login)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(4)))


def test_the_sql_can_be_printed_for_a_database_administrator() -> None:
    out = StringIO()

    call_command("setup_roles", "--print", stdout=out)

    assert all(word in out.getvalue() for word in (*ROLES, "revoke all on database", "pg_trgm"))
