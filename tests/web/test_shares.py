"""The pages behind the addresses of shares, as somebody without an account sees them."""

from __future__ import annotations

import html
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import av
import pytest
from aiohttp import web

import web as pages
from db.database import Database
from db.rows import UserRow
from streaming import Busy
from tests.support import shelf
from tests.support.browser import AiohttpClient, Answer, Browser, Services
from tests.support.pictures import see
from tests.support.shelf import Shelf

NOWHERE = "/share/" + "x" * 27
EVIL = """</title><script>alert(1)</script><img src=x onerror=alert(1)>"'&"""


@dataclass(frozen=True)
class Sharer:
    """Makes shares as one user, and looks at them as nobody."""

    db: Database
    user: UserRow
    browser: Browser

    async def id(self, table: str, name: str) -> int:
        column = "card ->> 'title'" if table == "tracks" else "name"
        found: int = await self.db.pool.fetchval(
            f"select id from {table} where {column} = $1",  # noqa: S608
            name,
        )
        return found

    async def share(
        self, *items: tuple[str, str], text: str = "", expires: datetime | None = None
    ) -> str:
        """The path of a new share."""
        numbers = [(kind, await self.id(f"{kind}s", name)) for kind, name in items]
        row = await self.db.shares.add(self.user, numbers, text, expires)
        assert row is not None
        return f"/share/{self.db.shares.token(row)}"

    async def song(self, path: str, title: str, kind: str = "stream") -> str:
        """The path of a song of a share."""
        return f"{path}/{kind}/{await self.id('tracks', title)}"


@pytest.fixture
async def services(stocked: Database, library: Shelf) -> AsyncIterator[Services]:
    made = Services(library.settings, stocked)
    yield made
    await made.streamer.close(0)


@pytest.fixture
async def guest(aiohttp_client: AiohttpClient, stocked: Database, services: Services) -> Sharer:
    app = web.Application()
    pages.setup(app, services)
    user = await stocked.users.by_name(shelf.GUEST[0])
    assert user is not None
    return Sharer(stocked, user, Browser(await aiohttp_client(app)))


@pytest.fixture
async def admin(guest: Sharer) -> Sharer:
    user = await guest.db.users.by_name(shelf.ADMIN[0])
    assert user is not None
    return replace(guest, user=user)


def links(page: Answer) -> list[str]:
    return re.findall(r'<a href="(/share/[^"]+)"', page.text)


async def test_the_page_names_what_is_shared(guest: Sharer) -> None:
    path = await guest.share(
        ("album", "First"), text="Für dich", expires=datetime(2100, 3, 1, tzinfo=UTC)
    )
    page = await guest.browser.open(path)
    assert page.status == 200
    assert page.response.content_type == "text/html"
    assert "Für dich" in page.seen
    assert "Ada · 2 songs · 0:09 · until 1 March 2100" in page.seen
    assert re.search(r"Alpha Ada 0:03 Beta Ada 0:06", page.seen)
    assert links(page) == [await guest.song(path, title) for title in ("Alpha", "Beta")]
    assert guest.user.name not in page.seen


@pytest.mark.parametrize(
    ("items", "title"),
    [
        ([("album", "First")], "First"),
        ([("track", "Beta")], "Beta"),
        ([("track", "Beta"), ("track", "Gamma")], "Shared music"),
    ],
)
async def test_without_a_description_the_music_names_the_page(
    guest: Sharer, items: list[tuple[str, str]], title: str
) -> None:
    page = await guest.browser.open(await guest.share(*items))
    assert f"<h1>{title}</h1>" in page.text
    assert f'<meta property="og:title" content="{title}">' in page.text


async def test_no_account_no_cookie_and_no_leak(guest: Sharer) -> None:
    path = await guest.share(("album", "First"))
    for address in (path, *(links(await guest.browser.open(path)))):
        answer = await guest.browser.client.get(address)
        assert answer.status == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
    page = (await guest.browser.open(path)).response
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Security-Policy"].endswith("; media-src 'self'")
    assert (
        "media-src"
        not in (await guest.browser.open("/login")).response.headers["Content-Security-Policy"]
    )


