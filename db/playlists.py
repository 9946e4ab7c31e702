"""Playlists, as a user may see and change them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial

import asyncpg
from msgspec import Struct

from db.errors import TooLongError
from db.queries import Sql
from db.rows import UserRow
from db.smart import Smart
from db.words import sort_key


class PlaylistRow(Struct, frozen=True, gc=False):
    """A playlist that the asking user may read; whose it is."""

    id: int
    user_id: int
    owner: str
    name: str
    comment: str
    public: bool
    created: datetime
    changed: datetime
    smart: bool
    """Whether rules choose its songs."""

    picture_hash: bytes | None
    """Of the picture that somebody gave it."""


class CountedPlaylistRow(PlaylistRow, frozen=True, gc=False):
    """A playlist, and how much of it the asking user sees; the first four pictures of it."""

    song_count: int
    duration: float
    pictures: list[int]
    stale: bool
    """Whether its rules are to be applied again."""


class WholePlaylistRow(PlaylistRow, frozen=True, gc=False):
    """A playlist with all its songs by id, those too that the asking user does not see."""

    songs: list[int]


_SQL = Sql("playlists")
_READABLE = _SQL.rows("readable", CountedPlaylistRow)
_BY_OWNER = _SQL.rows("by_owner", CountedPlaylistRow)
_BY_ID = _SQL.rows("by_id", WholePlaylistRow)
_ADD = _SQL.value("add", int)
_LOCK = _SQL.value("lock", int)
_EDIT = _SQL.value("edit", bool)
_DELETE = _SQL.value("delete", bool)
LONGEST = 200_000
"""No playlist has more songs: it is read as a whole."""


class Edit(Struct, frozen=True, kw_only=True):
    """What is to become of a playlist; None leaves something as it is.

    `remove` counts in the list as the user sees it before the edit, None removes all of that;
    `add` goes to the end.
    """

    name: str | None = None
    comment: str | None = None
    public: bool | None = None
    remove: Sequence[int] | None = ()
    add: Sequence[int] = ()


class Playlists:
    """Everybody reads their own and what is public; an administrator reads and changes all."""

    def __init__(self, pool: asyncpg.Pool, smart: Smart) -> None:
        self._pool = pool
        self._smart = smart

    async def readable(self, user: UserRow) -> list[CountedPlaylistRow]:
        """All that the user may read, sorted by name."""
        asked = partial(_READABLE, self._pool, **_reader(user), libraries=user.libraries)
        return await self._fresh(asked)

    async def by_owner(self, owner: int, user: UserRow) -> list[CountedPlaylistRow]:
        """Those of somebody, public or not, with what `user` sees of them."""
        asked = partial(_BY_OWNER, self._pool, owner=owner, libraries=user.libraries)
        return await self._fresh(asked)

    async def _fresh(
        self, asked: Callable[[], Awaitable[list[CountedPlaylistRow]]]
    ) -> list[CountedPlaylistRow]:
        rows = await asked()
        stale = [row.id for row in rows if row.stale]
        return await asked() if stale and await self._smart.refresh(stale) else rows

    async def open(self, playlist: int, user: UserRow) -> WholePlaylistRow | None:
        """One that the user may read, or None; rules are applied again before it is heard."""
        row = await self.get(playlist, user)
        if row is not None and row.smart and await self._smart.refresh([playlist]):
            return await self.get(playlist, user)
        return row

    async def get(self, playlist: int, user: UserRow) -> WholePlaylistRow | None:
        """One that the user may read, or None; of a smart one, the songs that were chosen last."""
        return await _BY_ID.first(self._pool, playlist=playlist, **_reader(user))

    async def add(self, user: UserRow, name: str, songs: Sequence[int]) -> int | None:
        """Make one; gives its id, or None if one of the songs does not exist for this user.

        Raises TooLongError.
        """
        _check(len(songs))
        return await _ADD(
            self._pool,
            user=user.id,
            libraries=user.libraries,
            name=name,
            sort_name=sort_key(name, ()),
            songs=songs,
        )

    async def edit(self, playlist: int, user: UserRow, edit: Edit) -> bool:
        """All or nothing; False: not theirs to change, or one of the songs does not exist for them.

        So it is where songs are to be changed that rules choose.

        Raises TooLongError.
        """
        indexes = set(edit.remove or ())
        async with self._pool.acquire() as connection, connection.transaction():
            length = await _LOCK(connection, playlist=playlist, **_reader(user))
            if length is None:
                return False
            left = 0 if edit.remove is None else max(0, length - len(indexes))
            _check(left + len(edit.add))
            done = await _EDIT(
                connection,
                playlist=playlist,
                libraries=user.libraries,
                name=edit.name,
                sort_name=None if edit.name is None else sort_key(edit.name, ()),
                comment=edit.comment,
                public=edit.public,
                everything=edit.remove is None,
                indexes=list(indexes),
                songs=edit.add,
            )
        return bool(done)

    async def delete(self, playlist: int, user: UserRow) -> bool:
        """False: there is none, or it is not theirs to delete."""
        return bool(await _DELETE(self._pool, playlist=playlist, **_reader(user)))


def _check(length: int) -> None:
    if length > LONGEST:
        raise TooLongError(f"A playlist has {LONGEST} songs at most.")


def _reader(user: UserRow) -> dict[str, object]:
    return {"user": user.id, "admin": "admin" in user.roles}
