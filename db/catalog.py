"""The music as a scan finds it: what is known of files, folders, covers and songs.

What a scan writes goes through `db.batches`, one transaction per batch.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from msgspec import Struct

from db.batches import Batch
from db.cards import AlbumClaim
from db.queries import Sql
from db.video_files import VideoFiles


class Known(Struct, frozen=True):
    """A song's file as it was read last."""

    id: int
    path: bytes
    size: int
    mtime_ns: int
    reader: int


class Broken(Struct, frozen=True):
    """A file that could not be read, as it was then."""

    path: bytes
    size: int
    mtime_ns: int
    reader: int


class FolderState(Struct, frozen=True):
    """A folder of a library."""

    id: int
    path: bytes
    picture_id: int | None
    missing: bool


class ImageState(Struct, frozen=True):
    """A cover file as it was read last."""

    path: bytes
    size: int
    mtime_ns: int
    picture_id: int | None


class Trace(Struct, frozen=True):
    """What a song is known again by."""

    id: int
    album_id: int
    path: bytes
    audio_hash: bytes | None
    mb_recording: str | None
    mb_release: str | None
    tag_key: str
    duration: float


class Neighbour(Struct, frozen=True):
    """A song in a folder, the key of its album, and what its file says of it."""

    id: int
    path: bytes
    album_key: str
    claim: AlbumClaim


_SQL = Sql("catalog")
_KNOWN = _SQL.rows("known", Known)
_TOMBSTONES = _SQL.rows("tombstones", Known)
_BROKEN = _SQL.rows("broken", Broken)
_FOLDERS = _SQL.rows("folders", FolderState)
_IMAGES = _SQL.rows("images", ImageState)
_LAST_DONE = _SQL.value("last_done", int)
_TRACES = _SQL.rows("traces", Trace)
_MISSING_TRACES = _SQL.rows("missing_traces", Trace)
_NEIGHBOURS = _SQL.rows("neighbours", Neighbour)
_ADDED_TRACES = _SQL.rows("added_traces", Trace)


class Catalog:
    """For scans only: nothing here asks who may see what."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def batch(self, library_id: int) -> AsyncIterator[Batch]:
        """A transaction on one library; all of it is written, or nothing."""
        async with self._pool.acquire() as connection, connection.transaction():
            batch = Batch(connection, library_id)
            await batch.begin()
            yield batch

    def videos(self, library_id: int) -> VideoFiles:
        """The videos of a library."""
        return VideoFiles(self._pool, library_id)

    async def known(self, library_id: int) -> list[Known]:
        """The songs that are there."""
        return await _KNOWN(self._pool, library=library_id)

    async def tombstones(self, library_id: int) -> list[Known]:
        """The songs that are missing, oldest first."""
        return await _TOMBSTONES(self._pool, library=library_id)

    async def broken(self, library_id: int) -> list[Broken]:
        """What could not be read."""
        return await _BROKEN(self._pool, library=library_id)

    async def folders(self, library_id: int) -> list[FolderState]:
        """All folders, parents before children."""
        return await _FOLDERS(self._pool, library=library_id)

    async def images(self, library_id: int) -> list[ImageState]:
        """The cover files."""
        return await _IMAGES(self._pool, library=library_id)

    async def last_done(self, library_id: int) -> int:
        """The last scan of a library that came to its end; 0: none did."""
        return await _LAST_DONE(self._pool, library=library_id) or 0

    async def traces(self, ids: Sequence[int]) -> list[Trace]:
        """What these songs are known by."""
        return await _TRACES(self._pool, ids=ids) if ids else []

    async def missing_traces(self, library_id: int) -> list[Trace]:
        """What the songs that are missing are known by."""
        return await _MISSING_TRACES(self._pool, library=library_id)

    async def added_traces(self, library_id: int, since: int) -> list[Trace]:
        """What the songs that came after a scan are known by."""
        return await _ADDED_TRACES(self._pool, library=library_id, since=since)

    async def neighbours(self, folder_ids: Sequence[int]) -> list[Neighbour]:
        """The songs in these folders."""
        return await _NEIGHBOURS(self._pool, folders=folder_ids) if folder_ids else []