async def test_hostile_texts_stay_texts(guest: Sharer) -> None:
    await guest.db.pool.execute(
        "update tracks set card = jsonb_set(jsonb_set(jsonb_set(card::jsonb,"
        " '{title}', to_jsonb($1::text)), '{artist}', to_jsonb($1::text)),"
        " '{album}', to_jsonb($1::text))::json where card ->> 'title' = 'Beta'",
        EVIL,
    )
    beta = await guest.share(("track", EVIL))
    described = await guest.share(("track", EVIL), text=EVIL)
    for path in (beta, described):
        page = await guest.browser.open(path)
        assert EVIL in html.unescape(page.text)
        assert "<script>" not in page.text
        assert "<img src=x" not in page.text
        assert not re.search(
            r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=",
            html.unescape(page.text).replace(EVIL, ""),
        )
        assert EVIL not in page.text
        # No quote ends an attribute: each still has its whole text.
        assert [html.unescape(text) for text in re.findall(r'data-album="([^"]*)"', page.text)] == [
            EVIL
        ]


async def test_messengers_get_a_title_and_an_absolute_picture(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"), text="Listen")
    page = await guest.browser.open(path, Host="music.lan:5000")
    found = re.search(r'property="og:image" content="([^"]+)"', page.text)
    assert found
    url = urlsplit(found[1])
    assert (url.scheme, url.netloc) == ("http", "music.lan:5000")
    cover = await guest.browser.client.get(url.path)
    assert see(await cover.read()).size == (600, 400)
    odd = await guest.browser.open(path, Host='x"><script>')
    assert "og:image" not in odd.text


async def test_a_shared_song_is_heard_in_any_range(guest: Sharer, library: Shelf) -> None:
    original = (library.music / "Ada/First/02 Beta.flac").read_bytes()
    path = await guest.share(("track", "Beta"))
    url = await guest.song(path, "Beta")
    whole = await guest.browser.client.get(url)
    assert (whole.status, whole.content_type) == (200, "audio/flac")
    assert await whole.read() == original
    assert "Content-Disposition" not in whole.headers
    part = await guest.browser.client.get(url, headers={"Range": "bytes=0-1"})
    assert (part.status, await part.read()) == (206, original[:2])
    assert part.headers["Content-Range"] == f"bytes 0-1/{len(original)}"
    known = await guest.browser.client.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert known.status == 304


async def test_what_browsers_do_not_play_and_what_is_asked_for_comes_as_mp3(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"), ("track", "Gamma"))
    url = await guest.song(path, "Beta")
    asked = await guest.browser.client.get(url, params={"format": "mp3"})
    assert (asked.status, asked.content_type) == (200, "audio/mpeg")
    await asked.read()
    assert 'data-type="audio/flac"' in (await guest.browser.open(path)).text
    await guest.db.pool.execute(
        "update tracks set suffix = 'mka', content_type = 'audio/x-matroska'"
    )
    assert 'data-type="audio/flac"' not in (await guest.browser.open(path)).text
    answer = await guest.browser.client.get(url, params={"format": "wav"})
    assert answer.content_type == "audio/mpeg"
    await answer.read()


async def test_the_owners_limit_holds_for_those_who_listen(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"))
    await guest.db.pool.execute("update users set max_bit_rate = 64")
    assert 'data-type="audio/mpeg"' in (await guest.browser.open(path)).text
    answer = await guest.browser.client.get(await guest.song(path, "Beta"))
    assert answer.content_type == "audio/mpeg"
    with av.open(io.BytesIO(await answer.read())) as sound:
        assert 0 < (sound.streams.audio[0].bit_rate or 0) <= 66_000


@pytest.mark.attack("X25")
async def test_a_song_outside_the_share_is_nothing(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"))
    gamma = await guest.id("tracks", "Gamma")
    expected = (await guest.browser.open(NOWHERE)).text
    for kind in ("stream", "cover"):
        for song in (str(gamma), "0", "-1", "x", "٣", "9" * 18, "9" * 30, "%00"):
            answer = await guest.browser.open(f"{path}/{kind}/{song}")
            assert (answer.status, answer.text) == (404, expected), song


@pytest.mark.attack("X25")
async def test_songs_of_a_hidden_library_are_heard_by_those_the_administrator_asks_alone(
    admin: Sharer, guest: Sharer
) -> None:
    theirs, mine = await admin.share(("track", "Secret")), await guest.share(("track", "Beta"))
    assert (await guest.browser.client.get(await admin.song(theirs, "Secret"))).status == 200
    assert (await guest.browser.open(await admin.song(mine, "Secret"))).status == 404


@pytest.mark.attack("X25")
async def test_a_library_taken_from_the_owner_is_taken_from_the_share(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"))
    assert (await guest.browser.client.get(await guest.song(path, "Beta"))).status == 200
    await guest.db.pool.execute("delete from user_libraries")
    page = await guest.browser.open(path)
    assert "There is nothing to hear here now." in page.seen
    assert "Beta" not in page.text
    for kind in ("stream", "cover"):
        assert (await guest.browser.open(await guest.song(path, "Beta", kind))).status == 404


@pytest.mark.attack("X25")
@pytest.mark.parametrize(
    "closing",
    [
        "update shares set expires = now()",
        "update users set enabled = false",
        "update users set roles = '{settings,stream}'",
        "delete from shares",
        "delete from users where name = 'guest'",
    ],
)
async def test_every_address_that_does_not_work_gets_the_same_page(
    guest: Sharer, closing: str
) -> None:
    path = await guest.share(("track", "Beta"))
    stream, cover = [await guest.song(path, "Beta", kind) for kind in ("stream", "cover")]
    await guest.db.pool.execute(closing)
    unknown = await guest.browser.open(NOWHERE)
    assert unknown.status == 404
    assert "not valid, or not any more" in unknown.seen
    for address in (path, stream, cover, path + "x", "/share/x", "/share/%00", "/share/%ff"):
        answer = await guest.browser.open(address)
        assert (answer.status, answer.text) == (404, unknown.text)
        assert answer.response.headers["X-Robots-Tag"] == unknown.response.headers["X-Robots-Tag"]


async def test_a_song_whose_file_is_gone_is_not_found(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"))
    await guest.db.pool.execute("update tracks set path = path || 'x'")
    assert (await guest.browser.open(await guest.song(path, "Beta"))).status == 404


async def test_opening_the_page_is_a_visit_and_hearing_is_none(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"))
    await guest.browser.open(path)
    await guest.browser.open(path)
    await guest.browser.client.head(path)
    url = await guest.song(path, "Beta")
    for first in range(3):
        await guest.browser.client.get(url, headers={"Range": f"bytes={first}-"})
    (share,) = await guest.db.shares.of(guest.user)
    assert share.visit_count == 2
    assert share.last_visited is not None


async def test_hearing_a_share_counts_no_play_of_the_owner(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"))
    await (await guest.browser.client.get(await guest.song(path, "Beta"))).read()
    assert await guest.db.pool.fetchval("select count(*) from plays") == 0


async def test_covers_come_in_one_size_or_are_drawn(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"), ("track", "Gamma"))
    beta = await guest.browser.client.get(
        await guest.song(path, "Beta", "cover"), params={"size": "9999"}
    )
    assert see(await beta.read()).size == (600, 400)
    gamma = await guest.browser.client.get(await guest.song(path, "Gamma", "cover"))
    assert see(await gamma.read()).size == (600, 600)


async def test_songs_with_the_same_cover_name_it_alike(guest: Sharer) -> None:
    path = await guest.share(("album", "First"), ("track", "Gamma"))
    covers = re.findall(r'data-cover="([^"]+)"', (await guest.browser.open(path)).text)
    assert len(covers) == 3
    assert covers[0] == covers[1] != covers[2]


async def test_where_too_much_is_transcoded_one_waits(
    guest: Sharer, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> None:
        raise Busy("Too many songs.", 7)

    monkeypatch.setattr(services.streamer, "respond", busy)
    path = await guest.share(("track", "Beta"))
    answer = await guest.browser.open(await guest.song(path, "Beta"))
    assert (answer.status, answer.response.headers["Retry-After"]) == (429, "7")


async def test_without_a_database_the_page_says_so(guest: Sharer) -> None:
    path = await guest.share(("track", "Beta"))
    await guest.db.close()
    answer = await guest.browser.open(path)
    assert answer.status == 503
    assert "The database does not answer" in answer.seen
