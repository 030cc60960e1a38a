"""Settings of the test suite: the same portal, a database of its own, quick hashing, hints kept in memory.

The login of the tests makes the test database and plays the real roles by SET ROLE (tests/conftest.py): migrations run as
the owner, `default` as portal_app, `public` as portal_reader.
"""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("PORTAL_VAR", tempfile.mkdtemp(prefix="portal-test-"))

from credit_portal.settings import *  # noqa: F403
from credit_portal.settings import DATABASES

SECRET_KEY = "tests"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
for part in DATABASES.values():
    part["OPTIONS"]["assume_role"] = "portal_owner"
    part["CONN_HEALTH_CHECKS"] = False
DATABASES["public"] = {**DATABASES["default"], "TEST": {"MIRROR": "default"}}  # no second test database
CELERY_BROKER_URL = "memory://"
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True  # nothing is collected for a test run
SECRETS = Path(os.environ["PORTAL_VAR"]) / "secrets"
