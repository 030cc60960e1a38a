"""The intake desk: nothing is written before somebody says so, and what is said is what the gate says to everybody."""

import csv
import io
import json
import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Agency, User
from casework.calendar import today
from casework.errors import DomainError, NotAllowed, Refused, WrongState
from casework.models import AuditBody, AuditEvent, Refusal
from casework.privacy import Unreadable
from disclosure.models import Record as DisclosedRecord
from records.forms import FileRefused
from records.models import AdministrativeAct, IntakeBatch, IntakeRow, QuarantineRow
from records.services import desk, desk_rows, desk_steps, intake
from subjects.models import Subject
from tests.factories import agency, csv_of, deliver, officer, penalty, subject
from tests.records.desk import checked, done, every_count, upload, verdicts
from tests.records.sender import ADULT, Sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(office: Agency) -> User:
    return officer("clerk", office)


@pytest.fixture
def reviewer(office: Agency) -> User:
    return officer("reviewer", office)


# ── the dry run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def faulty(office: Agency, firm: Subject) -> list[dict[str, str]]:
    """Rows of many sorts: sound, faulty in shape, faulty at the gate, twice, held, without its subject."""
    sound = penalty(firm, office)
    return [
        sound, sound, penalty(firm, office, cf_jdrq="2026/03/01"), penalty(firm, office, cf_nr_fk="三万"),
        penalty(firm, office, cf_xdr_mc="别的名称有限公司"), penalty(firm, office, catalogue_item="XX-99", cf_sy=""),
        penalty(firm, office, cf_sy=f"当事人的证件号码是{ADULT}。"), penalty(firm, office, op="withdraw"),
        penalty(firm, office, bz=f"备注{ADULT}"), penalty(firm, office, cf_cfjgdm=firm.unified_code),
        penalty(None, office, cf_xdr_zjhm=ADULT, cf_xdr_mc="示例某甲"),
    ]  # fmt: skip


def ragged(content: bytes) -> bytes:
    """The same file with a line that has too few cells."""
    return content + b"\xe5\xa4\x9a\xe4\xbd\x99,1,2\r\n"


@pytest.mark.proves("REC-16", "REC-18")
def test_the_dry_run_says_of_every_row_what_the_call_of_a_key_says(
    office: Agency, firm: Subject, clerk: User, sender: Sender
) -> None:
    content = ragged(csv_of(*faulty(office, firm)))

    batch = upload(content, clerk, office)
    desk.check(batch.pk, on=today())
    told = sender.post(content, "kind=penalties&dry_run=true").json()

    rows = batch.quarantine.order_by("n")
    here = [(r.n, r.verdict, [{**x, "message": x["message_en"]} for x in r.refusals], r.warnings) for r in rows]
    for _n, _verdict, refusals, _warnings in here:
        for refusal in refusals:
            del refusal["message_en"]
    assert here == [(r["n"], r["verdict"], r["refusals"], r["warnings"]) for r in told["rows"]]
    batch.refresh_from_db()
    assert (batch.state, batch.totals) == ("checked", told["totals"])
    assert batch.totals["refused"] >= 6
    assert batch.totals["accepted"] >= 1


@pytest.mark.proves("REC-08")
def test_a_dry_run_writes_nothing_but_its_verdicts(office: Agency, firm: Subject, clerk: User) -> None:
    batch = upload(csv_of(*faulty(office, firm)), clerk, office)
    before = every_count()

    desk.check(batch.pk, on=today())

    changed = {name: n - before[name] for name, n in every_count().items() if n != before[name]}
    assert changed == {"audit.event": 1}  # the dry run itself
    assert AuditEvent.objects.filter(name="batch.checked", ref=batch.ref).count() == 1
    assert batch.quarantine.exclude(verdict="").count() == len(faulty(office, firm))


