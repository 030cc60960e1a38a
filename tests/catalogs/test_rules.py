"""The legal-basis matrix, the catalogue in memory, the classes of penalties and the publication clock: no database."""

from datetime import date
from decimal import Decimal

import pytest

from casework.errors import Refused
from catalogs import rules
from catalogs.models import CatalogueItem, LegalInstrument, Provision, Regime, RepairRule
from catalogs.penalty_class import severity_of_penalty
from catalogs.states import (
    BasisKind,
    Condition,
    Domain,
    EditionState,
    Kind,
    Level,
    NeedsBasis,
    PenaltyType,
    RegimeCode,
    Severity,
)

ON = date(2026, 3, 2)
REGION = "990100"
NATIONAL = {"law", "admin_reg", "central_policy"}
STOP_GAP = {Condition.HIGHER_FORM_LACKING, Condition.CONSULTED, Condition.COMMENT_30_DAYS}


def provision(kind: str = "law", *, region: str | None = None, **dates: date) -> Provision:
    region = region or (REGION if kind == "local_reg" else None)
    instrument = LegalInstrument(key=kind, title="示例法", kind=kind, region_id=region, confidence="verified", **dates)
    return Provision(instrument=instrument, article="第一条", confidence="verified")


def accepted(needs: str, kind: str, *, conditions: set[str] = frozenset(), region: str = REGION) -> bool:
    try:
        rules.check_basis(needs, [provision(kind)], region=region, on=ON, conditions=conditions)
    except Refused:
        return False
    return True


# Requirements 0.1, line by line: which kinds carry the object without any condition.
@pytest.mark.proves("CAT-02", "MEA-02", "LST-01")
@pytest.mark.parametrize(
    ("needs", "kinds"),
    [
        (NeedsBasis.NATIONAL_CATALOGUE_ITEM, NATIONAL),
        (NeedsBasis.LOCAL_CATALOGUE_ITEM, {"local_reg"}),
        (NeedsBasis.OTHER_DOCUMENT, NATIONAL),
        (NeedsBasis.LIST_FIELD, NATIONAL),
        (NeedsBasis.NATIONAL_CRITERIA, NATIONAL),
        (NeedsBasis.LOCAL_CRITERIA, {"local_reg"}),
        (NeedsBasis.DESIGNATION_EXCEPTION, {"law", "admin_reg", "dept_rule"}),
        (NeedsBasis.NATIONAL_MEASURE_ITEM, NATIONAL),
        (NeedsBasis.LOCAL_MEASURE_ITEM, {"local_reg"}),
        (NeedsBasis.CANNOT_BE_REPAIRED, NATIONAL),
        (NeedsBasis.PERSONAL_DISCLOSURE, set()),
        (NeedsBasis.PERSONAL_USE_WITHOUT_CONSENT, {"law", "admin_reg"}),
        (NeedsBasis.PUBLICATION_EXEMPTION, {"law", "admin_reg"}),
    ],
)
def test_each_object_stands_on_the_kinds_of_the_matrix_and_on_no_other(needs: str, kinds: set[str]) -> None:
    assert {kind for kind in BasisKind.values if accepted(needs, kind)} == kinds


def test_every_object_that_needs_a_basis_has_its_line_in_the_matrix() -> None:
    assert set(rules.MATRIX) == set(NeedsBasis)


@pytest.mark.proves("LST-09", "LST-08")
@pytest.mark.parametrize("missing", [None, *sorted(STOP_GAP)])
def test_departmental_rules_carry_criteria_only_with_every_condition_of_the_stop_gap(missing: str | None) -> None:
    given = STOP_GAP - {missing}

    assert accepted(NeedsBasis.NATIONAL_CRITERIA, "dept_rule", conditions=given) is (missing is None)


@pytest.mark.proves("LST-17")
def test_a_local_regulation_carries_the_field_of_a_local_list_only() -> None:
    assert not accepted(NeedsBasis.LIST_FIELD, "local_reg")
    assert accepted(NeedsBasis.LIST_FIELD, "local_reg", conditions={Condition.LOCAL_ONLY})


