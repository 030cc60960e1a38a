"""Verbs on the register, on looks at what is not public and on consents; and the look-ups by which facts find subjects."""

import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import Agency, Region, User
from accounts.permissions import Permission
from casework import privacy
from casework.actors import SYSTEM, Actor
from casework.audit import Line, move, record, record_many
from casework.bulk import copy_in
from casework.calendar import SHANGHAI
from casework.errors import Refused, WrongState
from casework.four_eyes import check_has_reason
from casework.locks import hold
from casework.models import Refusal
from casework.verbs import note, refusal_line, verb
from subjects import rules
from subjects.keys import keys_of, normalise
from subjects.models import Consent, FormerCode, Person, Position, QueryReceipt, Subject, SubjectName
from subjects.rules import NameRow, RegisterRow, check_can_register
from subjects.states import (
    LAST_FOUR,
    REVIEWED,
    Channel,
    ConsentState,
    Mark,
    NameKind,
    PersonalField,
    PublicBody,
    QueryPurpose,
    QueryState,
    Role,
    Service,
)

CHUNK = 1_000


def take_in_register(rows: Iterable[RegisterRow], *, source: str, by: Actor, on: date) -> Counter[str]:
    """Take in a delivery of the register, a thousand at a time: new, changed, unchanged, refused (SUB-01, SUB-06, SUB-07).

    A change of name makes the old one a former name; status, region and dates follow the register; nothing is deleted.
    """
    totals: Counter[str] = Counter()
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        totals.update(_register(chunk, source=source, by=by, on=on))
    return totals


@verb
def _register(rows: list[RegisterRow], *, source: str, by: Actor, on: date) -> Counter[str]:
    regions = set(Region.objects.values_list("code", flat=True))
    authorities = dict(Agency.objects.values_list("unified_code", "pk"))
    totals: Counter[str] = Counter()
    sound: dict[str, RegisterRow] = {}
    refusals: list[Refusal] = []
    taken = _codes_of_others(rows)
    for row in rows:
        try:
            check_can_register(row, regions=regions)
            if row.unified_code in sound or row.unified_code in taken:
                raise _twice(row.unified_code)
            if any(taken.get(code, row.unified_code) != row.unified_code for code in row.former_codes):
                raise _twice(row.unified_code)
            sound[row.unified_code] = row
        except Refused as refused:
            refusals.append(Refusal(**refusal_line(refused, act="take_in_register", by=by)))
            totals["refused"] += 1
    held = {s.unified_code: s for s in Subject.objects.filter(unified_code__in=sound)}
    hold(Subject.objects.filter(pk__in=[subject.pk for subject in held.values()]))
    new = [row for code, row in sound.items() if code not in held]
    lines = _add(new, authorities, source, on)
    totals["new"] += len(new)
    for code, subject in held.items():
        changes = _change(subject, sound[code], authorities, source, on)
        lines += changes
        totals["changed" if changes else "unchanged"] += 1
    record_many(lines, by=by)
    Refusal.objects.bulk_create(refusals)
    return totals


def _twice(code: str) -> Refused:
    return Refused(
        _("The code %(code)s belongs to another subject, or stands twice.") % {"code": code},
        rule="code_not_unique", rows=["SUB-01"], data_class="subjects", keys={"unified_code": code},
    )  # fmt: skip


def _codes_of_others(rows: Sequence[RegisterRow]) -> dict[str, str]:
    """Former codes already given to a subject: code → that subject's code. A current code is nobody's former code."""
    asked = {row.unified_code for row in rows} | {code for row in rows for code in row.former_codes}
    found = dict(FormerCode.objects.filter(unified_code__in=asked).values_list("unified_code", "subject__unified_code"))
    current = Subject.objects.filter(unified_code__in=asked - {row.unified_code for row in rows})
    return found | {code: code for code in current.values_list("unified_code", flat=True)}


