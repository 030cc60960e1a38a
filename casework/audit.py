"""The audit line is part of the act and cannot be rewritten (REC-08, SEC-05).

`record` writes it, `move` changes a state and writes it, `verify` walks the chains. The database makes sequence, time and
hash (casework/sql/audit.sql). There is no foreign key to the cases and no list of event names: each app names its own.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils.translation import gettext as _

from casework.actors import Actor
from casework.errors import WrongState

GENESIS = b"\x00"


@dataclass(frozen=True)
class Line:
    """One audit line to be written. `values` and `reason` go into the erasable body, everything else into the header."""

    chain: UUID
    ref: str
    name: str
    before: str = ""
    after: str = ""
    reason: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def record(
    case: Any, event: str, *, by: Actor, before: str = "", after: str = "", reason: str = "", **values: Any
) -> UUID:
    """Write one audit line for `case`, in the act's own transaction, and return the event's id."""
    return record_many([Line(case.chain, case.ref, event, before, after, reason, values)], by=by)[0]


def record_many(lines: Iterable[Line], *, by: Actor) -> list[UUID]:
    """Write many lines by COPY, in the order of their chains (the one order in which chain heads are locked)."""
    events, bodies, ids = [], [], []
    actor, agency = by.uuid, by.agency_id  # asked once: an officer's body is a question to the database
    for line in sorted(lines, key=lambda line: line.chain):
        event_id, commitment = uuid4(), b""
        if line.reason or line.values:
            salt = os.urandom(32)
            body = json.dumps({"reason": line.reason, **line.values}, ensure_ascii=False, default=str)
            commitment = hashlib.sha256(salt + body.encode()).digest()
            bodies.append((event_id, salt, body))
        events.append((event_id, line.chain, line.name, actor, agency, line.ref, line.before, line.after, commitment))
        ids.append(event_id)
    with connection.cursor() as cursor:
        columns = "id, chain, name, actor, agency, ref, before, after, commitment"
        with connection.wrap_database_errors, cursor.copy(f"COPY audit.event ({columns}) FROM STDIN") as copy:
            for row in events:
                copy.write_row(row)
        if bodies:
            with connection.wrap_database_errors, cursor.copy("COPY audit.body (event, salt, body) FROM STDIN") as copy:
                for body_row in bodies:
                    copy.write_row(body_row)
    return ids


def move(case: Any, to: Any, *, event: str, by: Actor, reason: str = "", **changes: Any) -> None:
    """Move a case along one edge of its machine. The UPDATE repeats the old state, so two deciders cannot both win."""
    before = case.state
    if to not in case.TRANSITIONS.get(before, ()):
        raise WrongState(
            _("%(case)s is “%(state)s”; it cannot become “%(to)s”.")
            % {"case": case, "state": case.get_state_display(), "to": to.label}
        )
    with transaction.atomic():
        if not type(case).objects.filter(pk=case.pk, state=before).update(state=to, **changes):
            raise WrongState(_("%(case)s has moved on; please reload.") % {"case": case}, rule="moved_on")
        record(case, event, by=by, before=before, after=to, reason=reason)
    case.refresh_from_db()


def erase(event_id: UUID, *, by: Actor, basis: str) -> None:
    """Erase the body of one event on a legal basis. The erasure is itself an event of the same chain."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT chain FROM audit.event WHERE id = %s", [event_id])
        (chain,) = cursor.fetchone()
        line = Line(chain, f"event:{event_id}", "audit.body_erased", reason=basis)
        (erasure,) = record_many([line], by=by)
        cursor.execute("SELECT audit.erase(%s, %s)", [event_id, erasure])


@dataclass
class Verdict:
    """What a walk over the chains found. `broken` is a list of sentences; empty means whole."""

    events: int = 0
    chains: int = 0
    erased: int = 0
    broken: list[str] = field(default_factory=list)


COLUMNS = "id, chain, seq, prev, hash, at, xact::text, db_user, name, actor, agency, ref, before, after, commitment"
# Event, body and head in one statement, hence in one snapshot: who writes meanwhile never looks like a break.
WALK = f"""
  SELECT {", ".join("e." + column.strip() for column in COLUMNS.split(","))}, b.salt, b.body, h.seq, h.hash,
    octet_length(e.commitment) > 0 AND b.event IS NULL AND EXISTS (
      SELECT FROM audit.event x WHERE x.ref = 'event:' || e.id AND x.name = 'audit.body_erased' AND x.chain = e.chain)
  FROM audit.event e LEFT JOIN audit.body b ON b.event = e.id LEFT JOIN audit.head h ON h.chain = e.chain
  WHERE %(chain)s::uuid IS NULL OR e.chain = %(chain)s ORDER BY e.chain, e.seq"""  # noqa: S608  constants of this module
