"""Songs, as a user may see them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from db.draws import draws
from db.queries import Executor, Sql
from db.rows import FileRow, TrackRow, UserRow
from db.words import exact_query, fold

_SQL = Sql("tracks")
_BY_IDS = _SQL.rows("by_ids", TrackRow)
_BY_ALBUM = _SQL.rows("by_album", TrackRow)
_BY_FOLDER = _SQL.rows("by_folder", TrackRow)
_IN_ROOTS = _SQL.rows("in_roots", TrackRow)
_BY_GENRE = _SQL.rows("by_genre", TrackRow)
_RANDOM = _SQL.rows("random", TrackRow)
_RANDOM_FROM = _SQL.rows("random_from", TrackRow)
_STARRED = _SQL.rows("starred", TrackRow)
_FILE = _SQL.rows("file", FileRow)
_NAMED = _SQL.rows("named", FileRow)
_MOST_NAMED = 50


class Tracks:
    """`libraries` is what the answer is taken from; it never holds one the user may not see."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def get(self, track: int, user: UserRow) -> TrackRow | None:
        """One song, or None."""
        rows = await self.by_ids([track], user)
        return rows[0] if rows else None

    async def by_ids(self, ids: Sequence[int], user: UserRow) -> list[TrackRow]:
        """Those of the songs that exist, in no order."""
        return await _BY_IDS(self._on, user=user.id, libraries=user.libraries, ids=ids)

    async def in_order(self, ids: Sequence[int], user: UserRow) -> list[TrackRow]:
        """Those of the songs that exist, in this order, repeats and all."""
        known = {row.id: row for row in await self.by_ids(ids, user)}
        return [known[id] for id in ids if id in known]

    async def by_album(self, album: int, user: UserRow) -> list[TrackRow]:
        """By disc, then by track."""
        return await _BY_ALBUM(self._on, user=user.id, libraries=user.libraries, album=album)

    async def by_folder(self, folder: int, user: UserRow) -> list[TrackRow]:
        """The songs right in a folder."""
        return await _BY_FOLDER(self._on, user=user.id, libraries=user.libraries, folder=folder)

    async def in_roots(self, user: UserRow, libraries: Sequence[int]) -> list[TrackRow]:
        """Songs that lie loose in the libraries themselves."""
        return await _IN_ROOTS(self._on, user=user.id, libraries=libraries)

    async def by_genre(
        self, genre: str, user: UserRow, libraries: Sequence[int], size: int, offset: int
    ) -> list[TrackRow]:
        """A page of a genre (folded name), in a stable order."""
        return await _BY_GENRE(
            self._on, user=user.id, libraries=libraries, genre=genre, size=size, offset=offset
        )

    async def random(self, user: UserRow, libraries: Sequence[int], size: int) -> list[TrackRow]:
        """Any songs, each at most once."""
        rows = await _RANDOM(self._on, user=user.id, libraries=libraries, draws=draws(size))
        if len(rows) < size:
            return await self.random_from(user, libraries, size)
        return random.sample(rows, size)

    async def random_from(
        self,
        user: UserRow,
        libraries: Sequence[int],
        size: int,
        genre: str | None = None,
        from_year: int | None = None,
        to_year: int | None = None,
    ) -> list[TrackRow]:
        """Any songs of a genre (folded name) and a span of years."""
        return await _RANDOM_FROM(
            self._on,
            user=user.id,
            libraries=libraries,
            size=size,
            genre=genre,
            from_year=from_year,
            to_year=to_year,
        )

    async def starred(self, user: UserRow, libraries: Sequence[int]) -> list[TrackRow]:
        """The user's starred songs, last starred first."""
        return await _STARRED(self._on, user=user.id, libraries=libraries)

    async def file(self, track: int, user: UserRow) -> FileRow | None:
        """Where a song's file is, or None if there is no such song for this user."""
        return await _FILE.first(self._on, track=track, libraries=user.libraries)

    async def named(self, artist: str, title: str, user: UserRow, most: int = 5) -> list[FileRow]:
        """Where songs of this artist (empty: of any) and title are; case and accents do not count."""
        artist, title = (fold(text.replace("\0", "")) for text in (artist, title))
        query = exact_query(artist, title)
        if not title or not query:
            return []
        rows = await _NAMED(
            self._on, libraries=user.libraries, artist=artist, title=title, query=query,
            size=_MOST_NAMED,
        )  # fmt: skip
        return [row for row in rows if _is_named(row, artist, title)][:most]


def _is_named(row: FileRow, artist: str, title: str) -> bool:
    card = row.card
    names = (card.artist, card.album_artist, *(one.name for one in card.artists))
    return fold(card.title) == title and (not artist or artist in map(fold, names))
