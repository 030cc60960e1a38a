"""Taking off at once: gone from every surface in the same moment, decided by a second human, undone when nobody does."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Deputy, User
from casework.actors import SYSTEM
from casework.calendar import today
from casework.errors import NotAllowed, Refused, WrongState
from casework.models import AuditEvent, CalendarYear, Refusal
from disclosure.models import Record as DisclosedRecord
from records import services
from records.jobs import sweep
from records.models import AdministrativeAct, Hide, Publication
from records.services import hides
from subjects.models import Subject
from tests.disclosure.contract import API, read
from tests.disclosure.test_leaks import said
from tests.factories import act_of, agency, deliver, officer, order, penalty, subject

pytestmark = pytest.mark.django_db

NUMBER = "示藏罚〔2026〕91号"
WORDS = "此处文字暂不应出现"


@pytest.fixture
def act(office: Any, firm: Subject) -> AdministrativeAct:
    return act_of(deliver(penalty(firm, office, cf_wsh=NUMBER, cf_sy=WORDS), sender=office))


def hide(act: AdministrativeAct, by: User, **changes: Any) -> Hide:
    values = {"fact": act.public_id, "ground": "error", "reason": "当事人来电称有误", "by": by, "on": today()}
    return hides.order_hide(changes.pop("what", "fact"), **values | changes)


def states() -> list[str]:
    return list(Hide.objects.order_by("pk").values_list("state", flat=True))


# ── gone at once, back at once ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SHR-06")
def test_a_hidden_fact_is_gone_from_every_surface_in_that_moment_and_back_after_undo(
    client: Client, office: Any, firm: Subject, act: AdministrativeAct
) -> None:
    status = f"{API}/subjects/{firm.unified_code}/status/"
    before, tag = said(client, firm, act.public_id), client.get(status)["ETag"]
    never_was = client.get(f"{API}/records/rec_000000000000/").json()

    hidden = hide(act, officer("clerk", office))

    during, gone = said(client, firm, act.public_id), client.get(f"{API}/records/{act.public_id}/")
    assert before.count(NUMBER) > 5
    assert NUMBER not in during
    assert WORDS not in during
    assert read(client, status, "Status")["status"] == "no_public_record"
    assert client.get(status)["ETag"] != tag
    same = {k: v for k, v in never_was.items() if k not in ("instance", "request_id")}
    assert (gone.status_code, {k: v for k, v in gone.json().items() if k not in ("instance", "request_id")}) == (
        404,
        same,
    )

    hides.undo(hidden.pk, by=officer("reviewer", office), on=today(), reason="核对无误")

    assert said(client, firm, act.public_id).count(NUMBER) == before.count(NUMBER)


def test_a_hidden_field_leaves_the_fact_on_every_surface_and_comes_back(
    client: Client, office: Any, firm: Subject, act: AdministrativeAct
) -> None:
    tag = client.get(f"{API}/records/{act.public_id}/")["ETag"]

    hidden = hide(act, officer("clerk", office), what="field", field="facts", ground="personal_data")

    shown = said(client, firm, act.public_id)
    answer = client.get(f"{API}/records/{act.public_id}/")
    assert (WORDS in shown, NUMBER in shown) == (False, True)
    assert answer.json()["content"]["facts"] is None
    assert answer["ETag"] != tag
    hides.undo(hidden.pk, by=officer("reviewer", office), on=today(), reason="核对无误")
    assert WORDS in said(client, firm, act.public_id)


def test_a_hidden_sender_takes_all_it_handed_in_along_and_nobody_elses(
    client: Client, office: Any, firm: Subject, act: AdministrativeAct
) -> None:
    other = agency("示例市财政局", field="finance")
    act_of(deliver(penalty(subject(), other, cf_wsh="示财罚〔2026〕1号"), sender=other))

    hide(act, officer("clerk", office), what="sender", fact="", sender=office, ground="source")

    left = client.get(f"{API}/acts/").json()["results"]
    assert [row["document"]["number"] for row in left] == ["示财罚〔2026〕1号"]
    assert NUMBER not in said(client, firm, act.public_id)


def test_a_corrected_version_stays_hidden_too(client: Client, office: Any, firm: Subject) -> None:
    row = penalty(firm, office, cf_wsh=NUMBER)
    act = act_of(deliver(row, sender=office))
    hide(act, officer("clerk", office))

    deliver(row | {"cf_sy": "更正后的事实", "op": "correct", "reason": "笔误"}, sender=office)

    assert not DisclosedRecord.objects.filter(public_id=act.public_id).exists()


def test_it_says_what_it_covers_before_it_happens(office: Any, firm: Subject, act: AdministrativeAct) -> None:
    one, all_of_it = hides.covered("fact", fact=act.public_id), hides.covered("sender", sender=office)

    assert (one.count, one.is_capped, [a.pk for a in one.facts]) == (1, False, [act.pk])
    assert [a.pk for a in all_of_it.facts] == [act.pk]
    hide(act, officer("clerk", office))
    assert hides.covered("fact", fact=act.public_id).count == 0


def test_what_a_hide_of_a_sender_covers_is_counted_up_to_a_cap(
    office: Any, firm: Subject, act: AdministrativeAct, monkeypatch: Any
) -> None:
    deliver(penalty(firm, office), sender=office)
    monkeypatch.setattr(hides, "MOST_COUNTED", 1)

    found = hides.covered("sender", sender=office)

    assert (found.count, found.is_capped) == (1, True)


# ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_an_officer_of_the_department_or_above_hides(office: Any, act: AdministrativeAct) -> None:
    above = agency("示例省市场监督管理局", level="province")
    type(office).objects.filter(pk=office.pk).update(superior=above)

    with pytest.raises(NotAllowed, match="另一单位"):
        hide(act, officer("clerk", agency("示例市财政局")))
    with pytest.raises(NotAllowed):
        hide(act, officer("auditor", office))
    with pytest.raises(NotAllowed):
        hide(act, SYSTEM)  # type: ignore[arg-type]

    assert hide(act, officer("publisher", above)).agency == above


def test_the_posting_that_allows_it_must_be_in_that_body(office: Any, act: AdministrativeAct) -> None:
    ordered = hide(act, officer("clerk", office))
    here_a_clerk = officer("clerk", office)
    here_a_clerk.postings.create(agency=agency("示例市财政局"), role="reviewer", valid_from=date(2020, 1, 1))

    with pytest.raises(NotAllowed, match="另一单位"):
        hides.uphold(ordered.pk, by=here_a_clerk, on=today())

    assert states() == ["ordered"]


@pytest.mark.parametrize("way", ["the same account", "a deputy", "a second account"])
def test_whoever_ordered_it_decides_nothing_whatever_account_or_posting_he_uses(
    office: Any, act: AdministrativeAct, way: str
) -> None:
    reviewer = officer("reviewer", office)
    hand = officer("clerk", office)
    if way == "the same account":
        hand = reviewer
    ordered = hide(act, hand)
    if way == "a deputy":
        Deputy.objects.create(
            posting=reviewer.postings.get(), user=hand, valid_from=today(), valid_to=today() + timedelta(days=3)
        )
    if way == "a second account":
        User.objects.filter(pk=hand.pk).update(is_active=False)
        hand = User.objects.create(username="second", kind="staff", identity=hand.identity)
        hand.postings.create(agency=office, role="reviewer", valid_from=date(2020, 1, 1))

    for decide in (hides.uphold, hides.undo, hides.withdraw_hidden):
        with pytest.raises(Refused) as refused:
            decide(ordered.pk, by=hand, on=today(), reason="自己决定")
        assert refused.value.rule == "own_draft"

    assert states() == ["ordered"]
    assert {line.rule for line in Refusal.objects.all()} == {"own_draft"}


def test_the_database_itself_refuses_that_one_human_orders_and_decides(office: Any, act: AdministrativeAct) -> None:
    clerk = officer("clerk", office)
    ordered = hide(act, clerk)

    with pytest.raises(IntegrityError, match="hide_is_decided_by_another_human"), transaction.atomic():
        Hide.objects.filter(pk=ordered.pk).update(state="upheld", decided_by=clerk, decided_at=ordered.ordered_at)


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"reason": " "}, "reason_missing"),
        ({"ground": "mood"}, "value_not_in_list"),
        ({"what": "field", "field": "no_such"}, "value_not_in_list"),
        ({"fact": "rec_000000000000"}, "nothing_to_hide"),
        ({"what": "sender", "fact": ""}, "value_missing"),
    ],
)
def test_a_hide_needs_a_ground_a_reason_and_something_to_hide(
    office: Any, act: AdministrativeAct, change: dict[str, str], rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        hide(act, officer("clerk", office), **change)

    assert (refused.value.rule, states()) == (rule, [])


def test_nothing_is_hidden_twice_and_nothing_decided_twice(office: Any, act: AdministrativeAct) -> None:
    clerk, reviewer = officer("clerk", office), officer("reviewer", office)
    ordered = hide(act, clerk)

    with pytest.raises(WrongState) as twice:
        hide(act, officer("clerk", office))
    with pytest.raises(WrongState):
        hides.release(ordered.pk, by=reviewer, on=today(), reason="未经维持")
    hides.uphold(ordered.pk, by=reviewer, on=today())
    with pytest.raises(WrongState):
        hides.undo(ordered.pk, by=reviewer, on=today(), reason="又想恢复")

    assert twice.value.rule == "already_hidden"
    assert states() == ["upheld"]


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_upheld_hide_stays_until_another_releases_it_with_a_reason(
    office: Any, firm: Subject, act: AdministrativeAct, travel: Any
) -> None:
    clerk, reviewer = officer("clerk", office), officer("reviewer", office)
    ordered = hide(act, clerk)
    hides.uphold(ordered.pk, by=reviewer, on=today(), reason="确有疑问")
    travel(date(2026, 12, 20))
    sweep(today())

    kept = DisclosedRecord.objects.filter(public_id=act.public_id).exists()
    with pytest.raises(Refused):
        hides.release(ordered.pk, by=reviewer, on=today(), reason="")
    hides.release(ordered.pk, by=reviewer, on=today(), reason="已核实无误")

    assert (kept, states()) == (False, ["released"])
    assert DisclosedRecord.objects.filter(public_id=act.public_id).exists()
    names = list(AuditEvent.objects.filter(ref=ordered.ref).order_by("seq").values_list("name", flat=True))
    assert names == ["hide.ordered", "hide.upheld", "hide.released"]


def test_nobody_upholds_it_so_it_ends_the_day_after_and_the_fact_shows_again(
    office: Any, act: AdministrativeAct, travel: Any
) -> None:
    ordered = hide(act, officer("clerk", office))

    travel(date(2026, 11, 23))  # Monday, the one working day
    on_time = (sweep(today())["hides_overdue"], states())
    travel(date(2026, 11, 24))
    too_late = (sweep(today())["hides_overdue"], states())

    assert ordered.due_on == date(2026, 11, 23)
    assert (on_time, too_late) == ((0, ["ordered"]), (1, ["lapsed"]))
    assert DisclosedRecord.objects.filter(public_id=act.public_id).exists()


@pytest.mark.proves("INV-16")
@pytest.mark.parametrize("ground", ["personal_data", "secret"])
def test_personal_data_and_secrets_never_come_back_by_themselves_but_are_marked_late(
    office: Any, act: AdministrativeAct, travel: Any, ground: str
) -> None:
    hide(act, officer("clerk", office), ground=ground)

    travel(date(2026, 11, 30))
    first, second = sweep(today())["hides_overdue"], sweep(today())["hides_overdue"]

    marked = Hide.objects.get()
    assert (marked.state, marked.late_since) == ("ordered", date(2026, 11, 24))
    assert (first, second) == (1, 0)
    assert not DisclosedRecord.objects.filter(public_id=act.public_id).exists()
    with pytest.raises(IntegrityError, match="hide_for_personal_data_or_secrets_never_lapses"), transaction.atomic():
        Hide.objects.update(state="lapsed")


def test_a_last_day_in_a_year_that_is_not_announced_is_counted_when_it_is(
    office: Any, act: AdministrativeAct, travel: Any
) -> None:
    travel(date(2026, 12, 31))
    ordered = hide(act, officer("clerk", office))
    before = sweep(today())["hides_counted"]

    CalendarYear.objects.create(year=2027, title="示例：2027年放假安排", confidence="from_memory")
    after = sweep(today())["hides_counted"]

    counted = Hide.objects.get()
    assert (ordered.due_on, before, after, counted.due_on) == (None, 0, 1, date(2027, 1, 1))
    assert counted.state == "ordered"


# ── a withdrawal takes two ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-08")
def test_a_fact_is_withdrawn_by_two_one_takes_it_off_the_other_withdraws_it(
    office: Any, firm: Subject, act: AdministrativeAct
) -> None:
    clerk, reviewer = officer("clerk", office), officer("reviewer", office)
    ordered = hide(act, clerk)
    at_once = DisclosedRecord.objects.filter(public_id=act.public_id).exists()

    hides.withdraw_hidden(ordered.pk, by=reviewer, on=today(), reason="当事人错误")

    act.refresh_from_db()
    ordered.refresh_from_db()
    assert at_once is False
    assert (act.state, act.record.state, ordered.state) == ("withdrawn", "withdrawn", "released")
    assert Publication.objects.get(act=act).state == "ended"
    by = {e.name: e.actor for e in AuditEvent.objects.filter(chain=firm.uuid)}
    assert (by["hide.ordered"], by["act.withdrawn"]) == (clerk.uuid, reviewer.uuid)


def test_a_hidden_field_is_corrected_never_withdrawn(office: Any, act: AdministrativeAct) -> None:
    ordered = hide(act, officer("clerk", office), what="field", field="facts")

    with pytest.raises(Refused):
        hides.withdraw_hidden(ordered.pk, by=officer("reviewer", office), on=today(), reason="撤回")

    act.refresh_from_db()
    assert (act.state, states()) == ("effective", ["ordered"])


def test_a_stayed_fact_can_be_hidden_and_stays_hidden_when_the_stay_ends(office: Any, act: AdministrativeAct) -> None:
    judge = officer("reviewer", office)
    services.stay_document(act.document_id, order=order(), order_number="停1", by=judge, on=today())
    hide(act, officer("clerk", office))

    services.lift_stay(act.document_id, by=judge, on=today(), reason="裁定期满")

    assert not DisclosedRecord.objects.filter(public_id=act.public_id).exists()