EMPTIED = """
  SELECT chain, seq FROM audit.head h WHERE (%(chain)s::uuid IS NULL OR chain = %(chain)s)
    AND NOT EXISTS (SELECT FROM audit.event e WHERE e.chain = h.chain)"""
ORPHANS = "SELECT event FROM audit.body b WHERE NOT EXISTS (SELECT FROM audit.event e WHERE e.id = b.event)"


def verify(chain: UUID | None = None) -> Verdict:
    """Recompute every hash from the stored columns, in Python, independently of the database's own function.

    What this cannot see is a chain cut together with its head: for that, somebody else keeps the head
    (docs/verify_log.py --extends).
    """
    verdict = Verdict()
    for name, rows in groupby(_rows(WALK, chain), key=itemgetter(NAMES.index("chain"))):
        verdict.chains += 1
        verdict.broken += [f"chain {name}{sentence}" for sentence in _breaks(rows, verdict)]
    verdict.broken += [f"chain {name}: all its {seq} events are missing" for name, seq in _rows(EMPTIED, chain)]
    if chain is None:
        verdict.broken += [f"event {event}: is missing, its body stands alone" for (event,) in _rows(ORPHANS, None)]
    return verdict


def _breaks(rows: Iterable[tuple[Any, ...]], verdict: Verdict) -> Iterator[str]:
    """Walk one chain from its first event to its head; say what is wrong."""
    seq, digest = 0, GENESIS
    head: tuple[int | None, Any] = (0, GENESIS)
    for row in rows:
        event = dict(zip(NAMES, row, strict=False))
        salt, body, head_seq, head_hash, erased = row[len(NAMES) :]
        at = f", event {event['seq']}"
        verdict.events += 1
        verdict.erased += erased
        if event["seq"] != seq + 1:
            yield f"{at}: events {seq + 1} to {event['seq'] - 1} before it are missing"
        elif bytes(event["prev"]) != digest:
            yield f"{at}: does not follow from the event before it"
        if event_hash(event) != bytes(event["hash"]):
            yield f"{at}: was changed after it was written"
        if event["commitment"] and not erased:
            if body is None:
                yield f"{at}: its reason or values are missing and no erasure names it"
            elif hashlib.sha256(bytes(salt) + body.encode()).digest() != bytes(event["commitment"]):
                yield f"{at}: its reason or values were changed"
        seq, digest, head = event["seq"], bytes(event["hash"]), (head_seq, head_hash)
    if head[0] is None:
        yield ": has no head"
    elif head[0] > seq:
        yield f": events {seq + 1} to {head[0]} at its end are missing"
    elif (seq, digest) != (head[0], bytes(head[1])):
        yield ": its head was changed"


def export(chain: UUID) -> Iterator[str]:
    """One chain as JSON lines, in the form that docs/verify_log.py reads without any database."""
    for row in _rows(WALK, chain):
        event = dict(zip(NAMES, row, strict=False))
        salt, body = row[len(NAMES) : len(NAMES) + 2]
        line = dict(zip(HASHED, hashed_parts(event), strict=True)) | {"hash": bytes(event["hash"]).hex()}
        if salt is not None:
            line |= {"salt": bytes(salt).hex(), "body": body}
        yield json.dumps(line, ensure_ascii=False)


NAMES = [column.strip().split("::")[0] for column in COLUMNS.split(",")]
HASHED = (
    "chain", "seq", "prev", "id", "at", "xact", "db_user", "name", "actor", "agency", "ref", "before", "after", "commitment",
)  # fmt: skip


def event_hash(event: dict[str, Any]) -> bytes:
    """SHA-256 over "ev1" and the length-prefixed fields: no ambiguity, nothing to canonicalise."""
    text = "ev1" + "".join(f"{len(part.encode())}:{part}" for part in hashed_parts(event))
    return hashlib.sha256(text.encode()).digest()


def hashed_parts(event: dict[str, Any]) -> list[str]:
    """The fields of the header as text, in the order of HASHED."""
    at: datetime = event["at"]
    return [
        str(event["chain"]), str(event["seq"]), bytes(event["prev"]).hex(), str(event["id"]),
        at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), event["xact"], event["db_user"], event["name"],
        str(event["actor"] or ""), "" if event["agency"] is None else str(event["agency"]), event["ref"],
        event["before"], event["after"], bytes(event["commitment"]).hex(),
    ]  # fmt: skip


def _rows(select: str, chain: UUID | None) -> Iterator[tuple[Any, ...]]:
    """Stream rows of one chain or all, by a server-side cursor, so that a long history fits."""
    connection.ensure_connection()
    with transaction.atomic(), connection.connection.cursor(name="verify_audit") as cursor:
        cursor.itersize = 5_000
        cursor.execute(select, {"chain": chain})
        yield from cursor