def _add(rows: Sequence[RegisterRow], authorities: Mapping[str, int], source: str, on: date) -> list[Line]:
    """New subjects with all their names, former codes and legal representatives."""
    now = timezone.now()
    subjects = copy_in(
        [
            Subject(
                unified_code=row.unified_code, name=row.name, type=row.type, region_id=row.region,
                registration_authority_id=authorities.get(row.registration_authority),
                registration_status=row.registration_status, registered_on=row.registered_on, ended_on=row.ended_on,
                source_name=source, received_at=now,
            )
            for row in rows
        ]
    )  # fmt: skip
    names: list[SubjectName] = []
    codes: list[FormerCode] = []
    persons: list[Person] = []
    positions: list[Position] = []
    for row, subject in zip(rows, subjects, strict=True):
        current = NameRow(row.name, row.name_valid_from or row.registered_on)
        names.append(_name(subject, current, NameKind.CURRENT, source))
        names += [_name(subject, name, NameKind.FORMER, source) for name in row.former_names]
        names += [_name(subject, name, NameKind.TRADE, source) for name in row.trade_names]
        codes += [FormerCode(unified_code=c, subject=subject, valid_to=day) for c, day in row.former_codes.items()]
        if row.legal_representative:
            person = Person(name=row.legal_representative, name_masked=privacy.mask_name(row.legal_representative))
            persons.append(person)
            positions.append(
                Position(person=person, subject=subject, role=Role.LEGAL_REP, valid_from=row.registered_on)
            )
    copy_in(names)
    copy_in(codes)
    copy_in(persons)
    for position in positions:
        position.person_id = position.person.pk
    copy_in(positions)
    return [
        Line(s.uuid, s.ref, "subject.registered", after=s.registration_status, values={"source": source})
        for s in subjects
    ]


def _name(subject: Subject, row: NameRow, kind: NameKind, source: str) -> SubjectName:
    keys = keys_of(row.name)
    return SubjectName(
        subject=subject, name=row.name, kind=kind, valid_from=row.valid_from, valid_to=row.valid_to, source=source,
        key=keys.key, bigrams=keys.bigrams, pinyin=keys.pinyin, initials=keys.initials,
    )  # fmt: skip


def _change(subject: Subject, row: RegisterRow, authorities: Mapping[str, int], source: str, on: date) -> list[Line]:
    """Bring a held subject to what the register says now. Its records stay where they are (SUB-07)."""
    lines: list[Line] = []
    if subject.name != row.name:
        begins = row.name_valid_from or on
        SubjectName.objects.filter(subject=subject, kind=NameKind.CURRENT).update(
            kind=NameKind.FORMER, valid_to=begins - timedelta(days=1)
        )
        _name(subject, NameRow(row.name, begins), NameKind.CURRENT, source).save()
        lines.append(Line(subject.uuid, subject.ref, "subject.renamed", values={"from": subject.name, "to": row.name}))
    for code, day in row.former_codes.items():
        _made, is_new = FormerCode.objects.get_or_create(unified_code=code, subject=subject, defaults={"valid_to": day})
        if is_new:
            lines.append(
                Line(subject.uuid, subject.ref, "subject.code_superseded", before=code, after=subject.unified_code)
            )
    wanted = {
        "name": row.name, "type": row.type, "region_id": row.region, "registration_status": row.registration_status,
        "registered_on": row.registered_on, "ended_on": row.ended_on,
        "registration_authority_id": authorities.get(row.registration_authority),
    }  # fmt: skip
    changed = {name: value for name, value in wanted.items() if getattr(subject, name) != value}
    before = subject.registration_status
    if changed:
        Subject.objects.filter(pk=subject.pk).update(**changed, received_at=timezone.now(), source_name=source)
        if moved := {name: value for name, value in changed.items() if name != "name"}:
            after = row.registration_status
            lines.append(Line(subject.uuid, subject.ref, "subject.changed", before, after, values=moved))
    return lines


# ── look-ups of a chunk ──────────────────────────────────────────────────────────────────────────────────────────────


class Found(NamedTuple):
    id: int
    uuid: UUID
    name: str


