#!/usr/bin/env python
"""Django's command line. Commands that change the schema run as the owner of the database, all others as the application."""

import os
import sys

OWNER_COMMANDS = {"migrate", "disclose", "setup_roles", "sqlmigrate"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")
    if OWNER_COMMANDS & set(sys.argv[1:2]):
        os.environ.setdefault("PORTAL_DATABASE_AS", "owner")
    if sys.argv[1:2] == ["verify_audit"]:
        os.environ.setdefault("PORTAL_DATABASE_AS", "auditor")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
