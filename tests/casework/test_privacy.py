"""Boxes, digests, tags and masks, without a database."""

import base64
import os
import string
from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from casework import privacy
from casework.privacy import Unreadable, age_on, birth_date, look_up_digests, mask_name, open_box, seal, tag

NUMBER = "990100199003070011"
PERSON = UUID("aaaaaaaa-0000-4000-8000-000000000001")
quickly = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def ring(settings: object, tmp_path: Path) -> Callable[..., None]:
    """Write a ring file and point the setting at it."""

    def write(name: str, *lines: str) -> None:
        path = tmp_path / f"{name}-{uuid4()}"
        path.write_text("\n".join(lines), encoding="utf-8")
        setattr(settings, name, str(path))

    for name in ("PORTAL_BOX_RING_FILE", "PORTAL_DIGEST_RING_FILE", "PORTAL_TAG_KEY_FILE"):
        write(name, privacy.draw_key(1))
    settings.PORTAL_CRYPTO = "aes"  # type: ignore[attr-defined]
    return write


def sealed(plain: str = NUMBER, *, table: str = "identity", person: UUID = PERSON, kind: str = "passport") -> bytes:
    return seal(plain, table=table, person=person, kind=kind)


def opened(box: bytes, *, table: str = "identity", person: UUID = PERSON, kind: str = "passport") -> str:
    return open_box(box, table=table, person=person, kind=kind)


# --- Boxes


@pytest.mark.parametrize("crypto", ["aes", "sm"])
@quickly
@given(
    plain=st.text(max_size=200),
    person=st.uuids(),
    table=st.text(string.ascii_lowercase, max_size=20),
    kind=st.text(max_size=20),
)
def test_what_was_sealed_comes_out(
    settings: object, crypto: str, plain: str, person: UUID, table: str, kind: str
) -> None:
    settings.PORTAL_CRYPTO = crypto  # type: ignore[attr-defined]

    box = seal(plain, table=table, person=person, kind=kind)

    assert open_box(box, table=table, person=person, kind=kind) == plain
    assert box[0] == {"aes": 1, "sm": 2}[crypto]


@pytest.mark.parametrize("crypto", ["aes", "sm"])
@quickly
@given(
    one=st.tuples(st.text(max_size=9), st.uuids(), st.text(max_size=9)),
    other=st.tuples(st.text(max_size=9), st.uuids(), st.text(max_size=9)),
)
def test_a_box_in_anothers_place_does_not_open(
    settings: object, crypto: str, one: tuple[str, UUID, str], other: tuple[str, UUID, str]
) -> None:
    settings.PORTAL_CRYPTO = crypto  # type: ignore[attr-defined]
    places = [one, (other[0], *one[1:]), (one[0], other[1], one[2]), (*one[:2], other[2]), (one[2], one[1], one[0])]
    box = seal(NUMBER, table=one[0], person=one[1], kind=one[2])

    for table, person, kind in places:
        if (table, person, kind) == one:
            assert open_box(box, table=table, person=person, kind=kind) == NUMBER
        else:
            with pytest.raises(Unreadable):
                open_box(box, table=table, person=person, kind=kind)


@pytest.mark.parametrize("crypto", ["aes", "sm"])
def test_one_changed_bit_anywhere_closes_the_box(settings: object, crypto: str) -> None:
    settings.PORTAL_CRYPTO = crypto  # type: ignore[attr-defined]
    box = sealed()

    for place in range(len(box)):
        changed = bytes(byte ^ 1 if i == place else byte for i, byte in enumerate(box))
        with pytest.raises(Unreadable):
            opened(changed)


@pytest.mark.parametrize("box", [b"", b"\x01\x01" + bytes(20), b"\x09\x01" + bytes(40)])
def test_what_is_no_box_is_unreadable(box: bytes) -> None:
    with pytest.raises(Unreadable):
        opened(box)


def test_the_same_number_gives_another_box_each_time() -> None:
    assert sealed() != sealed()


