"""The intake desk: an officer's file waits in quarantine, is judged without a trace, and goes in when somebody says so.

One gate judges the file at the desk, the call of a key and the operator's command: `records.services.intake`. What this
file adds is the waiting. Every step can be broken off between two chunks and gone on with: by the page that began it, by a
hint, or by the night (`go_on`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agency, User
from casework.actors import SYSTEM, Actor
from casework.audit import move, record
from casework.bulk import copy_in
from casework.errors import Refused, WrongState
from casework.hints import hint
from casework.models import Step
from casework.verbs import verb
from records.formats import FORMAT_VERSION, Fault, Row, Source
from records.models import BatchStep, IntakeBatch, IntakeRow, QuarantineRow
from records.rules import Judgement, World, check_may_take_in
from records.services import desk_checks as checks
from records.services.desk_rows import (
    box_of,
    cells_of,
    columns_of,
    counts,
    empty,
    in_chunks,
    note_verdicts,
    put_away,
    read_again,
)
from records.services.intake import Delivery, apply_chunk, chunks, finish, register, rules_in_force
from records.services.writing import new_id
from records.states import Batch, Verdict

MOST_ROWS = 200_000
AT_ONCE = 2_000  # so many rows are worked on while the officer waits; more by the worker
LEASE = timedelta(minutes=2)  # far longer than a chunk takes
OPEN = (Batch.CHECKING, Batch.CHECKED, Batch.APPLYING)


# ── handing in ───────────────────────────────────────────────────────────────────────────────────────────────────────


@verb
def receive(
    source: Source, *, kind: str, agency: Agency, by: User, on: date, file_name: str, sha256: str
) -> IntakeBatch:
    """Keep the rows of a file in quarantine, sealed. A file that cannot be read to its end, or is empty, leaves nothing."""
    check_may_take_in(by, agency=agency, on=on)
    batch = IntakeBatch.objects.create(
        public_id=new_id("bat"), kind=kind, agency=agency, desk_of=by, file_name=file_name[:255], sha256=sha256,
        format_version=FORMAT_VERSION, state=Batch.CHECKING, skipped_columns=source.skipped,
    )  # fmt: skip
    total = 0
    for rows in chunks(source.rows):
        total += len(rows)
        if total > MOST_ROWS:
            raise Refused(
                _("The desk takes files of at most %(n)s rows; divide it.") % {"n": f"{MOST_ROWS:,}"},
                rule="batch_too_large", rows=["REC-18"], data_class=kind, field="file",
            )  # fmt: skip
        put_away(batch, rows, on=on)
    if not total:
        raise Refused(
            _("The file holds no rows. Nothing was changed, and nothing follows from its being empty."),
            rule="file_empty", rows=["REC-18"], data_class=kind, field="file",
        )  # fmt: skip
    batch.rows_total = total
    batch.save(update_fields=["rows_total"])
    record(batch, "batch.received", by=by, after=batch.state, kind=kind, sha256=sha256, rows=total)
    if total > AT_ONCE:
        hint("records.go_on", batch.pk)
    return batch


def same_file(batch: IntakeBatch) -> IntakeBatch | None:
    """The same file, taken in for this body before: the sender is told, and every row will be `unchanged`."""
    earlier = IntakeBatch.objects.filter(agency=batch.agency_id, sha256=batch.sha256, state=Batch.DONE, corrects=None)
    return earlier.exclude(pk=batch.pk).order_by("-received_at").first()


def is_shrunken(batch: IntakeBatch) -> bool:
    """Whether it has less than half the rows of the body's last file of this kind. Nothing follows from it but a word."""
    last = IntakeBatch.objects.filter(
        agency=batch.agency_id, kind=batch.kind, state=Batch.DONE, corrects=None, received_at__lt=batch.received_at
    ).order_by("-received_at").first()  # fmt: skip
    return bool(last and batch.rows_total and batch.rows_total * 2 < sum(last.totals.values()))


# ── the dry run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def check(batch_id: int, *, on: date) -> None:
    """Judge every row and write nothing but the verdicts. One that was broken off begins again: whether a row stands twice
    in the file shows only beside all the rows before it."""
    with working_on(batch_id, Batch.CHECKING) as batch:
        if batch is None:
            return
        world, delivery = world_of(batch, on), Delivery(None, True, batch.kind, batch.sha256, timezone.now(), [])
        assert batch.desk_of is not None
        IntakeBatch.objects.filter(pk=batch.pk).update(rows_read=0)
        for rows in in_chunks(batch.quarantine.filter(emptied_on=None)):
            note_verdicts(rows, apply_chunk(read_again(batch, rows), world, delivery, batch.desk_of))
            progressed(batch, len(rows))
        checked(batch.pk)


