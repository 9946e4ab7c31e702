"""Channels of podcasts: from a feed's address to rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TypeAlias

import msgspec
import structlog

from conf.settings import Settings
from db.database import Database
from db.feeds import Feed
from db.rows import ChannelJobRow
from library import Sandbox
from library.feeds import MOST, Document, storable
from library.fetch import Fetcher, FetchError

log = structlog.get_logger()

Shrink: TypeAlias = "Callable[[bytes], Awaitable[bytes]]"
"""Makes a small picture of what a stranger calls one; raises as a sandbox does."""

_LARGEST_FEED = 16 * 1024 * 1024
_READING = 60.0
_NEVER = 100 * 365 * 86400.0
_FIRST_PAUSE, _LONGEST_PAUSE = 300.0, 86400.0
_UNREADABLE = (RuntimeError, TimeoutError, ChildProcessError)


class Channels:
    """Looks at channels, one after the other."""

    def __init__(
        self, db: Database, settings: Settings, fetcher: Fetcher, sandbox: Sandbox, shrink: Shrink
    ) -> None:
        self._db = db
        self._settings = settings
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._shrink = shrink

    async def refresh(self, job: ChannelJobRow) -> None:
        """Do the job; how it went stands in the channel's row."""
        try:
            await self._refresh(job)
        except FetchError as error:
            await self._fail(job, str(error))
        except _UNREADABLE as error:
            log.info("a feed cannot be read", channel=job.id, reason=str(error))
            await self._fail(job, "What is at this address is no feed that can be read.")

    async def _refresh(self, job: ChannelJobRow) -> None:
        page = await self._fetcher.read(
            job.url, _LARGEST_FEED, etag=job.etag, modified=job.modified
        )
        if page.body is None:
            await self._db.podcasts.unchanged(job, self._interval)
            return
        order = msgspec.msgpack.encode(Document(page.url, page.body))
        found = await self._sandbox.call("library.feeds:read_feed", order, timeout=_READING)
        feed = msgspec.msgpack.decode(found, type=Feed)
        await self._db.podcasts.save(
            job,
            feed,
            await self._picture(job, feed),
            (page.etag, page.modified),
            self._interval,
            newest=self._settings.podcasts.download,
            most=MOST,
        )

    @property
    def _interval(self) -> float:
        return self._settings.podcasts.refresh_interval or _NEVER

    async def _picture(self, job: ChannelJobRow, feed: Feed) -> tuple[bytes, bytes] | None:
        """Hash and bytes of the picture, if it is another one; a channel does without, too."""
        if not feed.image or (job.pictured and feed.image == job.image_url):
            return None
        try:
            page = await self._fetcher.read(feed.image, self._settings.covers.max_source_bytes)
            data = await self._shrink(page.body or b"")
        except (FetchError, *_UNREADABLE) as error:
            log.info("a podcast's picture cannot be had", channel=job.id, reason=str(error))
            return None
        return sha256(data).digest(), data

    async def _fail(self, job: ChannelJobRow, message: str) -> None:
        """Try again later and later, but at least as often as others are looked at."""
        pause = min(_FIRST_PAUSE * 2.0 ** min(job.failures, 12), self._interval, _LONGEST_PAUSE)
        message = storable(message)
        log.warning("a podcast could not be refreshed", channel=job.id, reason=message)
        await self._db.podcasts.fail_channel(job, message, pause)
