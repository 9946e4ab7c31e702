"""The pages in a real browser: that their scripts run, and that their policy forbids nothing of theirs."""

from __future__ import annotations

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import web as pages
from db.database import Database
from library import scan
from tests.support import shelf
from tests.support.browser import AiohttpClient, Services
from tests.support.chromium import Window
from tests.support.sandboxes import ThreadSandbox
from tests.support.shelf import Shelf

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
async def address(aiohttp_client: AiohttpClient, stocked: Database, library: Shelf) -> str:
    app = web.Application()
    services = Services(library.settings, stocked)
    pages.setup(app, services)
    app.on_cleanup.append(lambda _: services.streamer.close(0))
    server = TestServer(app)
    await aiohttp_client(server)
    return str(server.make_url("")).rstrip("/")


async def test_a_person_signs_in_scans_and_makes_an_app_password(
    window: Window, address: str, stocked: Database, library: Shelf
) -> None:
    page = window.page
    await page.goto(address)
    assert page.url == f"{address}/login"
    await page.get_by_label("Name").fill(shelf.ADMIN[0])
    await page.get_by_label("Password").fill(shelf.ADMIN[1])
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{address}/")

    await page.get_by_role("button", name="Scan now").click()
    headline = page.locator("#scan .headline")
    assert await headline.text_content() == "Waiting to start"
    job = await stocked.scans.claim()
    assert job is not None
    await scan(stocked, library.settings, job, ThreadSandbox())
    # The page looks by itself, and then loads itself anew.
    await page.locator("#scan.done").wait_for()
    assert await headline.text_content() == "Up to date"

    await page.goto(f"{address}/account")
    await page.get_by_label("For which device or app?").fill("Phone")
    await page.get_by_role("button", name="Make an app password").click()
    secret = await page.locator("#app-password").text_content() or ""
    await page.locator("[data-copy=app-password]").click()
    await page.get_by_text("Copied").wait_for()
    assert re.fullmatch(r"\S{16,}", secret)

    admin = await stocked.users.by_name(shelf.ADMIN[0])
    assert admin is not None
    await stocked.playlists.add(admin, "Mine", [])
    for path in ("/users", "/playlists"):
        await page.goto(address + path)
        await page.locator("tbody th a").first.click()
        await page.wait_for_url(re.compile(rf"{path}/\d+$"))


async def test_a_shared_album_is_played_song_after_song(
    window: Window, address: str, stocked: Database
) -> None:
    guest = await stocked.users.by_name(shelf.GUEST[0])
    assert guest is not None
    album: int = await stocked.pool.fetchval("select id from albums where name = 'First'")
    share = await stocked.shares.add(guest, [("album", album)], "", None)
    assert share is not None
    page = window.page
    await page.goto(f"{address}/share/{stocked.shares.token(share)}")
    await page.get_by_role("link", name="Alpha").click()
    for title, following in (("Alpha", "Beta"), ("Beta", "")):
        await page.locator("#playing", has_text=title).wait_for()
        await window.until("sound.currentTime > 0.2")
        await page.evaluate("sound.currentTime = sound.duration - 0.3")
        if following:
            await page.locator("[aria-current=true]", has_text=following).wait_for()
    await window.until("sound.ended")
    assert await page.evaluate("sound.error") is None
