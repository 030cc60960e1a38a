"""Rows in their first state, and deliveries through the real verbs. Everything is invented; division 990100."""

import csv
import io
from datetime import date
from itertools import count
from typing import Any
from uuid import uuid4

from accounts.models import Agency, ApiClient, Identity, Posting, Region, User
from accounts.services import MadeKey, make_client
from casework.actors import SYSTEM
from casework.calendar import today
from casework.models import Attachment
from records import services
from records.formats import PENALTIES, SENDER
from records.forms import read_csv
from records.models import AdministrativeAct
from subjects.codes import make_code
from subjects.models import Subject
from subjects.rules import RegisterRow
from subjects.services import take_in_register

numbers = count(1)
AGENCY_NAME = "示例市市场监督管理局"


def region(code: str = "990100", name: str = "示例市") -> Region:
    return Region.objects.get_or_create(code=code, defaults={"name": name})[0]


def code_of(n: int, *, department: str = "9", category: str = "1", division: str = "990100") -> str:
    """The n-th invented unified code of a registering department."""
    return make_code(department, category, division, f"MA{n:06d}")


def agency(name: str = AGENCY_NAME, **changes: Any) -> Agency:
    """An agency at prefecture level that has always been there."""
    place = region(changes.pop("region", "990100"))
    values: dict[str, Any] = {
        "kind": Agency.Kind.COMPETENT_DEPARTMENT, "level": Agency.Level.PREFECTURE, "region": place,
        "valid_from": date(2010, 1, 1), "channel_name": f"{name}门户网站", "channel_url": "https://www.example.cn/xzcf/",
        "field": "market-regulation",
    }  # fmt: skip
    code = changes.pop("unified_code", None) or code_of(next(numbers), department="1", category="1")
    return Agency.objects.create(name=name, unified_code=code, **values | changes)


def subject(name: str | None = None, **changes: Any) -> Subject:
    """A subject taken in from the register."""
    n = next(numbers)
    place = region(changes.pop("region", "990100"))
    values: dict[str, Any] = {
        "unified_code": code_of(n), "name": name or f"示例竹梅{n}商贸有限公司", "type": "legal_person", "region": place.code,
        "registered_on": date(2015, 3, 1),
    }  # fmt: skip
    row = RegisterRow(**values | changes)
    take_in_register([row], source="示例登记库", by=SYSTEM, on=today())
    return Subject.objects.get(unified_code=row.unified_code)


def officer(role: str, at: Agency, username: str | None = None) -> User:
    """An officer with one posting, who has always been there."""
    identity = Identity.objects.create(digest_key=1, digest=uuid4().bytes * 2)
    user = User.objects.create(username=username or f"officer{next(numbers)}", kind="staff", identity=identity)
    Posting.objects.create(user=user, agency=at, role=role, valid_from=date(2010, 1, 1))
    return user


def client_of(at: Agency, *scopes: str, **changes: Any) -> MadeKey:
    values: dict[str, Any] = {"kind": ApiClient.Kind.AGENCY, "name": "交换系统", "by": SYSTEM, "on": today()}
    return make_client(agency=at, scopes=scopes or ("intake",), **values | changes)


def order(name: str = "撤销决定书.pdf") -> Attachment:
    """A court's or reconsideration body's order, as it stands in the file."""
    return Attachment.objects.create(
        sha256="0" * 64, bytes=1, media_type="application/pdf", original_name=name, stored_by=SYSTEM.uuid
    )


def penalty(of: Subject | None, by: Agency, **changes: Any) -> dict[str, str]:
    """One row of the penalty format, as text: an ordinary fine decided today."""
    row = {
        "cf_xdr_mc": of.name if of else "示例某甲", "cf_xdr_lb": "法人及非法人组织" if of else "自然人",
        "cf_xdr_shxym": of.unified_code if of else "", "cf_wsh": f"示市监罚〔2026〕{next(numbers)}号",
        "cf_wfxw": "销售不合格商品", "cf_sy": "经查，当事人销售的商品经检验不合格，货值金额较小。",
        "cf_yj": "《中华人民共和国产品质量法》第四十九条", "cf_cflb": "罚款", "cf_nr": "罚款三万元", "cf_nr_fk": "3.000000",
        "cf_jdrq": str(today()), "cf_cfjg": by.name, "cf_cfjgdm": by.unified_code,
    }  # fmt: skip
    return row | {name: str(value) for name, value in changes.items()}


def csv_of(*rows: dict[str, str]) -> bytes:
    """The rows as a CSV file with every column of the format that is needed or used."""
    used = {name for row in rows for name, value in row.items() if value}
    names = [c.name for c in (*PENALTIES, *SENDER) if c.required or c.name in used]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def deliver(*rows: dict[str, str], sender: Agency, **options: Any) -> services.Delivery:
    """Hand in rows through the real verb, as the operator's command line does."""
    source = read_csv(io.BytesIO(csv_of(*rows)))
    values: dict[str, Any] = {"by": SYSTEM, "on": today(), "sha256": "0" * 64}
    return services.take_in(source, agency=sender, **values | options)


def act_of(delivery: services.Delivery, n: int = 1) -> AdministrativeAct:
    """The act that row n of a delivery became."""
    row = delivery.rows[n - 1]
    return AdministrativeAct.objects.get(public_id=row.record_id, version=row.version)
