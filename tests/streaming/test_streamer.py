"""The door for sound, where no other test goes through it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from conf.settings import Settings
from db.rows import FileRow
from streaming import Streamer
from streaming.allowance import Anybody
from tests.streaming.conftest import Serve, until
from tests.support import tones

Row = Callable[..., FileRow]


async def test_the_users_ceiling_holds_for_everything_but_raw(serve: Serve, row: Row) -> None:
    client = await serve(row("tone.wav"), listener=Anybody(max_bit_rate=64))
    async with client.get("/stream") as answer:
        assert answer.content_type == "audio/mpeg"
        assert len(await answer.read()) < 64 * 125 * 6.5
    async with client.get("/stream", params={"format": "raw"}) as answer:
        assert answer.content_type == "audio/x-wav"


async def test_several_songs_are_transcoded_at_once(serve: Serve, row: Row) -> None:
    client = await serve(row())

    async def one(rate: int) -> bytes:
        query = {"format": "opus", "maxBitRate": str(rate)}
        async with client.get("/stream", params=query) as answer:
            return await answer.read()

    for data in await asyncio.gather(*(one(rate) for rate in (32, 48, 64, 96, 96))):
        assert 5.9 < tones.hear(data).seconds < 6.1


async def test_the_same_song_asked_for_at_once_is_kept_whole(
    serve: Serve, row: Row, streamer: Streamer
) -> None:
    client = await serve(row())

    async def one() -> bytes:
        async with client.get("/stream", params={"format": "mp3"}) as answer:
            return await answer.read()

    await asyncio.gather(one(), one(), one())
    assert tones.hear(await one()).seconds == 6.0
    assert (streamer.cache_misses, streamer.limits.admitted) == (1, 0)
    assert streamer.cache_hits >= 1


async def test_nothing_is_active_when_nobody_listens(
    serve: Serve, row: Row, streamer: Streamer
) -> None:
    client = await serve(row())
    for path in ("/stream", "/download", "/stream?format=mp3"):
        async with client.get(path) as answer:
            await answer.read()
    await until(lambda: not streamer.active and not streamer.limits.admitted)
    assert streamer.transcodes_running == streamer.transcodes_queued == 0


async def test_closing_with_nobody_listening_does_not_wait(settings: Settings) -> None:
    async with asyncio.timeout(30):
        await Streamer(settings).close(60)
