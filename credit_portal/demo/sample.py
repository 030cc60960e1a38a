"""A delivery of 1,000 penalties in the national format with 40 deliberate faults, each of another kind.

The 960 others are public at once. Dates hang on the day for which the file is made, and so do the document numbers, so that
the file of another day brings other facts. It is the file of 岑州市市场监督管理局 and needs the demo (`load_demo`).
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from credit_portal.demo import acts, penalties, world
from credit_portal.demo.penalties import Cells
from credit_portal.demo.people import identity_number
from credit_portal.demo.subjects import Party, parties
from records.formats import PENALTIES, SENDER
from subjects.codes import ALPHABET, check_code, make_code

ROWS = 1_000
SENDER_KEY = "market"
FILE, EXPECTED = "sample_penalties.csv", "sample_expected.csv"
COLUMNS = [column.name for column in (*PENALTIES, *SENDER) if column.name != "query_receipt"]
UNREADABLE = "row_unreadable"


@dataclass(frozen=True)
class Fault:
    """One way in which a row goes wrong: what is changed in a sound row, and the one rule and column that must be named."""

    rule: str
    column: str
    changed: Callable[[Cells, "Day"], Cells]


@dataclass(frozen=True)
class Day:
    """The day for which the file is made."""

    on: date

    def after(self, days: int) -> str:
        return (self.on + timedelta(days=days)).isoformat()


def write(folder: Path, on: date) -> tuple[Path, Path]:
    """Write the file and, beside it, which rows must be refused by which rule."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(make(on))
    with (folder / FILE).open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for cells, fault in rows:
            line = [cells.get(name, "") for name in COLUMNS]
            out.writerow(line[:-3] if fault and fault.rule == UNREADABLE else line)
    with (folder / EXPECTED).open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["n", "rule", "column"])
        out.writerows([n, fault.rule, fault.column] for n, (_cells, fault) in enumerate(rows, start=1) if fault)
    return folder / FILE, folder / EXPECTED


def make(on: date) -> Iterator[tuple[Cells, Fault | None]]:
    """The rows, each with its fault or None. The same every time for the same day."""
    random = Random(on.toordinal())  # noqa: S311  invented data, not secrets
    faulty = dict(zip(sorted(random.sample(range(1, ROWS + 1), len(FAULTS))), FAULTS, strict=True))
    known = parties()
    for n in range(1, ROWS + 1):
        cells = sound(random, n, known, on)
        fault = faulty.get(n)
        yield (fault.changed(cells, Day(on)) if fault else cells), fault


def sound(random: Random, n: int, known: list[Party], on: date) -> Cells:
    """A row that is public at once: an ordinary or serious penalty of the last weeks, shown at its source within days."""
    decided_on = acts.weekday(on - timedelta(days=random.randint(0, 45)))
    number = penalties.number(SENDER_KEY, decided_on.year, int(f"{on:%m%d}{n:04d}"))
    by = random.choice(world.MARKET_BODIES)
    cells = penalties.penalty(random, by=by, of=random.choice(known), number=number, decided_on=decided_on)
    shown_on = decided_on + timedelta(days=random.randint(1, 5))
    cells["source_public_on"] = shown_on.isoformat() if shown_on <= on else ""
    return cells | {"source_id": f"S-{on:%Y%m%d}-{n:04d}"}


# ── the faults ───────────────────────────────────────────────────────────────────────────────────────────────────────


def but(**changes: str) -> Callable[[Cells, Day], Cells]:
    """A sound row with these cells."""
    return lambda cells, day: cells | changes


def later(column: str, days: int) -> Callable[[Cells, Day], Cells]:
    return lambda cells, day: cells | {column: day.after(days)}


def before_decision(cells: Cells, day: Day) -> Cells:
    return cells | {"cf_yxq": str(date.fromisoformat(cells["cf_jdrq"]) - timedelta(days=10))}


def wrong_code(code: str) -> Callable[[Cells, Day], Cells]:
    """A code that fails exactly one check; the file holds it as an officer would have mistyped it."""
    return but(cf_xdr_shxym=code)


def body(key: str) -> Callable[[Cells, Day], Cells]:
    return but(cf_cfjg=world.BY_KEY[key].name, cf_cfjgdm=world.code_of(key))


def anchored(number: str, **changes: str) -> Callable[[Cells, Day], Cells]:
    """A fact of the demo once more."""
    return lambda cells, day: acts.anchor(number) | changes


def natural_person(cells: Cells, day: Day) -> Cells:
    """A person's penalty under an item that covers organisations only."""
    person = penalties.person(Random(1), born_on=date(1980, 2, 3), sequence=700)  # noqa: S311
    return cells | {"cf_xdr_shxym": "", "cf_frdb": "", "catalogue_item": "QH-03-02"} | person


def without_any_regime(cells: Cells, day: Day) -> Cells:
    """Decided before the first rule on how long a penalty is shown, and the row names no last day."""
    return cells | {"cf_jdrq": "2019-03-15", "source_public_on": "", "catalogue_item": "QH-03-02"} | {
        "cf_cfjg": world.BY_KEY["market"].name, "cf_cfjgdm": world.code_of("market"),
    }  # fmt: skip


