"""The eight other kinds of act: off until a region switches them on, then the same gate and the same clock (PUB-05)."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.db import IntegrityError, transaction

from casework.actors import SYSTEM
from casework.calendar import today
from casework.models import AuditEvent, Refusal
from catalogs.forms import read, shipped
from catalogs.models import ActSwitch, CatalogueItem, CatalogueItemBasis, Provision
from catalogs.rules import is_switched_on
from catalogs.services import load_rules
from catalogs.states import SWITCHED_KINDS
from disclosure.models import Record as Shown
from disclosure.queries import record_by_id
from records.formats import OTHER_ACTS
from records.models import Publication, Record
from records.rules import KINDS
from records.states import ActKind, Clock
from subjects.models import Subject
from tests.factories import act_of, agency, region
from tests.records.acts import hand_in, licence, other_act, said_of
from tests.records.sender import Sender, verdicts

pytestmark = pytest.mark.django_db


def deliver(*rows: dict[str, str], sender: Any, **options: Any) -> Any:
    return hand_in(*rows, kind="other_acts", sender=sender, **options)


def switch_on(folder: Path, *switches: dict[str, Any]) -> Any:
    """Load these switches as a rule keeper does: from a file of his own."""
    file = folder / "switches.yaml"
    rows = [{"valid_from": date(2026, 1, 1), "confidence": "verified", "source": "示例公告"} | one for one in switches]
    file.write_text(yaml.safe_dump({"switches": rows}), encoding="utf-8")
    return load_rules(read([file]), by=SYSTEM, on=today())


def test_as_shipped_all_eight_are_off_and_licence_and_penalty_have_no_switch() -> None:
    load_rules(read(shipped()), by=SYSTEM, on=today())

    assert not ActSwitch.objects.exists()
    assert set(OTHER_ACTS.values()) == {str(kind) for kind in SWITCHED_KINDS}
    assert [is_switched_on([], kind, region="990100", on=today()) for kind in ("licence", "penalty", "levy")] == [
        True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("name", list(OTHER_ACTS))
@pytest.mark.proves("PUB-05", "REC-16")
def test_each_kind_is_refused_until_it_is_switched_on_and_then_runs_on_the_same_clock(
    office: Any, firm: Subject, tmp_path: Path, name: str
) -> None:
    kind, row = OTHER_ACTS[name], other_act(firm, office, act_kind=name)

    off = deliver(row, sender=office)
    switch_on(tmp_path, {"kind": kind.value, "region": "990100"})
    on = deliver(row, sender=office)
    licensed = hand_in(licence(firm, office), kind="licences", sender=office)

    message = off.rows[0].refusals[0]["message"]
    assert said_of(off) == ("refused", ["act_kind_switched_off"])
    assert str(kind.label) in message
    assert "示例市" in message
    assert said_of(on) == ("accepted", [])
    act = act_of(on)
    assert (act.kind, act.item.kind, act.document.type, act.severity) == (kind, kind, KINDS[kind].document, "")
    assert act.document.title
    assert act.publication.state == Clock.PUBLISHED
    assert act.publication.due_on == act_of(licensed).publication.due_on == date(2026, 12, 1)
    assert not Record.objects.exists()
    told = record_by_id(act.public_id)
    assert told
    assert (told["kind"], told["content"], told["adverse"]) == (kind, {"summary": "扣押不合格商品一批"}, False)
    assert Refusal.objects.get(act="take_in").keys["rules"] == "act_kind_switched_off"


@pytest.mark.proves("PUB-05", "PUB-09")
def test_a_switched_kind_that_waits_is_late_on_the_eighth_working_day(
    office: Any, firm: Subject, tmp_path: Path, travel: Any
) -> None:
    travel(date(2026, 9, 30))
    switch_on(tmp_path, {"kind": "levy"})
    deliver(other_act(firm, office, act_kind="行政征收", content="联系电话13800138000"), sender=office)

    from records.jobs import sweep

    travel(date(2026, 10, 16))
    sweep(today())

    publication = Publication.objects.get()
    assert (publication.state, publication.due_on) == (Clock.OVERDUE, date(2026, 10, 15))


@pytest.mark.proves("PUB-05")
def test_a_switch_holds_for_its_region_its_kind_and_its_days(firm: Subject, tmp_path: Path) -> None:
    region("990000", "示例省")
    here, elsewhere = agency(), agency("别市市场监督管理局", region=region("980100", "别市").code)
    switch_on(tmp_path, {"kind": "compulsion", "region": "990000", "valid_to": date(2026, 11, 20)})

    def verdict(by: Any, **changes: Any) -> list[str]:
        return said_of(deliver(other_act(firm, by, **changes), sender=by))[1]

    assert verdict(here) == []  # in the province that switched it on
    assert verdict(elsewhere) == verdict(here, act_kind="行政奖励") == ["act_kind_switched_off"]
    assert verdict(here, decided_on="2025-12-31") == ["act_kind_switched_off"]
    assert verdict(here, decided_on="2026-01-01") == []


@pytest.mark.proves("PUB-05")
def test_switching_off_refuses_new_decisions_and_leaves_what_was_taken_in(
    office: Any, firm: Subject, tmp_path: Path
) -> None:
    before = {"kind": "compulsion", "region": "990100"}
    switch_on(tmp_path, before)
    row = other_act(firm, office)
    deliver(row, sender=office)

    done = switch_on(tmp_path, before | {"valid_to": today() - timedelta(days=1)})
    later = deliver(other_act(firm, office), sender=office)
    names = ("act_kind", "name", "counterpart", "unified_code", "number", "authority_code")
    taken_back = {name: row[name] for name in names} | {"op": "withdraw", "reason": "录入有误"}

    assert done.updated == 1
    assert said_of(later) == ("refused", ["act_kind_switched_off"])
    assert Shown.objects.count() == 1
    assert said_of(deliver(taken_back, sender=office)) == ("withdrawn", [])


@pytest.mark.proves("PUB-05")
def test_a_switch_is_a_rule_with_its_basis_and_stays_as_it_was_entered(tmp_path: Path) -> None:
    one = {"kind": "reward", "region": None}
    entered, again = switch_on(tmp_path, one), switch_on(tmp_path, one)

    switch = ActSwitch.objects.get()
    assert (entered.entered, again.entered, again.unchanged) == (1, 0, 1)
    assert (switch.provision.instrument.key, switch.provision.article) == ("sco-2019-35", "第（十五）条")
    assert AuditEvent.objects.filter(chain=switch.uuid).count() == 1
    with pytest.raises(IntegrityError, match="what is written stays"), transaction.atomic():
        ActSwitch.objects.update(kind="levy")


def test_the_database_itself_knows_no_switch_for_licences_and_none_twice(tmp_path: Path) -> None:
    switch_on(tmp_path, {"kind": "reward"})
    wanted: dict[str, Any] = {
        "valid_from": date(2026, 1, 1), "provision": Provision.objects.first(), "confidence": "verified", "source": "示例",
    }  # fmt: skip

    for change, constraint in (
        ({"kind": "licence"}, "actswitch_is_for_the_eight_other_kinds"),
        ({"kind": "reward"}, "actswitch_once_per_day"),
        ({"kind": "levy", "valid_to": date(2025, 1, 1)}, "actswitch_ends_after_it_begins"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            ActSwitch.objects.create(**wanted | change)


@pytest.mark.proves("REC-16")
def test_an_item_for_untrustworthy_conduct_takes_in_no_act_that_is_none(
    office: Any, firm: Subject, tmp_path: Path
) -> None:
    switch_on(tmp_path, {"kind": "compulsion"})
    for adverse in (True, False):
        item = CatalogueItem.objects.get(code="NC-03-03", state="in_force")
        cited = list(item.provisions.all())
        item.pk, item.uuid, item.code, item.edition, item.adverse = None, uuid4(), f"T-{adverse}", 1, adverse
        item.save(force_insert=True)
        for provision in cited:
            CatalogueItemBasis.objects.create(item=item, provision=provision)

    delivery = deliver(
        other_act(firm, office, catalogue_item="T-True"),
        other_act(firm, office, catalogue_item="T-False"),
        sender=office,
    )

    assert said_of(delivery) == ("refused", ["outside_catalogue"])
    assert said_of(delivery, 2) == ("accepted", [])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"act_kind": "行政处罚"}, "value_not_in_list"),
        ({"act_kind": ""}, "value_missing"),
        ({"content": ""}, "value_missing"),
        ({"public_until": "2026-11-19"}, "validity_order"),
        ({"catalogue_item": "NC-03-09"}, "outside_catalogue"),
        ({"counterpart": "自然人", "person_number": "990101199003078011"}, "personal_field_not_in_catalogue"),
    ],
)
@pytest.mark.proves("REC-18")
def test_an_other_act_with_one_fault_is_refused_by_its_rule(
    office: Any, firm: Subject, tmp_path: Path, change: dict[str, str], rule: str
) -> None:
    switch_on(tmp_path, {"kind": "compulsion"})

    delivery = deliver(other_act(firm, office) | change, other_act(firm, office), sender=office)

    assert said_of(delivery) == ("refused", [rule])
    assert said_of(delivery, 2) == ("accepted", [])


def test_a_program_hands_other_acts_in_by_the_same_call(sender: Sender, firm: Subject, tmp_path: Path) -> None:
    switch_on(tmp_path, {"kind": "reward"})
    rows = [other_act(firm, sender.agency, act_kind=name) for name in ("行政奖励", "行政强制")]

    response = sender.post({"rows": rows}, query="kind=other_acts")

    assert verdicts(response) == ["accepted", "refused"]
    assert response.json()["rows"][1]["refusals"][0]["rule"] == "act_kind_switched_off"


def test_every_kind_of_act_has_an_item_in_force_that_rests_on_its_document() -> None:
    for kind in ActKind:
        item = CatalogueItem.objects.get(code=KINDS[kind].item, state="in_force")
        assert (item.kind, KINDS[kind].document in item.basis_types, item.disclose_allowed) == (kind, True, True)
