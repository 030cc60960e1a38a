"""About 300 invented market subjects, of every registering department and category, in every status.

The same subjects every time: their codes, names and dates hang on the seed only, so that a sample file made later finds them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from credit_portal.demo import people
from credit_portal.demo.world import COUNTIES, REGIONS, code_of
from subjects.codes import CATEGORIES, make_code
from subjects.rules import NameRow, RegisterRow
from subjects.states import RegistrationStatus, SubjectType

SEED = 990_100
COUNT = 300
SOURCE = "青禾省法人库（演示）"

FIRST = "栀砚霜鹿檀雾萤梨汀岫棹澜鸢荇藜蘅穗杪屿橘"
SECOND = "舟屿桥笺禾渡砂岚石枝铃庐溪坞帆苇灯铎垣棠"
TRADES = ("商贸", "食品", "机械制造", "建筑工程", "信息技术", "物流", "餐饮管理", "环保科技", "医药", "农业发展", "广告传媒",
          "家居用品", "化工", "旅游", "文化传播", "汽车服务")  # fmt: skip
SHOPS = ("小吃店", "便利店", "理发店", "五金店", "水果店", "修车铺", "面馆", "花店")

# Department and category (positions 1 and 2) → how such an organisation is called. {p} place, {b} brand, {t} trade.
FORMS = {
    "91": ("{p}{b}{t}有限公司", "{p}{b}{t}有限责任公司", "青禾{b}{t}股份有限公司", "{p}{b}{t}合伙企业（普通合伙）"),
    "92": ("{p}{b}{s}",),
    "93": ("{p}{b}果蔬种植农民专业合作社",),
    "99": ("{p}{b}{t}服务部",),
    "11": ("{p}{b}事务管理局",), "12": ("{p}{b}中学", "{p}{b}水文监测站", "{p}{b}图书馆"), "13": ("{p}{b}联合会",),
    "19": ("{p}{b}议事协调办公室",), "21": ("{b}通讯社驻{p}办事处",), "29": ("{b}国际交流{p}联络处",),
    "31": ("青禾{b}律师事务所",), "32": ("青禾省{p}{b}公证处",), "33": ("{p}{b}法律服务所",), "34": ("{p}{b}司法鉴定中心",),
    "35": ("{p}{b}仲裁委员会",), "39": ("{p}{b}法律援助工作站",), "41": ("{b}文化中心（{p}）",), "49": ("{p}{b}文化联络处",),
    "51": ("{p}{b}行业协会",), "52": ("{p}{b}幼儿园", "{p}{b}养老服务中心"), "53": ("青禾{b}慈善基金会",),
    "59": ("{p}{b}社区服务站",),
    "61": ("{b}国家旅游局驻{p}办事处",), "62": ("{b}旅游发展局{p}代表处",), "69": ("{p}{b}旅游联络处",),
    "71": ("{p}{b}寺",), "72": ("{p}{b}宗教学院",), "79": ("{p}{b}宗教事务站",), "81": ("{p}{b}厂工会委员会",),
    "89": ("{p}{b}工会联合会",), "A1": ("驻{p}{b}军人医院",), "A9": ("驻{p}{b}军人服务站",),
    "N1": ("{p}{b}村第一组股份经济合作社",), "N2": ("{p}{b}村股份经济合作联合社",), "N3": ("{p}{b}乡经济联合总社",),
    "N9": ("{p}{b}农村产权服务站",), "Y1": ("{p}{b}其他组织",),
}  # fmt: skip
UNINCORPORATED = frozenset({"92", "99", "31", "33", "21", "29", "61", "62"})
STATE_BODIES = frozenset({"11", "12", "13", "19", "A1", "A9"})
REGISTRARS = {
    "9": "market",
    "5": "civil",
    "3": "justice",
    "1": "establishment",
    "N": "farming",
    "4": "culture",
    "6": "culture",
}
STATUSES = (
    *[RegistrationStatus.ACTIVE] * 30, RegistrationStatus.REVOKED, RegistrationStatus.DEREGISTERED, RegistrationStatus.MOVED_OUT,
    RegistrationStatus.OTHER,
)  # fmt: skip


@dataclass(frozen=True)
class Party:
    """A subject as a penalty names it."""

    code: str
    name: str
    legal_representative: str

    @property
    def is_sole_trader(self) -> bool:
        return self.code.startswith("92")


def register(count: int = COUNT, *, seed: int = SEED, mark: str = "MADEM") -> list[RegisterRow]:
    """The register of the province: every department and category, then mostly companies and sole traders."""
    random = Random(seed)  # noqa: S311  invented data, not secrets
    pairs = [department + category for department, kinds in CATEGORIES.items() for category in kinds]
    common = random.choices(["91", "92", "93"], weights=[70, 24, 6], k=max(count - len(pairs), 0))
    names: set[str] = set()
    width = 8 - len(mark)
    return [
        _subject(random, pair, f"{mark}{n:0{width}d}", n, names)
        for n, pair in enumerate((*pairs, *common)[:count], start=1)
    ]


def parties(*, of: str = "9", count: int = COUNT) -> list[Party]:
    """Those whom penalties hit: active subjects of a department, by their current names."""
    return [
        Party(row.unified_code, row.name, row.legal_representative)
        for row in register(count)
        if row.unified_code.startswith(of) and row.registration_status == RegistrationStatus.ACTIVE
    ]


def _subject(random: Random, pair: str, identifier: str, n: int, names: set[str]) -> RegisterRow:
    division = random.choice(("990100", *COUNTIES))
    name = _name(random, pair, division, names)
    registered_on = date(2003, 1, 1) + timedelta(days=random.randrange(7_600))
    status = STATUSES[n % len(STATUSES)]
    ended = status in {RegistrationStatus.REVOKED, RegistrationStatus.DEREGISTERED, RegistrationStatus.MOVED_OUT}
    ended_on = date(2025, 1, 1) + timedelta(days=random.randrange(300)) if ended else None
    renamed_on = registered_on + timedelta(days=random.randrange(300, 900)) if n % 7 == 0 else None
    former, trade, codes = [], [], {}
    if renamed_on:
        former.append(NameRow(_name(random, pair, division, names), registered_on, renamed_on - timedelta(days=1)))
    if n % 11 == 0:
        trade.append(NameRow(f"{random.choice(FIRST)}{random.choice(SECOND)}坊", registered_on))
    if n % 23 == 0:  # the registry moved: the code of the old seat still leads here (SUB-07)
        codes[make_code(pair[0], pair[1], "990300", "MC" + identifier[2:])] = registered_on + timedelta(days=400)
    registrar = REGISTRARS.get(pair[0])
    return RegisterRow(
        unified_code=make_code(pair[0], pair[1], division, identifier), name=name, type=_type(pair), region=division,
        registration_status=status, registration_authority=code_of(registrar) if registrar else "",
        registered_on=registered_on, ended_on=ended_on, name_valid_from=renamed_on, former_names=tuple(former),
        trade_names=tuple(trade), former_codes=codes, legal_representative=people.name(random),
    )  # fmt: skip


def _type(pair: str) -> SubjectType:
    if pair in STATE_BODIES:
        return SubjectType.STATE_BODY
    return SubjectType.UNINCORPORATED if pair in UNINCORPORATED else SubjectType.LEGAL_PERSON


def _name(random: Random, pair: str, division: str, taken: set[str]) -> str:
    """A name that nobody else of this register bears."""
    for brand in _brands(random):
        form = random.choice(FORMS[pair])
        name = form.format(p=REGIONS[division], b=brand, t=random.choice(TRADES), s=random.choice(SHOPS))
        if name not in taken:
            taken.add(name)
            return name
    raise AssertionError("names never end")


def _brands(random: Random) -> Iterator[str]:
    """Two characters; a third when a register is so large that pairs run out."""
    for attempt in range(1_000):
        yield "".join(random.choice(FIRST if place % 2 == 0 else SECOND) for place in range(2 + attempt // 5))
