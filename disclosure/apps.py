from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class DisclosureConfig(AppConfig):
    name = "disclosure"
    verbose_name = "公示"

    def ready(self) -> None:
        post_migrate.connect(after_migrate, sender=self)


def after_migrate(using: str, **kwargs: Any) -> None:
    """The schema moved: give the rights again and build the views again."""
    from casework import grants
    from disclosure.disclose import disclose

    disclose(connections[using])
    grants.apply(connections[using])
