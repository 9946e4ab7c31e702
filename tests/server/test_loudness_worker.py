"""What a node measures by itself, what goes first, and what a stop leaves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from msgspec import json

from conf.settings import Loudness as Settings
from db.cards import Loudness
from db.database import Database
from server.loudness_worker import LoudnessWorker
from server.sandbox import Sandbox
from tests.streaming.test_gain import sine
from tests.support import rows, tones
from tests.support.servers import gone


class Node:
    """A worker that runs, and whether somebody transcodes on its node."""

    def __init__(self, database: Database) -> None:
        self.busy = False
        self.worker = LoudnessWorker(
            database, Settings(budget=100), Sandbox(1), lambda: self.busy, quiet=0.01
        )
        self.task = asyncio.create_task(self.worker.run())

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


Start = Callable[[], Node]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    nodes: list[Node] = []

    def begin() -> Node:
        nodes.append(Node(database))
        return nodes[-1]

    yield begin
    for node in nodes:
        ended = node.task.done()
        await node.stop()
        assert not ended or node.task.cancelled(), node.task.exception()


@pytest.fixture
async def shelf(database: Database, music: rows.Hand, tmp_path: Path) -> rows.Hand:
    """A library whose folder is there."""
    await database.pool.execute("update libraries set path = $1", bytes(tmp_path))
    return music


@pytest.fixture
async def music(database: Database) -> rows.Hand:
    return await rows.hand(database)


async def until(state: Callable[[], Awaitable[bool]]) -> None:
    while not await state():  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def found(database: Database, track: int) -> Loudness:
    text = await database.pool.fetchval("select loudness from tracks where id = $1", track)
    return json.decode(text or "{}", type=Loudness)


def all_done(database: Database) -> Callable[[], Awaitable[bool]]:
    async def done() -> bool:
        claims = await database.pool.fetchval("select count(*) from loudness_claims")
        return await database.loudness.waiting() == 0 and claims == 0

    return done


async def test_an_album_is_measured_song_by_song_parts_of_files_and_broken_ones_too(
    start: Start, database: Database, shelf: rows.Hand, tmp_path: Path
) -> None:
    tones.write(tmp_path / "one.flac", sine(-10, 4) + sine(-30, 4))
    (tmp_path / "bad.mp3").write_bytes(b"no music" * 500)
    album = await shelf.album("A")
    first = await shelf.track(
        "x", album, path=b"one.flac", cue=1, cue_begin=0.0, cue_end=4.0, duration=4.0
    )
    second = await shelf.track("y", album, path=b"one.flac", cue=2, cue_begin=4.0, duration=4.0)
    broken = await shelf.track("z", album, path=b"bad.mp3")
    start()
    await until(all_done(database))
    one, two, bad = [await found(database, track) for track in (first, second, broken)]
    assert (one.track_gain, two.track_gain) == pytest.approx((-8, 12), abs=0.1)
    # Half the time at -10 LUFS, half at -30.
    assert (one.album_gain, two.album_gain) == pytest.approx((-5.03, -5.03), abs=0.1)
    assert bad.track_gain is None
    assert bad.reason


async def test_a_file_that_is_gone_is_tried_again_later(
    start: Start, database: Database, shelf: rows.Hand
) -> None:
    album = await shelf.album("A")
    track = await shelf.track("x", album, path=b"gone.mp3")
    start()

    async def put_off() -> bool:
        return bool(
            await database.pool.fetchval(
                "select count(*) from loudness_claims where lease > now() + interval '1 hour'"
            )
        )

    await until(put_off)
    assert await found(database, track) == Loudness()


async def test_transcodes_and_scans_go_first(
    start: Start, database: Database, shelf: rows.Hand, tmp_path: Path
) -> None:
    tones.write(tmp_path / "one.wav", sine(-20))
    await shelf.track("x", await shelf.album("A"), path=b"one.wav")
    await database.scans.request()
    scan = await database.scans.claim()
    assert scan is not None
    node = start()
    node.busy = True
    await asyncio.sleep(0.5)
    node.busy = False
    await asyncio.sleep(0.5)
    assert await database.loudness.waiting() == 1
    await database.scans.finish(scan.id, "done", "")
    await until(all_done(database))


async def test_a_song_under_way_stands_still_while_somebody_transcodes(
    start: Start, database: Database, shelf: rows.Hand, tmp_path: Path
) -> None:
    tones.write(tmp_path / "long.wav", tones.noise(10) * 60)
    await shelf.track("x", await shelf.album("A"), path=b"long.wav", duration=600.0)
    node = start()
    child = await working()
    node.busy = True

    async def stands() -> bool:
        return state_of(child) == "T"

    await until(stands)
    assert await database.loudness.waiting() == 1
    node.busy = False
    await until(all_done(database))


async def test_a_node_that_stops_gives_its_album_back_and_leaves_no_process(
    start: Start, database: Database, shelf: rows.Hand, tmp_path: Path
) -> None:
    tones.write(tmp_path / "long.wav", tones.noise(10) * 60)
    album = await shelf.album("A")
    await shelf.track("x", album, path=b"long.wav", duration=600.0)
    node = start()
    child = await working()
    node.busy = True
    await asyncio.sleep(0.3)
    async with asyncio.timeout(3):
        await node.stop()
    assert gone(child)
    assert await database.loudness.claim() == album


async def test_a_child_that_dies_costs_one_song(
    start: Start, database: Database, shelf: rows.Hand, tmp_path: Path
) -> None:
    tones.write(tmp_path / "long.wav", tones.noise(10) * 60)
    tones.write(tmp_path / "one.wav", sine(-20))
    album = await shelf.album("A")
    killed = await shelf.track("x", album, path=b"long.wav", duration=600.0, track=1)
    fine = await shelf.track("y", album, path=b"one.wav", track=2)
    start()

    os.kill(await working(), 9)
    await until(all_done(database))
    assert "signal 9" in (await found(database, killed)).reason
    assert (await found(database, fine)).track_gain == pytest.approx(2, abs=0.1)


async def working() -> int:
    """The child that measures, once it does."""
    found: list[int] = []

    async def seen() -> bool:
        found.extend(filter(measures, processes()))
        return bool(found)

    await until(seen)
    return found[0]


def processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def measures(process: int) -> bool:
    """Whether it is a child of ours that has stood back and reads sound."""
    try:
        facts = fields(process)
        return int(facts[1]) == os.getpid() and int(facts[16]) == 19
    except (FileNotFoundError, ProcessLookupError):
        return False


def state_of(process: int) -> str:
    return fields(process)[0]


def fields(process: int) -> list[str]:
    """State, parent and so on, from the third field of `stat`."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
