"""Albums, as a user may see them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import Enum
from typing import Any

import msgspec

from db.draws import draws
from db.queries import Executor, Rows, Sql
from db.rows import AlbumRow, UserRow

_SQL = Sql("albums")


def _rows(name: str) -> Rows[AlbumRow]:
    return _SQL.rows(name, AlbumRow)


_BY_IDS = _rows("by_ids")
_ALBUM_FOR = Sql("twins").value("album_for", int)
_OF = {"track": _rows("of_track"), "folder": _rows("of_folder")}
_BY_ARTIST = _rows("by_artist")
_BY_YEAR = _rows("by_year")
_BY_YEAR_FALLING = _rows("by_year_falling")
_BY_GENRE = _rows("by_genre")
_RANDOM = _rows("random")
_RANDOM_FROM_ALL = _rows("random_from_all")


class AlbumOrder(Enum):
    """The lists of albums there are, by their names in the protocol."""

    RANDOM = "random"
    NEWEST = "newest"
    HIGHEST = "highest"
    FREQUENT = "frequent"
    RECENT = "recent"
    BY_NAME = "alphabeticalByName"
    BY_ARTIST = "alphabeticalByArtist"
    STARRED = "starred"
    BY_YEAR = "byYear"
    BY_GENRE = "byGenre"


_PAGES = {
    AlbumOrder.NEWEST: _rows("newest"),
    AlbumOrder.HIGHEST: _rows("highest"),
    AlbumOrder.FREQUENT: _rows("frequent"),
    AlbumOrder.RECENT: _rows("recent"),
    AlbumOrder.BY_NAME: _rows("by_name"),
    AlbumOrder.BY_ARTIST: _rows("by_artist_name"),
    AlbumOrder.STARRED: _rows("starred"),
}


class AlbumPage(msgspec.Struct, frozen=True):
    """Which albums, in which order, which of them."""

    order: AlbumOrder
    libraries: Sequence[int]
    size: int
    offset: int = 0
    from_year: int = 0
    to_year: int = 0
    genre: str = ""
    """Folded name."""


class Albums:
    """An album is there as long as one of its songs is."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def get(self, album: int, user: UserRow) -> AlbumRow | None:
        """One album, or None; for one that stands behind another, that one."""
        row = await self._by_id(album, user)
        if row is None and (shown := await _ALBUM_FOR(self._on, album=album)):
            return await self._by_id(shown, user)
        return row

    async def _by_id(self, album: int, user: UserRow) -> AlbumRow | None:
        return await _BY_IDS.first(self._on, user=user.id, libraries=user.libraries, ids=[album])

    async def of(self, kind: str, item: int, user: UserRow) -> AlbumRow | None:
        """The album of a `track`, or that most songs of a `folder` are of; an `album` is its own."""
        if kind == "album":
            return await self.get(item, user)
        return await _OF[kind].first(self._on, user=user.id, libraries=user.libraries, item=item)

    async def by_artist(self, artist: int, user: UserRow) -> list[AlbumRow]:
        """Oldest first."""
        return await _BY_ARTIST(self._on, user=user.id, libraries=user.libraries, artist=artist)

    async def starred(self, user: UserRow, libraries: Sequence[int]) -> list[AlbumRow]:
        """All the user's starred albums, last starred first."""
        return await self.page(AlbumPage(AlbumOrder.STARRED, libraries, size=2**31 - 1), user)

    async def page(self, page: AlbumPage, user: UserRow) -> list[AlbumRow]:
        """A page of a list; pages of one list join without gap or repeat (`random` has no pages)."""
        given: dict[str, Any] = {"user": user.id, "libraries": page.libraries}
        if page.order is AlbumOrder.RANDOM:
            rows = await _RANDOM(self._on, draws=draws(page.size), **given)
            if len(rows) < page.size:
                return await _RANDOM_FROM_ALL(self._on, size=page.size, **given)
            return random.sample(rows, page.size)
        given |= {"size": page.size, "offset": page.offset}
        if page.order is AlbumOrder.BY_GENRE:
            return await _BY_GENRE(self._on, genre=page.genre, **given)
        if page.order is AlbumOrder.BY_YEAR:
            falling = page.from_year > page.to_year
            query = _BY_YEAR_FALLING if falling else _BY_YEAR
            return await query(self._on, from_year=page.from_year, to_year=page.to_year, **given)
        return await _PAGES[page.order](self._on, **given)
