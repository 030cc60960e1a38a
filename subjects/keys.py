"""Search keys of names: what makes a firm findable by its two-character brand, in either script, and by pinyin.

A key is for finding only and is never shown. Every character of a key comes from one character of the name, whatever
stands beside it, so that the key of a part is always a part of the key of the whole.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple


class NameKeys(NamedTuple):
    """The columns by which one name is found."""

    key: str
    bigrams: list[str]
    pinyin: str
    initials: str


def keys_of(name: str) -> NameKeys:
    """All search keys of a name."""
    key = normalise(name)
    full, initials = pinyin(core_name(name))
    return NameKeys(key, bigrams(key), full, initials)


def normalise(name: str) -> str:
    """The key of a name: NFKC, simplified characters, punctuation and spaces dropped, lower case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).translate(_FOLDED))


def bigrams(text: str) -> list[str]:
    """Each pair of neighbouring characters once, sorted; what the GIN index holds and a query asks for.

    Of a normalised key. A single character has no pair and cannot be asked of the index.
    """
    return sorted({text[place : place + 2] for place in range(len(text) - 1)})


def core_name(name: str) -> str:
    """The name without the region before it and the legal form behind it: what people say, and type in pinyin.

    "示例市竹梅商贸有限公司" becomes "竹梅商贸". A good guess, not a reading of the law on names: a bare region stays
    where too little would be left without it (青岛啤酒, 北京银行).
    """
    text = _SPACE.sub("", unicodedata.normalize("NFKC", name).lower())
    if not text.isascii():
        text = _to_simplified()(text)
    text = _BRACKETS.sub(_without_region_in_brackets, text)
    shorter = _LEGAL_FORM.sub("", text)
    text = _without_region(shorter if len(shorter) >= 2 else text)
    return normalise(text)


def pinyin(core: str) -> tuple[str, str]:
    """Full pinyin and initials, without tones. A character with several readings is read as its word suggests.

    Letters and digits stand in both as they are.
    """
    if core.isascii():
        return core, core
    syllables = _syllables()(core)
    return "".join(syllables), "".join(each[:1] for each in syllables)


# ── characters ───────────────────────────────────────────────────────────────────────────────────────────────────────

# Variation selectors choose a glyph, not a character.
_SELECTORS: Final = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
_KEPT_CATEGORIES: Final = frozenset("LNM")


class _Folded(dict[int, str]):
    """Code point to its place in a key, worked out at first sight.

    OpenCC is asked character by character here: it would leave 乾 in 乾坤 and turn it into 干 elsewhere, and a search
    for half of a word would miss the word.
    """

    MOST = 40_000  # strangers type queries; what they type must not fill the memory

    def __missing__(self, point: int) -> str:
        folded = self._fold(chr(point)) if point not in _SELECTORS else ""
        if len(self) < self.MOST:
            self[point] = folded
        return folded

    @staticmethod
    def _fold(character: str) -> str:
        if unicodedata.category(character)[0] not in _KEPT_CATEGORIES:
            return ""
        if character.isascii():
            return character.lower()
        convert, simplified = _to_simplified(), character
        while (further := convert(simplified)) != simplified:  # a few are simplified in two steps (薴, 苧, 苎)
            simplified = further
        return simplified.lower()


_FOLDED: Final = _Folded()


@cache
def _to_simplified() -> Callable[[str], str]:
    import opencc

    converter: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return converter


@cache
def _syllables() -> Callable[[str], list[str]]:
    # The dictionary of phrases takes 50 MB; the public face only reads keys and never asks for it.
    from pypinyin import lazy_pinyin

    def without_reading(run: str) -> list[str]:
        return [character for character in run if character.isascii()]

    def syllables(text: str) -> list[str]:
        # The stub forgets that a list is taken: one element for each letter, so that all of them are initials.
        return lazy_pinyin(text, errors=without_reading)  # type: ignore[arg-type]

    return syllables


# ── regions and legal forms ──────────────────────────────────────────────────────────────────────────────────────────

