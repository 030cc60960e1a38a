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
    "expire-consents": {"task": "subjects.expire_consents", "schedule": crontab(hour="0", minute="10")},
    "sample-queries": {"task": "subjects.sample_queries", "schedule": crontab(hour="7", minute="0")},
    "forget-failures": {"task": "accounts.forget_failures", "schedule": crontab(minute="17")},
    "check-calendar": {"task": "casework.check_calendar", "schedule": crontab(hour="8", minute="0")},
}
