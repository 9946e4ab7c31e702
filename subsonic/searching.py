"""Searching; an empty query is how apps copy the whole library."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from db.rows import AlbumRow, ArtistRow, FolderRow, TrackRow
from db.search import Cut
from subsonic import entries
from subsonic.endpoint import Call, Query, Text, clamp, endpoint
from subsonic.lists import FURTHEST
from subsonic.models.lists import Found, FoundID3, Matches

MOST = 10_000
"""The longest list of one kind in one answer. Some apps ask for millions at once and then for more."""

_LAST = 4_102_444_800_000
"""2100, in ms since 1970: nothing is newer."""


class SearchQuery(Query, frozen=True, kw_only=True):
    """What to find, and which page of each kind; their counts and offsets know nothing of each other."""

    query: Text
    artist_count: int = 20
    artist_offset: int = 0
    album_count: int = 20
    album_offset: int = 0
    song_count: int = 20
    song_offset: int = 0
    music_folder_id: tuple[int, ...] = ()


@endpoint("search", key="searchResult", scope="stream")
async def search(
    call: Call,
    *,
    artist: str = "",
    album: str = "",
    title: str = "",
    any: str = "",
    count: int = 20,
    offset: int = 0,
    newer_than: int = 0,
) -> Matches:
    """Find songs, for the oldest apps. A song is found by all its words, whichever of the four asks."""
    words = " ".join(map(_plain, (artist, album, title, any))).strip()
    since = datetime.fromtimestamp(clamp(newer_than, _LAST) / 1000, UTC)
    cut = _cut(count, offset)
    rows, total = await call.services.db.search.newer(words, since, call.user, cut)
    return Matches(offset=cut.offset, total_hits=total, match=[entries.song(row) for row in rows])


@endpoint("search2", key="searchResult2", scope="stream")
async def search2(call: Call, *, search: SearchQuery) -> Found:
    """Find folders, albums and songs for apps that browse folders."""
    find = Finder(call, search)
    folders, albums, tracks = await asyncio.gather(find.folders(), find.albums(), find.tracks())
    return Found(
        artist=[entries.folder_artist(row) for row in folders],
        album=[entries.album_directory(row) for row in albums],
        song=[entries.song(row) for row in tracks],
    )


@endpoint("search3", key="searchResult3", scope="stream")
async def search3(call: Call, *, search: SearchQuery) -> FoundID3:
    """Find artists, albums and songs by the tags."""
    find = Finder(call, search)
    artists, albums, tracks = await asyncio.gather(find.artists(), find.albums(), find.tracks())
    return FoundID3(
        artist=[entries.artist(row) for row in artists],
        album=[entries.album(row) for row in albums],
        song=[entries.song(row) for row in tracks],
    )


class Finder:
    """One search for several kinds of things."""

    def __init__(self, call: Call, wanted: SearchQuery) -> None:
        self._search = call.services.db.search
        self._wanted = wanted
        self._what = _plain(wanted.query), call.user, call.libraries(wanted.music_folder_id)

    async def folders(self) -> list[FolderRow]:
        """What stands for artists in the folder tree."""
        return await self._search.folders(*self._what, self._artist_cut)

    async def artists(self) -> list[ArtistRow]:
        """Artists of the tags."""
        return await self._search.artists(*self._what, self._artist_cut)

    async def albums(self) -> list[AlbumRow]:
        """Albums."""
        cut = _cut(self._wanted.album_count, self._wanted.album_offset)
        return await self._search.albums(*self._what, cut)

    async def tracks(self) -> list[TrackRow]:
        """Songs."""
        cut = _cut(self._wanted.song_count, self._wanted.song_offset)
        return await self._search.tracks(*self._what, cut)

    @property
    def _artist_cut(self) -> Cut:
        return _cut(self._wanted.artist_count, self._wanted.artist_offset)


def _plain(query: str) -> str:
    """`""` is how the documentation and several apps write an empty query, `x*` how others write x."""
    return query.replace('"', " ").strip().rstrip("*").strip()


def _cut(count: int, offset: int) -> Cut:
    return Cut(clamp(count, MOST), clamp(offset, FURTHEST))