def test_the_first_key_writes_and_the_others_still_read(ring: Callable[..., None]) -> None:
    old, new = privacy.draw_key(1), privacy.draw_key(2)
    ring("PORTAL_BOX_RING_FILE", old)
    before = sealed()
    ring("PORTAL_BOX_RING_FILE", new, old)
    after = sealed()

    assert (before[1], after[1]) == (1, 2)
    assert opened(before) == opened(after) == NUMBER

    ring("PORTAL_BOX_RING_FILE", new)
    with pytest.raises(Unreadable, match="Key 1 is not in the ring"):
        opened(before)


def test_both_suites_read_whichever_writes(settings: object) -> None:
    aes = sealed()
    settings.PORTAL_CRYPTO = "sm"  # type: ignore[attr-defined]

    assert opened(aes) == opened(sealed()) == NUMBER


def test_an_unknown_suite_is_refused_and_never_taken_for_another(settings: object) -> None:
    settings.PORTAL_CRYPTO = "SM"  # type: ignore[attr-defined]

    with pytest.raises(ImproperlyConfigured, match="write aes or sm"):
        sealed()


# --- Key files


def test_without_a_setting_the_process_says_that_it_holds_no_keys(settings: object) -> None:
    settings.PORTAL_BOX_RING_FILE = ""  # type: ignore[attr-defined]

    with pytest.raises(ImproperlyConfigured, match="PORTAL_BOX_RING_FILE is not set"):
        sealed()


def test_a_missing_key_file_is_named(settings: object, tmp_path: Path) -> None:
    settings.PORTAL_DIGEST_RING_FILE = str(tmp_path / "gone")  # type: ignore[attr-defined]

    with pytest.raises(ImproperlyConfigured, match=r"PORTAL_DIGEST_RING_FILE: the key file .*gone cannot be read"):
        look_up_digests(NUMBER, "passport")


SECRET = base64.b64encode(os.urandom(32)).decode()


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([""], "holds no key"),
        (["1:" + SECRET[:-4]], "entry 1"),
        ([f"1:{SECRET}", "2:not-base64!"], "entry 2"),
        ([f"0:{SECRET}"], "entry 1"),
        ([f"256:{SECRET}"], "entry 1"),
        ([f"x:{SECRET}"], "entry 1"),
        ([SECRET], "entry 1"),
        ([f"1:{SECRET}", f"1:{base64.b64encode(bytes(32)).decode()}"], "twice"),
        ([f"1:{SECRET}", f"2:{SECRET}"], "twice"),
        (["1:ключ"], "cannot be read"),
    ],
)
def test_a_wrong_key_file_is_refused_without_quoting_it(
    ring: Callable[..., None], lines: list[str], sentence: str
) -> None:
    ring("PORTAL_BOX_RING_FILE", *lines)

    with pytest.raises(ImproperlyConfigured, match=sentence) as refusal:
        sealed()
    assert SECRET[:20] not in str(refusal.value)


def test_a_key_does_not_show_itself() -> None:
    assert "secret" not in repr(privacy.ring("PORTAL_BOX_RING_FILE"))


# --- Digests and tags


@pytest.mark.parametrize(
    "written", [" 990100 19900307 0011 ", "９９０１００１９９００３０７００１１", "990100\u200b199003070011"]
)
def test_a_number_is_found_however_it_is_written(written: str) -> None:
    assert look_up_digests(written, "resident_identity") == look_up_digests(NUMBER, "resident_identity")


def test_a_small_x_is_a_capital_one() -> None:
    assert look_up_digests("99010019900307001x", "k") == look_up_digests("99010019900307001X", "k")


def test_digests_differ_by_number_kind_and_key(ring: Callable[..., None]) -> None:
    made = {look_up_digests(NUMBER, "passport")[0][1], look_up_digests(NUMBER, "taiwan_permit")[0][1]}
    made.add(look_up_digests(NUMBER[:-1] + "2", "passport")[0][1])
    ring("PORTAL_DIGEST_RING_FILE", privacy.draw_key(1))
    made.add(look_up_digests(NUMBER, "passport")[0][1])

    assert len(made) == 4
    assert {len(digest) for digest in made} == {32}


