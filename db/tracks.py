"""Songs, as a user may see them."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from msgspec import Struct

from db.draws import draws
from db.queries import Executor, Sql
from db.rows import FileRow, OutlineRow, TrackRow, UserRow
from db.words import exact_query, fold


class _Twin(Struct, frozen=True):
    twin: int
    id: int


_SQL = Sql("tracks")
_BY_IDS = _SQL.rows("by_ids", TrackRow)
_OUTLINES = _SQL.rows("outlines", OutlineRow)
_BY_ALBUM = _SQL.rows("by_album", TrackRow)
_BY_FOLDER = _SQL.rows("by_folder", TrackRow)
_MERGED_BY_FOLDER = _SQL.rows("merged_by_folder", TrackRow)
_IN_ROOTS = _SQL.rows("in_roots", TrackRow)
_BY_GENRE = _SQL.rows("by_genre", TrackRow)
_RANDOM = _SQL.rows("random", TrackRow)
_RANDOM_FROM = _SQL.rows("random_from", TrackRow)
_STARRED = _SQL.rows("starred", TrackRow)
_STARRED_OUTLINES = _SQL.rows("starred_outlines", OutlineRow)
_FILE = _SQL.rows("file", FileRow)
_FILES = _SQL.rows("files", FileRow)
_SHOWN_FOR = Sql("twins").rows("shown_for", _Twin)
_NAMED = _SQL.rows("named", FileRow)
_MOST_NAMED = 50
MANY = 1000
"""More songs than this are not read at once: of a longer list its outline, then piece by piece."""

Listed = Sequence[TrackRow | OutlineRow]
"""Songs; of very many only what is to be known before they are read."""
Asked = Mapping[int, TrackRow] | Mapping[int, OutlineRow]
R = TypeVar("R", TrackRow, OutlineRow)


class Tracks:
    """`libraries` is what the answer is taken from; it never holds one the user may not see."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def get(self, track: int, user: UserRow) -> TrackRow | None:
        """One song, or None; for a file that stands behind another, that one."""
        return (await self.as_asked([track], user)).get(track)

    async def by_ids(self, ids: Sequence[int], user: UserRow) -> list[TrackRow]:
        """Those of the songs that exist, in no order."""
        return await _BY_IDS(self._on, user=user.id, libraries=user.libraries, ids=ids)

    async def in_order(self, ids: Sequence[int], user: UserRow) -> list[TrackRow]:
        """Those of the songs that exist, in this order, repeats and all."""
        known = await self.as_asked(ids, user)
        return [known[id] for id in ids if id in known]

    async def as_asked(self, ids: Sequence[int], user: UserRow) -> dict[int, TrackRow]:
        """Those of the songs that exist, by the ids asked for; of several files of one, all name it."""
        return await self._as_asked(ids, partial(self.by_ids, user=user))

    async def outlined(self, ids: Sequence[int], user: UserRow) -> Asked:
        """The same; of very many the outlines."""
        if len(ids) <= MANY:
            return await self.as_asked(ids, user)

        async def outlines(some: Sequence[int]) -> list[OutlineRow]:
            return await _OUTLINES(self._on, libraries=user.libraries, ids=some)

        return await self._as_asked(ids, outlines)

    async def listed(self, ids: Sequence[int], user: UserRow) -> Listed:
        """As `in_order`; the outline of a list that is too long."""
        known = await self.outlined(ids, user)
        return [known[id] for id in ids if id in known]

    async def _as_asked(
        self, ids: Sequence[int], read: Callable[[Sequence[int]], Awaitable[list[R]]]
    ) -> dict[int, R]:
        known = {row.id: row for row in await read(ids)}
        others = [id for id in ids if id not in known]
        twins = await _SHOWN_FOR(self._on, ids=others) if others else []
        rows = await read([twin.id for twin in twins]) if twins else []
        shown = {row.id: row for row in rows}
        return known | {twin.twin: shown[twin.id] for twin in twins if twin.id in shown}

    async def by_album(self, album: int, user: UserRow) -> list[TrackRow]:
        """By disc, then by track."""
        return await _BY_ALBUM(self._on, user=user.id, libraries=user.libraries, album=album)

    async def by_folder(
        self, folder: int, user: UserRow, *, merged: bool = False
    ) -> list[TrackRow]:
        """The songs right in a folder; `merged`: for those that stand behind others, these."""
        query = _MERGED_BY_FOLDER if merged else _BY_FOLDER
        return await query(self._on, user=user.id, libraries=user.libraries, folder=folder)

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

    async def starred(self, user: UserRow, libraries: Sequence[int]) -> Listed:
        """The user's starred songs, last starred first."""
        rows = await _STARRED(self._on, user=user.id, libraries=libraries, most=MANY + 1)
        if len(rows) <= MANY:
            return rows
        return await _STARRED_OUTLINES(self._on, user=user.id, libraries=libraries)

    async def file(self, track: int, user: UserRow) -> FileRow | None:
        """Where a song's file is, or None if there is no such song for this user."""
        row = await _FILE.first(self._on, track=track, libraries=user.libraries)
        if row is not None:
            return row
        files = await self.files(track, user)
        return files[0] if files else None

    async def files(self, track: int, user: UserRow) -> list[FileRow]:
        """All files of the recording: the one with this id first, if it is there."""
        return await _FILES(self._on, track=track, libraries=user.libraries)

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
