from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate, Substr


class Migration(migrations.Migration):
    """Indexes for walking the names in the order of the search; built beside the traffic."""

    atomic = False

    dependencies = [
        ("subjects", "0002_office"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="subject",
            index=models.Index(Substr("unified_code", 9, 9), name="subject_organisation_code"),
        ),
        AddIndexConcurrently(
            model_name="subject",
            index=models.Index(models.F("registered_on").desc(nulls_last=True), "unified_code", name="subject_newest"),
        ),
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
                Collate("initials", "C"),
                name="subjectname_initials",
                condition=models.Q(("initials", ""), _negated=True),
            ),
        ),
    ]
