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


@pytest.mark.attack("X78")
async def test_asking_twice_is_asking_once(database: Database, library: int) -> None:
    one = await database.scans.request()
    assert one.state == "queued"
    assert (await database.scans.request()).id == one.id


async def test_who_asks_for_less_is_given_what_waits(database: Database, library: int) -> None:
    """For more, no wish of another is widened: removals are accepted where somebody said so."""
    some = await database.scans.request(library, folders=[b"A"])
    one = await database.scans.request(library)
    everything = await database.scans.request()
    accepted = await database.scans.request(accept_removals=True)
    complete = await database.scans.request(complete=True)
    assert some.id == one.id
    assert len({row.id for row in (one, everything, accepted, complete)}) == 4
    assert (await database.scans.request(library)).id == complete.id
    assert (await database.scans.request(library, folders=[b"B"])).id == complete.id
    assert (await database.scans.request(library, accept_removals=True)).id == accepted.id


async def test_folders_are_added_to_those_that_wait(database: Database, library: int) -> None:
    one = await database.scans.request(library, folders=[b"Caf\xe9", b"A"])
    two = await database.scans.request(library, folders=[b"A", b"B"])
    assert (two.id, two.folders) == (one.id, [b"A", b"B", b"Caf\xe9"])
    assert (await database.scans.request(library, folders=[b"B"])).folders == two.folders
    many = await database.scans.request(library, folders=[b"%d" % index for index in range(99)])
    assert (many.id, many.folders) == (one.id, [])


async def test_what_a_larger_scan_did_is_not_done_again(database: Database, library: int) -> None:
    """The largest comes first, and answers all that it covers."""
    some = await database.scans.request(library, folders=[b"A"])
    accepting = await database.scans.request(library, folders=[b"A"], accept_removals=True)
    everything = await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    assert job.id == everything.id
    await database.scans.finish(job.id, "done", "fine")
    rows = [await database.scans.get(row.id) for row in (some, accepting)]
    assert [row and (row.state, row.message) for row in rows] == [("done", "fine"), ("queued", "")]


@pytest.mark.parametrize("folder", [b"A", b"B"])
async def test_what_is_asked_for_after_a_scan_began_stays_to_be_done(
    database: Database, library: int, folder: bytes
) -> None:
    """Also when it joined something that waited before."""
    await database.scans.request(library, folders=[b"A"])
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    later = await database.scans.request(library, folders=[folder])
    await database.scans.finish(job.id, "done", "")
    following = await database.scans.claim()
    assert following is not None
    assert following.id == later.id
    assert folder in following.folders


async def test_what_a_failed_scan_was_to_do_is_still_done(database: Database, library: int) -> None:
    some = await database.scans.request(library, folders=[b"A"])
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    await database.scans.finish(job.id, "failed", "no")
    following = await database.scans.claim()
    assert following is not None
    assert following.id == some.id


async def test_a_scan_that_began_since_something_happened_has_seen_it(
    database: Database, library: int
) -> None:
    """Two nodes that watch one folder do not scan it twice."""
    asked = await database.scans.request(library, folders=[b"A", b"B"])
    job = await database.scans.claim()
    assert job is not None
    assert (await database.scans.request(library, folders=[b"A"], age=5)).id == asked.id
    await database.scans.finish(job.id, "done", "")
    assert (await database.scans.request(library, folders=[b"A"], age=5)).id == asked.id
    assert (await database.scans.request(library, folders=[b"C"], age=5)).id != asked.id
    assert (await database.scans.request(library, folders=[b"A"])).state == "queued"


async def test_the_clock_goes_by_scans_of_everything(database: Database, library: int) -> None:
    assert await database.scans.latest_whole() is None
    whole = await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    await database.scans.finish(job.id, "done", "")
    await database.scans.request(library, folders=[b"A"])
    latest = await database.scans.latest_whole()
    assert latest is not None
    assert latest.id == whole.id
    ended = await database.scans.latest_ended()
    assert ended is not None
    assert ended.id == whole.id


async def test_who_asks_wakes_the_workers(database: Database, database_url: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(database_url)
    await listener.add_listener("dulcian_scan", lambda *args: heard.put_nowait(args[3]))
    row = await database.scans.request()
    assert await asyncio.wait_for(heard.get(), 5) == str(row.id)
    await listener.close()


@pytest.mark.attack("X78")
async def test_one_scan_runs_at_a_time_wherever(database: Database, library: int) -> None:
    await database.scans.request(library, complete=True)
    await database.scans.request()
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
