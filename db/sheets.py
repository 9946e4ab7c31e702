"""Cue sheets as a scan read them last: which files they name."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from db.queries import Executor, Sql


class SheetState(Struct, frozen=True):
    """A sheet; `reason` says why it cannot be used."""

    path: bytes
    size: int
    mtime_ns: int
    reader: int
    files: list[str]
    reason: str = ""


_SQL = Sql("sheets")
_KNOWN = _SQL.rows("known", SheetState)
_WRITE = _SQL.command("write")
_DROP = _SQL.command("drop")


class Sheets:
    """For scans only. What is kept here can be read again at any time."""

    def __init__(self, on: Executor, library_id: int) -> None:
        self._on = on
        self._library = library_id

    async def known(self) -> list[SheetState]:
        """The sheets that were read."""
        return await _KNOWN(self._on, library=self._library)

    async def write(self, rows: Sequence[SheetState]) -> None:
        """Note what was read, by one reader."""
        if rows:
            await _WRITE(
                self._on,
                library=self._library,
                reader=rows[0].reader,
                path=[row.path for row in rows],
                size=[row.size for row in rows],
                mtime_ns=[row.mtime_ns for row in rows],
                files=[msgspec.json.encode(row.files).decode() for row in rows],
                reason=[row.reason for row in rows],
            )

    async def drop(self, paths: Sequence[bytes]) -> None:
        """Forget sheets that are gone."""
        if paths:
            await _DROP(self._on, library=self._library, paths=paths)