@pytest.mark.proves("SHR-07", "SHR-08")
@pytest.mark.parametrize(
    ("kind", "conditions", "passes"),
    [
        ("law", {Condition.MASKED}, True),
        ("sc_decision", {Condition.MASKED}, True),
        ("law", set(), False),  # masking is required in every case
        ("central_policy", {Condition.MASKED}, False),
        ("local_reg", {Condition.MASKED}, False),
        (None, {Condition.MASKED}, False),
        (None, {Condition.MASKED, Condition.CONSENT}, True),
        (None, {Condition.CONSENT}, False),
        ("normative", {Condition.MASKED, Condition.CONSENT}, False),  # never named as a basis
    ],
)
def test_personal_information_is_disclosed_on_law_or_consent_and_always_masked(
    kind: str | None, conditions: set[str], passes: bool
) -> None:
    cited = [provision(kind)] if kind else []

    if passes:
        rules.check_basis(NeedsBasis.PERSONAL_DISCLOSURE, cited, on=ON, conditions=conditions)
    else:
        with pytest.raises(Refused):
            rules.check_basis(NeedsBasis.PERSONAL_DISCLOSURE, cited, on=ON, conditions=conditions)


@pytest.mark.proves("MEA-28")
def test_a_memorandum_beside_a_law_is_refused_because_background_is_no_basis() -> None:
    rules.check_basis(NeedsBasis.NATIONAL_MEASURE_ITEM, [provision("law")], on=ON)

    with pytest.raises(Refused) as refused:
        rules.check_basis(NeedsBasis.NATIONAL_MEASURE_ITEM, [provision("law"), provision("mou")], on=ON)

    assert (refused.value.rule, refused.value.rows) == ("legal_basis_not_accepted", ("MEA-02", "MEA-28"))


@pytest.mark.proves("CAT-04", "MEA-07")
@pytest.mark.parametrize(
    ("made_in", "region", "passes"),
    [
        ("990100", "990100", True),
        ("990000", "990100", True),
        ("990200", "990100", False),
        ("990100", "990000", False),
        ("990100", None, False),
    ],
)
def test_a_local_regulation_counts_in_its_own_region_only(made_in: str, region: str | None, passes: bool) -> None:
    cited = [provision("local_reg", region=made_in)]
    for needs in (NeedsBasis.LOCAL_CATALOGUE_ITEM, NeedsBasis.LOCAL_MEASURE_ITEM):
        if passes:
            rules.check_basis(needs, cited, region=region, on=ON)
        else:
            with pytest.raises(Refused):
                rules.check_basis(needs, cited, region=region, on=ON)


@pytest.mark.proves("ORG-08", "INV-74")
def test_a_citation_counts_from_its_first_day_to_its_last_day_inclusive() -> None:
    law = provision("law", in_force_from=date(2024, 7, 1), in_force_to=date(2026, 8, 14))
    for day in (date(2024, 7, 1), date(2026, 8, 14)):
        rules.check_basis(NeedsBasis.NATIONAL_CATALOGUE_ITEM, [law], on=day)

    for day in (date(2024, 6, 30), date(2026, 8, 15)):
        with pytest.raises(Refused) as refused:
            rules.check_basis(NeedsBasis.NATIONAL_CATALOGUE_ITEM, [law], on=day)
        assert refused.value.rule == "citation_not_in_force"


def test_an_article_that_ended_before_its_law_did_is_out_of_force() -> None:
    law = provision("law", in_force_to=date(2030, 1, 1))
    law.in_force_to = date(2026, 1, 1)

    assert not law.is_in_force(ON)
    assert rules.as_basis(law)["in_force_to"] == date(2026, 1, 1)


def test_a_kind_of_which_the_matrix_says_nothing_may_stand_beside_but_carries_nothing() -> None:
    rules.check_basis(NeedsBasis.NATIONAL_CATALOGUE_ITEM, [provision("sc_decision"), provision("law")], on=ON)

    assert not accepted(NeedsBasis.NATIONAL_CATALOGUE_ITEM, "sc_decision")


def test_nothing_cited_is_refused() -> None:
    with pytest.raises(Refused, match=r"legal basis|依据"):
        rules.check_basis(NeedsBasis.NATIONAL_CATALOGUE_ITEM, [], on=ON)


