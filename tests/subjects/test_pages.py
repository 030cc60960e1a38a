"""Pages about persons, looks, consents and the register, as an officer meets them."""

import re
from datetime import date

import pytest
from django.utils import translation

from accounts.models import Agency, User
from casework import privacy
from casework.models import Refusal
from subjects.models import Consent, FormerCode, Person, Position, QueryReceipt, Subject
from subjects.states import Mark, PublicBody, Role
from tests.factories import agency, code_of, officer, subject
from tests.subjects.looks import STATED, opened, path_of, signed_in, text_of

pytestmark = pytest.mark.django_db
NUMBER = "990100199003070019"


@pytest.fixture
def office() -> Agency:
    return agency()


@pytest.fixture
def firm(db: None) -> Subject:
    return subject()


@pytest.fixture
def clerk(office: Agency) -> User:
    return officer("clerk", office)


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("SEC-02")
def test_a_number_is_shown_once_in_the_answer_and_in_no_address() -> None:
    office = agency()
    clerk, firm = officer("clerk", office), subject()
    person = Person.objects.create(name="示例某甲", name_masked="示**")
    privacy.keep(person.uuid, NUMBER)
    Position.objects.create(person=person, subject=firm, role=Role.DIRECTOR)
    client = signed_in(clerk)
    address = f"/admin/persons/{person.uuid}/number/"
    asked = STATED | {"purpose": "service"}

    assert NUMBER[-4:] not in client.get(address).content.decode()
    some = client.post(address, asked)
    whole = client.post(address, asked | {"is_full": "on"})

    assert "…0019" in some.content.decode()
    assert NUMBER not in some.content.decode()
    assert NUMBER in whole.content.decode()
    assert (whole.status_code, "no-store" in whole["Cache-Control"]) == (200, True)
    assert NUMBER not in client.get(address).content.decode()
    assert client.post(address, asked | {"purpose": "publication"}).status_code == 422
    assert client.post(address, asked | {"matter": ""}).status_code == 422
    assert QueryReceipt.objects.filter(person=person).count() == 2


def test_a_flagged_look_waits_in_the_queue_of_a_reviewer_who_clears_it_on_its_page(
    office: Agency, clerk: User, firm: Subject
) -> None:
    opened(clerk, firm, STATED | {"purpose": "own_request", "matter": ""}).get(path_of(firm))
    receipt = QueryReceipt.objects.get()
    reviewer = signed_in(officer("reviewer", office))

    assert receipt.number in reviewer.get("/admin/?view=agency").content.decode()
    listed = reviewer.get("/admin/subjects/queryreceipt/?review=waiting").content.decode()
    assert receipt.number in listed
    page = text_of(reviewer.get(f"/admin/queries/{receipt.number}/"))
    assert str(Mark.WITHOUT_MATTER.label) in page
    assert STATED["reason"] in page
    assert reviewer.post(f"/admin/queries/{receipt.number}/cleared/", {"reason": ""}).status_code == 422
    assert reviewer.post(f"/admin/queries/{receipt.number}/cleared/", {"reason": "书面申请在卷"}).status_code == 302

    receipt.refresh_from_db()
    assert (receipt.state, receipt.review_reason) == ("cleared", "书面申请在卷")
    assert signed_in(clerk).get(f"/admin/queries/{receipt.number}/").status_code == 403
    elsewhere = signed_in(officer("reviewer", agency("另一机关")))
    assert elsewhere.get(f"/admin/queries/{receipt.number}/").status_code == 404
    assert receipt.number not in elsewhere.get("/admin/subjects/queryreceipt/").content.decode()
    auditor = signed_in(officer("auditor", agency("审计机关")))
    assert receipt.number in auditor.get("/admin/subjects/queryreceipt/").content.decode()
    assert (
        "it is for: reviewer" in text_of(auditor.get(f"/admin/queries/{receipt.number}/")) or receipt.state == "cleared"
    )


@pytest.mark.proves("SUB-12")
def test_the_mark_of_the_public_purse_is_set_on_its_own_page_and_stands_in_the_file(
    office: Agency, clerk: User, firm: Subject
) -> None:
    reviewer = signed_in(officer("reviewer", office))
    address = path_of(firm) + "public-body/"

    assert signed_in(clerk).get(address).status_code == 403
    assert reviewer.post(address, {"kind": "state_organ", "reason": ""}).status_code == 422
    assert reviewer.post(address, {"kind": "state_organ", "reason": "机关法人"}).status_code == 302
    assert reviewer.post(address, {"kind": "state_organ", "reason": "机关法人"}).status_code == 409

    with translation.override("zh-hans"):
        assert str(PublicBody.STATE_ORGAN.label) in text_of(opened(clerk, firm).get(path_of(firm)))


def test_a_consent_is_entered_read_and_revoked_on_pages(office: Agency, clerk: User) -> None:
    person = Person.objects.create(name="示例某甲", name_masked="示**")
    client = signed_in(clerk)
    given = {
        "service": "own_request", "purpose": "答复本人申请", "manner": "核对证件", "scope": ["identity_number"],
        "ends_on": "2027-05-20", "shown_text": "目的：答复本人申请。方式：核对证件。至2027-05-20。",
    }  # fmt: skip

    too_much = client.post(f"/admin/persons/{person.uuid}/consent/", given | {"scope": ["identity_number", "address"]})
    assert too_much.status_code == 422
    assert Refusal.objects.get().rule == "consent_bundled"
    assert client.post(f"/admin/persons/{person.uuid}/consent/", given).status_code == 302
    listed = client.get("/admin/subjects/consent/").content.decode()
    assert "示**" in listed
    assert "示例某甲" not in listed
    address = re.search(r'href="(/admin/consents/[^"]+)"', listed)
    assert address
    assert "核对证件" in text_of(client.get(address.group(1)))
    assert client.post(address.group(1) + "revoke/", {"reason": "本人来函"}).status_code == 302
    assert "2026-11-20" in text_of(client.get(address.group(1)))
    assert Consent.objects.get().state == "revoked"
    assert signed_in(officer("clerk", agency("另一机关"))).get(address.group(1)).status_code == 404


def test_subjects_are_found_by_code_former_code_and_two_characters_of_any_name(clerk: User) -> None:
    firm = subject("示例远岫建材有限公司")
    other = subject("示例竹梅商贸有限公司")
    FormerCode.objects.create(unified_code=code_of(7_009), subject=firm, valid_to=date(2020, 1, 1))
    client = signed_in(clerk)

    def found(q: str) -> set[str]:
        page = client.get("/admin/subjects/subject/", {"q": q}).content.decode()
        return {each.name for each in (firm, other) if path_of(each) in page}

    assert found("远岫") == {firm.name}
    assert found(firm.unified_code.lower()) == {firm.name}
    assert found(code_of(7_009)) == {firm.name}
    assert found("") == {firm.name, other.name}
    assert found("没有的名字") == set()
    assert client.get("/admin/subjects/subject/?division=990100").status_code == 200
    assert not QueryReceipt.objects.exists()  # the register itself is public
