"""The sample file: 40 rows of 1,000 are refused, each by the rule it was made for, and nothing else is."""

import csv
import hashlib
import io
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Agency
from casework.actors import SYSTEM
from casework.models import Refusal
from credit_portal.demo import acts, sample, subjects, world
from disclosure.models import Record as Shown
from records import services
from records.forms import read_csv
from records.models import AdministrativeAct
from records.services import Delivery
from subjects.codes import FailedCheck
from subjects.services import take_in_register
from tests.conftest import THE_DAY, count_anew

ON = THE_DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def market() -> Agency:
    """The sender of the sample file, its world and its subjects; the facts of 2025 to which the file comes back."""
    return prepare(ON)


def prepare(on: date) -> Agency:
    bodies = world.build(on)
    take_in_register(subjects.register(), source=subjects.SOURCE, by=SYSTEM, on=on)
    acts.anchors(bodies)
    return bodies[sample.SENDER_KEY]


def deliver(file: Path, sender: Agency, *, on: date = ON, dry_run: bool = False) -> Delivery:
    content = file.read_bytes()
    source, digest = read_csv(io.BytesIO(content)), hashlib.sha256(content).hexdigest()
    return services.take_in(source, agency=sender, by=SYSTEM, on=on, sha256=digest, dry_run=dry_run)


def refused(delivery: Delivery) -> dict[int, list[tuple[str, str]]]:
    """Row → its rules and columns."""
    return {
        row.n: [(refusal["rule"], refusal["field"] or "") for refusal in row.refusals]
        for row in delivery.rows
        if row.verdict == "refused"
    }


def expected(file: Path) -> dict[int, list[tuple[str, str]]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return {int(row["n"]): [(row["rule"], row["column"])] for row in csv.DictReader(stream)}


@pytest.mark.proves("REC-18", "CAT-17", "INV-69")
def test_dry_run_and_real_run_refuse_exactly_the_forty_each_by_its_one_rule(market: Agency, tmp_path: Path) -> None:
    file, sidecar = sample.write(tmp_path, ON)

    dry = deliver(file, market, dry_run=True)
    before = Refusal.objects.filter(act="take_in").count()
    real = deliver(file, market)

    assert refused(dry) == refused(real) == expected(sidecar)
    assert dry.totals == real.totals == Counter(accepted=960, refused=40)
    register = Refusal.objects.filter(act="take_in")
    assert (before, register.count()) == (0, 40)
    assert set(register.values_list("rule", flat=True)) == {fault.rule for fault in sample.FAULTS}
    assert set(register.values_list("agency_id", flat=True)) == {market.pk}


@pytest.mark.proves("PUB-09")
def test_the_other_960_are_public_at_once(market: Agency, tmp_path: Path) -> None:
    file, _sidecar = sample.write(tmp_path, ON)

    delivery = deliver(file, market)

    accepted = {row.record_id for row in delivery.rows if row.verdict == "accepted"}
    count_anew()
    shown = Shown.objects.filter(public_id__in=accepted)
    assert shown.count() == len(accepted) == 960
    assert not shown.filter(late=True).exists()


def test_sending_the_file_again_changes_nothing(market: Agency, tmp_path: Path) -> None:
    file, sidecar = sample.write(tmp_path, ON)
    deliver(file, market)
    held = AdministrativeAct.objects.count()

    again = deliver(file, market)

    assert again.totals == Counter(unchanged=960, refused=40)
    assert refused(again) == expected(sidecar)
    assert AdministrativeAct.objects.count() == held


def test_the_file_is_the_same_whenever_it_is_made_for_a_day(tmp_path: Path) -> None:
    once, again, later = (
        sample.write(tmp_path / name, on)[0] for name, on in (("a", ON), ("b", ON), ("c", date(2026, 12, 1)))
    )

    assert once.read_bytes() == again.read_bytes() != later.read_bytes()


def test_there_are_forty_faults_and_every_check_of_a_code_is_among_them() -> None:
    codes = [
        fault.changed({}, sample.Day(ON))["cf_xdr_shxym"] for fault in sample.FAULTS if fault.rule == "code_malformed"
    ]
    found = {str(sample.check_code(code).failed_check) for code in codes}

    assert len(sample.FAULTS) == 40
    assert found == {str(check) for check in FailedCheck}


@pytest.mark.all
@pytest.mark.parametrize("on", [date(2026, 4, 3), date(2026, 12, 30), date(2027, 2, 20), date(2029, 7, 2)])
def test_the_sample_holds_in_other_months_and_years(on: date, tmp_path: Path, travel: Any) -> None:
    """Where the working days of a year are not announced, rows are taken with a warning and shown all the same."""
    travel(on)
    market = prepare(on)
    file, sidecar = sample.write(tmp_path, on)

    delivery = deliver(file, market, on=on)

    assert refused(delivery) == expected(sidecar)
    assert delivery.totals == Counter(accepted=960, refused=40)
    accepted = [row.record_id for row in delivery.rows if row.verdict == "accepted"]
    count_anew()
    assert Shown.objects.filter(public_id__in=accepted).count() == 960
