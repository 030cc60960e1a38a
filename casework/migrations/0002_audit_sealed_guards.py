"""The schemas `audit` and `sealed` and the guard functions: plain SQL, written by hand (casework/sql/)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("casework", "0001_initial")]
    operations = [
        migrations.RunSQL((SQL / name).read_text(encoding="utf-8"), migrations.RunSQL.noop)
        for name in ("audit.sql", "sealed.sql", "guards.sql")
    ]