def test_a_workbook_says_the_same_as_the_csv_file(office: Agency, firm: Subject, clerk: User) -> None:
    rows = faulty(office, firm)
    book = openpyxl.Workbook()
    sheet = book.active
    lines = csv_of(*rows).decode().splitlines()
    for cells in csv.reader(lines):
        sheet.append(cells)
    for line in sheet.iter_rows():
        for cell in line:
            cell.number_format = "@"
    out = io.BytesIO()
    book.save(out)

    from_book = upload(out.getvalue(), clerk, office, name="penalties.xlsx")
    from_csv = upload(csv_of(*rows), clerk, office)
    for batch in (from_book, from_csv):
        desk.check(batch.pk, on=today())

    assert verdicts(from_book) == verdicts(from_csv)


@pytest.mark.proves("SEC-04")
def test_quarantine_is_ciphertext_and_no_log_or_audit_tells_a_value(
    office: Agency, firm: Subject, clerk: User, caplog: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        batch = checked(*faulty(office, firm), clerk=clerk, at=office)
        desk.correct_row(batch.pk, 4, cells={"cf_nr_fk": "3"}, by=clerk, on=today())

    with connection.cursor() as cursor:
        cursor.execute("SELECT box FROM records_quarantinerow WHERE batch_id = %s", [batch.pk])
        boxes = [bytes(box) for (box,) in cursor.fetchall()]
    assert len(boxes) == 11
    for secret in (ADULT, "示例某甲", firm.name, "销售不合格商品"):
        assert all(secret.encode() not in box for box in boxes)
    logs = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("portal"))
    told = logs + " ".join(AuditBody.objects.filter(event__ref=batch.ref).values_list("body", flat=True))
    assert ADULT not in told
    assert "示例某甲" not in told