@pytest.mark.parametrize(
    ("instrument", "article", "shown"),
    [
        ("verified", "verified", "verified"),
        ("from_memory", "verified", "from_memory"),
        ("verified", "from_memory", "from_memory"),
    ],
)
def test_a_citation_is_shown_as_verified_only_if_law_and_article_are(instrument: str, article: str, shown: str) -> None:
    cited = provision()
    cited.instrument.confidence, cited.confidence = instrument, article

    assert rules.as_basis(cited) == {
        "instrument": "示例法", "number": None, "article": "第一条", "in_force_from": None, "in_force_to": None,
        "confidence": shown, "kind": "law",
    }  # fmt: skip


@pytest.mark.proves("CAT-18")
@pytest.mark.parametrize("determined_by", [[], ["association"], ["administrative_organ", "neighbours"]])
def test_general_social_conduct_cannot_be_catalogued(determined_by: list[str]) -> None:
    rules.check_is_specific_conduct(Kind.UNTRUSTWORTHINESS, ["administrative_organ"])

    with pytest.raises(Refused) as refused:
        rules.check_is_specific_conduct(Kind.UNTRUSTWORTHINESS, determined_by)

    assert refused.value.rule == "general_social_conduct"


def test_what_a_subject_says_of_itself_needs_nobody_to_determine_it() -> None:
    rules.check_is_specific_conduct(Kind.VOLUNTARY, [])


# --- The catalogue in memory ------------------------------------------------------------------------------------------


def edition(number: int, first: date, last: date | None, *, region: str | None = None) -> CatalogueItem:
    return CatalogueItem(
        code="X-1", edition=number, in_force_from=first, in_force_to=last, region_id=region, state=EditionState.IN_FORCE,
        level=Level.LOCAL if region else Level.NATIONAL,
    )  # fmt: skip


TWO = [edition(2, date(2024, 2, 20), None), edition(1, date(2021, 12, 31), date(2024, 2, 19))]


@pytest.mark.proves("CAT-01", "CAT-08")
@pytest.mark.parametrize(
    ("on", "found"), [(date(2021, 12, 31), 1), (date(2024, 2, 19), 1), (date(2024, 2, 20), 2), (date(2099, 1, 1), 2)]
)
def test_an_act_is_governed_by_the_edition_of_its_day(on: date, found: int) -> None:
    assert rules.Catalogue(TWO).item("X-1", on=on, region=REGION).edition == found


