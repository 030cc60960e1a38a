"""has_numbers(): two hundred disguises are seen through, two hundred look-alikes pass."""

import random
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

CHINESE, FORMAL, FULL = "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "０１２３４５６７８９"


def has_numbers(texts: list[str]) -> list[bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.has_numbers(t) FROM unnest(%s::text[]) WITH ORDINALITY AS x(t, n) ORDER BY n", [texts]
        )
        return [row[0] for row in cursor.fetchall()]


def digits(rng: random.Random, n: int) -> str:
    return "".join(rng.choices("0123456789", k=n))


def identity(rng: random.Random) -> str:
    """An identity number with a right check character (GB 11643), of an invented division."""
    year, month, day = rng.randint(1930, 2015), rng.randint(1, 12), rng.randint(1, 28)
    body = f"{rng.choice(['990100', '990103', '110199', '659000'])}{year}{month:02}{day:02}{digits(rng, 3)}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def old_identity(rng: random.Random) -> str:
    return f"990100{rng.randint(30, 85)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{digits(rng, 3)}"


def mobile(rng: random.Random) -> str:
    return f"1{rng.randint(3, 9)}{digits(rng, 9)}"


def card(rng: random.Random) -> str:
    """A payment card with a right check digit: 16 or 19 digits."""
    body = rng.choice(["62", "4", "52", "35", "60"])
    body += digits(rng, rng.choice([15, 18]) - len(body))
    doubled = sum(sum(divmod(int(d) * 2, 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(body)))
    return body + str(-doubled % 10)


def grouped(number: str, mark: str) -> str:
    """In the groups in which people write it."""
    sizes = {11: (3, 4, 4), 18: (6, 8, 4), 15: (6, 6, 3)}.get(len(number), (4,) * 5)
    parts, rest = [], number
    for size in sizes:
        parts, rest = [*parts, rest[:size]], rest[size:]
    return mark.join(part for part in parts if part)


def spelled(number: str, ten: str) -> str:
    return "".join(ten[int(c)] if c.isdigit() else c for c in number)


DISGUISES: list[Callable[[str], str]] = [
    lambda n: n,
    lambda n: spelled(n, FULL),
    lambda n: spelled(n, CHINESE),
    lambda n: spelled(n, FORMAL),
    lambda n: spelled(n[:7], CHINESE) + n[7:],
    lambda n: grouped(n, " "),
    lambda n: grouped(n, "-"),
    lambda n: grouped(n, "\u2013"),
    lambda n: grouped(n, " - "),
    lambda n: grouped(n, "\u3000"),
    lambda n: grouped(n, "\u00a0"),
    lambda n: grouped(n, "\u200b"),
    lambda n: grouped(n, "\n"),
    " ".join,
    "-".join,
    "\u200d".join,
    lambda n: "\u2060".join(spelled(n, FULL)),
    "\u00ad".join,
    lambda n: "".join(c + "\ufe0f\u20e3" if c.isdigit() else c for c in n),
    lambda n: spelled(grouped(n, "\uff0d"), FULL),
    lambda n: n.lower().replace("x", "\u2169"),
    lambda n: n.replace("X", "×"),
]  # fmt: skip
PLACES = [
    "{}",
    "联系电话{}。",
    "当事人张某（{}）于2026年11月21日到场",
    "罚款100元,{},限期缴纳",
    "No.{}",
    "第12条 {} 元旦前",
]
ADDRESSES = [
    "zhang.san@example.com", "ＺＨＡＮＧ＠ＥＸＡＭＰＬＥ．ＣＯＭ", "zhang @ example . com", "zh\u200bang@exa\u200bmple.com",
    "张三@example.cn", "zhang(at)example.com", "zhang［at］example.com", "zhang艾特example点com", "一二三四五@example.com",
    "zhang@mail。example。com",
]  # fmt: skip


def disguises() -> Iterator[str]:
    rng = random.Random(20261121)
    makers = [identity, mobile, card, old_identity]
    for n in range(200 - len(ADDRESSES)):
        disguise, maker, place = DISGUISES[n % len(DISGUISES)], makers[n % len(makers)], PLACES[n % len(PLACES)]
        yield place.format(disguise(maker(rng)))
    yield from (f"邮箱：{address}，" for address in ADDRESSES)


def unified_code(rng: random.Random, all_digits: bool) -> str:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = rng.choice(["91", "92", "93", "52", "12"]) + rng.choice(["990100", "990203", "110105", "440300"])
    body += digits(rng, 9) if all_digits else "MA" + "".join(rng.choices(alphabet, k=7))
    return body + alphabet[-sum(alphabet.index(c) * 3**i for i, c in enumerate(body)) % 31]


def lookalikes() -> Iterator[str]:
    rng = random.Random(990100)
    for n in range(20):
        year, month, day = rng.randint(2014, 2026), rng.randint(1, 12), rng.randint(1, 28)
        yield f"统一社会信用代码：{unified_code(rng, all_digits=n % 4 == 0)}"
        yield rng.choice(
            ["示财采罚〔{0}〕{1}号", "示市监处罚〔{0}〕{1}号", "（{0}）示9901执{1}号", "({0})示01民初{1}号"]
        ).format(year, rng.randint(1, 12345))
        yield rng.choice(["{}年{}月{}日", "{}-{:02}-{:02}", "{}.{}.{}", "{}/{:02}/{:02}", "{}{:02}{:02}"]).format(
            year, month, day
        )
        yield f"自{year}-{month}-{day}至{year + 1}-{month}-{day}，{year}-{month:02}-{day:02} {n:02}:15:04"
        yield f"罚款人民币{rng.choice(['12,345.00', '1,380,013,800.00', '壹拾叁万捌仟', '13800138000.00', '三千'])}元"
        yield f"货值{rng.randint(1, 99999)}.{rng.randint(10, 99)}万元，{rng.randint(13000000000, 19999999999)}元以内"
        yield rng.choice(
            ["GB/T 19001-2016", "GB 32100-2015", "GB 2760-2024 第3.4条", "国械注准20263140001", "JY19901050012345"]
        )
        yield rng.choice(
            ["举报电话12315", "客服400-123-4567", "0990-1234567", "邮编990100", "发票代码099002600111 号码12345678"]
        )
        article = rng.choice("一二三四五六七八九") + "十" + rng.choice("一二三四五六七八九")
        yield f"《示例条例》第{article}条第{n + 1}项，共{rng.randint(2, 40)}页"
        yield rng.choice([
            "二〇二六年十一月二十一日", "2024年、2025年、2026年三次", "抽检20件，不合格3件，占15.00%", "批号20261121A03",
            "电子监管码81234567890123456789", "@示例市场监管", "见 example.com/acts/2026", "生产日期2026 11 21，保质期12个月",
        ])  # fmt: skip


@pytest.mark.proves("SHR-06", "INV-15")
def test_no_disguise_of_a_personal_number_passes() -> None:
    texts = list(disguises())

    answers = has_numbers(texts)

    assert len(set(texts)) == 200
    assert [text for text, hit in zip(texts, answers, strict=True) if not hit] == []


def test_lookalikes_pass() -> None:
    texts = list(lookalikes())

    answers = has_numbers(texts)

    assert len(texts) == 200
    hits = [text for text, hit in zip(texts, answers, strict=True) if hit]
    assert len(hits) <= 4, hits  # 2 %


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("15000000000", True),  # the shape of a mobile
        ("15000000000元", False),  # the same as money
        ("15 000 000 000 元", False),
        ("+8613900000000", True),
        ("008613900000000", True),
        ("013900000000", True),
        ("113900000000", False),  # twelve digits are no mobile
        ("139000000001", False),
        ("2026-1-30 2026-11-21", False),  # two dates
        ("5500005555555559", True),  # a right check digit …
        ("5500005555555558", False),  # … and a wrong one
        ("6222020200001234567", True),  # the issuers' own beginning needs none
        ("账号：901234567890123", True),  # any account that is called one
        ("990100199002301234", True),  # day and month are possible
        ("990100199013011234", False),  # there is no thirteenth month
        ("138.0013.8000", True),
        ("(138)0013-8000", True),
        ("1、3、8、0、0、1、3、8、0、0、0", True),
        ("", False),
    ],
)
def test_the_edges_of_the_guard(text: str, hit: bool) -> None:
    assert has_numbers([text]) == [hit]


def test_no_text_is_no_number() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.has_numbers(NULL)")
        assert cursor.fetchone() == (None,)  # a CHECK takes it as passed
