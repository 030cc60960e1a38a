"""The audit: one line for each act, chained, made by the database; every way to falsify it is named by the verifier."""

import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from casework import audit
from casework.actors import SYSTEM, System
from casework.audit import Line, erase, export, move, record, record_many, verify
from casework.errors import WrongState
from casework.jobs import AuditBroken, verify_audit
from casework.models import AuditBody, AuditEvent, Heartbeat
from records.models import BasisDocument
from records.states import Document
from tests.casework.test_grants import logged_in
from tests.factories import agency, subject

OFFLINE = Path(__file__).parents[2] / "docs" / "verify_log.py"


class Thing:
    """As much of a case as the audit asks for."""

    def __init__(self) -> None:
        self.uuid = uuid4()
        self.chain, self.ref = self.uuid, f"thing:{self.uuid}"


@pytest.fixture(autouse=True)
def _as_application(db: None) -> None:
    """COPY goes past the wrapper that sets the role (tests/conftest.py), so a statement goes before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.fixture
def thing() -> Thing:
    return Thing()


def last(chain: UUID) -> dict[str, Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {audit.COLUMNS} FROM audit.event WHERE chain = %s ORDER BY seq DESC LIMIT 1", [chain])
        return dict(zip(audit.NAMES, cursor.fetchone(), strict=True))


# --- Writing


@pytest.mark.django_db
class TestWriting:
    @pytest.mark.proves("REC-08")
    def test_a_line_names_who_did_what_to_what_and_holds_no_value(self, thing: Thing) -> None:
        officer = System(uuid4())

        event = record(thing, "thing.changed", by=officer, before="a", after="b", reason="因为", amount=7)

        line = AuditEvent.objects.get(pk=event)
        assert (line.chain, line.ref, line.name, line.before, line.after) == (
            thing.uuid,
            thing.ref,
            "thing.changed",
            "a",
            "b",
        )
        assert (line.actor, line.agency, line.seq) == (officer.uuid, None, 1)
        assert json.loads(line.body.body) == {"reason": "因为", "amount": 7}

    def test_a_line_without_reason_and_values_has_no_body(self, thing: Thing) -> None:
        event = record(thing, "thing.seen", by=SYSTEM)

        assert not AuditBody.objects.filter(event=event).exists()
        assert bytes(last(thing.chain)["commitment"]) == b""

    def test_sequence_previous_hash_transaction_and_login_are_the_databases(self, thing: Thing) -> None:
        record(thing, "thing.began", by=SYSTEM)
        first = last(thing.chain)
        record(thing, "thing.ended", by=SYSTEM)
        second = last(thing.chain)

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text, session_user")
            xact, login = cursor.fetchone()
        assert (first["seq"], second["seq"]) == (1, 2)
        assert bytes(second["prev"]) == bytes(first["hash"])
        assert {(e["xact"], e["db_user"]) for e in (first, second)} == {(xact, login)}

    @pytest.mark.parametrize("name", ["Thing changed", "thing", "thing.张三", "thing.x1"])
    def test_the_name_of_an_event_cannot_carry_anything_else(self, thing: Thing, name: str) -> None:
        with pytest.raises(IntegrityError):
            record(thing, name, by=SYSTEM)

    def test_the_reference_is_a_kind_and_a_uuid_only(self, thing: Thing) -> None:
        with pytest.raises(IntegrityError):
            record_many([Line(thing.chain, "person:99010019900307001X", "thing.seen")], by=SYSTEM)

    def test_many_lines_stand_each_on_its_own_chain(self) -> None:
        chains = [uuid4() for _n in range(50)]

        ids = record_many([Line(c, f"thing:{c}", "thing.seen", values={"n": 1}) for c in chains * 2], by=SYSTEM)

        assert len(set(ids)) == 100
        assert sorted(AuditEvent.objects.filter(chain__in=chains).values_list("seq", flat=True)) == [1] * 50 + [2] * 50
        assert verify().broken == []

    @pytest.mark.proves("SEC-05")
    def test_a_body_that_was_not_promised_is_refused(self, thing: Thing) -> None:
        event = record(thing, "thing.changed", by=SYSTEM)

        with pytest.raises(IntegrityError, match="committed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO audit.body VALUES (%s, %s, 'a later reason')", [event, b"0" * 32])

    def test_the_database_refuses_to_go_on_when_its_clock_went_back(self, thing: Thing) -> None:
        record(thing, "thing.began", by=SYSTEM)
        record(thing, "thing.went_on", by=SYSTEM)
        with connection.cursor() as cursor:
            raw = cursor.connection
            raw.execute("RESET ROLE")
            raw.execute(
                "UPDATE audit.head SET at = clock_timestamp() + interval '6 seconds' WHERE chain = %s", [thing.chain]
            )

        with pytest.raises(DatabaseError, match="clock of this database went back"):
            record(thing, "thing.ended", by=SYSTEM)


# --- Moving


@pytest.fixture
def document() -> BasisDocument:
    firm, sender = subject(), agency()
    return BasisDocument.objects.create(
        type="penalty",
        number="示〔2026〕1号",
        issuer=sender,
        subject=firm,
        decided_on="2026-03-02",
        effective_on="2026-03-02",
    )


@pytest.mark.django_db
class TestMoving:
    @pytest.mark.proves("REC-08")
    def test_a_move_changes_the_state_and_leaves_the_line_in_one_go(self, document: BasisDocument) -> None:
        move(document, Document.EFFECTIVE, event="document.took_effect", by=SYSTEM, reason="送达")

        line = AuditEvent.objects.get(ref=document.ref)
        assert document.state == Document.EFFECTIVE
        assert (line.chain, line.before, line.after) == (document.subject.uuid, "registered", "effective")  # type: ignore[union-attr]

    def test_a_step_that_is_not_in_the_table_changes_nothing(self, document: BasisDocument) -> None:
        with pytest.raises(WrongState):
            move(document, Document.ANNULLED, event="document.annulled", by=SYSTEM)

        document.refresh_from_db()
        assert document.state == Document.REGISTERED
        assert not AuditEvent.objects.filter(ref=document.ref).exists()

    def test_who_read_an_older_state_loses(self, document: BasisDocument) -> None:
        stale = BasisDocument.objects.get(pk=document.pk)
        move(document, Document.EFFECTIVE, event="document.took_effect", by=SYSTEM)

        with pytest.raises(WrongState) as caught:
            move(stale, Document.EFFECTIVE, event="document.took_effect", by=SYSTEM)

        assert caught.value.rule == "moved_on"
        assert AuditEvent.objects.filter(ref=document.ref).count() == 1


# --- Erasing


@pytest.mark.django_db
class TestErasing:
    def test_an_erased_body_is_gone_and_the_chain_stays_whole(self, thing: Thing) -> None:
        event = record(thing, "thing.changed", by=SYSTEM, reason="张三")
        before = verify(thing.chain)

        erase(event, by=SYSTEM, basis="个人信息保护法第四十七条")

        after = verify(thing.chain)
        assert not AuditBody.objects.filter(event=event).exists()
        assert AuditEvent.objects.filter(ref=f"event:{event}", name="audit.body_erased").count() == 1
        assert (before.erased, after.erased, after.broken) == (0, 1, [])

    def test_no_body_goes_without_an_event_of_the_same_transaction_that_names_it(self, thing: Thing) -> None:
        event = record(thing, "thing.changed", by=SYSTEM, reason="张三")
        other = record(thing, "thing.changed", by=SYSTEM, reason="李四")

        for named in (other, uuid4()):
            with (
                pytest.raises(DatabaseError, match="no erasure event"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute("SELECT audit.erase(%s, %s)", [event, named])
        assert AuditBody.objects.filter(event=event).exists()


# --- Verifying: as a superuser who switched the guards off


@pytest.fixture
def falsify() -> Callable[..., None]:
    """Run SQL as a superuser with every guard off, in the test's own transaction."""

    def run(sql: str, *values: Any) -> None:
        raw = connection.connection
        raw.execute("RESET ROLE")
        raw.execute("SET session_replication_role = replica")
        raw.execute(sql, values)
        raw.execute("SET session_replication_role = DEFAULT")

    return run


