from pathlib import Path

from django.db import migrations, models

from records import migrations as standing

LAST = max(path.stem for path in Path(standing.__path__[0]).glob("0*.py"))


class Migration(migrations.Migration):
    dependencies = [("records", LAST)]
    operations = [
        migrations.AddField("publication", "note", models.CharField(max_length=10, default="", db_default=""))
    ]
