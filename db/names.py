"""The names of everything, page by page, to be folded anew when the rules have changed. For scans only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from msgspec import Struct

from db.cards import AlbumCard, TrackCard
from db.queries import Command, Executor, Rows, Sql

Folded = tuple[int, str, str]
"""An id, the key of the name, and the words as a `tsvector`."""


class TrackName(Struct, frozen=True):
    """A song."""

    id: int
    card: TrackCard


class AlbumName(Struct, frozen=True):
    """An album."""

    id: int
    card: AlbumCard


class Named(Struct, frozen=True):
    """An artist or a folder."""

    id: int
    name: str


_SQL = Sql("names")
_TRACKS = _SQL.rows("tracks", TrackName)
_ALBUMS = _SQL.rows("albums", AlbumName)
_ARTISTS = _SQL.rows("artists", Named)
_FOLDERS = _SQL.rows("folders", Named)
_FOLD_TRACKS = _SQL.command("fold_tracks")
_FOLD_ALBUMS = _SQL.command("fold_albums")
_FOLD_ARTISTS = _SQL.command("fold_artists")
_FOLD_FOLDERS = _SQL.command("fold_folders")

R = TypeVar("R", TrackName, AlbumName, Named)


class Names:
    """Tombstones as well: they may come back as they were."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    def tracks(self) -> AsyncIterator[list[TrackName]]:
        return self._pages(_TRACKS)

    def albums(self) -> AsyncIterator[list[AlbumName]]:
        return self._pages(_ALBUMS)

    def artists(self) -> AsyncIterator[list[Named]]:
        return self._pages(_ARTISTS)

    def folders(self) -> AsyncIterator[list[Named]]:
        return self._pages(_FOLDERS)

    async def fold_tracks(self, rows: Sequence[Folded]) -> None:
        await self._fold(_FOLD_TRACKS, rows)

    async def fold_albums(self, rows: Sequence[Folded]) -> None:
        await self._fold(_FOLD_ALBUMS, rows)

    async def fold_artists(self, rows: Sequence[Folded]) -> None:
        await self._fold(_FOLD_ARTISTS, rows)

    async def fold_folders(self, rows: Sequence[Folded]) -> None:
        await self._fold(_FOLD_FOLDERS, rows)

    async def _pages(self, query: Rows[R]) -> AsyncIterator[list[R]]:
        after = 0
        while rows := await query(self._on, after=after):
            yield rows
            after = rows[-1].id

    async def _fold(self, command: Command, rows: Sequence[Folded]) -> None:
        ids, keys, words = zip(*rows, strict=True)
        await command(self._on, id=ids, name_key=keys, words=words)
