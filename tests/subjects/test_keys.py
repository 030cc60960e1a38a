"""Search keys: the same firm is found in either script, any width, by two characters or by pinyin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subjects.keys import _FOLDED, _Folded, bigrams, core_name, keys_of, normalise, pinyin

chinese = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=12)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("示例竹梅商贸有限公司", "示例竹梅商贸有限公司"),
        ("示例 竹梅(商贸)·有限公司。", "示例竹梅商贸有限公司"),
        ("示例竹梅(商贸)有限公司", "示例竹梅商贸有限公司"),
        ("示例竹梅（商贸）有限公司", "示例竹梅商贸有限公司"),
        ("示例竹梅電子貿易", "示例竹梅电子贸易"),
        ("ＡＢＣ１２３科技", "abc123科技"),
        ("Zhu-Mei & Co., Ltd.", "zhumeicoltd"),
        ("示例〇八店", "示例〇八店"),
        ("示例\u200b竹\u00a0梅\ufeff", "示例竹梅"),
        ("葛\U000e0100城", "葛城"),
        ("བོད་ཡིག", "བོདཡིག"),
        ("  ·— ", ""),
        ("", ""),
    ],
)
def test_a_name_has_one_key_however_it_is_written(name: str, key: str) -> None:
    assert normalise(name) == key


@given(st.text(max_size=30))
def test_a_key_is_its_own_key(name: str) -> None:
    assert normalise(normalise(name)) == normalise(name)


@given(chinese, chinese, chinese)
def test_the_key_of_a_part_is_a_part_of_the_key(before: str, part: str, after: str) -> None:
    assert normalise(before) + normalise(part) + normalise(after) == normalise(before + part + after)


def test_half_of_a_word_that_opencc_treats_as_a_whole_is_found() -> None:
    assert normalise("京乾") in normalise("北京乾坤商贸")


def test_bigrams_are_each_pair_once_and_sorted() -> None:
    assert bigrams("竹梅竹梅商") == sorted({"竹梅", "梅竹", "梅商"})
    assert bigrams("竹") == bigrams("") == []


@given(chinese, chinese, chinese)
def test_the_bigrams_of_a_part_are_among_those_of_the_whole(before: str, part: str, after: str) -> None:
    assert set(bigrams(part)) <= set(bigrams(before + part + after))


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("示例市竹梅商贸有限公司", "竹梅商贸"),
        ("示例竹梅商贸有限公司", "竹梅商贸"),
        ("示例省示例市竹梅县远岫贸易有限责任公司", "远岫贸易"),
        ("深圳市竹梅電子科技股份有限公司", "竹梅电子科技"),
        ("深圳市竹梅电子科技股份有限公司广州分公司", "竹梅电子科技"),
        ("上海市浦东新区竹梅餐饮店", "竹梅餐饮店"),
        ("广西壮族自治区南宁市竹梅合伙企业（有限合伙）", "竹梅合伙企业"),
        ("延边朝鲜族自治州竹梅商行", "竹梅商行"),
        ("郫县竹梅厂", "竹梅厂"),
        ("昆山市远岫五金厂", "远岫五金厂"),
        ("竹梅（深圳）科技有限公司", "竹梅科技"),
        ("竹梅（集团）有限公司", "竹梅"),
        ("竹梅（中国）科技有限公司", "竹梅科技"),
        ("竹梅（一分店）面馆", "竹梅一分店面馆"),
        ("远岫果蔬农民专业合作社", "远岫果蔬"),
        # what is no region, or must stay
        ("青岛啤酒股份有限公司", "青岛啤酒"),
        ("北京银行股份有限公司", "北京银行"),
        ("华联超市有限公司", "华联超市"),
        ("深圳中兴小区物业管理有限公司", "中兴小区物业管理"),
        ("中国竹梅集团有限公司", "中国竹梅集团"),
        ("北京有限公司", "北京"),
        ("公司", "公司"),
        ("ABC Ltd.", "abcltd"),
        ("", ""),
    ],
)
def test_the_core_of_a_name_is_without_region_and_legal_form(name: str, core: str) -> None:
    assert core_name(name) == core


@pytest.mark.parametrize(
    ("core", "full", "initials"),
    [
        ("竹梅商贸", "zhumeishangmao", "zmsm"),
        ("重百银行", "zhongbaiyinhang", "zbyh"),
        ("重庆火锅", "chongqinghuoguo", "cqhg"),
        ("绿地", "lvdi", "ld"),
        ("abc科技123", "abckeji123", "abckj123"),
        ("an安", "anan", "ana"),
        ("zhumei", "zhumei", "zhumei"),
        ("བོད", "", ""),
        ("", "", ""),
    ],
)
def test_pinyin_is_without_tones_and_reads_words(core: str, full: str, initials: str) -> None:
    assert pinyin(core) == (full, initials)


def test_traditional_characters_are_read_as_the_simplified_words_they_are() -> None:
    assert keys_of("北京市海淀區長安銀樓") == keys_of("北京市海淀区长安银楼")
    assert keys_of("北京市海淀區長安銀樓").pinyin == "changanyinlou"


def test_a_name_gets_all_its_keys() -> None:
    keys = keys_of("示例市竹梅商贸有限公司")

    assert keys.key == "示例市竹梅商贸有限公司"
    assert keys.bigrams == bigrams(keys.key)
    assert (keys.pinyin, keys.initials) == ("zhumeishangmao", "zmsm")


@given(st.text(max_size=30))
def test_any_name_gets_keys(name: str) -> None:
    keys = keys_of(name)

    assert keys.pinyin.isascii()
    assert keys.initials.isascii()
    assert len(keys.initials) <= len(keys.pinyin)


def test_odd_characters_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Folded, "MOST", 0)
    before = len(_FOLDED)

    key = normalise("\U0002a6b2\U0002a6b3")

    assert key == "\U0002a6b2\U0002a6b3"
    assert len(_FOLDED) == before