def subjects_by_code(codes: Collection[str]) -> dict[str, tuple[Found, frozenset[str]]]:
    """Subjects by current or former code, with all their names normalised. Two statements, however many codes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.code, s.id, s.uuid, s.name FROM unnest(%s::text[]) AS c(code)"
            " LEFT JOIN subjects_formercode f ON f.unified_code = c.code"
            " JOIN subjects_subject s ON s.unified_code = c.code OR s.id = f.subject_id",
            [list(codes)],
        )
        found = {code: Found(key, uuid, name) for code, key, uuid, name in cursor.fetchall()}
    names: dict[int, set[str]] = {subject.id: {normalise(subject.name)} for subject in found.values()}
    for key, name in SubjectName.objects.filter(subject_id__in=names).values_list("subject_id", "key"):
        names[key].add(name)
    return {code: (subject, frozenset(names[subject.id])) for code, subject in found.items()}


class PersonRow(Protocol):
    """What a row tells of a natural person."""

    cf_xdr_mc: str
    cf_xdr_zjhm: str
    cf_xdr_zjlx: str | None


class KnownPerson(NamedTuple):
    """A person of this chunk. `key` is the uuid, made now for one whom we do not hold yet."""

    key: str
    born_on: date | None
    is_held: bool


DOCUMENTS = {"": privacy.Document.RESIDENT_IDENTITY, "身份证": privacy.Document.RESIDENT_IDENTITY,
             "护照": privacy.Document.PASSPORT, "护照号": privacy.Document.PASSPORT,
             "港澳居民来往内地通行证": privacy.Document.HONG_KONG_MACAO_PERMIT,
             "台湾居民来往大陆通行证": privacy.Document.TAIWAN_PERMIT,
             "外国人永久居留身份证": privacy.Document.PERMANENT_RESIDENCE}  # fmt: skip


def document_of(row: Any) -> privacy.Document:
    return DOCUMENTS.get(row.cf_xdr_zjlx or "", privacy.Document.RESIDENT_IDENTITY)


def known_persons(rows: Mapping[str, Any]) -> dict[str, KnownPerson]:
    """Who stands behind these identity numbers: a person we hold, or one to be made. The numbers themselves go no further."""
    digests = {number: privacy.look_up_digests(number, document_of(row)) for number, row in rows.items()}
    wanted = [digest for found in digests.values() for _key, digest in found]
    holders: dict[bytes, UUID] = {}
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT d, sealed.find(d) FROM unnest(%s::bytea[]) AS d WHERE sealed.find(d) IS NOT NULL", [wanted]
            )
            holders = {bytes(digest): person for digest, person in cursor.fetchall()}
    persons = {}
    for number, found in digests.items():
        holder = next((holders[digest] for _key, digest in found if digest in holders), None)
        persons[number] = KnownPerson(str(holder or uuid4()), privacy.birth_date(number), holder is not None)
    return persons


def new_persons(rows: Mapping[str, PersonRow]) -> dict[str, Person]:
    """The persons of these keys, made where we do not hold them: name, mask, birth day for the protection of minors, box."""
    held = {str(person.uuid): person for person in Person.objects.filter(uuid__in=rows)}
    fresh = {key: row for key, row in rows.items() if key not in held}
    made = copy_in(
        [
            Person(
                uuid=UUID(key), name=row.cf_xdr_mc, name_masked=privacy.mask_name(row.cf_xdr_mc),
                tag=privacy.tag(row.cf_xdr_zjhm, "penalty"), born_on=privacy.birth_date(row.cf_xdr_zjhm),
            )
            for key, row in fresh.items()
        ]
    )  # fmt: skip
    for person, row in zip(made, fresh.values(), strict=True):
        privacy.keep(person.uuid, row.cf_xdr_zjhm, kind=document_of(row))
    return held | {str(person.uuid): person for person in made}


# ── Looks at what is not public ──────────────────────────────────────────────────────────────────────────────────────

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SAMPLE = 20  # one look of so many is read again by somebody else, one a day at least


def register_query(
    *,
    by: User,
    purpose: str,
    matter: str,
    reason: str,
    channel: Channel,
    fields: Sequence[str],
    on: date,
    subject: Subject | None = None,
    person: Person | None = None,
    rows: int = 1,
) -> QueryReceipt:
    """Register one look and commit it; the caller shows data only when this has returned (SEC-02, SM-22).

    What is unusual is flagged at once (SEC-07). A look at an own relation, or above the day's number, is registered with no
    rows given out, and refused. Inside a verb this fails: the receipt could still be rolled back.
    """
    try:
        reader = rules.Reader.of(by, on)
        rules.check_can_query(reader, purpose=purpose, matter=matter, reason=reason)
        with transaction.atomic(durable=True):
            hold(User.objects.filter(pk=by.pk))
            marks = rules.marks_of(reader, purpose=purpose, matter=matter, subject=subject, person=person, on=on)
            refusal = rules.why_not(marks)
            receipt = QueryReceipt.objects.create(
                number=_number(on), user=by, agency_id=reader.agency_id, subject=subject, person=person, purpose=purpose,
                matter=matter.strip(), reason=reason.strip(), channel=channel, fields=list(fields),
                rows=0 if refusal else rows,
            )  # fmt: skip
            record(receipt, "query.registered", by=reader, after=receipt.state, purpose=purpose, matter=matter.strip())
            if marks:
                move(receipt, QueryState.FLAGGED, event=REVIEWED[QueryState.FLAGGED], by=SYSTEM, marks=marks)
        if refusal:
            raise refusal
    except Refused as refused:
        note(refused, act="register_query", by=by)
        raise
    return receipt


def _number(on: date) -> str:
    return f"Q{on:%y%m%d}-" + "".join(secrets.choice(ALPHABET) for _n in range(10))


@verb
def review_query(receipt_id: int, *, to: QueryState, by: User, reason: str, on: date) -> QueryReceipt:
    """Somebody else than the reader says what a look was: in order, flagged, an incident, cleared (SEC-03, SM-22)."""
    receipt = (
        QueryReceipt.objects.select_for_update(of=("self",), no_key=True).select_related("user").get(pk=receipt_id)
    )
    rules.check_can_review(by, receipt, to=to, reason=reason, on=on)
    move(
        receipt, to, event=REVIEWED[to], by=by, reason=reason,
        reviewed_by=by, reviewed_at=timezone.now(), review_reason=reason,
    )  # fmt: skip
    return receipt


@verb
def sample_for_review(*, on: date) -> int:
    """Draw by lot, from the looks of the day before, those that somebody else reads again (SEC-03).

    The lot can be repeated by whoever holds the portal's key, and foreseen by nobody else.
    """
    midnight = datetime.combine(on, time.min, tzinfo=SHANGHAI)
    made = QueryReceipt.objects.filter(at__gte=midnight - timedelta(days=1), at__lt=midnight)
    if made.filter(marks__contains=[Mark.SAMPLED]).exists():
        return 0
    numbers = list(made.filter(state=QueryState.REGISTERED).values_list("number", flat=True))
    numbers.sort(key=lambda number: salted_hmac("subjects.sample", f"{on} {number}").digest())
    drawn = made.filter(number__in=numbers[: -(-len(numbers) // SAMPLE)])
    record_many(
        [Line(each.chain, each.ref, "query.sampled") for each in drawn.select_related("user", "client")], by=SYSTEM
    )
    return drawn.update(marks=[Mark.SAMPLED])


def reveal_number(
    person: Person, *, by: User, purpose: str, matter: str, reason: str, is_full: bool, on: date
) -> dict[str, str]:
    """The numbers of one person's documents, by kind: the last four characters, or the whole where it is asked for (D7).

    The look is registered and committed first. For the person's own request it rests on their consent (SEC-12).
    """
    by.check_may(Permission.REVEAL, on=on)
    privacy.check_can_reveal(purpose, matter)
    field = PersonalField.IDENTITY_NUMBER if is_full else LAST_FOUR
    register_query(
        by=by,
        purpose=purpose,
        matter=matter,
        reason=reason,
        channel=Channel.OFFICE,
        person=person,
        fields=[field],
        on=on,
    )
    if purpose == QueryPurpose.OWN_REQUEST:
        use_under_consent(person, service=Service.OWN_REQUEST, field=PersonalField.IDENTITY_NUMBER, by=by, on=on)
    numbers = privacy.reveal(person.uuid, by=by, purpose=purpose, case=matter, reason=reason)
    return numbers if is_full else {kind: f"…{number[-4:]}" for kind, number in numbers.items()}


# ── Consents ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@verb
def give_consent(
    person_id: int,
    *,
    agency: Agency,
    service: str,
    purpose: str,
    manner: str,
    scope: Sequence[str],
    shown_text: str,
    ends_on: date | None,
    by: Actor,
    on: date,
) -> Consent:
    """Keep a person's consent with what they read, word for word (SEC-11, SEC-13, SEC-14; SM-20)."""
    _hold_person(person_id)
    rules.check_can_consent(
        service=service,
        purpose=purpose,
        manner=manner,
        scope=scope,
        shown_text=shown_text,
        given_on=on,
        ends_on=ends_on,
    )
    assert ends_on is not None  # the check asks for it
    consent = Consent.objects.create(
        person_id=person_id, agency=agency, service=service, purpose=purpose, manner=manner, scope=sorted(set(scope)),
        shown_text=shown_text, given_on=on, ends_on=ends_on,
    )  # fmt: skip
    record(consent, "consent.given", by=by, after=consent.state, purpose=purpose, ends_on=ends_on)
    return consent


