"""The portal's settings one release later."""

from credit_portal.settings import *  # noqa: F403

MIGRATION_MODULES = {"records": "tests.migrations.release"}
