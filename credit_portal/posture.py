"""The posture check: in production the portal refuses to serve with wrong roles, drifted grants, demo keys or DEBUG (D2)."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.utils import timezone

from credit_portal.local.officers import DEMO_ACCOUNTS

LARGEST_SKEW = timedelta(seconds=2)
WANTED_ROLE = {"default": "portal_app", "public": "portal_reader"}


def faults() -> list[str]:
    """Every reason why this process should not serve, as sentences. Empty means: sound."""
    return [*_settings_faults(), *_database_faults()]


def _settings_faults() -> list[str]:
    found = []
    if settings.DEBUG:
        found.append("DEBUG is on.")
    if settings.ONE_URL:
        found.append(
            "One database login plays every role; give DATABASE_URL, DATABASE_PUBLIC_URL and their own logins."
        )
    if settings.SECRET_KEY.startswith("demo-"):
        found.append("SECRET_KEY is the demo's.")
    if len(settings.PORTAL_FACES) == 4:
        found.append("One process serves every face; set PORTAL_FACE.")
    if not settings.PORTAL_BASE_URL.startswith("https://"):
        found.append("PORTAL_BASE_URL is not https.")
    if (settings.VAR / DEMO_ACCOUNTS).exists():
        found.append(f"{settings.VAR / DEMO_ACCOUNTS} holds passwords of the demo.")
    if settings.PUBLIC_ONLY:
        if settings.REDIS_URL:
            found.append("The public face knows the broker.")
        keys = (settings.PORTAL_BOX_RING_FILE, settings.PORTAL_DIGEST_RING_FILE, settings.PORTAL_TAG_KEY_FILE)
        if any(Path(key).exists() for key in keys):
            found.append("The public face can read a key of personal data.")
    return found


def _database_faults() -> list[str]:
    found = []
    aliases = ["public"] if settings.PUBLIC_ONLY else list(WANTED_ROLE)
    for alias in aliases:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT current_user, r.rolsuper, pg_has_role(session_user, 'portal_owner', 'MEMBER'),"
                " clock_timestamp(), current_setting('server_encoding'),"
                " (SELECT datctype FROM pg_database WHERE datname = current_database())"
                " FROM pg_roles r WHERE r.rolname = session_user"
            )
            role, is_super, is_owner, at, encoding, ctype = cursor.fetchone()
        if role != WANTED_ROLE[alias]:
            found.append(f"The alias {alias} works as {role}, not as {WANTED_ROLE[alias]}.")
        if is_super or is_owner:
            found.append(f"The login of the alias {alias} may do what only the owner may.")
        if abs(timezone.now() - at) > LARGEST_SKEW:
            found.append(f"The clocks of this machine and of the database ({alias}) differ by more than 2 seconds.")
        if encoding != "UTF8" or ctype not in {"C.UTF-8", "C.utf8"}:
            found.append(f"The database is {encoding}/{ctype}; search keys and order need UTF8/C.UTF-8.")
    if not settings.PUBLIC_ONLY:
        from casework.grants import drift

        found += drift(connections["default"])
        found += _demo_left()
    return found


def _demo_left() -> list[str]:
    """Accounts and keys of the demo: their passwords and secrets stood in a file."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM accounts_user WHERE is_active AND starts_with(username, 'demo.')),"
            " (SELECT count(*) FROM accounts_apiclient WHERE revoked_on IS NULL AND name LIKE '%（演示）')"
        )
        accounts, keys = cursor.fetchone()
    found = [f"{accounts} accounts of the demo are alive."] if accounts else []
    return found + ([f"{keys} API keys of the demo are alive."] if keys else [])


def refuse_to_serve_unsound() -> None:
    """Called when a server starts: production stops with the reasons; the demo goes on."""
    if settings.PORTAL_ENV == "production" and (found := faults()):
        raise SystemExit("The portal does not serve:\n" + "\n".join(f"- {fault}" for fault in found))
