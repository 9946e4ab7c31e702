"""Threads that transcode: when they start, wait and end."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import pytest
from aiohttp import ClientError, ClientResponse

from conf.settings import Settings, Transcoding
from db.rows import FileRow
from streaming import Busy, Streamer, Unplayable
from streaming.allowance import Anybody
from streaming.files import open_inside
from streaming.job import Job
from streaming.limits import Limits
from streaming.pipe import Tap
from streaming.profiles import MP3
from streaming.transcode import LiveTranscoder
from tests.streaming.conftest import Client, Hanging, Serve, until

Row = Callable[..., FileRow]
HELD_BACK = 64 * 1024


def encoders() -> int:
    return sum(thread.name == "transcode" for thread in threading.enumerate())


async def to_the_end(tap: Tap) -> None:
    while await tap.read():
        pass


def a_job(music: Path, user: int = 1, rate: int = 320) -> Job:
    source = open_inside(bytes(music), b"long.flac")
    return Job(source, "flac", MP3, rate, 0.0, 120.0, Anybody(user), "")


@pytest.fixture
def long_song(row: Row) -> FileRow:
    """A song whose FLAC is far larger than what may wait for a listener."""
    return row("long.flac", suffix="wav", bit_rate=0)


async def begin(client: Client, **query: str) -> ClientResponse:
    answer = await client.get("/stream", params={"format": "flac", **query})
    assert answer.status == 200
    await answer.content.readany()
    return answer


@pytest.mark.attack("X71")
async def test_a_listener_who_leaves_takes_the_encoder_along(
    serve: Serve, long_song: FileRow, streamer: Streamer, settings: Settings
) -> None:
    client = await serve(long_song)
    answer = await begin(client)
    assert (streamer.active, encoders()) == (1, 1)
    answer.close()
    await until(lambda: not streamer.active and not encoders())
    assert streamer.limits.admitted == 0
    parts = settings.data.dir / "cache" / "songs" / "unfinished"
    assert not list(parts.iterdir())


@pytest.mark.attack("X71")
async def test_a_slow_listener_gives_the_worker_to_others(
    settings: Settings, serve: Serve, long_song: FileRow, row: Row
) -> None:
    transcoding = Transcoding(workers=1)
    streamer = Streamer(msgspec.structs.replace(settings, transcoding=transcoding))
    client = await serve(long_song, streamer)
    slow = await begin(client, timeOffset="0.5")
    await until(lambda: streamer.transcodes_running == 0)
    [thread] = [thread for thread in threading.enumerate() if thread.name == "transcode"]
    if sys.platform == "linux":
        assert os.getpriority(os.PRIO_PROCESS, thread.native_id or 0) >= 10
    other = await serve(row(), streamer)
    async with other.get("/stream", params={"format": "mp3", "maxBitRate": "64"}) as quick:
        assert len(await quick.read()) > 60 * 125 * 6
    slow.close()
    await until(lambda: not encoders())
    await streamer.close(0)


async def test_who_asks_for_a_song_under_way_hears_it_from_the_same_encoder(
    settings: Settings, serve: Serve, long_song: FileRow
) -> None:
    transcoding = Transcoding(workers=1, per_user=1, queue=0)
    streamer = Streamer(msgspec.structs.replace(settings, transcoding=transcoding))
    client = await serve(long_song, streamer)
    slow = await client.get("/stream", params={"format": "flac"})

    async def whole(user: int) -> bytes:
        query = {"format": "flac", "user": str(user)}
        async with client.get("/stream", params=query) as answer:
            assert answer.status == 200
            return await answer.read()

    heard = await asyncio.gather(*(whole(user) for user in range(1, 9)))
    assert (streamer.cache_misses, streamer.cache_hits + streamer.cache_joined) == (1, 8)
    assert streamer.cache_joined
    heard.append(await slow.read())
    assert all(len(one) > 10**7 for one in heard)
    assert len(set(heard)) <= 1 + bool(streamer.cache_hits)
    await streamer.close(0)


async def test_the_first_of_several_may_leave(
    serve: Serve, long_song: FileRow, streamer: Streamer, settings: Settings
) -> None:
    client = await serve(long_song)
    first, second = [
        await client.get("/stream", params={"format": "mp3", "maxBitRate": "320"}) for _ in range(2)
    ]
    assert (streamer.cache_joined, streamer.limits.admitted, encoders()) == (1, 1, 1)
    first.close()
    assert len(await second.read()) == pytest.approx(320 * 125 * 120, rel=0.01)
    await until(lambda: not streamer.active and not encoders())
    async with client.get("/stream", params={"format": "mp3", "maxBitRate": "320"}) as again:
        assert again.content_length
    assert streamer.cache_hits == 1


async def test_when_nothing_is_kept_a_slow_listener_holds_up_nobody(
    settings: Settings, serve: Serve, long_song: FileRow
) -> None:
    data = msgspec.structs.replace(settings.data, cache_bytes=0)
    streamer = Streamer(msgspec.structs.replace(settings, data=data))
    client = await serve(long_song, streamer)
    slow = await begin(client)
    async with client.get("/stream", params={"format": "flac"}) as quick:
        assert len(await quick.read()) > 10**7
    assert streamer.cache_joined == 0
    slow.close()
    await until(lambda: not streamer.active and not encoders())
    await streamer.close(0)


@pytest.mark.attack("X71")
async def test_an_encoder_that_hangs_is_given_up_and_with_many_of_them_nothing_is_begun(
    music: Path,
) -> None:
    limits = Limits(workers=1, per_user=1, queue=0)
    transcoder = LiveTranscoder(limits, patience=0.2)
    answers = threading.Event()
    for number in range(4):
        job = a_job(music)
        file = cast("BinaryIO", Hanging(job.source, 40 * number, answers))
        tap = await transcoder.start(replace(job, source=replace(job.source, file=file)))
        with pytest.raises(Unplayable, match="does not answer"):
            await to_the_end(tap)
        tap.close()
        assert (limits.running, limits.admitted, len(transcoder.stuck)) == (0, 0, number + 1)
    refused = a_job(music)
    with pytest.raises(Busy, match="does not answer"):
        await transcoder.start(refused)
    answers.set()
    await until(lambda: not encoders())
    assert not transcoder.stuck
    assert (limits.running, limits.queued, limits.admitted) == (0, 0, 0)
    tap = await transcoder.start(refused)
    assert await tap.read()
    tap.close()
    await transcoder.close()


async def test_who_waits_for_a_worker_or_a_listener_is_not_taken_for_hanging(music: Path) -> None:
    limits = Limits(workers=1, per_user=9, queue=9)
    transcoder = LiveTranscoder(limits, HELD_BACK, patience=0.2)
    tap = await transcoder.start(a_job(music))
    assert await tap.read()
    await until(lambda: not limits.running)
    limits.running = 1
    waiting = await transcoder.start(a_job(music))
    await asyncio.sleep(0.6)
    assert not transcoder.stuck
    limits.running = 0
    waiting.close()
    await to_the_end(tap)
    tap.close()
    await transcoder.close()


@pytest.mark.attack("X71")
async def test_one_more_than_a_user_may_have_is_refused(
    settings: Settings, serve: Serve, long_song: FileRow
) -> None:
    transcoding = Transcoding(per_user=2)
    streamer = Streamer(msgspec.structs.replace(settings, transcoding=transcoding))
    client = await serve(long_song, streamer)
    held = [await begin(client, timeOffset=at) for at in ("0.5", "0.6")]
    async with client.get("/stream", params={"format": "flac"}) as refused:
        assert refused.status == 429
        assert int(refused.headers["Retry-After"]) > 0
    (await begin(client, user="2")).close()
    for answer in held:
        answer.close()
    await until(lambda: not streamer.limits.admitted)
    (await begin(client)).close()
    await streamer.close(0)


async def test_what_waits_in_the_queue_can_leave_it(music: Path) -> None:
    limits = Limits(workers=1, per_user=9, queue=1)
    transcoder = LiveTranscoder(limits, HELD_BACK)
    limits.running = 1
    waiting = await transcoder.start(a_job(music))
    assert limits.queued == 1
    surplus = a_job(music)
    with pytest.raises(Busy):
        await transcoder.start(surplus)
    surplus.source.file.close()
    waiting.close()
    await until(lambda: not limits.queued and not encoders())
    assert await waiting.read() == b""


async def test_closing_ends_every_encoder(music: Path) -> None:
    limits = Limits(workers=2, per_user=9, queue=9)
    transcoder = LiveTranscoder(limits, HELD_BACK)
    pipes = [await transcoder.start(a_job(music)) for _ in range(4)]
    assert await pipes[0].read()
    await transcoder.close()
    assert encoders() == 0
    assert limits.admitted == limits.running == limits.queued == 0
    late = a_job(music)
    with pytest.raises(Busy):
        await transcoder.start(late)
    late.source.file.close()


async def test_closing_the_streamer_cuts_off_who_still_listens(
    serve: Serve, long_song: FileRow, streamer: Streamer
) -> None:
    client = await serve(long_song)
    answer = await begin(client)
    await streamer.close(0.05)
    assert (streamer.active, encoders()) == (0, 0)
    with pytest.raises(ClientError):
        await answer.read()


async def test_closing_waits_for_who_is_nearly_done(
    serve: Serve, row: Row, streamer: Streamer
) -> None:
    client = await serve(row("noise.flac"))
    answer = await client.get("/stream", params={"format": "mp3", "maxBitRate": "64"})
    closing = asyncio.create_task(streamer.close(50))
    assert len(await answer.read()) > 60 * 125 * 6
    await closing


async def test_nobodys_first_sound_waits_for_the_end_of_other_songs(music: Path) -> None:
    transcoder = LiveTranscoder(Limits(1, 9, 9))
    pipes = [await transcoder.start(a_job(music, user, rate=128)) for user in range(4)]
    for pipe in pipes:
        assert await pipe.read()
    assert encoders() == 4
    await transcoder.close()
    assert transcoder.limits.admitted == 0
