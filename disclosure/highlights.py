"""Which characters of a displayed name answer a question: half-open spans of code points, in order, never overlapping.

The search finds by keys; here a key is led back to the text it came from. Where that cannot be done to the letter, the whole
text is marked: never a character that did not hit beside one that did.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from subjects.keys import core_name, normalise

Span = tuple[int, int]

# A syllable of pinyin without tone; which run of letters is one is settled by the initials on both sides.
SYLLABLE = r"(?=%s)(?:(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?[aeiouvü]+(?:ng?|r)?|ng|n|m)"

_key_of = lru_cache(maxsize=20_000)(normalise)


def of_name(text: str, words: Sequence[str]) -> list[Span]:
    """Where the words stand in a name: as one if they stand together, else each once."""
    key, places = placed(text)
    joined = "".join(words)
    found = [(at, at + len(word)) for word in ([joined] if joined in key else words) if (at := key.find(word)) >= 0]
    return in_text(text, places, found)


def of_near(text: str, joined: str) -> list[Span]:
    """The characters that agree, where one is wrong, too many or missing."""
    key, places = placed(text)
    for n in range(len(joined)):
        before, after = re.escape(joined[:n]), re.escape(joined[n + 1 :])
        forms = [f"({before}).({after})"]
        if before and after and len(joined) > 3:
            forms.append(f"({before})({after})")
        if after:
            forms.append(f"({re.escape(joined[: n + 1])}).({after})")
        for form in forms:
            if match := re.search(form, key):
                return in_text(text, places, [match.span(1), match.span(2)])
    return in_text(text, places, [])


def of_pinyin(text: str, joined: str, full: str, initials: str, *, by_initials: bool) -> list[Span]:
    """The characters that were read: those whose pinyin, or whose initials, the question spells."""
    key, places = placed(text)
    core = core_name(text)
    start = key.find(core)
    read = len(joined) if by_initials else _read(joined, full, initials)
    if start < 0 or len(initials) != len(core):
        return in_text(text, places, [])
    return in_text(text, places, [(start, start + read)])


def _read(joined: str, full: str, initials: str) -> int:
    """How many syllables the question reaches into."""
    pattern = "".join(f"({SYLLABLE % each})" if each.isalpha() else f"({re.escape(each)})" for each in initials)
    match = re.fullmatch(pattern, full)
    if match is None:
        return len(initials)
    return sum(begin < len(joined) for begin, _end in map(match.span, range(1, len(initials) + 1)))


def placed(text: str) -> tuple[str, list[int]]:
    """The key of a text, and from which of its characters each character of the key comes."""
    parts = [_key_of(character) for character in text]
    places = [place for place, part in enumerate(parts) for _character in part]
    key = "".join(parts)
    return (key, places) if key == normalise(text) else (normalise(text), [])


def in_text(text: str, places: Sequence[int], found: Sequence[Span]) -> list[Span]:
    """Spans of the key as spans of the text, drawn together where they touch. Nothing to go by: all of it."""
    spans = sorted((places[first], places[last - 1] + 1) for first, last in found if first < last <= len(places))
    if not spans:
        return [(0, len(text))]
    merged = [spans[0]]
    for first, last in spans[1:]:
        if first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
