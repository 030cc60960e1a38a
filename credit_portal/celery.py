"""The Celery application. The schedule stands in code; every task re-reads what is due, so a forged message can only make
due work happen sooner."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")

app = Celery("credit_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
app.conf.beat_schedule = {
    "sweep": {"task": "records.sweep", "schedule": crontab(minute="*/5")},
    "verify-audit": {"task": "casework.verify_audit", "schedule": crontab(hour="3", minute="30")},
    "check-calendar": {"task": "casework.check_calendar", "schedule": crontab(hour="8", minute="0")},
}
