"""Lists of albums and songs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from db.albums import AlbumOrder, AlbumPage
from db.rows import AlbumRow
from db.words import fold
from subsonic import entries, pieces
from subsonic.endpoint import Call, Query, clamp, endpoint
from subsonic.errors import BadParameterError
from subsonic.models.lists import AlbumList, AlbumList2, Found, FoundID3, NowPlaying, Songs

MOST = 500
"""The longest page, by the protocol; more is cut, not refused."""
FURTHEST = 2**31 - 1
_YEARS = 9999


class AlbumListQuery(Query, frozen=True, kw_only=True):
    """Which albums, in which order, which page of them."""

    type: AlbumOrder
    size: int = 10
    offset: int = 0
    from_year: int | None = None
    to_year: int | None = None
    genre: str | None = None
    music_folder_id: tuple[int, ...] = ()


@endpoint("getAlbumList", key="albumList", scope="stream")
async def get_album_list(call: Call, *, query: AlbumListQuery) -> AlbumList:
    """Return a page of albums as directories."""
    return AlbumList(album=[entries.album_directory(row) for row in await _albums(call, query)])


@endpoint("getAlbumList2", key="albumList2", scope="stream")
async def get_album_list2(call: Call, *, query: AlbumListQuery) -> AlbumList2:
    """Return a page of albums."""
    return AlbumList2(album=[entries.album(row) for row in await _albums(call, query)])


@endpoint("getRandomSongs", key="randomSongs", scope="stream")
async def get_random_songs(
    call: Call,
    *,
    size: int = 10,
    genre: str | None = None,
    from_year: int | None = None,
    to_year: int | None = None,
    music_folder_id: tuple[int, ...] = (),
) -> Songs:
    """Return any songs, each once."""
    tracks, libraries = call.services.db.tracks, call.libraries(music_folder_id)
    size = clamp(size, MOST)
    if genre is None and from_year is None and to_year is None:
        rows = await tracks.random(call.user, libraries, size)
    else:
        key = None if genre is None else fold(genre)
        first, last = _year(from_year), _year(to_year)
        rows = await tracks.random_from(call.user, libraries, size, key, first, last)
    return Songs(song=[entries.song(row) for row in rows])


@endpoint("getSongsByGenre", key="songsByGenre", scope="stream")
async def get_songs_by_genre(
    call: Call,
    *,
    genre: str,
    count: int = 10,
    offset: int = 0,
    music_folder_id: tuple[int, ...] = (),
) -> Songs:
    """Return a page of a genre's songs."""
    rows = await call.services.db.tracks.by_genre(
        fold(genre),
        call.user,
        call.libraries(music_folder_id),
        clamp(count, MOST),
        clamp(offset, FURTHEST),
    )
    return Songs(song=[entries.song(row) for row in rows])


@endpoint("getNowPlaying", key="nowPlaying", scope="read")
async def get_now_playing(call: Call) -> NowPlaying:
    """Return what everybody hears."""
    now = datetime.now(UTC)
    rows = await call.services.db.plays.heard(call.user)
    return NowPlaying(entry=[entries.playing(row, now, at) for at, row in enumerate(rows, 1)])


@endpoint("getStarred", key="starred", scope="stream")
async def get_starred(call: Call, *, music_folder_id: tuple[int, ...] = ()) -> Found:
    """Return the user's stars; starred folders stand among the albums."""
    db, libraries = call.services.db, call.libraries(music_folder_id)
    artists, albums, folders, tracks = await asyncio.gather(
        db.artists.starred(call.user, libraries),
        db.albums.starred(call.user, libraries),
        db.folders.starred(call.user, libraries),
        db.tracks.starred(call.user, libraries),
    )
    return Found(
        artist=[entries.artist_directory(row) for row in artists],
        album=[*map(entries.album_directory, albums), *map(entries.folder_directory, folders)],
        song=await pieces.songs(call, tracks),
    )


@endpoint("getStarred2", key="starred2", scope="stream")
async def get_starred2(call: Call, *, music_folder_id: tuple[int, ...] = ()) -> FoundID3:
    """Return the user's stars, by the tags."""
    db, libraries = call.services.db, call.libraries(music_folder_id)
    artists, albums, tracks = await asyncio.gather(
        db.artists.starred(call.user, libraries),
        db.albums.starred(call.user, libraries),
        db.tracks.starred(call.user, libraries),
    )
    return FoundID3(
        artist=[entries.artist(row) for row in artists],
        album=[entries.album(row) for row in albums],
        song=await pieces.songs(call, tracks),
    )


async def _albums(call: Call, query: AlbumListQuery) -> list[AlbumRow]:
    first, last = _year(query.from_year), _year(query.to_year)
    if query.type is AlbumOrder.BY_YEAR and (first is None or last is None):
        raise BadParameterError("A list by year needs the parameters 'fromYear' and 'toYear'.")
    if query.type is AlbumOrder.BY_GENRE and query.genre is None:
        raise BadParameterError("A list by genre needs the parameter 'genre'.")
    page = AlbumPage(
        query.type,
        call.libraries(query.music_folder_id),
        clamp(query.size, MOST),
        clamp(query.offset, FURTHEST),
        first or 0,
        last or 0,
        fold(query.genre or ""),
    )
    return await call.services.db.albums.page(page, call.user)


def _year(year: int | None) -> int | None:
    return None if year is None else clamp(year, _YEARS)
