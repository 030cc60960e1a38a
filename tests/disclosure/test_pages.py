"""The public pages: they say what the API says, in two languages, and refuse what it refuses."""

import re
from datetime import date
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from casework.calendar import today
from subjects.models import FormerCode, Subject
from tests.disclosure.contract import API, read
from tests.factories import agency, code_of, deliver, penalty, subject

pytestmark = pytest.mark.django_db

UNKNOWN = code_of(987654)
IDENTITY = "990100199003070019"
HELP = ("", "objection/", "repair/", "about-data/", "accessibility/", "privacy/", "api/", "working-days/")


@pytest.fixture
def firm() -> Subject:
    found, office = subject("示例松鹤贸易有限公司"), agency()
    deliver(*[penalty(found, office) for _n in range(3)], sender=office)
    return found


def text_of(response: Any) -> str:
    return response.content.decode()  # type: ignore[no-any-return]


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    "path", ["/", "/acts/", "/catalogue/", "/catalogue/NC-03-02/", "/search", *[f"/help/{p}" for p in HELP]]
)
def test_every_page_stands_in_both_languages_with_a_tag_and_no_cookie(client: Client, prefix: str, path: str) -> None:
    response = client.get(f"{prefix}{path}")
    again = client.get(f"{prefix}{path}", headers={"if-none-match": response["ETag"]})

    assert response.status_code == 200
    assert f'<html lang="{"en" if prefix else "zh-Hans"}">' in text_of(response)
    assert not response.cookies
    assert again.status_code == 304
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_the_two_languages_are_two_tags(client: Client) -> None:
    assert client.get("/help/")["ETag"] != client.get("/en/help/")["ETag"]


@pytest.mark.parametrize(
    "path", ["/", "/acts/", "/search", "/catalogue/NC-03-02/", "/help/", f"/subjects/{UNKNOWN}/x/"]
)
def test_an_unknown_parameter_is_refused_on_pages_too(client: Client, path: str) -> None:
    response = client.get(f"{path}?zz=1")

    assert response.status_code in (400, 404)
    assert response["Cache-Control"] == "no-store"


def test_pages_with_facts_are_asked_for_again_and_rules_may_be_kept(client: Client, firm: Subject) -> None:
    facts = ["/", "/acts/", f"/subjects/{firm.unified_code}/", f"/search?q={UNKNOWN}"]
    rules = ["/catalogue/", "/help/repair/", "/help/working-days/"]

    assert {client.get(path)["Cache-Control"] for path in facts} == {"no-cache"}
    assert all(client.get(path)["Cache-Control"].startswith("public, max-age=") for path in rules)


@pytest.mark.proves("SHR-13")
def test_the_subject_page_says_what_the_api_says(client: Client, firm: Subject) -> None:
    status = read(client, f"{API}/subjects/{firm.unified_code}/status/", "Status")
    rows = read(client, f"{API}/subjects/{firm.unified_code}/records/", "RecordPage")["results"]

    page = text_of(client.get(f"/subjects/{firm.unified_code}/"))
    tab = text_of(client.get(f"/subjects/{firm.unified_code}/administration/"))

    assert status["counts"]["by_class"]["administration"] == 3
    for row in rows:
        assert row["document"]["number"] in page
        assert row["document"]["number"] in tab
        assert row["document"]["number"] in text_of(client.get(f"/records/{row['id']}/"))
    assert firm.name in page


def test_every_tab_answers_even_with_nothing_and_an_unknown_tab_does_not(client: Client, firm: Subject) -> None:
    page = text_of(client.get(f"/subjects/{firm.unified_code}/"))
    tabs = re.findall(rf'href="(/subjects/{firm.unified_code}/\w+/)"', page)

    assert len(set(tabs)) == 9
    assert {client.get(path).status_code for path in tabs} == {200}
    assert client.get(f"/subjects/{firm.unified_code}/nothing/").status_code == 404


def test_a_long_tab_is_paged_and_no_record_comes_twice(client: Client, firm: Subject) -> None:
    path: str | None = f"/subjects/{firm.unified_code}/administration/?limit=1"
    seen: list[str] = []
    while path and len(seen) < 10:
        page = text_of(client.get(path))
        seen += re.findall(r'<h3><a href="(/records/\w+/)"', page)
        found = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', page)
        path = found[1].replace("&amp;", "&") if found else None

    assert len(seen) == len(set(seen)) == 3