@verb
def checked(batch_id: int) -> None:
    """The dry run is over: the officer reads its verdicts."""
    batch = locked(batch_id)
    if batch.state == Batch.CHECKING:
        totals = counts(batch.quarantine.all())
        move(batch, Batch.CHECKED, event="batch.checked", by=SYSTEM, totals=totals, working_until=None)


def world_of(batch: IntakeBatch, on: date) -> World:
    world = rules_in_force(batch.agency, on)
    world.is_history = batch.is_history
    return world


# ── correcting and giving up ─────────────────────────────────────────────────────────────────────────────────────────


@verb
def correct_row(batch_id: int, n: int, *, cells: Mapping[str, str], by: User, on: date) -> QuarantineRow:
    """Change cells of one row in quarantine; it is judged again at once, by itself. `cells`: the changed columns only."""
    batch = at_rest(batch_id, by=by, on=on)
    row = batch.quarantine.get(n=n)
    checks.check_has_box(row)
    before = cells_of(batch, row)
    after = {name: value for name, value in (before | dict(cells)).items() if name in columns_of(batch.kind)}
    changed = sorted(name for name in after if after[name] != before.get(name))
    if not changed:
        raise Refused(_("Nothing was changed in this row."), rule="nothing_to_correct", rows=["REC-08"])
    held = box_of(batch, n, after)
    judged = QuarantineRow(batch=batch, n=n, box=held)
    delivery = Delivery(None, True, batch.kind, batch.sha256, timezone.now(), [])
    (said,) = apply_chunk(read_again(batch, [judged]), world_of(batch, on), delivery, by)
    row = QuarantineRow.objects.select_for_update(no_key=True).get(pk=row.pk)
    checks.check_has_box(row)
    verdict = row.verdict
    row.box, row.is_corrected = held, True
    row.verdict, row.refusals, row.warnings = said.verdict, said.refusals, said.warnings
    row.save(update_fields=["box", "is_corrected", "verdict", "refusals", "warnings"])
    record(batch, "batch.row_corrected", by=by, before=verdict, after=row.verdict, row=n, columns=changed)
    return row


@verb
def discard_rows(batch_id: int, ns: list[int] | None, *, by: User, on: date, reason: str) -> int:
    """Give up rows that were refused, these or all of them; their boxes are emptied."""
    batch = at_rest(batch_id, by=by, on=on)
    rows = batch.quarantine.filter(verdict=Verdict.REFUSED)
    given_up = empty(rows if ns is None else rows.filter(n__in=ns), on=on)
    if not given_up:
        raise WrongState(_("There is no refused row left to give up."), rule="row_emptied")
    record(batch, "batch.rows_discarded", by=by, reason=reason, rows=given_up)
    return given_up


@verb
def abandon(batch_id: int, *, by: Actor, on: date, reason: str = "") -> IntakeBatch:
    """Give a delivery up before anything went in: every box is emptied, whatever waits for a second person lapses."""
    batch = locked(batch_id)
    if by != SYSTEM:
        checks.check_may_handle(by, batch, on=on)
        checks.check_is_file(batch)
    checks.check_can_abandon(batch)
    given_up = empty(batch.quarantine.all(), on=on)
    for step in batch.steps.filter(state=Step.PROPOSED):
        move(step, Step.TAKEN_BACK, event="batch_step.lapsed", by=by, decided_at=timezone.now())
    move(batch, Batch.ABANDONED, event="batch.abandoned", by=by, reason=reason, finished_at=timezone.now())
    record(batch, "batch.quarantine_emptied", by=by, rows=given_up)
    return batch


# ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_in_batch(batch_id: int, *, by: User, on: date) -> IntakeBatch:
    """Take in what the dry run let pass, judged again by the rules of this moment; a small delivery at once.

    Returns the delivery with which the rows go in: this one, or a new one that corrects it.
    """
    target = begin_taking_in(batch_id, by=by, on=on)
    if (target.rows_total or 0) <= AT_ONCE:
        apply(target.pk, on=on)
        target.refresh_from_db()
    return target


