"""Rows of the licence format: what the demo's bodies permit. All invented, like the penalties."""

from dataclasses import dataclass
from datetime import date
from random import Random

from credit_portal.demo.penalties import ORGANISATION, PERSON, SOLE_TRADER, Cells
from credit_portal.demo.people import identity_number, name
from credit_portal.demo.subjects import Party
from credit_portal.demo.world import BY_KEY, MARKET_BODIES, code_of

LONG_TERM = "2099-12-31"


@dataclass(frozen=True)
class Permit:
    """One kind of licence. `years` 0: long term."""

    title: str
    kind: str
    certificate: str
    letters: str
    content: str
    years: int = 5


FOOD = Permit("准予食品经营许可决定书", "普通", "食品经营许可证", "JY", "预包装食品销售，散装食品销售")
PERMITS = {
    **dict.fromkeys(
        (*MARKET_BODIES, "qh_market", "wangsha"),
        (
            FOOD,
            Permit("准予特种设备使用登记通知书", "登记", "特种设备使用登记证", "TS", "电梯使用登记", 0),
            Permit("准予小作坊登记通知书", "登记", "食品小作坊登记证", "XZ", "糕点加工（现制现售）", 3),
        ),
    ),
    "fire": (Permit("公众聚集场所消防安全检查意见书", "核准", "", "", "准予投入使用、营业", 0),),
    "ecology": (Permit("排污许可证核发决定书", "普通", "排污许可证", "PW", "废气、废水排放", 5),),
    "city": (Permit("户外广告设置许可决定书", "普通", "", "", "设置门头招牌一处", 2),),
    "culture": (Permit("准予娱乐场所经营许可决定书", "普通", "娱乐经营许可证", "YL", "歌舞娱乐经营", 2),),
    "safety": (Permit("安全生产知识考核合格通知书", "认可", "安全合格证", "AQ", "主要负责人安全生产知识考核合格", 3),),
}  # fmt: skip
"""By the key of the body that decides."""


def licence(random: Random, *, by: str, of: Party | None, number: str, decided_on: date, **more: str) -> Cells:
    """One row, every value as text. Without `of` it is about a natural person, added by `person`."""
    body, permit = BY_KEY[by], random.choice(PERMITS[by])
    until = decided_on.replace(day=min(decided_on.day, 28), year=decided_on.year + permit.years)
    row = {
        "xk_xkws": permit.title, "xk_wsh": number, "xk_xklb": permit.kind, "xk_xkzs": permit.certificate,
        "xk_xkbh": f"{permit.letters}-{random.randint(100_000, 999_999)}" if permit.letters else "", "xk_nr": permit.content,
        "xk_jdrq": decided_on.isoformat(), "xk_yxqz": decided_on.isoformat(),
        "xk_yxqzi": until.isoformat() if permit.years else LONG_TERM, "xk_xkjg": body.name, "xk_xkjgdm": code_of(by),
        "xk_zt": "有效", "xk_lydw": body.name, "xk_lydwdm": code_of(by),
    }  # fmt: skip
    if of is not None:
        row |= {
            "xk_xdr_mc": of.name, "xk_xdr_lb": SOLE_TRADER if of.is_sole_trader else ORGANISATION, "xk_xdr_shxym": of.code,
            "xk_frdb": of.legal_representative,
        }  # fmt: skip
    return row | more


def person(random: Random, *, born_on: date, sequence: int) -> Cells:
    """The columns that name a natural person."""
    return {
        "xk_xdr_mc": name(random), "xk_xdr_lb": PERSON, "xk_xdr_zjlx": "身份证",
        "xk_xdr_zjhm": identity_number(born_on, sequence),
    }  # fmt: skip


def number(by: str, year: int, n: int) -> str:
    """The number of a decision: 岑市监许〔2026〕31号."""
    return f"{BY_KEY[by].mark.replace('罚', '许')}〔{year}〕{n}号"
