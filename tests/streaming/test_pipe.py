"""Bytes between a thread and the loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streaming.pipe import Closed, Pipe, Tap
from streaming.spool import Spool

WHOLE = b"".join(bytes([n % 256]) * 1000 for n in range(500))


def listen(pipe: Pipe) -> Tap:
    tap = pipe.join()
    assert tap is not None
    return tap


async def rest_of(tap: Tap) -> bytes:
    got = b""
    while data := await tap.read():
        got += data
    return got


def in_thread(pipe: Pipe, blocks: int, size: int = 1000) -> tuple[threading.Thread, list[str]]:
    ends: list[str] = []

    def work() -> None:
        try:
            for number in range(blocks):
                pipe.write(bytes([number % 256]) * size)
            pipe.finish()
            ends.append("finished")
        except Closed:
            ends.append("closed")

    thread = threading.Thread(target=work)
    thread.start()
    return thread, ends


async def test_everything_arrives_in_order() -> None:
    pipe = Pipe(5000)
    tap = listen(pipe)
    thread, ends = in_thread(pipe, 500)
    assert await rest_of(tap) == WHOLE
    await asyncio.to_thread(thread.join)
    assert ends == ["finished"]


async def test_no_more_waits_than_the_limit_and_one_write() -> None:
    idle = threading.Event()

    @contextmanager
    def resting() -> Iterator[None]:
        idle.set()
        yield

    pipe = Pipe(5000, resting)
    tap = listen(pipe)
    thread, _ = in_thread(pipe, 500)
    await asyncio.to_thread(idle.wait)
    assert len(await tap.read()) == 5000
    tap.close()
    await asyncio.to_thread(thread.join)


async def test_closing_unwinds_a_writer_that_waits_for_room() -> None:
    pipe = Pipe(5000)
    tap = listen(pipe)
    thread, ends = in_thread(pipe, 500)
    await tap.read()
    tap.close()
    await asyncio.to_thread(thread.join)
    assert ends == ["closed"]
    assert await tap.read() == b""


async def test_closing_ends_a_reader_that_waits() -> None:
    pipe = Pipe(5000)
    reading = asyncio.create_task(listen(pipe).read())
    await asyncio.sleep(0)
    pipe.close()
    assert await reading == b""


async def test_an_error_comes_after_what_was_written_before_it() -> None:
    pipe = Pipe(5000)
    tap = listen(pipe)
    pipe.write(b"last words")
    pipe.finish(ValueError("broken"))
    assert pipe.join() is None
    assert await tap.read() == b"last words"
    with pytest.raises(ValueError, match="broken"):
        await tap.read()


def test_a_writer_outlives_the_loop_it_wrote_to() -> None:
    async def make() -> Pipe:
        return Pipe(5000)

    pipe = asyncio.run(make())
    assert pipe.write(b"nobody wakes") == 12
    pipe.finish()


async def test_one_who_reads_nothing_holds_up_nobody_where_there_is_a_spool(tmp_path: Path) -> None:
    pipe = Pipe(5000, spool=lambda: Spool(tmp_path, 10**9), shared=True)
    slow, quick = listen(pipe), listen(pipe)
    thread, ends = in_thread(pipe, 500)
    assert await rest_of(quick) == WHOLE
    await asyncio.to_thread(thread.join)
    assert ends == ["finished"]
    assert await rest_of(listen(pipe)) == WHOLE
    quick.close()
    assert await rest_of(slow) == WHOLE
    assert not os.listdir(tmp_path)  # noqa: PTH208


@pytest.mark.parametrize("room", [0, 2500, 400_000])
async def test_what_the_disk_does_not_take_waits_in_memory_and_no_more_than_the_limit(
    tmp_path: Path, room: int
) -> None:
    idle = threading.Event()

    @contextmanager
    def resting() -> Iterator[None]:
        idle.set()
        yield

    pipe = Pipe(5000, resting, spool=lambda: Spool(tmp_path, room), expected=500_000, shared=True)
    first, second = listen(pipe), listen(pipe)
    thread, ends = in_thread(pipe, 500)
    await asyncio.to_thread(idle.wait)
    assert pipe.made <= room + 5000
    assert pipe.join() is None
    assert set(await asyncio.gather(rest_of(first), rest_of(second))) == {WHOLE}
    await asyncio.to_thread(thread.join)
    assert ends == ["finished"]


async def test_a_small_song_is_shared_without_a_disk() -> None:
    pipe = Pipe(500_000, expected=500_000, shared=True)
    slow = listen(pipe)
    thread, _ = in_thread(pipe, 500)
    await asyncio.to_thread(thread.join)
    assert await rest_of(listen(pipe)) == WHOLE
    assert await rest_of(slow) == WHOLE


async def test_the_writer_goes_on_until_the_last_reader_leaves(tmp_path: Path) -> None:
    pipe = Pipe(5000, spool=lambda: Spool(tmp_path, 10**9), shared=True)
    first, second = listen(pipe), listen(pipe)
    pipe.write(b"some")
    first.close()
    pipe.write(b"more")
    assert await second.read() == b"somemore"
    second.close()
    assert pipe.join() is None
    with pytest.raises(Closed):
        pipe.write(b"nobody")


async def test_what_is_nearly_there_is_finished_but_never_goes_on_for_long(tmp_path: Path) -> None:
    pipe = Pipe(5000, spool=lambda: Spool(tmp_path, 10**9), expected=1000, shared=True)
    tap = listen(pipe)
    pipe.write(bytes(950))
    tap.close()
    pipe.write(bytes(100))
    again = listen(pipe)
    assert len(await again.read()) == 1050
    again.close()
    pipe.write(bytes(100))
    with pytest.raises(Closed):
        pipe.write(b"longer than its length")


async def test_what_is_not_shared_has_one_reader_and_keeps_nothing() -> None:
    pipe = Pipe(5000)
    tap = listen(pipe)
    assert pipe.join() is None
    pipe.write(b"heard")
    assert await tap.read() == b"heard"
    tap.close()
    assert pipe.join() is None


def test_a_spool_is_closed_with_the_last_who_holds_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10)
    descriptor = spool._file.fileno()
    assert spool.write(b"12345")
    assert not spool.write(b"1234567")
    assert spool.read(3, 10) == b"45"
    del spool
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(descriptor)
