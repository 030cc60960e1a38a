"""A newcomer officer's hour in the back office, in Chinese, in a real browser; axe and the policy watch every page."""

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.conftest import Site

pytestmark = [pytest.mark.all, pytest.mark.browser]
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SIZES = {"1280": (1280, 900), "390": (390, 844)}


class Officer:
    """One person at a browser: signs in with password and one-time code, reads, presses; keeps what the console said."""

    def __init__(self, site: Site, browser: Any, username: str) -> None:
        self.site, self.username = site, username
        self.context = browser.new_context(
            locale="zh-CN", viewport={"width": 1280, "height": 900}, java_script_enabled=True
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.seen: list[str] = []

    def sign_in(self) -> None:
        first, *lines = self.site.portal.manage("demo_codes").splitlines()
        password = first.split()[3]
        code = next(line.split()[1] for line in lines if line.split()[0] == self.username)
        self.open("/admin/")
        self.page.fill("[name=username]", self.username)
        self.page.fill("[name=password]", password)
        self.page.fill("[name=code]", code)
        self.press("登录")

    def open(self, path: str) -> None:
        self.page.goto(self.site.address + path)
        self.look()

    def press(self, words: str) -> None:
        self.page.get_by_role("button", name=words).first.click()
        self.look()

    def follow(self, words: str) -> None:
        self.page.get_by_role("link", name=words).first.click()
        self.look()

    def look(self) -> None:
        """Nothing of a page may break: no serious finding, no refused script, no sideways scroll, no Latin left over."""
        address = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(rec|bat|qry)_\w+", "…", self.page.url)
        if address in self.seen:
            return
        self.seen.append(address)
        found = Axe().run(self.page).response["violations"]
        serious = [
            (one["id"], one["nodes"][0]["html"][:160]) for one in found if one["impact"] in {"serious", "critical"}
        ]
        assert serious == [], address
        for width in (1280, 390, 320):
            self.page.set_viewport_size({"width": width, "height": 900})
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{address} is {wide} wide at {width}"
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def picture(self, name: str) -> None:
        """A picture for the documents, when they are to be made anew (`PORTAL_PICTURES=1`)."""
        if not os.environ.get("PORTAL_PICTURES"):
            return
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=str(PICTURES / f"office-{name}-{size}.png"), full_page=size == "390")
        self.page.set_viewport_size({"width": 1280, "height": 900})

    @property
    def text(self) -> str:
        return str(self.page.inner_text("main"))

    def close(self) -> None:
        assert [line for line in self.said if "Content Security Policy" in line or "violates" in line] == []
        self.context.close()