@verb
def use_under_consent(person: Person, *, service: str, field: str, by: Actor, on: date) -> Consent:
    """Note that a field is used under a running consent, before it is used; without one it is refused (SEC-12, INV-66)."""
    _hold_person(person.pk)
    consent = rules.check_consent(person, agency_id=by.agency_id, service=service, field=field, on=on)
    record(consent, "consent.used", by=by, after=on.isoformat(), field=field)
    return consent


@verb
def revoke_consent(consent_id: int, *, by: Actor, on: date, reason: str) -> Consent:
    """The person takes the consent back; it ends at once (SEC-14)."""
    check_has_reason(reason)
    consent = _consent(consent_id)
    move(consent, ConsentState.REVOKED, event="consent.revoked", by=by, reason=reason, ended_on=on)
    return consent


@verb
def expire_consent(consent_id: int, *, on: date) -> Consent:
    """Close a consent after its last day. Nobody could use it any longer since then."""
    consent = _consent(consent_id)
    if consent.state == ConsentState.GIVEN and consent.ends_on < on:
        move(consent, ConsentState.EXPIRED, event="consent.expired", by=SYSTEM, ended_on=consent.ends_on)
    return consent


def _consent(consent_id: int) -> Consent:
    _hold_person(Consent.objects.values_list("person_id", flat=True).get(pk=consent_id))
    return Consent.objects.select_for_update(of=("self",), no_key=True).select_related("person").get(pk=consent_id)


