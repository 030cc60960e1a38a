"""The page of the search: what was understood, which one it is and why, what narrows it down; suggestions; names corrected."""

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from disclosure.queries import standings_of, status_of
from subjects.rules import NameRow
from tests.disclosure.contract import API, read
from tests.disclosure.test_search import IDENTITY, many_names
from tests.factories import agency, code_of, deliver, penalty, subject

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """What a page in English leaves behind ends with the test."""
    with translation.override("zh-hans"):
        yield


def page(client: Client, q: str | None = None, prefix: str = "", **more: Any) -> str:
    response = client.get(f"{prefix}/search", ({"q": q} if q is not None else {}) | more)
    assert response.status_code == 200
    return response.content.decode()


def plain(html: str) -> str:
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", html)))


def links(html: str) -> set[str]:
    return {unescape(link) for link in re.findall(r'href="([^"]*)"', html)}


def test_each_hit_says_why_with_its_characters_marked_its_standing_and_where_its_name_comes_from(
    client: Client,
) -> None:
    office, firm = agency(), subject("岑州远岫建材有限公司")
    old = subject("岑州远溪贸易有限公司", former_names=(NameRow("远岫建材商行", None, date(2019, 6, 8)),))
    deliver(penalty(firm, office), penalty(firm, office), sender=office)

    html = page(client, "远岫 建材")
    first, second = html.split("<h2><a")[1:3]

    assert f'href="/subjects/{firm.unified_code}/"' in first
    assert f'href="/subjects/{old.unified_code}/"' in second
    assert "岑州<mark>远岫建材</mark>有限公司" in first
    assert "cp-tag--force" in first
    assert "“<mark>远岫建材</mark>商行”" in second
    assert "cp-tag--neutral" in second
    assert '<time datetime="2019-06-08">' in second
    assert plain(html).count("示例登记库") == 2
    assert '<meta name="robots" content="noindex">' in html
    assert "/help/names/#correcting" in links(html)
    assert client.get("/help/names/").status_code == client.get("/en/help/names/").status_code == 200


def test_the_standing_of_a_hit_is_what_the_status_answer_says(client: Client) -> None:
    office, firms = agency(), [subject() for _n in range(3)]
    deliver(penalty(firms[0], office), penalty(firms[0], office), penalty(firms[1], office), sender=office)

    found = standings_of([firm.unified_code for firm in firms])

    for firm in firms:
        status = status_of(firm.unified_code)
        assert found[firm.unified_code]["status"] == status["status"]
        assert found[firm.unified_code]["counts"]["adverse"] == status["counts"]["adverse"]
    assert [one["status"] for one in found.values()] == ["adverse_records", "adverse_records", "no_public_record"]
    assert standings_of([]) == {}


def test_a_page_takes_as_many_statements_for_ten_thousand_as_for_ten(client: Client) -> None:
    taken = []
    for first, last in ((1, 10), (11, 10_100)):
        many_names(last, first)
        with CaptureQueriesContext(connections["public"]) as statements:
            html = page(client, "竹梅")
        taken.append(len(statements))

    assert taken == [4, 4]  # hits, counts, standings, names of regions
    assert "10,000" in html
    assert html.count("<h2><a") == 20


@pytest.mark.parametrize("query", [{"q": "竹梅"}, {"type": "state_body"}])
def test_pages_follow_each_other_with_numbers_and_lead_back_to_the_first(client: Client, query: dict[str, str]) -> None:
    many_names(90)
    seen: list[str] = []
    path: str | None = "/search"
    asked: dict[str, str] = query
    starts = []
    while path:
        html = client.get(path, asked).content.decode()
        seen += re.findall(r'<h2><a href="(/subjects/\w+/)"', html)
        starts += re.findall(r'<ol class="cp-hits" start="(\d+)"', html)
        found = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', html)
        path, asked = (unescape(found[1]) if found else None), {}

    assert len(seen) == len(set(seen)) == (90 if "q" in query else 45)
    assert starts == [str(n) for n in range(1, len(seen) + 1, 20)]
    assert 'rel="start"' in html
    assert "cursor" not in re.search(r'href="([^"]*)" rel="start"', html)[1]


