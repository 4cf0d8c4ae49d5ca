"""The first page in a browser, with what the browser complains about."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from playwright.async_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install Debian's package `chromium`")

PRESENCES = "() => [...document.querySelectorAll('.tile')].map((tile) => tile.dataset.presence).join()"
CHANGED = f"(before) => ({PRESENCES})() !== before"
MOVES_S = 30


class Opened:
    """A page of the demo, with what the browser complained about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error" and "401" not in message.text:  # "who am I?", before anybody has signed in
            self.complaints.append(message.text)

    async def sign_in(self, email: str, password: str) -> None:
        await self.page.fill("input[name=email]", email)
        await self.page.fill("input[name=password]", password)
        await self.page.click("button.main")
