"""Taking rows in: a file, a body or a form passes a list, chunk by chunk, through one gate.

Each chunk of 1,000 is one transaction: subjects are locked, the gate is asked once, rows are written by COPY. A chunk that
the database refuses is halved until the row is found. Each row stands alone; bad rows never stop good ones.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice

from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, ApiClient
from casework.actors import Actor
from casework.audit import Line, record_many
from casework.calendar import calendar
from casework.errors import Refused
from casework.locks import hold
from casework.models import Refusal
from casework.verbs import refusal_line, verb
from catalogs.models import ActSwitch, CatalogueItem, Provision, Regime
from catalogs.rules import Catalogue
from catalogs.states import ANNOUNCED, BasisKind
from records.formats import FORMAT_VERSION, Fault, Row, Source, said
from records.models import AdministrativeAct, IntakeBatch, IntakeRow
from records.rules import (
    Held,
    Judgement,
    KnownSubject,
    NaturalKey,
    World,
    check_may_take_in,
    content_of,
    item_code,
    judge,
    public_part,
)
from records.services.facts import withdraw_in_transaction
from records.services.writing import new_id, verdict_row, write_facts, write_verdicts
from records.states import Act, Document, Verdict
from subjects.models import Person, Subject
from subjects.services import known_persons, new_persons, subjects_by_code

CHUNK = 1_000


@dataclass
class Delivery:
    """What became of a delivery: the batch (None in a dry run), its totals, and the verdicts if they were few."""

    batch: IntakeBatch | None
    dry_run: bool
    kind: str
    sha256: str
    received_at: datetime
    skipped: list[str]
    totals: Counter[str] = field(default_factory=Counter)
    rows: list[IntakeRow] = field(default_factory=list)
    read: int = 0


def take_in(
    source: Source,
    *,
    kind: str = "penalties",
    agency: Agency,
    by: Actor,
    on: date,
    sha256: str,
    dry_run: bool = False,
    officer: str = "",
    client: ApiClient | None = None,
    idempotency_key: str = "",
    request_sha256: str = "",
    keep_rows: bool = True,
    resume: IntakeBatch | None = None,
) -> Delivery:
    """Take in a delivery of rows for `agency`. A dry run gives the same verdicts and leaves nothing behind.

    `keep_rows=False` for a file of millions: the verdicts stand in IntakeRow, none are held in memory. A crash between
    two chunks leaves whole chunks; sending the file again finds their rows unchanged, and `resume` goes on with the batch
    that the crash left open: verdicts that were given stay.
    """
    check_may_take_in(by, agency=agency, on=on)
    delivery = Delivery(None, dry_run, kind, sha256, timezone.now(), source.skipped)
    if not dry_run:
        delivery.batch = resume or IntakeBatch.objects.create(
            public_id=new_id("bat"), kind=kind, client=client, agency=agency, officer=officer,
            idempotency_key=idempotency_key, request_sha256=request_sha256, sha256=sha256,
            format_version=FORMAT_VERSION, skipped_columns=source.skipped,
        )  # fmt: skip
    world = rules_in_force(agency, on)
    judged = set(resume.rows.values_list("n", flat=True)) if resume else set()
    for rows in chunks(row for row in source.rows if row.n not in judged):
        verdicts = apply_chunk(rows, world, delivery, by)
        delivery.totals.update(row.verdict for row in verdicts)
        delivery.read += len(rows)
        if keep_rows:
            delivery.rows += verdicts
    if resume:
        delivery.totals = Counter(resume.rows.values_list("verdict", flat=True))
    if delivery.batch:
        finish(delivery.batch, delivery.totals, by=by)
    return delivery


@verb
def finish(batch: IntakeBatch, totals: Counter[str], *, by: Actor) -> None:
    """Close the batch with its totals; one line on the agency's own chain."""
    batch.state, batch.finished_at = IntakeBatch.State.DONE, timezone.now()
    batch.totals = {verdict: totals[verdict] for verdict in Verdict.values}
    batch.save(update_fields=["state", "totals", "finished_at"])
    values = {"batch": batch.public_id, "sha256": batch.sha256, "officer": batch.officer, **batch.totals}
    record_many([Line(batch.agency.chain, batch.agency.ref, "batch.taken_in", values=values)], by=by)


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def rules_in_force(agency: Agency, on: date) -> World:
    """What the gate asks that does not change from chunk to chunk: the rules, the calendar, the agencies."""
    provisions = Provision.objects.filter(instrument__kind__in=[BasisKind.LAW, BasisKind.ADMIN_REG]).select_related(
        "instrument"
    )
    return World(
        today=on,
        sender=agency,
        calendar=calendar(),
        catalogue=Catalogue(CatalogueItem.objects.filter(state__in=ANNOUNCED)),
        regimes=list(Regime.objects.prefetch_related("rules")),
        switches=list(ActSwitch.objects.all()),
        agencies={a.unified_code: a for a in Agency.objects.select_related("superior", "region")},
        exempting={f"{p.instrument.key}:{p.article}": p for p in provisions},
    )


