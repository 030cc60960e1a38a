"""About 2,000 penalties and 200 licences of the last four and a half years, through the real intake, and what became of them.

Deliveries are dated as they would have come in: a body sends each half-year's decisions, which it had published itself in
time, and its newest within days. Whatever is late, held, corrected, withdrawn, stayed or annulled is meant to be.
"""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from pypdf import PdfWriter

from accounts.models import Agency, User
from casework import attachments
from casework.actors import SYSTEM
from casework.models import Attachment
from credit_portal.demo import licences, penalties
from credit_portal.demo.people import identity_number
from credit_portal.demo.subjects import SEED, Party, parties
from credit_portal.demo.world import MARKET_BODIES
from records import services
from records.forms import read_json
from records.jobs import sweep
from records.models import AdministrativeAct
from records.states import Verdict
from subjects.models import Subject

SHARES = (2, 3, 4, 11, 15, 15, 16, 17, 17)  # per cent of the routine penalties in each half-year, the oldest first
SENDERS = {  # sender → bodies that decide, and how many of the routine penalties are its own
    "market": (MARKET_BODIES, 850), "safety": (("safety",), 170), "fire": (("fire",), 170), "ecology": (("ecology",), 160),
    "city": (("city",), 160), "culture": (("culture",), 120), "ports": (("ports",), 70), "qh_market": (("qh_market",), 40),
    "wangsha": (("wangsha",), 40),
}  # fmt: skip
LICENSORS = {
    "market": (MARKET_BODIES, 80), "fire": (("fire",), 20), "ecology": (("ecology",), 15), "city": (("city",), 15),
    "culture": (("culture",), 15), "safety": (("safety",), 10), "wangsha": (("wangsha",), 5),
}  # fmt: skip
EXEMPT = "demo-archives-regulation:第八条"

# Facts of 2025 to which the sample file comes back; their numbers never change.
WITHDRAWN, CORRECTABLE, SENT_BY_PROVINCE = (penalties.number("market", 2025, n) for n in (9001, 9002, 9003))
ANCHORED_ON = date(2025, 10, 14)


@dataclass
class Demo:
    """What the making of acts carries along."""

    today: date
    bodies: dict[str, Agency]
    random: Random
    parties: list[Party]
    luck: Random  # of the licences
    totals: Counter[str] = field(default_factory=Counter)
    numbers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def row(self, by: str = "market", *, ago: int, **more: Any) -> penalties.Cells:
        """A row decided so many days ago, on the working day before if that was a weekend."""
        decided_on = weekday(self.today - timedelta(days=ago))
        self.numbers[by, decided_on.year] += 1
        number = penalties.number(by, decided_on.year, self.numbers[by, decided_on.year])
        of = None if "cf_xdr_zjhm" in more else self.random.choice(self.parties)
        return penalties.penalty(self.random, by=by, of=of, number=number, decided_on=decided_on, **more)

    def licence(self, by: str = "market", *, ago: int, **more: str) -> penalties.Cells:
        """The same for a licence. Numbers of their own, and chance of its own: the penalties stay as they are."""
        decided_on = weekday(self.today - timedelta(days=ago))
        self.numbers[f"{by} licences", decided_on.year] += 1
        number = licences.number(by, decided_on.year, self.numbers[f"{by} licences", decided_on.year])
        of = None if "xk_xdr_zjhm" in more else self.luck.choice(self.parties)
        return licences.licence(self.luck, by=by, of=of, number=number, decided_on=decided_on, **more)

    def deliver(
        self, rows: list[penalties.Cells], *, sender: str = "market", ago: int = 0, kind: str = "penalties"
    ) -> services.Delivery:
        """Hand in rows as they came in so many days ago."""
        on, agency = self.today - timedelta(days=ago), self.bodies[sender]
        delivery = services.take_in(
            read_json(rows, kind=kind), kind=kind, agency=agency, by=SYSTEM, on=on, sha256="0" * 64
        )
        self.totals.update(delivery.totals)
        return delivery

    def acts(self, delivery: services.Delivery) -> list[AdministrativeAct]:
        ids = [row.record_id for row in delivery.rows]
        return list(AdministrativeAct.objects.filter(public_id__in=ids, state="effective").order_by("pk"))


