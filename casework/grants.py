"""Who may do what in the database: one table, applied after every migrate, shown in docs/grants.md.

`portal_app` may read, insert and update; what is evidence it may only insert; DELETE stands on a short list.
`portal_reader` may read the schema `disclosed` and nothing else. `portal_auditor` reads all but sealed boxes.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

INSERT_ONLY = {
    "casework_refusal",
    "casework_attachment",
    "records_intakerow",
    "records_tolerancereview",
}
READ_ONLY = {"django_migrations"}  # the owner's book
DELETABLE = {
    "casework_calendarday",  # a revised notice takes a day back
    "accounts_session",  # a session ends
    "accounts_signinfailure",  # kept no longer than it slows anybody down
}

APP, READER, AUDITOR = "portal_app", "portal_reader", "portal_auditor"
# What the application writes of an event; the rest is the trigger's.
EVENT_COLUMNS = ("id", "chain", "name", "actor", "agency", "ref", "before", "after", "commitment")
SCHEMAS = {
    APP: ("public", "audit", "sealed", "disclosed", "extensions"),
    AUDITOR: ("public", "audit", "disclosed", "extensions"),
    READER: ("disclosed",),
}


class Right(NamedTuple):
    """One privilege of one role on one thing: `on` is "TABLE public.x", "COLUMN audit.event.name", "FUNCTION …"."""

    role: str
    privilege: str
    on: str


def table_rights(table: str) -> str:
    """Rights of `portal_app` on one table of the schema public."""
    if table in READ_ONLY:
        return "SELECT"
    rights = "SELECT, INSERT" if table in INSERT_ONLY else "SELECT, INSERT, UPDATE"
    return rights + (", DELETE" if table in DELETABLE else "")


def rights(things: dict[str, list[str]]) -> set[Right]:
    """The whole table, for the things that stand in a database (as `_things` finds them)."""
    found = {Right(role, "USAGE", f"SCHEMA {schema}") for role, schemas in SCHEMAS.items() for schema in schemas}
    for table in things["TABLE public"]:
        name = table.removeprefix("TABLE public.")
        found |= {Right(APP, right, table) for right in table_rights(name).split(", ")}
        found.add(Right(AUDITOR, "SELECT", table))
    found |= {Right(APP, "USAGE", sequence) for sequence in things["SEQUENCE public"]}
    found |= {Right(role, "SELECT", table) for table in things["TABLE audit"] for role in (APP, AUDITOR)}
    found |= {Right(APP, "INSERT", f"COLUMN audit.event.{column}") for column in EVENT_COLUMNS}
    found.add(Right(APP, "INSERT", "TABLE audit.body"))
    found.add(Right(APP, "EXECUTE", "FUNCTION audit.erase(target uuid, erasure uuid)"))
    found |= {Right(APP, "INSERT", table) for table in things["TABLE sealed"]}
    found |= {Right(APP, "EXECUTE", call) for call in things["FUNCTION sealed"] + things["FUNCTION public"]}
    readers = (APP, READER, AUDITOR)
    found |= {Right(role, "SELECT", view) for view in things["TABLE disclosed"] for role in readers}
    return found | {Right(role, "EXECUTE", call) for call in things["FUNCTION disclosed"] for role in readers}


def statements(things: dict[str, list[str]]) -> Iterator[str]:
    """Every REVOKE and GRANT, in order. Idempotent."""
    everybody = f"PUBLIC, {APP}, {READER}, {AUDITOR}"
    for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        yield f"REVOKE ALL ON ALL {kind} IN SCHEMA public, audit, sealed, disclosed FROM {everybody}"
    yield f"REVOKE ALL ON SCHEMA public, audit, sealed, disclosed FROM {everybody}"
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for role, privilege, on in sorted(rights(things)):
        kind, _, name = on.partition(" ")
        if kind == "COLUMN":
            table, _, column = name.rpartition(".")
            together[f"TABLE {table}", role].append(f"{privilege} ({column})")
        else:
            together[on, role].append(privilege)
    for (on, role), privileges in together.items():
        yield f"GRANT {', '.join(privileges)} ON {on} TO {role}"


def apply(connection: Any) -> None:
    """Apply the table to the database of `connection` (as the owner)."""
    with connection.cursor() as cursor:
        for statement in wanted(cursor):
            cursor.execute(statement)


def wanted(cursor: Any) -> list[str]:
    """The statements for what stands in this database."""
    return list(statements(_things(cursor)))


OURS = "n.nspname IN ('public', 'audit', 'sealed', 'disclosed')"
RELATION = "format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname)"
CALL = "format('FUNCTION %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))"
THINGS = f"""
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || n.nspname, {RELATION}
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'FUNCTION ' || n.nspname, {CALL} FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE {OURS} AND p.prorettype <> 'trigger'::regtype
  ORDER BY 1, 2"""  # noqa: S608  constants of this module
# What is granted to anybody but the owner; an empty list of rights means the defaults of PostgreSQL.
GRANTED = f"""
  SELECT coalesce(r.rolname, 'PUBLIC'), a.privilege_type, held.what FROM (
    SELECT 'SCHEMA ' || n.nspname, n.nspacl, n.nspowner FROM pg_namespace n WHERE {OURS} OR n.nspname = 'extensions'
    UNION ALL
    SELECT {RELATION}, c.relacl, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}
    UNION ALL
    SELECT format('COLUMN %I.%I.%I', n.nspname, c.relname, t.attname), t.attacl, c.relowner FROM pg_attribute t
      JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND t.attacl IS NOT NULL
    UNION ALL
    SELECT {CALL}, coalesce(p.proacl, acldefault('f', p.proowner)), p.proowner FROM pg_proc p
      JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}
  ) AS held (what, rights, owner) CROSS JOIN LATERAL aclexplode(held.rights) a LEFT JOIN pg_roles r ON r.oid = a.grantee
  WHERE a.grantee <> held.owner"""  # noqa: S608  constants of this module
OFF = """
  SELECT format('%s of %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT t.tgisinternal AND t.tgenabled NOT IN ('O', 'A') AND n.nspname IN ('public', 'audit', 'sealed') ORDER BY 1"""


def _things(cursor: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    cursor.execute(THINGS)
    for kind, name in cursor.fetchall():
        found[kind].append(name)
    return found


def drift(connection: Any) -> list[str]:
    """Where rights and guards in the database differ from the table, as sentences (posture check, INV-65).

    Asked of the system's own lists, so that any role gets the same answer.
    """
    with connection.cursor() as cursor:
        wanted = rights(_things(cursor))
        cursor.execute(GRANTED)
        held = {Right(*row) for row in cursor.fetchall()}
        cursor.execute(OFF)
        off = [trigger for (trigger,) in cursor.fetchall()]
    return [
        *(f"{role} holds {privilege} on {on}." for role, privilege, on in sorted(held - wanted)),
        *(f"{role} lacks {privilege} on {on}." for role, privilege, on in sorted(wanted - held)),
        *(f"The trigger {trigger} is switched off." for trigger in off),
    ]
