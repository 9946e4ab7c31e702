"""A folder of sounds, rows that describe them, and a small server around a `Streamer`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from conf.settings import Settings
from db.cards import TrackCard
from db.rows import FileRow
from streaming import Busy, Gone, Streamer, Wanted
from streaming.allowance import Anybody
from streaming.files import Opened, open_inside
from streaming.plan import Transcode
from tests.support import tones

Client = TestClient[web.Request, web.Application]
ANYBODY = Anybody()
SECONDS = 6.0
TYPES = {"mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/ogg", "m4a": "audio/mp4"}


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tone.*` of six seconds in several formats, and two of noise, one two minutes long."""
    folder = tmp_path_factory.mktemp("music")
    sound = tones.stairs(SECONDS)
    for suffix in ("flac", "mp3", "opus", "m4a", "wav"):
        tones.write(folder / f"tone.{suffix}", sound)
    tones.write(folder / "noise.flac", tones.noise(SECONDS))
    tones.write(folder / "long.flac", tones.noise(SECONDS) * 20)
    return folder


@pytest.fixture(scope="session")
def row(music: Path) -> Callable[..., FileRow]:
    """Makes the row of a file in the folder."""

    def make(name: str = "tone.flac", root: Path = music, **facts: Any) -> FileRow:
        path = root / name
        found = path.stat() if path.exists() else None
        seconds = SECONDS * (20 if name.startswith("long") else 1)
        size = found.st_size if found else 0
        suffix = path.suffix.lstrip(".")
        basis = FileRow(
            id=1,
            root=bytes(root),
            path=name.encode(),
            size=size,
            mtime_ns=found.st_mtime_ns if found else 0,
            suffix=suffix,
            content_type=TYPES.get(suffix, "audio/x-wav"),
            duration=seconds,
            bit_rate=int(size / 125 / seconds),
            card=TrackCard(
                title="Tønder", album="Staircase", artist="Sine", album_artist="Sine", path=name
            ),
        )
        return msgspec.structs.replace(basis, **facts)

    return make


@pytest.fixture
async def streamer(settings: Settings) -> AsyncIterator[Streamer]:
    made = Streamer(settings)
    yield made
    await made.close(0)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what a thread or a connection's end brings about."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Hanging:
    """A file on a disk that stops to answer after so many reads."""

    def __init__(self, file: Opened, after: int, answers: threading.Event) -> None:
        self._file, self._left, self._answers = file.file, after, answers
        self.seek, self.tell, self.close = file.file.seek, file.file.tell, file.file.close

    def read(self, size: int = -1) -> bytes:
        self._left -= 1
        if self._left < 0:
            self._answers.wait()
        return self._file.read(size)


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Of each song that is transcoded a little can be read, and the rest once this is set."""
    answers = threading.Event()

    def open_slowly(root: bytes, path: bytes) -> Opened:
        opened = open_inside(root, path)
        return replace(opened, file=cast("BinaryIO", Hanging(opened, 12, answers)))

    monkeypatch.setattr("streaming.streamer.open_inside", open_slowly)
    yield answers
    answers.set()


Serve = Callable[..., Awaitable[Client]]


@pytest.fixture
def serve(aiohttp_client: AiohttpClient, streamer: Streamer) -> Serve:
    """Starts a server for one file; parameters of `/stream` are those of the protocol."""

    async def start(file: FileRow, by: Streamer = streamer, listener: Anybody = ANYBODY) -> Client:
        async def stream(request: web.Request) -> web.StreamResponse:
            query = request.query
            wanted = Wanted(
                query.get("format"),
                int(query.get("maxBitRate", 0)),
                float(query.get("timeOffset", 0)),
                "estimate" in query,
            )
            user = int(query.get("user", 1))
            try:
                return await by.respond(request, file, wanted, replace(listener, id=user))
            except Busy as busy:
                after = str(busy.retry_after)
                return web.Response(status=429, headers={"Retry-After": after})
            except Gone as gone:
                return web.Response(status=410, text=str(gone))

        async def download(request: web.Request) -> web.StreamResponse:
            return await by.download(request, file)

        app = web.Application()
        app.router.add_route("*", "/stream", stream)
        app.router.add_route("*", "/download", download)
        # As the program does: who leaves ends what waits for him.
        return await aiohttp_client(app, server_kwargs={"handler_cancellation": True})

    return start


Play = Callable[..., Awaitable[bytes]]


@pytest.fixture
def play(aiohttp_client: AiohttpClient, streamer: Streamer) -> Play:
    """Fetches what was decided on for a file, all of it."""

    async def fetch(file: FileRow, choice: Transcode, by: Streamer = streamer) -> bytes:
        async def transcode(request: web.Request) -> web.StreamResponse:
            try:
                return await by.transcode(request, file, choice, Anybody(1))
            except Gone as gone:
                return web.Response(status=410, text=str(gone))

        app = web.Application()
        app.router.add_get("/", transcode)
        client = await aiohttp_client(app)
        async with client.get("/") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    return fetch
