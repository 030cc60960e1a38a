"""Sealed numbers in the database: no ciphertext without a committed line, no box replaced but by an announced rotation."""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from psycopg.errors import InsufficientPrivilege

from casework import privacy
from casework.actors import System
from casework.audit import Line, record_many
from casework.errors import Refused
from casework.models import AuditBody, AuditEvent
from casework.privacy import Document, Purpose, Unreadable, keep, reveal
from tests.conftest import as_login

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER, OTHER = "990100199003070011", "99010019851231002X"
READ, ROTATED = "privacy.identity_read", "privacy.keys_rotated"


@pytest.fixture
def officer() -> System:
    return System(uuid4())


@pytest.fixture
def person() -> UUID:
    made = uuid4()
    keep(made, NUMBER)
    return made


@pytest.fixture
def ring(settings: Any, tmp_path: Path) -> Iterator[Callable[[int], None]]:
    """Put a new first key, of this number, into both rings."""
    lines: dict[str, list[str]] = {"PORTAL_BOX_RING_FILE": [], "PORTAL_DIGEST_RING_FILE": []}

    def begin_with(key_id: int) -> None:
        for name, held in lines.items():
            held.insert(0, privacy.draw_key(key_id))
            path = tmp_path / f"{name}-{key_id}"
            path.write_text("\n".join(held), encoding="ascii")
            setattr(settings, name, str(path))

    begin_with(1)
    return begin_with


def query(name: str, ref: str, by: System) -> UUID:
    return record_many([Line(by.uuid, ref, name)], by=by)[0]


def ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def boxes() -> dict[UUID, tuple[bytes, int, bytes]]:
    """What stands in the table, by the login of the tests."""
    with as_login() as login:
        rows = login.execute("SELECT person, box, digest_key, digest FROM sealed.identity").fetchall()
    return {person: (bytes(box), key, bytes(digest)) for person, box, key, digest in rows}


def announce(box: int, digest: int) -> None:
    with as_login() as login:
        login.execute("SET ROLE portal_owner")
        login.execute("SELECT sealed.announce(%s, %s)", [box, digest])


# --- Who may touch what


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT box FROM sealed.identity",
        "SELECT digest FROM sealed.identity",
        "UPDATE sealed.identity SET kind = 'x'",
        "DELETE FROM sealed.identity",
        "TRUNCATE sealed.identity",
        "COPY sealed.identity TO STDOUT",
        "SELECT box_key FROM sealed.ring",
        "UPDATE sealed.ring SET box_key = 9",
        "SELECT sealed.announce(9, 9)",
    ],
)
def test_the_application_cannot_get_at_the_table(person: UUID, sql: str) -> None:
    with pytest.raises(DatabaseError) as refusal:
        ask(sql)

    assert isinstance(refusal.value.__cause__, InsufficientPrivilege)


@pytest.mark.proves("RSP-10")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sealed.find('\\x00')",
        "SELECT * FROM sealed.read(gen_random_uuid(), gen_random_uuid())",
        "SELECT * FROM sealed.stale(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '', 1)",
        "SELECT digest FROM sealed.identity",
    ],
)
def test_the_public_face_can_neither_find_nor_read_a_number(person: UUID, sql: str) -> None:
    with pytest.raises(DatabaseError) as refusal, connections["public"].cursor() as cursor:
        cursor.execute(sql)

    assert isinstance(refusal.value.__cause__, InsufficientPrivilege)


# --- Reading


@pytest.mark.proves("SEC-02", "INV-64")
def test_a_number_is_read_against_a_line_that_was_there_first(person: UUID, officer: System) -> None:
    numbers = reveal(person, by=officer, purpose=Purpose.OBJECTION, case="objection:1", reason="identity doubted")

    assert numbers == {"resident_identity": NUMBER}
    event = AuditEvent.objects.get(name=READ)
    assert (event.chain, event.actor, event.ref) == (officer.uuid, officer.uuid, f"person:{person}")
    body = AuditBody.objects.get(event=event).body
    assert all(word in body for word in ("objection", "objection:1", "identity doubted"))
    assert NUMBER not in body


@pytest.mark.proves("SEC-02", "INV-64")
def test_when_the_line_cannot_be_written_nothing_is_read(
    person: UUID, officer: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **values: Any) -> UUID:
        raise OSError

    monkeypatch.setattr(privacy, "record", broken)
    monkeypatch.setattr(privacy, "open_box", lambda *args, **values: pytest.fail("read without a line"))

    with pytest.raises(OSError):  # noqa: PT011  any failure of the log
        reveal(person, by=officer, purpose=Purpose.COURT, case="c")


def test_inside_a_verb_nothing_is_read_for_the_line_could_be_rolled_back(person: UUID, officer: System) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        reveal(person, by=officer, purpose=Purpose.COURT, case="c")

    assert not AuditEvent.objects.filter(name=READ).exists()


