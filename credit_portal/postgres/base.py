"""PostgreSQL, with what the portal needs of the driver.

* Views of the schema `disclosed` stand on the tables. PostgreSQL refuses some DDL while they stand and Django would fail
  or silently drop them; so the schema editor takes the whole schema away first. `disclose` builds it again after `migrate`.
* `dbshell` passes no OPTIONS; the role that a one-URL installation plays goes with PGOPTIONS instead.
* A test database is made by the login itself, not by the role it plays, and prepared like any other.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.postgresql import base, client, creation, schema

VIEWS_STAND_IN_THE_WAY = re.compile(r"ALTER COLUMN \S+ TYPE|DROP COLUMN|DROP TABLE|RENAME", re.I)


def without_role(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "OPTIONS": {k: v for k, v in settings["OPTIONS"].items() if k != "assume_role"}}


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    def execute(self, sql: Any, params: Any = ()) -> Any:
        if VIEWS_STAND_IN_THE_WAY.search(str(sql)) and not self.collect_sql:
            super().execute("DROP SCHEMA IF EXISTS disclosed CASCADE", None)
        return super().execute(sql, params)


class DatabaseClient(client.DatabaseClient):
    @classmethod
    def settings_to_cmd_args_env(cls, settings_dict: Any, parameters: Any) -> Any:
        args, env = super().settings_to_cmd_args_env(settings_dict, parameters)
        if role := settings_dict.get("OPTIONS", {}).get("assume_role"):
            env = {**(env or {}), "PGOPTIONS": f"-c role={role}"}
        return args, env


class DatabaseCreation(creation.DatabaseCreation):
    def _execute_create_test_db(self, cursor: Any, parameters: Any, keepdb: bool = False) -> None:
        super()._execute_create_test_db(cursor, parameters, keepdb)  # type: ignore[misc]
        from casework.roles import make_roles, prepare_database

        wanted = {**without_role(self.connection.settings_dict), "NAME": self._get_test_db_name()}  # type: ignore[attr-defined]
        params = DatabaseWrapper(wanted, alias=self.connection.alias).get_connection_params()
        with psycopg.connect(**params, autocommit=True) as login:
            make_roles(login)
            prepare_database(login)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
    client_class = DatabaseClient
    creation_class = DatabaseCreation

    @contextmanager
    def _nodb_cursor(self) -> Iterator[Any]:
        login = self.__class__(without_role(self.settings_dict), alias=self.alias)
        with base.DatabaseWrapper._nodb_cursor(login) as cursor:
            yield cursor
