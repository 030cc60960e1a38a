"""What each role of the database may not do, by SQL, as a stranger who got hold of its login would try it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from psycopg import errors

from casework import grants
from casework.actors import SYSTEM
from casework.audit import Line, record_many
from casework.models import Attachment, Refusal
from credit_portal.postgres.base import DatabaseWrapper, without_role
from records import services
from records.models import Publication
from records.states import Clock
from tests.conftest import as_login
from tests.factories import act_of, agency, deliver, penalty, subject

pytestmark = pytest.mark.django_db

DENIED = errors.InsufficientPrivilege
NO_WRITING_HERE = (
    DENIED,
    errors.ObjectNotInPrerequisiteState,
    errors.FeatureNotSupported,
)  # a view that cannot be written


@contextmanager
def logged_in(role: str) -> Iterator[psycopg.Connection]:
    """A session of its own that is `role` from the ground up: no RESET ROLE leads back to anybody else."""
    params = DatabaseWrapper(without_role(connection.settings_dict), alias="default").get_connection_params()
    with psycopg.connect(**params, autocommit=True) as raw:
        raw.execute(f"SET SESSION AUTHORIZATION {role}")
        raw.execute("SET default_transaction_read_only = off")  # a habit of the reader, which it may undo
        yield raw


@pytest.fixture(scope="module")
def try_as(django_db_setup: None, django_db_blocker: Any) -> Callable[[str, str], Any]:
    def run(role: str, sql: str) -> Any:
        with django_db_blocker.unblock(), logged_in(role) as raw, raw.transaction(force_rollback=True):
            found = raw.execute(sql)
            return found.fetchall() if found.description else None

    return run


# --- portal_app: evidence may be added, never changed

EVIDENCE = ["audit.event", "audit.body", "audit.head", "public.casework_refusal", "public.casework_attachment",
            "public.records_intakerow"]  # fmt: skip
COLUMN = {"audit.event": "name", "audit.body": "body", "audit.head": "seq", "public.casework_refusal": "act",
          "public.casework_attachment": "bytes", "public.records_intakerow": "n"}  # fmt: skip


@pytest.mark.parametrize("table", EVIDENCE)
@pytest.mark.proves("SEC-05", "INV-65")
def test_the_application_reads_evidence_and_can_neither_change_nor_remove_it(try_as: Any, table: str) -> None:
    try_as("portal_app", f"SELECT count(*) FROM {table}")

    for attack in (
        f"UPDATE {table} SET {COLUMN[table]} = {COLUMN[table]}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
    ):
        with pytest.raises(DENIED, match="permission denied for table"):
            try_as("portal_app", attack)


@pytest.mark.proves("INV-65")
def test_the_application_cannot_write_what_the_audit_makes_itself(try_as: Any) -> None:
    values = "gen_random_uuid(), 'test.forged', 'subject:' || gen_random_uuid()"
    try_as("portal_app", f"INSERT INTO audit.event (chain, name, ref) VALUES ({values})")

    for column, value in {
        "seq": "1",
        "at": "now()",
        "hash": "''",
        "prev": "''",
        "xact": "'1'",
        "db_user": "'x'",
    }.items():
        with pytest.raises(DENIED):
            try_as("portal_app", f"INSERT INTO audit.event (chain, name, ref, {column}) VALUES ({values}, {value})")
    with pytest.raises(DENIED):
        try_as("portal_app", "INSERT INTO audit.head VALUES (gen_random_uuid(), 7, '', now())")


GUARDS_OFF = [
    "ALTER TABLE public.casework_refusal DISABLE TRIGGER ALL",
    "ALTER TABLE audit.event DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON audit.event",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION audit.refuse() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    "DROP FUNCTION audit.link() CASCADE",
    "CREATE TABLE public.mine (a int)",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TEMP TABLE mine (a int)",
    "CREATE SCHEMA mine",
    "DO $$ BEGIN NULL; END $$",
    "SET ROLE portal_owner",
    "ALTER ROLE portal_app SUPERUSER",
    "DELETE FROM public.subjects_subject",
    "TRUNCATE public.subjects_subject",
    "UPDATE public.django_migrations SET name = name",
    "SELECT * FROM sealed.identity",
    "SELECT lo_from_bytea(0, 'a')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY public.subjects_subject TO '/tmp/subjects'",
    "SELECT pg_read_file('/etc/passwd')",
]


@pytest.mark.parametrize("attack", GUARDS_OFF)
@pytest.mark.parametrize("role", ["portal_app", "portal_reader", "portal_auditor"])
def test_no_role_that_serves_can_take_a_guard_away_or_make_anything_of_its_own(
    try_as: Any, role: str, attack: str
) -> None:
    with pytest.raises(DENIED):
        try_as(role, attack)


@contextmanager
def logged_in_owner() -> Iterator[psycopg.Connection]:
    """The owner has every grant, so only the triggers speak here. Undone at the end."""
    with logged_in("portal_owner") as raw, raw.transaction(force_rollback=True):
        yield raw


@pytest.mark.proves("SEC-05", "INV-65")
def test_even_the_owner_meets_the_triggers_of_the_evidence(try_as: Any) -> None:
    makes = {
        "public.casework_refusal": "INSERT INTO public.casework_refusal (at, act, rule, rows, data_class, keys)"
        " VALUES (now(), 'a', 'r', '{}', '', '{}')",
        "audit.event": "INSERT INTO audit.event (chain, name, ref)"
        " VALUES (gen_random_uuid(), 'test.made', 'subject:' || gen_random_uuid())",
    }
    for table, make in makes.items():
        for attack in (
            f"UPDATE {table} SET {COLUMN[table]} = 'x.y'",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with logged_in_owner() as raw:
                raw.execute(make)
                with pytest.raises(DENIED, match=r"append-only|cannot be emptied"):
                    raw.execute(attack)


# --- portal_reader: the schema disclosed, and nothing else


def relations() -> list[str]:
    with as_login() as raw:
        return [name for (name,) in raw.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'audit', 'sealed') AND c.relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY 1"
        )]  # fmt: skip


def test_the_reader_reads_the_views_and_no_table_beneath_them(django_db_blocker: Any) -> None:
    everything = relations()
    assert len(everything) > 40

    with logged_in("portal_reader") as raw:
        assert raw.execute("SELECT count(*) FROM disclosed.record").fetchone()
        for name in everything:
            with pytest.raises(DENIED):
                raw.execute(f"SELECT * FROM {name} LIMIT 1")
        for sql in ("SELECT sealed.find('')", "SELECT audit.erase(gen_random_uuid(), gen_random_uuid())",
                    "SELECT public.has_numbers('x')", "SELECT extensions.similarity('a', 'b')"):  # fmt: skip
            with pytest.raises(DENIED):
                raw.execute(sql)


WRITES = [
    "INSERT INTO disclosed.region VALUES ('999999', 'x')",
    "UPDATE disclosed.region SET name = 'x'",
    "DELETE FROM disclosed.subject",
    "CREATE VIEW disclosed.mine AS SELECT 1",
    "CREATE FUNCTION disclosed.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION disclosed.today() RETURNS date LANGUAGE sql AS 'SELECT DATE ''2000-01-01'''",
    "SELECT lo_creat(-1)",
    "SELECT lo_create(4711)",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
    "COPY disclosed.region FROM STDIN",
    "SELECT query_to_xml('SELECT * FROM public.accounts_user', true, true, '')",
    "SELECT table_to_xml('audit.event', true, true, '')",
    "SELECT pg_ls_dir('.')",
]


@pytest.mark.parametrize("attack", WRITES)
def test_the_reader_writes_nowhere_and_reaches_nothing_by_a_detour(try_as: Any, attack: str) -> None:
    with pytest.raises(NO_WRITING_HERE):
        try_as("portal_reader", attack)


def test_other_sessions_statements_are_hidden_from_the_reader(try_as: Any) -> None:
    seen = try_as("portal_reader", "SELECT query FROM pg_stat_activity WHERE usename <> 'portal_reader'")

    assert {query for (query,) in seen} == {"<insufficient privilege>"}


@pytest.fixture
def hidden() -> list[str]:
    """What no stranger may learn: number, decision, id of a fact withdrawn, and of one that ended. A shown one stands beside."""
    sender = agency()
    deliver(penalty(subject(), sender, cf_wsh="20260077", cf_nr="30000"), sender=sender)
    withdrawn, ended = (
        act_of(deliver(penalty(subject(), sender, cf_wsh=f"机密〔2026〕{n}号", cf_nr="暂扣许可证"), sender=sender))
        for n in (1, 2)
    )
    services.withdraw(withdrawn.pk, by=SYSTEM, on=withdrawn.decided_on, reason="录入有误")
    Publication.objects.filter(act=ended).update(state=Clock.ENDED)
    return ["机密", "暂扣", withdrawn.public_id, ended.public_id]


LEAKY = [
    "SELECT 1 FROM disclosed.record WHERE document_number::int = 1",
    "SELECT 1 FROM disclosed.record WHERE document_number::date > now()",
    "SELECT 1 FROM disclosed.record WHERE (content->>'decision')::numeric > 0",
    "SELECT 1 FROM disclosed.record WHERE public_id::int = 1",
    "SELECT 1 FROM disclosed.shown WHERE public_id::uuid IS NOT NULL",
    "SELECT 1 FROM disclosed.record WHERE xpath(document_number, '<a/>') IS NOT NULL",
    "SELECT 1 FROM disclosed.record WHERE document_number ~ ('(' || document_number)",
    "SELECT r.document_number::int FROM disclosed.shown s JOIN disclosed.record r ON r.document_number::int = s.act_id",
]
PLANS = ["", "SET LOCAL enable_nestloop = off", "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
         "SET LOCAL enable_nestloop = off; SET LOCAL enable_hashjoin = off", "SET LOCAL join_collapse_limit = 1"]  # fmt: skip


def errors_of(attack: str) -> str:
    """Whatever the reader can make the database say, whichever way it has the join run."""
    raw, said = connection.connection, ""
    raw.execute("SET ROLE portal_reader")
    for plan in PLANS:
        with suppress(psycopg.Error), raw.transaction():
            raw.execute(plan or "SELECT 1")
            try:
                said += str(raw.execute(attack).fetchall())
            except psycopg.Error as error:
                said += str(error)
                raise
    return said


@pytest.mark.parametrize("attack", LEAKY)
def test_no_error_text_tells_of_a_row_that_the_view_hides(hidden: list[str], attack: str) -> None:
    said = errors_of(attack)

    assert said
    assert [secret for secret in hidden if secret in said] == []


def test_the_same_errors_do_speak_of_a_row_that_is_shown() -> None:
    """The difference: without it the test above would pass on an empty database too."""
    sender = agency()
    act = act_of(deliver(penalty(subject(), sender, cf_wsh="公开〔2026〕78号", cf_nr="罚款若干"), sender=sender))

    assert "公开〔2026〕78号" in errors_of(LEAKY[0])
    assert "罚款若干" in errors_of(LEAKY[2])
    assert act.public_id in errors_of(LEAKY[4])


def test_a_function_of_the_readers_own_cannot_be_made_to_listen_in(hidden: Any) -> None:
    with logged_in("portal_reader") as raw:
        for sql in ("CREATE FUNCTION pg_temp.listen(text) RETURNS bool LANGUAGE sql COST 0.0001 AS 'SELECT true'",
                    "CREATE FUNCTION pg_temp.listen(text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', $1; END'",
                    "CREATE TEMP VIEW mine AS SELECT 1",
                    "PREPARE a AS SELECT * FROM public.records_record"):  # fmt: skip
            with pytest.raises(DENIED):
                raw.execute(sql)


# --- portal_auditor: reads everything but the sealed boxes


def test_the_auditor_reads_the_file_and_no_sealed_box(try_as: Any) -> None:
    for table in ("audit.event", "audit.body", "public.casework_refusal", "disclosed.record"):
        try_as("portal_auditor", f"SELECT count(*) FROM {table}")

    for attack in ("SELECT * FROM sealed.identity", "SELECT sealed.find('')", "INSERT INTO audit.body VALUES (NULL, '', '')",
                   "UPDATE public.subjects_subject SET name = name"):  # fmt: skip
        with pytest.raises(DENIED):
            try_as("portal_auditor", attack)


# --- Drift: what was granted besides the table is named, whoever asks

DRIFT = [
    ("GRANT SELECT ON public.accounts_user TO portal_reader", "portal_reader holds SELECT on TABLE public.accounts_user."),
    ("GRANT SELECT (name) ON public.subjects_person TO portal_reader",
     "portal_reader holds SELECT on COLUMN public.subjects_person.name."),
    ("GRANT DELETE ON audit.event TO portal_app", "portal_app holds DELETE on TABLE audit.event."),
    ("GRANT UPDATE (seq) ON audit.head TO portal_app", "portal_app holds UPDATE on COLUMN audit.head.seq."),
    ("GRANT SELECT ON public.subjects_subject TO PUBLIC", "PUBLIC holds SELECT on TABLE public.subjects_subject."),
    ("GRANT CREATE ON SCHEMA public TO portal_app", "portal_app holds CREATE on SCHEMA public."),
    ("GRANT USAGE ON SCHEMA sealed TO portal_reader", "portal_reader holds USAGE on SCHEMA sealed."),
    ("GRANT EXECUTE ON FUNCTION sealed.find TO PUBLIC", "PUBLIC holds EXECUTE on FUNCTION sealed.find(digest bytea)."),
    ("GRANT SELECT ON sealed.identity TO portal_auditor", "portal_auditor holds SELECT on TABLE sealed.identity."),
    ("REVOKE INSERT ON public.casework_refusal FROM portal_app", "portal_app lacks INSERT on TABLE public.casework_refusal."),
    ("ALTER TABLE audit.event DISABLE TRIGGER append_only", "The trigger append_only of audit.event is switched off."),
]  # fmt: skip


def drift() -> list[str]:
    return grants.drift(connection)


@pytest.mark.parametrize(("change", "sentence"), DRIFT)
def test_a_right_that_the_table_does_not_know_is_named(change: str, sentence: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        raw = cursor.connection
        assert drift() == []

        raw.execute("SET ROLE portal_owner")
        raw.execute(change)

        assert drift() == [sentence]


def test_a_function_that_anybody_may_call_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        raw = cursor.connection
        raw.execute("RESET ROLE")  # not the owner, so that the default right of everybody stands
        raw.execute("CREATE FUNCTION audit.open_door() RETURNS int LANGUAGE sql AS 'SELECT 1'")

        assert "PUBLIC holds EXECUTE on FUNCTION audit.open_door()." in grants.drift(connection)


def test_giving_the_rights_again_heals_every_drift() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        raw = cursor.connection
        raw.execute("SET ROLE portal_owner")
        for change, _sentence in DRIFT[:-1]:
            raw.execute(change)
        for statement in grants.wanted(raw.cursor()):
            raw.execute(statement)

        assert drift() == []


# --- What the application writes, it may write


def test_with_the_rights_it_has_the_application_adds_evidence() -> None:
    Refusal.objects.create(act="a", rule="r")
    record_many([Line(uuid4(), f"subject:{uuid4()}", "test.made", reason="r")], by=SYSTEM)
    Attachment.objects.create(sha256="0" * 64, bytes=1, media_type="x", original_name="x", stored_by=uuid4())

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("portal_app",)