@pytest.fixture
def chain() -> UUID:
    """A chain of five events, all with bodies, and another one beside it."""
    thing = Thing()
    for n in range(5):
        record(thing, "thing.changed", by=SYSTEM, reason="理由", n=n)
    record(Thing(), "thing.changed", by=SYSTEM, reason="别的")
    return thing.chain


FALSE = [
    (
        "UPDATE audit.event SET name = 'thing.kept' WHERE chain = %s AND seq = 2",
        ", event 2: was changed after it was written",
    ),
    ("UPDATE audit.event SET actor = NULL WHERE chain = %s AND seq = 2", ", event 2: was changed after it was written"),
    (
        "UPDATE audit.event SET at = at - interval '1 day' WHERE chain = %s AND seq = 5",
        ", event 5: was changed after it was written",
    ),
    (
        "UPDATE audit.event SET db_user = 'x' WHERE chain = %s AND seq = 1",
        ", event 1: was changed after it was written",
    ),
    ("DELETE FROM audit.event WHERE chain = %s AND seq = 3", ", event 4: events 3 to 3 before it are missing"),
    ("DELETE FROM audit.event WHERE chain = %s AND seq < 3", ", event 3: events 1 to 2 before it are missing"),
    ("DELETE FROM audit.event WHERE chain = %s AND seq > 3", ": events 4 to 5 at its end are missing"),
    ("DELETE FROM audit.event WHERE chain = %s", ": all its 5 events are missing"),
    ("DELETE FROM audit.head WHERE chain = %s", ": has no head"),
    ("UPDATE audit.head SET seq = 3 WHERE chain = %s", ": its head was changed"),
    ("UPDATE audit.head SET hash = '' WHERE chain = %s", ": its head was changed"),
    (
        "UPDATE audit.body SET body = replace(body, '理由', '借口')"
        " WHERE event = (SELECT id FROM audit.event WHERE chain = %s AND seq = 2)",
        ", event 2: its reason or values were changed",
    ),
    (
        "DELETE FROM audit.body WHERE event = (SELECT id FROM audit.event WHERE chain = %s AND seq = 2)",
        ", event 2: its reason or values are missing and no erasure names it",
    ),
]


