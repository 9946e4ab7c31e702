"""Playlists that files of the libraries make: for scans, nothing here asks who may see what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import msgspec
from msgspec import Struct

from db.queries import Executor, Sql
from db.users import name_key
from db.words import sort_key

Waiting = list[tuple[int, str]]
"""The lines without a song, with their positions."""


class KnownList(Struct, frozen=True):
    """A playlist file as it was read last. `playlist_id` None: somebody deleted the playlist."""

    library_id: int
    path: bytes
    size: int
    mtime_ns: int
    hash: bytes
    playlist_id: int | None
    name: str
    follows: bool
    waiting: str

    def lines(self) -> Waiting:
        """The lines that wait for a song."""
        return msgspec.json.decode(self.waiting, type=Waiting)


class SongPlace(Struct, frozen=True):
    """Where a song lies."""

    id: int
    library_id: int
    path: bytes


class ReadList(Struct, frozen=True, kw_only=True):
    """What a file says, its lines looked up."""

    library_id: int
    path: bytes
    size: int
    mtime_ns: int
    hash: bytes
    name: str
    comment: str = ""
    rules: str = ""
    songs: Sequence[int] | None = None
    """None: those that it has."""
    waiting: Waiting = []


_SQL = Sql("playlist_files")
_KNOWN = _SQL.rows("known", KnownList)
_OWNER = _SQL.value("owner", int)
_PLACES = _SQL.rows("places", SongPlace)
_ADD = _SQL.command("add")
_LOCK = _SQL.value("lock", list)
_FOLLOWS = _SQL.value("follows", bool)
_NOTE = _SQL.command("note")
_WRITE = _SQL.command("write")
_DROP = _SQL.command("drop")
_PAGE = 20_000


class PlaylistFiles:
    """A playlist follows its file until people change its songs, or delete it."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def known(self, libraries: Sequence[int]) -> list[KnownList]:
        """The files of these libraries."""
        return await _KNOWN(self._pool, libraries=libraries)

    async def owner(self, name: str) -> int | None:
        """Whose the playlists are: the user of that name, or the first administrator (empty)."""
        return await _OWNER(self._pool, key=name_key(name))

    async def places(self) -> AsyncIterator[list[SongPlace]]:
        """Where all songs lie, in parts."""
        after = 0
        while rows := await _PLACES(self._pool, after=after, most=_PAGE):
            yield rows
            after = rows[-1].id

    async def add(self, user: int, found: ReadList, *, public: bool) -> None:
        """Make the playlist of a file."""
        await _ADD(
            self._pool, user=user, library=found.library_id, path=found.path, size=found.size,
            mtime_ns=found.mtime_ns, hash=found.hash, name=found.name,
            sort_name=sort_key(found.name, ()), comment=found.comment, public=public,
            songs=found.songs or (), rules=found.rules, waiting=_json(found.waiting),
        )  # fmt: skip

    async def write(self, known: KnownList, found: ReadList) -> None:
        """A file has changed, or lies elsewhere: the playlist says what it says."""
        async with self._following(known) as (connection, songs):
            kept = found.songs is None
            await _note(connection, known, found, known.lines() if kept else found.waiting)
            if songs is not None:
                await _write(connection, known, found, songs if kept else found.songs or ())

    async def fill(self, known: KnownList, songs: dict[int, int]) -> None:
        """Songs that have come for waiting lines, by position: they appear at their places."""
        found = ReadList(
            library_id=known.library_id, path=known.path, size=known.size,
            mtime_ns=known.mtime_ns, hash=known.hash, name=known.name,
        )  # fmt: skip
        waiting = known.lines()
        async with self._following(known) as (connection, there):
            if there is not None:
                left = [line for line in waiting if line[0] not in songs]
                await _note(connection, known, found, left)
                await _write(connection, known, found, merged(there, waiting, songs))

    async def drop(self, known: KnownList) -> None:
        """The file is gone, and with it the playlist, unless people have changed its songs."""
        await _DROP(self._pool, library=known.library_id, path=known.path)

    @asynccontextmanager
    async def _following(
        self, known: KnownList
    ) -> AsyncIterator[tuple[Executor, list[int] | None]]:
        """A transaction, and the songs of the playlist, if it still follows its file."""
        async with self._pool.acquire() as connection, connection.transaction():
            songs = None
            if known.playlist_id is not None:
                songs = await _LOCK(connection, playlist=known.playlist_id)
                follows = await _FOLLOWS(
                    connection, library=known.library_id, path=known.path,
                    playlist=known.playlist_id,
                )  # fmt: skip
                songs = songs if follows else None
            yield connection, songs


def merged(songs: Sequence[int], waiting: Waiting, found: dict[int, int]) -> list[int]:
    """The list with songs put in where their lines wait; the other lines are its songs, in order."""
    places = {position for position, _ in waiting}
    rest = iter(songs)
    made: list[int] = []
    for position in range(len(songs) + len(waiting)):
        if position not in places:
            made.append(next(rest))
        elif position in found:
            made.append(found[position])
    return made


async def _note(on: Executor, known: KnownList, found: ReadList, waiting: Waiting) -> None:
    await _NOTE(
        on, old_library=known.library_id, old_path=known.path, library=found.library_id,
        path=found.path, size=found.size, mtime_ns=found.mtime_ns, hash=found.hash,
        name=found.name, waiting=_json(waiting),
    )  # fmt: skip


async def _write(on: Executor, known: KnownList, found: ReadList, songs: Sequence[int]) -> None:
    await _WRITE(
        on, playlist=known.playlist_id, songs=songs, name=found.name, old_name=known.name,
        sort_name=sort_key(found.name, ()), rules=found.rules,
    )  # fmt: skip


def _json(waiting: Waiting) -> str:
    return msgspec.json.encode(waiting).decode()