@verb
def begin_taking_in(batch_id: int, *, by: User, on: date) -> IntakeBatch:
    """The officer's word. Whoever gives it has the delivery on the desk from then on, and answers for its facts."""
    batch = at_rest(batch_id, by=by, on=on)
    checks.check_can_take_in(batch, on=on)
    if batch.state == Batch.CHECKED:
        move(batch, Batch.APPLYING, event="batch.taking_in", by=by, desk_of=by, rows_read=0, working_until=None)
        target = batch
    else:
        if batch.corrections.filter(state=Batch.APPLYING).exists():
            raise WrongState(_("The delivery is being worked on; wait until it rests."), rule="batch_at_work")
        target = IntakeBatch.objects.create(
            public_id=new_id("bat"), kind=batch.kind, agency=batch.agency, desk_of=by, file_name=batch.file_name,
            sha256=batch.sha256, format_version=batch.format_version, is_history=batch.is_history, corrects=batch,
            rows_total=checks.to_take_in(batch).count(),
        )  # fmt: skip
        record(target, "batch.taking_in", by=by, after=target.state, corrects=batch.public_id)
    if (target.rows_total or 0) > AT_ONCE:
        hint("records.go_on", target.pk)
    return target


def apply(batch_id: int, *, on: date) -> None:
    """Bring the rows in, chunk by chunk, from where the last one ended."""
    with working_on(batch_id, Batch.APPLYING) as target:
        if target is None:
            return
        by = target.desk_of
        assert by is not None
        check_may_take_in(by, agency=target.agency, on=on)
        source = target.corrects or target
        delivery = Delivery(target, False, target.kind, target.sha256, timezone.now(), [])
        world, done = world_of(target, on), target.rows.order_by("-n").values_list("n", flat=True).first() or 0
        for rows in in_chunks(waiting_for(source, target), after=done):
            bring_in(rows, source, delivery, world, by=by, on=on)
            progressed(target, len(rows))
        finish(target, Counter(target.rows.values_list("verdict", flat=True)), by=by)
        IntakeBatch.objects.filter(pk=target.pk).update(working_until=None)


def waiting_for(source: IntakeBatch, target: IntakeBatch) -> QuerySet[QuarantineRow]:
    """Of the file itself all rows, so that the refused ones are registered; of a correction what was corrected and passes."""
    rows = source.quarantine.filter(emptied_on=None)
    return rows if target == source else rows.filter(is_corrected=True, verdict__in=checks.PASSING)


def bring_in(
    rows: list[QuarantineRow], source: IntakeBatch, delivery: Delivery, world: World, *, by: User, on: date
) -> None:
    """One chunk, one transaction: what passes becomes facts and its boxes are emptied; what was refused is registered and
    waits on. A row that the dry run refused does not slip in because the world has changed: nobody was told that it would."""
    assert delivery.batch is not None
    passed = [row for row in rows if row.verdict != Verdict.REFUSED]
    with transaction.atomic():
        verdicts = apply_chunk(read_again(source, passed), world, delivery, by) if passed else []
        note_verdicts(passed, verdicts)
        went_in = [verdict.n for verdict in verdicts if verdict.verdict != Verdict.REFUSED]
        empty(source.quarantine.filter(n__in=went_in), on=on, into=delivery.batch)
        register_refused([row for row in rows if row.verdict == Verdict.REFUSED], source, delivery, world, by=by)


def register_refused(
    rows: list[QuarantineRow], source: IntakeBatch, delivery: Delivery, world: World, *, by: User
) -> None:
    """What the dry run refused, as the delivery's verdict and in the register of refusals (CAT-17, INV-69)."""
    assert delivery.batch is not None
    judged = [refused_again(row, as_read) for row, as_read in zip(rows, read_again(source, rows), strict=True)]
    copy_in(
        [
            IntakeRow(
                batch=delivery.batch, n=row.n, source_id=judgement.row.source_id or "", verdict=Verdict.REFUSED,
                refusals=row.refusals, warnings=row.warnings,
            )
            for row, judgement in zip(rows, judged, strict=True)
        ]
    )  # fmt: skip
    register(judged, delivery, world, by)


def refused_again(row: QuarantineRow, as_read: Row) -> Judgement:
    """The judgement of the dry run, from what is kept of it."""
    faults = [Fault(told["rule"], tuple(told["rows"]), told["field"], told["message"]) for told in row.refusals]
    return Judgement(as_read, Verdict.REFUSED, faults)


# ── going on, and the clock ──────────────────────────────────────────────────────────────────────────────────────────


