"""The file of a subject on one page: asked for by a purpose, registered before it shows, the same cost whatever its size."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import Agency, Identity, User
from casework import privacy
from casework.actors import SYSTEM
from casework.calendar import today
from casework.models import AuditEvent, CalendarDay, Refusal
from casework.timeline import sentences
from catalogs.models import CatalogueItem
from records import reading, services
from records.models import AdministrativeAct, Hide, Publication, Record
from records.recurrence import pattern
from records.states import Untrustworthiness
from subjects.models import FormerCode, Person, Position, QueryReceipt, Subject
from subjects.states import Role
from tests.conftest import THE_DAY
from tests.factories import act_of, agency, code_of, deliver, officer, order, penalty, subject
from tests.records.acts import hand_in, licence
from tests.subjects.looks import ASKED, SHOWN, STATED, SUPERVISION, opened, path_of, signed_in, text_of

pytestmark = pytest.mark.django_db
NUMBER = "990100199003070019"
QUERIES = 25


def sentence(event: str, **values: str) -> str:
    """What the course of the file says of an event, in the language of the office."""
    with translation.override("zh-hans"):
        return str(sentences()[event]) % values


@pytest.fixture
def clerk(office: Agency) -> User:
    return officer("clerk", office)


# --- Asked for, and registered first


@pytest.mark.proves("SEC-02", "INV-64")
def test_nothing_of_the_file_shows_before_a_purpose_is_stated_and_each_look_is_registered(
    office: Agency, clerk: User, firm: Subject
) -> None:
    number = act_of(deliver(penalty(firm, office), sender=office)).document.number
    client = signed_in(clerk)

    asked = client.get(path_of(firm) + "?purpose=publication&matter=A-7")
    assert number not in asked.content.decode()
    assert 'value="A-7"' in asked.content.decode()
    assert not QueryReceipt.objects.exists()

    assert client.post(path_of(firm), STATED).status_code == 302
    shown = client.get(path_of(firm))
    client.get(path_of(firm))

    assert number in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    receipts = QueryReceipt.objects.order_by("pk")
    assert [(r.user, r.subject, r.purpose, r.matter, r.channel) for r in receipts] == [
        (clerk, firm, "determination", STATED["matter"], "office")
    ] * 2
    assert receipts[0].fields == ["names", "persons", "facts", "timeline", "queries"]


@pytest.mark.proves("SEC-02", "INV-64")
def test_when_the_receipt_cannot_be_written_nothing_is_shown(
    office: Agency, clerk: User, firm: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = act_of(deliver(penalty(firm, office), sender=office)).document.number
    client = opened(clerk, firm)

    def full(**_row: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(QueryReceipt.objects, "create", full)
    answer = client.get(path_of(firm))

    assert answer.status_code == 500
    assert number not in answer.content.decode()


@pytest.mark.proves("SEC-01")
@pytest.mark.parametrize(
    ("role", "stated", "status"),
    [
        ("clerk", STATED | {"purpose": "supervision"}, 422),
        ("publisher", STATED, 422),
        ("clerk", STATED | {"matter": ""}, 422),
        ("clerk", STATED | {"reason": ""}, 422),
        ("rule_keeper", STATED, 403),
        ("account_keeper", STATED, 403),
        ("auditor", SUPERVISION, 302),
        ("publisher", STATED | {"purpose": "publication"}, 302),
    ],
)
def test_a_purpose_that_the_postings_do_not_give_opens_nothing(
    role: str, stated: dict[str, str], status: int, office: Agency, firm: Subject
) -> None:
    client = signed_in(officer(role, office))

    assert client.post(path_of(firm), stated).status_code == status
    assert (SHOWN in client.get(path_of(firm)).content.decode()) is (status == 302)


def test_what_was_stated_holds_for_this_subject_until_the_days_end(clerk: User, firm: Subject, travel: Any) -> None:
    client = opened(clerk, firm)
    assert SHOWN in client.get(path_of(firm)).content.decode()

    assert ASKED in client.get(path_of(subject())).content.decode()
    looks = client.session["looks"]
    travel(today() + timedelta(days=1))
    later = signed_in(clerk)  # a session that was not closed at midnight
    session = later.session
    session["looks"] = looks
    session.save()
    assert ASKED in later.get(path_of(firm)).content.decode()


@pytest.mark.proves("SEC-07")
def test_the_file_stays_closed_to_who_holds_a_position_in_the_subject(clerk: User, firm: Subject) -> None:
    person = Person.objects.create(name="示例某甲", name_masked="示**")
    privacy.keep(person.uuid, NUMBER)
    key, digest = privacy.look_up_digests(NUMBER, privacy.Document.RESIDENT_IDENTITY)[0]
    clerk.identity = Identity.objects.create(digest_key=key, digest=digest)
    clerk.save()
    Position.objects.create(person=person, subject=firm, role=Role.DIRECTOR)
    client = opened(clerk, firm)

    answer = client.get(path_of(firm))

    assert answer.status_code == 422
    assert SHOWN not in answer.content.decode()
    assert QueryReceipt.objects.get().marks == ["own_relation"]
    assert Refusal.objects.get().rule == "own_relation"


def test_a_former_code_leads_to_the_subject_and_an_unknown_one_nowhere(clerk: User, firm: Subject) -> None:
    former = code_of(7_001)
    FormerCode.objects.create(unified_code=former, subject=firm, valid_to=date(2020, 1, 1))
    client = opened(clerk, firm)

    assert client.get(f"/admin/subjects/{former}/")["Location"] == path_of(firm)
    assert client.get(f"/admin/subjects/{code_of(7_002)}/").status_code == 404
    assert client.get(path_of(firm) + "?q=1").status_code == 400
    assert client.get(path_of(firm) + "?after=altered").status_code == 400
    assert client.get(path_of(firm) + "?story=first").status_code == 400


# --- What it shows


@pytest.mark.proves("SUB-08")
def test_names_codes_persons_facts_with_their_phase_the_course_and_who_looked_stand_on_one_page(
    office: Agency, clerk: User, firm: Subject
) -> None:
    FormerCode.objects.create(unified_code=code_of(7_003), subject=firm, valid_to=date(2020, 1, 1))
    person = Person.objects.create(name="示例某甲", name_masked="示**", tag="A7K2Q")
    Position.objects.create(person=person, subject=firm, role=Role.LEGAL_REP, valid_from=date(2015, 3, 1))
    made = deliver(penalty(firm, office), sender=office)
    permit = hand_in(licence(firm, office), kind="licences", sender=office)

    page = text_of(opened(clerk, firm).get(path_of(firm)))

    for part in (
        firm.name, act_of(made).document.number, act_of(permit).document.number, "示**", "A7K2Q", "法定代表人", "行政处罚",
        "行政许可", "事后", "事前", sentence("subject.registered", after="存续", source="示例登记库"), STATED["matter"],
    ):  # fmt: skip
        assert part in page, part
    assert "示例某甲" not in page


def test_each_fact_says_why_it_shows_or_not_in_agreement_with_the_public_view(
    office: Agency, clerk: User, firm: Subject, travel: Any
) -> None:
    """One fact in each situation: what the sentence says is what `disclosed.shown` answers."""
    reviewer = officer("reviewer", office)
    keys = [
        "shown", "withdrawn", "held", "stayed", "hidden", "sender", "minor", "late", "over", "field", "corrected",
    ]  # fmt: skip
    elsewhere = agency("另一机关")
    rows = {key: penalty(firm, office) for key in keys}
    rows["held"]["cf_sy"] = f"当事人{NUMBER}"
    rows["sender"] = penalty(firm, elsewhere)
    rows["late"]["cf_jdrq"] = "2026-10-12"
    rows["over"]["cf_jdrq"] = "2022-01-04"
    rows["minor"] |= {"cf_cflb": "警告", "cf_nr": "警告", "cf_nr_fk": ""}
    acts = {key: act_of(deliver(row, sender=elsewhere if key == "sender" else office)) for key, row in rows.items()}
    services.withdraw(acts["withdrawn"].pk, by=SYSTEM, on=today(), reason="张冠李戴")
    services.stay_document(
        acts["stayed"].document_id,
        order=order(),
        order_number="停1号",
        by=SYSTEM,
        on=today(),
        **_reason(services.stay_document),
    )
    deliver(rows["corrected"] | {"cf_nr_fk": "4.000000", "op": "correct", "reason": "金额有误"}, sender=office)
    for key, values in {
        "hidden": {"what": "fact", "fact": acts["hidden"].public_id, "ground": "error"},
        "field": {"what": "field", "fact": acts["field"].public_id, "field": "facts", "ground": "secret"},
        "sender": {"what": "sender", "sender": elsewhere, "ground": "source"},
    }.items():
        Hide.objects.create(
            agency=office, subject=firm if key != "sender" else None, reason="试验", ordered_by=reviewer,
            starts_on=today(), due_on=today() + timedelta(days=3), **values,
        )  # fmt: skip

    reach = reading.Reach.of(clerk, today())
    with translation.override("en"):
        lines, _more = reading.file_of(firm.pk, reach, on=today(), limit=50)
        told = {line.fact.public_id: (line.is_shown, " ".join(line.why)) for line in lines}
    said = {key: told[act.public_id] for key, act in acts.items()}

    with connection.cursor() as cursor:
        cursor.execute("SELECT public_id FROM disclosed.shown WHERE unified_code = %s", [firm.unified_code])
        public = {row[0] for row in cursor.fetchall()}
    assert {key for key, (is_shown, _why) in said.items() if is_shown} == {
        key for key, act in acts.items() if act.public_id in public
    }
    for key, begins in {
        "shown": "Shown since 2026-11-20, until and including ", "withdrawn": "Withdrawn:", "held": "A personal number was found",
        "stayed": "Its document is not in effect: stayed", "hidden": "Hidden since 2026-11-20", "field": "Shown since",
        "sender": "Everything of its sender is hidden", "minor": "Not to be disclosed: NC-03-02", "late": "Shown since",
        "over": "Its publication ended with", "corrected": "Shown since",
    }.items():  # fmt: skip
        assert said[key][1].startswith(begins), (key, said[key])
    assert "repair regime" in said["shown"][1]
    assert "Published late" in said["late"][1]
    assert "is hidden since" in said["field"][1]
    assert len(told) == len(acts)  # a replaced version stands with its successor


def _reason(verb: Any) -> dict[str, str]:
    """The reason, where the verb asks for one."""
    code = verb.__wrapped__.__code__
    return (
        {"reason": "法院裁定停止执行"}
        if "reason" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        else {}
    )


@pytest.mark.proves("SHR-01", "INV-12")
def test_what_an_item_does_not_share_is_returned_to_its_own_bodies_and_the_auditor_only(
    office: Agency, clerk: User, firm: Subject
) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))
    share_with_courts_only(act.item_id)
    stranger = officer("clerk", agency("另一机关"))
    court = officer("reviewer", agency("示例市中级人民法院", kind=Agency.Kind.JUDICIAL_ORGAN))
    auditor = officer("auditor", agency("审计机关"))

    seen = {
        name: act.document.number in text_of(opened(user, firm, stated).get(path_of(firm)))
        for name, user, stated in [
            ("own", clerk, STATED), ("stranger", stranger, STATED), ("court", court, STATED), ("auditor", auditor, SUPERVISION),
        ]
    }  # fmt: skip

    assert seen == {"own": True, "stranger": False, "court": True, "auditor": True}
    client = opened(stranger, firm)
    assert act.public_id not in client.get(path_of(firm)).content.decode()  # neither in the course of the file
    assert client.get(f"/admin/facts/{act.public_id}/").status_code == 404


def share_with_courts_only(item_id: int) -> None:
    """As if the item had been announced so; announced editions never change, hence by the login with the guards off."""
    raw = connection.connection
    raw.execute("RESET ROLE")
    raw.execute("SET LOCAL session_replication_role = replica")
    raw.execute("UPDATE catalogs_catalogueitem SET share_scope = '{judicial_organs}' WHERE id = %s", [item_id])
    raw.execute("SET LOCAL session_replication_role = origin")


def test_an_unfinished_record_is_its_own_bodys_matter(office: Agency, clerk: User, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))
    stands = Record.objects.get(act=act)
    Record.objects.create(
        public_id="rec_draft0000000", version=1, subject=firm, document=act.document,
        item=CatalogueItem.objects.exclude(pk=act.item_id).filter(state="in_force").first(), region=stands.region,
        determining_department=office, field="general", nature="拒不履行", severity="ordinary", impact="limited",
        decided_on=act.decided_on, determined_at=stands.determined_at, state=Untrustworthiness.DRAFT,
    )  # fmt: skip

    stranger = officer("clerk", agency("另一机关"))

    def ids(user: User) -> set[str]:
        lines, _more = reading.file_of(firm.pk, reading.Reach.of(user, today()), on=today())
        return {line.fact.public_id for line in lines}

    assert ids(clerk) - ids(stranger) == {"rec_draft0000000"}


@pytest.mark.parametrize("n", [10, 10_000])
def test_the_page_costs_the_same_whatever_is_held(n: int, office: Agency, clerk: User, firm: Subject) -> None:
    fill(firm, act_of(deliver(penalty(firm, office), sender=office)), n)
    client = opened(clerk, firm)
    client.get(path_of(firm))

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path_of(firm))

    assert answer.status_code == 200
    asked = [
        query["sql"][:160] for query in queries if "SAVEPOINT" not in query["sql"]
    ]  # outside tests: the transaction
    assert len(asked) < QUERIES, "\n".join(asked)


def fill(firm: Subject, act: AdministrativeAct, n: int) -> None:
    """Make n acts more, each with document, record and publication, as the intake leaves them."""
    with connection.cursor() as cursor:
        for table, own, source in (
            ("records_basisdocument", {"number": "d.number || '-' || n", "uuid": "gen_random_uuid()"}, act.document_id),
            ("records_administrativeact", {"public_id": "'rec_' || lpad(n::text, 12, '0')", "uuid": "gen_random_uuid()",
             "document_id": "(SELECT x.id FROM records_basisdocument x WHERE x.number = (SELECT b.number FROM"
             " records_basisdocument b WHERE b.id = d.document_id) || '-' || n)"}, act.pk),
            ("records_publication", {"act_id": "(SELECT x.id FROM records_administrativeact x WHERE x.public_id ="
             " 'rec_' || lpad(n::text, 12, '0'))", "state": "'pending'"}, act.publication.pk),
        ):  # fmt: skip
            cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
            columns = [name for (name,) in cursor.fetchall() if name != "id"]
            picked = ", ".join(own.get(name, f'd."{name}"') for name in columns)
            named = ", ".join(f'"{name}"' for name in columns)
            cursor.execute(
                f"INSERT INTO {table} ({named}) SELECT {picked} FROM {table} d, generate_series(1, %s) n WHERE d.id = %s",
                [n, source],
            )
        cursor.execute("ANALYZE records_administrativeact, records_basisdocument, records_publication")


def test_the_pages_walk_every_fact_once_newest_first(office: Agency, clerk: User, firm: Subject) -> None:
    fill(firm, act_of(deliver(penalty(firm, office), sender=office)), 60)
    client, seen, address = opened(clerk, firm), [], path_of(firm)

    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r'/admin/facts/(rec_\w+)/"', page)
        found = re.search(r'href="([^"]+\?after=[^"]+)"', page)
        address = found.group(1).replace("&amp;", "&") if found else ""

    assert len(seen) == len(set(seen)) == 61
    assert seen == sorted(seen, reverse=True)  # all of one day: then by number


# --- Conduct that comes back


@pytest.mark.proves("SUB-10")
def test_conduct_that_comes_back_and_conduct_in_another_region_are_told(
    office: Agency, clerk: User, firm: Subject
) -> None:
    far = agency("远方市市场监督管理局", region="990700")
    near = agency("示例市某区市场监督管理局", region="990101", superior=office, level=Agency.Level.COUNTY)
    for of, day in ((office, "2026-03-02"), (office, "2024-05-06"), (far, "2026-04-01"), (near, "2022-01-04")):
        deliver(penalty(firm, of, cf_jdrq=day), sender=of)

    found = pattern(Record.objects.filter(subject=firm), firm.region, on=today())

    assert [(c.n, c.first, c.last) for c in found.same_item] == [(3, date(2024, 5, 6), date(2026, 4, 1))]
    assert [(c.what, c.n) for c in found.same_field] == [("market-regulation", 3)]
    assert [(c.what, c.n) for c in found.elsewhere] == [("示例市", 1)]  # the factory names every division alike
    page = text_of(opened(clerk, firm).get(path_of(firm)))
    for conduct in (*found.same_item, *found.same_field, *found.elsewhere):
        assert conduct.what in page


def test_one_record_withdrawn_ones_and_old_ones_are_no_pattern(office: Agency, firm: Subject) -> None:
    deliver(penalty(firm, office, cf_jdrq="2026-03-02"), sender=office)
    deliver(penalty(firm, office, cf_jdrq="2023-11-20"), sender=office)
    gone = act_of(deliver(penalty(firm, office, cf_jdrq="2026-05-06"), sender=office))
    services.withdraw(gone.pk, by=SYSTEM, on=today(), reason="张冠李戴")

    assert not pattern(Record.objects.filter(subject=firm), firm.region, on=today())
    assert pattern(Record.objects.filter(subject=firm), firm.region, on=date(2026, 11, 19))


def test_a_leap_day_looks_back_to_the_last_of_february(firm: Subject) -> None:
    assert not pattern(Record.objects.filter(subject=firm), firm.region, on=date(2028, 2, 29))


# --- One fact


def test_the_page_of_a_fact_shows_its_versions_its_sum_and_its_verbs_or_why_not(
    office: Agency, clerk: User, firm: Subject
) -> None:
    row = penalty(firm, office, cf_jdrq="2026-11-12")
    deliver(row, sender=office)
    act = act_of(deliver(row | {"cf_nr_fk": "4.000000", "op": "correct", "reason": "金额有误"}, sender=office))
    client = signed_in(clerk)
    address = f"/admin/facts/{act.public_id}/"

    asked = client.get(address).content.decode()
    assert ASKED in asked
    assert act.document.number not in asked
    client.post(address, STATED)
    answer = client.get(address)
    page = answer.content.decode()

    assert [version.version for version in answer.context["versions"]] == [1, 2]
    assert page.count('class="fi-changed"') == 1
    assert ["3", "4"] in [row.values for row in answer.context["differences"] if row.is_changed]  # in 10,000 yuan
    assert page.count("cp-table__last") == 1  # the sum ends with the last day
    verbs = {link.url.rpartition("/")[0].rpartition("/")[2]: link for link in answer.context["verbs"]}
    assert "correct" in verbs
    assert any(link.refusal and link.refusal in page for link in answer.context["verbs"])
    assert f'href="{verbs["correct"].url}"' in page
    assert QueryReceipt.objects.get().fields == ["facts", "versions", "publication"]


def test_the_page_of_a_persons_fact_names_the_person_by_mask_only(office: Agency, clerk: User) -> None:
    row = penalty(None, office, cf_xdr_mc="欧阳示例", cf_xdr_zjlx="身份证", cf_xdr_zjhm=NUMBER)
    act = act_of(deliver(row, sender=office))
    client = signed_in(clerk)
    address = f"/admin/facts/{act.public_id}/"

    client.post(address, STATED)
    page = client.get(address).content.decode()

    assert "欧阳**" in page
    assert "欧阳示例" not in page.replace(act.document.number, "")
    assert NUMBER not in page
    assert QueryReceipt.objects.get().person == act.person


def test_a_held_text_is_told_on_no_page_but_the_one_where_it_is_read(
    office: Agency, clerk: User, firm: Subject
) -> None:
    act = act_of(deliver(penalty(firm, office, cf_sy=f"当事人{NUMBER}"), sender=office))
    client = signed_in(clerk)
    address = f"/admin/facts/{act.public_id}/"

    client.post(address, STATED)
    page = client.get(address).content.decode()

    assert NUMBER not in page
    assert "cp-empty" in page


def test_the_sum_says_when_the_holidays_were_revised_after_it_was_counted(
    office: Agency, clerk: User, firm: Subject
) -> None:
    act = act_of(deliver(penalty(firm, office, cf_jdrq="2026-11-12"), sender=office))
    CalendarDay.objects.create(day=date(2026, 11, 17), kind="statutory_holiday", name="试验", year_id=2026)
    client = signed_in(clerk)
    address = f"/admin/facts/{act.public_id}/"

    client.post(address, STATED)

    assert client.get(address).context["differs"] is True


def test_the_course_of_the_file_names_who_did_what_and_pages_backwards(
    office: Agency, clerk: User, firm: Subject
) -> None:
    for _n in range(9):
        made = deliver(penalty(firm, office), sender=office)
    client = opened(clerk, firm)

    newest = client.get(path_of(firm)).content.decode()
    found = re.search(r"\?story=(\d+)#story", newest)
    assert found
    earlier = text_of(client.get(f"{path_of(firm)}?story={found.group(1)}"))

    first = sentence("subject.registered", after="存续", source="示例登记库")
    assert first not in newest
    assert first in earlier
    assert act_of(made).document.number in newest
    assert AuditEvent.objects.filter(chain=firm.uuid).count() > 15
    assert Publication.objects.count() == 9
    assert today() == THE_DAY