def fine_without_amount(cells: Cells, day: Day) -> Cells:
    return cells | {"cf_cflb": "罚款", "cf_nr_fk": "", "cf_nr_wfff": ""}


def _other(character: str) -> str:
    return ALPHABET[(ALPHABET.index(character) + 1) % len(ALPHABET)]


CODE = make_code("9", "1", "990100", "MADEM999")  # a sound code that the register does not hold
IDENTITY = next(
    number
    for number in (identity_number(date(1980, 1, 1), n) for n in range(800, 999))
    if not check_code(number).is_valid
)

FAULTS = (
    Fault(UNREADABLE, "", but()),
    Fault("value_missing", "cf_sy", but(cf_sy="")),
    Fault("value_missing", "cf_xdr_shxym", but(cf_xdr_shxym="")),
    Fault("value_too_long", "cf_wsh", but(cf_wsh="岑市监罚〔2026〕" + "9" * 120 + "号")),
    Fault("value_not_in_list", "cf_cflb", but(cf_cflb="罚款;没收全部家产")),
    Fault("date_invalid", "cf_jdrq", but(cf_jdrq="2026-02-30", source_public_on="")),
    Fault("number_invalid", "cf_nr_wfff", but(cf_nr_wfff="壹万元")),
    Fault("code_malformed", "cf_xdr_shxym", wrong_code(CODE[:17])),  # length
    Fault("code_malformed", "cf_xdr_shxym", wrong_code("0" * 17 + "X")),  # placeholder
    Fault("code_malformed", "cf_xdr_shxym", wrong_code(CODE[:12] + "O" + CODE[13:])),  # character_set
    Fault("code_malformed", "cf_xdr_shxym", wrong_code("B" + CODE[1:])),  # registration_department
    Fault("code_malformed", "cf_xdr_shxym", wrong_code("98" + CODE[2:])),  # category
    Fault("code_malformed", "cf_xdr_shxym", wrong_code(CODE[:4] + "A" + CODE[5:])),  # division
    Fault("code_malformed", "cf_xdr_shxym", wrong_code(CODE[:17] + _other(CODE[17]))),  # check_character
    Fault("code_malformed", "cf_xdr_shxym", wrong_code(CODE.lower())),  # form
    Fault("identity_number_refused", "cf_xdr_shxym", wrong_code(IDENTITY)),  # never echoed, never kept
    Fault("subject_not_in_register", "cf_xdr_shxym", wrong_code(CODE)),
    Fault("subject_name_mismatch", "cf_xdr_mc", but(cf_xdr_mc="岑州市查无此名商贸有限公司")),
    Fault("body_not_authorised", "cf_cfjgdm", body("quality")),
    Fault("basis_mismatch", "cf_cfjg", but(cf_cfjg="岑州市城市管理综合执法局")),
    Fault("authority_not_sender", "cf_cfjgdm", body("wangsha")),
    Fault(
        "decided_after_recorded",
        "cf_jdrq",
        lambda cells, day: cells | {"cf_jdrq": day.after(3), "source_public_on": ""},
    ),
    Fault("date_in_future", "source_public_on", later("source_public_on", 2)),
    Fault("validity_order", "cf_yxq", before_decision),
    Fault("fine_amount_missing", "cf_nr_fk", fine_without_amount),
    Fault("catalogue_item_not_in_force", "catalogue_item", but(catalogue_item="QH-03-90")),
    Fault("outside_catalogue", "catalogue_item", but(catalogue_item="QH-99-99")),
    Fault("outside_catalogue", "catalogue_item", but(catalogue_item="NC-03-01")),  # an item for licences
    Fault("catalogue_item_other_region", "catalogue_item", but(catalogue_item="WS-03-01")),
    Fault("basis_type_not_allowed", "catalogue_item", but(catalogue_item="QH-03-05")),
    Fault("no_power_for_item", "cf_cfjgdm", but(catalogue_item="QH-03-04")),
    Fault("not_collecting_department", "catalogue_item", but(catalogue_item="QH-03-03")),
    Fault("personal_field_not_in_catalogue", "cf_xdr_lb", natural_person),
    Fault("exemption_without_citation", "exempt_basis", but(exempt_basis="ndrc-order-36:第二条")),
    Fault("publication_period_unknown", "cf_gsjzq", without_any_regime),
    Fault("reason_missing", "reason", anchored(acts.CORRECTABLE, op="correct", cf_sy="另作表述。")),
    Fault("nothing_to_correct", "cf_wsh", but(op="withdraw", reason="当事人认定有误")),
    Fault("restored_on_same_facts", "cf_wsh", anchored(acts.WITHDRAWN)),
    Fault("differs_from_record", "cf_wsh", anchored(acts.CORRECTABLE, cf_sy="另作表述。")),
    Fault("already_held_by_other_sender", "cf_wsh", anchored(acts.SENT_BY_PROVINCE)),
)
