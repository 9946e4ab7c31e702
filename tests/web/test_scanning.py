"""The scan on the first page."""

from __future__ import annotations

from typing import Any

import pytest

from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser

MARK = "data-active"


async def _scan(database: Database, **columns: Any) -> None:
    names = ", ".join(columns)
    places = ", ".join(f"${at}" for at in range(1, len(columns) + 1))
    await database.pool.execute(
        f"insert into scans ({names}) values ({places})",  # noqa: S608
        *columns.values(),
    )


@pytest.fixture
async def guest(admin: Browser, new_browser: NewBrowser, database: Database) -> Browser:
    await database.users.add("paul", PASSWORD)
    browser = await new_browser(same_as=admin)
    await browser.sign_in("paul", PASSWORD)
    return browser


async def test_before_the_first_scan_the_page_says_so(admin: Browser) -> None:
    assert "There was no scan yet." in (await admin.open("/")).seen
    assert await (await admin.client.get("/scan")).json() is None


async def test_an_administrator_starts_a_scan_once(admin: Browser, database: Database) -> None:
    for _ in range(2):
        answer = await admin.fill_in("/", {}, to="/scan")
        assert (answer.status, answer.location) == (303, "/")
    assert await database.pool.fetchval("select count(*) from scans") == 1
    page = await admin.open("/")
    assert "Waiting to start" in page.seen
    assert MARK in page.text


async def test_every_file_can_be_read_again(admin: Browser, database: Database) -> None:
    await admin.fill_in("/", {"complete": "on"}, to="/scan")
    scan = await database.scans.latest()
    assert scan is not None
    assert (scan.complete, scan.accept_removals) == (True, False)


async def test_a_running_scan_shows_its_progress_with_and_without_script(
    admin: Browser, database: Database
) -> None:
    await _scan(database, state="running", step="read", seen=3000, todo=2000, read=1234)
    page = await admin.open("/")
    assert "Reading tags" in page.seen
    assert "1,234 of 2,000 songs read" in page.seen
    assert 'value="1234" max="2000"' in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert "Scan now" not in page.seen
    view = await (await admin.client.get("/scan")).json()
    assert view == {
        "active": True,
        "state": "running",
        "headline": "Reading tags",
        "detail": "1,234 of 2,000 songs read",
        "message": "",
        "done": 1234,
        "todo": 2000,
    }


async def test_a_scan_that_is_over_tells_what_came_of_it(
    admin: Browser, database: Database
) -> None:
    await _scan(database, state="running", seen=10, added=1200, broken=1)
    await database.pool.execute(
        "update scans set state = 'done', finished = now() - interval '3 hours'"
    )
    page = await admin.open("/")
    assert "Scanned 3 hours ago: 1,200 new, 1 not readable" in page.seen
    assert MARK not in page.text
    assert "http-equiv" not in page.text


async def test_removals_are_accepted_only_after_a_refusal(
    admin: Browser, database: Database
) -> None:
    assert "accept the removals" not in (await admin.open("/")).seen
    await _scan(database, state="refused", message="Half of Music is not there.")
    page = await admin.open("/")
    assert "Half of Music is not there." in page.seen
    assert "accept the removals" in page.seen
    await admin.fill_in("/", {"accept_removals": "on"}, to="/scan")
    scan = await database.scans.latest()
    assert scan is not None
    assert scan.accept_removals


async def test_others_see_the_scan_but_neither_its_messages_nor_its_button(
    guest: Browser, database: Database
) -> None:
    await _scan(database, state="failed", message="/srv/secret cannot be read")
    page = await guest.open("/")
    assert "The last scan failed" in page.seen
    assert "/srv/secret" not in page.text
    assert "Scan now" not in page.seen
    assert "/srv/secret" not in (await guest.open("/scan")).text


async def test_others_cannot_start_a_scan(guest: Browser, database: Database) -> None:
    answer = await guest.fill_in("/", {}, to="/scan")
    assert answer.status == 403
    assert "Only for administrators" in answer.seen
    assert await database.scans.latest() is None


async def test_whoever_sees_only_some_libraries_gets_no_figures(
    guest: Browser, database: Database
) -> None:
    await database.pool.execute("update users set all_libraries = false where name = 'paul'")
    await _scan(database, state="running", step="read", todo=2000, read=1234)
    assert "1,234" not in (await guest.open("/")).text


async def test_without_a_session_nothing_is_told(browser: Browser, database: Database) -> None:
    await _scan(database, state="running", step="read")
    assert (await browser.open("/scan")).status == 401


async def test_without_a_session_no_scan_is_started(browser: Browser, database: Database) -> None:
    await database.users.add("maria", PASSWORD, admin=True)
    assert (await browser.fill_in("/login", {}, to="/scan")).location == "/login"
    assert await database.scans.latest() is None
