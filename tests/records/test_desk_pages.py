"""The pages of the intake desk: from an officer's file to public facts, by links and buttons alone."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Agency, User
from casework.bulk import copy_in
from casework.calendar import today
from casework.office import site
from disclosure.models import Record as DisclosedRecord
from records.formats import SENDER, template_csv
from records.models import AdministrativeAct, BatchStep, IntakeBatch, QuarantineRow
from records.services import desk, desk_steps
from records.services.desk_rows import box_of
from subjects.models import QueryReceipt, Subject
from tests.factories import agency, csv_of, officer, penalty
from tests.records.desk import checked, done, upload
from tests.records.sender import ADULT

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(office: Agency) -> User:
    return officer("clerk", office)


@pytest.fixture
def reviewer(office: Agency) -> User:
    return officer("reviewer", office)


def browser(user: User, **options: Any) -> Client:
    """A signed-in officer; the session knows its beginning."""
    client = Client(**options)
    client.force_login(user)
    session = client.session
    session["began_at"] = timezone.now().isoformat()
    session.save()
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def text(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return str(body.decode())


def hand_in(client: Client, content: bytes, name: str = "penalties.csv") -> Any:
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    return client.post(page("intake_upload"), {"kind": "penalties", "file": file})


def three(office: Agency, firm: Subject) -> list[dict[str, str]]:
    return [penalty(firm, office), penalty(firm, office, cf_nr_fk="三万"), penalty(firm, office, cf_jdrq="2026/03/01")]


@pytest.mark.proves("REC-16", "PUB-01")
def test_a_file_goes_from_the_desk_to_the_public_by_two_buttons(office: Agency, firm: Subject, clerk: User) -> None:
    client = browser(clerk)
    assert page("intake_upload") in text(client.get(page("intake")))

    answer = hand_in(client, csv_of(*three(office, firm)))

    batch = IntakeBatch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page("batch", batch.public_id))
    assert (batch.state, batch.desk_of, batch.agency, AdministrativeAct.objects.count()) == (
        "checked",
        clerk,
        office,
        0,
    )
    shown = text(client.get(answer["Location"]))
    assert page("batch_take_in", batch.public_id) in shown
    assert page("batch_row", batch.public_id, 2) in shown
    assert "三万" in shown
    assert "2026/03/01" in shown
    assert "REC-18" in shown
    assert client.get(page("batch_take_in", batch.public_id)).status_code == 200
    assert AdministrativeAct.objects.count() == 0
    client.post(page("batch_take_in", batch.public_id))

    assert DisclosedRecord.objects.filter(unified_code=firm.unified_code).count() == 1
    after = text(client.get(page("batch", batch.public_id)))
    assert page("fact", AdministrativeAct.objects.get().public_id) in after
    assert page("batch_withdraw", batch.public_id) in after
    assert page("batch_discard", batch.public_id) in after


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\r\n1,2\r\n", b"PK\x03\x04broken", b"cf_xdr_mc\r\n"])
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence_and_leaves_nothing(clerk: User, content: bytes) -> None:
    answer = hand_in(browser(clerk), content, "file.csv")

    assert answer.status_code == 422
    assert 'role="alert"' in text(answer)
    assert IntakeBatch.objects.count() == 0


def test_the_template_of_each_kind_is_taken_and_its_columns_are_explained(clerk: User) -> None:
    client = browser(clerk)

    shown = text(client.get(page("intake_upload")))
    for kind in ("penalties", "licences", "other_acts"):
        answer = client.get(page("intake_template", kind))
        assert answer.content.decode() == template_csv(kind)
        assert page("intake_template", kind) in shown
    assert all(column.name in shown for column in SENDER)
    assert client.get(page("intake_template", "penalty")).status_code == 404


def test_while_it_is_worked_on_the_page_says_how_far_it_has_come(office: Agency, firm: Subject, clerk: User) -> None:
    batch = upload(csv_of(*three(office, firm)), clerk, office)
    IntakeBatch.objects.filter(pk=batch.pk).update(rows_read=1)

    at_work = browser(clerk).get(page("batch", batch.public_id))
    desk.check(batch.pk, on=today())
    at_rest = browser(clerk).get(page("batch", batch.public_id))

    assert '<progress max="3" value="1"' in text(at_work)
    assert at_work["Refresh"] == "5"
    assert "<progress" not in text(at_rest)
    assert "Refresh" not in at_rest


def test_the_views_count_what_they_show(office: Agency, firm: Subject, clerk: User) -> None:
    batch = checked(*three(office, firm), clerk=clerk, at=office)
    client = browser(clerk)

    whole = text(client.get(page("batch", batch.public_id)))
    counted = {
        name: int(n)
        for name, n in re.findall(r'href="\?(?:show=)?(\w*)"[^>]*>[^<]*<span class="cp-views__n">(\d+)', whole)
    }
    for name, n in counted.items():
        shown = text(client.get(page("batch", batch.public_id), {"show": name} if name else {}))
        assert len(set(re.findall(r'<th scope="row">\s*(?:<span class="cp-hidden">)?(\d+)', shown))) == n

    assert counted == {"": 3, "accepted": 1, "refused": 2}
    assert client.get(page("batch", batch.public_id), {"order": "n"}).status_code == 400
    assert client.get(page("batch", batch.public_id), {"after": "forged"}).status_code == 400


def many(batch: IntakeBatch, row: dict[str, str], n: int) -> None:
    """So many refused rows in quarantine, as a dry run leaves them."""
    refusals = [{"rule": "number_invalid", "rows": ["REC-18"], "field": "cf_nr_fk", "message": "金额", "message_en": "Amount",
                 "basis": None}]  # fmt: skip
    copy_in(
        [
            QuarantineRow(
                batch=batch, n=i, box=box_of(batch, i, row), verdict="refused", refusals=refusals, warnings=[],
                erase_on=today(),
            )
            for i in range(10, 10 + n)
        ]
    )  # fmt: skip


def test_the_verdict_page_asks_as_often_for_ten_rows_as_for_ten_thousand(
    office: Agency, firm: Subject, clerk: User
) -> None:
    few, much = (checked(*three(office, firm), clerk=clerk, at=office) for _n in range(2))
    many(few, penalty(firm, office), 7)
    many(much, penalty(firm, office), 9_997)
    client = browser(clerk)
    asked = []

    for batch in (few, much):
        client.get(page("batch", batch.public_id))
        with CaptureQueriesContext(connection) as queries:
            shown = text(client.get(page("batch", batch.public_id)))
        asked.append(len(queries))
        assert shown.count("<tbody>") == (10 if batch == few else 50)

    assert asked[0] == asked[1]
    assert asked[1] < 60
    following = re.search(r"after=[^\"&]+", shown)
    assert following
    assert "<tbody>" in text(client.get(f"{page('batch', much.public_id)}?{following.group()}"))


@pytest.mark.proves("SEC-02")
def test_values_are_read_by_who_handles_them_and_every_look_is_registered(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    batch = checked(*three(office, firm), clerk=clerk, at=office)

    seen = text(browser(clerk).get(page("batch", batch.public_id)))
    assert "2026/03/01" in seen
    (look,) = QueryReceipt.objects.filter(user=clerk)
    assert (look.purpose, look.matter, look.rows, look.channel) == ("intake", batch.public_id, 3, "office")
    assert set(look.fields) == {"cf_xdr_mc", "cf_wsh", "cf_nr_fk", "cf_jdrq"}
    for somebody in (reviewer, officer("auditor", office)):
        other = text(browser(somebody).get(page("batch", batch.public_id)))
        assert "2026/03/01" not in other
        assert page("batch_row", batch.public_id, 2) not in other
        assert browser(somebody).get(page("batch_row", batch.public_id, 2)).status_code == 403
        assert browser(somebody).get(page("batch_verdict", batch.public_id)).status_code == 403
    assert QueryReceipt.objects.count() == 1

    browser(clerk).get(page("batch_row", batch.public_id, 2))
    browser(clerk).get(page("batch_verdict", batch.public_id))
    assert list(QueryReceipt.objects.order_by("pk").values_list("channel", "rows"))[1:] == [
        ("office", 1),
        ("export", 3),
    ]


@pytest.mark.proves("SEC-02")
def test_without_its_receipt_no_value_leaves(
    office: Agency, firm: Subject, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = checked(*three(office, firm), clerk=clerk, at=office)

    def lost(*_args: Any, **_kwargs: Any) -> None:
        raise OSError

    monkeypatch.setattr("records.services.desk_rows.subjects.register_query", lost)
    client = browser(clerk, raise_request_exception=False)

    for address in (
        page("batch", batch.public_id),
        page("batch_row", batch.public_id, 2),
        page("batch_verdict", batch.public_id),
    ):
        answer = client.get(address)
        assert answer.status_code == 500
        assert "2026/03/01" not in text(answer)


@pytest.mark.proves("SEC-04")
def test_another_body_knows_nothing_of_a_delivery(office: Agency, firm: Subject, clerk: User) -> None:
    batch = checked(*three(office, firm), clerk=clerk, at=office)
    stranger = browser(officer("clerk", agency("示例市税务局")))

    for name in ("batch", "batch_take_in", "batch_abandon", "batch_history", "batch_withdraw", "batch_verdict"):
        assert stranger.get(page(name, batch.public_id)).status_code == 404
    assert stranger.post(page("batch_take_in", batch.public_id)).status_code == 404
    assert batch.public_id not in text(stranger.get(page("intake")))
    assert batch.public_id not in text(stranger.get(reverse("admin:records_intakebatch_changelist")))
    assert batch.public_id in text(browser(clerk).get(reverse("admin:records_intakebatch_changelist"), {"way": "mine"}))


def cells_posted(client: Client, batch: IntakeBatch, n: int, **changes: str) -> Any:
    """The form as it is shown, with some cells changed, sent back."""
    form = client.get(page("batch_row", batch.public_id, n)).context["form"]
    data = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    return client.post(page("batch_row", batch.public_id, n), data | changes)


def test_a_row_is_corrected_on_its_page_and_goes_in(office: Agency, firm: Subject, clerk: User) -> None:
    batch = done(*three(office, firm), clerk=clerk, at=office)
    client = browser(clerk)
    first = text(client.get(page("batch_row", batch.public_id, 2)))
    assert first.index('name="cf_nr_fk"') < first.index('name="cf_xdr_mc"')  # what is at fault stands first

    wrong = cells_posted(client, batch, 2, cf_nr_fk="3万元")
    assert wrong["Location"] == page("batch_row", batch.public_id, 2)
    right = cells_posted(client, batch, 2, cf_nr_fk="3")

    assert right["Location"] == page("batch", batch.public_id) + "?show=quarantine"
    assert text(client.get(right["Location"])).count(page("batch_take_in", batch.public_id)) == 1
    client.post(page("batch_take_in", batch.public_id))
    second = IntakeBatch.objects.get(corrects=batch)
    assert (second.totals["accepted"], AdministrativeAct.objects.count()) == (1, 2)
    assert page("batch", second.public_id) in text(client.get(page("batch", batch.public_id)))


def test_a_row_sent_back_unchanged_says_so(office: Agency, firm: Subject, clerk: User) -> None:
    batch = checked(*three(office, firm), clerk=clerk, at=office)

    answer = cells_posted(browser(clerk), batch, 2)

    assert answer.status_code == 422
    assert batch.quarantine.get(n=2).is_corrected is False


@pytest.mark.proves("SEC-04")
def test_a_personal_number_is_on_no_page_and_stays_unless_it_is_taken_out(
    office: Agency, firm: Subject, clerk: User
) -> None:
    person = penalty(None, office, cf_xdr_zjhm=ADULT, cf_xdr_mc="沈某甲", cf_nr_fk="三万")
    batch = checked(person, penalty(firm, office, cf_xdr_gszc=ADULT, cf_nr_fk="三万"), clerk=clerk, at=office)
    client = browser(clerk)
    pages = [page("batch", batch.public_id), *(page("batch_row", batch.public_id, n) for n in (1, 2)),
             page("batch_verdict", batch.public_id)]  # fmt: skip

    for address in pages:
        assert ADULT not in text(client.get(address))
    assert "沈某甲" not in text(client.get(pages[0]))
    cells_posted(client, batch, 1, cf_nr_fk="3")
    cells_posted(client, batch, 2, cf_nr_fk="3", clear__cf_xdr_gszc="on")

    assert [row.verdict for row in batch.quarantine.order_by("n")] == ["accepted", "accepted"]


def test_no_cell_of_the_verdict_file_acts_in_a_spreadsheet(office: Agency, firm: Subject, clerk: User) -> None:
    batch = checked(penalty(firm, office, cf_cflb="=1+1"), penalty(firm, office), clerk=clerk, at=office)

    lines = text(browser(clerk).get(page("batch_verdict", batch.public_id))).splitlines()

    assert lines[0].startswith("\ufeff")
    assert len(lines) == 3
    assert not any(cell.lstrip('"').startswith(("=", "+", "-", "@")) for line in lines for cell in line.split(","))


def test_what_was_typed_into_a_file_name_stays_text(office: Agency, firm: Subject, clerk: User) -> None:
    name = '"><x x-init=alert(1)>.csv'
    client = browser(clerk)
    batch = upload(csv_of(penalty(firm, office)), clerk, office, name=name)
    desk.check(batch.pk, on=today())

    for address in (page("intake"), page("batch", batch.public_id)):
        shown = text(client.get(address))
        assert name not in shown
        assert escape(name) in shown


def test_the_correction_of_a_fact_is_no_file_of_the_desk(office: Agency, firm: Subject, clerk: User) -> None:
    batch = upload(csv_of(penalty(firm, office)), clerk, office, name="rec_AAAAAAAAAAAA")

    assert browser(clerk).get(page("batch", batch.public_id)).status_code == 200
    IntakeBatch.objects.filter(pk=batch.pk).update(fact="rec_AAAAAAAAAAAA")
    assert browser(clerk).get(page("batch", batch.public_id)).status_code == 404


@pytest.mark.proves("SEC-04")
def test_a_delivery_is_withdrawn_on_the_page_of_a_second_person_only(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    batch = done(penalty(firm, office), penalty(firm, office), clerk=clerk, at=office)
    first, second = browser(clerk), browser(reviewer)

    assert first.post(page("batch_withdraw", batch.public_id), {"reason": ""}).status_code == 422
    first.post(page("batch_withdraw", batch.public_id), {"reason": "整批发错了"})
    step = BatchStep.objects.get()
    decide = page("batch_step", batch.public_id, step.uuid)
    assert first.post(decide, {"to": "confirmed"}).status_code == 422  # its author is offered no such choice
    assert AdministrativeAct.objects.filter(state="effective").count() == 2
    assert second.get(decide).status_code == 200
    assert second.post(decide, {"to": "rejected", "reason": ""}).status_code == 422
    assert second.post(decide, {"to": "confirmed"}).status_code == 302

    batch.refresh_from_db()
    assert (batch.state, AdministrativeAct.objects.filter(state="effective").count()) == ("withdrawn", 0)
    late = second.post(decide, {"to": "rejected", "reason": "晚了"})
    assert late.status_code == 409
    assert DisclosedRecord.objects.filter(unified_code=firm.unified_code).count() == 0


def test_many_withdrawals_are_asked_for_on_a_page_of_their_own(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    rows = [penalty(firm, office) for _n in range(2)]
    done(*rows, clerk=clerk, at=office)
    batch = checked(*[row | {"op": "withdraw", "reason": "重复"} for row in rows], clerk=clerk, at=office)
    first = browser(clerk)

    assert page("batch_ask", batch.public_id) in text(first.get(page("batch", batch.public_id)))
    assert first.post(page("batch_take_in", batch.public_id)).status_code == 409
    first.post(page("batch_ask", batch.public_id), {"reason": "与法院核对"})
    step = BatchStep.objects.get()
    browser(reviewer).post(page("batch_step", batch.public_id, step.uuid), {"to": "confirmed"})
    assert first.post(page("batch_take_in", batch.public_id)).status_code == 302

    assert AdministrativeAct.objects.filter(state="withdrawn").count() == 2


def test_history_is_proposed_and_agreed_to_on_pages(office: Agency, firm: Subject, clerk: User, reviewer: User) -> None:
    batch = checked(penalty(firm, office, cf_jdrq="2025-03-03"), clerk=clerk, at=office)

    browser(clerk).post(page("batch_history", batch.public_id), {"reason": "存量"})
    step = BatchStep.objects.get()
    browser(reviewer).post(page("batch_step", batch.public_id, step.uuid), {"to": "confirmed"})

    batch.refresh_from_db()
    assert (batch.is_history, batch.state) == (True, "checked")
    browser(clerk).post(page("batch_take_in", batch.public_id))
    assert AdministrativeAct.objects.get().publication.late_since is None


def test_a_delivery_is_given_up_on_its_page(office: Agency, firm: Subject, clerk: User) -> None:
    open_one, taken = (
        checked(*three(office, firm), clerk=clerk, at=office),
        done(*three(office, firm), clerk=clerk, at=office),
    )
    client = browser(clerk)

    client.post(page("batch_abandon", open_one.public_id), {"reason": "文件发错了"})
    client.post(page("batch_discard", taken.public_id), {"reason": "重复"})

    open_one.refresh_from_db()
    assert open_one.state == "abandoned"
    assert QuarantineRow.objects.filter(box__isnull=False).count() == 0
    assert client.get(page("batch", open_one.public_id)).status_code == 200
    assert client.post(page("batch_abandon", taken.public_id), {"reason": "x"}).status_code == 409


def waiting(user: User) -> list[tuple[str, str, str]]:
    user = User.objects.get(pk=user.pk)
    lines = [line for source in site.sources for line in source(user, today())]
    return [(line.url.split("?")[0], str(line.due_on), line.group) for line in lines if "/intake/" in line.url]


def test_the_queue_tells_what_waits_on_the_desk_and_who_decides(
    office: Agency, firm: Subject, clerk: User, reviewer: User
) -> None:
    open_one = checked(*three(office, firm), clerk=clerk, at=office)
    taken = done(penalty(firm, office), penalty(firm, office, cf_nr_fk="三万"), clerk=clerk, at=office)
    closed = done(penalty(firm, office), clerk=clerk, at=office)
    step = desk_steps.propose_withdrawal(closed.pk, by=clerk, on=today(), reason="发错了")
    decide = (page("batch_step", closed.public_id, step.uuid), "None", "second_person")
    colleague = officer("clerk", office)

    mine = [(page("batch", b.public_id), "2026-12-20") for b in (open_one, taken)]
    assert sorted(waiting(clerk)) == sorted([*((*line, "mine") for line in mine), decide])
    assert sorted(waiting(colleague)) == sorted((*line, "agency") for line in mine)
    assert waiting(reviewer) == [decide]
    assert waiting(officer("reviewer", agency("示例市税务局"))) == []


def test_a_delivery_by_key_is_read_here_and_withdrawn_by_two(
    office: Agency, firm: Subject, clerk: User, reviewer: User, sender: Any
) -> None:
    sender.post(csv_of(*three(office, firm)))
    batch = IntakeBatch.objects.get()
    client = browser(clerk)

    shown = text(client.get(page("batch", batch.public_id)))
    assert page("fact", AdministrativeAct.objects.get().public_id) in shown
    assert page("batch_row", batch.public_id, 2) not in shown
    assert client.post(page("batch_take_in", batch.public_id)).status_code == 409
    client.post(page("batch_withdraw", batch.public_id), {"reason": "接口参数配错"})
    step = BatchStep.objects.get()
    browser(reviewer).post(page("batch_step", batch.public_id, step.uuid), {"to": "confirmed"})

    assert AdministrativeAct.objects.get().state == "withdrawn"