class DryRun(Exception):
    """Ends the transaction of a dry run."""


def apply_chunk(rows: list[Row], world: World, delivery: Delivery, by: Actor) -> list[IntakeRow]:
    """One chunk, one transaction. What the database itself refuses is found by halving and told like any other refusal."""
    seen = set(world.seen)
    try:
        return _apply(rows, world, delivery, by)
    except (IntegrityError, DataError) as error:
        world.seen = seen
        if len(rows) == 1:
            return _refused_by_database(rows[0], world, delivery, by, error)
        middle = len(rows) // 2
        first = apply_chunk(rows[:middle], world, delivery, by)
        return first + apply_chunk(rows[middle:], world, delivery, by)


def _apply(rows: list[Row], world: World, delivery: Delivery, by: Actor) -> list[IntakeRow]:
    verdicts: list[IntakeRow] = []
    try:
        with transaction.atomic():
            judged, persons = _judge(rows, world)
            at = timezone.now()
            write_facts(
                judged, sender=world.sender, by=by, at=at, on=world.today, persons=persons, is_history=world.is_history
            )
            for judgement in judged:
                if judgement.verdict == Verdict.WITHDRAWN and judgement.held:
                    withdraw_in_transaction(judgement.held.act_id, by=by, reason=judgement.row.reason)
            if delivery.batch is None:
                verdicts = [_without_ids(verdict_row(IntakeBatch(), judgement)) for judgement in judged]
                raise DryRun
            verdicts = write_verdicts(delivery.batch, judged)
            register(judged, delivery, world, by)
    except DryRun:
        pass
    return verdicts


@dataclass
class AboutPerson:
    """A natural person of a row of any format, under the names by which the register of persons asks."""

    cf_xdr_mc: str
    cf_xdr_zjhm: str
    cf_xdr_zjlx: str | None

    @classmethod
    def of(cls, row: Row) -> "AboutPerson":
        return cls(row.name, row.person_number, row.person_document)


def _judge(rows: list[Row], world: World) -> tuple[list[Judgement], dict[str, Person]]:
    """Read what the gate needs for these rows, lock their subjects, and ask it once for each."""
    codes = {row.unified_code for row in rows if row.unified_code and not row.is_natural_person}
    world.subjects = {
        code: KnownSubject(subject.id, subject.uuid, subject.name, names)
        for code, (subject, names) in subjects_by_code(codes).items()
    }
    hold(Subject.objects.filter(pk__in={subject.id for subject in world.subjects.values()}))
    named = {row.person_number: AboutPerson.of(row) for row in rows if row.is_natural_person and row.person_number}
    world.persons = known_persons(named)
    world.held = _held(rows, world)
    world.with_numbers = _with_numbers(rows)
    judged = []
    for row in rows:
        judgement = judge(row, world)
        judged.append(judgement)
        if judgement.key and judgement.verdict != Verdict.REFUSED:
            world.seen.add(judgement.key)
    wanted = {
        j.person.key: AboutPerson.of(j.row) for j in judged if j.person and j.facts and j.verdict != Verdict.UNCHANGED
    }
    return judged, new_persons(wanted)


