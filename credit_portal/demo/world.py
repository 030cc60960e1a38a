"""The invented province 青禾 (division 990000): its divisions, the bodies that act in it, their officers."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from accounts.models import Agency, AgencyKind, Level, Region
from casework.actors import SYSTEM
from catalogs.forms import read
from catalogs.services import load_rules
from credit_portal.demo import officers
from subjects.codes import make_code

RULES = sorted((Path(__file__).parent / "rules").glob("*.yaml"))
BEGINNING = date(2001, 1, 1)

REGIONS = {
    "990000": "青禾省", "990100": "岑州市", "990102": "云杪区", "990103": "竹隐区", "990121": "石帆县", "990122": "霁南县",
    "990181": "枕河市", "990200": "望沙市", "990202": "鸥汀区", "990300": "泠川市",
}  # fmt: skip
COUNTIES = ("990102", "990103", "990121", "990122", "990181")
MARKET_BODIES = ("market", "yunmiao", "zhuyin", "shifan", "tangli")  # they hand in through the city's

LEAD, MEMBER, DEPARTMENT, LOCAL_LEAD, COURT = (
    AgencyKind.LEAD_UNIT, AgencyKind.MEMBER_UNIT, AgencyKind.COMPETENT_DEPARTMENT, AgencyKind.LOCAL_LEAD_UNIT,
    AgencyKind.JUDICIAL_ORGAN,
)  # fmt: skip
NATIONAL, PROVINCE, PREFECTURE, COUNTY, BELOW = (
    Level.NATIONAL, Level.PROVINCE, Level.PREFECTURE, Level.COUNTY, Level.BELOW_COUNTY,
)  # fmt: skip


@dataclass(frozen=True)
class Body:
    """An invented body. `key` is its name in this package, `mark` how its decisions are numbered (岑市监罚)."""

    key: str
    name: str
    kind: AgencyKind
    level: Level
    region: str
    superior: str = ""
    mark: str = ""
    category: str = "1"  # second character of its code: 1 organ, 2 public institution
    domain: str = ""
    field: str = ""
    authorised_by: str = ""
    is_organ: bool = True
    site: str = ""
    ended_on: date | None = None
    successor: str = ""


BODIES = (
    Body("lead", "示例国家信用建设牵头部门", LEAD, NATIONAL, "990000"),
    Body("member", "示例国家市场监管部门", MEMBER, NATIONAL, "990000"),
    Body("qh_credit", "青禾省信用建设领导小组办公室", LOCAL_LEAD, PROVINCE, "990000", "lead"),
    Body("qh_market", "青禾省市场监督管理局", DEPARTMENT, PROVINCE, "990000", "member", "青市监罚", site="market.qinghe"),
    Body("qh_safety", "青禾省应急管理局", DEPARTMENT, PROVINCE, "990000", "", "青应急罚", domain="work_safety",
         field="work-safety", site="safety.qinghe"),
    Body("credit", "岑州市信用建设领导小组办公室", LOCAL_LEAD, PREFECTURE, "990100", "qh_credit"),
    Body("market", "岑州市市场监督管理局", DEPARTMENT, PREFECTURE, "990100", "qh_market", "岑市监罚",
         field="market-regulation", site="market.cenzhou"),
    Body("safety", "岑州市应急管理局", DEPARTMENT, PREFECTURE, "990100", "qh_safety", "岑应急罚", domain="work_safety",
         field="work-safety", site="safety.cenzhou"),
    Body("fire", "岑州市消防救援支队", DEPARTMENT, PREFECTURE, "990100", "", "岑消行罚", domain="fire_safety",
         field="fire-safety", site="fire.cenzhou"),
    Body("ecology", "岑州市生态环境局", DEPARTMENT, PREFECTURE, "990100", "", "岑环罚", site="ecology.cenzhou"),
    Body("city", "岑州市城市管理综合执法局", DEPARTMENT, PREFECTURE, "990100", "", "岑城管罚", site="city.cenzhou"),
    Body("culture", "岑州市文化和旅游局", DEPARTMENT, PREFECTURE, "990100", "", "岑文旅罚", field="culture-tourism",
         site="culture.cenzhou"),
    Body("ports", "岑州市港航事务中心", DEPARTMENT, PREFECTURE, "990100", "", "岑港航罚", category="2", is_organ=False,
         authorised_by="《青禾省港口条例（虚构）》第六条", site="ports.cenzhou"),
    Body("civil", "岑州市民政局", DEPARTMENT, PREFECTURE, "990100"),
    Body("justice", "岑州市司法局", DEPARTMENT, PREFECTURE, "990100"),
    Body("establishment", "岑州市机构编制办公室", DEPARTMENT, PREFECTURE, "990100"),
    Body("farming", "岑州市农业农村局", DEPARTMENT, PREFECTURE, "990100"),
    # Gives advice to firms; no organ, and no law lets it determine anything (REC-06).
    Body("advice", "岑州市企业服务中心", DEPARTMENT, PREFECTURE, "990100", category="2", is_organ=False),
    # A judicial organ determines by its own power (ORG-01); the clause of 7 working days does not bind it (PUB-13).
    Body("court", "岑州市中级人民法院", COURT, PREFECTURE, "990100", "", "（演示）岑01执", is_organ=False,
         authorised_by="《中华人民共和国民事诉讼法》第二百六十六条", site="court.cenzhou"),
    Body("quality", "岑州市质量技术监督局", DEPARTMENT, PREFECTURE, "990100", "market", "岑质监罚",
         ended_on=date(2019, 1, 31), successor="market"),
    Body("yunmiao", "云杪区市场监督管理局", DEPARTMENT, COUNTY, "990102", "market", "云市监罚", site="yunmiao.cenzhou"),
    Body("zhuyin", "竹隐区市场监督管理局", DEPARTMENT, COUNTY, "990103", "market", "竹市监罚", site="zhuyin.cenzhou"),
    Body("shifan", "石帆县市场监督管理局", DEPARTMENT, COUNTY, "990121", "market", "石市监罚", site="shifan.cenzhou"),
    Body("tangli", "云杪区市场监督管理局棠梨所", DEPARTMENT, BELOW, "990102", "yunmiao", "云市监棠罚", site="yunmiao.cenzhou"),
    Body("wangsha", "望沙市市场监督管理局", DEPARTMENT, PREFECTURE, "990200", "qh_market", "望市监罚", site="market.wangsha"),
)  # fmt: skip
BY_KEY = {body.key: body for body in BODIES}
UNREGISTERED_BODY = make_code("1", "1", "990100", "MBDEM900")  # a sound code that no body bears


def code_of(key: str) -> str:
    """The unified code of a body: department 1, the establishment offices."""
    body = BY_KEY[key]
    number = next(n for n, each in enumerate(BODIES, start=1) if each is body)
    return make_code("1", body.category, body.region, f"MBDEM{number:03d}")


def build(on: date) -> dict[str, Agency]:
    """Make divisions and bodies, bring the province's own rules into force, appoint officers; bodies by their key."""
    Region.objects.bulk_create([Region(code=code, name=name) for code, name in REGIONS.items()], ignore_conflicts=True)
    load_rules(read(RULES), by=SYSTEM, on=on)
    made: dict[str, Agency] = {}
    for body in BODIES:  # superiors stand before those below them
        made[body.key] = Agency.objects.create(
            unified_code=code_of(body.key), name=body.name, kind=body.kind, level=body.level, region_id=body.region,
            superior=made.get(body.superior), successor=made.get(body.successor), domain=body.domain, field=body.field,
            is_administrative_organ=body.is_organ, authorised_by=body.authorised_by, valid_from=BEGINNING,
            valid_to=body.ended_on, channel_name=f"{body.name}门户网站“行政处罚”栏目" if body.site else "",
            channel_url=f"https://{body.site}.example/penalties/" if body.site else "",
        )  # fmt: skip
    officers.appoint(made, since=BEGINNING)
    return made
