"""Strangers look something up: by code, by keyboard, without JavaScript, on a small screen, in print. axe finds nothing."""

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.conftest import Site

pytestmark = [pytest.mark.all, pytest.mark.browser, pytest.mark.xdist_group("journeys")]


def records(site: Site, query: str) -> list[dict[str, Any]]:
    _status, _headers, body = site.get(f"/api/v1/acts/?{query}")
    return list(json.loads(body)["results"])


@pytest.fixture(scope="module")
def known(site: Site) -> dict[str, Any]:
    """A penalty of a company on show: it has a last day, as not every licence has."""
    return next(record for record in records(site, "kind=penalty&limit=50") if record["subject"])


@pytest.fixture(scope="module")
def pages(site: Site, known: dict[str, Any]) -> list[str]:
    code, person = known["subject"]["unified_code"], next(r for r in records(site, "limit=200") if r["counterpart"])
    own = [
        "/", f"/subjects/{code}/", f"/subjects/{code}/administration/", f"/subjects/{code}/honours/", f"/records/{known['id']}/",
        f"/records/{person['id']}/", "/acts/", "/acts/?kind=penalty&limit=1", "/catalogue/", "/catalogue/NC-03-02/", "/help/",
        "/help/objection/", "/help/repair/", "/help/about-data/", "/help/accessibility/", "/help/privacy/", "/help/api/",
        "/help/working-days/", "/help/working-days/?from=2026-09-30&days=3", "/help/working-days/?from=2026-12-30&days=5",
        "/search?q=91990100MADEM9999X", "/search?q=91990100MADEM9999", "/nothing-here/", "/help/names/", "/search",
        "/search?q=a", "/search?q=商贸", "/search?q=商贸&type=legal_person&limit=2", "/search?q=没有这家", "/search?q=zh",
        "/search?type=state_body",
    ]  # fmt: skip
    return own + [f"/en{page}" for page in own]


def context(browser: Any, width: int, **more: Any) -> Any:
    return browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": width, "height": 900}, **more
    )


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_axe_finds_nothing_no_page_scrolls_sideways_and_the_console_stays_empty(
    site: Site, browser: Any, pages: list[str], width: int
) -> None:
    page = context(browser, width).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    wrong = []
    for path in pages:
        said.clear()
        status = page.goto(site.address + path).status
        found = Axe().run(page).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        noise = [text for text in said if f"status of {status}" not in text]
        if found or wide or noise or status >= 500:
            wrong.append((path, status, [v["id"] for v in found], wide, noise))
    page.context.close()

    assert wrong == []


@pytest.mark.proves("SHR-13", "SUB-05")
def test_a_code_as_people_type_it_leads_to_the_page_by_keyboard_alone_and_without_javascript(
    site: Site, browser: Any, known: dict[str, Any]
) -> None:
    code = known["subject"]["unified_code"]
    page = context(browser, 1280, java_script_enabled=False).new_page()

    page.goto(site.address + "/")
    for _step in range(20):
        page.keyboard.press("Tab")
        if page.locator("#q:focus").count():
            break
    page.keyboard.type(f"{code[:2]} {code[2:8]} {code[8:].lower()}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search**")
    assert "我们去掉了2个空格" in page.inner_text("main")
    page.click(f"main a[href='/subjects/{code}/']")
    page.wait_for_url(f"**/subjects/{code}/**")

    assert known["subject"]["name"] in page.inner_text("h1")
    page.click("article h3 a")
    page.wait_for_url("**/records/**")
    assert known["subject"]["name"] in page.inner_text("main")
    page.context.close()


def test_a_name_leads_to_the_subject_by_its_results_page_alone(site: Site, browser: Any, known: dict[str, Any]) -> None:
    name, code = known["subject"]["name"], known["subject"]["unified_code"]
    page = context(browser, 1280, java_script_enabled=False).new_page()

    page.goto(site.address + "/")
    page.fill("#q", name[2:])
    page.keyboard.press("Enter")
    page.wait_for_url("**/search**")
    assert page.locator("ol.cp-hits mark").first.inner_text() in name
    page.click(f"main a[href='/subjects/{code}/']")
    page.wait_for_url(f"**/subjects/{code}/**")

    assert name in page.inner_text("h1")
    page.goto(f"{site.address}/search?q={code}")
    assert page.inner_text("#found") == "查到1个"
    page.context.close()


@pytest.mark.parametrize("width", [1280, 320])
def test_suggestions_are_reached_by_the_keyboard_and_said_politely(
    site: Site, browser: Any, known: dict[str, Any], width: int
) -> None:
    name, code = known["subject"]["name"], known["subject"]["unified_code"]
    page = context(browser, width).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(site.address + "/")
    box = page.locator("#q")
    box.focus()
    page.keyboard.type(name)
    page.wait_for_selector(".cp-suggest")

    assert box.get_attribute("aria-expanded") == "true"
    assert "建议" in page.locator("form [role=status]").inner_text()
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("ArrowDown")
    chosen = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert (chosen.get_attribute("aria-selected"), code in chosen.get_attribute("href")) == ("true", True)
    page.keyboard.press("Escape")
    assert page.locator(".cp-suggest").count() == 0
    page.keyboard.press("Backspace")
    page.wait_for_selector(".cp-suggest")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/subjects/{code}/**")
    assert said == []
    page.context.close()


def test_a_record_says_who_decided_on_what_until_when_and_how_to_object(
    site: Site, browser: Any, known: dict[str, Any]
) -> None:
    page = context(browser, 1280).new_page()
    page.goto(f"{site.address}/records/{known['id']}/")
    text = page.inner_text("main")
    page.context.close()

    year, month, day = (int(part) for part in known["disclosure"]["last_day"].split("-"))
    for said in (known["determining_department"]["name"], known["document"]["number"], known["content"]["grounds"],
                 f"{year}年{month}月{day}日", "行政复议", "行政诉讼", "异议"):  # fmt: skip
        assert said.replace(" ", "") in text.replace(" ", "")


def test_the_four_answers_are_never_kinder_than_the_truth(site: Site, known: dict[str, Any]) -> None:
    unknown = json.loads(site.get("/api/v1/subjects/91990100MADEM9999X/status/")[2])
    status, _headers, body = site.get("/search?q=91990100MADEM9999X")

    assert (unknown["status"], unknown["counts"]) == ("unknown", None)
    assert status == 200
    assert "这不等于没有失信信息" in body.decode()


def test_an_identity_number_is_refused_and_not_echoed(site: Site) -> None:
    number = "11010519491231002X"

    for path in (
        f"/search?q={number}", f"/search/suggest?q={number}", f"/api/v1/subjects/?q={number}", f"/subjects/{number}/",
        f"/api/v1/subjects/{number}/status/",
    ):  # fmt: skip
        status, _headers, body = site.get(path)
        assert status in {400, 404}, path
        assert number not in body.decode(), path


@pytest.mark.parametrize("language", ["", "/en"])
def test_print_keeps_the_facts_and_opens_the_details(
    site: Site, browser: Any, known: dict[str, Any], language: str
) -> None:
    page = context(browser, 1280).new_page()
    page.goto(f"{site.address}{language}/records/{known['id']}/")
    page.emulate_media(media="print")

    assert not page.is_visible("nav.menu--wide")
    assert page.is_visible("h1")
    assert len(page.pdf(format="A4")) > 10_000
    page.context.close()
