"""A newcomer officer's hour in the back office, in Chinese, in a real browser; axe and the policy watch every page."""

import re
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
        line = next(
            line
            for line in self.site.portal.manage("demo_codes").splitlines()
            if re.search(rf"\b{self.username}\b", line)
        )
        password, code = re.findall(r"\S+", line)[-2:]
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
