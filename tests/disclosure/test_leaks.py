"""What must not show, on every public surface: pages, calls, counts, tags, cursors, errors."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import Client

from casework.actors import SYSTEM
from casework.calendar import today
from catalogs.models import Provision
from records import services
from records.models import AdministrativeAct
from subjects.models import Subject
from tests.disclosure.contract import API, HIDDEN, read, walk
from tests.factories import act_of, agency, deliver, order, penalty, subject

pytestmark = pytest.mark.django_db

NUMBER = "示漏罚〔2026〕77号"
WORDS = "此处文字不应出现在任何公开页面"


@pytest.fixture
def office() -> Any:
    return agency()


@pytest.fixture
def firm() -> Subject:
    return subject()


def surfaces(firm: Subject | None, public_id: str) -> Iterator[str]:
    """Every public address on which a fact could show."""
    yield from ("/", "/en/", "/?kind=penalty", "/acts/", "/acts/?kind=penalty", "/help/api/", f"/records/{public_id}/")
    yield from (f"{API}/acts/", f"{API}/acts/?kind=penalty", f"{API}/records/{public_id}/", f"{API}/about/")
    if firm is not None:
        code = firm.unified_code
        yield from (f"/subjects/{code}/", f"/subjects/{code}/administration/", f"/search?q={code.lower()}")
        yield from (f"{API}/subjects/{code}/status/", f"{API}/subjects/{code}/", f"{API}/subjects/{code}/records/")


def said(client: Client, firm: Subject | None, public_id: str) -> str:
    """All that a stranger can read and see in headers."""
    return "\n".join(
        str(dict(response.headers)) + response.content.decode()
        for response in map(client.get, surfaces(firm, public_id))
    )


def withdrawn(act: AdministrativeAct) -> None:
    services.withdraw(act.pk, by=SYSTEM, on=today(), reason="示例")


def stayed(act: AdministrativeAct) -> None:
    services.stay_document(act.document_id, order=order(), order_number="停1", by=SYSTEM, on=today())


def annulled(act: AdministrativeAct) -> None:
    services.annul_document(act.document_id, order=order(), order_number="撤1", by=SYSTEM, on=today(), reason="示例")


@pytest.mark.proves("INV-11", "SHR-04")
@pytest.mark.parametrize("hide", [withdrawn, stayed, annulled])
def test_what_ended_at_once_is_gone_from_every_surface_and_leaves_no_count(
    client: Client, office: Any, firm: Subject, hide: Callable[[AdministrativeAct], None]
) -> None:
    clean = read(client, f"{API}/subjects/{firm.unified_code}/status/", "Status")
    act = act_of(deliver(penalty(firm, office, cf_wsh=NUMBER, cf_sy=WORDS), sender=office))
    before = said(client, firm, act.public_id)

    hide(act)

    after = said(client, firm, act.public_id)
    now = read(client, f"{API}/subjects/{firm.unified_code}/status/", "Status")
    assert before.count(NUMBER) > 5
    assert WORDS in before
    assert NUMBER not in after
    assert WORDS not in after
    assert (now["status"], now["counts"]) == (clean["status"], clean["counts"])


@pytest.mark.proves("PUB-07", "SHR-06", "INV-17")
@pytest.mark.parametrize(
    "changes",
    [
        {"cf_cflb": "警告", "cf_nr": "警告", "cf_nr_fk": ""},  # a class that its regime does not show
        {"cf_nr": "联系电话13800138000"},  # held until a second person has read it
    ],
    ids=["not disclosable", "held"],
)
def test_what_is_not_published_shows_on_no_surface(
    client: Client, office: Any, firm: Subject, changes: dict[str, str]
) -> None:
    delivery = deliver(penalty(firm, office, cf_wsh=NUMBER, cf_sy=WORDS, **changes), sender=office)

    text = said(client, firm, act_of(delivery).public_id)

    assert NUMBER not in text
    assert WORDS not in text
    assert walk(client, f"{API}/acts/", "RecordPage") == []


def test_an_exempt_act_and_a_business_secret_show_on_no_surface(client: Client, office: Any, firm: Subject) -> None:
    law = Provision.objects.filter(instrument__kind="law").in_force(today()).first()
    assert law is not None
    exempt = penalty(firm, office, cf_wsh=NUMBER, exempt_basis=f"{law.instrument.key}:{law.article}")
    delivery = deliver(exempt, penalty(firm, office, cf_sy=WORDS, business_secret="cf_sy"), sender=office)

    text = said(client, firm, act_of(delivery, 2).public_id)

    [row] = walk(client, f"{API}/acts/", "RecordPage")
    assert NUMBER not in text
    assert WORDS not in text
    assert row["withheld"] == ["facts"]
    assert row["content"]["facts"] is None


@pytest.mark.proves("INV-15", "SHR-08", "PUB-03")
def test_a_natural_person_shows_masked_only_and_has_no_page(client: Client, office: Any) -> None:
    identity = "990101199003078011"
    row = penalty(None, office, cf_xdr_mc="欧阳示例甲", cf_xdr_zjhm=identity, cf_xdr_zjlx="身份证")
    act = act_of(deliver(row, sender=office))

    text = said(client, None, act.public_id)
    [shown] = walk(client, f"{API}/acts/", "RecordPage")

    assert "欧阳**" in text
    for secret in ("示例甲", identity, identity[6:14], str(act.person.uuid)):
        assert secret not in text
    assert shown["subject"] is None
    assert shown["counterpart"] == {"kind": "natural_person", "name_masked": "欧阳**"}
    assert shown["links"]["subject"] is None
    assert "noindex" in client.get(f"/records/{act.public_id}/").content.decode()
    assert client.get(f"{API}/acts/")["X-Robots-Tag"] == "noindex"
    assert client.get("/acts/")["X-Robots-Tag"] == "noindex"


def test_ended_hidden_and_never_was_are_the_same_404_but_its_number(client: Client, office: Any, firm: Subject) -> None:
    gone = act_of(deliver(penalty(firm, office), sender=office))
    held = act_of(deliver(penalty(firm, office, cf_nr="联系电话13800138000"), sender=office))
    withdrawn(gone)

    answers = [client.get(f"{API}/records/{one}/") for one in (gone.public_id, held.public_id, HIDDEN, "nonsense")]
    pages = [client.get(f"/records/{one}/") for one in (gone.public_id, held.public_id, HIDDEN, "nonsense")]

    bodies = [{k: v for k, v in json.loads(answer.content).items() if k != "instance"} for answer in answers]
    headers = [{k: v for k, v in answer.headers.items() if k != "Request-Id"} for answer in answers]
    assert {answer.status_code for answer in [*answers, *pages]} == {404}
    assert all(body == bodies[0] for body in bodies)
    assert all(header == headers[0] for header in headers)
    asked = (gone.public_id, held.public_id, HIDDEN, "nonsense")
    printed = re.compile(r'<time datetime="[^"]*">')  # when it is printed
    texts = {printed.sub("", p.content.decode().replace(one, "")) for p, one in zip(pages, asked, strict=True)}
    assert len(texts) == 1


def test_what_is_not_visible_does_not_move_a_tag(client: Client, office: Any, firm: Subject) -> None:
    act = act_of(deliver(penalty(firm, office), sender=office))
    paths = [path for path in surfaces(firm, act.public_id) if "search" not in path]
    tags = [client.get(path)["ETag"] for path in paths]

    deliver(penalty(firm, office, cf_nr="联系电话13800138000"), sender=office)  # held: nobody may know

    assert [client.get(path)["ETag"] for path in paths] == tags


@pytest.mark.parametrize(
    "sql",
    [
        "select * from public.records_administrativeact", "select * from audit.event", "select * from sealed.identity",
        "select * from public.subjects_person", "create table disclosed.mine (n int)", "create temp table mine (n int)",
        "delete from disclosed.former_code", "select lo_creat(-1)", "copy disclosed.record to program 'cat'",
        "do $$ begin perform 1; end $$",
    ],
)  # fmt: skip
def test_the_reader_may_read_the_views_and_nothing_else(sql: str) -> None:
    public = connections["public"]

    with pytest.raises(DatabaseError), transaction.atomic(using="public"), public.cursor() as cursor:  # noqa: PT012
        cursor.execute("select count(*) from disclosed.record")
        cursor.execute(sql)


def test_every_view_of_facts_is_barriered_and_names_its_columns() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'disclosed'"
            " and c.relkind = 'v' and not coalesce('security_barrier=true' = any(c.reloptions), false)"
        )
        unbarriered = cursor.fetchall()

    assert unbarriered == []


def test_an_error_never_carries_the_text_of_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "Key (number)=(示漏罚) already exists"

    def fails(*args: object) -> None:
        raise DatabaseError(secret)

    monkeypatch.setattr("disclosure.queries.records_json", fails)
    monkeypatch.setattr("disclosure.queries.freshness", fails)
    for path in (f"{API}/acts/", f"{API}/about/", "/acts/", "/"):
        response = client.get(path)
        assert response.status_code == 500
        assert "示漏罚" not in response.content.decode()
