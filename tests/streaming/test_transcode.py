"""Threads that transcode: when they start, wait and end."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientError, ClientResponse

from conf.settings import Settings, Transcoding
from db.rows import FileRow
from streaming import Busy, Streamer
from streaming.files import open_inside
from streaming.job import Job
from streaming.limits import Limits
from streaming.profiles import MP3
from streaming.transcode import LiveTranscoder
from tests.streaming.conftest import Client, Serve, until

Row = Callable[..., FileRow]
HELD_BACK = 64 * 1024


def encoders() -> int:
    return sum(thread.name == "transcode" for thread in threading.enumerate())


def a_job(music: Path, user: int = 1, rate: int = 320) -> Job:
    source = open_inside(bytes(music), b"long.flac")
    return Job(source, "flac", MP3, rate, 0.0, 120.0, user, "")


@pytest.fixture
def long_song(row: Row) -> FileRow:
    """A song whose FLAC is far larger than what may wait for a listener."""
    return row("long.flac", suffix="wav", bit_rate=0)


async def begin(client: Client, **query: str) -> ClientResponse:
    answer = await client.get("/stream", params={"format": "flac", **query})
    assert answer.status == 200
    await answer.content.readany()
    return answer


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


async def test_a_slow_listener_gives_the_worker_to_others(
    settings: Settings, serve: Serve, long_song: FileRow, row: Row
) -> None:
    transcoding = Transcoding(workers=1)
    streamer = Streamer(msgspec.structs.replace(settings, transcoding=transcoding))
    client = await serve(long_song, streamer)
    slow = await begin(client)
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


async def test_one_more_than_a_user_may_have_is_refused(
    settings: Settings, serve: Serve, long_song: FileRow
) -> None:
    transcoding = Transcoding(per_user=2)
    streamer = Streamer(msgspec.structs.replace(settings, transcoding=transcoding))
    client = await serve(long_song, streamer)
    held = [await begin(client), await begin(client)]
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
