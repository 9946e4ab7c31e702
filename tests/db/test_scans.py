"""Scans as jobs: asked for once, claimed once, watched, given up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from conf.settings import MusicFolder
from db.database import Database


@pytest.fixture
async def library(database: Database, tmp_path: Path) -> int:
    (row,) = await database.libraries.sync([MusicFolder(path=tmp_path)])
    return row.id


async def test_asking_twice_is_asking_once(database: Database, library: int) -> None:
    one = await database.scans.request()
    two = await database.scans.request(accept_removals=True)
    assert (one.id, one.state, two.id, two.accept_removals) == (two.id, "queued", one.id, True)
    other = await database.scans.request(library)
    complete = await database.scans.request(complete=True)
    assert len({one.id, other.id, complete.id}) == 3


async def test_who_asks_wakes_the_workers(database: Database, database_url: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(database_url)
    await listener.add_listener("dulcian_scan", lambda *args: heard.put_nowait(args[3]))
    row = await database.scans.request()
    assert await asyncio.wait_for(heard.get(), 5) == str(row.id)
    await listener.close()


async def test_one_scan_runs_at_a_time_wherever(database: Database, library: int) -> None:
    await database.scans.request()
    await database.scans.request(library)
    claims = await asyncio.gather(*(database.scans.claim() for _ in range(6)))
    (running,) = [claim for claim in claims if claim is not None]
    assert running.state == "running"
    assert running.started is not None
    await database.scans.finish(running.id, "done", "2 songs seen.")
    following = await database.scans.claim()
    assert following is not None
    assert following.id != running.id


async def test_progress_is_seen_by_all(database: Database) -> None:
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    assert await database.scans.progress(job.id, step="read", seen=10, todo=4, read=3, broken=1)
    latest = await database.scans.latest()
    assert latest is not None
    assert (latest.step, latest.seen, latest.todo, latest.read, latest.broken) == (
        "read",
        10,
        4,
        3,
        1,
    )


async def test_the_latest_scan_is_the_running_one_then_the_next_then_the_last(
    database: Database,
) -> None:
    assert await database.scans.latest() is None
    first = await database.scans.request()
    assert (await database.scans.claim()) is not None
    await database.scans.request()
    await database.scans.request(complete=True)
    assert (latest := await database.scans.latest()) is not None
    assert latest.id == first.id
    await database.scans.finish(first.id, "done", "")
    assert (latest := await database.scans.latest()) is not None
    assert (latest.state, latest.id > first.id) == ("queued", True)


async def test_a_scan_whose_server_is_gone_is_given_up(database: Database) -> None:
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    assert await database.scans.abandoned() == 0
    await database.pool.execute("update scans set heartbeat = now() - interval '2 minutes'")
    assert await database.scans.abandoned() == 1
    assert not await database.scans.progress(job.id)
    latest = await database.scans.latest()
    assert latest is not None
    assert (latest.state, latest.message) == (
        "failed",
        "The server that scanned went away; the next scan goes on from there.",
    )


async def test_what_is_over_is_not_ended_again(database: Database) -> None:
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    await database.scans.finish(job.id, "refused", "too much")
    await database.scans.finish(job.id, "done", "fine")
    latest = await database.scans.get(job.id)
    assert latest is not None
    assert (latest.state, latest.message) == ("refused", "too much")
