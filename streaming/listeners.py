"""Who is being sent sound now."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from aiohttp import web

from db.rows import ListenerRow

CREDENTIAL = web.RequestKey("credential", int)
"""Set on a request to the credential that let it in; without one a share did."""


class Listeners:
    """The requests whose answers are sound, each with whom it is for."""

    def __init__(self) -> None:
        self._requests: dict[int, tuple[web.Request, ListenerRow]] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._requests)

    def __contains__(self, request: web.Request) -> bool:
        return id(request) in self._requests

    @contextmanager
    def listening(self, request: web.Request, user: int) -> Iterator[None]:
        """One more while it lasts."""
        who = ListenerRow(user, request.get(CREDENTIAL, 0))
        self._requests[id(request)] = request, who
        self._idle.clear()
        try:
            yield
        finally:
            del self._requests[id(request)]
            if not self._requests:
                self._idle.set()

    def now(self) -> set[ListenerRow]:
        """Everybody, each once."""
        return {who for _, who in self._requests.values()}

    def dismiss(self, gone: Collection[ListenerRow]) -> None:
        """Cut these off in the middle of what they hear."""
        for request, who in self._requests.values():
            if who in gone and request.transport is not None:
                request.transport.abort()

    async def until_idle(self, patience: float) -> None:
        """Wait until nobody listens, but not longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()
