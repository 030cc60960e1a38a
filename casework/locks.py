"""The one order in which acts lock: first the subjects concerned, by key, then their own row; nothing later."""

from typing import Any

from django.db.models import QuerySet


def hold(subjects: QuerySet[Any]) -> list[int]:
    """Lock these subjects for the transaction and return their keys.

    `FOR NO KEY UPDATE` keeps out every other act on the same subjects and lets foreign keys through.
    """
    return list(subjects.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
