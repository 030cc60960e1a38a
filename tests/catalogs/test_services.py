"""Loading the rules in force, and what the portal then answers about them."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Region
from casework.actors import SYSTEM
from casework.errors import NotAllowed, Refused, WrongState
from casework.models import Refusal
from catalogs import invariants, rules, services
from catalogs.forms import Malformed, read, shipped
from catalogs.models import CatalogueItem, CriteriaEdition, ListField, MeasureItem, Provision, Regime, RepairRule
from catalogs.states import ACT_KINDS, Category, EditionState, Kind

pytestmark = pytest.mark.django_db

ON = date(2026, 11, 21)
DEMO = Path("tests/data/local_rules.yaml")

ITEM: dict[str, Any] = {
    "code": "T-01", "name": "试验条目", "category": 3, "kind": "confirmation", "content": "内容", "since": 2024,
    "determined_by": ["administrative_organ"], "collecting_department": "示例部门",
    "share": {"allowed": True, "scope": ["departments"], "lawfulness": "依据", "necessity": "理由"},
    "disclose": {"allowed": True, "lawfulness": "依据", "necessity": "理由"}, "adverse": False,
    "citations": ["sco-2019-35#第（十五）条"],
}  # fmt: skip
EDITION = {
    "year": 2024, "announced_on": date(2024, 5, 1), "in_force_from": date(2024, 5, 6), "published_in": "试验目录",
    "source": "试验",
}  # fmt: skip
FIELD: dict[str, Any] = {
    "field": "trial", "name": "试验名单", "category": 2, "department": "示例部门", "state": "in_force",
    "citations": ["government-procurement-law#第七十七条"], "confidence": "verified", "source": "试验",
}  # fmt: skip
CRITERIA: dict[str, Any] = {
    "state": "in_force", "in_force_from": date(2025, 1, 1), "citations": ["samr-order-44#第二条"], "months": 36,
    "removal_conditions": "条件", "removal_procedure": "程序", "remedies": "救济", "confidence": "verified",
    "higher_form_lacking": "理由", "consulted": True, "comment_from": date(2024, 6, 1), "comment_to": date(2024, 7, 1),
    "items": [{"code": "C-1", "text": "试验标准"}],
}  # fmt: skip
MEASURE: dict[str, Any] = {
    "code": "T-M-01", "name": "试验措施", "type": "administrative", "source": "试验", "state": "in_force",
    "citations": ["government-procurement-law#第七十七条"],
}  # fmt: skip


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., services.Loaded]:
    """Load a file with these contents, as the portal itself."""

    def do(**content: Any) -> services.Loaded:
        file = tmp_path / "rules.yaml"
        file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return services.load_rules(read([file]), by=SYSTEM, on=ON)

    return do


def item(**changes: Any) -> dict[str, Any]:
    return {"editions": [EDITION], "items": [deepcopy(ITEM) | changes]}


def field(criteria: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    row = deepcopy(FIELD) | changes | {"criteria": None if criteria is None else deepcopy(CRITERIA) | criteria}
    return {"fields": [row], "response_working_days": 5, "feedback_working_days": 15}


def measure(**changes: Any) -> dict[str, Any]:
    edition = {"announced_on": date(2024, 5, 1), "in_force_from": date(2024, 5, 6), "published_in": "试验清单"}
    return {"edition": edition, "national": [deepcopy(MEASURE) | changes]}


def lines(rule: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM audit.event WHERE chain = %s ORDER BY seq", [rule.chain])
        return [name for (name,) in cursor.fetchall()]


def refusals() -> list[tuple[str, list[str]]]:
    return list(Refusal.objects.values_list("rule", "rows"))


# --- What ships -------------------------------------------------------------------------------------------------------


def test_loading_what_ships_a_second_time_changes_nothing() -> None:
    done = services.load_rules(read(shipped()), by=SYSTEM, on=ON)

    assert (done.entered, done.updated, done.lines) == (0, 0, [])


def test_every_shipped_rule_keeps_the_invariants_of_the_rules() -> None:
    for name in ("03", "22", "23", "24", "40", "74"):
        assert getattr(invariants, f"broken_inv_{name}")() == []


@pytest.mark.proves("CAT-03", "REC-16")
def test_the_national_catalogue_ships_with_thirteen_categories_and_every_kind_of_act() -> None:
    today = CatalogueItem.objects.in_force(ON)

    assert set(today.values_list("category", flat=True)) == set(Category.values)
    assert set(ACT_KINDS) <= set(today.values_list("kind", flat=True))
    assert Kind.COMPLAINT not in today.values_list("kind", flat=True)
    assert today.filter(code="NC-03-02", edition=3, in_force_from=date(2024, 2, 20)).exists()


@pytest.mark.proves("CAT-08")
@pytest.mark.parametrize(("on", "categories"), [(date(2022, 1, 1), 11), (date(2023, 1, 1), 12), (date(2024, 3, 1), 13)])
def test_the_catalogue_of_any_past_day_can_be_shown_again(on: date, categories: int) -> None:
    then = CatalogueItem.objects.in_force(on)

    assert then.values("category").distinct().count() == categories
    assert then.count() == then.values("code").distinct().count()


@pytest.mark.proves("MEA-23", "MEA-02")
def test_the_measure_vocabulary_ships_as_drafts_that_nobody_can_use() -> None:
    vocabulary = MeasureItem.objects.filter(part="not_in_list")

    assert vocabulary.count() == 43
    assert set(vocabulary.values_list("state", "usable")) == {(EditionState.PROPOSED, False)}


def test_the_national_measure_list_ships_in_three_parts_and_fourteen_items() -> None:
    listed = MeasureItem.objects.exclude(part="not_in_list")

    assert listed.values("part").distinct().count() == 3
    assert set(listed.values_list("list_number", flat=True)) == set(range(1, 15))


def test_nothing_from_memory_is_usable() -> None:
    assert MeasureItem.objects.filter(usable=True).exists()
    assert not MeasureItem.objects.filter(usable=True).exclude(confidence="verified").exists()
    assert not ListField.objects.filter(usable=True).exclude(confidence="verified").exists()
    for rule in MeasureItem.objects.filter(usable=True):
        assert all(provision.is_verified for provision in rule.provisions.select_related("instrument")), rule


def test_thirty_six_list_fields_ship_and_each_says_how_it_is_known() -> None:
    assert ListField.objects.count() == 36
    assert not ListField.objects.filter(source="").exists()
    assert set(ListField.objects.filter(usable=True).values_list("field", flat=True)) == {
        "government-procurement",
        "migrant-wages",
    }


def test_the_regimes_ship_as_the_table_of_the_texts() -> None:
    table = {
        (rule.regime.code, rule.severity): (rule.disclosed, rule.minimum_months, rule.maximum_months)
        for rule in RepairRule.objects.select_related("regime")
    }

    assert table == {
        ("R0", "ordinary"): (True, 3, 12), ("R0", "serious"): (True, 6, 36),
        ("R1", "minor"): (False, None, None), ("R1", "ordinary"): (True, 3, 36), ("R1", "serious"): (True, 12, 36),
        ("R2", "minor"): (True, None, 3), ("R2", "ordinary"): (True, 6, 36), ("R2", "serious"): (True, 12, 36),
        ("R3", "minor"): (False, None, 3), ("R3", "ordinary"): (True, 3, 12), ("R3", "serious"): (True, 12, 36),
        ("R4", "minor"): (True, None, 3), ("R4", "ordinary"): (True, 3, 12), ("R4", "serious"): (True, 12, 36),
    }  # fmt: skip
    assert dict(Regime.objects.values_list("code", "counts_from")) == {
        "R0": "decision", "R1": "decision", "R2": "publication", "R3": "document", "R4": "publication",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("platform", "on", "code"),
    [
        ("credit_china", date(2023, 4, 30), "R0"), ("credit_china", date(2023, 5, 1), "R1"),
        ("credit_china", date(2026, 3, 31), "R1"), ("credit_china", date(2026, 4, 1), "R3"),
        ("necips", date(2025, 12, 24), "R2"), ("necips", date(2025, 12, 25), "R4"),
        ("credit_china", date(2019, 6, 30), None), ("necips", date(2021, 8, 31), None),
    ],
)  # fmt: skip
def test_a_decision_falls_under_the_regime_of_its_day(platform: str, on: date, code: str | None) -> None:
    found = services.regimes_for(platform, on)

    assert [regime.code for regime in found] == ([code] if code else [])
    assert rules.regime_for(services.regimes(), platform, on) == (found[0] if found else None)


def test_periods_of_a_penalty_item_leave_out_the_classes_that_are_not_disclosed() -> None:
    penalties = services.item_in_force("NC-03-02", ON, "990100")

    shown = {(row["regime"], row["severity"]) for row in services.periods(penalties, ON)}

    assert shown == {(r, s) for r in ("R3", "R4") for s in ("minor", "ordinary", "serious")} - {("R3", "minor")}
    assert services.periods(services.item_in_force("NC-03-01", ON, "990100"), ON) == []
    assert services.periods(penalties, date(2024, 6, 1))[-1]["basis"]["article"] == "第十三条"


@pytest.mark.proves("CAT-01", "CAT-17")
def test_a_code_outside_the_catalogue_finds_no_item() -> None:
    assert services.item_in_force("NC-03-02", date(2023, 1, 1), "990100").edition == 2

    with pytest.raises(Refused) as refused:
        services.item_in_force("NC-99-99", ON, "990100")

    assert refused.value.rows == ("CAT-01", "CAT-17")


def test_the_catalogue_tells_when_it_was_last_updated() -> None:
    assert services.last_update() == date(2024, 2, 20)


# --- Loading ----------------------------------------------------------------------------------------------------------


def test_a_new_item_is_entered_with_its_citations_and_an_audit_line(load: Callable[..., Any]) -> None:
    done = load(**item())

    made = CatalogueItem.objects.get(code="T-01")
    assert (done.entered, made.state, made.edition) == (1, EditionState.IN_FORCE, 1)
    assert [str(provision.article) for provision in made.provisions.all()] == ["第（十五）条"]
    assert lines(made) == ["catalogs.rule_entered"]


@pytest.mark.proves("CAT-02", "CAT-17", "INV-03")
def test_an_item_on_a_departmental_rule_is_refused_and_only_the_refusal_remains(load: Callable[..., Any]) -> None:
    with pytest.raises(Refused):
        load(**item(citations=["samr-order-44#第二条"]))

    assert not CatalogueItem.objects.filter(code="T-01").exists()
    assert refusals() == [("legal_basis_not_accepted", ["CAT-02"])]


@pytest.mark.proves("INV-74", "ORG-08")
def test_an_item_cannot_cite_a_law_that_was_not_yet_or_no_longer_in_force(load: Callable[..., Any]) -> None:
    for citation in ("company-law-2023#第一百七十八条第五项", "environmental-code#第五十四条"):
        with pytest.raises(Refused) as refused:
            load(**item(citations=[citation]))
        assert refused.value.rule == "citation_not_in_force"


def test_a_citation_must_stand_in_the_library(load: Callable[..., Any]) -> None:
    with pytest.raises(Refused) as refused:
        load(**item(citations=["no-such-law#第一条"]))
    assert refused.value.rule == "citation_not_in_library"

    with pytest.raises(Refused):
        load(regimes=[regime("no-such-law")])


@pytest.mark.proves("CAT-18")
def test_an_item_about_what_nobody_in_authority_determines_is_refused(load: Callable[..., Any]) -> None:
    with pytest.raises(Refused):
        load(**item(determined_by=["association"]))

    assert refusals() == [("general_social_conduct", ["CAT-18"])]


@pytest.mark.proves("SHR-07")
def test_personal_information_is_disclosable_only_on_a_law(load: Callable[..., Any]) -> None:
    with pytest.raises(Refused):
        load(**item(personal_information=True))

    load(**item(personal_information=True, citations=["civil-procedure-law#第二百六十六条"]))
    assert CatalogueItem.objects.get(code="T-01").disclose_allowed


@pytest.mark.proves("CAT-03", "CAT-04")
def test_the_demonstration_brings_a_local_item_for_its_own_region() -> None:
    Region.objects.create(code="990000", name="示例省")

    services.load_rules(read([DEMO]), by=SYSTEM, on=ON)

    assert services.item_in_force("LC-990000-01", ON, "990100").level == "local"
    with pytest.raises(Refused) as refused:
        services.item_in_force("LC-990000-01", ON, "110000")
    assert refused.value.rule == "catalogue_item_other_region"


@pytest.mark.proves("CAT-08")
def test_an_announced_edition_is_never_rewritten(load: Callable[..., Any]) -> None:
    load(**item())

    for change in ({"content": "别的"}, {"disclose": ITEM["disclose"] | {"allowed": False}}):
        with pytest.raises(Refused) as refused:
            load(**item(**change))
        assert refused.value.rule == "edition_is_frozen"
    with pytest.raises(Refused):
        load(**item(citations=[*ITEM["citations"], "sco-2019-35#第（四）条"]))
    with pytest.raises(Refused):
        load(**item(citations=["sco-2019-35#第（四）条"]))


@pytest.mark.proves("CAT-08")
def test_a_new_edition_supersedes_the_one_before(load: Callable[..., Any]) -> None:
    load(**item())
    second = EDITION | {"year": 2025, "announced_on": date(2025, 1, 1), "in_force_from": date(2025, 1, 1)}
    first = EDITION | {"in_force_to": date(2024, 12, 31)}

    done = load(editions=[first, second], items=[ITEM])

    one, two = CatalogueItem.objects.filter(code="T-01")
    assert (one.state, one.in_force_to, two.state) == ("superseded", date(2024, 12, 31), "in_force")
    assert (done.entered, lines(one)) == (1, ["catalogs.rule_entered", "catalogs.rule_moved"])
    assert services.item_in_force("T-01", date(2024, 12, 31), "990100").edition == 1
    assert services.item_in_force("T-01", date(2025, 1, 1), "990100").edition == 2


def test_how_sure_we_are_of_an_edition_can_be_put_right(load: Callable[..., Any]) -> None:
    load(**item(), confidence="from_memory")

    done = load(**item(), confidence="verified")

    made = CatalogueItem.objects.get(code="T-01")
    assert (made.confidence, done.updated) == ("verified", 1)
    assert lines(made) == ["catalogs.rule_entered", "catalogs.rule_updated"]


@pytest.mark.proves("MEA-02", "INV-40")
def test_a_measure_in_force_needs_a_basis_and_a_draft_does_not(load: Callable[..., Any]) -> None:
    load(**measure(state="proposed", citations=[]))
    assert MeasureItem.objects.get(code="T-M-01").state == "proposed"

    with pytest.raises(Refused):
        load(**measure(code="T-M-02", citations=["ndrc-order-36#第二条"]))
    load(**measure(code="T-M-02"))
    assert MeasureItem.objects.get(code="T-M-02").state == "in_force"


@pytest.mark.proves("INV-75")
def test_a_draft_does_not_come_into_force_by_being_loaded_again(load: Callable[..., Any]) -> None:
    load(**measure(state="proposed", citations=[]))

    with pytest.raises(WrongState):
        load(**measure())

    assert MeasureItem.objects.get(code="T-M-01").state == "proposed"


def test_a_draft_may_change_and_gain_citations_but_not_lose_them(load: Callable[..., Any]) -> None:
    load(**measure(state="proposed", citations=[]))
    load(**measure(state="proposed", name="改名"))

    made = MeasureItem.objects.get(code="T-M-01")
    assert (made.name, made.provisions.count()) == ("改名", 1)
    with pytest.raises(Refused):
        load(**measure(state="proposed", citations=[]))


@pytest.mark.proves("LST-01", "LST-02", "INV-22")
def test_a_list_field_in_force_needs_more_than_a_normative_document(load: Callable[..., Any]) -> None:
    load(**field())
    assert ListField.objects.get(field="trial").state == "in_force"

    with pytest.raises(Refused):
        load(**field(field="other", citations=["mof-2014-526#条次待核"]))
    load(**field(field="other", citations=["mof-2014-526#条次待核"], state="draft"))


@pytest.mark.proves("LST-09", "LST-11", "INV-23")
@pytest.mark.parametrize(
    "gap",
    [{"higher_form_lacking": ""}, {"consulted": False}, {"comment_to": date(2024, 6, 30)}, {"comment_from": None}],
)
def test_criteria_in_departmental_rules_wait_for_thirty_days_of_comment(
    load: Callable[..., Any], gap: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        load(**field(gap))

    load(**field({}))
    edition = CriteriaEdition.objects.get(list_field__field="trial")
    assert (edition.comment_days, edition.items.get().text) == (30, "试验标准")


def test_published_criteria_stay_as_they_were_published(load: Callable[..., Any]) -> None:
    load(**field({}))
    assert load(**field({})).updated == 0
    assert load(**field({"next_assessment_on": date(2027, 1, 1)})).updated == 1

    for change in (
        {"months": 12},
        {"items": [{"code": "C-1", "text": "别的"}]},
        {"items": [{"code": "C-2", "text": "新"}]},
    ):
        with pytest.raises(Refused) as refused:
            load(**field(change))
        assert refused.value.rule == "edition_is_frozen"


def test_criteria_without_an_end_name_the_article_that_allows_it(load: Callable[..., Any]) -> None:
    load(**field({"months": None, "no_end_basis": "drug-administration-law#第一百一十八条"}))

    assert CriteriaEdition.objects.get(list_field__field="trial").no_end_basis.article == "第一百一十八条"


def test_an_abolished_field_ends_on_its_day(load: Callable[..., Any]) -> None:
    load(**field())

    load(**field(state="abolished", abolished_on=date(2026, 1, 1)))

    made = ListField.objects.get(field="trial")
    assert (made.state, made.abolished_on, lines(made)[-1]) == ("abolished", date(2026, 1, 1), "catalogs.rule_moved")


def instrument(**changes: Any) -> dict[str, Any]:
    row = {
        "key": "trial-law",
        "title": "试验法",
        "issuer": "示例",
        "kind": "law",
        "confidence": "from_memory",
        "source": "试验",
    }
    return row | {"provisions": [{"article": "第一条", "confidence": "from_memory"}]} | changes


def test_the_library_learns_that_a_law_was_verified_and_repealed(load: Callable[..., Any]) -> None:
    load(instruments=[instrument()])

    verified = [{"article": "第一条", "confidence": "verified"}]
    done = load(instruments=[instrument(confidence="verified", in_force_to=date(2026, 1, 1), provisions=verified)])

    law = Provision.objects.get(instrument__key="trial-law")
    assert (law.is_verified, law.last_day, done.updated) == (True, date(2026, 1, 1), 2)
    assert set(lines(law.instrument)) == {"catalogs.instrument_entered", "catalogs.instrument_updated"}


def test_a_law_does_not_turn_into_another(load: Callable[..., Any]) -> None:
    load(instruments=[instrument()])

    with pytest.raises(Refused) as refused:
        load(instruments=[instrument(title="别的法")])

    assert refused.value.rule == "edition_is_frozen"


def regime(key: str = "samr-order-107", **changes: Any) -> dict[str, Any]:
    rule = {"severity": "minor", "disclosed": False, "automatic": True, "confidence": "verified", "source": "试验"}
    return {
        "code": "R4", "platform": "necips", "valid_from": date(2025, 12, 25), "counts_from": "publication",
        "instrument": key, "confidence": "from_memory", "source": "试验", "rules": [rule | changes],
    }  # fmt: skip


def test_a_changed_repair_rule_leaves_a_line_with_before_and_after(load: Callable[..., Any]) -> None:
    load(regimes=[regime(enabled=False)])

    stored = Regime.objects.get(code="R4")
    assert not stored.rules.get(severity="minor").enabled
    assert lines(stored)[-1] == "catalogs.rule_updated"
    with pytest.raises(Refused):
        load(regimes=[regime() | {"platform": "credit_china"}])


def test_only_a_rule_keeper_loads_rules() -> None:
    class Clerk:
        uuid, identity_id, agency_id = SYSTEM.uuid, None, None

        def may(self, permission: str, *, on: date) -> bool:
            return permission != "catalogs.load_rules"

    with pytest.raises(NotAllowed):
        services.load_rules(services.RuleSet(), by=Clerk(), on=ON)


# --- The shape of files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("items: [", "rules.yaml"),
        ("surprise: 1", "unknown surprise"),
        ("- 1", "expected a mapping"),
        ("instruments: [{key: a, title: b}]", "missing issuer"),
        ("items: [{code: a, colour: red}]", "unknown colour"),
        ("editions: [{year: 1, announced_on: soon, in_force_from: 2024-01-01, published_in: x, source: y}]", "no day"),
    ],
)
def test_a_file_that_is_no_rule_file_is_named_with_its_fault(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(Malformed, match=complaint):
        read([file])


def test_an_item_needs_an_edition_and_criteria_their_periods(load: Callable[..., Any]) -> None:
    with pytest.raises(Malformed, match="no edition of 2024"):
        load(items=[ITEM])
    with pytest.raises(Malformed, match="missing response_working_days"):
        load(**(field({}) | {"response_working_days": None}))


def test_the_command_says_what_it_did_and_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_rules")
    assert "0 entered" in capsys.readouterr().out

    bad = tmp_path / "bad.yaml"
    bad.write_text("surprise: 1", encoding="utf-8")
    with pytest.raises(CommandError, match=r"bad\.yaml"):
        call_command("load_rules", bad)
