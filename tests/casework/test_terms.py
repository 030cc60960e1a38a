"""A term is whole, names its unit and its basis."""

import pytest

from casework.terms import PUBLICATION, Term, TermKind, Unit


def test_a_term_is_whole_and_names_its_unit() -> None:
    assert Term(7, "working_day", False, "试验", "statutory") == Term(
        7, Unit.WORKING_DAY, False, "试验", TermKind.STATUTORY
    )  # type: ignore[arg-type]
    for length, unit, rolling in ((0, "month", False), (7, "working_day", True), (7, "fortnight", False)):
        with pytest.raises(ValueError, match=r"term|fortnight"):
            Term(length, unit, rolling, "试验", TermKind.CONFIGURED)  # type: ignore[arg-type]


def test_publication_takes_seven_working_days_and_cites_its_basis() -> None:
    assert (PUBLICATION.length, PUBLICATION.unit, PUBLICATION.kind) == (7, "working_day", "statutory")
    assert "国发〔2016〕33号" in PUBLICATION.basis
