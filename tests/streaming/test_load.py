"""Many listeners of one process: slow ones, and such that leave in the middle."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from conf.settings import Settings, Transcoding
from db.bundles import BundledRow
from db.rows import FileRow
from streaming import Streamer, Wanted
from streaming.allowance import Anybody
from streaming.hls import song
from tests.streaming.conftest import until

Row = Callable[..., FileRow]
READERS = 300
ABORTED = int(os.environ.get("DULCIAN_TEST_ABORTED", "200"))
"""How many streams are broken off."""
KINDS = ("raw", "transcode", "segment", "zip")
MEGABYTE = 1 << 20


def resident() -> int:
    """Bytes of memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def children() -> int:
    return sum(len(path.read_text().split()) for path in Path("/proc/self/task").glob("*/children"))


def held() -> tuple[int, int, int]:
    """Open files, threads of encoders, processes."""
    encoders = sum(thread.name == "transcode" for thread in threading.enumerate())
    return len(list(Path("/proc/self/fd").iterdir())), encoders, children()


@pytest.fixture
async def streamer(settings: Settings) -> AsyncIterator[Streamer]:
    """One that never says that it has too much to do."""
    many = Transcoding(per_user=10_000, queue=10_000)
    made = Streamer(msgspec.structs.replace(settings, transcoding=many))
    yield made
    await made.close(0)


@pytest.fixture
def big(tmp_path: Path, row: Row) -> FileRow:
    (tmp_path / "big.flac").write_bytes(os.urandom(MEGABYTE) * 6)
    return row("big.flac", tmp_path)


@pytest.fixture
async def port(streamer: Streamer, big: FileRow, row: Row) -> AsyncIterator[int]:
    """A server for each kind of answer."""
    long = row("long.flac")
    zipped = BundledRow(**{name: getattr(big, name) for name in big.__struct_fields__}, album_id=1)

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.path[1:]:
            case "raw":
                return await streamer.respond(request, big, Wanted(format="raw"), Anybody(1))
            case "transcode":
                wanted = Wanted(format="mp3", time_offset=0.5)
                return await streamer.respond(request, long, wanted, Anybody(1))
            case "segment":
                number = int(request.query["n"]) % 10
                return await streamer.segment(request, long, song(128), number, Anybody(1))
        return await streamer.archive(request, "album", [zipped], "Big", Anybody(1))

    app = web.Application()
    app.router.add_get("/{kind}", answer)
    server = TestServer(app)
    await server.start_server()
    assert server.port is not None
    yield server.port
    await server.close()


async def ask(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask, and read to the end of the headers; hardly anything is read ahead."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=16 * 1024)
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    headers = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in headers.split(b"\r\n")[0], headers
    return reader, writer


@pytest.mark.attack("X71")
@pytest.mark.slow
async def test_hundreds_of_slow_readers_get_every_byte_and_cost_no_memory(
    port: int, big: FileRow
) -> None:
    """If what they have not read yet were kept, it would be more than a gigabyte."""
    path = Path(os.fsdecode(big.root)) / "big.flac"
    expected = hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest()
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    async def read(index: int) -> str:
        reader, writer = await ask(port, "raw")
        seen = hashlib.sha256()
        while data := await reader.read(64 * 1024):
            seen.update(data)
            if index % 3 == 0:
                await asyncio.sleep(0.02)
        writer.close()
        return seen.hexdigest()

    before = resident()
    alive = asyncio.create_task(turn())
    readers = [asyncio.create_task(read(index)) for index in range(READERS)]
    done, most = False, 0
    while not done:
        await asyncio.sleep(0.1)
        most = max(most, resident())
        done = all(one.done() for one in readers)
    alive.cancel()
    assert {one.result() for one in readers} == {expected}
    assert turns > 20
    assert most - before < 100 * MEGABYTE


async def break_off(port: int, kind: str, number: int) -> None:
    _, writer = await ask(port, f"{kind}?n={number}")
    writer.transport.abort()


@pytest.mark.attack("X71")
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_streams_that_are_broken_off_leave_nothing_behind(
    port: int, streamer: Streamer, kind: str
) -> None:
    async def some(count: int) -> None:
        for start in range(0, count, 20):
            await asyncio.gather(*(break_off(port, kind, start + n) for n in range(20)))
        await until(lambda: not streamer.active and not streamer.limits.admitted)

    await some(60)  # what is made once: threads for reading, tables of codecs
    await settle()
    before, memory, threads = held(), resident(), threading.active_count()
    await some(ABORTED)
    await settle()
    await until(lambda: held()[0] <= before[0] and held()[1] == 0)
    assert held()[2] == before[2]
    assert threading.active_count() <= threads + 1
    assert resident() - memory < 40 * MEGABYTE


async def settle() -> None:
    gc.collect()
    await asyncio.sleep(0.1)
