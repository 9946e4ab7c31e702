"""Finding songs, albums, artists and folders by the beginnings of words; without words, everything.

Apps that keep a copy of the library page through *everything*, so its order is the id's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic

import msgspec

from db.queries import Executor, Row, Sql
from db.rows import AlbumRow, ArtistRow, FolderRow, TrackRow, UserRow
from db.words import prefix_query, sort_key


class Pair(Generic[Row]):
    """The two ways to find things of one kind: by words, and all of them."""

    def __init__(self, noun: str, row: type[Row]) -> None:
        self.found = Sql(noun).rows("found", row)
        self.everything = Sql(noun).rows("everything", row)


_TRACKS = Pair("tracks", TrackRow)
_ALBUMS = Pair("albums", AlbumRow)
_ARTISTS = Pair("artists", ArtistRow)
_FOLDERS = Pair("folders", FolderRow)
_SQL = Sql("tracks")
_FOUND_NEWER = _SQL.rows("found_newer", TrackRow)
_COUNT_FOUND_NEWER = _SQL.value("count_found_newer", int)
_NEWER = _SQL.rows("newer", TrackRow)
_COUNT_NEWER = _SQL.value("count_newer", int)


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
        return await self._find(_TRACKS, text, user, libraries, cut)

    async def newer(
        self, text: str, since: datetime, user: UserRow, cut: Cut
    ) -> tuple[list[TrackRow], int]:
        """Songs that were added after a moment, and how many there are; without words the last ones first."""
        given: dict[str, Any] = {"libraries": user.libraries, "since": since}
        page = {"user": user.id, "size": cut.size, "offset": cut.offset}
        if not text:
            total = await _COUNT_NEWER(self._on, **given)
            return await _NEWER(self._on, **given, **page), total or 0
        query = prefix_query(text)
        if not query:
            return [], 0
        given["query"] = query
        total = await _COUNT_FOUND_NEWER(self._on, **given)
        rows = await _FOUND_NEWER(self._on, text=sort_key(text, ()), **given, **page)
        return rows, total or 0

    async def albums(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[AlbumRow]:
        """Albums, by name and artist."""
        return await self._find(_ALBUMS, text, user, libraries, cut)

    async def artists(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[ArtistRow]:
        """Artists, by name; everything means those with albums of their own."""
        return await self._find(_ARTISTS, text, user, libraries, cut)

    async def folders(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[FolderRow]:
        """Folders at the top of a library, by name."""
        return await self._find(_FOLDERS, text, user, libraries, cut)

    async def _find(
        self, pair: Pair[Row], text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[Row]:
        given: dict[str, Any] = {
            "user": user.id,
            "libraries": libraries,
            "size": cut.size,
            "offset": cut.offset,
        }
        if cut.size <= 0:
            return []
        if not text:
            return await pair.everything(self._on, **given)
        query = prefix_query(text)
        # Only signs were typed: nothing can match, and an empty tsquery would only warn.
        return (
            await pair.found(self._on, query=query, text=sort_key(text, ()), **given)
            if query
            else []
        )