def _hold_person(person_id: int) -> None:
    hold(Person.objects.filter(pk=person_id))


# ── Marks on a subject ───────────────────────────────────────────────────────────────────────────────────────────────


@verb
def mark_public_body(subject_id: int, *, kind: str, by: User, reason: str, on: date) -> Subject:
    """Mark a subject as state organ, public institution or state-owned enterprise, or take the mark off (`kind` "") (SUB-12)."""
    by.check_may(Permission.MARK_SUBJECT, on=on)
    check_has_reason(reason)
    hold(Subject.objects.filter(pk=subject_id))
    subject = Subject.objects.get(pk=subject_id)
    rules.check_no_own_relation(by, subject, on=on)
    if kind and kind not in PublicBody.values:
        raise Refused(_("Choose a kind of the list."), rule="value_not_in_list", rows=["SUB-12"], field="kind")
    before = subject.public_body
    if kind == before:
        raise WrongState(_("The subject bears this mark already."))
    Subject.objects.filter(pk=subject_id).update(public_body=kind)
    event = "subject.marked_public_body" if kind else "subject.unmarked_public_body"
    said = str(PublicBody(kind or before).label)
    record(subject, event, by=by, before=before, after=kind, reason=reason, kind=said)
    subject.public_body = kind
    return subject
