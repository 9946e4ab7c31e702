"""Searching; an empty query is how apps copy the whole library."""

from __future__ import annotations

import asyncio

from db.rows import AlbumRow, ArtistRow, TrackRow
from db.search import Cut
from subsonic import entries
from subsonic.endpoint import Call, Query, Text, clamp, endpoint
from subsonic.lists import FURTHEST
from subsonic.models import Found, FoundID3

MOST = 10_000
"""The longest list of one kind in one answer. Some apps ask for millions at once and then for more."""


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


@endpoint("search2", key="searchResult2")
async def search2(call: Call, *, search: SearchQuery) -> Found:
    """Find artists, albums and songs for apps that browse folders."""
    artists, albums, tracks = await _find(call, search)
    return Found(
        artist=[entries.artist_directory(row) for row in artists],
        album=[entries.album_directory(row) for row in albums],
        song=[entries.song(row) for row in tracks],
    )


@endpoint("search3", key="searchResult3")
async def search3(call: Call, *, search: SearchQuery) -> FoundID3:
    """Find artists, albums and songs by the tags."""
    artists, albums, tracks = await _find(call, search)
    return FoundID3(
        artist=[entries.artist(row) for row in artists],
        album=[entries.album(row) for row in albums],
        song=[entries.song(row) for row in tracks],
    )


async def _find(
    call: Call, wanted: SearchQuery
) -> tuple[list[ArtistRow], list[AlbumRow], list[TrackRow]]:
    search, user = call.services.db.search, call.user
    libraries = call.libraries(wanted.music_folder_id)
    # `""` is how the documentation and several apps write an empty query, `x*` how others write x.
    text = wanted.query.replace('"', " ").strip().rstrip("*").strip()
    return await asyncio.gather(
        search.artists(text, user, libraries, _cut(wanted.artist_count, wanted.artist_offset)),
        search.albums(text, user, libraries, _cut(wanted.album_count, wanted.album_offset)),
        search.tracks(text, user, libraries, _cut(wanted.song_count, wanted.song_offset)),
    )


def _cut(count: int, offset: int) -> Cut:
    return Cut(clamp(count, MOST), clamp(offset, FURTHEST))
