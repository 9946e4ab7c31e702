"""What is known again keeps its id, and what users attached to it; what is forgotten takes it along."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from db.queries import Executor, Sql
from db.twins import Twins

Pairs = Sequence[tuple[int, int]]
"""The row that stays, and the one that says what is new."""


class RoleRow(Struct, frozen=True):
    """Who takes which part in a song."""

    track_id: int
    role: str
    position: int
    artist_id: int


class _Count(Struct, frozen=True):
    id: int
    songs: int


class _Pair(Struct, frozen=True):
    old: int
    new: int


_SQL = Sql("identity")
_CLEAR_ROLES = _SQL.command("clear_roles")
_BURY_TRACKS = _SQL.command("bury_tracks")
_FOLD_TRACKS = _SQL.command("fold_tracks")
_MOVE_ROLES = _SQL.command("move_roles")
_MOVE_MARKS = _SQL.command("move_marks")
_AVERAGE = _SQL.command("average")
_MOVE_PLAYS = _SQL.command("move_plays")
_MOVE_PLAYING = _SQL.command("move_playing")
_MOVE_TWINS = _SQL.command("move_twins")
_MOVE_LISTED = _SQL.command("move_listed")
_MOVE_QUEUED = _SQL.command("move_queued")
_MOVE_IN_JUKEBOX = _SQL.command("move_in_jukebox")
_MOVE_SHARED = _SQL.command("move_shared")
_DROP_TRACKS = _SQL.command("drop_tracks")
_FOLDERS_LEFT = _SQL.rows("folders_left", _Pair)
_MOVE_SONGS = _SQL.command("move_songs")
_DROP_ALBUM = _SQL.value("drop_album", str)
_NAME_ALBUM = _SQL.command("name_album")
_MISSING_ON = _SQL.rows("missing_on", _Count)
_REREAD = _SQL.command("reread")
_ROLES = _SQL.rows("roles", RoleRow)
_LEFT = _SQL.rows("left", _Count)
_NAME_IN_SONGS = _SQL.command("name_in_songs")
_NAME_IN_ALBUMS = _SQL.command("name_in_albums")
_MOVE_CREDITS = _SQL.command("move_credits")
_MOVE_ALBUMS = _SQL.command("move_albums")
_YIELD_NAME = _SQL.command("yield_name")
_TAKE_NAME = _SQL.command("take_name")
_DROP_ARTIST = _SQL.command("drop_artist")
_LEAVING = _SQL.rows("leaving", _Pair)
_LEAVING_ALBUMS = _SQL.rows("leaving_albums", _Pair)
_PURGE = _SQL.value("purge", int)
_PURGE_ALBUMS = _SQL.command("purge_albums")


class Identity:
    """A part of a scan's transaction on one library."""

    def __init__(self, on: Executor, library_id: int) -> None:
        self._on = on
        self._library = library_id

    async def fold(self, pairs: Pairs) -> None:
        """Songs (old id, new id) that turned up elsewhere: one row stays, the old one."""
        if not pairs:
            return
        old, new = zip(*pairs, strict=True)
        await _CLEAR_ROLES(self._on, tracks=old)
        await _BURY_TRACKS(self._on, ids=new)
        await _FOLD_TRACKS(self._on, old=old, new=new)
        await _MOVE_ROLES(self._on, old=old, new=new)
        await self._hand_over(pairs)
        await _MOVE_TWINS(self._on, old=old, new=new)
        await _DROP_TRACKS(self._on, ids=new)

    async def _bequeath(self, kind: str, pairs: Pairs) -> None:
        if not pairs:
            return
        twins = Twins(self._on, self._library)
        kin = await twins.part(kind, [new for _, new in pairs])
        await (self._hand_over(pairs) if kind == "track" else self.inherit(kind, pairs))
        await twins.join(kind, kin)

    async def _hand_over(self, pairs: Pairs) -> None:
        """All that users attached to songs (old id, new id), and all places in lists, to the old ones."""
        old, new = zip(*pairs, strict=True)
        await self.inherit("track", pairs)
        for move in (_MOVE_PLAYS, _MOVE_PLAYING, _MOVE_LISTED, _MOVE_QUEUED, _MOVE_IN_JUKEBOX):
            await move(self._on, old=old, new=new)

    async def inherit(self, kind: str, pairs: Pairs) -> None:
        """The first of each pair takes the stars, ratings, plays and shares of the second."""
        if not pairs:
            return
        old, new = zip(*pairs, strict=True)
        await _MOVE_MARKS(self._on, kind=kind, old=old, new=new)
        await _AVERAGE(self._on, kind=kind, ids=old)
        await _MOVE_SHARED(self._on, kind=kind, old=old, new=new)

    async def folders_left(self, moves: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
        """Folders without songs, each with the one that most went to; given how many went where."""
        if not moves:
            return []
        old, new, songs = zip(*moves, strict=True)
        return [
            (row.old, row.new)
            for row in await _FOLDERS_LEFT(self._on, old=old, new=new, songs=songs)
        ]

    async def adopt_album(self, old: int, new: int) -> None:
        """An album that was renamed as a whole keeps its id: the new one's songs and key go to it."""
        await _REREAD(self._on, albums=[old], artists=[])
        await _MOVE_SONGS(self._on, old=old, new=new)
        await self.inherit("album", [(old, new)])
        key = await _DROP_ALBUM(self._on, album=new)
        await _NAME_ALBUM(self._on, album=old, key=key, library=self._library)

    async def missing_on(self, albums: Collection[int]) -> dict[int, int]:
        """How many songs of each album are missing; none where that is none."""
        if not albums:
            return {}
        return {row.id: row.songs for row in await _MISSING_ON(self._on, albums=list(albums))}

    async def roles(self, tracks: Sequence[int]) -> list[RoleRow]:
        """The artists and album artists of songs."""
        return await _ROLES(self._on, tracks=tracks) if tracks else []

    async def left(self, artists: Collection[int]) -> dict[int, int]:
        """Those of the artists whom no song names; with how many that are missing do."""
        if not artists:
            return {}
        return {row.id: row.songs for row in await _LEFT(self._on, artists=list(artists))}

    async def adopt_artist(self, old: int, new: int) -> None:
        """An artist who was renamed in all songs keeps the id."""
        await _REREAD(self._on, albums=[], artists=[old])
        ids = {"before": rf'"id":{new}(?=[,}}])', "after": f'"id":{old}', "new": new}
        await _NAME_IN_SONGS(self._on, **ids)
        await _NAME_IN_ALBUMS(self._on, **ids)
        await _MOVE_CREDITS(self._on, old=old, new=new)
        await _MOVE_ALBUMS(self._on, old=old, new=new)
        await self.inherit("artist", [(old, new)])
        await _YIELD_NAME(self._on, new=new)
        await _TAKE_NAME(self._on, old=old, new=new)
        await _DROP_ARTIST(self._on, new=new)

    async def purge(self, days: int) -> int:
        """Forget songs that have been missing for so long; how many.

        What users attached to one goes to the file that stands for it, if there is one.
        """
        leaving = await _LEAVING(self._on, library=self._library, days=days)
        await self._bequeath("track", [(row.old, row.new) for row in leaving])
        gone = await _PURGE(self._on, library=self._library, days=days) or 0
        albums = await _LEAVING_ALBUMS(self._on, library=self._library, days=days)
        await self._bequeath("album", [(row.old, row.new) for row in albums])
        await _PURGE_ALBUMS(self._on, library=self._library, days=days)
        return gone
