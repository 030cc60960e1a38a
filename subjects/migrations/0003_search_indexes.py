from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate


class Migration(migrations.Migration):
    """Indexes for walking the names in the order of the search; built beside the traffic."""

    atomic = False

    dependencies = [
        ("subjects", "0002_office"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="subjectname",
            index=models.Index("kind", Collate("key", "C"), name="subjectname_by_key"),
        ),
        AddIndexConcurrently(
            model_name="subjectname",
            index=models.Index(
                Collate("pinyin", "C"), name="subjectname_pinyin", condition=models.Q(("pinyin", ""), _negated=True)
            ),
        ),
        AddIndexConcurrently(
            model_name="subjectname",
            index=models.Index(
                Collate("initials", "C"), name="subjectname_initials", condition=models.Q(("initials", ""), _negated=True)
            ),
        ),
    ]
