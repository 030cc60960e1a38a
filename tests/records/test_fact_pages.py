"""The pages on single facts: what they offer to whom, what they refuse and with which sentence, how much they ask."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image

from accounts.models import User
from accounts.permissions import ROLES
from casework.calendar import today
from casework.models import Attachment, Refusal
from casework.office import site
from catalogs.models import CatalogueItem, Provision
from disclosure.models import Record as DisclosedRecord
from records import services
from records.admin.facts import verbs_for
from records.jobs import sweep
from records.models import AdministrativeAct, Hide, IntakeBatch, ItemReview, Record
from subjects.models import QueryReceipt, Subject
from tests.factories import act_of, agency, deliver, officer, penalty
from tests.records.test_facts import adverse_item, judgment

pytestmark = pytest.mark.django_db


@pytest.fixture
def act(office: Any, firm: Subject) -> AdministrativeAct:
    return act_of(deliver(penalty(firm, office), sender=office))


@pytest.fixture
def held(office: Any, firm: Subject) -> AdministrativeAct:
    return act_of(deliver(penalty(firm, office, cf_sy="经查，投诉电话13800138000已核实。"), sender=office))


class Desk:
    """An officer signed in at his desk."""

    def __init__(self, user: User) -> None:
        self.user, self.client = user, Client()
        self.client.force_login(user)
        session = self.client.session
        session["began_at"] = timezone.now().isoformat()
        session.save()

    def get(self, name: str, *args: Any, status: int = 200) -> str:
        answer = self.client.get(reverse(f"admin:{name}", args=args))
        text = answer.content.decode()
        assert answer.status_code == status, text[-3000:]
        return text

    def post(self, name: str, *args: Any, status: int = 302, **data: Any) -> str:
        answer = self.client.post(reverse(f"admin:{name}", args=args), data)
        text = answer.content.decode()
        assert answer.status_code == status, text[-3000:]
        return text


@pytest.fixture
def clerk(office: Any) -> Desk:
    return Desk(officer("clerk", office))


@pytest.fixture
def reviewer(office: Any) -> Desk:
    return Desk(officer("reviewer", office))


@pytest.fixture
def stranger(db: None) -> Desk:
    return Desk(officer("reviewer", agency("示例市财政局")))


def picture(name: str = "决定书.png") -> SimpleUploadedFile:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(made, "PNG")
    return SimpleUploadedFile(name, made.getvalue(), content_type="image/png")


def shown(act: AdministrativeAct) -> bool:
    return DisclosedRecord.objects.filter(public_id=act.public_id).exists()


# ── taking off and withdrawing ───────────────────────────────────────────────────────────────────────────────────────


def test_a_clerk_takes_a_fact_off_and_a_reviewer_puts_it_back(
    clerk: Desk, reviewer: Desk, act: AdministrativeAct
) -> None:
    page = clerk.get("hide_fact", act.public_id)
    clerk.post("hide_fact", act.public_id, ground="error", reason="当事人来电", field="")
    ordered = Hide.objects.get()
    off = shown(act)

    decide = reviewer.get("decide_hide", ordered.uuid)
    reviewer.post("decide_hide", ordered.uuid, decision="undo", reason="核对无误")

    assert act.subject.name in page
    assert act.public_id in page  # in the list of what disappears
    assert "当事人来电" in decide
    assert (off, shown(act)) == (False, True)


def test_one_field_is_taken_off_by_its_name(clerk: Desk, act: AdministrativeAct) -> None:
    clerk.post("hide_fact", act.public_id, ground="personal_data", reason="文中有住址", field="facts")

    assert (Hide.objects.get().what, Hide.objects.get().field) == ("field", "facts")


def test_a_withdrawal_at_the_desk_takes_two(clerk: Desk, reviewer: Desk, act: AdministrativeAct) -> None:
    clerk.get("withdraw", act.public_id)
    clerk.post("withdraw", act.public_id, reason="当事人错误")
    ordered = Hide.objects.get()

    own = clerk.post("decide_hide", ordered.uuid, status=403, decision="withdraw", reason="自己来")
    reviewer.post("decide_hide", ordered.uuid, decision="withdraw", reason="确属错误")

    act.refresh_from_db()
    assert (act.state, ordered.ground) == ("withdrawn", "error")
    assert "自己来" in own  # what was typed is kept


def test_whoever_ordered_a_hide_reads_why_he_cannot_decide(reviewer: Desk, act: AdministrativeAct) -> None:
    reviewer.post("hide_fact", act.public_id, ground="error", reason="有误", field="")
    ordered = Hide.objects.get()

    page = reviewer.get("decide_hide", ordered.uuid)
    answer = reviewer.post("decide_hide", ordered.uuid, status=422, decision="uphold", reason="")

    assert _("You prepared this yourself; somebody else must decide.") in page
    assert 'name="decision"' not in page  # no button that cannot be pressed
    assert _("You prepared this yourself; somebody else must decide.") in answer


def test_an_upheld_hide_offers_its_release(clerk: Desk, reviewer: Desk, act: AdministrativeAct) -> None:
    clerk.post("hide_fact", act.public_id, ground="error", reason="有误", field="")
    ordered = Hide.objects.get()
    reviewer.post("decide_hide", ordered.uuid, decision="uphold", reason="")

    without = reviewer.post("decide_hide", ordered.uuid, status=422, decision="release", reason="")
    reviewer.post("decide_hide", ordered.uuid, decision="release", reason="已核实")

    ordered.refresh_from_db()
    assert _("Give a reason; whoever is concerned will read it.") in without
    assert (ordered.state, shown(act)) == ("released", True)


def test_everything_of_a_department_is_taken_off_with_a_list_of_what_goes(
    clerk: Desk, reviewer: Desk, office: Any, act: AdministrativeAct
) -> None:
    page = clerk.get("hide_sender", office.unified_code)
    clerk.post("hide_sender", office.unified_code, ground="source", reason="接口异常")

    assert act.public_id in page
    assert not shown(act)
    assert clerk.get("hide_sender", office.unified_code)  # says that it is hidden already


def test_a_second_hide_is_refused_with_409_and_the_day_of_the_first(clerk: Desk, act: AdministrativeAct) -> None:
    clerk.post("hide_fact", act.public_id, ground="error", reason="有误", field="")

    text = clerk.post("hide_fact", act.public_id, status=409, ground="error", reason="再来", field="")

    assert "2026-11-20" in text


# ── correction ───────────────────────────────────────────────────────────────────────────────────────────────────────


def form_values(act: AdministrativeAct, **changes: Any) -> dict[str, Any]:
    from records.services import corrections

    cells: dict[str, Any] = corrections.cells_of(act)
    names = {column.name for column in corrections.columns_of(act)}
    return {n: v for n, v in cells.items() if n in names} | {"cf_cflb": ["罚款"], "reason": "金额笔误"} | changes


def test_a_correction_is_proposed_from_what_stands_and_confirmed_by_another(
    clerk: Desk, reviewer: Desk, act: AdministrativeAct
) -> None:
    page = clerk.get("correct", act.public_id)
    clerk.post("correct", act.public_id, **form_values(act, cf_nr_fk="2"))
    batch = IntakeBatch.objects.get(desk_of=clerk.user)

    mine, theirs = clerk.get("correction", batch.public_id), reviewer.get("correction", batch.public_id)
    reviewer.post("correction", batch.public_id, decision="confirm", reason="")

    assert act.content["facts"] in page
    assert "金额笔误" in mine
    assert ("<del>" in theirs, "<ins>" in theirs) == (True, True)
    assert DisclosedRecord.objects.get(public_id=act.public_id).content["fine"] == "20000.00"
    assert QueryReceipt.objects.filter(user=reviewer.user).exists()


def test_what_the_gate_refuses_is_said_beside_its_field_and_nothing_typed_is_lost(
    clerk: Desk, act: AdministrativeAct
) -> None:
    text = clerk.post("correct", act.public_id, status=422, **form_values(act, cf_nr_fk="三万"))

    assert 'href="#id_cf_nr_fk"' in text
    assert "三万" in text
    assert IntakeBatch.objects.filter(desk_of=clerk.user).count() == 0


def test_a_rejected_correction_needs_its_reason(clerk: Desk, reviewer: Desk, act: AdministrativeAct) -> None:
    clerk.post("correct", act.public_id, **form_values(act, cf_nr_fk="2"))
    batch = IntakeBatch.objects.get(desk_of=clerk.user)

    reviewer.post("correction", batch.public_id, status=422, decision="reject", reason="")
    reviewer.post("correction", batch.public_id, decision="reject", reason="原件即三万元")

    batch.refresh_from_db()
    assert batch.state == "abandoned"
    reviewer.get("correction", batch.public_id)  # still says what became of it


# ── a held text, an exemption ────────────────────────────────────────────────────────────────────────────────────────


def test_a_held_text_is_read_with_what_was_found_marked_and_cleared(reviewer: Desk, held: AdministrativeAct) -> None:
    page = reviewer.get("clear_text", held.public_id)
    receipts = QueryReceipt.objects.filter(user=reviewer.user).count()

    reviewer.post("clear_text", held.public_id, reason="公开的投诉电话")

    held.refresh_from_db()
    assert "13800138000</mark>" in page
    assert page.count("<mark>") == 1
    assert receipts == 1
    assert held.text_cleared_by == reviewer.user
    assert reviewer.get("clear_text", held.public_id).count("<mark>") == 0  # nothing waits any longer


def test_a_held_text_shows_to_nobody_who_may_not_clear_it(clerk: Desk, held: AdministrativeAct) -> None:
    page = clerk.get("clear_text", held.public_id)

    assert "13800138000" not in page
    clerk.post("clear_text", held.public_id, status=403, reason="越权")
    assert QueryReceipt.objects.count() == 0


def test_an_exemption_takes_a_law_and_says_why_another_document_is_no_basis(
    office: Any, held: AdministrativeAct
) -> None:
    publisher = Desk(officer("publisher", office))
    law = Provision.objects.filter(instrument__kind="admin_reg").in_force(today()).first()
    rule = Provision.objects.filter(instrument__kind="dept_rule").in_force(today()).first()
    publisher.get("exempt", held.public_id)

    refused = publisher.post("exempt", held.public_id, status=422, provision=rule.pk)
    publisher.post("exempt", held.public_id, provision=law.pk)

    held.publication.refresh_from_db()
    assert str(rule.instrument.title) in refused
    assert "cp-errors" in refused
    assert (held.publication.state, held.publication.exempt_by) == ("exempt", law)
    publisher.post("exempt", held.public_id, status=409, provision=law.pk)


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stay_and_its_end_and_an_annulment_carry_their_orders(reviewer: Desk, act: AdministrativeAct) -> None:
    uuid = act.document.uuid
    page = reviewer.get("stay", uuid)
    reviewer.post("stay", uuid, order=picture(), order_number="示行停〔2026〕1号")
    stayed = shown(act)
    reviewer.post("lift_stay", uuid, order=picture(), order_number="示行停〔2026〕2号", reason="裁定期满")
    lifted = shown(act)
    reviewer.post("annul", uuid, order=picture(), order_number="示复决〔2026〕5号", reason="复议撤销")

    act.refresh_from_db()
    act.document.refresh_from_db()
    assert act.public_id in page  # which facts go
    assert (stayed, lifted, act.state) == (False, True, "withdrawn")
    assert (act.document.state, act.document.order_number) == ("annulled", "示复决〔2026〕5号")
    reviewer.get("document", uuid)


def test_an_order_is_judged_by_its_content(reviewer: Desk, act: AdministrativeAct) -> None:
    page = reviewer.post(
        "annul", act.document.uuid, status=422, order_number="1", reason="撤销",
        order=SimpleUploadedFile("决定书.pdf", b"<html><script>1</script>", content_type="application/pdf"),
    )  # fmt: skip

    assert "cp-errors" in page
    assert (shown(act), Attachment.objects.count()) == (True, 0)


def test_a_document_that_is_not_stayed_has_no_stay_to_end_and_no_file_is_kept_for_it(
    reviewer: Desk, act: AdministrativeAct
) -> None:
    text = reviewer.post("lift_stay", act.document.uuid, status=409, order=picture(), order_number="1", reason="期满")

    assert act.document.number in text
    assert Attachment.objects.count() == 0


def test_a_court_rules_on_a_document_of_any_body(act: AdministrativeAct) -> None:
    court = Desk(officer("reviewer", agency("示例市人民法院", kind="judicial_organ")))

    court.post("stay", act.document.uuid, order=picture(), order_number="示行停1号")

    assert not shown(act)


# ── records made at a desk ───────────────────────────────────────────────────────────────────────────────────────────


def draft_values(document: Any, **changes: Any) -> dict[str, Any]:
    return {
        "item_code": adverse_item(document.type), "nature": "拒不履行裁决", "severity": "ordinary",
        "occasion": "supervision", "phase": "after",
    } | changes  # fmt: skip


@pytest.fixture
def document(office: Any, firm: Subject) -> Any:
    from casework.actors import SYSTEM

    return services.take_effect(judgment(firm, office).pk, by=SYSTEM, on=today())


def test_a_flagged_draft_goes_to_a_second_officer_and_takes_effect_with_his_opinion(
    clerk: Desk, reviewer: Desk, document: Any
) -> None:
    clerk.get("record_draft", document.uuid)
    clerk.post("record_draft", document.uuid, **draft_values(document, flags=["force_majeure"]))
    made = Record.objects.get()
    clerk.post("tolerance", made.public_id)

    own = clerk.get("tolerance", made.public_id)
    clerk.post("tolerance", made.public_id, status=403, decision="record", reason="自己审")
    reviewer.get("tolerance", made.public_id)
    reviewer.post("tolerance", made.public_id, decision="record", reason="灾后已补救，但仍属拒不履行")

    made.refresh_from_db()
    assert made.state == "effective"
    assert 'name="decision"' not in own
    assert made.tolerance_review.opinion in reviewer.get("tolerance", made.public_id)


def test_what_is_not_recorded_says_so_and_has_no_form_any_more(clerk: Desk, reviewer: Desk, document: Any) -> None:
    clerk.post("record_draft", document.uuid, **draft_values(document, flags=["minor"]))
    made = Record.objects.get()
    clerk.post("tolerance", made.public_id)

    reviewer.post("tolerance", made.public_id, decision="not", reason="未成年人，情节轻微")

    made.refresh_from_db()
    assert made.state == "not_recorded"
    reviewer.post("tolerance", made.public_id, status=409)


def test_a_draft_without_occasion_is_no_draft(clerk: Desk, document: Any) -> None:
    text = clerk.post("record_draft", document.uuid, status=422, **draft_values(document, occasion=""))

    assert "id_occasion" in text
    assert Record.objects.count() == 0


def test_a_record_under_an_ended_item_is_decided_on_its_page(
    reviewer: Desk, act: AdministrativeAct, travel: Any
) -> None:
    CatalogueItem.objects.filter(pk=act.item_id).update(state="retired", in_force_to=today())
    travel(date(2026, 11, 23))
    sweep(today())
    review = ItemReview.objects.get()
    desk = Desk(reviewer.user)

    desk.get("item_review", review.uuid)
    desk.post("item_review", review.uuid, decision="withdraw", reason="新目录不再归集")

    review.refresh_from_db()
    assert (review.state, shown(act)) == ("withdrawn", False)
    desk.post("item_review", review.uuid, status=409, decision="keep", reason="又想保留")


# ── who sees what ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["hide_fact", "withdraw", "correct", "clear_text", "exempt"])
def test_a_fact_of_another_body_is_no_fact_here(stranger: Desk, act: AdministrativeAct, name: str) -> None:
    stranger.get(name, act.public_id, status=404)


@pytest.mark.parametrize("name", ["document", "stay", "lift_stay", "annul", "record_draft"])
def test_a_document_of_another_body_is_no_document_here(stranger: Desk, act: AdministrativeAct, name: str) -> None:
    stranger.get(name, act.document.uuid, status=404)


def test_a_hide_of_another_body_is_no_hide_here(stranger: Desk, clerk: Desk, act: AdministrativeAct) -> None:
    clerk.post("hide_fact", act.public_id, ground="error", reason="有误", field="")

    stranger.get("decide_hide", Hide.objects.get().uuid, status=404)


def test_nobody_sees_these_pages_unsigned(act: AdministrativeAct) -> None:
    answer = Client().get(reverse("admin:hide_fact", args=[act.public_id]))

    assert answer.status_code in (302, 403)


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"account_keeper", "rule_keeper"}))
def test_each_role_is_offered_its_verbs_and_told_why_not_the_others(
    office: Any, held: AdministrativeAct, role: str
) -> None:
    user = officer(role, office)
    act = AdministrativeAct.objects.select_related("publication", "document__issuer").get(pk=held.pk)

    links = {
        link.url.rstrip("/").rpartition("/")[2] if link.url else str(link.label): link
        for link in verbs_for(act, user, today())
    }

    offered = {name for name, link in links.items() if link.url}
    assert offered == {
        "clerk": {"hide", "withdraw", "correct"},
        "reviewer": {"hide", "withdraw", "clear-text", "stay", "annul"},
        "publisher": {"hide", "withdraw", "exempt"},
    }.get(role, set())
    assert all(link.refusal for link in links.values() if not link.url)


def test_the_verbs_of_many_facts_ask_no_more_than_those_of_one(
    office: Any, firm: Subject, django_assert_max_num_queries: Any
) -> None:
    for _n in range(5):
        deliver(penalty(firm, office), sender=office)
    user = officer("clerk", office)
    acts = list(
        AdministrativeAct.objects.select_related(
            "publication", "document__issuer", "collecting_department", "determining_department"
        )
    )

    with django_assert_max_num_queries(16):
        assert all(verbs_for(act, user, today()) for act in acts)


# ── lists, queue, cost ───────────────────────────────────────────────────────────────────────────────────────────────


LISTS = ["records_hide_changelist", "records_basisdocument_changelist", "records_record_changelist"]


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_show_what_is_in_reach_and_nothing_else(
    clerk: Desk, stranger: Desk, act: AdministrativeAct, name: str
) -> None:
    clerk.post("hide_fact", act.public_id, ground="error", reason="有误", field="")

    assert act.subject.name in clerk.get(name)
    assert act.subject.name not in stranger.get(name)


def test_the_list_of_records_registers_each_look(reviewer: Desk, act: AdministrativeAct) -> None:
    reviewer.get("records_record_changelist")

    assert [receipt.rows for receipt in QueryReceipt.objects.filter(user=reviewer.user)] == [1]


def lines(user: User) -> set[tuple[str, bool, str]]:
    """(step of the address, whether there is a verb, group) of everything that waits."""
    return {
        (line.url.split("/")[2], bool(line.verb), line.group)
        for source in site.sources
        if source.__module__.startswith("records.admin") and not source.__module__.endswith("clock")
        for line in source(user, today())
    }


def test_the_queue_holds_what_waits_for_whom(
    clerk: Desk, reviewer: Desk, stranger: Desk, document: Any, held: AdministrativeAct, act: AdministrativeAct
) -> None:
    clerk.post("hide_fact", act.public_id, ground="error", reason="有误", field="")
    other = act_of(deliver(penalty(act.subject, act.collecting_department), sender=act.collecting_department))
    clerk.post("correct", other.public_id, **form_values(other, cf_nr_fk="2"))
    clerk.post("record_draft", document.uuid, **draft_values(document, flags=["minor"]))
    drafted = lines(clerk.user)
    clerk.post("tolerance", Record.objects.get(act=None).public_id)

    assert ("tolerance", True, "mine") in drafted
    assert {("hides", False, "second_person"), ("corrections", False, "second_person")} <= lines(clerk.user)
    assert {
        ("hides", True, "mine"), ("corrections", True, "mine"), ("tolerance", True, "mine"), ("facts", True, "mine"),
    } <= lines(reviewer.user)  # fmt: skip
    assert lines(stranger.user) == set()


def test_a_late_hide_of_personal_data_stands_before_the_superior_too(
    clerk: Desk, office: Any, act: AdministrativeAct, travel: Any
) -> None:
    above = agency("示例省市场监督管理局", level="province")
    type(office).objects.filter(pk=office.pk).update(superior=above)
    superior = officer("reviewer", above)
    clerk.post("hide_fact", act.public_id, ground="personal_data", reason="文中有住址", field="")
    before = lines(superior)

    travel(date(2026, 11, 24))
    sweep(today())

    assert (before, lines(superior)) == (set(), {("hides", True, "mine")})
    assert "cp-note--late" in Desk(superior).get("decide_hide", Hide.objects.get().uuid)


@pytest.mark.parametrize(
    ("name", "most"), [("hide_fact", 26), ("withdraw", 26), ("exempt", 26), ("correct", 36), ("clear_text", 36)]
)
def test_a_page_asks_a_bounded_number_of_questions(
    clerk: Desk, act: AdministrativeAct, django_assert_max_num_queries: Any, name: str, most: int
) -> None:
    with django_assert_max_num_queries(most):
        clerk.get(name, act.public_id)


def test_a_refusal_at_a_desk_stands_in_the_register(reviewer: Desk, act: AdministrativeAct) -> None:
    reviewer.post("hide_fact", act.public_id, ground="error", reason="有误", field="")

    reviewer.post("decide_hide", Hide.objects.get().uuid, status=422, decision="uphold", reason="")

    assert [(line.rule, line.actor) for line in Refusal.objects.all()] == [("own_draft", reviewer.user.uuid)]


def test_the_second_officer_reads_what_is_hidden_and_that_he_does_is_registered(
    clerk: Desk, reviewer: Desk, act: AdministrativeAct
) -> None:
    clerk.post("hide_fact", act.public_id, ground="error", reason="有误", field="")

    own = clerk.get("decide_hide", Hide.objects.get().uuid)
    theirs = reviewer.get("decide_hide", Hide.objects.get().uuid)

    assert (act.content["facts"] in own, act.content["facts"] in theirs) == (False, True)
    assert [receipt.user for receipt in QueryReceipt.objects.all()] == [reviewer.user]


def test_nobody_decides_about_a_firm_in_which_he_holds_a_position(
    clerk: Desk, reviewer: Desk, act: AdministrativeAct, monkeypatch: Any
) -> None:
    clerk.post("hide_fact", act.public_id, ground="error", reason="有误", field="")
    monkeypatch.setattr("subjects.rules.is_own_relation", lambda by, *about, on: by == reviewer.user)

    reviewer.post("decide_hide", Hide.objects.get().uuid, status=422, decision="undo", reason="核对无误")

    assert Hide.objects.get().state == "ordered"
