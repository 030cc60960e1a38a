"""The unified social credit code: what passes, what is refused, and which reason is given first."""

import csv
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st

from subjects.codes import (
    ALPHABET,
    CATEGORIES,
    SUBJECT_IDENTIFIER_CHECK,
    FailedCheck,
    check_character,
    check_code,
    identifier_check_character,
    is_identity_number,
    make_code,
    sentence,
    shown,
    tidied,
)

VECTORS = Path(__file__).parent.parent / "data" / "uscc_vectors.csv"
CODE = "91990100MADEM0011Q"  # invented: GB/T 2260 assigns no division 990100
IDENTITY_NUMBER = "11010519491231002X"  # the example printed in GB 11643


def vectors(valid: str) -> list[str]:
    with VECTORS.open(encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file) if row["valid"] == valid]


def with_check(first17: str) -> str:
    return first17 + check_character(first17)


pairs = st.sampled_from([(department, kind) for department, kinds in CATEGORIES.items() for kind in kinds])
codes = st.builds(
    lambda pair, division, rest: with_check(f"{pair[0]}{pair[1]}{division:06d}{rest}"),
    pairs,
    st.integers(0, 999_999),
    st.text(ALPHABET, min_size=9, max_size=9),
).filter(lambda code: len(set(code[:17])) > 1)


# ── what passes and what does not ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", vectors("true"))
def test_every_true_vector_passes_without_a_warning(code: str) -> None:
    check = check_code(code)

    assert check.is_valid
    assert check.normalised == code
    assert check.warnings == ()


@pytest.mark.parametrize("code", vectors("false"))
def test_every_false_vector_is_refused(code: str) -> None:
    assert not check_code(code).is_valid


@pytest.mark.proves("SUB-02")
@pytest.mark.parametrize(
    ("text", "failed_check", "position"),
    [
        (CODE[:-1], FailedCheck.LENGTH, None),
        (CODE + "0", FailedCheck.LENGTH, None),
        ("91990100MADEMO011Q", FailedCheck.CHARACTER_SET, 14),
        ("91990100MADEM0011R", FailedCheck.CHECK_CHARACTER, 18),
        ("91990100MADEM0021Q", FailedCheck.CHECK_CHARACTER, 18),
    ],
)
def test_a_code_with_one_fault_is_refused_and_without_it_passes(
    text: str, failed_check: str, position: int | None
) -> None:
    check = check_code(text)

    assert (check.failed_check, check.position, check.normalised_is_valid) == (failed_check, position, False)
    assert check_code(CODE).is_valid


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_no_single_wrong_character_passes(code: str, place: int, character: str) -> None:
    assume(code[place] != character)

    assert not check_code(code[:place] + character + code[place + 1 :]).is_valid


@given(codes, st.integers(0, 16))
def test_no_two_neighbours_swapped_pass(code: str, place: int) -> None:
    assume(code[place] != code[place + 1])

    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert not check_code(swapped).is_valid


@given(st.text(max_size=40))
def test_any_text_gets_an_answer_in_the_shape_of_the_api(text: str) -> None:
    check = check_code(text)

    answer = check.to_dict()

    assert list(answer) == ["given", "normalised", "normalisations", "failed_check", "position", "normalised_is_valid"]
    assert (answer["failed_check"] in (None, "form")) == answer["normalised_is_valid"]
    assert answer["position"] is None or 1 <= answer["position"] <= 18


@pytest.mark.parametrize("department", ALPHABET)
def test_every_row_of_the_category_table_is_as_the_standard_has_it(department: str) -> None:
    allowed = {
        "1": "1239", "2": "19", "3": "123459", "4": "19", "5": "1239", "6": "129",
        "7": "129", "8": "19", "9": "1239", "A": "19", "N": "1239", "Y": "1",
    }.get(department)  # fmt: skip

    for kind in ALPHABET:
        check = check_code(with_check(f"{department}{kind}990100MADEM001X"))
        if allowed is None:
            assert (check.failed_check, check.position) == (FailedCheck.REGISTRATION_DEPARTMENT, 1)
        elif kind in allowed:
            assert check.is_valid
        else:
            assert (check.failed_check, check.position) == (FailedCheck.CATEGORY, 2)


@pytest.mark.parametrize(("department", "category"), [("N", "2"), ("Y", "1"), ("A", "9")])
def test_codes_that_begin_with_a_letter_pass(department: str, category: str) -> None:
    assert check_code(make_code(department, category, "990100", "MADEM001")).is_valid