def test_a_facet_leaves_as_many_as_it_says_and_can_be_taken_back(client: Client) -> None:
    many_names(30)

    html = page(client, "竹梅")
    facets = re.findall(r'<li><a href="(/search\?[^"]*)"[^>]*><span>[^<]*</span> *<span>(\d+)</span>', html)

    assert len(facets) >= 5
    for link, count in facets:
        narrowed = client.get(unescape(link)).content.decode()
        assert re.search(rf'<h1 id="found-title">[^<]*(?<!\d){count}(?!\d)', narrowed)
        [chosen] = re.findall(r'<ul class="cp-chosen[^>]*>(.*?)</ul>', narrowed, re.S)
        [back] = links(chosen)
        assert client.get(back).content.decode().count("<h2><a") == 20
        assert narrowed.count('aria-current="true"') == 3  # the menu, twice, and the facet


def test_filters_that_are_no_facet_are_shown_and_can_be_taken_back(client: Client) -> None:
    firm = subject("示例竹梅商贸有限公司")

    for given, hits in (
        ("category=91", 1),
        ("category=92", 0),
        ("listed=false", 1),
        ("listed=true", 0),
        ("list=tax", 0),
    ):
        for q in ("竹梅", firm.unified_code):
            html = client.get(f"/search?q={q}&{given}").content.decode()
            [chosen] = re.findall(r'<ul class="cp-chosen[^>]*>(.*?)</ul>', html, re.S)
            assert (html.count("<h2><a"), len(links(chosen))) == (hits, 1), (q, given)


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_without_a_question_the_register_is_leafed_through_in_two_orders(client: Client, prefix: str) -> None:
    old, new = (subject(registered_on=date(year, 1, 1)) for year in (2001, 2020))

    by_code = page(client, prefix=prefix, type="legal_person")
    newest = page(client, prefix=prefix, type="legal_person", sort="-registered_on")

    assert by_code.index(old.unified_code) < by_code.index(new.unified_code)
    assert newest.index(f"/subjects/{new.unified_code}/") < newest.index(f"/subjects/{old.unified_code}/")
    assert len(re.findall(r'href="[^"]*sort=', by_code)) == 2


def test_nothing_found_says_what_to_try_and_is_no_clean_record(client: Client) -> None:
    subject()

    html = page(client, "远岫贸易")

    assert "cp-empty" in html
    assert "远岫贸易" in plain(html)
    assert "cp-tag" not in html
    assert "/help/names/#writing" in links(html)
    assert "cp-empty" in page(client, "990100123456789")


@pytest.mark.parametrize("q", ["a", "-", "竹", "😀" * 40])
def test_what_is_too_short_is_said_beside_the_box_and_kept_in_it(client: Client, q: str) -> None:
    html = page(client, q)

    assert 'aria-invalid="true"' in html
    assert f'value="{q}"' in html


def test_what_is_no_code_is_looked_up_as_a_name_and_a_wrong_code_is_explained(client: Client) -> None:
    subject("示例竹梅商贸有限公司")

    assert "<mark>竹梅</mark>" in page(client, "竹梅")
    assert 'aria-invalid="true"' in page(client, "91990100MADEM0011R")
    assert client.get("/search", {"q": "竹梅" * 51}).status_code == 400
    assert client.get("/search?q=竹梅&zz=1").status_code == 400
    assert client.get("/search?q=竹梅&sort=unified_code").status_code == 400
    assert client.get("/search?q=竹梅&limit=201").status_code == 400


@pytest.mark.proves("SUB-05")
def test_an_exact_code_leads_to_the_page_of_the_subject_which_says_that_one_was_found(client: Client) -> None:
    firm = subject()

    response = client.get(f"/search?q={firm.unified_code}")
    html = client.get(response["Location"]).content.decode()

    assert response["Location"] == f"/subjects/{firm.unified_code}/#found"
    assert 'id="found"' in html
    assert 'id="found"' not in client.get("/").content.decode()


