"""The unified social credit code (GB 32100-2015) and what must not be mistaken for one.

A code is written exactly or refused; it is never repaired silently. Passing every check does not make a code real: one
in 31 invented codes passes, so only the register says whether a subject exists.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import mul
from typing import Any, Final

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a code, in the order of their values. I, O, S, V and Z never occur."""

CATEGORIES: Final[dict[str, str]] = {
    "1": "1239",  # establishment offices: organs, institutions, mass organisations
    "2": "19",  # foreign affairs
    "3": "123459",  # justice
    "4": "19",  # culture
    "5": "1239",  # civil affairs
    "6": "129",  # tourism
    "7": "129",  # religious affairs
    "8": "19",  # trade unions
    "9": "1239",  # market regulation: companies, sole traders, farmers' cooperatives
    "A": "19",  # reform and establishment office of the Central Military Commission
    "N": "1239",  # agriculture: collective economic organisations
    "Y": "1",  # others
}
"""Registering department (position 1) and the categories of organisation that it registers (position 2)."""

SUBJECT_IDENTIFIER_CHECK: Final = "subject_identifier_check"
"""Warning: position 17 is not the GB 11714 check of positions 9-16. Some codes in use fail it, so it never refuses."""

CHARACTERS_SHOWN: Final = 64
"""So many characters of what was given are echoed."""


class FailedCheck(StrEnum):
    """The checks, in the order in which they are made. The first that fails is reported, alone."""

    LENGTH = "length"
    PLACEHOLDER = "placeholder"
    CHARACTER_SET = "character_set"
    REGISTRATION_DEPARTMENT = "registration_department"
    CATEGORY = "category"
    DIVISION = "division"
    CHECK_CHARACTER = "check_character"
    FORM = "form"


