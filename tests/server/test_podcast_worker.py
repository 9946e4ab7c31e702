"""What a node does for podcasts by itself; feeds and episodes are on a site of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest
from aiohttp import web

from conf.settings import Outbound, Podcasts, Settings
from db.database import Database
from db.errors import UnavailableError
from db.rows import EpisodeRow
from library.episodes import folder
from server import podcast_worker
from server.podcast_worker import PodcastWorker
from tests.support.audio import Song, made
from tests.support.pictures import picture, see
from tests.support.podcasts import Site, entry, rss
from tests.support.sandboxes import ThreadSandbox

SOUND = made("mp3", Song(title="One", seconds=2))
LOGO = '<itunes:image href="logo.png"/>'
Start = Callable[..., Awaitable[asyncio.Task[None]]]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.start()
    made.pages = {"feed": rss(entry(), more=LOGO), "one.mp3": SOUND, "logo.png": picture(900, 600)}
    yield made
    await made.close()


@pytest.fixture
async def start(database: Database, settings: Settings) -> AsyncIterator[Start]:
    """Runs a worker until the test is over."""
    running: list[asyncio.Task[None]] = []

    async def begin(*, download: int = 1) -> asyncio.Task[None]:
        changed = msgspec.structs.replace(
            settings,
            outbound=Outbound(allow_networks=("127.0.0.1",), timeout=5),
            podcasts=Podcasts(download=download),
        )
        worker = PodcastWorker(database, changed, ThreadSandbox())
        if not running:
            await database.bus.start()
        running.append(asyncio.create_task(worker.run()))
        return running[-1]

    yield begin
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def until(state: Callable[[], Awaitable[bool]]) -> None:
    while not await state():  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def newest(database: Database) -> EpisodeRow | None:
    rows = await database.podcasts.newest(1)
    return rows[0] if rows else None


def status(database: Database, wanted: str) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        row = await newest(database)
        return row is not None and row.status == wanted

    return reached


async def test_a_channel_becomes_episodes_a_picture_and_a_file(
    start: Start, database: Database, settings: Settings, site: Site
) -> None:
    """All by itself, once somebody adds it."""
    await start()
    await database.podcasts.add(site.url())
    await until(status(database, "completed"))
    row = await newest(database)
    assert row is not None
    assert row.path is not None
    assert (folder(settings) / row.path.decode()).read_bytes() == SOUND
    stored = await database.podcasts.picture("episode", row.id)
    assert stored is not None
    assert see(stored.data).size == (600, 400)


async def test_a_wish_is_done_and_undone(
    start: Start, database: Database, settings: Settings, site: Site
) -> None:
    await start(download=0)
    await database.podcasts.add(site.url())
    await until(status(database, "new"))
    row = await newest(database)
    assert row is not None
    await database.podcasts.download(row.id)
    await until(status(database, "completed"))
    await database.podcasts.delete_channel(row.channel_id)

    async def empty() -> bool:
        return list(folder(settings).iterdir()) == []

    await until(empty)


async def test_two_nodes_do_each_thing_once(start: Start, database: Database, site: Site) -> None:
    for _ in range(2):
        await start()
    await database.podcasts.add(site.url())
    await until(status(database, "completed"))
    assert sorted(site.asked) == ["feed", "logo.png", "one.mp3"]


@pytest.mark.parametrize("path", ["feed", "one.mp3"])
async def test_stopping_gives_back_what_was_begun(
    start: Start, database: Database, settings: Settings, site: Site, path: str
) -> None:
    """At once; and nothing of it stays, or is lost."""
    begun = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        begun.set()
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 1000)
                await asyncio.sleep(0.02)
        except ConnectionError:
            return response

    whole = site.pages[path]
    site.pages[path] = endless
    task = await start()
    await database.podcasts.add(site.url())
    await begun.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.cancelled()
    assert not [one for one in folder(settings).rglob("*") if one.is_file()]
    site.pages[path] = whole
    await start()
    await until(status(database, "completed"))


async def test_a_worker_outlives_its_database(
    start: Start, database: Database, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(podcast_worker, "_RETRY", 0.02)
    claim = database.podcasts.claim_channel
    failures = iter(range(3))

    async def failing() -> object:
        if next(failures, None) is not None:
            raise UnavailableError("gone")
        return await claim()

    monkeypatch.setattr(database.podcasts, "claim_channel", failing)
    await start()
    await database.podcasts.add(site.url())
    await until(status(database, "completed"))


async def test_a_mistake_of_ours_ends_no_server(
    start: Start, database: Database, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("library.episodes.Episodes.sweep", lambda _: 1 / 0)
    task = await start()
    await database.podcasts.add(site.url())
    await until(status(database, "completed"))
    assert not task.done()


async def test_one_channel_in_trouble_holds_up_no_other(
    start: Start, database: Database, site: Site
) -> None:
    site.pages["bad"] = b"<html>"
    await start()
    await database.podcasts.add(site.url("bad"))
    await database.podcasts.add(site.url("missing"))
    await database.podcasts.add(site.url())
    await until(status(database, "completed"))
    states = {row.url: row.status for row in await database.podcasts.channels()}
    assert states == {
        site.url("bad"): "error",
        site.url("missing"): "error",
        site.url(): "completed",
    }
