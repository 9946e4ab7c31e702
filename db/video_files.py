"""The files of videos as a scan finds and writes them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from db.queries import Executor, Sql
from db.writes import VideoWrite


class KnownVideo(Struct, frozen=True):
    """A video's file as it was read last."""

    id: int
    path: bytes
    size: int
    mtime_ns: int
    reader: int


class LostVideo(Struct, frozen=True):
    """What a video whose file is gone is known again by."""

    id: int
    path: bytes
    hash: bytes


_SQL = Sql("video_files")
_KNOWN = _SQL.rows("known", KnownVideo)
_LOST = _SQL.rows("lost", LostVideo)
_WRITE = _SQL.command("write")
_BURY = _SQL.command("bury")
_PURGE = _SQL.value("purge", int)


class VideoFiles:
    """For scans only: nothing here asks who may see what."""

    def __init__(self, on: Executor, library_id: int) -> None:
        self._on = on
        self._library = library_id

    async def known(self) -> list[KnownVideo]:
        """The videos that are there."""
        return await _KNOWN(self._on, library=self._library)

    async def lost(self, vanished: Sequence[int]) -> list[LostVideo]:
        """Videos that have just vanished, then those that have been missing, the latest first."""
        return await _LOST(self._on, library=self._library, vanished=vanished)

    async def write(self, rows: Sequence[VideoWrite], reader: int) -> None:
        """Add videos, or change those that have these ids; what was missing is there again."""
        if rows:
            columns = dict(zip(VideoWrite._fields, zip(*rows, strict=True), strict=True))
            await _WRITE(self._on, library=self._library, reader=reader, **columns)

    async def bury(self, ids: Sequence[int]) -> None:
        """Files that are gone."""
        if ids:
            await _BURY(self._on, ids=ids)

    async def purge(self, days: int) -> int:
        """Forget videos that have been missing for so long; how many."""
        return await _PURGE(self._on, library=self._library, days=days) or 0
