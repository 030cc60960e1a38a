"""Every sentence that the database holds about the rules in force: one row refused, one that passes by a single change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Region
from catalogs import invariants
from catalogs.models import (
    CatalogueItem,
    CatalogueItemBasis,
    CriteriaEdition,
    CriteriaEditionBasis,
    Criterion,
    LegalInstrument,
    ListField,
    ListFieldBasis,
    MeasureItem,
    MeasureItemBasis,
    Provision,
)
from catalogs.models.library import Provision as LibraryProvision
from catalogs.states import EDITION_TRANSITIONS, LIST_TRANSITIONS, Category, EditionState, ListState

pytestmark = pytest.mark.django_db

LAW = "government-procurement-law"


@contextmanager
def refused(name: str) -> Iterator[None]:
    """The database refuses, by this constraint or trigger."""
    with pytest.raises(DatabaseError, match=name), transaction.atomic():  # noqa: PT012  the body is the caller's
        yield
        check_now()


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside never reaches a commit."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def check_now() -> None:
    """What the database checks at commit, checked now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def provision(key: str = LAW) -> Provision:
    return Provision.objects.filter(instrument__key=key).order_by("pk")[0]


@pytest.fixture
def region() -> Region:
    return Region.objects.create(code="990000", name="示例省")


def catalogue_item(*, cite: str | None = LAW, **changes: Any) -> CatalogueItem:
    values = {
        "code": "T-01", "edition": 1, "name": "试验", "level": "national", "state": "in_force", "category": 3,
        "in_force_from": date(2024, 5, 6), "announced_on": date(2024, 5, 1), "published_in": "试验目录",
        "confidence": "verified", "source": "试验", "kind": "confirmation", "content": "内容",
        "determined_by": ["administrative_organ"], "collecting_department": "示例部门", "share_allowed": True,
        "share_scope": ["departments"], "share_lawfulness": "依据", "share_necessity": "理由", "disclose_allowed": True,
        "disclose_lawfulness": "依据", "disclose_necessity": "理由", "adverse": False, "personal_information": False,
    }  # fmt: skip
    made = CatalogueItem.objects.create(**(values | changes))
    if cite:
        CatalogueItemBasis.objects.create(item=made, provision=provision(cite))
    return made


def measure_item(*, cite: str | None = None, **changes: Any) -> MeasureItem:
    values = {
        "code": "T-M-01", "edition": 1, "name": "试验", "level": "national", "state": "proposed", "confidence": "verified",
        "source": "试验", "part": "reduces_or_adds", "incentive": False, "effect": "效果", "measure_class": "recommended",
        "type": "administrative", "reduces_rights": True, "adds_obligations": False, "administrative_act": False,
        "addressee": "government", "permanent_allowed": False, "usable": False,
    }  # fmt: skip
    made = MeasureItem.objects.create(**(values | changes))
    if cite:
        MeasureItemBasis.objects.create(item=made, provision=provision(cite))
    return made


def list_field(**changes: Any) -> ListField:
    values = {
        "field": "trial", "name": "试验", "category": 2, "level": "national", "competent_department": "示例部门",
        "state": "draft", "usable": False, "confidence": "verified", "source": "试验",
    }  # fmt: skip
    return ListField.objects.create(**(values | changes))


def criteria(*, cite: str | None = LAW, **changes: Any) -> CriteriaEdition:
    values = {
        "list_field": ListField.objects.filter(field="trial").first() or list_field(), "edition": 1,
        "state": "in_force", "in_force_from": date(2025, 1, 1), "removal_conditions": "条件", "removal_procedure": "程序",
        "remedies": "救济", "entry_months": 36, "response_working_days": 5, "feedback_working_days": 15,
        "confidence": "verified", "source": "试验",
    }  # fmt: skip
    made = CriteriaEdition.objects.create(**(values | changes))
    if cite:
        CriteriaEditionBasis.objects.create(edition=made, provision=provision(cite))
    return made


# --- Editions ---------------------------------------------------------------------------------------------------------


@pytest.mark.proves("CAT-08")
def test_two_editions_of_one_code_never_overlap() -> None:
    catalogue_item(in_force_to=date(2024, 12, 31), state="superseded")
    catalogue_item(edition=2, in_force_from=date(2025, 1, 1))

    with refused("catalogueitem_one_edition_in_force"):
        catalogue_item(edition=3, in_force_from=date(2024, 12, 31), in_force_to=date(2024, 12, 31), state="retired")


