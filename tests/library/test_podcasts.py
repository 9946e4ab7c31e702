"""Channels from their feeds' addresses to rows; the feeds are on a site of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web

from conf.settings import Outbound, Settings
from db.database import Database
from db.rows import ChannelRow
from library.fetch import Fetcher, RefusedError
from library.podcasts import Channels
from tests.support.pictures import picture
from tests.support.podcasts import Site, claimed, entry, rss, wanted
from tests.support.sandboxes import ThreadSandbox

LOGO = '<itunes:image href="logo.png"/>'


class Radio:
    """A site, and what looks at it."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.site = Site()
        self.sandbox = ThreadSandbox()
        here = Outbound(allow_networks=("127.0.0.1",), timeout=2)
        settings = msgspec.structs.replace(settings, outbound=here)
        self.fetcher = Fetcher(here)
        self.pictures: list[bytes] = []
        self.channels = Channels(database, settings, self.fetcher, self.sandbox, self._shrink)

    async def _shrink(self, data: bytes) -> bytes:
        self.pictures.append(data)
        if not data.startswith(b"\x89PNG"):
            raise RuntimeError("no picture")
        return b"small"

    async def refresh(self, path: str = "feed") -> ChannelRow:
        """Look at a channel, new or not."""
        await self.database.pool.execute(
            "update channels set due = now(), tried = null, lease = null"
        )
        job = await claimed(self.database, self.site.url(path))
        await self.channels.refresh(job)
        (row,) = await self.database.podcasts.channels(job.id)
        return row

    async def due(self) -> float:
        """In how many seconds the channel is looked at again."""
        seconds: float = await self.database.pool.fetchval(
            "select extract(epoch from due - now())::float8 from channels"
        )
        return seconds


@pytest.fixture
async def radio(database: Database, settings: Settings) -> AsyncIterator[Radio]:
    made = Radio(database, settings)
    await made.site.start()
    yield made
    await made.fetcher.close()
    await made.site.close()


async def test_a_channel_is_what_its_feed_says(radio: Radio) -> None:
    radio.site.pages = {"feed": rss(entry(), more=LOGO), "logo.png": picture(50, 50, "PNG")}
    row = await radio.refresh()
    assert (row.title, row.status, row.message, row.pictured) == ("Talk", "completed", "", True)
    assert row.image_url == radio.site.url("logo.png")
    (episode,) = await radio.database.podcasts.episodes(row.id)
    assert (episode.title, episode.status) == ("One", "downloading")
    stored = await radio.database.podcasts.picture("channel", row.id)
    assert stored is not None
    assert stored.data == b"small"
    assert 21_000 < await radio.due() <= 21_600


async def test_a_feed_behind_a_redirect_counts_from_there(radio: Radio) -> None:
    radio.site.pages = {
        "feed": web.Response(status=301, headers={"Location": "/deep/er/feed"}),
        "deep/er/feed": rss(entry()),
    }
    await radio.refresh()
    await radio.database.podcasts.download((await radio.database.podcasts.newest(1))[0].id)
    job = await radio.database.podcasts.claim_episode()
    assert job is not None
    assert job.url == radio.site.url("deep/er/one.mp3")


async def test_what_has_not_changed_is_not_read_again(radio: Radio) -> None:
    async def page(request: web.Request) -> web.Response:
        known = request.headers.get("If-None-Match") == '"1"'
        tag = {"ETag": '"1"'}
        return (
            web.Response(status=304, headers=tag)
            if known
            else web.Response(body=rss(entry()), headers=tag)
        )

    radio.site.pages = {"feed": page}
    for _ in range(2):
        assert (await radio.refresh()).status == "completed"
    assert radio.sandbox.calls == ["library.feeds:read_feed"]


async def test_the_picture_is_fetched_once_and_its_lack_is_no_error(radio: Radio) -> None:
    radio.site.pages = {"feed": rss(entry(), more=LOGO), "logo.png": b"<svg/>"}
    row = await radio.refresh()
    assert (row.status, row.pictured) == ("completed", False)
    radio.site.pages["logo.png"] = picture(50, 50, "PNG")
    assert (await radio.refresh()).pictured
    assert (await radio.refresh()).pictured
    assert radio.site.asked.count("logo.png") == 2


@pytest.mark.attack("X61")
@pytest.mark.attack("X65")
async def test_a_feed_leads_nowhere_within(radio: Radio) -> None:
    """With pictures, with episodes, with links to itself: nothing in the house is asked."""
    within = web.Response(text="secret")
    other = radio.site.url("secret").replace("127.0.0.1", "127.0.0.2")
    picture_within = f'<itunes:image href="{other}"/><link>{other}</link>'
    renamed = f"<itunes:new-feed-url>{other}</itunes:new-feed-url>"
    radio.site.pages = {
        "feed": rss(entry(url=other), more=picture_within + renamed), "secret": within,
    }  # fmt: skip
    row = await radio.refresh()
    assert (row.status, row.pictured) == ("completed", False)
    (episode,) = await radio.database.podcasts.episodes(row.id)
    job = await wanted(radio.database, episode.id)
    with pytest.raises(RefusedError):
        await anext(radio.fetcher.stream(job.url, 1000))
    assert (await radio.refresh()).status == "completed"
    assert set(radio.site.asked) == {"feed"}


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (b"<html>Not here</html>", "no feed"),
        (web.Response(status=410), "status 410"),
        (web.Response(status=302, headers={"Location": "http://10.0.0.1/"}), "not on the public"),
        (b"x" * (17 * 1024 * 1024), "more than"),
    ],
)
async def test_why_a_channel_cannot_be_read_stands_in_it(
    radio: Radio, page: bytes | web.Response, message: str
) -> None:
    radio.site.pages = {"feed": page}
    row = await radio.refresh()
    assert row.status == "error"
    assert message in row.message


async def test_a_channel_in_error_keeps_what_it_has_and_is_tried_later_and_later(
    radio: Radio,
) -> None:
    radio.site.pages = {"feed": rss(entry())}
    await radio.refresh()
    del radio.site.pages["feed"]
    waits = []
    for _ in range(9):
        row = await radio.refresh()
        waits.append(round(await radio.due()))
    assert (row.title, row.status) == ("Talk", "error")
    assert len(await radio.database.podcasts.episodes(row.id)) == 1
    assert waits[:3] == [300, 600, 1200]
    assert waits[-1] == 21_600
    radio.site.pages["feed"] = rss(entry())
    row = await radio.refresh()
    assert (row.status, row.message) == ("completed", "")


@pytest.mark.parametrize("error", [TimeoutError(), ChildProcessError("it died"), RuntimeError("x")])
async def test_a_feed_that_kills_its_reader_costs_its_channel_only(
    radio: Radio, error: Exception
) -> None:
    radio.site.pages = {"feed": rss(entry())}
    radio.sandbox.answers["library.feeds:read_feed"] = error
    row = await radio.refresh()
    assert row.status == "error"
    assert "no feed that can be read" in row.message
