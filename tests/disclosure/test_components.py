"""The look of the public face holds: words of states, contrast, no inline styles, gaps between Han and Latin never typed."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override

from casework.calendar import DayKind
from catalogs import states
from disclosure import wording
from disclosure.templatetags import portal
from disclosure.vocabulary import ACT_KINDS, VOCABULARIES
from subjects.codes import FailedCheck, Normalisation, check_code
from tests.test_translations import PO, entries

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
TOKENS = (ROOT / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
LANGUAGES = ("zh-hans", "en")
HAN = "\u3400-\u9fff\uf900-\ufaff"
TYPED_GAP = re.compile(rf"[{HAN}，。；：、（）《》“”] +[A-Za-z0-9]|[A-Za-z0-9%] +[{HAN}，。；：、（）《》]")

# The table of the house: state → Chinese, English, tone, edge.
VOCABULARY = {
    "listed": ("已列入", "Listed", "listed", "solid"),
    "in_force": ("执行中", "In force", "force", "solid"),
    "under_verification": ("核实中", "Under verification", "verify", "dashed"),
    "suspended": ("暂停执行", "Suspended", "verify", "dashed"),
    "clock_paused": ("计时暂停", "Clock paused", "verify", "dashed"),
    "ends_on": ("2029年3月12日到期", "Ends on 12 March 2029", "neutral", "solid"),
    "due_soon": ("还有2个工作日", "2 working days left", "soon", "solid"),
    "overdue": ("逾期2个工作日", "2 working days overdue", "overdue", "solid"),
    "no_public_record": ("无公示的失信信息", "No public record", "neutral", "solid"),
    "adverse_records": ("有失信信息2条", "2 adverse records", "force", "solid"),
    "unknown": ("无法判断", "Cannot tell", "unknown", "dotted"),
    "done": ("已完成", "Done", "clear", "solid"),
    "second_person": ("等第二人", "Waiting for second person", "second", "solid"),
    "draft": ("草稿", "Draft", "unknown", "dotted"),
    "sealed": ("已封存", "Sealed", "neutral", "solid"),
}
NEVER_PUBLIC = ("已移出", "已修复", "已撤回", "不予列入", "已过期", "removed", "repaired", "withdrawn", "expired")


def drawn(template: str, **context: Any) -> str:
    return Template("{% load portal %}" + template).render(Context(context))


def text_of(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html).strip()


# --- Status -------------------------------------------------------------------------------------------------


def test_the_vocabulary_of_states_is_the_one_of_the_house() -> None:
    assert set(portal.STATUSES) == set(VOCABULARY)


@pytest.mark.parametrize("state", VOCABULARY)
def test_a_state_says_its_word_and_shows_its_edge(state: str) -> None:
    chinese, english, tone, edge = VOCABULARY[state]

    for language, words in (("zh-hans", chinese), ("en", english)):
        with override(language):
            html = portal.status(state, n=2, day=date(2029, 3, 12))
        assert text_of(html) == words
        assert f"cp-tag--{tone}" in html
        assert [e for e in ("dashed", "dotted") if f"cp-tag--{e}" in html] == ([] if edge == "solid" else [edge])
        assert 'aria-hidden="true"' in html


def test_every_icon_that_is_used_stands_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="(\w+)"', (ROOT / "static" / "icons.svg").read_text(encoding="utf-8")))
    in_pages = {name for page in PAGES for name in re.findall(r'{% icon "(\w+)" %}', page.read_text(encoding="utf-8"))}

    assert {form.icon for form in portal.STATUSES.values()} | in_pages <= sprite


def answer(state: str, *, serious: int = 0, ordinary: int = 0) -> dict[str, Any]:
    counts = {"by_class": {"serious_list": serious}, "adverse": {"minor": 0, "ordinary": ordinary, "serious": 0}}
    return {"status": state, "counts": None if state == "unknown" else counts}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer("listed", serious=1, ordinary=3), "已列入名单1"),
        (answer("adverse_records", ordinary=2), "有失信信息2条"),
        (answer("no_public_record"), "无公示的失信信息"),
        (answer("unknown"), "无法判断"),
    ],
)
def test_a_subject_gets_one_of_four_answers(given: dict[str, Any], said: str) -> None:
    assert text_of(portal.status(given)) == said


def fact(**changes: Any) -> dict[str, Any]:
    return {"adverse": True, "under_verification": None, "disclosure": {"last_day": date(2029, 3, 12)}} | changes


def test_a_record_shows_its_last_day_and_verification_goes_before_it() -> None:
    assert text_of(portal.status(fact())) == "2029年3月12日到期"
    assert text_of(portal.status(fact(under_verification={"since": "2026-11-10"}))) == "核实中"


def test_a_neutral_act_carries_no_tag() -> None:
    assert portal.status(fact(adverse=False)) == ""


def test_no_public_page_has_a_word_for_what_has_ended() -> None:
    said = [portal.status_words(state, n=1, day=date(2029, 3, 12)) for state in portal.STATUSES]
    with override("en"):
        said += [portal.status_words(state, n=1, day=date(2029, 3, 12)).lower() for state in portal.STATUSES]

    assert not [word for word in NEVER_PUBLIC if word in said]


# --- Dates, codes, amounts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "chinese", "english"),
    [
        ("long", "2026年12月3日（星期四）", "Thursday, 3 December 2026"),
        ("plain", "2026年12月3日", "3 December 2026"),
        ("compact", "2026-12-03", "2026-12-03"),
    ],
)
def test_a_day_is_a_time_element_in_words(style: str, chinese: str, english: str) -> None:
    assert portal.day("2026-12-03", style) == f'<time datetime="2026-12-03">{chinese}</time>'
    with override("en"):
        assert portal.day(date(2026, 12, 3), style) == f'<time datetime="2026-12-03">{english}</time>'


def test_an_instant_is_told_in_the_time_of_shanghai() -> None:
    late_evening_utc = "2026-11-25T18:05:00Z"

    assert wording.moment_words(late_evening_utc) == "2026年11月26日2:05"
    assert wording.as_day(datetime.fromisoformat(late_evening_utc)) == date(2026, 11, 26)
    with override("en"):
        assert wording.moment_words(late_evening_utc) == "26 November 2026, 2:05"


def test_what_is_missing_is_said_in_words() -> None:
    assert portal.day(None) == portal.money(None) == portal.label(None, "severity") == portal.han(None) == "未提供"


def test_a_code_is_shown_in_four_parts_and_copied_whole() -> None:
    html = portal.code("91990100MADEM0011Q")

    assert re.findall(r"<span>(\w+)</span>", html) == ["91", "990100", "MADEM0011", "Q"]
    assert text_of(html) == "91990100MADEM0011Q"


@pytest.mark.parametrize(
    ("yuan", "chinese", "english"),
    [
        ("50000.00", "5万元", "50,000 yuan"),
        ("1224000.00", "122.4万元", "1,224,000 yuan"),
        ("0.50", "0.00005万元", "0.50 yuan"),
        ("1000000.00", "100万元", "1,000,000 yuan"),
    ],
)
def test_an_amount_has_its_unit_in_words(yuan: str, chinese: str, english: str) -> None:
    assert wording.money_words(yuan) == chinese
    with override("en"):
        assert wording.money_words(yuan) == english


def test_a_penalty_names_each_part_with_its_amount() -> None:
    content = {"penalty_types": ["fine", "confiscation", "warning"], "fine": "35000.00", "confiscated": "84000.00"}

    assert portal.penalties(content) == "罚款3.5万元，没收违法所得、非法财物8.4万元，警告"


def test_we_say_what_we_did_to_a_code_and_why_it_cannot_be_right() -> None:
    loose, short = check_code("91 990100MADEM0011 q").to_dict(), check_code("9" * 17).to_dict()

    assert portal.tidied(loose) == "我们去掉了2个空格，把小写q改成了Q。"
    assert portal.refused(loose) == ""
    assert portal.refused(short) == "统一社会信用代码是18位，您写了17位。"
    with override("en"):
        assert portal.tidied(loose) == "We removed 2 spaces and changed q to Q."


# --- Day sums -----------------------------------------------------------------------------------------------


def line(day: int, kind: str, n: int | None) -> dict[str, Any]:
    name = "国庆节" if kind != "working_day" else None
    return {"date": f"2026-10-{day:02d}", "kind": kind, "name": name, "counted": n is not None, "n": n}


NATIONAL_DAY = [
    *(line(day, "statutory_holiday", None) for day in range(1, 8)),
    line(8, "working_day", 1), line(9, "working_day", 2), line(10, "makeup_working_day", 3),
]  # fmt: skip


def test_a_run_of_holidays_is_one_line_and_every_counted_day_its_own() -> None:
    rows = wording.folded(NATIONAL_DAY)

    assert [(row.first.day, row.last.day, row.days, row.n) for row in rows] == [
        (1, 7, 7, None), (8, 8, 1, 1), (9, 9, 1, 2), (10, 10, 1, 3),
    ]  # fmt: skip


def test_the_weeks_begin_on_monday_and_hold_the_start_and_the_last_day() -> None:
    weeks = wording.weeks_of(date(2026, 9, 30), NATIONAL_DAY)

    assert [[cell.look for cell in week] for week in weeks] == [
        ["empty", "empty", "start", "off", "off", "off", "off"],
        ["off", "off", "off", "counted", "counted", "last", "empty"],
    ]


def test_weeks_are_not_drawn_where_they_say_less_than_the_sum() -> None:
    long = [line(day, "working_day", day) for day in range(1, 27)]

    assert wording.weeks_of(date(2026, 9, 30), long) == []


def test_a_citation_from_memory_is_marked() -> None:
    basis = {"instrument": "中华人民共和国安全生产法", "number": None, "article": "第九十七条", "in_force_from": None,
             "in_force_to": None, "kind": "law"}  # fmt: skip

    remembered = drawn("{% citation basis %}", basis=basis | {"confidence": "from_memory"})
    verified = drawn("{% citation basis %}", basis=basis | {"confidence": "verified"})

    assert "《中华人民共和国安全生产法》第九十七条" in remembered
    assert "待核对" in remembered
    assert "待核对" not in verified


# --- Vocabulary ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("kind", states.Kind.values),
        ("penalty_types", states.PenaltyType.values),
        ("severity", states.Severity.values),
        ("basis_kind", states.BasisKind.values),
        ("basis_type", states.BasisType.values),
        ("confidence", states.Confidence.values),
        ("platform", states.Platform.values),
        ("regime", states.RegimeCode.values),
        ("counts_from", states.CountsFrom.values),
        ("share_scope", states.ShareScope.values),
        ("category", [str(value) for value in states.Category.values]),
        ("day_kind", DayKind.values),
        ("failed_check", list(FailedCheck)),
        ("normalisations", list(Normalisation)),
    ],
)
def test_the_vocabulary_has_a_word_for_every_code_of_the_house(name: str, codes: list[str]) -> None:
    assert set(VOCABULARIES[name]) == set(codes)


def test_every_word_is_there_in_both_languages() -> None:
    for words in VOCABULARIES.values():
        for chinese, english in words.values():
            assert re.search(f"[{HAN}]", chinese)
            assert english
            assert not re.search(f"[{HAN}]", english)
    assert len(ACT_KINDS) == 10


# --- Files --------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", TOKENS))
    light, dark = sorted((luminance(colours[one]), luminance(colours[other])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


SHEETS = ("surface", "page", "sunken")
STATES = [name for name in re.findall(r"--s-(\w+):\s*#", TOKENS) if name != "overdue"]
TEXT = [
    *((ink, sheet) for ink in ("ink", "ink-2", "ink-3") for sheet in SHEETS),
    *((f"s-{state}", f"s-{state}-bg") for state in STATES),
    ("action", "surface"), ("action", "page"), ("action", "action-tint"), ("action-hover", "action-tint"),
    ("on-brand", "action"), ("on-brand", "action-hover"), ("on-brand", "brand"), ("on-brand-2", "brand"),
    ("on-brand", "s-overdue"), ("on-brand", "s-soon"), ("danger", "surface"), ("danger", "sunken"), ("s-unknown", "surface"),
]  # fmt: skip
EDGES = [
    *((f"s-{state}-bd", "surface") for state in STATES), *(("line-strong", sheet) for sheet in SHEETS),
    ("focus", "surface"), ("focus", "page"), ("bronze", "brand"), ("action", "surface"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), TEXT)
def test_text_can_be_read(one: str, other: str) -> None:
    assert contrast(one, other) >= 4.5


@pytest.mark.parametrize(("one", "other"), EDGES)
def test_edges_and_controls_can_be_seen(one: str, other: str) -> None:
    assert contrast(one, other) >= 3


def test_colours_are_written_in_the_token_file_only() -> None:
    for path in STYLES:
        css = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
        on_screen = css.split("@media print")[0]
        assert path.name == "tokens.css" or not re.findall(r"#[0-9a-fA-F]{3,8}\b", on_screen), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "templates")))
def test_a_template_holds_no_inline_style_or_script(page: Path) -> None:
    source = page.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in [*PAGES, *STYLES]:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"""(?:src|href|action)=["']?https?:|url\(["']?https?:|@import""", source), path


def test_chinese_never_types_the_gap_between_han_and_latin() -> None:
    catalogue = entries(PO.read_text(encoding="utf-8"))
    sentences = [chinese for forms, _fuzzy in catalogue.values() for chinese in forms]
    sentences += [chinese for words in VOCABULARIES.values() for chinese, _english in words.values()]

    assert not [sentence for sentence in sentences if TYPED_GAP.search(sentence)]


def test_chinese_has_no_half_width_punctuation_after_han() -> None:
    catalogue = entries(PO.read_text(encoding="utf-8"))
    sentences = [chinese for forms, _fuzzy in catalogue.values() for chinese in forms]

    assert not [sentence for sentence in sentences if re.search(rf"[{HAN}][,;:?!()]|[{HAN}]\.(?!\w)", sentence)]


IDS = [[1], [UUID(int=4)], ["91990100MADEM0001X"], ["x", "x"], ["x", UUID(int=4)]]  # what an address may hold


def leads_somewhere(name: str, args: list[Any]) -> bool:
    try:
        return bool(reverse(name, args=args))
    except NoReverseMatch:
        return False


def test_no_page_links_to_a_page_that_does_not_exist() -> None:
    link = re.compile(r"{% url '([\w:]+)'( (?!as |%)\S+)?")
    links = {found for page in PAGES for found in link.findall(page.read_text(encoding="utf-8"))}

    assert links
    for name, argument in links:
        assert any(leads_somewhere(name, args) for args in ([["x"], *IDS] if argument else [[]])), name