def test_a_box_in_another_rows_place_does_not_open(office: Agency, firm: Subject, clerk: User) -> None:
    batch = checked(penalty(firm, office), penalty(firm, office), clerk=clerk, at=office)
    first, second = batch.quarantine.order_by("n")
    second.box = first.box

    with pytest.raises(Unreadable):
        desk_rows.cells_of(batch, second)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "file_empty"),
        (b"cf_xdr_mc\r\n", "column_missing"),
        (b"\xff\xfe\x00garbage", "file_unreadable"),
        (b"a,b\r\n1,2\r\n", "column_unknown"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing(office: Agency, clerk: User, content: bytes, rule: str) -> None:
    before = every_count()

    with pytest.raises(DomainError) as refused:
        upload(content, clerk, office)

    assert refused.value.rule == rule
    assert every_count() == before


def test_a_file_that_breaks_off_in_the_middle_leaves_nothing(office: Agency, firm: Subject, clerk: User) -> None:
    content = csv_of(penalty(firm, office)) + b'"never closed'

    with pytest.raises(FileRefused):
        upload(content, clerk, office)

    assert (IntakeBatch.objects.count(), QuarantineRow.objects.count()) == (0, 0)


def test_a_header_without_rows_changes_nothing_and_says_so(office: Agency, firm: Subject, clerk: User) -> None:
    done(penalty(firm, office), clerk=clerk, at=office)
    before = AdministrativeAct.objects.values_list("state", flat=True)

    with pytest.raises(Refused) as refused:
        upload(csv_of(penalty(firm, office)).splitlines()[0] + b"\r\n", clerk, office)

    assert refused.value.rule == "file_empty"
    assert list(AdministrativeAct.objects.values_list("state", flat=True)) == list(before) == ["effective"]
    assert IntakeBatch.objects.count() == 1


def test_a_shrunken_file_withdraws_nothing_and_is_spoken_of(office: Agency, firm: Subject, clerk: User) -> None:
    rows = [penalty(firm, office) for _n in range(5)]
    done(*rows, clerk=clerk, at=office)

    batch = checked(rows[0], clerk=clerk, at=office)
    assert desk.is_shrunken(batch)
    desk.take_in_batch(batch.pk, by=clerk, on=today())

    assert AdministrativeAct.objects.filter(state="effective").count() == 5
    assert batch.rows.get().verdict == "unchanged"


def test_the_same_file_again_is_told(office: Agency, firm: Subject, clerk: User) -> None:
    rows = [penalty(firm, office)]
    first = done(*rows, clerk=clerk, at=office)

    again = checked(*rows, clerk=clerk, at=office)

    assert desk.same_file(again) == first
    assert desk.same_file(first) is None
    assert again.totals["unchanged"] == 1


def test_nobody_hands_in_for_another_body_or_without_the_permission(office: Agency, firm: Subject, clerk: User) -> None:
    other = officer("clerk", agency("示例市税务局"))
    for somebody in (other, officer("reviewer", office), officer("auditor", office)):
        with pytest.raises(NotAllowed):
            upload(csv_of(penalty(firm, office)), somebody, office)
    batch = checked(penalty(firm, office), clerk=clerk, at=office)

    with pytest.raises(NotAllowed):
        desk.take_in_batch(batch.pk, by=other, on=today())
    assert AdministrativeAct.objects.count() == 0


# ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("REC-16", "REC-08")
def test_what_the_dry_run_let_pass_goes_in_and_the_rest_waits(office: Agency, firm: Subject, clerk: User) -> None:
    rows = [penalty(firm, office), penalty(firm, office, cf_jdrq="2026/03/01"), penalty(firm, office)]

    batch = done(*rows, clerk=clerk, at=office)

    assert (batch.state, batch.totals["accepted"], batch.totals["refused"]) == ("done", 2, 1)
    assert DisclosedRecord.objects.filter(unified_code=firm.unified_code).count() == 2
    assert [(r.n, r.box is None, r.taken_in_id) for r in batch.quarantine.order_by("n")] == [
        (1, True, batch.pk), (2, False, None), (3, True, batch.pk),
    ]  # fmt: skip
    assert list(batch.rows.order_by("n").values_list("n", "verdict")) == [
        (1, "accepted"),
        (2, "refused"),
        (3, "accepted"),
    ]
    (line,) = Refusal.objects.filter(act="take_in")
    assert (line.rule, line.keys["row"], line.agency_id) == ("date_invalid", "2", office.pk)
    act = AdministrativeAct.objects.first()
    assert act is not None
    assert (act.prepared_by, act.record.prepared_by_identity) == (clerk, clerk.identity)
    events = AuditEvent.objects.filter(ref=batch.ref).order_by("seq").values_list("name", flat=True)
    assert list(events) == ["batch.received", "batch.checked", "batch.taking_in"]


def test_a_row_is_judged_again_when_it_goes_in(office: Agency, firm: Subject, clerk: User) -> None:
    row = penalty(firm, office)
    batch = checked(row, clerk=clerk, at=office)
    deliver(row | {"cf_nr": "罚款五万元", "cf_nr_fk": "5.000000"}, sender=office)

    desk.take_in_batch(batch.pk, by=clerk, on=today())

    assert verdicts(batch) == [(1, "refused", ["differs_from_record"])]
    assert AdministrativeAct.objects.count() == 1
    assert Refusal.objects.filter(rule="differs_from_record").count() == 1


def test_a_refused_row_does_not_slip_in_because_the_world_has_changed(
    office: Agency, clerk: User, firm: Subject
) -> None:
    late = subject()
    absent = penalty(late, office) | {"cf_xdr_mc": "改过的名称有限公司"}
    batch = checked(absent, penalty(firm, office), clerk=clerk, at=office)
    Subject.objects.filter(pk=late.pk).update(name="改过的名称有限公司")

    desk.take_in_batch(batch.pk, by=clerk, on=today())

    assert AdministrativeAct.objects.filter(subject=late).count() == 0
    assert [v[1] for v in verdicts(batch)] == ["refused", "accepted"]


@pytest.mark.proves("REC-18")
def test_a_file_of_which_no_row_passes_changes_nothing_and_says_so(office: Agency, firm: Subject, clerk: User) -> None:
    batch = checked(penalty(firm, office, cf_jdrq="3月1日"), clerk=clerk, at=office)
    before = every_count()

    with pytest.raises(Refused) as refused:
        desk.take_in_batch(batch.pk, by=clerk, on=today())

    assert refused.value.rule == "nothing_passes"
    batch.refresh_from_db()
    after = every_count()
    assert batch.state == "checked"
    assert {name for name in after if after[name] != before[name]} == {"casework_refusal"}


def test_a_corrected_row_is_judged_alone_and_goes_in_with_a_delivery_of_its_own(
    office: Agency, firm: Subject, clerk: User
) -> None:
    batch = done(penalty(firm, office), penalty(firm, office, cf_nr_fk="三万"), clerk=clerk, at=office)

    still_wrong = desk.correct_row(batch.pk, 2, cells={"cf_nr_fk": "3万元"}, by=clerk, on=today())
    assert (still_wrong.verdict, still_wrong.refusals[0]["field"]) == ("refused", "cf_nr_fk")
    right = desk.correct_row(batch.pk, 2, cells={"cf_nr_fk": "3"}, by=clerk, on=today())
    assert (right.verdict, right.is_corrected) == ("accepted", True)
    assert AdministrativeAct.objects.count() == 1
    second = desk.take_in_batch(batch.pk, by=clerk, on=today())

    assert (second.corrects, second.state, second.totals["accepted"]) == (batch, "done", 1)
    assert second.rows.get().n == 2
    assert AdministrativeAct.objects.count() == 2
    assert batch.quarantine.filter(emptied_on=None).count() == 0
    assert batch.quarantine.get(n=2).taken_in == second
    lines = AuditEvent.objects.filter(ref=batch.ref, name="batch.row_corrected")
    assert json.loads(lines.first().body.body)["columns"] == ["cf_nr_fk"]  # type: ignore[union-attr]


def test_a_line_with_too_few_cells_is_corrected_like_any_other(office: Agency, firm: Subject, clerk: User) -> None:
    batch = upload(ragged(csv_of(penalty(firm, office))), clerk, office)
    desk.check(batch.pk, on=today())
    assert verdicts(batch)[1] == (2, "refused", ["row_unreadable"])

    row = desk.correct_row(batch.pk, 2, cells=penalty(firm, office), by=clerk, on=today())

    assert (row.verdict, row.refusals) == ("accepted", [])


def test_rows_are_neither_corrected_nor_given_up_while_the_delivery_is_at_work(
    office: Agency, firm: Subject, clerk: User
) -> None:
    batch = upload(csv_of(penalty(firm, office)), clerk, office)

    with pytest.raises(WrongState):
        desk.correct_row(batch.pk, 1, cells={"cf_nr_fk": "4"}, by=clerk, on=today())
    with pytest.raises(WrongState):
        desk.take_in_batch(batch.pk, by=clerk, on=today())
    desk.check(batch.pk, on=today())
    assert desk.correct_row(batch.pk, 1, cells={"cf_nr_fk": "4"}, by=clerk, on=today()).verdict == "accepted"


def test_giving_rows_or_the_delivery_up_empties_the_boxes(office: Agency, firm: Subject, clerk: User) -> None:
    rows = [penalty(firm, office), penalty(firm, office, cf_nr_fk="三万")]
    taken, open_one = done(*rows, clerk=clerk, at=office), checked(rows[0], clerk=clerk, at=office)

    desk.discard_rows(taken.pk, [2], by=clerk, on=today(), reason="重复")
    desk.abandon(open_one.pk, by=clerk, on=today(), reason="文件发错了")

    assert QuarantineRow.objects.filter(box__isnull=False).count() == 0
    open_one.refresh_from_db()
    assert (open_one.state, AdministrativeAct.objects.count()) == ("abandoned", 1)
    with pytest.raises(WrongState):
        desk.correct_row(taken.pk, 2, cells={"cf_nr_fk": "3"}, by=clerk, on=today())
    with pytest.raises(WrongState):
        desk.abandon(taken.pk, by=clerk, on=today())


@pytest.mark.proves("SEC-04")
def test_after_thirty_days_nothing_of_a_row_is_left(
    office: Agency, firm: Subject, clerk: User, travel: Callable[[date], None]
) -> None:
    taken = done(penalty(firm, office), penalty(firm, office, cf_nr_fk="三万"), clerk=clerk, at=office)
    untouched = checked(penalty(firm, office), clerk=clerk, at=office)
    day = today()

    travel(day + timedelta(days=29))
    assert list(desk.to_empty(today())) == []
    travel(day + timedelta(days=30))
    for batch_id in desk.to_empty(today()).values_list("pk", flat=True):
        desk.empty_quarantine(batch_id, on=today())

    assert QuarantineRow.objects.filter(box__isnull=False).count() == 0
    untouched.refresh_from_db()
    assert (taken.state, untouched.state) == ("done", "abandoned")
    for batch in (taken, untouched):
        assert AuditEvent.objects.filter(ref=batch.ref, name="batch.quarantine_emptied").exists()
    assert list(desk.to_empty(today())) == []


def test_a_box_is_emptied_for_good(office: Agency, firm: Subject, clerk: User) -> None:
    batch = done(penalty(firm, office), clerk=clerk, at=office)

    with pytest.raises(IntegrityError), transaction.atomic():
        batch.quarantine.update(emptied_on=None)


# ── broken off and gone on with ──────────────────────────────────────────────────────────────────────────────────────


def breaks_at(monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """The n-th chunk from now fails, as if the worker were killed before it."""
    real, seen = intake.apply_chunk, []

    def breaking(*args: Any) -> Any:
        seen.append(1)
        if len(seen) == nth:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(desk, "apply_chunk", breaking)


def test_a_dry_run_that_broke_off_is_gone_on_with(
    office: Agency, firm: Subject, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_rows, "CHUNK", 2)
    row = penalty(firm, office)
    batch = upload(csv_of(row, penalty(firm, office), row, penalty(firm, office), penalty(firm, office)), clerk, office)
    breaks_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        desk.check(batch.pk, on=today())
    batch.refresh_from_db()
    assert (batch.state, batch.rows_read, list(desk.left_open())) == ("checking", 2, [batch])

    desk_steps.go_on(batch.pk, on=today())

    batch.refresh_from_db()
    assert (batch.state, batch.rows_read) == ("checked", 5)
    assert [v for _n, v, _r in verdicts(batch)] == ["accepted", "accepted", "duplicate", "accepted", "accepted"]


@pytest.mark.proves("REC-08")
def test_a_taking_in_that_broke_off_is_gone_on_with_and_nothing_happens_twice(
    office: Agency, firm: Subject, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_rows, "CHUNK", 2)
    rows = [penalty(firm, office) for _n in range(4)] + [penalty(firm, office, cf_nr_fk="三万")]
    batch = checked(rows[0], rows[4], *rows[1:4], clerk=clerk, at=office)
    breaks_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        desk.take_in_batch(batch.pk, by=clerk, on=today())
    batch.refresh_from_db()
    assert (batch.state, AdministrativeAct.objects.count(), Refusal.objects.count()) == ("applying", 1, 1)

    desk_steps.go_on(batch.pk, on=today())
    desk_steps.go_on(batch.pk, on=today())

    batch.refresh_from_db()
    assert (batch.state, batch.totals["accepted"], batch.totals["refused"]) == ("done", 4, 1)
    assert (AdministrativeAct.objects.count(), Refusal.objects.count(), IntakeRow.objects.count()) == (4, 1, 5)
    assert list(desk.left_open()) == []


def test_two_never_work_on_one_delivery(office: Agency, firm: Subject, clerk: User) -> None:
    batch = upload(csv_of(penalty(firm, office)), clerk, office)

    with desk.working_on(batch.pk, IntakeBatch.State.CHECKING) as mine:
        assert mine is not None
        desk.check(batch.pk, on=today())
        batch.refresh_from_db()
        assert batch.state == "checking"
        assert list(desk.left_open()) == []
