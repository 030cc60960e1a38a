"""The portal: settings, faces, the clock. It imports everything and is imported by nothing."""

from credit_portal.celery import app as celery_app

__all__ = ["celery_app"]