@pytest.mark.proves("CAT-01", "CAT-17")
@pytest.mark.parametrize(
    ("code", "on", "rule"),
    [
        ("X-1", date(2021, 12, 30), "catalogue_item_not_in_force"),
        ("X-2", date(2024, 2, 20), "outside_catalogue"),
    ],
)
def test_an_act_outside_the_catalogue_is_refused(code: str, on: date, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.Catalogue(TWO).item(code, on=on, region=REGION)

    assert (refused.value.rule, refused.value.keys) == (rule, {"code": code})


def test_old_facts_are_judged_by_the_first_edition_at_first_load_only() -> None:
    assert rules.Catalogue(TWO).item("X-1", on=date(2020, 1, 1), region=REGION, history=True).edition == 1
    ended = rules.Catalogue([edition(1, date(2021, 12, 31), date(2024, 2, 19))])

    with pytest.raises(Refused):
        ended.item("X-1", on=date(2024, 2, 20), region=REGION, history=True)


@pytest.mark.proves("CAT-04")
def test_a_local_item_serves_its_own_region_only() -> None:
    catalogue = rules.Catalogue([edition(1, date(2022, 1, 1), None, region="990000")])
    assert catalogue.item("X-1", on=ON, region="990100").edition == 1

    with pytest.raises(Refused) as refused:
        catalogue.item("X-1", on=ON, region="110000")

    assert refused.value.rule == "catalogue_item_other_region"


@pytest.mark.parametrize(
    ("outer", "inner", "covers"),
    [
        ("990000", "990100", True), ("990100", "990101", True), ("990100", "990100", True), ("100000", "100001", True),
        ("990100", "990200", False), ("990101", "990100", False), ("", "990100", False), ("000000", "990100", False),
    ],
)  # fmt: skip
def test_trailing_pairs_of_zeros_are_open(outer: str, inner: str, covers: bool) -> None:
    assert rules.region_covers(outer, inner) is covers


# --- Classes of penalties ---------------------------------------------------------------------------------------------

FINE, WARNING, CLOSURE = {PenaltyType.FINE}, {PenaltyType.WARNING}, {PenaltyType.CLOSURE}
ALL = tuple(RegimeCode)


@pytest.mark.parametrize("regime", ALL)
@pytest.mark.parametrize("types", [WARNING, {PenaltyType.CRITICISM}, {PenaltyType.WARNING, PenaltyType.CRITICISM}])
@pytest.mark.parametrize("domain", [None, Domain.FOOD])
def test_a_warning_or_criticism_alone_is_minor_everywhere(regime: str, types: set[str], domain: str | None) -> None:
    assert severity_of_penalty(regime, types, domain=domain) == Severity.MINOR


@pytest.mark.parametrize("regime", ALL)
@pytest.mark.parametrize(
    ("fine", "person", "severity"),
    [
        (Decimal(3000), False, Severity.MINOR), (Decimal("3000.01"), False, Severity.ORDINARY),
        (Decimal(200), True, Severity.MINOR), (Decimal("200.01"), True, Severity.ORDINARY),
    ],
)  # fmt: skip
def test_a_fine_on_the_spot_is_minor_up_to_the_limits_of_the_law(
    regime: str, fine: Decimal, person: bool, severity: str
) -> None:
    for said in (True, None):
        found = severity_of_penalty(regime, FINE | WARNING, fine=fine, is_natural_person=person, on_the_spot=said)
        assert found == severity


@pytest.mark.parametrize(
    ("regime", "severity"),
    [("R0", "ordinary"), ("R1", "ordinary"), ("R2", "minor"), ("R3", "minor"), ("R4", "minor")],
)
def test_a_small_fine_of_the_ordinary_procedure_is_minor_only_where_the_regime_leaves_room(
    regime: str, severity: str
) -> None:
    assert severity_of_penalty(regime, FINE, fine=Decimal(500), on_the_spot=False) == severity


@pytest.mark.parametrize("regime", ALL)
def test_no_fine_is_serious_by_its_amount(regime: str) -> None:
    assert severity_of_penalty(regime, FINE, fine=Decimal(10**9), on_the_spot=False) == Severity.ORDINARY


def test_a_fine_of_unknown_amount_is_minor_only_if_imposed_on_the_spot() -> None:
    assert severity_of_penalty("R3", FINE, on_the_spot=True) == Severity.MINOR
    assert severity_of_penalty("R3", FINE, on_the_spot=None) == Severity.ORDINARY
    assert severity_of_penalty("R3", FINE, on_the_spot=False) == Severity.ORDINARY


@pytest.mark.parametrize("regime", ["R0", "R3", "R4"])
@pytest.mark.parametrize(
    ("penalty", "severity"),
    [
        ("revocation_of_licence", "serious"), ("restriction_of_business", "serious"), ("closure", "serious"),
        ("restriction_of_profession", "serious"), ("confiscation", "ordinary"), ("suspension_of_licence", "ordinary"),
        ("downgrade", "ordinary"), ("detention", "ordinary"), ("other", "ordinary"),
    ],
)  # fmt: skip
def test_the_penalty_makes_it_serious_where_the_regime_looks_at_penalties(
    regime: str, penalty: str, severity: str
) -> None:
    assert severity_of_penalty(regime, FINE | {penalty}, fine=Decimal(100), on_the_spot=True) == severity


@pytest.mark.parametrize(
    ("regime", "domains"),
    [("R1", set(Domain)), ("R2", {Domain.FOOD, Domain.DRUGS, Domain.SPECIAL_EQUIPMENT}), ("R3", set()), ("R0", set())],
)
def test_the_domain_makes_it_serious_where_the_regime_looks_at_domains(regime: str, domains: set[str]) -> None:
    found = {
        domain for domain in Domain if severity_of_penalty(regime, {"confiscation"}, domain=domain) == Severity.SERIOUS
    }

    assert found == domains
    if regime in ("R1", "R2"):
        assert severity_of_penalty(regime, CLOSURE) == Severity.ORDINARY


def test_a_penalty_without_a_type_has_no_class() -> None:
    with pytest.raises(ValueError, match="at least one type"):
        severity_of_penalty("R3", [])


# --- The publication clock --------------------------------------------------------------------------------------------


def regime(code: str, counts_from: str, *repair_rules: RepairRule) -> Regime:
    made = Regime(pk=1, code=code, platform="credit_china", counts_from=counts_from, valid_from=date(2023, 5, 1))
    made._prefetched_objects_cache = {"rules": list(repair_rules)}
    return made


def rule(severity: str, minimum: int | None, maximum: int | None, **more: object) -> RepairRule:
    values = {"disclosed": True, "automatic": True, **more}
    return RepairRule(severity=severity, minimum_months=minimum, maximum_months=maximum, **values)


@pytest.mark.proves("SHR-11")
@pytest.mark.parametrize(
    ("decided_on", "earliest", "last_day"),
    [
        (date(2026, 3, 2), date(2026, 6, 3), date(2029, 3, 2)),  # the example of the API contract
        (date(2024, 2, 29), date(2024, 5, 30), date(2027, 2, 28)),  # no corresponding day: the month's last
        (date(2025, 11, 30), date(2026, 3, 1), date(2028, 11, 30)),
        (date(2025, 6, 30), date(2025, 10, 1), date(2028, 6, 30)),  # into a festival: never rolled
    ],
)
def test_periods_end_on_the_corresponding_day_and_never_roll(decided_on: date, earliest: date, last_day: date) -> None:
    dates = rules.clock(regime("R1", "decision", rule("ordinary", 3, 36)), "ordinary", decided_on=decided_on)

    assert (dates.disclosed, dates.earliest_repair_on, dates.last_day) == (True, earliest, last_day)


def test_a_period_from_publication_has_no_dates_before_publication() -> None:
    necips = regime("R4", "publication", rule("ordinary", 3, 12))

    before = rules.clock(necips, "ordinary", decided_on=ON)
    after = rules.clock(necips, "ordinary", decided_on=ON, published_on=date(2026, 3, 5))

    assert (before.disclosed, before.counts_from, before.last_day) == (True, None, None)
    assert (after.counts_from, after.last_day) == (date(2026, 3, 5), date(2027, 3, 5))


def test_a_period_from_the_document_does_not_wait_for_publication() -> None:
    dates = rules.clock(regime("R3", "document", rule("ordinary", 3, 12)), "ordinary", decided_on=ON)

    assert dates.last_day == date(2027, 3, 2)


@pytest.mark.proves("PUB-07")
@pytest.mark.parametrize(
    "repair_rules",
    [
        (),
        (rule("minor", None, 3, disclosed=False),),
        (rule("minor", None, 3, enabled=False),),
        (rule("serious", 1, 3),),
    ],
)
def test_a_class_without_a_rule_that_shows_it_is_not_disclosed(repair_rules: tuple[RepairRule, ...]) -> None:
    dates = rules.clock(regime("R3", "document", *repair_rules), "minor", decided_on=ON)

    assert (dates.disclosed, dates.earliest_repair_on, dates.last_day) == (False, None, None)


def test_a_warning_alone_is_hidden_where_criticism_shows_for_three_months() -> None:
    necips = regime("R4", "publication", rule("minor", None, 3, not_disclosed_when_only=["warning"]))

    def last_day(*types: str) -> date | None:
        return rules.clock(necips, "minor", decided_on=ON, published_on=ON, penalty_types=types).last_day

    assert last_day("warning") is None
    assert last_day("criticism") == last_day("warning", "criticism") == date(2026, 6, 2)


def test_what_ends_by_itself_needs_no_application() -> None:
    dates = rules.clock(regime("R4", "decision", rule("minor", None, 3)), "minor", decided_on=ON)

    assert (dates.earliest_repair_on, dates.last_day) == (None, date(2026, 6, 2))


def test_the_regime_of_the_day_of_decision_governs() -> None:
    old, new = regime("R1", "decision"), regime("R3", "document")
    old.valid_to, new.valid_from = date(2026, 3, 31), date(2026, 4, 1)

    assert rules.regime_for([old, new], "credit_china", date(2026, 3, 31)) is old
    assert rules.regime_for([old, new], "credit_china", date(2026, 4, 1)) is new
    assert rules.regime_for([old, new], "credit_china", date(2023, 4, 30)) is None
    assert rules.regime_for([old, new], "necips", date(2026, 4, 1)) is None