_SPACE: Final = re.compile(r"\s+")
_BRACKETS: Final = re.compile(r"[(〔\[]([^()〔〕\[\]]{1,20})[)〕\]]")
_BRANCH: Final = r"(?:.{0,30}(?:分公司|子公司|分店|分行|支行|分厂|办事处|营业部|营业厅|代表处|项目部|分社))?"
_LEGAL_FORM: Final = re.compile(
    r"(?:股份有限公司|有限责任公司|股份合作公司|有限公司|无限公司|总公司|公司"
    r"|农民专业合作社联合社|农民专业合作社|专业合作社|\(?(?:特殊)?(?:普通|有限)合伙\)?|\(?个人独资\)?)" + _BRANCH + "$"
)
# Bare names of provinces, prefecture-level cities and regions, and stems of autonomous prefectures (GB/T 2260).
# Names that are common words or brands too (安康, 大同, 吉安, 中山, 朝阳, 白银 …) are left out: they need their 市.
_PLACE_NAMES: Final = """
    北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州
    云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 新疆生产建设兵团 石家庄 唐山 秦皇岛 邯郸 邢台 保定
    张家口 承德 沧州 廊坊 衡水 太原 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁 呼和浩特 包头 乌海 赤峰 通辽
    鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 兴安盟 锡林郭勒 阿拉善 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳
    盘锦 铁岭 葫芦岛 长春 四平 辽源 通化 白山 松原 白城 延边 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯
    七台河 牡丹江 黑河 绥化 大兴安岭 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 杭州 宁波
    温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安
    亳州 池州 宣城 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 宜春 抚州 上饶
    济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 威海 日照 临沂 德州 聊城 滨州 菏泽 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡
    焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 济源 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈
    咸宁 随州 恩施 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西 广州 韶关 深圳 珠海 汕头
    佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 潮州 揭阳 云浮 南宁 柳州 桂林 梧州 北海 防城港 钦州
    贵港 玉林 百色 贺州 河池 崇左 海口 三亚 三沙 儋州 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山
    宜宾 广安 达州 雅安 巴中 资阳 阿坝 甘孜 凉山 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南 昆明 曲靖 玉溪
    保山 昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 德宏 怒江 迪庆 拉萨 日喀则 昌都 林芝 山南 那曲 阿里地区 西安
    铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 商洛 兰州 嘉峪关 金昌 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏 甘南 西宁
    玉树 果洛 银川 石嘴山 吴忠 固原 中卫 乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 克孜勒苏 喀什
    伊犁 塔城 阿勒泰 石河子
"""
# 示例 stands for the invented division 9901 of examples.
_PLACES: Final = frozenset([*_PLACE_NAMES.split(), "示例"])
_LONGEST_PLACE: Final = max(map(len, _PLACES))
_SUFFIX: Final = re.compile(r"(?:特别行政区|(?:[壮回]族|维吾尔)?自治区|省|市|地区|盟)")
_AUTONOMOUS: Final = re.compile(r"[\u4e00-\u9fff]{2,10}?自治[州县旗]")
_COUNTY: Final = re.compile(r"[\u4e00-\u9fff]{1,3}县|[\u4e00-\u9fff]{2}(?<![超门夜菜股城都上集花书早])市")
_DISTRICT: Final = re.compile(r"[\u4e00-\u9fff]{2,3}?(?<![社小园景校])(?:区|旗)")


def _region_length(text: str, *, is_below: bool) -> int:
    """How many characters at the start are a region; `is_below`: a larger region stood before, so districts count."""
    if match := _AUTONOMOUS.match(text):
        return match.end()
    for length in range(min(_LONGEST_PLACE, len(text)), 1, -1):
        if text[:length] in _PLACES:
            suffix = _SUFFIX.match(text, length)
            return suffix.end() if suffix else length
    if match := _COUNTY.match(text) or (_DISTRICT.match(text) if is_below else None):
        return match.end()
    return 0


def _without_region(text: str) -> str:
    is_below = False
    for _level in range(3):  # province, prefecture, county
        length = _region_length(text, is_below=is_below)
        # Behind a bare 青岛 at least brand and trade must be left; behind 青岛市 the brand is enough.
        least = 3 if text[:length] in _PLACES else 2
        if not length or len(text) - length < least:
            return text
        text, is_below = text[length:], True
    return text


def _without_region_in_brackets(match: re.Match[str]) -> str:
    inside = match.group(1)
    is_region = _region_length(inside, is_below=True) == len(inside)
    return "" if is_region or inside in ("中国", "集团") else match.group(0)