def _held(rows: Sequence[Row], world: World) -> dict[NaturalKey, Held]:
    """The newest version of what is held under the documents' numbers of these rows."""
    acts = (
        AdministrativeAct.objects.filter(document__in=_documents(rows, world))
        .order_by("version")
        .values_list(
            "document__issuer_id", "document__number", "subject_id", "person__uuid", "item__code", "pk", "record__pk",
            "document_id", "publication__pk", "public_id", "version", "state", "content", "withheld", "decided_on",
            "phase", "collecting_department_id", "publication__due_on", "publication__late_since", "publication__delay_by",
            "publication__public_from", "publication__source_public_on", "record__state", "document__state",
        )
    )  # fmt: skip
    held: dict[NaturalKey, Held] = {}
    for issuer, number, subject, person, item, *rest, here, at_home, record_state, document_state in acts:
        key = (issuer, number, f"person {person}" if subject is None else f"subject {subject}", item)
        before = held[key].first_public if key in held else None
        first_public = min(filter(None, (before, here, at_home)), default=None)
        held[key] = replace(Held(*rest), is_stayed=document_state == Document.STAYED, first_public=first_public)
        if held[key].state == Act.EFFECTIVE and _is_over(record_state, document_state):
            held[key] = replace(held[key], state=Act.WITHDRAWN)
    return held


def _documents(rows: Sequence[Row], world: World) -> list[int]:
    """Documents held under these issuers and numbers, each pair asked of the index: an issuer has millions."""
    pairs = {
        (world.agencies[row.authority_code].pk, row.number)
        for row in rows
        if row.number and row.authority_code in world.agencies
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id FROM unnest(%s::bigint[], %s::text[]) AS k(issuer, number)"
            " JOIN records_basisdocument d ON d.issuer_id = k.issuer AND d.number = k.number",
            [[issuer for issuer, _number in pairs], [number for _issuer, number in pairs]],
        )
        return [key for (key,) in cursor.fetchall()]


def _is_over(record_state: str | None, document_state: str) -> bool:
    """Whether a fact may not come back though its act still stands: repaired, deleted, or its document annulled."""
    gone = {"repaired_marked", "repaired_blocked", "deleted", "withdrawn"}
    return record_state in gone or document_state == "annulled"


def _with_numbers(rows: Sequence[Row]) -> frozenset[int]:
    """Rows in whose public text a personal number hides: one question to the database's own guard for the whole chunk."""
    texts = []
    for row in rows:
        if not row.faults and row.op != "withdraw":
            public = public_part(content_of(row), [])
            texts.append((row.n, "\n\n\n\n".join(str(value) for value in public.values() if value is not None)))
    if not texts:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n FROM unnest(%s::int[], %s::text[]) AS t(n, text) WHERE public.has_numbers(text)",
            [[n for n, _text in texts], [text for _n, text in texts]],
        )
        return frozenset(n for (n,) in cursor.fetchall())


def register(judged: Sequence[Judgement], delivery: Delivery, world: World, by: Actor) -> None:
    """One line of the accountability register for each refused row, written with its chunk (CAT-17, INV-69)."""
    Refusal.objects.bulk_create(
        Refusal(**refusal_line(_as_refusal(judgement, delivery), act="take_in", by=by) | {"agency_id": world.sender.pk})
        for judgement in judged
        if judgement.verdict == Verdict.REFUSED
    )


def _as_refusal(judgement: Judgement, delivery: Delivery) -> Refused:
    first = judgement.faults[0]
    rules = ",".join(dict.fromkeys(fault.rule for fault in judgement.faults))
    rows = list(dict.fromkeys(row for fault in judgement.faults for row in fault.rows))
    batch = delivery.batch.public_id if delivery.batch else ""
    keys = {"batch": batch, "row": str(judgement.row.n), "rules": rules}
    if code := item_code(judgement.row):
        keys["catalogue_item"] = code
    return Refused(first.message, rule=first.rule, rows=rows, data_class=delivery.kind, keys=keys)


def _refused_by_database(row: Row, world: World, delivery: Delivery, by: Actor, error: Exception) -> list[IntakeRow]:
    """The last judge refused what the gate had let pass; the constraint's name is the rule."""
    rule = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "row_unreadable"
    fault = Fault(rule, ("REC-18",), None, said(_("The database refused this row (rule %(rule)s)."), {"rule": rule}))
    judgement = Judgement(row, Verdict.REFUSED, [fault])
    if delivery.batch is None:
        return [_without_ids(verdict_row(IntakeBatch(), judgement))]
    with transaction.atomic():
        verdicts = write_verdicts(delivery.batch, [judgement])
        register([judgement], delivery, world, by)
    return verdicts


def _without_ids(row: IntakeRow) -> IntakeRow:
    """A dry run names no record (api.md 5.1): none was made, and none is looked up by it."""
    row.record_id = ""
    return row
