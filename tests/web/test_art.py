"""Pictures at addresses that this server has signed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from db.database import Database
from streaming.links import picture_path
from tests.support.browser import Browser
from tests.support.rows import Hand, hand


@pytest.fixture
async def music(database: Database, tmp_path: Path) -> Hand:
    """A library with files: `cover.png`."""
    made = await hand(database)
    await database.pool.execute("update libraries set path = $1", bytes(tmp_path))
    Image.new("RGB", (640, 320), "teal").save(tmp_path / "cover.png")
    return made


@pytest.fixture
async def cover(music: Hand, tmp_path: Path) -> int:
    digest = sha256((tmp_path / "cover.png").read_bytes()).digest()
    return await music.picture(path=b"cover.png", hash=digest)


async def test_a_signed_picture_is_shown_to_everybody_and_kept(
    browser: Browser, database: Database, cover: int
) -> None:
    path = picture_path(database.secrets, cover, 300)
    async with browser.client.get(path) as response:
        assert response.status == 200
        assert response.content_type.startswith("image/")
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in response.headers
        etag = response.headers["ETag"]
        assert len(await response.read()) > 100
    async with browser.client.get(path, headers={"If-None-Match": etag}) as response:
        assert response.status == 304
    async with browser.client.head(path) as response:
        assert response.status == 200
    async with browser.client.post(path) as response:
        assert response.status == 405


@pytest.mark.attack("X66")
async def test_what_was_forged_is_not_there(
    browser: Browser, database: Database, cover: int
) -> None:
    path = picture_path(database.secrets, cover, 300)
    forged = [path[:-1], path + "x", path + "/", "/art/", f"/art/{cover}.300"]
    forged += [f"/art/co-{cover}", "/art/%00", "/art/%C3%BC.%C3%BC", "/art/" + "x" * 4000]
    forged += ["/art/" + database.secrets.sign("share", f"{cover}.300")]
    for one in forged:
        assert (await browser.open(one)).status == 404, one


async def test_a_picture_that_is_gone_is_not_there(
    browser: Browser, database: Database, cover: int
) -> None:
    path = picture_path(database.secrets, cover, 300)
    await database.pool.execute("update libraries set active = false")
    assert (await browser.open(path)).status == 404
    await database.pool.execute("update libraries set active = true")
    await database.pool.execute("delete from pictures")
    assert (await browser.open(path)).status == 404


async def test_a_picture_that_cannot_be_read_is_drawn_and_soon_asked_for_again(
    browser: Browser, database: Database, music: Hand
) -> None:
    broken = await music.picture(path=b"no such file.png")
    path = picture_path(database.secrets, broken, 100)
    async with browser.client.get(path) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "private, max-age=300"