@pytest.mark.parametrize("place", range(3, 9))
def test_a_division_is_digits_only(place: int) -> None:
    first17 = CODE[:17]

    check = check_code(with_check(first17[: place - 1] + "A" + first17[place:]))

    assert (check.failed_check, check.position) == (FailedCheck.DIVISION, place)


@pytest.mark.parametrize("text", ["00000000000000000X", "111111111111111111", with_check("1" * 17), "O" * 18])
def test_a_placeholder_is_told_from_a_typing_error(text: str) -> None:
    assert check_code(text).failed_check is FailedCheck.PLACEHOLDER


# ── order ────────────────────────────────────────────────────────────────────────────────────────────────────────────

WORSE_AND_WORSE = [
    ("91990100MADEM0011R", FailedCheck.CHECK_CHARACTER),
    ("9199010XMADEM0011R", FailedCheck.DIVISION),
    ("9799010XMADEM0011R", FailedCheck.CATEGORY),
    ("B799010XMADEM0011R", FailedCheck.REGISTRATION_DEPARTMENT),
    ("B799010XMADEMO011R", FailedCheck.CHARACTER_SET),
    ("O" * 17 + "R", FailedCheck.PLACEHOLDER),
    ("O" * 17, FailedCheck.LENGTH),
]


@pytest.mark.parametrize(("text", "first"), WORSE_AND_WORSE)
@pytest.mark.parametrize("written", [str, str.lower], ids=["upper", "lower"])
def test_of_several_faults_the_first_in_order_is_reported(text: str, first: FailedCheck, written: type) -> None:
    assert check_code(written(text)).failed_check is first


def test_the_order_is_that_of_the_contract() -> None:
    assert [str(check) for check in FailedCheck] == [
        "length", "placeholder", "character_set", "registration_department",
        "category", "division", "check_character", "form",
    ]  # fmt: skip


# ── one form ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "normalisations"),
    [
        ("91990100madem0011q", ["upper_case"]),
        ("91 990100 MADEM0011 Q", ["white_space"]),
        ("91990100MADEM0011Q\n", ["white_space"]),
        ("\ufeff91990100MADEM0011Q", ["white_space"]),
        ("\u300091990100MADEM0011Q", ["white_space"]),
        ("91-990100-MADEM0011-Q", ["hyphens"]),
        ("91\uff0d990100\u2011MADEM0011\u2014Q", ["hyphens"]),
        ("９１990100MADEM0011Q", ["full_width"]),
        ("９１ 990100-MADEM0011ｑ", ["full_width", "white_space", "hyphens", "upper_case"]),
    ],
)
def test_a_right_code_in_the_wrong_form_is_refused_with_its_right_form(text: str, normalisations: list[str]) -> None:
    check = check_code(text)

    assert check.to_dict() == {
        "given": text,
        "normalised": CODE,
        "normalisations": normalisations,
        "failed_check": "form",
        "position": None,
        "normalised_is_valid": True,
    }


def test_a_wrong_code_in_the_wrong_form_is_reported_for_what_is_wrong_in_it() -> None:
    check = check_code("91990100 madem0011r")

    assert check.failed_check is FailedCheck.CHECK_CHARACTER
    assert check.normalisations == ("white_space", "upper_case")
    assert check.normalised == "91990100MADEM0011R"


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert check_code("٩١990100MADEM0011Q").failed_check is FailedCheck.CHARACTER_SET


def test_no_more_than_64_characters_are_echoed() -> None:
    answer = check_code("a" * 100).to_dict()

    assert (answer["given"], answer["normalised"]) == ("a" * 64, "A" * 64)


# ── the warning ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_organisation_code_warns_and_does_not_refuse() -> None:
    right = make_code("9", "1", "990100", "MADEM001")
    wrong = with_check(right[:16] + ("2" if right[16] != "2" else "3"))

    assert (check_code(right).is_valid, check_code(right).warnings) == (True, ())
    assert (check_code(wrong).is_valid, check_code(wrong).warnings) == (True, (SUBJECT_IDENTIFIER_CHECK,))
    assert check_code(wrong.lower()).warnings == (SUBJECT_IDENTIFIER_CHECK,)


@pytest.mark.parametrize(
    ("identifier8", "expected"), [("71092841", "X"), ("13226025", "0"), ("MADEM001", "1"), ("M000100Y", "4")]
)
def test_the_organisation_code_counts_as_gb_11714(identifier8: str, expected: str) -> None:
    assert identifier_check_character(identifier8) == expected


