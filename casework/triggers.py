"""Triggers that nobody can switch off by a session setting.

pgtrigger carries them through migrations; its own functions first ask `pgtrigger.ignore`, ours do not (security.md 0).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pgtrigger
from pgtrigger import compiler

Transitions = Mapping[Any, Iterable[Any]]


class FirmSql(compiler.UpsertTriggerSql):
    def get_template(self) -> str:
        """pgtrigger's installation template without its session switch."""
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER SET search_path = pg_catalog, public, pg_temp AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class Firm(pgtrigger.Trigger):
    """A trigger that always fires."""

    def compile(self, model: Any) -> compiler.Trigger:
        made = super().compile(model)
        made.sql = FirmSql(**made.sql.kwargs)
        return made


class Machine(Firm):
    """The transition table of an app's `states.py`, in the database: first states on INSERT, edges on UPDATE."""

    when, operation = pgtrigger.Before, pgtrigger.Insert | pgtrigger.UpdateOf("state")

    def __init__(self, transitions: Transitions, *, first: Iterable[Any]) -> None:
        self.edges = sorted(f"{a.value}>{b.value}" for a, targets in transitions.items() for b in targets)
        self.first = sorted(state.value for state in first)
        super().__init__(name="machine")

    def get_func(self, model: Any) -> str:
        table = model._meta.db_table
        error = f"USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_machine', TABLE = '{table}'"
        return f"""
            IF TG_OP = 'INSERT' THEN
              IF NEW.state NOT IN ({quoted(self.first)}) THEN
                RAISE EXCEPTION '{table} cannot begin as %', NEW.state {error};
              END IF;
            ELSIF OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ({quoted(self.edges)}) THEN
              RAISE EXCEPTION '{table} cannot go from % to %', OLD.state, NEW.state {error};
            END IF;
            RETURN NEW;"""


class AppendOnly(Firm):
    """Rows of this table are evidence: no UPDATE, no DELETE. TRUNCATE is refused by `no_truncate` beside it."""

    when, operation = pgtrigger.Before, pgtrigger.Update | pgtrigger.Delete

    def __init__(self) -> None:
        super().__init__(name="append_only")

    def get_func(self, model: Any) -> str:
        return refusal(model, "is append-only")


class NoTruncate(Firm):
    when, operation, level = pgtrigger.Before, pgtrigger.Truncate, pgtrigger.Statement

    def __init__(self) -> None:
        super().__init__(name="no_truncate")

    def get_func(self, model: Any) -> str:
        return refusal(model, "cannot be emptied")


class Frozen(Firm):
    """These columns never change once the row is written (`once=True`: once they are filled)."""

    when, operation = pgtrigger.Before, pgtrigger.Update

    def __init__(self, *columns: str, once: bool = False) -> None:
        self.columns, self.once = columns, once
        super().__init__(name="frozen_once" if once else "frozen")

    def get_func(self, model: Any) -> str:
        table = model._meta.db_table
        filled = "OLD.{0} IS NOT NULL AND " if self.once else ""
        changed = " OR ".join(f"({filled.format(c)}OLD.{c} IS DISTINCT FROM NEW.{c})" for c in self.columns)
        return f"""
            IF {changed} THEN
              RAISE EXCEPTION '{table}: what is written stays'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_{self.name}', TABLE = '{table}';
            END IF;
            RETURN NEW;"""


class ByHuman(Firm):
    """Beside an account stands the human behind it: `<column>_identity` is filled from the account, whatever was written (D6)."""

    when, operation = pgtrigger.Before, pgtrigger.Insert | pgtrigger.Update

    def __init__(self, *columns: str) -> None:
        self.columns = columns
        super().__init__(name="by_human")

    def get_func(self, model: Any) -> str:
        # Names of this module's callers only.
        filled = "".join(
            f"""
            IF TG_OP = 'INSERT' OR NEW.{c}_id IS DISTINCT FROM OLD.{c}_id
               OR NEW.{c}_identity_id IS DISTINCT FROM OLD.{c}_identity_id THEN
              NEW.{c}_identity_id := CASE WHEN NEW.{c}_id IS NULL THEN NULL
                ELSE (SELECT u.identity_id FROM public.accounts_user u WHERE u.id = NEW.{c}_id) END;
            END IF;"""  # noqa: S608
            for c in self.columns
        )
        return f"{filled}\n            RETURN NEW;"


def refusal(model: Any, why: str) -> str:
    table = model._meta.db_table
    return (
        f"RAISE EXCEPTION '{table} {why}' USING ERRCODE = 'insufficient_privilege', "
        f"CONSTRAINT = '{table}_append_only', TABLE = '{table}';"
    )


def quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)
