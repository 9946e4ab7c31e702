"""Browsing: by real folders and by tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from db.rows import ArtistRow, FolderRow
from subsonic import entries, ids
from subsonic.endpoint import Call, endpoint
from subsonic.errors import NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.browsing import (
    AlbumWithSongs,
    ArtistsID3,
    ArtistWithAlbums,
    Directory,
    Genre,
    Genres,
    Index,
    Indexes,
    IndexID3,
    MusicFolder,
    MusicFolders,
)
from subsonic.models.media import Child


@endpoint("getMusicFolders", key="musicFolders", scope="stream")
async def get_music_folders(call: Call) -> MusicFolders:
    """List the libraries of the user."""
    rows = await call.services.db.libraries.all()
    mine = [row for row in rows if row.id in call.user.libraries]
    return MusicFolders(music_folder=[MusicFolder(id=row.id, name=row.name) for row in mine])


@endpoint("getIndexes", key="indexes", scope="stream")
async def get_indexes(
    call: Call, *, music_folder_id: tuple[int, ...] = (), if_modified_since: int = 0
) -> Indexes:
    """Return the top of the folder tree, without entries if nothing changed since."""
    libraries = call.libraries(music_folder_id)
    if music_folder_id and not libraries:
        raise NotFoundError("There is no such music folder.")
    changed = await _last_modified(call, libraries)
    folders: list[FolderRow] = []
    loose: list[Child] = []
    if changed > if_modified_since:
        folders = await call.services.db.folders.top(call.user, libraries)
        tracks = await call.services.db.tracks.in_roots(call.user, libraries)
        videos = await call.services.db.videos.in_roots(call.user, libraries)
        loose = [*map(entries.song, tracks), *map(entries.video, videos)]
    return Indexes(
        last_modified=changed,
        ignored_articles=_articles(call),
        shortcut=[],
        index=[
            Index(name=letter, artist=[entries.folder_artist(row) for row in rows])
            for letter, rows in _by_letter(folders)
        ],
        child=loose,
    )


@endpoint("getMusicDirectory", key="directory", scope="stream")
async def get_music_directory(call: Call, *, id: str) -> Directory:
    """Return what is in a folder; an artist or album of the other tree can be opened too."""
    kind, number = parse(id, Kind.FOLDER, Kind.ALBUM, Kind.ARTIST)
    return await _DIRECTORIES[kind](call, number)


@endpoint("getGenres", key="genres", scope="stream")
async def get_genres(call: Call) -> Genres:
    """List all genres with their counts."""
    rows = await call.services.db.genres.all(call.user.libraries)
    return Genres(
        genre=[
            Genre(value=row.name, song_count=row.song_count, album_count=row.album_count)
            for row in rows
        ]
    )


@endpoint("getArtists", key="artists", scope="stream")
async def get_artists(call: Call, *, music_folder_id: tuple[int, ...] = ()) -> ArtistsID3:
    """List all album artists by letter."""
    rows = await call.services.db.artists.album_artists(call.user, call.libraries(music_folder_id))
    return ArtistsID3(
        ignored_articles=_articles(call),
        index=[
            IndexID3(name=letter, artist=[entries.artist(row) for row in group])
            for letter, group in _by_letter(rows)
        ],
    )


@endpoint("getArtist", key="artist", scope="stream")
async def get_artist(call: Call, *, id: str) -> ArtistWithAlbums:
    """Return an artist and the albums."""
    number = parse(id, Kind.ARTIST).number
    row = _found(await call.services.db.artists.get(number, call.user))
    albums = await call.services.db.albums.by_artist(number, call.user)
    return entries.artist_with_albums(row, albums)


@endpoint("getAlbum", key="album", scope="stream")
async def get_album(call: Call, *, id: str) -> AlbumWithSongs:
    """Return an album and its songs."""
    number = parse(id, Kind.ALBUM).number
    row = _found(await call.services.db.albums.get(number, call.user))
    tracks = await call.services.db.tracks.by_album(row.id, call.user)
    return entries.album_with_songs(row, tracks)


@endpoint("getSong", key="song", scope="stream")
async def get_song(call: Call, *, id: str) -> Child:
    """Return a song."""
    number = parse(id, Kind.TRACK).number
    return entries.song(_found(await call.services.db.tracks.get(number, call.user)))


async def _folder(call: Call, number: int) -> Directory:
    db = call.services.db
    row = _found(await db.folders.get(number, call.user))
    folders = await db.folders.inside(number, call.user)
    merged = call.services.settings.library.duplicates == "merge"
    tracks = await db.tracks.by_folder(number, call.user, merged=merged)
    videos = await db.videos.by_folder(number, call.user)
    return Directory(
        id=ids.folder(number),
        parent=None if row.parent_id is None else ids.folder(row.parent_id),
        name=row.name,
        cover_art=entries.cover(row.picture_id),
        starred=entries.date(row.starred),
        user_rating=row.rating,
        average_rating=row.average_rating,
        play_count=row.play_count or 0,
        child=[
            *map(entries.folder_directory, folders),
            *map(entries.song, tracks),
            *map(entries.video, videos),
        ],
    )


async def _album(call: Call, number: int) -> Directory:
    row = _found(await call.services.db.albums.get(number, call.user))
    head = entries.album_directory(row)
    tracks = await call.services.db.tracks.by_album(row.id, call.user)
    return Directory(
        id=head.id,
        parent=head.parent,
        name=head.title,
        cover_art=head.cover_art,
        starred=head.starred,
        user_rating=head.user_rating,
        average_rating=head.average_rating,
        play_count=head.play_count,
        child=[entries.song(track) for track in tracks],
    )


async def _artist(call: Call, number: int) -> Directory:
    row = _found(await call.services.db.artists.get(number, call.user))
    albums = await call.services.db.albums.by_artist(number, call.user)
    return Directory(
        id=ids.artist(number),
        name=row.name,
        cover_art=entries.cover(row.picture_id),
        starred=entries.date(row.starred),
        user_rating=row.rating,
        average_rating=row.average_rating,
        child=[entries.album_directory(album) for album in albums],
    )


_DIRECTORIES = {Kind.FOLDER: _folder, Kind.ALBUM: _album, Kind.ARTIST: _artist}


async def _last_modified(call: Call, libraries: Iterable[int]) -> int:
    """When these libraries changed last, in ms since 1970; 0 if there are none."""
    rows = await call.services.db.libraries.all()
    times = [int(row.changed.timestamp() * 1000) for row in rows if row.id in libraries]
    return max(times, default=0)


def _articles(call: Call) -> str:
    return " ".join(call.services.settings.library.ignored_articles)


def _by_letter(rows: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """Rows under their headings, `#` first."""
    letter: Callable[[ArtistRow | FolderRow], str] = lambda row: row.letter  # noqa: E731
    return [(name, list(group)) for name, group in groupby(sorted(rows, key=letter), letter)]


def _found(row: Any) -> Any:
    if row is None:
        raise NotFoundError
    return row
