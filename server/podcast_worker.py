"""The podcasts of this node: feeds that are due, episodes to download, files to remove."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from conf.settings import Settings
from db.database import Database
from db.errors import DatabaseError
from db.podcasts import CHANNEL
from library import Sandbox
from library.episodes import Episodes
from library.fetch import Fetcher
from library.podcasts import Channels
from streaming.orders import Resize, encode

log = structlog.get_logger()

_HOUSEKEEPING = 60.0
_RETRY = 5.0
_DOWNLOADS = 2
_PICTURE = 600
"""Largest side of a channel's picture, in pixels."""
_PARTING = 2.0

Step = Callable[[], Awaitable[bool]]


class PodcastWorker:
    """Runs until it is cancelled; what is under way is then given back, for any node to take."""

    def __init__(self, db: Database, settings: Settings, sandbox: Sandbox) -> None:
        self._db = db
        self._covers = settings.covers
        self._sandbox = sandbox
        self._fetcher = Fetcher(settings.outbound)
        self._channels = Channels(db, settings, self._fetcher, sandbox, self._shrink)
        self._episodes = Episodes(db, settings, self._fetcher, sandbox)
        self._bells: list[asyncio.Event] = []
        db.bus.subscribe(CHANNEL, lambda _payload: self._ring())

    async def run(self) -> None:
        """Refresh one channel at a time, download two episodes, and tidy."""
        steps: list[Step] = [self._refresh, *[self._download] * _DOWNLOADS, self._sweep]
        try:
            async with asyncio.TaskGroup() as group:
                for step in steps:
                    group.create_task(self._repeat(step))
        finally:
            await self._fetcher.close()

    def _ring(self) -> None:
        for bell in self._bells:
            bell.set()

    async def _repeat(self, step: Step) -> None:
        """Take steps as long as there is something to do; then wait to be woken, or a minute."""
        bell = asyncio.Event()
        self._bells.append(bell)
        while True:
            bell.clear()
            pause = _HOUSEKEEPING
            try:
                while await step():
                    pass
            except DatabaseError as error:
                log.warning("podcasts wait for the database", error=str(error))
                pause = _RETRY
            except Exception as error:
                log.error("podcasts stumbled", exc_info=error)
            # Not `wait_for`: in Python 3.11 that forgets a cancellation which comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await bell.wait()

    async def _refresh(self) -> bool:
        job = await self._db.podcasts.claim_channel()
        if job is not None:
            back = self._db.podcasts.release_channel
            await _or_back(self._channels.refresh(job), lambda: back(job))
        return job is not None

    async def _download(self) -> bool:
        job = await self._db.podcasts.claim_episode()
        if job is not None:
            back = self._db.podcasts.release_episode
            await _or_back(self._episodes.download(job), lambda: back(job))
        return job is not None

    async def _sweep(self) -> bool:
        try:
            removed = await self._episodes.sweep()
        except OSError as error:
            log.warning("files of podcasts cannot be removed", reason=str(error))
            return False
        if removed:
            log.info("files of podcasts removed", count=removed)
        return False

    async def _shrink(self, data: bytes) -> bytes:
        """A picture as it is kept: small, and decoded once where that does no harm."""
        most, quality = self._covers.max_source_pixels, self._covers.quality
        order = encode(Resize(data, _PICTURE, _PICTURE, most, quality))
        return await self._sandbox.call("streaming.resize:remake", order)


async def _or_back(work: Awaitable[None], back: Callable[[], Awaitable[None]]) -> None:
    """Do the work, or give it back when the server stops."""
    try:
        await work
    except asyncio.CancelledError:
        with contextlib.suppress(DatabaseError, TimeoutError):
            async with asyncio.timeout(_PARTING):
                await back()
        raise
