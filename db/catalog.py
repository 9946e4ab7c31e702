"""The music as a scan finds it: what is known of files, folders, covers and songs.

What a scan writes goes through `db.batches`, one transaction per batch.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncpg
from msgspec import Struct

from db.batches import Batch
from db.cards import AlbumClaim
from db.queries import Sql
from db.sheets import Sheets
from db.video_files import VideoFiles


def song_key(path: bytes, cue: int) -> bytes:
    """Names a song within a library: its file, and which of the file's tracks it is."""
    return b"%b\0%d" % (path, cue) if cue else path


class Known(Struct, frozen=True):
    """A song's file as it was read last, and the sheet (0: none) that made it a track of it."""

    id: int
    path: bytes
    size: int
    mtime_ns: int
    reader: int
    cue: int = 0
    sheet: int = 0


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
    library_id: int
    folder_id: int
    album_id: int
    path: bytes
    audio_hash: bytes | None
    mb_recording: str | None
    mb_release: str | None
    tag_key: str
    duration: float
    cue: int = 0


class Neighbour(Struct, frozen=True):
    """A song in a folder, the key of its album, and what its file says of it."""

    id: int
    path: bytes
    cue: int
    album_key: str
    claim: AlbumClaim

    @property
    def key(self) -> bytes:
        return song_key(self.path, self.cue)


class _Id(Struct, frozen=True):
    id: int


class _Name(Struct, frozen=True):
    name: str


class _Done(Struct, frozen=True):
    library_id: int
    scan_id: int


_SQL = Sql("catalog")
_KNOWN = _SQL.rows("known", Known)
_TOMBSTONES = _SQL.rows("tombstones", Known)
_BROKEN = _SQL.rows("broken", Broken)
_FOLDERS = _SQL.rows("folders", FolderState)
_IMAGES = _SQL.rows("images", ImageState)
_LAST_DONE = _SQL.rows("last_done", _Done)
_INTERRUPTED = _SQL.value("interrupted", bool)
_ARTIST_IDS = _SQL.rows("artist_ids", _Id)
_GENRE_NAMES = _SQL.rows("genre_names", _Name)
_RETIRED = _SQL.value("retired", bool)
_RETIRED_TRACES = _SQL.rows("retired_traces", Trace)
_TRACES = _SQL.rows("traces", Trace)
_MISSING_TRACES = _SQL.rows("missing_traces", Trace)
_NEIGHBOURS = _SQL.rows("neighbours", Neighbour)
_ADDED_COUNT = _SQL.value("added_count", int)
_ALIKE = _SQL.rows("alike", Trace)
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

    def sheets(self, library_id: int) -> Sheets:
        """The cue sheets of a library."""
        return Sheets(self._pool, library_id)

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

    async def last_done(self) -> dict[int, int]:
        """By library, the last scan of it that came to its end; 0: none did."""
        return {row.library_id: row.scan_id for row in await _LAST_DONE(self._pool)}

    async def traces(self, ids: Sequence[int]) -> list[Trace]:
        """What these songs are known by."""
        return await _TRACES(self._pool, ids=ids) if ids else []

    async def interrupted(self, library_id: int, scan_id: int) -> bool:
        """Whether the scans before this one left something half counted."""
        return bool(await _INTERRUPTED(self._pool, library=library_id, scan=scan_id))

    async def artist_ids(self) -> set[int]:
        """Every artist."""
        return {row.id for row in await _ARTIST_IDS(self._pool)}

    async def genre_names(self, library_id: int) -> list[str]:
        """Every genre of a library."""
        return [row.name for row in await _GENRE_NAMES(self._pool, library=library_id)]

    async def missing_traces(self) -> list[Trace]:
        """What the songs that are missing are known by, in all libraries."""
        return await _MISSING_TRACES(self._pool)

    async def has_retired(self) -> bool:
        """Whether there are songs in libraries that are not in the configuration any more."""
        return bool(await _RETIRED(self._pool))

    async def retired_traces(self, ids: Sequence[int]) -> list[Trace]:
        """What those of them are known by that these songs could be."""
        return await _RETIRED_TRACES(self._pool, ids=ids) if ids else []

    async def added_count(self, since: Mapping[int, int]) -> int:
        """How many songs came to each library after a scan."""
        return await _ADDED_COUNT(self._pool, **_after(since)) or 0 if since else 0

    async def added_traces(self, since: Mapping[int, int]) -> list[Trace]:
        """What the songs are known by that came to each library after a scan."""
        return await _ADDED_TRACES(self._pool, **_after(since)) if since else []

    async def alike(self, library_id: int, traces: Sequence[Trace]) -> list[Trace]:
        """Songs of a library that may be the same as these, by what they are known by."""
        return await _ALIKE(
            self._pool,
            library=library_id,
            hashes=[trace.audio_hash for trace in traces if trace.audio_hash],
            recordings=[trace.mb_recording for trace in traces if trace.mb_recording],
            tags=[trace.tag_key for trace in traces if trace.tag_key],
        )

    async def neighbours(self, folder_ids: Sequence[int]) -> list[Neighbour]:
        """The songs in these folders."""
        return await _NEIGHBOURS(self._pool, folders=folder_ids) if folder_ids else []


def _after(since: Mapping[int, int]) -> dict[str, object]:
    """By library, as the statements take it."""
    scans = list(since.values())
    return {"libraries": list(since), "since": scans, "least": min(scans)}