def make(bodies: dict[str, Agency], today: date) -> Counter[str]:
    """All acts of the demo. The totals are those of the intake, and of the sweep that ends what is over."""
    demo = Demo(today, bodies, Random(SEED), parties(), Random(SEED + 1))  # noqa: S311  invented data, not secrets
    anchors(bodies)
    for sender in SENDERS:
        for rows, ago in _routine(demo, sender):
            demo.deliver(rows, sender=sender, ago=ago)
    _newest(demo)
    _late(demo)
    _held(demo)
    _never_shown(demo)
    _persons(demo)
    _ending(demo)
    _changed(demo)
    _documents_that_lost_effect(demo)
    _without_act(demo)
    _licences(demo)
    demo.totals.update({f"sweep: {name}": count for name, count in sweep(today).items()})
    return demo.totals


def weekday(day: date) -> date:
    return day - timedelta(days=max(day.weekday() - 4, 0))


# ── what comes in day by day ─────────────────────────────────────────────────────────────────────────────────────────


def _routine(demo: Demo, sender: str) -> Iterator[tuple[list[penalties.Cells], int]]:
    """The half-years of a sender, oldest first: each decision stood on its own site within five days."""
    deciders, count = SENDERS[sender]
    for half_year, share in zip(range(len(SHARES), 0, -1), SHARES, strict=True):
        ago_from, ago_to = half_year * 182, (half_year - 1) * 182 + 12
        rows = []
        for _n in range(max(count * share // 100, 1)):
            ago = demo.random.randint(ago_to + 6, ago_from)
            row = demo.row(demo.random.choice(deciders), ago=ago)
            shown_on = date.fromisoformat(row["cf_jdrq"]) + timedelta(days=demo.random.randint(1, 5))
            rows.append(row | {"source_public_on": shown_on.isoformat()})
        yield rows, ago_to


def _newest(demo: Demo) -> None:
    """Decided in these days and shown here first: PUBLISHED, within the seven working days."""
    for ago in (6, 4, 2, 1, 0):
        rows = [demo.row(demo.random.choice(MARKET_BODIES), ago=ago + 1) for _n in range(9)]
        demo.deliver(rows, ago=ago)
    below = [demo.row("tangli", ago=ago) for ago in (90, 60, 45, 33, 30, 26, 21)]
    demo.deliver(below)  # the clause does not bind a body below county level, so nothing here is late (PUB-13)


def _late(demo: Demo) -> None:
    """Late by the department: handed in after the seven working days, or shown at the source after them (PUB-09)."""
    demo.deliver([demo.row(ago=ago) for ago in (60, 57, 54, 51, 48, 46)], ago=20)
    demo.deliver([demo.row(ago=80, source_public_on=str(demo.today - timedelta(days=50))) for _n in range(4)], ago=40)


def _held(demo: Demo) -> None:
    """Texts in which a number or a name was found wait for a second officer (SHR-06): in time, overdue, cleared."""
    telling = "当事人的联系人身份证号{number}，已核实。"

    def held(ago: int, n: int) -> penalties.Cells:
        number = identity_number(date(1979, 5, 1) + timedelta(days=n), 600 + n)
        return demo.row(ago=ago, cf_sy=telling.format(number=number))

    demo.deliver([held(2, n) for n in range(5)], ago=1)  # PENDING
    named = demo.row(ago=2)
    demo.deliver([named | {"cf_sy": f"经询问{named['cf_frdb']}并现场检查，违法事实清楚。"}], ago=1)
    demo.deliver([held(40, 10 + n) for n in range(3)], ago=38)  # OVERDUE
    clearer = User.objects.get(username="demo.reviewer")
    for ago, cleared_ago in ((4, 2), (35, 15)):  # published in time; published late by the portal
        for act in demo.acts(demo.deliver([held(ago, 20 + ago + n) for n in range(2)], ago=ago - 1)):
            on = demo.today - timedelta(days=cleared_ago)
            services.clear_text(act.pk, by=clearer, on=on, reason="号码为演示虚构，可以公开。")


def _never_shown(demo: Demo) -> None:
    """Not disclosable by class or by item, exempt by citation, a business secret kept back (PUB-06, PUB-07, SEC-16)."""
    demo.deliver([demo.row(ago=20 + 9 * n, conduct=penalties.MINOR) for n in range(40)])
    demo.deliver([demo.row(ago=30 + n, catalogue_item="QH-03-06") for n in range(5)])
    demo.deliver([demo.row(ago=25 + n, exempt_basis=EXEMPT) for n in range(6)])
    secret = {"business_secret": "cf_sy", "cf_sy": "涉及当事人的工艺参数，略。"}
    demo.deliver([demo.row(ago=3, **secret) for _n in range(5)])


def _persons(demo: Demo) -> None:
    """Natural persons, masked and found by no code (SUB-11); minors, who are never shown (REC-09)."""
    rows = []
    for n in range(30):
        more = penalties.person(demo.random, born_on=date(1962, 3, 1) + timedelta(days=n * 411), sequence=200 + n)
        rows.append(demo.row("city", ago=4, **more))
    demo.deliver(rows, sender="city", ago=1)
    youngest = demo.today.replace(day=1) - timedelta(days=16 * 365)
    minors = [
        penalties.person(demo.random, born_on=youngest - timedelta(days=n * 40), sequence=300 + n) for n in range(4)
    ]
    demo.deliver([demo.row("city", ago=5, **more) for more in minors], sender="city", ago=2)


def _ending(demo: Demo) -> None:
    """The department's own last day: today, in the next days, yesterday; and one beyond the regime's longest (SHR-10)."""

    def until(days: int) -> dict[str, str]:
        return {
            "cf_gsjzq": str(demo.today + timedelta(days=days)), "source_public_on": str(demo.today - timedelta(days=97)),
        }  # fmt: skip

    demo.deliver([demo.row(ago=100, **until(days)) for days in (-30, -7, -1, 0, 1, 2, 3, 5, 7, 9)], ago=95)
    demo.deliver([demo.row(ago=100, **until(4_000)) for _n in range(3)], ago=95)


# ── what became of it ────────────────────────────────────────────────────────────────────────────────────────────────


def _changed(demo: Demo) -> None:
    """Corrected by the sender, and withdrawn by the sender: versions, nothing overwritten (REC-08)."""
    shown = {"source_public_on": str(demo.today - timedelta(days=67))}
    wrong = [demo.row(ago=70, **shown) for _n in range(14)]
    demo.deliver(wrong, ago=65)
    right = [
        row | {"cf_sy": row["cf_sy"] + "当事人已改正。", "op": "correct", "reason": "补正事实表述"} for row in wrong
    ]
    demo.deliver(right, ago=30)
    mistaken = [demo.row(ago=75, **shown) for _n in range(12)]
    demo.deliver(mistaken, ago=65)
    demo.deliver([row | {"op": "withdraw", "reason": "当事人认定有误，自行撤回"} for row in mistaken], ago=12)


def _documents_that_lost_effect(demo: Demo) -> None:
    """Stayed, stayed and lifted, annulled: with the order of the body that ruled (REC-12, INV-07)."""
    rows = [demo.row(ago=55, source_public_on=str(demo.today - timedelta(days=51))) for _n in range(11)]
    acts = demo.acts(demo.deliver(rows, ago=50))
    on = demo.today - timedelta(days=10)
    annulment, stay = order("复议决定书.pdf"), order("停止执行通知书.pdf")
    for n, act in enumerate(acts):
        number = f"（演示）复〔{on.year}〕{n + 1}号"
        ruling: dict[str, Any] = {"order": annulment if n < 6 else stay, "order_number": number, "by": SYSTEM, "on": on}
        if n < 6:
            services.annul_document(act.document_id, reason="复议机关撤销处罚决定（演示）", **ruling)
        else:
            services.stay_document(act.document_id, **ruling)
        if n >= 9:
            services.lift_stay(act.document_id, by=SYSTEM, on=on, reason="停止执行的期间届满（演示）")


def _without_act(demo: Demo) -> None:
    """Untrustworthiness that rests on judgments and other decisions, without a penalty; and documents not yet in effect."""
    retrial = order("再审判决书.pdf")
    for n in range(14):
        party = demo.random.choice(demo.parties)
        by, kind, item = ("court", "judgment", "NC-10-01") if n % 2 else ("city", "adjudication", "NC-10-01")
        decided_on = weekday(demo.today - timedelta(days=40 + 5 * n))
        document = services.register_document(
            document_type=kind, title="生效法律文书（演示）",
            number=f"（演示）{decided_on.year}文{n + 1}号", issuer=demo.bodies[by],
            subject_id=Subject.objects.get(unified_code=party.code).pk, decided_on=decided_on,
            effective_on=demo.today + timedelta(days=9) if n < 3 else decided_on + timedelta(days=15),
            conduct="未履行生效法律文书确定的义务", by=SYSTEM, on=demo.today,
        )  # fmt: skip
        if n < 3:
            continue  # REGISTERED: it carries nothing before its day (REC-01)
        services.take_effect(document.pk, by=SYSTEM, on=demo.today)
        services.record_untrustworthiness(
            document.pk, item_code=item, nature="未履行生效法律文书确定的义务", severity="ordinary", field="", by=SYSTEM,
            sender=demo.bodies[by], on=demo.today,
        )  # fmt: skip
        if n >= 12:
            services.annul_document(
                document.pk, order=retrial, order_number=f"（演示）再{n}号", by=SYSTEM, on=demo.today,
                reason="再审撤销（演示）",
            )  # fmt: skip


def _licences(demo: Demo) -> None:
    """What was permitted: in time, late, of natural persons, held, kept back in part, corrected, withdrawn."""

    def deliver(rows: list[penalties.Cells], *, sender: str = "market", ago: int = 0) -> None:
        demo.deliver(rows, sender=sender, ago=ago, kind="licences")

    for sender, (deciders, count) in LICENSORS.items():
        rows = []
        for n in range(count):
            row = demo.licence(demo.luck.choice(deciders), ago=30 + n * 1_500 // count)
            shown_on = date.fromisoformat(row["xk_jdrq"]) + timedelta(days=demo.luck.randint(1, 5))
            rows.append(row | {"source_public_on": shown_on.isoformat()})
        deliver(rows, sender=sender, ago=20)
    for ago in (5, 3, 1, 0):
        deliver([demo.licence(demo.luck.choice(MARKET_BODIES), ago=ago + 1) for _n in range(6)], ago=ago)
    deliver([demo.licence(ago=ago) for ago in (61, 58, 55)], ago=21)  # late
    persons = [
        licences.person(demo.luck, born_on=date(1968, 5, 1) + timedelta(days=n * 611), sequence=400 + n)
        for n in range(12)
    ]
    deliver([demo.licence("city", ago=4, **one) for one in persons], sender="city", ago=2)
    deliver([demo.licence(ago=3, xk_nr="食品销售，联系电话13800138000") for _n in range(2)], ago=1)
    deliver([demo.licence(ago=6, business_secret="xk_nr") for _n in range(2)], ago=2)  # noqa: S106  a column
    shown = {"source_public_on": str(demo.today - timedelta(days=67))}
    wrong = [demo.licence(ago=70, **shown) for _n in range(5)]
    deliver(wrong, ago=65)
    deliver([row | {"xk_zt": "无效", "op": "correct", "reason": "许可已注销"} for row in wrong[:3]], ago=25)
    deliver([row | {"op": "withdraw", "reason": "录入有误，自行撤回"} for row in wrong[3:]], ago=12)


def order(name: str) -> Attachment:
    """An order as the court or reconsideration body served it: an empty page, kept as evidence like any other file."""
    page, file = PdfWriter(), io.BytesIO()
    page.add_blank_page(width=595, height=842)
    page.write(file)
    file.seek(0)
    return attachments.store(file, name=name, by=SYSTEM)


def anchors(bodies: dict[str, Agency]) -> None:
    """Three facts of October 2025 that the sample file comes back to: one withdrawn, one standing, one sent by the province."""
    on = ANCHORED_ON + timedelta(days=3)

    def deliver(rows: list[penalties.Cells], sender: str) -> None:
        done = services.take_in(read_json(rows), agency=bodies[sender], by=SYSTEM, on=on, sha256="0" * 64)
        if done.totals[Verdict.REFUSED]:
            raise AssertionError([row.refusals for row in done.rows])

    withdrawn, standing, provincial = (anchor(number) for number in (WITHDRAWN, CORRECTABLE, SENT_BY_PROVINCE))
    deliver([withdrawn, standing], "market")
    deliver([provincial], "qh_market")
    deliver([withdrawn | {"op": "withdraw", "reason": "当事人认定有误，自行撤回"}], "market")


def anchor(number: str) -> penalties.Cells:
    """The row of an anchor, the same every time."""
    random = Random(number)  # noqa: S311
    return penalties.penalty(random, by="market", of=parties()[0], number=number, decided_on=ANCHORED_ON)