@pytest.mark.parametrize(
    ("purpose", "case", "rule"),
    [("curiosity", "c", "purpose_missing"), ("", "c", "purpose_missing"), (Purpose.COURT, "", "case_missing")],
)
def test_a_purpose_of_the_list_and_its_case_are_asked_for(
    person: UUID, officer: System, purpose: str, case: str, rule: str
) -> None:
    with pytest.raises(Refused) as refusal:
        reveal(person, by=officer, purpose=purpose, case=case)

    assert refusal.value.rule == rule
    assert not AuditEvent.objects.filter(name=READ).exists()


def test_the_persons_own_request_needs_no_case(person: UUID, officer: System) -> None:
    assert reveal(person, by=officer, purpose=Purpose.OWN_REQUEST) == {"resident_identity": NUMBER}


def refused(person: UUID, line: UUID) -> bool:
    try:
        return not ask("SELECT * FROM sealed.read(%s, %s)", person, line)
    except DatabaseError as error:
        return isinstance(error.__cause__, InsufficientPrivilege)


def test_the_database_hands_out_a_box_only_for_a_fresh_committed_line_about_this_person(
    person: UUID, officer: System
) -> None:
    good = query(READ, f"person:{person}", officer)
    for_another = query(READ, f"person:{uuid4()}", officer)
    of_another_kind = query("privacy.other", f"person:{person}", officer)
    rotation = query(ROTATED, f"rotation:{person}", officer)

    assert not refused(person, good)
    assert all(refused(person, line) for line in (for_another, of_another_kind, rotation, uuid4()))

    with as_login() as login:
        login.execute("SET session_replication_role = replica")
        login.execute("UPDATE audit.event SET at = at - interval '55 seconds' WHERE id = %s", [good])
    assert not refused(person, good)
    with as_login() as login:
        login.execute("SET session_replication_role = replica")
        login.execute("UPDATE audit.event SET at = at - interval '6 seconds' WHERE id = %s", [good])
    assert refused(person, good)


def test_a_line_of_the_same_transaction_does_not_count(person: UUID, officer: System) -> None:
    def look_in_one_transaction() -> None:
        with transaction.atomic():
            line = query(READ, f"person:{person}", officer)
            ask("SELECT * FROM sealed.read(%s, %s)", person, line)

    with pytest.raises(DatabaseError, match="no registered query"):
        look_in_one_transaction()
    assert not AuditEvent.objects.filter(name=READ).exists()


# --- Keeping and finding


def test_a_number_finds_its_person_however_written(person: UUID) -> None:
    assert privacy.find(f" {NUMBER[:6]} {NUMBER[6:]}") == person
    assert privacy.find(OTHER) is None
    assert privacy.find(NUMBER, kind=Document.PASSPORT) is None


def test_keeping_the_same_number_twice_changes_nothing(person: UUID) -> None:
    before = boxes()

    keep(person, NUMBER)

    assert boxes() == before


def test_one_number_belongs_to_one_person_and_one_person_has_one_of_a_kind(person: UUID) -> None:
    for who, number in ((uuid4(), NUMBER), (person, OTHER)):
        with pytest.raises(Refused) as refusal:
            keep(who, number)
        assert refusal.value.rule == "identity_already_held"
        assert refusal.value.__cause__ is None
        assert number not in str(refusal.value)

    keep(person, "E12345678", kind=Document.PASSPORT)
    assert len(boxes()) == 1  # by person: still one


def test_two_inserts_of_one_number_are_refused_by_the_database_itself(
    person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "find", lambda number, kind: None)  # the other transaction was quicker

    with pytest.raises(Refused):
        keep(uuid4(), NUMBER)


def test_the_table_holds_nothing_readable(person: UUID) -> None:
    ((box, _key, digest),) = boxes().values()

    assert NUMBER.encode() not in box + digest
    with pytest.raises(IntegrityError):
        ask(
            "INSERT INTO sealed.identity (person, kind, box, digest_key, digest) VALUES (%s, 'x', %s, 1, %s)".replace(
                "", ""
            ),
            uuid4(),
            NUMBER.encode(),
            bytes(32),
        )  # fmt: skip  too short for a box


def test_a_box_moved_to_another_person_does_not_open(person: UUID, officer: System) -> None:
    victim = uuid4()
    keep(victim, OTHER)
    box = boxes()[person][0]
    with as_login() as login:
        login.execute("UPDATE sealed.identity SET box = %s WHERE person = %s", [box, victim])

    with pytest.raises(Unreadable):
        reveal(victim, by=officer, purpose=Purpose.COURT, case="c")


# --- Rotation


def rotate_keys(*words: Any) -> str:
    out = StringIO()
    call_command("rotate_keys", *words, stdout=out)
    return out.getvalue()


