"""What holds for every page there is, and for those to come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiohttp import FormData, web

from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser

PLACES = {
    "user": "1", "playlist": "1", "token": "x" * 27, "song": "1", "name": "dulcian.css",
    "picture": "x.y", "signed": "x.y",
}  # fmt: skip
"""What may stand in an address; a new word is to be added here."""
KEPT_ELSEWHERE = {"tries", "known_devices"}
"""Tables of what is counted about a request, whatever it asks for."""


def paths(browser: Browser, method: str) -> Iterator[str]:
    """The addresses of the application that take this method."""
    assert browser.client.app is not None
    for route in browser.client.app.router.routes():
        if route.method == method:
            assert isinstance(route.resource, (web.PlainResource, web.DynamicResource))
            yield route.resource.canonical.format_map(PLACES)


@pytest.fixture
async def stranger(admin: Browser, new_browser: NewBrowser, database: Database) -> Browser:
    """Somebody without an account; there is a playlist to open."""
    maria = await database.users.by_name("maria")
    assert maria is not None
    assert await database.playlists.add(maria, "Everything", []) == 1
    return await new_browser(same_as=admin)


async def contents(database: Database) -> dict[str, str]:
    """Every table, as a hash of its rows."""
    tables = await database.pool.fetch(
        "select table_name from information_schema.tables"
        " where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    hashed = "select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from {} t"
    names = {row[0] for row in tables} - KEPT_ELSEWHERE
    return {name: await database.pool.fetchval(hashed.format(name)) for name in sorted(names)}


@pytest.mark.attack("X80", "X81", "X85")
async def test_no_address_that_is_opened_changes_anything_and_every_answer_is_guarded(
    admin: Browser, stranger: Browser, database: Database
) -> None:
    before = await contents(database)
    addresses = list(paths(admin, "GET"))
    assert len(addresses) > 15
    for browser in (admin, stranger):
        for path in addresses:
            response = (await browser.open(path)).response
            assert response.status < 500, path
            assert response.headers["X-Content-Type-Options"] == "nosniff", path
            assert "Content-Encoding" not in response.headers, path
            if not path.startswith(("/static/", "/art/")):
                assert "Access-Control-Allow-Origin" not in response.headers, path
                assert response.headers["Cache-Control"] == "no-store", path
                assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert await contents(database) == before


@pytest.mark.attack("X80")
async def test_no_form_is_taken_without_its_token_whatever_it_is_sent_as(
    admin: Browser, stranger: Browser, database: Database
) -> None:
    before = await contents(database)
    addresses = list(paths(admin, "POST"))
    assert len(addresses) > 15
    for browser in (admin, stranger):
        for path in addresses:
            plain = (await browser.send(path, {"name": "maria", "password": PASSWORD})).status
            parts = FormData(default_to_multipart=True)
            parts.add_field("picture", b"x", filename="x.png")
            upload = (await browser.send(path, parts)).status  # type: ignore[arg-type]
            # One of the two is what the page takes; uploads ask first who it is.
            assert sorted([plain, upload]) in ([403, 415], [303, 303]), path
            body = {"form_token": "x"}
            sent = browser.client.post(path, json=body, allow_redirects=False)
            async with sent as response:
                assert response.status in (303, 415), path
        assert await contents(database) == before