def test_all_keys_and_both_algorithms_are_asked_the_writing_one_first(
    settings: object, ring: Callable[..., None]
) -> None:
    old, new = privacy.draw_key(7), privacy.draw_key(8)
    ring("PORTAL_DIGEST_RING_FILE", old)
    before = look_up_digests(NUMBER, "k")[0]
    ring("PORTAL_DIGEST_RING_FILE", new, old)
    asked = look_up_digests(NUMBER, "k")
    settings.PORTAL_CRYPTO = "sm"  # type: ignore[attr-defined]
    asked_sm = look_up_digests(NUMBER, "k")

    assert [key for key, _digest in asked] == [8, 7, 8, 7]
    assert asked[1] == before
    assert asked_sm[0] == asked[2]
    assert set(asked_sm) == set(asked)


def test_a_tag_is_five_letters_of_one_scope_only() -> None:
    tags = {tag(NUMBER, scope) for scope in ("item-1@2025", "item-1@2026", "item-2@2025")}

    assert len(tags) == 3
    assert all(len(made) == 5 and set(made) <= set(string.ascii_uppercase + "234567") for made in tags)
    assert tag("９９０１００ 199003070011", "item-1@2025") == tag(NUMBER, "item-1@2025")


def test_a_tag_hangs_on_the_key_and_on_the_suite(settings: object, ring: Callable[..., None]) -> None:
    before = tag(NUMBER, "s")
    settings.PORTAL_CRYPTO = "sm"  # type: ignore[attr-defined]
    under_sm = tag(NUMBER, "s")
    settings.PORTAL_CRYPTO = "aes"  # type: ignore[attr-defined]
    ring("PORTAL_TAG_KEY_FILE", privacy.draw_key(1))

    assert len({before, under_sm, tag(NUMBER, "s")}) == 3


# --- Masks


@pytest.mark.proves("SHR-08")
@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张**"),
        ("张三丰", "张**"),
        ("张", "张**"),
        ("张王丽华", "张**"),
        ("欧阳娜娜", "欧阳**"),
        ("歐陽修", "歐陽**"),
        ("尉迟恭", "尉迟**"),
        ("欧阳", "欧**"),  # two characters: surname and given name
        ("东方", "东**"),
        (" 张 三 ", "张**"),
        ("张\u200b三", "张**"),
        ("阿卜杜拉·买买提", "阿**"),
        ("John Smith", "J**"),
        ("ｊｏｈｎ", "J**"),
        ("Ольга", "О**"),
        ("3号当事人", "号**"),
        ("990100199003070011", "**"),
        ("", "**"),
        ("🙂", "**"),
    ],
)
def test_a_name_keeps_its_surname_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.proves("SHR-08")
@given(st.text())
def test_no_mask_shows_a_digit_or_the_length(name: str) -> None:
    masked = mask_name(name)

    assert masked.endswith("**")
    assert len(masked) <= 4
    assert not any(character.isdigit() for character in masked)


# --- What a number tells


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("990100199003070011", date(1990, 3, 7)),
        ("99010019900307001x", date(1990, 3, 7)),
        ("990100 20080229 0011", date(2008, 2, 29)),
        ("990100900307001", date(1990, 3, 7)),  # fifteen characters, until 1999
        ("990100199002300011", None),  # there is no such day
        ("E12345678", None),
        ("", None),
    ],
)
def test_the_birth_date_stands_in_the_number(number: str, born: date | None) -> None:
    assert birth_date(number) == born


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2008, 11, 21), date(2026, 11, 20), 17),
        (date(2008, 11, 21), date(2026, 11, 21), 17),  # full from the day after the birthday
        (date(2008, 11, 21), date(2026, 11, 22), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 12, 31), date(2027, 1, 1), 18),
    ],
)
def test_a_year_of_age_is_full_on_the_day_after_the_birthday(birth: date, day: date, age: int) -> None:
    assert age_on(birth, day) == age


def test_errors_with_locals_show_nothing_of_private_functions() -> None:
    for function in (seal, open_box, look_up_digests, tag, privacy.reveal, privacy.keep, privacy.find, birth_date):
        assert hasattr(function, "__wrapped__")
