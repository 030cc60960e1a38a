"""`manage.py setup_roles`: make the roles of design part 4 on your own server and prepare the database."""

from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from django.db import connection

from casework.roles import database_sql, make_roles, prepare_database, roles_sql


class Command(BaseCommand):
    help = "Make the portal's database roles and prepare the database; print the SQL when this login may not."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--print", action="store_true", dest="only_print", help="only print the SQL")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["only_print"]:
            self.stdout.write(roles_sql() + database_sql())
            return
        params = connection.get_connection_params()
        for key in ("cursor_factory", "context", "prepare_threshold"):
            params.pop(key, None)
        try:
            with psycopg.connect(**params, autocommit=True) as login:
                make_roles(login)
                prepare_database(login)
        except psycopg.errors.InsufficientPrivilege:
            self.stdout.write(roles_sql() + database_sql())
            self.stderr.write("This login may not make roles. Let your database administrator run the SQL above.")
            raise SystemExit(1) from None
        self.stdout.write("Roles and schemas are ready.")