@pytest.mark.django_db
class TestVerifying:
    @pytest.mark.parametrize(("attack", "sentence"), FALSE)
    @pytest.mark.proves("SEC-05", "INV-65")
    def test_each_way_to_falsify_a_chain_is_named_where_it_was_done(
        self, chain: UUID, falsify: Any, attack: str, sentence: str
    ) -> None:
        assert (verify(chain).events, verify().broken) == (5, [])

        falsify(attack, chain)

        assert f"chain {chain}{sentence}" in verify().broken
        assert verify(chain).broken == [line for line in verify().broken if str(chain) in line]

    @pytest.mark.proves("INV-65")
    def test_a_changed_event_with_its_hash_made_anew_breaks_the_next_link(self, chain: UUID, falsify: Any) -> None:
        falsify("UPDATE audit.event SET name = 'thing.kept' WHERE chain = %s AND seq = 2", chain)
        falsify(
            "UPDATE audit.event e SET hash = sha256(convert_to(audit.event_text(e), 'UTF8')) WHERE chain = %s AND seq = 2",
            chain,
        )

        assert verify().broken == [f"chain {chain}, event 3: does not follow from the event before it"]

    def test_a_whole_chain_cut_with_its_head_leaves_its_bodies_behind(self, chain: UUID, falsify: Any) -> None:
        falsify("DELETE FROM audit.event WHERE chain = %s", chain)
        falsify("DELETE FROM audit.head WHERE chain = %s", chain)

        assert len([line for line in verify().broken if line.endswith("its body stands alone")]) == 5

    def test_the_databases_own_hash_and_pythons_agree_on_every_kind_of_value(self) -> None:
        thing = Thing()
        acting = System(uuid4())
        object.__setattr__(acting, "agency_id", 7)
        record(thing, "thing.changed", by=acting, before="甲", after="😀", reason="“引号”\n换行")
        record_many([Line(thing.chain, thing.ref, "thing.seen")], by=SYSTEM)

        assert verify(thing.chain).broken == []

    def test_the_nightly_task_fails_loudly_and_its_heartbeat_grows_old(self, chain: UUID, falsify: Any) -> None:
        assert verify_audit() >= 6
        beaten = Heartbeat.objects.get(name="audit").at
        falsify("DELETE FROM audit.event WHERE chain = %s AND seq = 5", chain)

        with pytest.raises(AuditBroken, match="events 5 to 5 at its end are missing"):
            verify_audit()

        assert Heartbeat.objects.get(name="audit").at == beaten


@pytest.mark.django_db(transaction=True)
class TestWritersAtOnce:
    def test_two_writers_on_one_chain_wait_for_each_other_and_cannot_fork_it(self, thing: Thing) -> None:
        sql = "INSERT INTO audit.event (chain, name, ref) VALUES (%s, 'thing.seen', %s)"
        with logged_in("portal_app") as one, logged_in("portal_app") as two:
            two.execute("SET lock_timeout = '200ms'")
            with one.transaction():
                one.execute(sql, [thing.chain, thing.ref])
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    two.execute(sql, [thing.chain, thing.ref])
            two.execute(sql, [thing.chain, thing.ref])

        assert [e.seq for e in AuditEvent.objects.filter(chain=thing.chain)] == [1, 2]
        assert verify().broken == []

    def test_a_verifier_beside_busy_writers_never_cries_wolf(self, thing: Thing) -> None:
        def write() -> None:
            with logged_in("portal_app") as raw:
                for _n in range(300):
                    raw.execute(
                        "INSERT INTO audit.event (chain, name, ref) VALUES (%s, 'thing.seen', %s)",
                        [thing.chain, thing.ref],
                    )

        writer = Thread(target=write)
        writer.start()
        found = []
        while writer.is_alive():
            found += verify().broken
        writer.join()

        assert found == []
        assert verify(thing.chain).events == 300


