"""One transaction for an act; a refusal outlives its rollback, once, and holds nothing of what was refused."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from accounts.models import Region
from casework.actors import SYSTEM, System
from casework.checks import allowed
from casework.errors import DomainError, NotAllowed, Refused, WrongState
from casework.models import Refusal
from casework.verbs import verb
from tests.casework.test_grants import logged_in

pytestmark = pytest.mark.django_db

OFFICER = System(uuid4())
SECRET = "张三的住址是示例路1号"


@verb
def write(code: str, *, by: Any, fail: Exception | None = None) -> str:
    Region.objects.create(code=code, name="示例")
    if fail:
        raise fail
    return code


@verb
def write_two(*, by: Any, fail: Exception | None = None) -> None:
    write("990201", by=by)
    write("990202", by=by, fail=fail)


def refused(**kwargs: Any) -> Refused:
    return Refused(SECRET, rule="outside_catalogue", rows=["CAT-01", "CAT-17"], **kwargs)


def written() -> set[str]:
    return set(Region.objects.filter(code__startswith="9902").values_list("code", flat=True))


def test_an_act_that_nothing_refuses_stands_and_leaves_no_line() -> None:
    assert write("990201", by=OFFICER) == "990201"

    assert written() == {"990201"}
    assert not Refusal.objects.exists()


@pytest.mark.proves("CAT-17", "INV-69")
def test_a_refused_act_is_undone_and_its_refusal_stays_in_the_register() -> None:
    acting = System(uuid4())
    object.__setattr__(acting, "agency_id", 7)

    with pytest.raises(Refused):
        write("990201", by=acting, fail=refused(data_class="penalties", keys={"batch": "bat_1"}))

    line = Refusal.objects.get()
    assert written() == set()
    assert (line.act, line.rule, line.rows) == ("write", "outside_catalogue", ["CAT-01", "CAT-17"])
    assert (line.actor, line.agency_id, line.data_class, line.keys) == (acting.uuid, 7, "penalties", {"batch": "bat_1"})


@pytest.mark.proves("CAT-17")
def test_the_line_holds_nothing_of_what_was_refused() -> None:
    with pytest.raises(Refused):
        write("990201", by=OFFICER, fail=refused(field="cf_sy", data={"text": SECRET}))

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_json(r)::text FROM casework_refusal r")
        assert "张三" not in cursor.fetchone()[0]


def test_verbs_inside_a_verb_share_its_transaction_and_leave_one_line() -> None:
    with pytest.raises(Refused):
        write_two(by=OFFICER, fail=refused())

    assert written() == set()
    assert [line.act for line in Refusal.objects.all()] == ["write_two"]


def test_each_attempt_leaves_its_own_line() -> None:
    for _n in range(3):
        with pytest.raises(Refused):
            write_two(by=OFFICER, fail=refused())

    assert Refusal.objects.count() == 3


@pytest.mark.parametrize(
    "fail",
    [
        NotAllowed("x", rule="not_allowed"),
        WrongState("x"),
        DomainError("x", rule="calendar_year_unknown"),
        ValueError("x"),
    ],
    ids=lambda fail: type(fail).__name__,
)
def test_what_is_no_refusal_by_the_rules_undoes_the_act_and_leaves_no_line(fail: Exception) -> None:
    with pytest.raises(type(fail)):
        write_two(by=OFFICER, fail=fail)

    assert written() == set()
    assert not Refusal.objects.exists()
    with pytest.raises(Refused):  # and the next refusal is again the outermost
        write("990201", by=OFFICER, fail=refused())
    assert Refusal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("CAT-17", "INV-69")
def test_the_line_is_committed_for_everybody_while_the_act_is_gone() -> None:
    with pytest.raises(Refused):
        write("990201", by=SYSTEM, fail=refused())

    with logged_in("portal_auditor") as raw:
        assert raw.execute("SELECT rule FROM public.casework_refusal").fetchall() == [("outside_catalogue",)]
        assert raw.execute("SELECT count(*) FROM public.accounts_region WHERE code = '990201'").fetchone() == (0,)
    assert not transaction.get_connection().in_atomic_block


def test_the_same_check_refuses_the_act_and_hides_the_button() -> None:
    def check(number: int) -> None:
        if number > 1:
            raise WrongState("no")

    assert (allowed(check, 1), allowed(check, 2)) == (True, False)
    with pytest.raises(ZeroDivisionError):
        allowed(lambda: 1 / 0)