def test_a_superseded_code_leads_to_the_present_page(client: Client, firm: Subject) -> None:
    FormerCode.objects.create(unified_code=UNKNOWN, subject=firm, valid_to=date(2020, 1, 1))

    response = client.get(f"/subjects/{UNKNOWN}/administration/")
    looked_up = client.get(f"/search?q={UNKNOWN}")

    assert (response.status_code, response["Location"]) == (308, f"/subjects/{firm.unified_code}/administration/")
    assert looked_up["Location"] == f"/subjects/{firm.unified_code}/#found"


def test_a_right_code_typed_exactly_leads_to_its_subject(client: Client, firm: Subject) -> None:
    response = client.get(f"/search?q={firm.unified_code}")
    english = client.get(f"/en/search?q={firm.unified_code}")

    assert (response.status_code, response["Location"]) == (302, f"/subjects/{firm.unified_code}/#found")
    assert english["Location"] == f"/en/subjects/{firm.unified_code}/#found"


def test_a_code_typed_loosely_is_tidied_and_that_is_said(client: Client, firm: Subject) -> None:
    code = firm.unified_code
    typed = f"{code[:2]} {code[2:8]}-{code[8:].lower()}"

    page = text_of(client.get("/search", {"q": typed}))
    address = client.get(f"/subjects/{code.lower()}/")

    assert firm.name in page
    assert f"/subjects/{code}/" in page
    assert (address.status_code, address["Location"]) == (302, f"/search?q={code.lower()}")


def test_a_valid_code_that_is_not_held_cannot_be_told(client: Client) -> None:
    searched, visited = client.get(f"/search?q={UNKNOWN}"), client.get(f"/subjects/{UNKNOWN}/")

    assert (searched.status_code, visited.status_code) == (200, 404)
    for response in (searched, visited):
        assert "cp-tag--unknown" in text_of(response)
        assert "cp-tag--neutral" not in text_of(response)


@pytest.mark.parametrize("q", ["91990100MADEM0011R", "a", "-", "😀" * 40])
def test_what_is_no_code_is_explained(client: Client, q: str) -> None:
    searched = client.get("/search", {"q": q})

    assert searched.status_code == 200
    assert 'aria-invalid="true"' in text_of(searched)


def test_a_wrong_code_in_the_address_is_explained(client: Client) -> None:
    response = client.get("/subjects/91990100MADEM0011R/")

    assert response.status_code == 400
    assert 'aria-invalid="true"' in text_of(response)


def test_too_long_a_question_is_refused(client: Client) -> None:
    assert client.get("/search", {"q": "9" * 101}).status_code == 400
    assert client.get("/search?q=a&q=b").status_code == 400


