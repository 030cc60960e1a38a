"""What the clock asks of accounts: nothing that slows nobody down any more is kept."""

from celery import shared_task
from django.utils import timezone

from accounts import services


@shared_task(name="accounts.forget_failures", acks_late=True)
def forget_failures() -> int:
    """Failed sign-ins of before yesterday and sessions that have run out go (D12)."""
    return services.forget_failures(at=timezone.now())
