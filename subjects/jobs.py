"""What the clock asks of the register: consents that are over, and the daily lot of looks to be reviewed."""

from celery import shared_task

from casework.calendar import today
from subjects import services
from subjects.models import Consent
from subjects.states import ConsentState


@shared_task(name="subjects.expire_consents", acks_late=True)
def expire_consents() -> int:
    """Close every consent whose last day has passed, one verb each. Uses were refused since midnight anyway."""
    on = today()
    over = Consent.objects.filter(state=ConsentState.GIVEN, ends_on__lt=on).order_by("pk").values_list("pk", flat=True)
    return sum(services.expire_consent(pk, on=on).state == ConsentState.EXPIRED for pk in list(over))


@shared_task(name="subjects.sample_queries", acks_late=True)
def sample_queries() -> int:
    """Draw from yesterday's looks those that somebody else reads again."""
    return services.sample_for_review(on=today())