@pytest.mark.proves("RSP-10")
@pytest.mark.parametrize(
    "path",
    [
        f"/search?q={IDENTITY}", f"/search?q=张三 {IDENTITY}", f"/search?q={IDENTITY[:6]}-{IDENTITY[6:]}",
        f"/subjects/{IDENTITY}/", f"/subjects/{IDENTITY}", f"/en/search?q={IDENTITY}", f"/acts/?authority={IDENTITY}",
        f"/records/{IDENTITY}/", f"/search?q=1&q={IDENTITY}",
    ],
)  # fmt: skip
def test_an_identity_number_is_refused_and_never_repeated(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 400
    assert IDENTITY not in text_of(response) + str(dict(response.headers))
    assert IDENTITY[6:] not in text_of(response) + str(dict(response.headers))


def test_the_home_page_shows_what_was_published_last_by_kind(client: Client, firm: Subject) -> None:
    everything, penalties, licences = (text_of(client.get(path)) for path in ("/", "/?kind=penalty", "/?kind=licence"))

    assert firm.name in everything
    assert firm.name in penalties
    assert firm.name not in licences
    assert f"/subjects/{firm.unified_code}/" in everything
    assert client.get("/?kind=honour").status_code == 400


def test_acts_are_narrowed_down_by_links(client: Client, firm: Subject) -> None:
    page = text_of(client.get("/acts/"))
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/acts/\?[^"]*)"', page)}

    assert firm.name in page
    assert {name for link in links for name in re.findall(r"[?&](\w+)=", link)} == {
        "kind", "region", "authority", "decided_from", "decided_to",
    }  # fmt: skip
    assert firm.name in text_of(client.get("/acts/?kind=penalty&region=990100&decided_from=2026-01-01"))
    assert firm.name not in text_of(client.get("/acts/?kind=licence"))
    assert {client.get(link).status_code for link in links} == {200}


@pytest.mark.proves("CAT-08")
def test_the_catalogue_page_shows_the_edition_of_a_day(client: Client) -> None:
    now, then, before = (text_of(client.get(f"/catalogue/{q}")) for q in ("", "?on=2023-01-01", "?on=1999-01-01"))

    assert "NC-03-02" in now
    assert "NC-03-02" not in before
    assert "?on=2023-01-01" in then or "NC-" not in then
    assert "cp-errors" in text_of(client.get("/catalogue/?on=2026-11-21"))
    assert "cp-errors" in text_of(client.get("/catalogue/?on=soon"))
    assert client.get("/catalogue/?category=14").status_code == 400
    assert client.get("/catalogue/NC-03-02/?on=1999-01-01").status_code == 404
    assert client.get("/catalogue/NC-99/").status_code == 404


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("from=2026-02-13&days=3&count=working", "2026-02-25"),
        ("from=2026-02-13&days=3", "2026-02-25"),
        ("from=2026-08-05&days=60&count=calendar&rolling=true", "2026-10-08"),
        ("from=2025-11-30&days=3&count=months&rolling=true", "2026-02-28"),
        ("from=2026-02-13&days=0&count=working", "2026-02-13"),
    ],
)
def test_the_calculator_answers_what_the_api_answers(client: Client, query: str, result: str) -> None:
    page = text_of(client.get(f"/help/working-days/?{query}"))
    api_url = re.search(rf'href="({API}/working-days/[^"]*)"', page)

    assert f'<time datetime="{result}">' in page
    if api_url:
        assert read(client, api_url[1].replace("&amp;", "&"), "WorkingDays")["result"] == result


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=&days=3", "from"), ("from=2026-02-13&days=", "days"), ("from=x&days=3", "from"),
        ("from=2026-02-13&days=-1", "days"), ("from=2026-02-13&days=1001", "days"), ("from=2026-02-13&days=3&count=x", "count"),
        ("from=2026-12-30&days=5", "from"), ("from=2026-02-13&days=3&rolling=true", "count"),
        ("from=2026-02-13&days=121&count=months", "days"),
    ],
)  # fmt: skip
def test_the_calculator_says_what_to_put_right(client: Client, query: str, field: str) -> None:
    response = client.get(f"/help/working-days/?{query}")

    assert response.status_code == 400
    assert f'<a href="#{field}">' in text_of(response)


def test_an_empty_form_of_the_calculator_is_no_error(client: Client) -> None:
    assert client.get("/help/working-days/?from=&days=&count=working").status_code == 200


def test_pages_take_few_statements(client: Client, firm: Subject, django_assert_max_num_queries: Any) -> None:
    record = read(client, f"{API}/acts/", "RecordPage")["results"][0]["id"]
    for path, most in (
        ("/", 5), (f"/subjects/{firm.unified_code}/", 7), (f"/subjects/{firm.unified_code}/administration/", 8),
        (f"/records/{record}/", 5), ("/acts/", 5), ("/catalogue/", 4), ("/help/repair/", 0),
    ):  # fmt: skip
        with django_assert_max_num_queries(most, connection=connections["public"]):
            assert client.get(path).status_code == 200


def test_nothing_on_a_page_is_written_by_post(client: Client) -> None:
    for path in ("/", "/search", "/acts/", "/help/working-days/"):
        assert client.post(path).status_code == 405


def test_the_record_page_counts_the_day_by_which_it_had_to_be_public(client: Client, firm: Subject) -> None:
    row = read(client, f"{API}/acts/", "RecordPage")["results"][0]

    page = text_of(client.get(f"/records/{row['id']}/"))

    assert row["disclosure"]["due_on"]
    assert f'datetime="{row["disclosure"]["due_on"]}"' in page
    assert "cp-table--sum" in page
    assert str(today()) in page
