"""The door for pictures: covers in the size asked for, made once, and drawings where there is none."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from aiohttp import hdrs, web

from conf.settings import Settings
from db.rows import PictureRow, StoredPictureRow
from streaming.cache import cache_of
from streaming.direct import Content, send, unchanged
from streaming.errors import Gone, Unplayable
from streaming.files import open_inside
from streaming.orders import Draw, Resize, encode

log = structlog.get_logger()

_DRAWN_SIZE = 600
_PORTRAIT_SIZE = 512
_VERSION = 1
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
_Make = Callable[[], Awaitable[bytes]]
_DAY, _SHORT = "private, max-age=86400", "private, max-age=300"
_FOR_ALL = "public, max-age=31536000, immutable"


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
        self._making: dict[str, asyncio.Task[bytes]] = {}
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
        """Send a picture whose larger side is `size` at most; None: the original.

        Without a picture, or where it cannot be read, a drawing with the initials of `title`. What is
        `public` may be kept by everybody for ever.
        """
        side = min(size, self._covers.max_size) if size and size > 0 else None
        if picture is not None and not self._is_broken(picture.hash):
            try:
                return await self._picture(request, picture, side, _FOR_ALL if public else _DAY)
            except (Gone, RuntimeError, TimeoutError, ChildProcessError) as error:
                log.warning("picture cannot be shown", picture=picture.id, reason=str(error))
                self._mark_broken(picture.hash)
        return await self._drawing(request, title, side or _DRAWN_SIZE, picture is None)

    async def portrait(self, data: bytes) -> bytes:
        """A small JPEG made anew from what somebody sent; raises Unplayable for what is no picture."""
        covers, side = self._covers, _PORTRAIT_SIZE
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

    async def _picture(
        self, request: web.Request, picture: _Source, side: int | None, caching: str
    ) -> _Response:
        key = _key("picture", picture.hash, side, self._covers.quality)
        return await self._send(request, key, lambda: self._resized(picture, side), caching)

    async def _drawing(
        self, request: web.Request, title: str, side: int, lasting: bool
    ) -> _Response:
        key = _key("drawing", title, side)
        order = encode(Draw(title, side))
        return await self._send(
            request,
            key,
            lambda: self._sandbox.call("streaming.placeholder:draw", order),
            _DAY if lasting else _SHORT,
        )

    async def _send(self, request: web.Request, key: str, make: _Make, caching: str) -> _Response:
        etag = f'"{key[:32]}"'
        data = b"" if unchanged(request, etag) else await self._once(key, make)
        headers = {str(hdrs.CACHE_CONTROL): caching}
        return await send(request, Content(data, len(data), _type(data), etag, headers=headers))

    async def _once(self, key: str, make: _Make) -> bytes:
        """What is kept under a key, or is made now; however many ask at once, it is made once."""
        task = self._making.get(key)
        if task is None:
            task = asyncio.create_task(self._kept_or_made(key, make))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        # Who leaves early does not take the picture away from the others.
        return await asyncio.shield(task)

    async def _kept_or_made(self, key: str, make: _Make) -> bytes:
        kept = await asyncio.to_thread(self._cache.read, key)
        if kept is not None:
            return kept
        data = await make()
        await asyncio.to_thread(self._cache.put, key, data)
        return data

    async def _resized(self, picture: _Source, side: int | None) -> bytes:
        data = await self._original(picture)
        covers = self._covers
        order = Resize(data, side, covers.max_size, covers.max_source_pixels, covers.quality)
        return await self._sandbox.call("streaming.resize:resize", encode(order))

    async def _original(self, picture: _Source) -> bytes:
        if isinstance(picture, StoredPictureRow):
            return picture.data
        if not picture.embedded:
            return await asyncio.to_thread(self._file, picture)
        path = os.path.join(picture.root, picture.path)  # noqa: PTH118
        data = await self._sandbox.call("library.artwork:embedded", path)
        if not 0 < len(data) <= self._covers.max_source_bytes:
            raise Gone("There is no picture in the file, or it is too large.")
        return data

    def _file(self, picture: PictureRow) -> bytes:
        opened = open_inside(picture.root, picture.path)
        with opened.file as file:
            if opened.size > self._covers.max_source_bytes:
                raise Gone("The picture is too large.")
            return file.read()

    def _is_broken(self, digest: bytes) -> bool:
        """Whether it failed a short while ago; not to be tried again at each request."""
        return time.monotonic() < self._broken.get(digest, 0.0)

    def _mark_broken(self, digest: bytes) -> None:
        if len(self._broken) >= _BROKEN_MOST:
            self._broken.clear()
        self._broken[digest] = time.monotonic() + _BROKEN_FOR


def _key(*facts: object) -> str:
    return hashlib.sha256(repr((_VERSION, *facts)).encode()).hexdigest()


def _type(data: bytes) -> str:
    """What a picture is, by its first bytes."""
    return next((kind for start, kind in _TYPES if data.startswith(start)), "image/jpeg")
