"""The jukebox of a node: a real player process that plays to nobody, and follows the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from msgspec.structs import replace

from conf.settings import Jukebox, Settings
from db.database import Database
from db.rows import JukeboxRow
from server.jukebox import JukeboxWorker


@pytest.fixture
async def playing(stocked: Database) -> AsyncIterator[None]:
    """A node that plays, for as long as the test takes."""
    worker = JukeboxWorker(stocked, Settings(jukebox=Jukebox(output="silent")))
    await stocked.bus.start()
    task = asyncio.create_task(worker.run())
    await until(stocked, lambda row: row.available)
    yield
    task.cancel()
    await asyncio.wait({task})
    assert not (await stocked.jukebox.get()).available


async def until(database: Database, condition: Callable[[JukeboxRow], bool]) -> JukeboxRow:
    """The jukebox as soon as something is so."""
    async with asyncio.timeout(30):
        while not condition(row := await database.jukebox.get()):  # noqa: ASYNC110  (rows tell nobody)
            await asyncio.sleep(0.02)
    return row


async def change(database: Database, **facts: object) -> None:
    row = await database.jukebox.get()
    assert await database.jukebox.put(replace(row, turn=row.turn + 1, **facts))


async def tracks(database: Database, *titles: str) -> list[int]:
    rows = await database.pool.fetch("select id, card->>'title' as title from tracks")
    ids = {row["title"]: row["id"] for row in rows}
    return [ids[title] for title in titles]


async def test_one_song_follows_the_other_until_the_list_is_over(
    stocked: Database, playing: None
) -> None:
    songs = await tracks(stocked, "Gamma", "One", "Two")
    await change(stocked, tracks=songs, current=0, playing=True)
    await until(stocked, lambda row: row.current == 1)
    await until(stocked, lambda row: row.current == 2)
    end = await until(stocked, lambda row: not row.playing)
    assert end.current == 0


async def test_a_song_that_is_gone_is_passed_over(stocked: Database, playing: None) -> None:
    (song,) = await tracks(stocked, "Alpha")
    await change(stocked, tracks=[99999, song], current=0, playing=True)
    row = await until(stocked, lambda row: row.current == 1)
    assert row.playing


async def test_a_song_that_was_stopped_goes_on_no_more(stocked: Database, playing: None) -> None:
    songs = await tracks(stocked, "One", "Two")
    await change(stocked, tracks=songs, current=0, playing=True)
    await change(stocked, playing=False)
    await asyncio.sleep(1.5)
    assert (await stocked.jukebox.get()).current == 0


async def test_without_an_output_the_node_leaves_the_jukebox_to_others(stocked: Database) -> None:
    task = asyncio.create_task(JukeboxWorker(stocked, Settings()).run())
    await asyncio.sleep(0.2)
    assert not (await stocked.jukebox.get()).available
    task.cancel()
    await asyncio.wait({task})
