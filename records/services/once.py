"""A delivery under an idempotency key happens once: the key's first answer again, whatever happened to the line (D14)."""

from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agency, ApiClient
from casework.errors import DomainError, WrongState
from records.formats import FORMAT_VERSION, Source
from records.models import IntakeBatch
from records.rules import check_may_take_in
from records.services.intake import take_in
from records.services.writing import new_id

LEASE = timedelta(minutes=2)  # far longer than 2,000 rows take


class KeyReused(DomainError):
    """The key was used for another request."""


def take_in_once(
    source: Source,
    *,
    kind: str,
    agency: Agency,
    client: ApiClient,
    officer: str,
    on: date,
    sha256: str,
    idempotency_key: str,
    request_sha256: str,
) -> tuple[IntakeBatch, bool]:
    """Take the rows in, or give the batch that this key brought the first time (then the second value is true).

    A batch that a crash left open is gone on with: its verdicts stay, the other rows are judged.
    """
    check_may_take_in(client, agency=agency, on=on)
    batch, is_mine = _claim(
        IntakeBatch(
            public_id=new_id("bat"), kind=kind, client=client, agency=agency, officer=officer, sha256=sha256,
            idempotency_key=idempotency_key, request_sha256=request_sha256, format_version=FORMAT_VERSION,
            skipped_columns=source.skipped, working_until=timezone.now() + LEASE,
        )
    )  # fmt: skip
    if batch.request_sha256 != request_sha256:
        raise KeyReused(_("This idempotency key was used for another request."), rule="idempotency_key_reused")
    if batch.state == IntakeBatch.State.DONE:
        return batch, True
    if not is_mine:
        raise WrongState(_("The first request with this key is still running."), rule="idempotency_in_progress")
    try:
        take_in(source, kind=kind, agency=agency, by=client, on=on, sha256=sha256, keep_rows=False, resume=batch)
    except BaseException:  # whatever it was, the sender may try again at once
        IntakeBatch.objects.filter(pk=batch.pk).update(working_until=None)
        raise
    return batch, False


def _claim(wanted: IntakeBatch) -> tuple[IntakeBatch, bool]:
    """The batch under this key, and whether this request works on it: its first, or the first after a lease ran out.

    The unique constraint decides between twins; the lease lets a batch that a crash left open be gone on with.
    """
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
        return wanted, True
    except IntegrityError:
        mine = IntakeBatch.objects.filter(client=wanted.client, idempotency_key=wanted.idempotency_key)
        run_out = Q(working_until=None) | Q(working_until__lt=timezone.now())
        left_open = mine.filter(run_out, state=IntakeBatch.State.APPLYING, request_sha256=wanted.request_sha256)
        is_mine = bool(left_open.update(working_until=wanted.working_until))
        return mine.get(), is_mine