def test_rotation_moves_every_box_and_digest_to_the_announced_keys(
    ring: Callable[[int], None], officer: System
) -> None:
    people = [uuid4() for _ in range(5)]
    for n, one in enumerate(people):
        keep(one, f"99010019900307001{n}")
    ring(2)
    assert privacy.find("990100199003070013") == people[3]  # while rotating, both keys are asked
    announce(2, 2)

    said = rotate_keys("--batch", "2")

    assert said.startswith("5 boxes moved")
    assert {(box[1], key) for box, key, _digest in boxes().values()} == {(2, 2)}
    assert privacy.find("990100199003070013") == people[3]
    numbers = [reveal(one, by=officer, purpose=Purpose.OWN_REQUEST)["resident_identity"] for one in people]
    assert numbers == [f"99010019900307001{n}" for n in range(5)]
    assert AuditEvent.objects.filter(name=ROTATED).count() == 4  # three batches and the empty one, each registered
    assert rotate_keys().startswith("0 boxes moved")


def test_without_the_owners_word_nothing_rotates(ring: Callable[[int], None], person: UUID) -> None:
    ring(2)

    with pytest.raises(CommandError, match="--announce 2 2"):
        rotate_keys()
    announce(2, 1)
    with pytest.raises(CommandError, match="--announce 2 2"):
        rotate_keys()


def test_the_owner_announces_by_the_same_command_and_needs_no_key_file(
    ring: Callable[[int], None], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PORTAL_BOX_RING_FILE = settings.PORTAL_DIGEST_RING_FILE = ""
    with as_login() as login:
        login.execute("SET ROLE portal_owner")
        monkeypatch.setattr("casework.management.commands.rotate_keys.connection", login)

        assert rotate_keys("--announce", 3, 4).startswith("Announced")

    assert ask("SELECT * FROM sealed.announced()") == [(3, 4)]


def test_the_application_cannot_announce(ring: Callable[[int], None]) -> None:
    with pytest.raises(DatabaseError) as refusal:
        rotate_keys("--announce", 1, 1)

    assert isinstance(refusal.value.__cause__, InsufficientPrivilege)


@pytest.mark.parametrize("batch", [0, 1001])
def test_a_batch_has_a_size(batch: int) -> None:
    with pytest.raises(CommandError, match="between 1 and 1000"):
        rotate_keys("--batch", batch)


STALE = "SELECT person FROM sealed.stale(%s, %s, '00000000-0000-0000-0000-000000000000', '', 10)"


def test_no_ciphertext_leaves_in_bulk_unless_it_is_old_and_registered(
    ring: Callable[[int], None], officer: System
) -> None:
    person, run = uuid4(), uuid4()
    keep(person, NUMBER)
    line = query(ROTATED, f"rotation:{run}", officer)

    assert ask(STALE, run, line) == []  # nothing announced
    announce(1, 1)
    assert ask(STALE, run, line) == []  # nothing old
    announce(2, 2)
    assert ask(STALE, run, line) == [(person,)]
    for wrong in (uuid4(), query(READ, f"person:{person}", officer), query(ROTATED, f"rotation:{person}", officer)):
        with pytest.raises(DatabaseError, match="no registered rotation"):
            ask(STALE, run, wrong)


RESEAL = "SELECT sealed.reseal(%s, 'resident_identity', %s, %s, %s, %s)"


def test_only_a_box_of_an_old_key_is_replaced_and_only_by_one_of_the_announced_key(ring: Callable[[int], None]) -> None:
    person = uuid4()
    keep(person, NUMBER)
    old, _key, digest = boxes()[person]
    new, wrong_key, same_key = b"\x01\x02" + bytes(40), b"\x01\x03" + bytes(40), b"\x01\x01" + bytes(40)

    assert ask(RESEAL, person, old, new, 2, digest) == [(False,)]  # nothing announced
    announce(1, 1)
    assert ask(RESEAL, person, old, same_key, 1, digest) == [(False,)]  # the box is not old
    announce(2, 2)
    assert ask(RESEAL, person, old, wrong_key, 2, digest) == [(False,)]
    assert ask(RESEAL, person, old, new, 3, digest) == [(False,)]
    assert ask(RESEAL, person, new, new, 2, digest) == [(False,)]  # who does not hold the old box
    assert ask(RESEAL, uuid4(), old, new, 2, digest) == [(False,)]
    assert boxes()[person][0] == old
    assert ask(RESEAL, person, old, new, 2, digest) == [(True,)]
    assert boxes()[person] == (new, 2, digest)


def test_a_damaged_box_stays_and_is_named(ring: Callable[[int], None]) -> None:
    damaged, whole = uuid4(), uuid4()
    keep(damaged, NUMBER)
    keep(whole, OTHER)
    with as_login() as login:
        login.execute("UPDATE sealed.identity SET box = box || '\\x00' WHERE person = %s", [damaged])
    ring(2)
    announce(2, 2)

    with pytest.raises(CommandError, match=f"1 boxes stay under an old key; keep it. {damaged}"):
        rotate_keys()

    assert {one: box[0][1] for one, box in boxes().items()} == {damaged: 1, whole: 2}