def test_proposals_do_not_stand_in_each_others_way() -> None:
    for edition in (1, 2):
        catalogue_item(edition=edition, state="proposed", cite=None)
    check_now()

    with refused("catalogueitem_edition_once_per_code"):
        catalogue_item(edition=2, state="proposed")


@pytest.mark.proves("CAT-12")
@pytest.mark.parametrize(
    "change",
    [{"announced_on": None}, {"announced_on": date(2024, 5, 7)}, {"published_in": ""}, {"in_force_from": None}],
)
def test_a_rule_takes_force_only_after_it_was_announced(change: dict[str, Any]) -> None:
    with refused("catalogueitem_was_announced_before_it_took_force"):
        catalogue_item(**change)

    catalogue_item(announced_on=date(2024, 5, 6))
    catalogue_item(code="T-02", cite=None, state="proposed", **change)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("what_is_replaced_has_an_end", {"state": "superseded"}),
        ("ends_after_it_begins", {"in_force_to": date(2024, 5, 5)}),
        ("local_rule_names_its_region", {"level": "local"}),
    ],
)
def test_an_edition_is_whole(name: str, change: dict[str, Any]) -> None:
    with refused(f"catalogueitem_{name}"):
        catalogue_item(**change)


@pytest.mark.proves("CAT-08")
def test_in_force_on_a_day_includes_first_and_last_day_and_excludes_drafts() -> None:
    catalogue_item(in_force_to=date(2024, 12, 31), state="superseded")
    catalogue_item(code="T-02", state="proposed", cite=None)

    def found(on: date) -> bool:
        return CatalogueItem.objects.in_force(on).filter(code__startswith="T-").exists()

    assert [found(date(2024, 5, 6)), found(date(2024, 12, 31))] == [True, True]
    assert [found(date(2024, 5, 5)), found(date(2025, 1, 1))] == [False, False]


@pytest.mark.proves("CAT-08")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("content", "别的"),
        ("in_force_from", date(2024, 5, 7)),
        ("disclose_allowed", False),
        ("share_scope", ["associations"]),
    ],
)
def test_what_was_announced_cannot_be_rewritten(column: str, value: Any) -> None:
    made = CatalogueItem.objects.filter(pk=catalogue_item().pk)
    draft = CatalogueItem.objects.filter(pk=catalogue_item(code="T-02", state="proposed", cite=None).pk)

    with refused("what is written stays"):
        made.update(**{column: value})
    draft.update(**{column: value})
    made.update(in_force_to=date(2025, 1, 1), state="superseded", confidence="from_memory", source="别的")


@pytest.mark.proves("CAT-10", "INV-75")
@pytest.mark.parametrize("before", EditionState)
def test_the_database_knows_the_steps_of_a_rule(before: EditionState) -> None:
    made = CatalogueItem.objects.filter(pk=catalogue_item(state="proposed", in_force_to=date(2030, 1, 1)).pk)
    path = {
        "proposed": "", "collated": "collated", "consulting": "collated consulting",
        "under_review": "collated consulting under_review", "approved": "collated consulting under_review approved",
        "rejected": "collated consulting under_review rejected",
        "in_force": "collated consulting under_review approved in_force",
        "superseded": "collated consulting under_review approved in_force superseded",
        "retired": "collated consulting under_review approved in_force retired",
    }[before]  # fmt: skip
    for state in path.split():
        made.update(state=state)

    for after in EditionState:
        if after == before or after in EDITION_TRANSITIONS.get(before, ()):
            with undone():
                made.update(state=after)
        else:
            with refused("cannot go from"):
                made.update(state=after)


def test_a_rule_begins_as_a_proposal_or_as_announced_elsewhere() -> None:
    for state in ("collated", "approved", "rejected"):
        with refused("cannot begin as"):
            catalogue_item(state=state)


@pytest.mark.proves("CAT-02", "INV-03")
@pytest.mark.parametrize("cite", [None, "samr-order-44", "mof-2014-526"])
def test_an_item_in_force_cites_a_law_by_the_end_of_its_transaction(cite: str | None) -> None:
    with refused("cites no legal basis"):
        catalogue_item(cite=cite)

    catalogue_item()
    catalogue_item(code="T-02", cite=cite, state="proposed")
    check_now()