class Normalisation(StrEnum):
    """What had to be done to bring a code into its one form."""

    FULL_WIDTH = "full_width"
    WHITE_SPACE = "white_space"
    HYPHENS = "hyphens"
    UPPER_CASE = "upper_case"


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """What was found about a text given as a code.

    `given` and `normalised` are None when the text has the shape of a citizen identity number: it is neither echoed nor
    logged, and here it cannot be.
    """

    given: str | None
    normalised: str | None
    normalisations: tuple[Normalisation, ...] = ()
    failed_check: FailedCheck | None = None
    position: int | None = None
    normalised_is_valid: bool = True
    warnings: tuple[str, ...] = ()
    is_identity_number: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether the text is a code, written exactly."""
        return self.failed_check is None

    def to_dict(self) -> dict[str, Any]:
        """The `CodeCheck` of the API."""
        return {
            "given": self.given and self.given[:CHARACTERS_SHOWN],
            "normalised": self.normalised and self.normalised[:CHARACTERS_SHOWN],
            "normalisations": [str(done) for done in self.normalisations],
            "failed_check": self.failed_check and str(self.failed_check),
            "position": self.position,
            "normalised_is_valid": self.normalised_is_valid,
        }


# ── the sums ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# Weights of positions 1-17 are the powers of 3 modulo 31; the check character itself weighs 1 and makes the sum 0.
_WEIGHTS: Final = (*(pow(3, place, 31) for place in range(17)), 1)
_VALUES: Final = bytes(max(ALPHABET.find(chr(byte)), 0) for byte in range(256))

# GB 11714 counts with all 26 letters: A is 10, Z is 35.
_IDENTIFIER_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_IDENTIFIER_VALUES: Final = bytes(
    int(chr(byte), 36) if chr(byte).isalnum() and byte < 128 else 0 for byte in range(256)
)
_IDENTIFIER_CHECKS: Final = "0X987654321"

_IDENTITY: Final = re.compile(r"[0-9]{17}[0-9X]")
_IDENTITY_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECKS: Final = "10X98765432"

_PAIRS: Final = "|".join(f"{department}[{kinds}]" for department, kinds in CATEGORIES.items())
_WELL_FORMED: Final = re.compile(f"(?:{_PAIRS})[0-9]{{6}}[{ALPHABET}]{{10}}")
_FIRST_17: Final = re.compile(f"[{ALPHABET}]{{17}}")
_IDENTIFIER: Final = re.compile(r"[0-9A-Z]{8}")


def check_character(first17: str) -> str:
    """The character that makes `first17` a code. For codes that we make; never to be shown beside a wrong one.

    A code guessed from the right check character would be somebody else's.
    """
    if not _FIRST_17.fullmatch(first17):
        raise ValueError("17 characters of the code's character set are needed")
    return ALPHABET[-sum(map(mul, first17.encode().translate(_VALUES), _WEIGHTS)) % 31]


def identifier_check_character(identifier8: str) -> str:
    """The ninth character of an organisation code (GB 11714), which is position 17 of a unified code."""
    if not _IDENTIFIER.fullmatch(identifier8):
        raise ValueError("8 digits or capital letters are needed")
    return _identifier_check(identifier8.encode())


def make_code(department: str, category: str, division: str, identifier8: str) -> str:
    """A well-formed code for a subject that we invent: both check characters are worked out."""
    first17 = f"{department}{category}{division}{identifier8}{identifier_check_character(identifier8)}"
    code = first17 + check_character(first17)
    if not check_code(code).is_valid:
        raise ValueError("department, category or division do not make a code")
    return code


def shown(code: str) -> str:
    """The code in its groups 2-6-9-1, for plain text. Pages group it by style, so that 18 characters are copied."""
    return f"{code[:2]} {code[2:8]} {code[8:17]} {code[17:]}"


def is_identity_number(text: str) -> bool:
    """Whether the text has the shape of a citizen identity number: 17 digits and a digit or X, real date, right check.

    Spaces, hyphens, width and case are looked through: the number is as private with them as without (2020-49(14)).
    """
    number = _normalised(text)
    if not _IDENTITY.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return _IDENTITY_CHECKS[sum(map(mul, map(int, number[:17]), _IDENTITY_WEIGHTS)) % 11] == number[17]


def holds_identity_number(text: str) -> bool:
    """Whether a text, or a word of it, has the shape of an identity number and is no unified code (RSP-10)."""
    if len(text) < 18:
        return False
    return any(is_identity_number(part) and not check_code(part).is_valid for part in {text, *text.split()})


def check_code(given: str) -> CodeCheck:
    """Check a text that should be a code, in the order of `FailedCheck`; the first failing check is reported.

    Every check but the last is made on the normalised form, so that a person learns what is really wrong.
    """
    failed_check, position = _first_failure(given)
    if failed_check is None:
        return CodeCheck(given, given, warnings=_warnings(given))

    if is_identity_number(given):
        return CodeCheck(None, None, (), failed_check, position, normalised_is_valid=False, is_identity_number=True)

    normalised = _normalised(given)
    failed_check, position = _first_failure(normalised)
    is_valid = failed_check is None
    return CodeCheck(
        given,
        normalised,
        _normalisations(given),
        FailedCheck.FORM if is_valid else failed_check,
        position,
        normalised_is_valid=is_valid,
        warnings=_warnings(normalised) if is_valid else (),
    )


def _first_failure(code: str) -> tuple[FailedCheck | None, int | None]:
    # The common case first: intake checks thousands of right codes a second.
    if _WELL_FORMED.fullmatch(code) and code[:17] != code[0] * 17:
        if sum(map(mul, code.encode().translate(_VALUES), _WEIGHTS)) % 31:
            return FailedCheck.CHECK_CHARACTER, 18
        return None, None
    if len(code) != 18:
        return FailedCheck.LENGTH, None
    if code[:17] == code[0] * 17:
        return FailedCheck.PLACEHOLDER, None
    for place, character in enumerate(code, start=1):
        if character not in ALPHABET:
            return FailedCheck.CHARACTER_SET, place
    if code[0] not in CATEGORIES:
        return FailedCheck.REGISTRATION_DEPARTMENT, 1
    if code[1] not in CATEGORIES[code[0]]:
        return FailedCheck.CATEGORY, 2
    return FailedCheck.DIVISION, next(place for place in range(3, 9) if code[place - 1] not in "0123456789")


def _identifier_check(identifier8: bytes) -> str:
    return _IDENTIFIER_CHECKS[sum(map(mul, identifier8.translate(_IDENTIFIER_VALUES), _IDENTIFIER_WEIGHTS)) % 11]


def _warnings(code: str) -> tuple[str, ...]:
    return () if _identifier_check(code[8:16].encode()) == code[16] else (SUBJECT_IDENTIFIER_CHECK,)


# ── one form ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# Dashes and the soft hyphen, which copying out of a paper leaves behind.
_HYPHENS: Final = r"\-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
# White space, and the marks without width that pages and chat programs put into copied text.
_SPACE: Final = r"\s\u200b\u200c\u200d\u2060\ufeff"
_ANY_SPACE: Final = re.compile(f"[{_SPACE}]")
_ANY_HYPHEN: Final = re.compile(f"[{_HYPHENS}]")
_DROPPED: Final = re.compile(f"[{_SPACE}{_HYPHENS}]+")


def _normalised(given: str) -> str:
    return _DROPPED.sub("", unicodedata.normalize("NFKC", given)).upper()


def _normalisations(given: str) -> tuple[Normalisation, ...]:
    solid = _DROPPED.sub("", given)
    half_width = _DROPPED.sub("", unicodedata.normalize("NFKC", given))
    done = (
        (Normalisation.FULL_WIDTH, solid != half_width),
        (Normalisation.WHITE_SPACE, _ANY_SPACE.search(given) is not None),
        (Normalisation.HYPHENS, _ANY_HYPHEN.search(given) is not None),
        (Normalisation.UPPER_CASE, half_width != half_width.upper()),
    )
    return tuple(name for name, was_done in done if was_done)


# ── sentences for people ─────────────────────────────────────────────────────────────────────────────────────────────

_SENTENCES: Final[dict[FailedCheck, Promise | str]] = {
    FailedCheck.LENGTH: gettext_lazy("The code has 18 characters; you wrote %(length)d."),
    FailedCheck.PLACEHOLDER: gettext_lazy("This is a placeholder; it stands for no organisation."),
    FailedCheck.CHARACTER_SET: gettext_lazy(
        "Character %(position)d cannot occur in a code. "
        "Codes are written in digits and capital letters, without I, O, S, V and Z."
    ),
    FailedCheck.REGISTRATION_DEPARTMENT: gettext_lazy(
        "Character 1 stands for the registering department and is a digit from 1 to 9, A, N or Y."
    ),
    FailedCheck.CATEGORY: gettext_lazy(
        "Character 2 stands for the kind of organisation; after %(department)s it can only be: %(categories)s."
    ),
    FailedCheck.DIVISION: gettext_lazy(
        "Characters 3 to 8 stand for the registering authority's division and are digits; "
        "character %(position)d is not."
    ),
    FailedCheck.CHECK_CHARACTER: gettext_lazy(
        "This code does not check out: at least one of its 18 characters is wrong. "
        "Compare it with the licence; I, O, S, V and Z never occur."
    ),
    FailedCheck.FORM: gettext_lazy(
        "The code itself is right, but not written exactly: "
        "18 half-width characters, capital letters, no spaces, no hyphens."
    ),
}
_IDENTITY_SENTENCE: Final = gettext_lazy(
    "Identity numbers are not accepted here. Organisations are found by name or unified code."
)


def _sentence(check: CodeCheck) -> str:
    if check.is_identity_number:
        return str(_IDENTITY_SENTENCE)
    if check.failed_check is None or check.normalised is None:
        return ""
    code = check.normalised
    values: dict[str, Any] = {"length": len(code), "position": check.position}
    if check.failed_check is FailedCheck.CATEGORY:
        values |= {"department": code[0], "categories": _and_so_on(CATEGORIES[code[0]])}
    return str(_SENTENCES[check.failed_check]) % values


sentence = lazy(_sentence, str)
"""What is wrong, as a lazy sentence in the reader's language; empty for a right code. Never the expected character."""


