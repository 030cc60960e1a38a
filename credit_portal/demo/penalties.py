"""Rows of the penalty format about invented conduct: what the demo's bodies hand in, and what the sample file holds.

The conduct stands in conducts.yaml. No text holds a person's name or a
number that could be a person's, unless a row is meant to be held for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

import yaml

from credit_portal.demo import people
from credit_portal.demo.subjects import Party
from credit_portal.demo.world import BY_KEY, MARKET_BODIES, code_of

Cells = dict[str, str]
ORGANISATION, PERSON, SOLE_TRADER = "法人及非法人组织", "自然人", "个体工商户"


@dataclass(frozen=True)
class Conduct:
    """One kind of unlawful conduct and how it is punished. Fines in 10,000 yuan, lowest and highest."""

    name: str
    facts: str
    grounds: str
    types: str = "罚款"
    fine: Sequence[float] | None = (0.5, 12)
    decision: str = "责令改正违法行为，处以罚款。"
    confiscates: bool = False
    licence: str = ""


def _read() -> dict[str, tuple[Conduct, ...]]:
    groups = yaml.safe_load(Path(__file__).with_name("conducts.yaml").read_text(encoding="utf-8"))
    return {name: tuple(Conduct(**row) for row in rows) for name, rows in groups.items()}


GROUPS = _read()
MINOR = GROUPS.pop("minor")[0]
CONDUCTS = (
    GROUPS | dict.fromkeys((*MARKET_BODIES, "qh_market", "wangsha"), GROUPS["market"]) | {"qh_safety": GROUPS["safety"]}
)
"""By the key of the body that decides."""


def penalty(
    random: Random,
    *,
    by: str,
    of: Party | None,
    number: str,
    decided_on: date,
    conduct: Conduct | None = None,
    **more: str,
) -> Cells:
    """One row, every value as text. `by`: the body's key; without `of` it is about a natural person, added by `person`."""
    body, conduct = BY_KEY[by], conduct or random.choice(CONDUCTS[by])
    fine = random.randint(int(conduct.fine[0] * 10), int(conduct.fine[1] * 10)) / 10 if conduct.fine else None
    gain = random.randint(1, 40) / 10 if conduct.confiscates else None
    licence = f"{conduct.licence} QH-{random.randint(1000, 9999)}" if conduct.licence else ""
    row = {
        "cf_wsh": number, "cf_wfxw": conduct.name, "cf_sy": conduct.facts, "cf_yj": conduct.grounds, "cf_cflb": conduct.types,
        "cf_nr": conduct.decision, "cf_nr_fk": f"{fine:.6f}" if fine else "", "cf_nr_wfff": f"{gain:.6f}" if gain else "",
        "cf_nr_zkdx": licence, "cf_jdrq": decided_on.isoformat(), "cf_cfjg": body.name, "cf_cfjgdm": code_of(by),
        "cf_sjly": body.name, "cf_sjlydm": code_of(by),
    }  # fmt: skip
    if of is not None:
        row |= {
            "cf_xdr_mc": of.name, "cf_xdr_lb": SOLE_TRADER if of.is_sole_trader else ORGANISATION, "cf_xdr_shxym": of.code,
            "cf_frdb": of.legal_representative,
        }  # fmt: skip
    return row | more


def person(random: Random, *, born_on: date, sequence: int) -> Cells:
    """The columns that name a natural person."""
    return {
        "cf_xdr_mc": people.name(random), "cf_xdr_lb": PERSON, "cf_xdr_zjlx": "身份证",
        "cf_xdr_zjhm": people.identity_number(born_on, sequence),
    }  # fmt: skip


def number(by: str, year: int, n: int) -> str:
    """The number of a decision: 岑市监罚〔2026〕31号."""
    return f"{BY_KEY[by].mark}〔{year}〕{n}号"
