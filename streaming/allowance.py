"""What one user may be sent: so many streams at once, so many bytes a second over all of them.

What the row of a user says goes before the configuration. Counted by each node for itself, and lives in its event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from aiohttp import hdrs, web

from conf.settings import Streaming
from streaming.errors import Busy

_AHEAD = 10.0
"""So many seconds of the rate may go at once after a rest: playback begins without a wait."""
_LEAST_AHEAD = 256 * 1024
_LOOK = 0.5
"""How often who waits looks whether anybody still listens."""
_BYTES = 125
"""A kbit/s in bytes a second."""


class Listener(Protocol):
    """Who is sent something. None: as configured; 0: no limit."""

    @property
    def id(self) -> int: ...
    @property
    def max_bit_rate(self) -> int: ...
    @property
    def max_streams(self) -> int | None: ...
    @property
    def max_rate(self) -> int | None: ...
    @property
    def max_transcodes(self) -> int | None: ...


@dataclass(frozen=True)
class Anybody:
    """A listener of whom nothing in particular is said."""

    id: int = 0
    max_bit_rate: int = 0
    max_streams: int | None = None
    max_rate: int | None = None
    max_transcodes: int | None = None


class Bucket:
    """Fills with time. What is taken beyond that is owed, and waited for by who takes next."""

    def __init__(self, rate: float) -> None:
        self._rate = self._most = self._level = 0.0
        self._at = monotonic()
        self.pace(rate)
        self._level = self._most

    def pace(self, rate: float) -> None:
        """From now on at this rate."""
        self._fill()
        self._rate, self._most = rate, max(rate * _AHEAD, _LEAST_AHEAD)
        self._level = min(self._level, self._most)

    @property
    def full(self) -> bool:
        """Whether nobody took anything for a while."""
        self._fill()
        return self._level >= self._most

    def take(self, size: int) -> float:
        """How many seconds to wait before these bytes."""
        self._fill()
        owed = max(0.0, -self._level)
        self._level -= size
        return owed / self._rate

    def _fill(self) -> None:
        now = monotonic()
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now


_BUCKET = web.RequestKey("bucket", Bucket)


class Allowances:
    """Every user's."""

    def __init__(self, settings: Streaming) -> None:
        self._settings = settings
        self._streams: Counter[int] = Counter()
        self._buckets: dict[int, Bucket] = {}

    @contextmanager
    def stream(self, request: web.Request, listener: Listener) -> Iterator[None]:
        """One more stream while it lasts, paced by `spend`; raises `Busy`."""
        if request.method == hdrs.METH_HEAD:
            yield
            return
        user = listener.id
        most = own(listener.max_streams, self._settings.streams_per_user)
        rate = own(listener.max_rate, self._settings.rate_per_user)
        if 0 < most <= self._streams[user]:
            raise Busy(f"{most} streams are sent to you already. Stop one of them first.")
        if rate:
            request[_BUCKET] = self._bucket(user, rate * _BYTES)
        self._streams[user] += 1
        try:
            yield
        finally:
            self._streams[user] -= 1
            if not self._streams[user]:
                del self._streams[user]

    def _bucket(self, user: int, rate: int) -> Bucket:
        """The user's, kept until it is full again: many short streams get no more than a long one.

        Another rate is that of the streams under way, too.
        """
        if user not in self._buckets:
            streams = self._streams
            self._buckets = {u: b for u, b in self._buckets.items() if u in streams or not b.full}
            self._buckets[user] = Bucket(rate)
        self._buckets[user].pace(rate)
        return self._buckets[user]


def own(said: int | None, configured: int) -> int:
    """The limit that counts for a user."""
    return configured if said is None else said


def paced(request: web.Request) -> bool:
    """Whether an answer has to be spent bit by bit."""
    return _BUCKET in request


async def spend(request: web.Request, size: int) -> None:
    """Wait until these bytes may go; raises ConnectionResetError when nobody listens any more."""
    if not paced(request):
        return
    wait: float = request[_BUCKET].take(size)
    while wait > 0:
        await asyncio.sleep(min(wait, _LOOK))
        wait -= _LOOK
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError("the client left")
