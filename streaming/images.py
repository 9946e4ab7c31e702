"""The door for pictures: covers in the size asked for, made once, and drawings where there is none."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiohttp import hdrs, web

from conf.settings import Settings
from db.rows import PictureRow, StoredPictureRow
from streaming.cache import cache_of
from streaming.direct import Content, send, unchanged
from streaming.errors import Gone, Unplayable
from streaming.files import open_inside
from streaming.orders import Draw, Mosaic, Resize, encode

log = structlog.get_logger()

_SIDES = (
    32, 48, 64, 80, 100, 128, 150, 160, 200, 250, 256, 300, 320, 350, 400, 480, 500, 512, 600, 640,
    720, 800, 900, 1000, 1024, 1200, 1400, 1600, 2000, 2400, 3000, 4096,
)  # fmt: skip
"""What is asked for is made in the next of these sizes: whoever asks for all there are fills no cache."""
_DRAWN_SIZE = 600
_PARTS = 4
_AT_ONCE = 4
"""Originals in memory at the same time; each may have `covers.max_source_bytes`."""
_VERSION = 2
_BROKEN_FOR = 600.0
_BROKEN_MOST = 4096
_TYPES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"RIFF", "image/webp"),
    (b"GIF8", "image/gif"),
)
_Response = web.StreamResponse
_Source = PictureRow | StoredPictureRow
_DAY, _SHORT = "private, max-age=86400", "private, max-age=300"
_FOR_ALL = "public, max-age=31536000, immutable"
_TROUBLE = (Gone, RuntimeError, TimeoutError, ChildProcessError)


@dataclass(frozen=True)
class _Made:
    """A picture as it is sent; not `lasting`: of a file that is not what it was when it was scanned."""

    data: bytes
    lasting: bool = True


_Make = Callable[[], Awaitable[_Made]]


class Sandbox(Protocol):
    """Children that read what strangers wrote."""

    async def call(self, target: str, payload: bytes, *, timeout: float = 30) -> bytes:  # noqa: ASYNC109
        """Run `module:function` on the payload.

        `RuntimeError`: it raised; `TimeoutError`, `ChildProcessError`: it took too long, or died.
        """


class Images:
    """Sends pictures. What it returns has been sent already."""

    def __init__(self, settings: Settings, sandbox: Sandbox) -> None:
        self._covers, self._sandbox = settings.covers, sandbox
        self._cache = cache_of(settings.data, "covers")
        self._making: dict[str, asyncio.Task[_Made]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._broken: dict[bytes, float] = {}

    async def respond(
        self,
        request: web.Request,
        picture: _Source | None,
        size: int | None,
        title: str,
        *,
        public: bool = False,
    ) -> _Response:
        """Send a picture whose larger side is `size`, or what is usual and a little more.

        None or nothing: the original, if it is JPEG or PNG. Without a picture, or where it cannot be
        read, a drawing with the initials of `title`. What is `public` may be kept by everybody for ever.
        """
        side = self._side(size)
        if picture is not None and not self._is_broken(picture.hash):
            key, caching = self._key(picture, side), _FOR_ALL if public else _DAY
            try:
                return await self._send(request, key, lambda: self._resized(picture, side), caching)
            except _TROUBLE as error:
                self._mark_broken(picture, error)
        return await self._drawing(request, title, side or _DRAWN_SIZE, picture is None)

    async def mosaic(
        self, request: web.Request, pictures: Sequence[_Source], size: int | None, title: str
    ) -> _Response:
        """Send four pictures as one; of fewer that can be read, the first."""
        whole = [each for each in pictures if not self._is_broken(each.hash)][:_PARTS]
        if len(whole) < _PARTS:
            first = next(iter([*whole, *pictures]), None)
            return await self.respond(request, first, size, title)
        side = self._side(size) or _DRAWN_SIZE
        key = _key("mosaic", *(each.hash for each in whole), side, self._covers.quality)
        try:
            return await self._send(request, key, lambda: self._composed(whole, side), _DAY)
        except _TROUBLE:
            return await self.respond(request, whole[0], size, title)

    async def remade(self, data: bytes, side: int) -> bytes:
        """A JPEG made anew from what somebody sent; raises Unplayable for what is no picture."""
        covers = self._covers
        order = Resize(data, side, side, covers.max_source_pixels, covers.quality)
        try:
            return await self._sandbox.call("streaming.resize:remake", encode(order))
        except (RuntimeError, TimeoutError, ChildProcessError) as error:
            log.warning("picture cannot be used", reason=str(error))
            raise Unplayable("This is no picture that can be read.") from None

    async def send(self, request: web.Request, data: bytes) -> _Response:
        """Send a picture that is kept as it is to be seen. It may change: clients ask each time."""
        etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        return await send(request, Content(data, len(data), _type(data), etag))

    def _side(self, size: int | None) -> int | None:
        """The size that is made for who asks for this one; None: the original."""
        most = self._covers.max_size
        if not size or size <= 0:
            return None
        return min(most, next((side for side in _SIDES if side >= size), most))

    def _key(self, picture: _Source, side: int | None) -> str:
        whole = side is None and self._covers.max_size
        return _key("picture", picture.hash, side, whole, self._covers.quality)

    async def _drawing(
        self, request: web.Request, title: str, side: int, lasting: bool
    ) -> _Response:
        key = _key("drawing", title, side)
        order = encode(Draw(title, side))

        async def make() -> _Made:
            return _Made(await self._sandbox.call("streaming.placeholder:draw", order))

        return await self._send(request, key, make, _DAY if lasting else _SHORT)

    async def _send(self, request: web.Request, key: str, make: _Make, caching: str) -> _Response:
        etag = f'"{key[:32]}"'
        made = _Made(b"") if unchanged(request, etag) else await self._once(key, make)
        if not made.lasting:
            etag, caching = f'"{hashlib.sha256(made.data).hexdigest()[:32]}"', _SHORT
        headers = {str(hdrs.CACHE_CONTROL): caching}
        data = made.data
        return await send(request, Content(data, len(data), _type(data), etag, headers=headers))

    async def _once(self, key: str, make: _Make) -> _Made:
        """What is kept under a key, or is made now; however many ask at once, it is made once."""
        task = self._making.get(key)
        if task is None:
            task = asyncio.create_task(self._kept_or_made(key, make))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        # Who leaves early does not take the picture away from the others.
        return await asyncio.shield(task)

    async def _kept_or_made(self, key: str, make: _Make) -> _Made:
        kept = await asyncio.to_thread(self._cache.read, key)
        if kept is not None:
            return _Made(kept)
        made = await make()
        if made.lasting:
            await asyncio.to_thread(self._cache.put, key, made.data)
        return made

    async def _resized(self, picture: _Source, side: int | None) -> _Made:
        covers = self._covers
        async with self._turns:
            original = await self._original(picture)
            order = Resize(
                original.data, side, covers.max_size, covers.max_source_pixels, covers.quality
            )
            data = await self._sandbox.call("streaming.resize:resize", encode(order))
        return _Made(data, original.lasting)

    async def _composed(self, pictures: Sequence[_Source], side: int) -> _Made:
        parts = [await self._part(each, side) for each in pictures]
        order = Mosaic(
            [part.data for part in parts],
            side,
            self._covers.max_source_pixels,
            self._covers.quality,
        )
        data = await self._sandbox.call("streaming.mosaic:compose", encode(order))
        return _Made(data, all(part.lasting for part in parts))

    async def _part(self, picture: _Source, side: int) -> _Made:
        try:
            return await self._once(self._key(picture, side), lambda: self._resized(picture, side))
        except _TROUBLE as error:
            self._mark_broken(picture, error)
            raise

    async def _original(self, picture: _Source) -> _Made:
        """What was never scanned has no hash to be held to."""
        if isinstance(picture, StoredPictureRow):
            return _Made(picture.data)
        if not picture.embedded:
            return await asyncio.to_thread(self._file, picture)
        place = picture.root + b"\0" + picture.path
        data = await self._sandbox.call("library.artwork:embedded", place)
        if not 0 < len(data) <= self._covers.max_source_bytes:
            raise Gone("There is no picture in the file, or it is too large.")
        return _Made(data, _is(data, picture))

    def _file(self, picture: PictureRow) -> _Made:
        opened = open_inside(picture.root, picture.path)
        with opened.file as file:
            if opened.size > self._covers.max_source_bytes:
                raise Gone("The picture is too large.")
            data = file.read()
        return _Made(data, _is(data, picture))

    def _is_broken(self, digest: bytes) -> bool:
        """Whether it failed a short while ago; not to be tried again at each request."""
        return time.monotonic() < self._broken.get(digest, 0.0)

    def _mark_broken(self, picture: _Source, error: Exception) -> None:
        log.warning("picture cannot be shown", picture=picture.id, reason=str(error))
        if len(self._broken) >= _BROKEN_MOST:
            self._broken.clear()
        self._broken[picture.hash] = time.monotonic() + _BROKEN_FOR


def _is(data: bytes, picture: PictureRow) -> bool:
    """Whether these are the bytes that the scan saw: others must not be kept under their name."""
    return hashlib.sha256(data).digest() == picture.hash


def _key(*facts: object) -> str:
    return hashlib.sha256(repr((_VERSION, *facts)).encode()).hexdigest()


def _type(data: bytes) -> str:
    """What a picture is, by its first bytes."""
    return next((kind for start, kind in _TYPES if data.startswith(start)), "image/jpeg")
