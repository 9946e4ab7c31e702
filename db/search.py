"""Finding songs, albums, artists and folders by the beginnings of words; without words, everything.

Apps that keep a copy of the library page through *everything*, so its order is the id's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from db.queries import Executor, Rows, Sql
from db.rows import AlbumRow, ArtistRow, FolderRow, TrackRow, UserRow
from db.words import fold, prefix_query

_SQL = Sql("search")
_TRACKS = _SQL.rows("tracks", TrackRow)
_ALL_TRACKS = _SQL.rows("all_tracks", TrackRow)
_ALBUMS = _SQL.rows("albums", AlbumRow)
_ALL_ALBUMS = _SQL.rows("all_albums", AlbumRow)
_ARTISTS = _SQL.rows("artists", ArtistRow)
_FOLDERS = _SQL.rows("folders", FolderRow)
_ALL_FOLDERS = _SQL.rows("all_folders", FolderRow)
_ALL_ARTISTS = _SQL.rows("all_artists", ArtistRow)


class Cut(msgspec.Struct, frozen=True):
    """Which part of a list."""

    size: int
    offset: int


class Search:
    """What is asked for is text as people type it; every word must begin a word of the item."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def tracks(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[TrackRow]:
        """Songs, by title, artist and album."""
        return await self._find(_TRACKS, _ALL_TRACKS, text, user, libraries, cut)

    async def albums(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[AlbumRow]:
        """Albums, by name and artist."""
        return await self._find(_ALBUMS, _ALL_ALBUMS, text, user, libraries, cut)

    async def artists(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[ArtistRow]:
        """Artists, by name; everything means those with albums of their own."""
        return await self._find(_ARTISTS, _ALL_ARTISTS, text, user, libraries, cut)

    async def folders(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[FolderRow]:
        """Folders at the top of a library, by name."""
        return await self._find(_FOLDERS, _ALL_FOLDERS, text, user, libraries, cut)

    async def _find(
        self,
        some: Rows[Any],
        everything: Rows[Any],
        text: str,
        user: UserRow,
        libraries: Sequence[int],
        cut: Cut,
    ) -> list[Any]:
        given: dict[str, Any] = {
            "user": user.id,
            "libraries": libraries,
            "size": cut.size,
            "offset": cut.offset,
        }
        if cut.size <= 0:
            return []
        if not text:
            return await everything(self._on, **given)
        query = prefix_query(text)
        # Only signs were typed: nothing can match, and an empty tsquery would only warn.
        return await some(self._on, query=query, text=fold(text), **given) if query else []