@pytest.mark.proves("CAT-04")
@pytest.mark.parametrize(("own", "passes"), [("990000", True), ("990100", True), ("110000", False)])
def test_a_local_item_rests_on_a_regulation_that_holds_in_its_region(region: Region, own: str, passes: bool) -> None:
    Region.objects.get_or_create(code=own, defaults={"name": "示例"})
    local = LegalInstrument.objects.create(
        key="local", title="条例", issuer="示例", kind="local_reg", region=region, confidence="verified", source="试验"
    )
    Provision.objects.create(instrument=local, article="第一条", confidence="verified")

    if passes:
        catalogue_item(level="local", region_id=own, cite="local")
        check_now()
    else:
        with refused("cites no legal basis"):
            catalogue_item(level="local", region_id=own, cite="local")
    with refused("cites no legal basis"):
        catalogue_item(code="T-03", cite="local")  # a national item


def test_a_citation_once_made_stays() -> None:
    catalogue_item()

    with refused("append-only|permission denied"):
        CatalogueItemBasis.objects.update(provision=provision("civil-code"))
    with refused("append-only|permission denied"):
        CatalogueItemBasis.objects.all()._raw_delete(using="default")
    with refused("cited_once"):
        CatalogueItemBasis.objects.create(item=CatalogueItem.objects.get(code="T-01"), provision=provision())


# --- The catalogue ----------------------------------------------------------------------------------------------------


@pytest.mark.proves("CAT-18", "CAT-14", "CAT-07")
@pytest.mark.parametrize(
    ("name", "change", "instead"),
    [
        ("is_not_general_social_conduct", {"determined_by": []}, {"kind": "voluntary"}),
        ("is_public_credit_information", {"kind": "complaint"}, {"kind": "talk"}),
        ("is_of_a_known_category", {"category": 14}, {"category": Category.VOLUNTARY}),
        ("shared_item_names_its_collector", {"collecting_department": ""}, {"share_allowed": False, "share_scope": []}),
        ("shared_item_states_with_whom", {"share_scope": []}, {"share_allowed": False}),
        ("shared_item_states_with_whom", {"share_allowed": False}, {"share_scope": []}),
        ("sharing_has_reasons", {"share_lawfulness": ""}, {"share_lawfulness": "依据"}),
        ("sharing_has_reasons", {"share_necessity": ""}, {"share_necessity": "理由"}),
        ("disclosure_has_reasons", {"disclose_lawfulness": ""}, {"disclose_lawfulness": "依据"}),
        ("disclosure_has_reasons", {"disclose_necessity": ""}, {"disclose_necessity": "理由"}),
    ],
)
def test_a_catalogue_item_is_lawful_in_its_columns(name: str, change: dict[str, Any], instead: dict[str, Any]) -> None:
    with refused(f"catalogueitem_{name}"):
        catalogue_item(**change)

    catalogue_item(**(change | instead))


@pytest.mark.proves("CAT-05", "CAT-06")
@pytest.mark.parametrize("flag", ["share_allowed", "disclose_allowed"])
def test_no_item_leaves_open_whether_it_may_be_shared_or_disclosed(flag: str) -> None:
    with refused("null value"):
        catalogue_item(**{flag: None})

    catalogue_item(**{flag: True})


# --- The library ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("local_regulation_names_its_region", {"kind": "local_reg"}),
        ("local_regulation_names_its_region", {"region_id": "990000"}),
        ("ends_after_it_begins", {"in_force_from": date(2024, 1, 2), "in_force_to": date(2024, 1, 1)}),
    ],
)
def test_a_legal_instrument_is_whole(region: Region, name: str, change: dict[str, Any]) -> None:
    values = {
        "key": "trial",
        "title": "法",
        "issuer": "示例",
        "kind": "law",
        "confidence": "verified",
        "source": "试验",
    }
    with refused(f"legalinstrument_{name}"):
        LegalInstrument.objects.create(**(values | change))

    made = LegalInstrument.objects.create(**values)
    with refused("what is written stays"):
        LegalInstrument.objects.filter(pk=made.pk).update(kind="mou")


def test_an_article_stands_once_per_wording() -> None:
    law = LegalInstrument.objects.get(key=LAW)
    Provision.objects.create(
        instrument=law, article="第七十七条", in_force_from=date(2030, 1, 1), confidence="verified"
    )

    with refused("provision_once_per_wording"):
        Provision.objects.create(instrument=law, article="第七十七条", confidence="verified")
    with refused("provision_names_its_article"):
        Provision.objects.create(instrument=law, article="", confidence="verified")
    with refused("provision_ends_after_it_begins"):
        Provision.objects.create(
            instrument=law, article="第九条", in_force_from=date(2024, 1, 2), in_force_to=date(2024, 1, 1),
            confidence="verified",
        )  # fmt: skip


