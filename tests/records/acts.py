"""Rows of licences and of the eight other kinds of act, and their delivery through the real verb."""

from typing import Any

from accounts.models import Agency
from casework.actors import SYSTEM
from casework.calendar import today
from records import services
from records.forms import read_json
from subjects.models import Subject
from tests.factories import numbers

PERSON = {"xk_xdr_mc": "欧阳示例", "xk_xdr_zjlx": "身份证", "xk_xdr_zjhm": "990101199003078011"}


def licence(of: Subject | None, by: Agency, **changes: Any) -> dict[str, str]:
    """One row of the licence format, as text: a food licence of five years, decided today."""
    n, day = next(numbers), today()
    row = {
        "xk_xdr_mc": of.name if of else PERSON["xk_xdr_mc"], "xk_xdr_lb": "法人及非法人组织" if of else "自然人",
        "xk_xdr_shxym": of.unified_code if of else "", "xk_xkws": "准予食品经营许可决定书",
        "xk_wsh": f"示市监许〔2026〕{n}号", "xk_xklb": "普通", "xk_xkzs": "食品经营许可证", "xk_xkbh": f"JY-{n:06d}",
        "xk_nr": "预包装食品销售", "xk_jdrq": str(day), "xk_yxqz": str(day), "xk_yxqzi": str(day.replace(year=day.year + 5)),
        "xk_xkjg": by.name, "xk_xkjgdm": by.unified_code, "xk_zt": "有效",
    }  # fmt: skip
    return row | ({} if of else PERSON) | {name: str(value) for name, value in changes.items()}


def other_act(of: Subject, by: Agency, **changes: Any) -> dict[str, str]:
    """One row of the common format, as text: a compulsory measure decided today."""
    row = {
        "act_kind": "行政强制", "name": of.name, "counterpart": "法人及非法人组织", "unified_code": of.unified_code,
        "number": f"示市监强〔2026〕{next(numbers)}号", "content": "扣押不合格商品一批", "decided_on": str(today()),
        "authority": by.name, "authority_code": by.unified_code,
    }  # fmt: skip
    return row | {name: str(value) for name, value in changes.items()}


def hand_in(*rows: dict[str, str], kind: str, sender: Agency, **options: Any) -> services.Delivery:
    values: dict[str, Any] = {"by": SYSTEM, "on": today(), "sha256": "0" * 64}
    return services.take_in(read_json(list(rows), kind=kind), kind=kind, agency=sender, **values | options)


def said_of(delivery: services.Delivery, n: int = 1) -> tuple[str, list[str]]:
    """The verdict on row n and the rules that it names."""
    row = delivery.rows[n - 1]
    return row.verdict, [refusal["rule"] for refusal in row.refusals]
