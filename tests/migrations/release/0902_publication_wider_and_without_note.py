from django.db import migrations, models


class Migration(migrations.Migration):
    """What views and triggers stand in the way of: types of columns that they use, and a column that goes."""

    dependencies = [("records", "0901_publication_note_added")]
    operations = [
        migrations.AlterField("publication", "channel_name", models.TextField(blank=True)),
        migrations.AlterField("publication", "state", models.CharField(max_length=24, default="pending")),
        migrations.RemoveField("publication", "note"),
    ]
