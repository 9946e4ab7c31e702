"""Bytes between a thread and the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from streaming.pipe import Closed, Pipe


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
    thread, ends = in_thread(pipe, 500)
    got = b""
    while data := await pipe.read():
        got += data
    assert got == b"".join(bytes([n % 256]) * 1000 for n in range(500))
    await asyncio.to_thread(thread.join)
    assert ends == ["finished"]


async def test_no_more_waits_than_the_limit_and_one_write() -> None:
    idle = threading.Event()

    @contextmanager
    def resting() -> Iterator[None]:
        idle.set()
        yield

    pipe = Pipe(5000, resting)
    thread, _ = in_thread(pipe, 500)
    await asyncio.to_thread(idle.wait)
    assert len(await pipe.read()) == 5000
    pipe.close()
    await asyncio.to_thread(thread.join)


async def test_closing_unwinds_a_writer_that_waits_for_room() -> None:
    pipe = Pipe(5000)
    thread, ends = in_thread(pipe, 500)
    await pipe.read()
    pipe.close()
    await asyncio.to_thread(thread.join)
    assert ends == ["closed"]
    assert await pipe.read() == b""


async def test_closing_ends_a_reader_that_waits() -> None:
    pipe = Pipe(5000)
    reading = asyncio.create_task(pipe.read())
    await asyncio.sleep(0)
    pipe.close()
    assert await reading == b""


async def test_an_error_comes_after_what_was_written_before_it() -> None:
    pipe = Pipe(5000)
    pipe.write(b"last words")
    pipe.finish(ValueError("broken"))
    assert await pipe.read() == b"last words"
    with pytest.raises(ValueError, match="broken"):
        await pipe.read()


def test_a_writer_outlives_the_loop_it_wrote_to() -> None:
    async def make() -> Pipe:
        return Pipe(5000)

    pipe = asyncio.run(make())
    assert pipe.write(b"nobody wakes") == 12
    pipe.finish()
