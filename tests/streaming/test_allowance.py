"""How much one user is sent at once, and how fast."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from conf.settings import Settings, Streaming, Transcoding
from db.rows import FileRow
from streaming import Streamer, allowance
from streaming.allowance import Anybody, Bucket
from tests.streaming.conftest import Serve, until

Row = Callable[..., FileRow]


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(allowance, "monotonic", made)
    return made


def test_the_first_seconds_go_at_once_and_the_rest_at_the_rate(clock: Clock) -> None:
    bucket = Bucket(100_000)
    waits = [bucket.take(500_000) for _ in range(4)]
    assert waits == [0, 0, 0, 5]
    clock.now += 10
    assert bucket.take(1) == 0
    assert bucket.take(100_000) == pytest.approx(0.00001)


def test_rest_fills_it_and_no_further(clock: Clock) -> None:
    bucket = Bucket(100_000)
    bucket.take(1_000_000)
    states = [bucket.full]
    clock.now += 10_000
    states.append(bucket.full)
    assert states == [False, True]
    bucket.take(1_000_001)
    assert bucket.take(1) > 0


def test_a_very_low_rate_still_begins_at_once(clock: Clock) -> None:
    assert Bucket(1).take(200_000) == 0


def test_another_rate_counts_from_now_on(clock: Clock) -> None:
    bucket = Bucket(100_000)
    bucket.take(1_000_000)
    clock.now += 1
    bucket.pace(50_000)
    assert bucket.take(200_000) == 0
    assert bucket.take(1) == 2
    bucket.pace(1_000_000)
    assert bucket.take(1) == pytest.approx(0.1, abs=0.001)


def limited(settings: Settings, streams: int = 0, rate: int = 0) -> Streamer:
    streaming = Streaming(streams_per_user=streams, rate_per_user=rate)
    return Streamer(msgspec.structs.replace(settings, streaming=streaming))


@pytest.fixture
def big(tmp_path: Path, row: Row) -> FileRow:
    """More than sockets hold."""
    (tmp_path / "big.wav").write_bytes(os.urandom(1 << 20) * 30)
    return row("big.wav", tmp_path)


@pytest.mark.attack("X71")
async def test_one_stream_more_than_a_user_may_have_is_refused_until_one_ends(
    settings: Settings, serve: Serve, big: FileRow
) -> None:
    streamer = limited(settings, streams=2)
    client = await serve(big, streamer)
    held = [await client.get("/stream"), await client.get("/stream?format=raw")]
    async with client.get("/stream") as refused:
        assert refused.status == 429
        assert int(refused.headers["Retry-After"]) > 0
    async with client.head("/stream") as asked:
        assert asked.status == 200
    async with client.get("/stream", params={"user": "2"}) as other:
        assert other.status == 200
    held[0].close()
    await until(lambda: streamer.active <= 1)
    async with client.get("/stream") as again:
        assert again.status == 200
    held[1].close()
    await streamer.close(0)


@pytest.mark.attack("X71")
async def test_what_is_said_of_a_user_goes_before_the_configuration(
    settings: Settings, serve: Serve, big: FileRow
) -> None:
    strict = limited(settings, streams=1, rate=8)
    client = await serve(big, strict, Anybody(max_streams=0, max_rate=0))
    held = [await client.get("/stream") for _ in range(3)]
    assert [answer.status for answer in held] == [200] * 3
    assert len(await held[0].content.readexactly(20_000_000)) == 20_000_000
    for answer in held:
        answer.close()
    await until(lambda: not strict.active)
    await strict.close(0)
    free = limited(settings)
    client = await serve(big, free, Anybody(max_streams=1, max_rate=1000))
    first = await client.get("/stream")
    async with client.get("/stream") as refused:
        assert refused.status == 429
    got = 0

    async def read() -> None:
        nonlocal got
        while True:
            got += len(await first.content.readany())

    task = asyncio.create_task(read())
    await until(lambda: got >= 1_200_000)
    await asyncio.sleep(0.2)
    assert got < 3_000_000
    task.cancel()
    first.close()
    await until(lambda: not free.active)
    await free.close(0)


async def test_without_a_limit_a_user_has_as_many_as_they_like(
    serve: Serve, big: FileRow, streamer: Streamer
) -> None:
    client = await serve(big)
    held = await asyncio.gather(*(client.get("/stream") for _ in range(30)))
    assert {answer.status for answer in held} == {200}
    assert streamer.active == 30
    for answer in held:
        answer.close()
    await until(lambda: not streamer.active)


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=1000-900000"}])
async def test_what_is_paced_is_byte_for_byte_the_original(
    settings: Settings, serve: Serve, big: FileRow, headers: dict[str, str]
) -> None:
    streamer = limited(settings, rate=1_000_000)
    client = await serve(big, streamer)
    original = await asyncio.to_thread((Path(os.fsdecode(big.root)) / "big.wav").read_bytes)
    async with client.get("/stream", headers=headers) as answer:
        expected = original[1000:900_001] if headers else original
        assert await answer.read() == expected
    await streamer.close(0)


async def test_all_streams_of_a_user_share_one_rate_and_others_have_their_own(
    settings: Settings, serve: Serve, big: FileRow
) -> None:
    streamer = limited(settings, rate=1000)  # at once 1.25 MB
    client = await serve(big, streamer)
    first, second = await client.get("/stream"), await client.get("/stream")
    got = [0, 0]

    async def read(index: int) -> None:
        answer = (first, second)[index]
        while True:
            got[index] += len(await answer.content.readany())

    readers = [asyncio.create_task(read(index)) for index in range(2)]
    await until(lambda: sum(got) >= 1_200_000)
    await asyncio.sleep(0.2)
    assert sum(got) < 3_000_000 < big.size
    async with client.get("/stream", params={"user": "2"}) as other:
        assert len(await other.content.readexactly(1_000_000)) == 1_000_000
    for reader in readers:
        reader.cancel()
    first.close()
    second.close()
    await until(lambda: not streamer.active)
    await streamer.close(0)


async def test_many_short_streams_get_no_more_than_a_long_one(
    settings: Settings, serve: Serve, big: FileRow
) -> None:
    streamer = limited(settings, rate=1000)
    client = await serve(big, streamer)
    got = 0

    async def fetch() -> None:
        nonlocal got
        for _ in range(100):
            async with client.get("/stream", headers={"Range": "bytes=0-99999"}) as answer:
                got += len(await answer.read())

    task = asyncio.create_task(fetch())
    await until(lambda: got >= 1_200_000)
    await asyncio.sleep(0.2)
    assert got < 3_000_000
    task.cancel()
    await streamer.close(0)


async def test_transcodes_are_paced_too(settings: Settings, serve: Serve, row: Row) -> None:
    streamer = limited(settings, rate=8)
    client = await serve(row("long.flac", suffix="wav", bit_rate=0), streamer)
    answer = await client.get("/stream", params={"format": "flac"})
    got = 0

    async def read() -> None:
        nonlocal got
        while True:
            got += len(await answer.content.readany())

    task = asyncio.create_task(read())
    await until(lambda: got > 0)
    await asyncio.sleep(0.5)
    assert got < 2_000_000
    task.cancel()
    answer.close()
    await until(lambda: not streamer.active)
    await streamer.close(0)


async def test_originals_still_go_when_only_transcodes_are_exhausted(
    settings: Settings, serve: Serve, row: Row
) -> None:
    transcoding = Transcoding(per_user=1)
    streamer = Streamer(msgspec.structs.replace(settings, transcoding=transcoding))
    client = await serve(row("long.flac", suffix="wav", bit_rate=0), streamer)
    held = await client.get("/stream", params={"format": "flac", "timeOffset": "1"})
    assert held.status == 200
    async with client.get("/stream", params={"format": "flac", "timeOffset": "2"}) as refused:
        assert refused.status == 429
    async with client.get("/stream", params={"format": "raw"}) as original:
        assert original.status == 200
        await original.read()
    held.close()
    await until(lambda: not streamer.active)
    await streamer.close(0)