@pytest.fixture(scope="module")
def faulty(site: Site, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Eight sound rows of the sample and one whose day of decision does not exist."""
    folder = tmp_path_factory.mktemp("sample")
    site.portal.manage("make_sample", str(folder))
    rows = list(csv.reader(io.StringIO((folder / "sample_penalties.csv").read_text(encoding="utf-8-sig"))))
    expected = csv.DictReader(io.StringIO((folder / "sample_expected.csv").read_text(encoding="utf-8")))
    rules = {int(line["n"]): line["rule"] for line in expected}
    sound = [row for n, row in enumerate(rows[1:], start=1) if n not in rules][:8]
    wrong = next(rows[n] for n, rule in rules.items() if rule == "date_invalid")
    out = io.StringIO(newline="")
    csv.writer(out).writerows([rows[0], *sound, wrong])
    return out.getvalue().encode()


@pytest.fixture
def officers(site: Site, browser: Any) -> Iterator[Any]:
    """Officers at their browsers, each signed in; at the end nobody's policy was violated."""
    present: list[Officer] = []

    def come(username: str) -> Officer:
        present.append(Officer(site, browser, username))
        present[-1].sign_in()
        return present[-1]

    yield come
    for officer in present:
        officer.close()


def state_purpose(officer: Officer, purpose: str, matter: str) -> None:
    officer.page.get_by_label(purpose, exact=True).check()
    officer.page.fill("[name=matter]", matter)
    officer.page.fill("[name=reason]", "核对今天入库的信息")
    officer.press("登记并打开")


@pytest.mark.proves("SEC-02", "REC-08", "PUB-06")
def test_a_newcomers_hour(site: Site, officers: Any, faulty: bytes) -> None:
    """Sign in, dry run, correct, take in, see it public, say why and until when, withdraw by two, exempt by citation."""
    clerk = officers("demo.clerk")
    assert clerk.page.inner_text("h1") == "我的队列"
    clerk.picture("queue")

    clerk.open("/admin/intake/new/")
    clerk.page.set_input_files("[name=file]", {"name": "今日.csv", "mimeType": "text/csv", "buffer": faulty})
    clerk.press("上传并试运行")
    assert "试运行完成：8行可以入库，1行被拒。没有写入任何数据。" in clerk.text
    assert "2026-02-30" in clerk.text
    clerk.picture("dry-run")
    clerk.follow("更正")
    clerk.page.fill("[name=cf_jdrq]", "2026-11-16")
    clerk.picture("correct-row")
    clerk.page.locator("form.of-form button[type=submit]").click()
    clerk.look()
    assert "9行可以入库，0行被拒" in clerk.text
    clerk.follow("正式入库9行")
    clerk.press("正式入库9行")
    assert "已入库9行" in clerk.text

    clerk.follow("看这条信息")
    fact = clerk.page.url.rstrip("/").rpartition("/")[2]
    state_purpose(clerk, "数据入库和核对", "今日.csv")
    assert re.search(r"自\d{4}-\d\d-\d\d起公示，至\d{4}-\d\d-\d\d（含当日）止：修复制度", clerk.text)
    assert site.get(f"/records/{fact}/")[0] == 200
    clerk.picture("fact")
    clerk.page.locator("main a").first.click()
    clerk.look()
    assert "办理经过" in clerk.text or "档案经过" in clerk.text
    assert "公示中" in clerk.text
    clerk.picture("subject-file")

    clerk.open(f"/admin/facts/{fact}/withdraw/")
    clerk.page.fill("[name=reason]", "决定书编号录错，应属另一家单位。")
    clerk.press("先行隐藏，提请撤回")
    assert site.get(f"/records/{fact}/")[0] == 404

    reviewer = officers("demo.reviewer")
    reviewer.picture("reviewer-queue")
    hide = site.portal.ask("SELECT uuid::text FROM records_hide WHERE fact = %s", fact)[0][0]
    reviewer.open(f"/admin/hides/{hide}/")
    reviewer.picture("decide-hide")
    reviewer.page.get_by_label("正式撤回").check()
    reviewer.page.fill("[name=reason]", "经核对原件，编号确有录错。")
    reviewer.page.locator("form.of-form button[type=submit]").click()
    reviewer.look()
    assert site.portal.ask("SELECT state FROM records_administrativeact WHERE public_id = %s", fact) == [("withdrawn",)]

    publisher = officers("demo.publisher")
    pending = site.portal.ask(
        "SELECT a.public_id FROM records_publication p JOIN records_administrativeact a ON a.id = p.act_id"
        " JOIN accounts_agency g ON g.id = a.determining_department_id"
        " WHERE p.state = 'pending' AND g.name = '岑州市市场监督管理局' ORDER BY a.id LIMIT 1"
    )[0][0]
    publisher.open(f"/admin/facts/{pending}/exempt/")
    publisher.picture("exempt")
    publisher.page.locator("[name=provision]").first.wait_for()
    publisher.page.select_option("[name=provision]", index=1)
    publisher.page.locator("form.of-form button[type=submit]").click()
    publisher.look()


def test_every_desk_is_whole_in_chinese_and_in_order(officers: Any) -> None:
    """Each role opens what its menu offers: no serious finding, no sideways scroll, no sentence in English."""
    for username in ("demo.reviewer2", "demo.coordinator", "demo.auditor", "demo.keeper", "demo.rules", "demo.repair"):
        officer = officers(username)
        for link in [a.get_attribute("href") for a in officer.page.query_selector_all(".of-menu a")]:
            officer.open(link)
            english = re.findall(r"(?<![\w./@-])[A-Za-z]{4,}(?: [a-z]{2,}){2,}", officer.text)
            assert english == [], (link, english)
