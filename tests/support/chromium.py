"""A real browser, where one is installed: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import ConsoleMessage, Error, Page, async_playwright

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Window:
    """One page of a browser, and what it complained about: errors, and breaches of a page's policy."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", self._failed)

    async def until(self, condition: str, *, patience: float = 60) -> None:
        """Return when an expression is true in the page, whatever its policy forbids to evaluate."""
        async with asyncio.timeout(patience):
            while not await self.page.evaluate(condition):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def _failed(self, error: Error) -> None:
        self.complaints.append(str(error))


@asynccontextmanager
async def window() -> AsyncIterator[Window]:
    """A window of a browser of its own; leaves the test out where there is none."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip("needs Chromium (Debian: apt install chromium)")
    options = ["--autoplay-policy=no-user-gesture-required"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=options)
        try:
            yield Window(await browser.new_page())
        finally:
            await browser.close()