@pytest.mark.parametrize("on", [date(2026, 8, 14), date(2026, 8, 15)])
def test_the_provisions_of_a_day_are_those_that_say_so_one_by_one(on: date) -> None:
    in_force = set(Provision.objects.in_force(on))

    assert in_force == {p for p in LibraryProvision.objects.select_related("instrument") if p.is_in_force(on)}
    keys = {p.instrument.key for p in in_force}
    assert ("environmental-protection-law" in keys) is (on == date(2026, 8, 14))
    assert ("environmental-code" in keys) is (on == date(2026, 8, 15))


# --- Measures ---------------------------------------------------------------------------------------------------------

USABLE: dict[str, Any] = {
    "usable": True, "state": "in_force", "announced_on": date(2024, 5, 1), "in_force_from": date(2024, 5, 6),
    "published_in": "试验清单", "severities": ["serious"], "fields": ["trial"], "maximum_months": 36,
}  # fmt: skip


@pytest.mark.proves("MEA-02", "MEA-13")
@pytest.mark.parametrize(
    "gap",
    [
        {"confidence": "from_memory"},
        {"severities": []},
        {"fields": []},
        {"maximum_months": None},
        {"state": "proposed"},
    ],
)
def test_a_measure_is_usable_only_when_complete_and_verified(gap: dict[str, Any]) -> None:
    with refused("measureitem_usable_only_when_complete_and_verified"):
        measure_item(**(USABLE | gap))

    measure_item(**USABLE, cite=LAW)


@pytest.mark.proves("MEA-02", "INV-40")
@pytest.mark.parametrize("cite", [None, "ndrc-order-36"])
def test_a_measure_in_force_cites_a_law_by_the_end_of_its_transaction(cite: str | None) -> None:
    with refused("cites no legal basis"):
        measure_item(**USABLE, cite=cite)

    measure_item(**USABLE, cite=LAW)
    check_now()


@pytest.mark.proves("MEA-09")
@pytest.mark.parametrize("addressee", ["reference_only", "own_act"])
def test_nobody_outside_government_is_forced(addressee: str) -> None:
    measure_item(addressee=addressee)
    measure_item(code="T-M-02", measure_class="mandatory", addressee="empowered_organ")

    with refused("measureitem_nobody_outside_government_is_forced"):
        measure_item(code="T-M-03", addressee=addressee, measure_class="mandatory")


def test_an_incentive_takes_nothing() -> None:
    measure_item(incentive=True, reduces_rights=False)

    with refused("measureitem_incentive_takes_nothing"):
        measure_item(code="T-M-02", incentive=True)


# --- Lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.proves("LST-03")
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("is_one_of_the_four_categories", {"category": 5}),
        ("local_list_names_its_region", {"level": "local"}),
        ("usable_only_in_force", {"usable": True}),
        ("usable_only_in_force", {"usable": True, "state": "in_force", "confidence": "from_memory"}),
        ("abolished_has_its_day", {"state": "abolished"}),
        ("abolished_has_its_day", {"abolished_on": date(2026, 1, 1)}),
    ],
)
def test_a_list_field_is_lawful_in_its_columns(name: str, change: dict[str, Any]) -> None:
    with refused(f"listfield_{name}"):
        list_field(**change)

    list_field()


@pytest.mark.proves("LST-01", "INV-22")
def test_a_list_in_force_rests_on_a_law() -> None:
    list_field()
    check_now()

    with refused("cites no legal basis"):
        list_field(field="other", state="in_force")


@pytest.mark.proves("LST-13", "LST-21", "LST-11")
@pytest.mark.parametrize(
    ("name", "change", "instead"),
    [
        ("states_the_way_out", {"removal_conditions": ""}, {"removal_conditions": "条件"}),
        ("states_the_way_out", {"removal_procedure": ""}, {"removal_procedure": "程序"}),
        ("states_the_way_out", {"remedies": ""}, {"remedies": "救济"}),
        ("states_the_way_out", {"in_force_from": None}, {"state": "draft"}),
        ("entry_has_an_end", {"entry_months": None}, {"entry_months": 1}),
        ("entry_has_an_end", {"entry_months": 0}, {"state": "draft"}),
        ("periods_are_positive", {"response_working_days": 0}, {"response_working_days": 1}),
        ("periods_are_positive", {"feedback_working_days": 0}, {"feedback_working_days": 1}),
        (
            "public_had_thirty_days",
            {"comment_from": date(2024, 6, 1), "comment_to": date(2024, 6, 30)},
            {"comment_to": date(2024, 7, 1)},
        ),
        ("public_had_thirty_days", {"comment_from": date(2024, 6, 1)}, {"comment_from": None}),
    ],
)
def test_criteria_are_lawful_in_their_columns(name: str, change: dict[str, Any], instead: dict[str, Any]) -> None:
    with refused(f"criteriaedition_{name}"):
        criteria(**change)

    criteria(**(change | instead))


