"""Sound ends with the right to hear it: nobody plays on who was disabled, or whose device was revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from aiohttp import web

from db.errors import DatabaseError
from subsonic.services import Services

log = structlog.get_logger()

_LOOK_EVERY = 30.0
"""Seconds: credentials expire without a word, and a word may be lost."""


class Watch:
    """Looks after those who listen on this node, whenever an account changed, and now and then."""

    def __init__(self, services: Services) -> None:
        self._db, self._listeners = services.db, services.streamer.listeners
        self._changed = asyncio.Event()

    def look(self) -> None:
        """Look now."""
        self._changed.set()

    async def during(self, _app: web.Application) -> AsyncIterator[None]:
        """Watch as long as the application runs."""
        task = asyncio.create_task(self._run(), name="listeners")
        yield
        task.cancel()
        await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self._end()
            except DatabaseError as error:
                log.warning("whether all may go on listening is not known", reason=str(error))

    async def _end(self) -> None:
        if listeners := self._listeners.now():
            gone = listeners - await self._db.credentials.listening(listeners)
            for one in gone:
                log.info("streams ended", user=one.user, credential=one.credential)
            self._listeners.dismiss(gone)
