"""Building the schema `disclosed`: the one place where it is written what a stranger may see.

The views stand as files in disclosure/sql/. They are rebuilt in one transaction after every migrate, and left alone while
their digest is unchanged. Readers may SELECT the views and EXECUTE the functions of this schema, and nothing else.
"""

import hashlib
from pathlib import Path
from typing import Any

from django.db import transaction

FILES = sorted((Path(__file__).parent / "sql").glob("*.sql"))
READERS = "portal_reader, portal_app, portal_auditor"


def digest() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in FILES)).hexdigest()


def disclose(connection: Any, *, force: bool = False) -> bool:
    """Rebuild the schema when a file changed or the schema is gone. Returns whether it was rebuilt."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regnamespace('disclosed')::oid, 'pg_namespace')")
        (built,) = cursor.fetchone()
        if built == digest() and not force:
            return False
        cursor.execute("DROP SCHEMA IF EXISTS disclosed CASCADE")
        cursor.execute("CREATE SCHEMA disclosed")
        for path in FILES:
            cursor.execute(path.read_text(encoding="utf-8"))
        cursor.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA disclosed FROM PUBLIC")
        cursor.execute(f"GRANT USAGE ON SCHEMA disclosed TO {READERS}")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA disclosed TO {READERS}")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA disclosed TO {READERS}")
        cursor.execute(f"COMMENT ON SCHEMA disclosed IS '{digest()}'")
    return True
