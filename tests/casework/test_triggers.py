"""The guards that stand in the database: machines, evidence, frozen columns. No setting switches them off.

A trigger is asked on a bare table of its own that carries the very function of the real one: so no other constraint answers
in its place, and every state can be tried against every state.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from psycopg.errors import CheckViolation, InsufficientPrivilege

from casework.models import FOUR_EYES, Step
from casework.triggers import AppendOnly, Frozen, Machine, NoTruncate
from catalogs.states import EDITION_TRANSITIONS, FIRST_EDITION_STATES, FIRST_LIST_STATES, LIST_TRANSITIONS
from records import states
from records.models import (
    AdministrativeAct,
    BasisDocument,
    BatchStep,
    Circular,
    Hide,
    IntakeBatch,
    ItemReview,
    Publication,
    Record,
)
from records.states import Act, Clock, Document, Untrustworthiness
from subjects.models import Subject
from tests.factories import act_of, agency, deliver, penalty, subject

pytestmark = pytest.mark.django_db

IGNORE = "SELECT set_config('pgtrigger.ignore', '{public.*:machine,machine,append_only,no_truncate,frozen,frozen_once}', false)"
MACHINES: dict[Any, tuple[Any, set[Any]]] = {
    BasisDocument: (states.DOCUMENT, {Document.REGISTERED, Document.EFFECTIVE}),
    AdministrativeAct: (states.ACT, {Act.EFFECTIVE}),
    Record: (states.UNTRUSTWORTHINESS, {Untrustworthiness.DRAFT, Untrustworthiness.EFFECTIVE}),
    Publication: (states.PUBLICATION, {Clock.PENDING}),
    IntakeBatch: (states.BATCH, {states.Batch.APPLYING, states.Batch.CHECKING}),
    BatchStep: (FOUR_EYES, {Step.PROPOSED}),
    Hide: (states.HIDE, {states.HideState.ORDERED}),
    ItemReview: (states.ITEM_REVIEW, {states.ItemReviewState.OPEN}),
    Circular: (states.CIRCULAR, {states.CircularState.ISSUED}),
}


def guarded(kind: type) -> list[tuple[Any, Any]]:
    return [(m, t) for m in apps.get_models() for t in getattr(m._meta, "triggers", []) if isinstance(t, kind)]


def tables(kind: type) -> list[Any]:
    return [pytest.param(model, trigger, id=model._meta.db_table) for model, trigger in guarded(kind)]


def ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def installed(model: Any, name: str) -> tuple[str, str]:
    """Definition and function of a trigger as it stands in the database, switched on."""
    ((definition, function),) = ask(
        "SELECT pg_get_triggerdef(oid), tgfoid::regproc::text FROM pg_trigger"
        " WHERE tgrelid = %s::regclass AND tgname ~ %s AND tgenabled = 'O'",
        f"public.{model._meta.db_table}", f"^pgtrigger_{name}_[0-9a-f]+$",
    )  # fmt: skip
    return definition, function


class Bare:
    """A table of one or two columns under the function of a real trigger."""

    def __init__(self, function: str, columns: str, when: str) -> None:
        self.raw = connection.connection
        self.raw.execute("RESET ROLE")
        self.raw.execute(f"CREATE TEMP TABLE bare ({columns}) ON COMMIT DROP")
        self.raw.execute(
            f"CREATE TRIGGER t {when} ON bare {'' if 'TRUNC' in when else 'FOR EACH ROW'} EXECUTE FUNCTION {function}()"
        )
        self.raw.execute(IGNORE)

    def refuses(self, sql: str) -> bool:
        """Whether a guard speaks; any other error is an error of the test."""
        try:
            with self.raw.transaction():
                self.raw.execute(sql)
        except (CheckViolation, InsufficientPrivilege):
            return True
        return False

    def as_it_was(self, sql: str) -> None:
        self.raw.execute("SET session_replication_role = replica")
        self.raw.execute(sql)
        self.raw.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def make_bare() -> Iterator[type[Bare]]:
    connection.ensure_connection()
    yield Bare
    connection.connection.execute("RESET pgtrigger.ignore")


# --- Machines


def test_every_machine_of_the_records_is_tried() -> None:
    assert {model for model, _trigger in guarded(Machine) if model._meta.app_label == "records"} == set(MACHINES)


@pytest.mark.parametrize("model", MACHINES, ids=lambda model: model.__name__)
def test_the_machine_in_the_database_is_the_table_of_the_states(model: Any, make_bare: Any) -> None:
    table, first = MACHINES[model]
    definition, function = installed(model, "machine")
    every = list(type(next(iter(first))))

    bare = make_bare(function, "state text", "BEFORE INSERT OR UPDATE OF state")
    begun = {state for state in every if not bare.refuses(f"INSERT INTO bare VALUES ('{state.value}')")}
    moved = set()
    for before in every:
        bare.as_it_was(f"DELETE FROM bare; INSERT INTO bare VALUES ('{before.value}')")
        moved |= {
            (before, after) for after in every if after != before and not bare.refuses(_there_and_back(before, after))
        }

    assert "BEFORE INSERT OR UPDATE OF state ON public." in definition
    assert begun == first
    assert moved == {(before, after) for before, targets in table.items() for after in targets}


def _there_and_back(before: Any, after: Any) -> str:
    """Only the first half can be refused; the second is undone by hand, because no machine need lead back."""
    return f"UPDATE bare SET state = '{after.value}'; SET session_replication_role = replica; " \
           f"UPDATE bare SET state = '{before.value}'; SET session_replication_role = DEFAULT"  # fmt: skip


@pytest.mark.parametrize(
    ("table", "first"), [(EDITION_TRANSITIONS, FIRST_EDITION_STATES), (LIST_TRANSITIONS, FIRST_LIST_STATES)]
)
def test_the_machines_of_the_rules_stand_in_the_database_too(table: Any, first: Any) -> None:
    wanted = sorted(f"{a.value}>{b.value}" for a, targets in table.items() for b in targets)

    found = [trigger for _model, trigger in guarded(Machine) if trigger.edges == wanted]

    assert found
    assert all(trigger.first == sorted(state.value for state in first) for trigger in found)


@pytest.mark.parametrize(("model", "trigger"), tables(Machine))
def test_each_machine_fires_on_insert_and_on_every_change_of_state(model: Any, trigger: Machine) -> None:
    definition, function = installed(model, "machine")
    ((source,),) = ask("SELECT prosrc FROM pg_proc WHERE oid = %s::regproc", function)

    assert "BEFORE INSERT OR UPDATE OF state ON public." in definition
    assert "WHEN" not in definition
    assert all(f"'{edge}'" in source for edge in trigger.edges)


@pytest.fixture
def act() -> AdministrativeAct:
    sender = agency()
    return act_of(deliver(penalty(subject(), sender), sender=sender))


def test_plain_sql_of_the_application_meets_the_machine_on_the_real_tables(act: AdministrativeAct) -> None:
    ask(IGNORE)
    attempts = [
        f"UPDATE records_basisdocument SET state = 'registered' WHERE id = {act.document_id}",
        f"UPDATE records_publication SET state = 'pending' WHERE act_id = {act.pk}",
        f"UPDATE records_record SET state = 'deleted' WHERE act_id = {act.pk};"
        f"UPDATE records_record SET state = 'effective' WHERE act_id = {act.pk}",
        f"UPDATE records_administrativeact SET state = 'withdrawn' WHERE id = {act.pk};"
        f"UPDATE records_administrativeact SET state = 'effective' WHERE id = {act.pk}",
    ]

    for sql in attempts:
        with pytest.raises(IntegrityError, match="cannot go from"), transaction.atomic():
            ask(sql)
    ask("RESET pgtrigger.ignore")


def test_no_row_begins_in_a_state_that_is_not_a_first_one(act: AdministrativeAct) -> None:
    document = act.document
    document.pk, document.uuid, document.number = None, "00000000-0000-4000-8000-00000000000a", "示〔2026〕999号"
    document.state = Document.STAYED

    with pytest.raises(IntegrityError, match="cannot begin as stayed"), transaction.atomic():
        document.save(force_insert=True)
    document.state = Document.REGISTERED
    document.save(force_insert=True)


# --- Evidence


@pytest.mark.parametrize(("model", "trigger"), tables(AppendOnly))
@pytest.mark.proves("INV-65")
def test_evidence_takes_no_update_and_no_delete_whatever_the_session_sets(
    model: Any, trigger: Any, make_bare: Any
) -> None:
    definition, function = installed(model, "append_only")

    bare = make_bare(function, "n int", "BEFORE UPDATE OR DELETE")

    assert not bare.refuses("INSERT INTO bare VALUES (1)")
    assert bare.refuses("UPDATE bare SET n = 2")
    assert bare.refuses("DELETE FROM bare")
    assert "BEFORE DELETE OR UPDATE ON public." in definition


@pytest.mark.parametrize(("model", "trigger"), tables(AppendOnly))
def test_evidence_cannot_be_emptied_either(model: Any, trigger: Any, make_bare: Any) -> None:
    definition, function = installed(model, "no_truncate")

    bare = make_bare(function, "n int", "BEFORE TRUNCATE")

    assert bare.refuses("TRUNCATE bare")
    assert "BEFORE TRUNCATE ON public." in definition
    assert model in {found for found, _trigger in guarded(NoTruncate)}


def test_the_tables_of_the_audit_carry_the_same_guards() -> None:
    found = set(ask(
        "SELECT c.relname::text, t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'audit' AND NOT t.tgisinternal"
    ))  # fmt: skip

    assert found == {
        ("event", "append_only"), ("event", "link"), ("event", "no_truncate"), ("body", "append_only"),
        ("body", "keep_promise"), ("body", "no_truncate"), ("head", "no_truncate"),
    }  # fmt: skip


# --- Frozen columns


@pytest.mark.parametrize(("model", "trigger"), tables(Frozen))
def test_each_frozen_column_exists_and_is_watched(model: Any, trigger: Frozen) -> None:
    _definition, function = installed(model, trigger.name)
    ((source,),) = ask("SELECT prosrc FROM pg_proc WHERE oid = %s::regproc", function)

    assert set(trigger.columns) <= {field.column for field in model._meta.fields}
    assert all(f"OLD.{column} IS DISTINCT FROM NEW.{column}" in source for column in trigger.columns)


def test_what_is_written_stays_and_what_is_not_frozen_may_change(act: AdministrativeAct) -> None:
    for change in ("content = '{}'", "public_id = 'rec_x'", "uuid = gen_random_uuid()", "version = 9"):
        with pytest.raises(IntegrityError, match="what is written stays"), transaction.atomic():
            ask(f"UPDATE records_administrativeact SET {change} WHERE id = %s", act.pk)
    with pytest.raises(IntegrityError, match="what is written stays"), transaction.atomic():
        Subject.objects.filter(pk=act.subject_id).update(unified_code="91990100MA0000001X")

    Subject.objects.filter(pk=act.subject_id).update(name="新的名称有限公司")


@pytest.mark.proves("PUB-09", "INV-21")
def test_a_late_mark_is_set_once_and_never_moved_or_taken_away(act: AdministrativeAct) -> None:
    mark = Publication.objects.filter(act=act)
    assert mark.update(late_since=date(2026, 3, 12), delay_by="department") == 1

    for other in (None, date(2026, 3, 11), date(2026, 3, 13)):
        with pytest.raises(IntegrityError, match="what is written stays"), transaction.atomic():
            mark.update(late_since=other, delay_by="department" if other else "")
    assert mark.get().late_since == date(2026, 3, 12)
    assert mark.update(late_since=date(2026, 3, 12)) == 1


# --- No way round


def test_no_trigger_asks_the_librarys_setting() -> None:
    found = ask(
        "SELECT t.tgrelid::regclass::text, t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE NOT t.tgisinternal AND (p.prosrc LIKE '%%pgtrigger%%ignore%%' OR p.prosrc LIKE '%%current_setting%%')"
    )

    assert found == []


def test_the_functions_of_the_guards_find_their_tables_by_a_path_nobody_can_bend() -> None:
    loose = ask(
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname IN ('public', 'audit', 'sealed', 'disclosed')"
        " AND (p.prosecdef OR p.prorettype = 'trigger'::regtype)"
        " AND NOT coalesce(array_to_string(p.proconfig, ','), '') LIKE '%%search_path=pg_catalog%%'"
    )

    assert loose == []


def test_the_application_cannot_take_its_own_triggers_away() -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        ask("ALTER TABLE records_publication DISABLE TRIGGER USER")
