"""Lyrics on request: read once in a child, then kept for as long as no file changes."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import NamedTuple

import msgspec
import structlog

from library import Sandbox, paths
from library.lyrics.files import Seen, look
from library.lyrics.sheet import Answer, Request, Sheet

log = structlog.get_logger()

_TARGET = "library.lyrics.child:read"
_TIMEOUT = 20.0
_BROKEN_FOR = 600.0
_MOST_BYTES = 8 * 1024 * 1024
_MOST_SONGS = 4096
_decode = msgspec.msgpack.Decoder(list[Sheet]).decode
_decode_answer = msgspec.msgpack.Decoder(Answer).decode
_NOTHING = msgspec.msgpack.encode([])

_Song = tuple[bytes, bytes]


class _Kept(NamedTuple):
    """Packed sheets, the files that they are from, and until when they count."""

    seen: Seen
    packed: bytes
    until: float


class LyricsReader:
    """Never raises for what is in a file, or for a file that is none: such songs have no words."""

    def __init__(self, sandbox: Sandbox, *, most_bytes: int = _MOST_BYTES) -> None:
        self._sandbox = sandbox
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Song, _Kept] = OrderedDict()
        self._bytes = 0
        self._reading: dict[tuple[_Song, Seen], asyncio.Task[bytes]] = {}

    async def of(self, root: bytes, path: bytes) -> list[Sheet]:
        """The sheets of the song in this file, the best first."""
        song = (root, path)
        try:
            seen = await asyncio.to_thread(look, root, path)
        except (OSError, ValueError) as error:
            log.warning("lyrics cannot be read", path=paths.shown(path), reason=str(error))
            return []
        kept = self._kept.get(song)
        if kept is not None and kept.seen == seen and time.monotonic() < kept.until:
            self._kept.move_to_end(song)
            return _decode(kept.packed)
        return _decode(await self._once(song, seen))

    async def _once(self, song: _Song, seen: Seen) -> bytes:
        """However many ask at once, it is read once."""
        key = (song, seen)
        task = self._reading.get(key)
        if task is None:
            task = asyncio.create_task(self._read(song, seen))
            self._reading[key] = task
            task.add_done_callback(lambda _: self._reading.pop(key, None))
        # Who leaves early does not take the words away from the others.
        return await asyncio.shield(task)

    async def _read(self, song: _Song, seen: Seen) -> bytes:
        request = Request(*song, [(one.name, one.lang) for one in seen.beside])
        payload = msgspec.msgpack.encode(request)
        try:
            answer = _decode_answer(await self._sandbox.call(_TARGET, payload, timeout=_TIMEOUT))
        except (RuntimeError, TimeoutError, ChildProcessError, msgspec.MsgspecError) as error:
            reason = str(error) or type(error).__name__
            log.warning("lyrics cannot be read", path=paths.shown(song[1]), reason=reason)
            self._keep(song, _Kept(seen, _NOTHING, time.monotonic() + _BROKEN_FOR))
            return _NOTHING
        for problem in answer.problems:
            log.warning("lyrics cannot be read", path=paths.shown(song[1]), reason=problem)
        packed = msgspec.msgpack.encode(answer.sheets)
        self._keep(song, _Kept(seen, packed, float("inf")))
        return packed

    def _keep(self, song: _Song, kept: _Kept) -> None:
        old = self._kept.pop(song, None)
        self._bytes += len(kept.packed) - (len(old.packed) if old else 0)
        self._kept[song] = kept
        while self._bytes > self._most_bytes or len(self._kept) > _MOST_SONGS:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.packed)