@pytest.mark.proves("LST-16")
def test_two_editions_of_criteria_never_overlap_and_a_day_finds_one() -> None:
    criteria(in_force_to=date(2025, 12, 31), state="superseded")
    second = criteria(edition=2, in_force_from=date(2026, 1, 1))

    assert CriteriaEdition.objects.in_force(date(2026, 1, 1)).filter(list_field__field="trial").get() == second
    with refused("criteriaedition_one_edition_in_force"):
        criteria(edition=3, in_force_from=date(2025, 12, 31))


@pytest.mark.proves("LST-08")
@pytest.mark.parametrize(
    ("cite", "passes"), [(LAW, True), ("samr-order-44", True), ("mof-2014-526", False), (None, False)]
)
def test_published_criteria_rest_on_a_law_or_for_now_on_a_departmental_rule(cite: str | None, passes: bool) -> None:
    if passes:
        criteria(cite=cite)
        check_now()
    else:
        with refused("cites no legal basis"):
            criteria(cite=cite)


def test_published_criteria_cannot_be_rewritten() -> None:
    edition = criteria()
    Criterion.objects.create(edition=edition, code="C-1", text="标准")

    with refused("what is written stays"):
        CriteriaEdition.objects.filter(pk=edition.pk).update(entry_months=60)
    with refused("append-only|permission denied"):
        Criterion.objects.update(text="别的")


@pytest.mark.parametrize("before", ListState)
def test_the_database_knows_the_steps_of_a_list(before: ListState) -> None:
    path = {
        "draft": "", "consulting": "consulting", "consulted": "consulting consulted",
        "adopted": "consulting consulted adopted", "in_force": "consulting consulted adopted in_force",
    }  # fmt: skip
    steps = path.get(before, f"{path['in_force']} {before}")
    made = CriteriaEdition.objects.filter(pk=criteria(state="draft").pk)
    for state in steps.split():
        made.update(state=state)

    for after in ListState:
        if after == before or after in LIST_TRANSITIONS.get(before, ()):
            with undone():
                made.update(state=after)
        else:
            with refused("cannot go from"):
                made.update(state=after)


# --- What the auditor would find --------------------------------------------------------------------------------------


@pytest.mark.proves("INV-03", "INV-40", "INV-74")
def test_the_auditor_finds_rules_without_a_basis_and_citations_out_of_force() -> None:
    with undone():
        bare, measure = catalogue_item(cite=None), measure_item(**USABLE)
        early = catalogue_item(code="T-02", cite="environmental-code")

        assert invariants.broken_inv_03() == [bare, early]
        assert invariants.broken_inv_40() == [measure]
        assert invariants.broken_inv_74() == ["T-02 试验: 《中华人民共和国生态环境法典》第五十四条"]


@pytest.mark.proves("INV-22", "INV-23")
def test_the_auditor_finds_lists_without_a_basis() -> None:
    with undone():
        field = list_field(state="in_force")
        edition = criteria(cite=None)

        assert invariants.broken_inv_22() == [field]
        assert invariants.broken_inv_23() == [edition]


@pytest.mark.proves("INV-23")
def test_the_auditor_finds_criteria_that_a_departmental_rule_carries_without_comment() -> None:
    stop_gap = {"higher_form_lacking": "理由", "consulted": True, "comment_from": date(2024, 6, 1)}
    criteria(cite="samr-order-44", comment_to=date(2024, 7, 1), **stop_gap)
    assert invariants.broken_inv_23() == []

    short = criteria(cite="samr-order-44", edition=2, state="superseded", in_force_to=date(2024, 1, 1),
                     in_force_from=date(2024, 1, 1))  # fmt: skip
    assert invariants.broken_inv_23() == [short]


@pytest.mark.proves("INV-22")
def test_the_auditor_accepts_a_local_list_on_a_regulation_of_its_region(region: Region) -> None:
    local = LegalInstrument.objects.create(
        key="local", title="条例", issuer="示例", kind="local_reg", region=region, confidence="verified", source="试验"
    )
    article = Provision.objects.create(instrument=local, article="第一条", confidence="verified")
    field = list_field(level="local", region=region, state="in_force")
    ListFieldBasis.objects.create(list_field=field, provision=article)

    assert invariants.broken_inv_22() == []
