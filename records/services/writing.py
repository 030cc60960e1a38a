"""Writing judged rows in sets: persons, documents, acts, records, publications, audit lines, verdicts."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.models import Agency, User
from casework.actors import Actor
from casework.audit import Line, record_many
from casework.bulk import copy_in
from catalogs.states import Severity
from records.models import AdministrativeAct, BasisDocument, IntakeBatch, IntakeRow, Publication, Record
from records.rules import Facts, Judgement
from records.states import Act, Clock, Document, Untrustworthiness, Verdict
from subjects.models import Person

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
IMPACT = {
    Severity.MINOR: Record.Impact.LIMITED,
    Severity.ORDINARY: Record.Impact.CONSIDERABLE,
    Severity.SERIOUS: Record.Impact.GRAVE,
}
UNNAMED_FIELD = "general"
OVER = (Clock.ENDED,)  # the path of what comes in after its last day


def new_id(prefix: str) -> str:
    """An opaque public id: random, never reused (D10)."""
    return prefix + "_" + "".join(secrets.choice(ALPHABET) for _n in range(12))


def write_facts(
    judged: Sequence[Judgement], *, sender: Agency, by: Actor, at: datetime, on: date, persons: dict[str, Person],
    is_history: bool = False,
) -> None:  # fmt: skip
    """Write every row that brings a new fact or a new version, and what it becomes in public.

    Documents, acts, records and publications go in by COPY; then the publications move, set by set, along the edges of
    SM-6. `persons`: by the key of the natural key.
    """
    fresh = [j for j in judged if j.facts and j.verdict in {Verdict.ACCEPTED, Verdict.CORRECTED, Verdict.HELD}]
    replaced = [j for j in fresh if j.held]
    _retire([j.held.act_id for j in replaced if j.held], Act.CORRECTED, Untrustworthiness.CORRECTED)
    documents = copy_in([_document(j, persons, is_history) for j in fresh])
    officer = by if isinstance(by, User) else None  # at whose desk it was prepared; none for a key and the operator
    acts = copy_in([_act(j, document, sender, at, officer) for j, document in zip(fresh, documents, strict=True)])
    adverse = [(j, act) for j, act in zip(fresh, acts, strict=True) if j.facts and j.facts.adverse]
    records = copy_in([_record(j, act, at, officer) for j, act in adverse])
    publications = copy_in([_publication(j, act, on) for j, act in zip(fresh, acts, strict=True)])
    paths = [_path(judgement.facts, on) for judgement in fresh]
    _publish(publications, paths, on)
    over = {act.pk for act, path in zip(acts, paths, strict=True) if path == OVER}
    _expire([made for made in records if made.act_id in over])
    for judgement, act in zip(fresh, acts, strict=True):
        judgement.act = act
    record_many(_lines(fresh, acts, records, paths), by=by)


def _retire(act_ids: list[int], act_state: Act, record_state: Untrustworthiness) -> None:
    """Take the older versions off: the act, its record and its publication, each along its own machine."""
    if not act_ids:
        return
    AdministrativeAct.objects.filter(pk__in=act_ids, state=Act.EFFECTIVE).update(state=act_state)
    live = {Untrustworthiness.EFFECTIVE, Untrustworthiness.UNDER_VERIFICATION}
    Record.objects.filter(act__in=act_ids, state__in=live).update(state=record_state, verification_since=None)
    Publication.objects.filter(act__in=act_ids).exclude(state=Clock.ENDED).update(state=Clock.ENDED)


def _document(judgement: Judgement, persons: dict[str, Person], is_history: bool) -> BasisDocument:
    facts, row = judgement.facts, judgement.row
    assert facts is not None
    return BasisDocument(
        subject_id=judgement.subject.id if judgement.subject else None,
        person_id=persons[judgement.person.key].pk if judgement.person else None,
        version=judgement.held.version + 1 if judgement.held else 1,
        type=facts.document_type, title=facts.title, number=row.number, issuer_id=facts.authority.pk, conduct=facts.conduct,
        decided_on=facts.decided_on, effective_on=facts.decided_on, state=Document.EFFECTIVE, is_history=is_history,
    )  # fmt: skip


def _act(
    judgement: Judgement, document: BasisDocument, sender: Agency, at: datetime, officer: User | None
) -> AdministrativeAct:
    facts, row = judgement.facts, judgement.row
    assert facts is not None
    return AdministrativeAct(
        public_id=judgement.held.public_id if judgement.held else new_id("rec"), version=document.version,
        kind=facts.kind, phase=facts.phase, document_id=document.pk, subject_id=document.subject_id, person_id=document.person_id,
        item_id=facts.item.pk, region_id=facts.authority.region_id, determining_department_id=facts.authority.pk,
        collecting_department_id=sender.pk, severity=facts.severity, decided_on=facts.decided_on, content=facts.content,
        content_public=facts.content_public, withheld=facts.withheld, source_id=row.source_id or "", received_at=at,
        prepared_by=officer,
    )  # fmt: skip


def _record(judgement: Judgement, act: AdministrativeAct, at: datetime, officer: User | None) -> Record:
    facts = judgement.facts
    assert facts is not None
    assert act.subject_id is not None
    return Record(
        public_id=act.public_id, version=act.version, subject_id=act.subject_id, document_id=act.document_id,
        act_id=act.pk, item_id=facts.item.pk, region_id=act.region_id, determining_department_id=facts.authority.pk,
        field=facts.item.field or facts.authority.field or UNNAMED_FIELD, nature=facts.conduct, phase=facts.phase,
        severity=facts.severity, impact=IMPACT[Severity(facts.severity)], decided_on=facts.decided_on, determined_at=at,
        prepared_by=officer, state=Untrustworthiness.EFFECTIVE,
    )  # fmt: skip


def _publication(judgement: Judgement, act: AdministrativeAct, on: date) -> Publication:
    facts, held = judgement.facts, judgement.held
    assert facts is not None
    # A late mark outlives the version that earned it (INV-21).
    late_since = held.late_since if held and held.late_since else facts.late_since
    return Publication(
        act_id=act.pk, starts_on=facts.starts_on, due_on=facts.due_on, received_on=on, source_public_on=facts.source_public_on,
        public_until=facts.public_until, channel_name=facts.authority.channel_name, channel_url=facts.authority.channel_url,
        exempt_by=facts.exempt_by, closed_reason=facts.closed_reason, hold=facts.hold, clocks=facts.clocks,
        late_since=late_since, delay_by=(held.delay_by if held and held.late_since else facts.delay_by),
    )  # fmt: skip


def _publish(publications: Sequence[Publication], paths: Sequence[tuple[Clock, ...]], on: date) -> None:
    """Move the new publications, all at once for each goal. What comes after its last day ends without having shown."""
    goals: dict[tuple[Clock, ...], list[int]] = {}
    for publication, path in zip(publications, paths, strict=True):
        goals.setdefault(path, []).append(publication.pk)
    for path, ids in goals.items():
        for state in path:
            shown = {"public_from": on} if state in {Clock.PUBLISHED, Clock.PUBLISHED_LATE} else {}
            Publication.objects.filter(pk__in=ids).update(state=state, **shown)


def _path(facts: Facts | None, on: date) -> tuple[Clock, ...]:
    """The edges of SM-6 that this row goes along at once."""
    assert facts is not None
    if facts.state not in {Clock.PUBLISHED, Clock.PUBLISHED_LATE}:
        return () if facts.state == Clock.PENDING else (facts.state,)
    if facts.public_until and facts.public_until < on:
        return OVER
    shown = (Clock.OVERDUE, Clock.PUBLISHED_LATE) if facts.state == Clock.PUBLISHED_LATE else (Clock.PUBLISHED,)
    return (*shown, Clock.AGGREGATED) if facts.source_public_on else shown


def _expire(records: Sequence[Record]) -> None:
    """The record beneath a publication that is over has expired, as if its day had come while we held it (SM-5)."""
    Record.objects.filter(pk__in=[made.pk for made in records]).update(state=Untrustworthiness.EXPIRED)


def _lines(
    fresh: Sequence[Judgement], acts: Sequence[AdministrativeAct], records: Sequence[Record],
    paths: Sequence[tuple[Clock, ...]],
) -> list[Line]:  # fmt: skip
    """One line for the fact, one for what became of its publication, each on the counterpart's chain."""
    with_record = {record.act_id: record for record in records}
    lines = []
    for judgement, act, path in zip(fresh, acts, paths, strict=True):
        facts = judgement.facts
        assert facts is not None
        chain = judgement.subject.uuid if judgement.subject else UUID(judgement.person.key)  # type: ignore[union-attr]
        name = "act.corrected" if judgement.held else "act.taken_in"
        values: dict[str, Any] = {"public_id": act.public_id, "version": act.version}
        if judgement.held:  # act, record and publication of that version end with this line
            values["replaces_version"] = judgement.held.version
        if record := with_record.get(act.pk):
            values["record"] = record.uuid
        reason = judgement.row.reason or ""
        lines.append(Line(chain, f"act:{act.uuid}", name, "", Act.EFFECTIVE, reason, values))
        opened = path[-1] if path else Clock.PENDING
        dates = {"due_on": facts.due_on, "until": facts.public_until, "hold": facts.hold, "why": facts.closed_reason}
        lines.append(Line(chain, f"publication:{act.uuid}", "publication.opened", Clock.PENDING, opened, "", dates))
        if record and path == OVER:
            lines.append(
                Line(chain, record.ref, "record.expired", Untrustworthiness.EFFECTIVE, Untrustworthiness.EXPIRED)
            )
    return lines


def write_verdicts(batch: IntakeBatch, judged: Sequence[Judgement]) -> list[IntakeRow]:
    """Keep the verdict of every row. Verdicts name rules; the refused content itself is not kept."""
    rows = [verdict_row(batch, judgement) for judgement in judged]
    copy_in(rows)
    return rows


def verdict_row(batch: IntakeBatch, judgement: Judgement) -> IntakeRow:
    act, held, facts = judgement.act, judgement.held, judgement.facts
    known = judgement.verdict in {Verdict.UNCHANGED, Verdict.WITHDRAWN}
    refused = judgement.verdict == Verdict.REFUSED
    return IntakeRow(
        batch=batch, n=judgement.row.n, source_id=judgement.row.source_id or "", verdict=judgement.verdict,
        record_id=act.public_id if act else held.public_id if held and known else "",
        version=act.version if act else held.version if held and known else None,
        publication_due_on=None if refused else facts.due_on if facts else held.due_on if held else None,
        refusals=[fault.as_refusal() for fault in (*judgement.faults, *judgement.holds)], warnings=judgement.warnings,
    )  # fmt: skip