def left_open() -> QuerySet[IntakeBatch]:
    """Deliveries on which work was begun and nobody works: a worker was killed, a hint was lost."""
    confirmed = BatchStep.objects.filter(
        kind=BatchStep.Kind.WITHDRAW, state=Step.CONFIRMED, batch__state=Batch.DONE,
        proposed_at__gt=F("batch__finished_at"),
    )  # fmt: skip
    begun = Q(desk_of__isnull=False, state__in=[Batch.CHECKING, Batch.APPLYING]) | Q(pk__in=confirmed.values("batch"))
    return IntakeBatch.objects.filter(begun, free())


def free() -> Q:
    return Q(working_until=None) | Q(working_until__lt=timezone.now())


@contextmanager
def working_on(batch_id: int, state: Batch) -> Iterator[IntakeBatch | None]:
    """The delivery, for whoever works on it alone; None when it is in another state or somebody is at work. A lease, so
    that a killed worker keeps nobody out for long."""
    mine = IntakeBatch.objects.filter(free(), pk=batch_id, state=state)
    if state != Batch.DONE:
        mine = mine.filter(desk_of__isnull=False)
    if not mine.update(working_until=timezone.now() + LEASE):
        yield None
        return
    try:
        yield IntakeBatch.objects.select_related("agency", "desk_of", "corrects").get(pk=batch_id)
    except BaseException:  # whatever it was, anybody may go on at once
        IntakeBatch.objects.filter(pk=batch_id).update(working_until=None)
        raise


def progressed(batch: IntakeBatch, rows: int) -> None:
    IntakeBatch.objects.filter(pk=batch.pk).update(
        rows_read=F("rows_read") + rows, working_until=timezone.now() + LEASE
    )


def locked(batch_id: int) -> IntakeBatch:
    rows = IntakeBatch.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("agency", "desk_of").get(pk=batch_id)


def at_rest(batch_id: int, *, by: User, on: date) -> IntakeBatch:
    """The delivery, locked, for an officer who may handle it, while nobody works on it."""
    batch = locked(batch_id)
    checks.check_may_handle(by, batch, on=on)
    checks.check_can_change_rows(batch)
    return batch


def to_empty(on: date) -> QuerySet[IntakeBatch]:
    """Deliveries with rows that nobody took in or gave up within their 30 days."""
    return IntakeBatch.objects.filter(
        pk__in=QuarantineRow.objects.filter(emptied_on=None, erase_on__lte=on).values("batch")
    )


@verb
def empty_quarantine(batch_id: int, *, on: date) -> int:
    """Empty what is 30 days old; a delivery of which nothing went in is closed with it."""
    batch = locked(batch_id)
    gone = empty(batch.quarantine.filter(erase_on__lte=on), on=on)
    if gone:
        record(batch, "batch.quarantine_emptied", by=SYSTEM, rows=gone)
    if batch.state in {Batch.CHECKING, Batch.CHECKED} and not batch.quarantine.filter(emptied_on=None).exists():
        abandon(batch_id, by=SYSTEM, on=on)
    return gone


# ── hand-over ────────────────────────────────────────────────────────────────────────────────────────────────────────


def on_the_desk_of(user_id: int) -> QuerySet[IntakeBatch]:
    """What is open on an officer's desk: deliveries under way, and such with rows that wait in quarantine."""
    waiting = QuarantineRow.objects.filter(emptied_on=None, batch__state=Batch.DONE).values("batch")
    return IntakeBatch.objects.filter(Q(state__in=OPEN) | Q(pk__in=waiting), desk_of=user_id)


@verb
def hand_over(batch_id: int, *, to: User, by: Actor, on: date) -> IntakeBatch:
    """Another officer has it on the desk from now on, and must be one who may hand in for its body."""
    batch = locked(batch_id)
    checks.check_may_handle(to, batch, on=on)
    before = batch.desk_of
    batch.desk_of = to
    batch.save(update_fields=["desk_of"])
    record(batch, "batch.handed_over", by=by, giver=before.uuid if before else "", taker=to.uuid)
    return batch


def open_at(agency_id: int) -> QuerySet[IntakeBatch]:
    """Officers' deliveries of a body that nobody has taken in yet."""
    return IntakeBatch.objects.filter(agency=agency_id, state__in=OPEN, desk_of__isnull=False)


@verb
def go_on_at(batch_id: int, *, body: Agency, by: Actor) -> IntakeBatch:
    """The body was merged into another: what is open goes on there, and the gate asks it as the sender from now on."""
    batch = locked(batch_id)
    record(batch, "batch.goes_on_at", by=by, body=body.uuid)
    batch.agency = body
    batch.save(update_fields=["agency"])
    return batch
