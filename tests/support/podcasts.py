"""Feeds as they stand on the web, a site that serves them, and podcasts that are in the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web
from aiohttp.test_utils import TestServer

from db.database import Database
from db.feeds import Feed, Item
from db.rows import ChannelJobRow, EpisodeJobRow, EpisodeRow

WHEN = 1_736_157_600.0
"""Mon, 06 Jan 2025 10:00:00 GMT."""
DAY = 86_400.0
Answer = bytes | web.StreamResponse | Callable[[web.Request], Awaitable[web.StreamResponse]]
_number = count(1)


def item(title: str = "One", **more: Any) -> Item:
    """An episode of a feed, as plain as can be."""
    plain: dict[str, Any] = {
        "guid": title, "title": title, "description": f"About {title}", "published": WHEN,
        "url": f"https://media.example/{title}.mp3", "content_type": "audio/mpeg", "suffix": "mp3",
        "size": 1000, "duration": 60.0, "video": False,
    }  # fmt: skip
    return Item(**plain | more)


def feed(*items: Item, title: str = "Talk", image: str = "") -> Feed:
    """A feed, as it was read."""
    return Feed(title=title, description="Much talk", image=image, items=list(items))


def rss(*items: str, title: str = "Talk", more: str = "") -> bytes:
    """A feed, as it is sent."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:media="http://search.yahoo.com/mrss/"><channel>'
        f"<title>{escape(title)}</title><description>Much talk</description>{more}{''.join(items)}"
        "</channel></rss>"
    ).encode()


def entry(
    title: str = "One", url: str = "one.mp3", kind: str = "audio/mpeg", more: str = ""
) -> str:
    """An episode in it."""
    return (
        f"<item><title>{escape(title)}</title><guid>{escape(title)}</guid>{more}"
        f'<enclosure url={quoteattr(url)} type="{kind}" length="1000"/></item>'
    )


class Site:
    """A server on 127.0.0.1 whose pages are set by path; counts who asks for what."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[str] = []
        app = web.Application()
        app.router.add_route("GET", "/{path:.*}", self._answer)
        self._server = TestServer(app, host="127.0.0.1")

    async def start(self) -> None:
        await self._server.start_server()

    async def close(self) -> None:
        await self._server.close()

    def url(self, path: str = "feed") -> str:
        return str(self._server.make_url(f"/{path}"))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path[1:]
        self.asked.append(path)
        page = self.pages.get(path)
        if page is None:
            raise web.HTTPNotFound
        if isinstance(page, bytes):
            return web.Response(body=page)
        return page if isinstance(page, web.StreamResponse) else await page(request)


async def claimed(database: Database, url: str = "") -> ChannelJobRow:
    """A new channel whose job is ours."""
    url = url or f"https://feeds.example/{next(_number)}"
    assert await database.podcasts.add(url)
    while job := await database.podcasts.claim_channel():
        if job.url == url:
            return job
    raise AssertionError("the channel was not to be had")


async def save(
    database: Database,
    job: ChannelJobRow,
    *items: Item,
    newest: int = 0,
    most: int = 100,
    **more: Any,
) -> bool:
    """Write down what a feed says."""
    return await database.podcasts.save(
        job, feed(*items, **more), None, ("", ""), 3600, newest=newest, most=most
    )


async def listed(database: Database, *items: Item, **more: Any) -> list[EpisodeRow]:
    """The episodes of a new channel with these items."""
    job = await claimed(database)
    assert await save(database, job, *items, **more)
    return await database.podcasts.episodes(job.id)


async def known(database: Database, url: str) -> int:
    """A channel with one episode, the same each time; gives its id."""
    for row in await database.podcasts.channels():
        if row.url == url:
            return row.id
    job = await claimed(database, url)
    await save(database, job, item("Known"))
    return job.id


async def wanted(database: Database, episode: int) -> EpisodeJobRow:
    """The job to download an episode, ours."""
    assert await database.podcasts.download(episode)
    job = await database.podcasts.claim_episode()
    assert job is not None
    assert job.id == episode
    return job


async def complete(database: Database, job: EpisodeJobRow, keep: int = 0, **more: Any) -> bool:
    """Note that the file is there."""
    given: dict[str, Any] = {
        "path": f"{job.channel_id}/{job.id}.mp3".encode(), "suffix": "mp3",
        "content_type": "audio/mpeg", "size": 2000, "duration": 61.0, "bit_rate": 128,
    }  # fmt: skip
    return await database.podcasts.complete(job, keep=keep, **given | more)
