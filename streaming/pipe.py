"""From an encoder's thread to the event loop: bytes, with a bound on how many may wait."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

_AT_ONCE = 256 * 1024


class Closed(Exception):  # noqa: N818
    """The listener left; unwinds the encoder."""


class Pipe:
    """One writer in a thread, one reader in the loop it was made in.

    `limit` bytes may wait. While the writer waits for room it stands inside `idle()`.
    """

    def __init__(
        self, limit: int, idle: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self._limit, self._idle = limit, idle
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._over = False
        self._error: Exception | None = None
        self.closed = False

    def write(self, data: bytes) -> int:
        """Thread: hand over, waiting for room; raises `Closed` when nobody listens any more."""
        if self._size >= self._limit and not self.closed:
            with self._idle(), self._changed:
                self._changed.wait_for(lambda: self.closed or self._size <= self._limit // 2)
        with self._changed:
            if self.closed:
                raise Closed
            self._waiting.append(data)
            self._size += len(data)
        self._wake()
        return len(data)

    def finish(self, error: Exception | None = None) -> None:
        """Thread: no more will come; an error is raised to the reader after what is here."""
        with self._changed:
            self._over, self._error = True, error
        self._wake()

    async def read(self) -> bytes:
        """Loop: what is there, at least one byte; empty at the end."""
        while True:
            with self._changed:
                data = self._take()
                if data:
                    return data
                if self._error:
                    raise self._error
                if self._over or self.closed:
                    return b""
                self._ready.clear()
            await self._ready.wait()

    def close(self) -> None:
        """Loop: nobody listens any more."""
        with self._changed:
            self.closed = True
            self._waiting.clear()
            self._size = 0
            self._changed.notify_all()
        self._ready.set()

    def _take(self) -> bytes:
        taken: list[bytes] = []
        size = 0
        while self._waiting and size < _AT_ONCE:
            taken.append(self._waiting.popleft())
            size += len(taken[-1])
        self._size -= size
        if self._size <= self._limit // 2:
            self._changed.notify_all()
        return b"".join(taken)

    def _wake(self) -> None:
        # A closed loop has no reader to wake.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ready.set)