# --- The command, and the offline verifier


def said(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out)
    except SystemExit as stop:
        return out.getvalue(), int(stop.code or 0)
    return out.getvalue(), 0


def offline(*arguments: Any) -> tuple[str, int]:
    done = subprocess.run(
        [sys.executable, "-I", OFFLINE, *map(str, arguments)], capture_output=True, text=True, env={}, timeout=30
    )
    return done.stdout + done.stderr, done.returncode


@pytest.mark.django_db
class TestCommand:
    def test_it_says_one_line_when_all_is_well_and_one_for_each_break(self, chain: UUID, falsify: Any) -> None:
        whole = said("--chain", str(chain))
        falsify("DELETE FROM audit.event WHERE chain = %s AND seq IN (2, 5)", chain)

        text, code = said("--chain", str(chain))

        assert whole == ("5 events, 1 chains, 0 bodies erased.\n", 0)
        assert said()[1] == 1
        assert code == 1
        assert text.splitlines() == [
            "3 events, 1 chains, 0 bodies erased.",
            f"chain {chain}, event 3: events 2 to 2 before it are missing",
            f"chain {chain}: events 5 to 5 at its end are missing",
        ]

    def test_an_export_without_a_chain_over_a_file_or_of_nothing_is_refused(self, chain: UUID, tmp_path: Path) -> None:
        there = tmp_path / "there"
        there.write_text("x")

        for arguments in (
            ("--export", str(there)),
            ("--chain", str(chain), "--export", str(there)),
            ("--chain", str(uuid4())),
        ):
            with pytest.raises(CommandError):
                said(*arguments)
        assert there.read_text() == "x"

    @pytest.mark.proves("SEC-05", "INV-65")
    def test_an_exported_chain_is_verified_anywhere_without_the_portal(
        self, chain: UUID, falsify: Any, tmp_path: Path
    ) -> None:
        event = AuditEvent.objects.get(chain=chain, seq=2).pk
        erase(event, by=SYSTEM, basis="法律规定")
        path = tmp_path / "chain.jsonl"
        said("--chain", str(chain), "--export", str(path))

        text, code = offline(path)

        head = AuditEvent.objects.get(chain=chain, seq=6)
        assert code == 0, text
        assert f"chain {chain}: 6 events, 1 bodies erased, whole" in text
        assert text.splitlines()[-1].startswith(f"head {head.seq}:")
        assert path.stat().st_mode & 0o077 == 0
        lines = path.read_text().splitlines()
        changed = {
            "changed": [*lines[:2], lines[2].replace("thing.changed", "thing.kept"), *lines[3:]],
            "follow": [*lines[:2], *lines[3:]],
            "reason": [*lines[:2], lines[2].replace("理由", "借口"), *lines[3:]],
            "missing": [
                json.dumps({k: v for k, v in json.loads(lines[0]).items() if k not in {"salt", "body"}}),
                *lines[1:],
            ],
            "no event": [],
            "no exported": ["[]"],
        }
        for word, falsified in changed.items():
            path.write_text("\n".join(falsified))
            text, code = offline(path)
            assert (word in text, code) == (True, 1), text

    @pytest.mark.proves("SEC-05")
    def test_a_head_kept_outside_betrays_a_chain_that_was_cut_together_with_its_head(
        self, chain: UUID, falsify: Any, tmp_path: Path
    ) -> None:
        said("--chain", str(chain), "--export", str(tmp_path / "a"))
        head = offline(tmp_path / "a")[0].split()[-1]
        falsify(
            "DELETE FROM audit.body WHERE event IN (SELECT id FROM audit.event WHERE chain = %s AND seq > 3)", chain
        )
        falsify("DELETE FROM audit.event WHERE chain = %s AND seq > 3", chain)
        falsify(
            "UPDATE audit.head h SET seq = 3, hash = e.hash FROM audit.event e"
            " WHERE e.chain = h.chain AND e.seq = 3 AND h.chain = %s",
            chain,
        )
        assert said("--chain", str(chain), "--export", str(tmp_path / "b"))[1] == 0  # inside nothing is left to see

        text, code = offline(tmp_path / "b", "--extends", head)

        assert (text, code) == ("the chain had 5 events; the file holds 3\n", 1)
        assert offline(tmp_path / "a", "--extends", head)[1] == 0

    def test_the_export_is_one_line_for_each_event(self, chain: UUID) -> None:
        assert [json.loads(line)["seq"] for line in export(chain)] == ["1", "2", "3", "4", "5"]