# ── making codes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_made_code_carries_both_checks() -> None:
    assert make_code("9", "1", "990100", "MADEM001") == CODE


@pytest.mark.parametrize(
    "parts",
    [
        ("9", "4", "990100", "MADEM001"),
        ("B", "1", "990100", "MADEM001"),
        ("9", "1", "99010X", "MADEM001"),
        ("9", "1", "990100", "MADEMO01"),
        ("9", "1", "990100", "MADEM01"),
        ("9", "1", "990100", "madem001"),
    ],
)
def test_no_wrong_code_is_made(parts: tuple[str, str, str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        make_code(*parts)


def test_a_code_is_shown_in_its_four_groups() -> None:
    assert shown(CODE) == "91 990100 MADEM0011 Q"


# ── identity numbers ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [IDENTITY_NUMBER, IDENTITY_NUMBER.lower(), "110105 19491231 002X", "110105-19491231-002X", "１１010519491231002X"],
)
def test_an_identity_number_is_known_however_it_is_written_and_is_never_kept(text: str) -> None:
    check = check_code(text)

    assert is_identity_number(text)
    assert check.is_identity_number
    assert not check.is_valid
    assert (check.to_dict()["given"], check.to_dict()["normalised"]) == (None, None)
    assert "19491231" not in repr(check) + str(sentence(check))


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # wrong check
        "11010519491331002X",  # no 13th month
        "11010519490230002X",  # no 30 February
        "11010500000000002X",
        "1101051949123100X",
        "11010519491231002X0",
        "A1010519491231002X",
        "",
        CODE,
    ],
)
def test_what_lacks_date_check_or_length_is_no_identity_number(text: str) -> None:
    assert not is_identity_number(text)


def test_a_wrong_date_alone_makes_it_no_identity_number() -> None:
    def with_right_check(first17: str) -> str:
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        return first17 + "10X98765432"[sum(int(d) * w for d, w in zip(first17, weights, strict=True)) % 11]

    assert is_identity_number(with_right_check("99010119490228002"))
    assert not is_identity_number(with_right_check("99010119490229002"))


def test_a_code_that_also_has_the_shape_of_an_identity_number_is_a_code() -> None:
    both = next(code for serial in range(1000) if is_identity_number(code := with_check(f"11990119490101{serial:03d}")))

    assert check_code(both).is_valid
    assert not check_code(both).is_identity_number


# ── sentences ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CODE, ""),
        (CODE[:-1], "The code has 18 characters; you wrote 17."),
        ("00000000000000000X", "This is a placeholder; it stands for no organisation."),
        (
            "91990100MADEMO011Q",
            "Character 14 cannot occur in a code. Codes are written in digits and capital letters, "
            "without I, O, S, V and Z.",
        ),
        (
            "B1990100MADEM0011Q",
            "Character 1 stands for the registering department and is a digit from 1 to 9, A, N or Y.",
        ),
        (
            "94990100MADEM0011Q",
            "Character 2 stands for the kind of organisation; after 9 it can only be: 1, 2, 3, 9.",
        ),
        (
            "9199010XMADEM0011Q",
            "Characters 3 to 8 stand for the registering authority's division and are digits; character 8 is not.",
        ),
        (
            CODE.lower(),
            "The code itself is right, but not written exactly: 18 half-width characters, capital letters, "
            "no spaces, no hyphens.",
        ),
    ],
)
def test_a_refusal_says_in_a_sentence_what_is_wrong(text: str, expected: str) -> None:
    with translation.override("en"):
        assert str(sentence(check_code(text))) == expected


def test_the_expected_check_character_is_never_given_away() -> None:
    wrong = [CODE[:-1] + character for character in ALPHABET if character != CODE[-1]]

    with translation.override("en"):
        said = {str(sentence(check_code(code))) for code in wrong}

    assert said == {
        "This code does not check out: at least one of its 18 characters is wrong. "
        "Compare it with the licence; I, O, S, V and Z never occur."
    }
    assert not any(CODE in repr(check_code(code)) for code in wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CODE, ""),
        ("91990100MADEM0011 Q", "We removed 1 space."),
        (" 91990100MADEM0011 q", "We removed 2 spaces and changed q to Q."),
        (
            "９１-990100-mADem0011Q",
            "We removed 2 hyphens, made full-width characters half-width and changed m, e to M, E.",
        ),
    ],
)
def test_what_was_tidied_is_told(text: str, expected: str) -> None:
    with translation.override("en"):
        assert tidied(text) == expected