def tidied(given: str) -> str:
    """What was done to a typed code before it was looked up, as a sentence; empty if nothing was."""
    half_width = _DROPPED.sub("", unicodedata.normalize("NFKC", given))
    lower = list(dict.fromkeys(character for character in half_width if character != character.upper()))
    spaces, hyphens = len(_ANY_SPACE.findall(given)), len(_ANY_HYPHEN.findall(given))
    done = []
    if spaces:
        done.append(ngettext("removed %(n)d space", "removed %(n)d spaces", spaces) % {"n": spaces})
    if hyphens:
        done.append(ngettext("removed %(n)d hyphen", "removed %(n)d hyphens", hyphens) % {"n": hyphens})
    if half_width != _DROPPED.sub("", given):
        done.append(gettext("made full-width characters half-width"))
    if lower:
        small, capital = _and_so_on(lower), _and_so_on([character.upper() for character in lower])
        done.append(gettext("changed %(small)s to %(capital)s") % {"small": small, "capital": capital})
    if not done:
        return ""
    *before, last = done
    what = last if not before else pgettext("between parts of a sentence", ", ").join(before)
    if before:
        what = pgettext("parts of a sentence", "%(before)s and %(last)s") % {"before": what, "last": last}
    return gettext("We %(what)s.") % {"what": what}


def _and_so_on(items: str | list[str]) -> str:
    return pgettext("between items of a list", ", ").join(items)
