"""From an encoder's thread to those who listen: each hears everything, at a pace of their own."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

import structlog

from streaming.errors import Unplayable
from streaming.spool import Spool

log = structlog.get_logger()

_AT_ONCE = 256 * 1024
_NEARLY, _TOO_LONG = 0.9, 1.1
"""Shares of what is expected: from the one on a song is finished when nobody listens any more, up to
the other."""


class Closed(Exception):  # noqa: N818
    """Nobody listens any more; unwinds the encoder."""


class Pipe:
    """One writer in a thread, any number of readers in the loop it was made in.

    A spool, which `spool` makes in the writer's thread, holds all there is: nobody waits for
    anybody. Without one, or when its disk is full, `limit` bytes are held in memory; then the
    writer waits inside `idle()` for the slowest reader, and the beginning goes: nobody joins a song
    that is too large for that. `expected` bytes (0: unknown) are worth waiting for, if nearly all
    are there when the last reader leaves. What is not `shared` has one reader and keeps nothing
    that was read.
    """

    def __init__(
        self,
        limit: int,
        idle: Callable[[], AbstractContextManager[None]] = nullcontext,
        *,
        spool: Callable[[], Spool | None] | None = None,
        expected: int = 0,
        shared: bool = False,
    ) -> None:
        self._limit, self._idle, self._expected = limit, idle, expected
        self._ask, self._shared = spool, shared
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._taps: set[Tap] = set()
        self._spool: Spool | None = None
        self._spooled = 0
        self._blocks: deque[bytes] = deque()
        self._start = self._size = 0
        """Where in the whole the blocks in memory begin, and how much they are."""
        self._over = False
        self._error: Exception | None = None
        self.closed = False
        self.name = secrets.token_hex(8)
        """No other has the same: what is read here may be no byte of what another run makes."""
        self.touched = time.monotonic()
        """When the writer last got anywhere."""

    @property
    def made(self) -> int:
        """How much was written."""
        return self._start + self._size

    @property
    def complete(self) -> bool:
        """Whether all was made, and nothing went wrong."""
        with self._changed:
            return self._over and not self._error and not self.closed

    @property
    def searchable(self) -> bool:
        """Loop: whether all that was made is held, and what will be made, as far as can be told."""
        with self._changed:
            return self._shared and self._start == self._spooled

    def holds(self, size: float) -> bool:
        """Loop: whether so many bytes were made, or all there ever will be."""
        with self._changed:
            return self.made >= size or self._over or self.closed

    def join(self) -> Tap | None:
        """Loop: listen from the beginning; None where that is gone, or will have no good end."""
        with self._changed:
            taken = bool(self._taps) and not self._shared
            if taken or self.closed or self._error or self._start != self._spooled:
                return None
            tap = Tap(self)
            self._taps.add(tap)
            return tap

    def write(self, data: bytes) -> int:
        """Thread: hand over, waiting for room; raises `Closed` when nobody listens any more."""
        self.still_wanted()
        if self._ask:
            self._spool, self._ask = self._ask(), None
        if not self._write_spool(self._spool, data):
            self._hold(data)
        self._wake()
        self.touched = time.monotonic()
        return len(data)

    def finish(self, error: Exception | None = None) -> None:
        """No more will come; an error is raised to the readers after what is here. The first counts."""
        with self._changed:
            if not self._over:
                self._over, self._error = True, error
            if not self._taps:
                self._shut()
        self._wake()

    def close(self) -> None:
        """Loop: end it for everybody."""
        with self._changed:
            self._shut()
        self._tell()

    def leave(self, tap: Tap) -> None:
        """Loop: one reader less."""
        with self._changed:
            self._taps.discard(tap)
            if not self._taps and (self._over or not self._nearly_there()):
                self._shut()
            self._changed.notify_all()

    async def read(self, position: int) -> bytes | None:
        """Loop: what is there from a position on; empty at the end, None when it is not there yet."""
        with self._changed:
            if self.closed:
                return b""
            spool, size = self._spool, min(self._spooled - position, _AT_ONCE)
            if spool is None or size <= 0:
                return self._held(position)
        data = await asyncio.to_thread(spool.read, position, size)
        if not data:
            raise Unplayable("What was transcoded cannot be read.")
        return data

    def passed(self) -> None:
        """Loop: a reader went on."""
        with self._changed:
            if not self._shared:
                self._drop()
            self._changed.notify_all()

    def still_wanted(self) -> None:
        """Thread: raise `Closed` when nobody listens any more."""
        with self._changed:
            if not self._taps and self._expected and self.made > self._expected * _TOO_LONG:
                self._shut()
            if self.closed or self._over:
                raise Closed

    def _write_spool(self, spool: Spool | None, data: bytes) -> bool:
        """False when there is no more room in it, now and later."""
        if spool is None or self.made > self._spooled or not spool.write(data):
            return False
        with self._changed:
            self._spooled += len(data)
            self._start = self._spooled
        return True

    def _hold(self, data: bytes) -> None:
        with self._changed:
            self._shared = self._shared and self._expected <= self._limit
            full = self._size >= self._limit
        if full:
            with self._idle(), self._changed:
                self._changed.wait_for(self._has_room)
        with self._changed:
            if self.closed:
                raise Closed
            self._blocks.append(data)
            self._size += len(data)

    def _has_room(self) -> bool:
        self._drop()
        return self.closed or self._size <= self._limit // 2

    def _drop(self) -> None:
        """Let go of what all have read."""
        slowest = min((tap.position for tap in self._taps), default=self.made)
        while self._blocks and self._start + len(self._blocks[0]) <= slowest:
            size = len(self._blocks.popleft())
            self._start += size
            self._size -= size

    def _held(self, position: int) -> bytes | None:
        taken: list[bytes] = []
        at, size = self._start, 0
        for block in self._blocks:
            if at + len(block) > position and size < _AT_ONCE:
                taken.append(block[max(0, position - at) :])
                size += len(taken[-1])
            at += len(block)
        if taken:
            return b"".join(taken)
        if self._error:
            raise self._error
        return b"" if self._over else None

    def _nearly_there(self) -> bool:
        return 0 < self._expected * _NEARLY <= self.made <= self._expected * _TOO_LONG

    def _shut(self) -> None:
        self.closed = True
        self._blocks.clear()
        self._size = 0
        self._spool = None
        self._changed.notify_all()

    def _wake(self) -> None:
        # A closed loop has no reader to wake.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        for tap in self._taps:
            tap.ready.set()


class Tap:
    """One who listens, from the beginning to the end, or from where `position` is set."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.position = 0
        self.ready = asyncio.Event()

    async def read(self) -> bytes:
        """What is there, at least one byte; empty at the end."""
        while True:
            self.ready.clear()
            data = await self.pipe.read(self.position)
            if data is not None:
                self.position += len(data)
                self.pipe.passed()
                return data
            await self.ready.wait()

    async def reach(self, size: float) -> None:
        """Wait until so many bytes were made, or all there ever will be."""
        while True:
            self.ready.clear()
            if self.pipe.holds(size):
                return
            await self.ready.wait()

    def close(self) -> None:
        """Listen no more."""
        self.pipe.leave(self)
        self.ready.set()