@pytest.mark.proves("RSP-10")
@pytest.mark.parametrize("path", ["/search", "/search/suggest", "/en/search", "/en/search/suggest"])
@pytest.mark.parametrize("q", [f"张三{IDENTITY}", f"{IDENTITY[:6]} {IDENTITY[6:]}", f"竹梅 {IDENTITY}"])
def test_an_identity_number_is_looked_up_nowhere_and_not_repeated(client: Client, path: str, q: str) -> None:
    with CaptureQueriesContext(connections["public"]) as statements:
        response = client.get(path, {"q": q})

    assert response.status_code == 400
    assert len(statements) == 0
    assert IDENTITY[6:] not in response.content.decode() + str(dict(response.headers))


# --- Suggestions -----------------------------------------------------------------------------------------------------


def test_suggestions_are_a_few_links_with_name_and_code_by_one_statement(client: Client) -> None:
    many_names(30)
    firm = subject("远岫物流", former_names=(NameRow("旧松鹤商行", None, date(2019, 6, 8)),))

    with CaptureQueriesContext(connections["public"]) as statements:
        response = client.get("/search/suggest", {"q": "竹梅"})
    assert len(statements) == 1

    html, former = response.content.decode(), client.get("/search/suggest", {"q": "松鹤"}).content.decode()

    assert html.count('role="option"') == 6
    assert len(re.findall(r'href="/subjects/\w{18}/"', html)) == 6
    assert "<mark>竹梅</mark>" in html
    assert "<html" not in html
    assert "远岫物流" in former
    assert "旧<mark>松鹤</mark>商行" in former
    assert f"/subjects/{firm.unified_code}/" in former
    assert response["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("q", ["竹", "-", "没有这家", "91990100MADEM0011R"])
def test_nothing_to_suggest_is_an_empty_list_and_no_error(client: Client, q: str) -> None:
    response = client.get("/search/suggest", {"q": q})

    assert response.status_code == 200
    assert "role=" not in response.content.decode()


def test_suggestions_refuse_what_they_do_not_know(client: Client) -> None:
    assert client.get("/search/suggest").status_code == 400
    assert client.get("/search/suggest?q=竹梅&limit=200").status_code == 400
    assert client.post("/search/suggest").status_code == 405


def test_the_script_is_loaded_where_the_box_is_and_nowhere_else(client: Client) -> None:
    subject("示例竹梅商贸有限公司")

    assert ["suggest.js" in client.get(path).content.decode() for path in ("/", "/search", "/search?q=竹梅", "/search?q=a")] == [
        True
    ] * 4  # fmt: skip
    assert not any("suggest.js" in client.get(path).content.decode() for path in ("/acts/", "/help/", "/catalogue/"))


# --- Acts ------------------------------------------------------------------------------------------------------------


@pytest.mark.proves("PUB-01")
def test_the_kinds_of_acts_say_how_many_a_link_leaves_under_the_other_conditions(client: Client) -> None:
    office, other, firm = agency(), agency("示例市生态环境局"), subject()
    deliver(*[penalty(firm, office) for _n in range(3)], sender=office)
    deliver(penalty(firm, other), sender=other)

    everything = client.get("/acts/").content.decode()
    narrowed = client.get(f"/acts/?authority={other.unified_code}&kind=penalty").content.decode()

    assert re.search(r'kind=penalty"[^>]*><span>[^<]*</span> *<span>4</span>', everything)
    assert re.search(r'kind=licence"[^>]*><span>[^<]*</span> *<span>0</span>', everything)
    assert re.search(r'kind=penalty"[^>]*><span>[^<]*</span> *<span>1</span>', unescape(narrowed))
    [chosen] = re.findall(r'<ul class="cp-chosen[^>]*>(.*?)</ul>', narrowed, re.S)
    assert links(chosen) == {"/acts/?kind=penalty", f"/acts/?authority={other.unified_code}"}


def test_the_call_and_the_page_say_the_same(client: Client) -> None:
    many_names(25)
    firm = subject("竹梅" + code_of(5)[-3:])

    body = read(client, f"{API}/subjects/?q=竹梅&limit=20", "SubjectHitPage")
    html = page(client, "竹梅")

    assert body["results"][0]["unified_code"] == firm.unified_code
    assert re.findall(r'<h2><a href="/subjects/(\w+)/"', html) == [hit["unified_code"] for hit in body["results"]]
