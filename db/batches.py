"""Batches of a scan: what was read is written set by set, in one transaction.

Only a scan that was claimed writes here, and only one runs at a time, so nothing is locked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from db.cards import AlbumTags, TrackCard
from db.identity import Identity
from db.portraits import Portraits
from db.queries import Executor, Sql
from db.twins import Twins
from db.video_files import VideoFiles
from db.writes import AlbumWrite, ArtistWrite, FolderWrite, RoleWrite, TrackWrite


class AlbumSong(Struct, frozen=True):
    """A song as its album is made from it."""

    id: int
    album_id: int
    path: bytes
    duration: float
    genre_keys: list[str]
    picture_hash: bytes | None
    picture_id: int | None
    created: datetime
    card: TrackCard
    tags: AlbumTags


class ArtistState(Struct, frozen=True):
    """An artist."""

    id: int
    key: str
    name: str
    sort_name: str
    mbid: str | None
    added: bool


class AlbumState(Struct, frozen=True):
    """An album, by key."""

    id: int
    key: str
    picture_id: int | None
    missing: bool


class _Id(Struct, frozen=True):
    id: int


class _Key(Struct, frozen=True):
    key: str


class _FolderPicture(Struct, frozen=True):
    folder_id: int
    picture_id: int


class _Picture(Struct, frozen=True):
    id: int
    hash: bytes


_SQL = Sql("catalog")
_UNLIMITED = _SQL.command("unlimited")
_ALBUM_SONGS = _SQL.rows("album_songs", AlbumSong)
_NEW_IDS = _SQL.value("new_ids", list)
_ADD_ARTISTS = _SQL.rows("add_artists", ArtistState)
_CHANGE_ARTISTS = _SQL.command("change_artists")
_ADD_FOLDERS = _SQL.command("add_folders")
_CHANGE_FOLDERS = _SQL.command("change_folders")
_RENAME_ROOT = _SQL.command("rename_root")
_SAVE_PICTURES = _SQL.command("save_pictures")
_PICTURE_IDS = _SQL.rows("picture_ids", _Picture)
_SAVE_IMAGES = _SQL.command("save_images")
_DROP_IMAGES = _SQL.command("drop_images")
_MEND_PICTURES = _SQL.command("mend_pictures")
_DROP_PICTURES = _SQL.command("drop_pictures")
_ALBUMS_IN = _SQL.rows("albums_in", _Id)
_FOLDER_PICTURES = _SQL.rows("folder_pictures", _FolderPicture)
_ALBUMS_BY_KEY = _SQL.rows("albums_by_key", AlbumState)
_ADD_ALBUMS = _SQL.command("add_albums")
_CHANGE_ALBUMS = _SQL.command("change_albums")
_EMPTY_ALBUMS = _SQL.command("empty_albums")
_CLEAR_ALBUM_ARTISTS = _SQL.command("clear_album_artists")
_ADD_ALBUM_ARTISTS = _SQL.command("add_album_artists")
_ADD_TRACKS = _SQL.command("add_tracks")
_CHANGE_TRACKS = _SQL.command("change_tracks")
_ALBUMS_OF = _SQL.rows("albums_of", _Id)
_ARTISTS_OF = _SQL.rows("artists_of", _Id)
_GENRES_OF = _SQL.rows("genres_of", _Key)
_CLEAR_ROLES = _SQL.command("clear_roles")
_ADD_ROLES = _SQL.command("add_roles")
_PICTURE_TRACKS = _SQL.command("picture_tracks")
_TOUCH_TRACKS = _SQL.command("touch_tracks")
_BURY_TRACKS = _SQL.command("bury_tracks")
_SAVE_PROBLEMS = _SQL.command("save_problems")
_DROP_PROBLEMS = _SQL.command("drop_problems")
_COUNT_ARTISTS = _SQL.command("count_artists")
_UNCOUNT_ARTISTS = _SQL.command("uncount_artists")
_COUNT_GENRES = _SQL.command("count_genres")
_UNCOUNT_GENRES = _SQL.command("uncount_genres")
_ANALYSE = _SQL.command("analyse")
_CLEAN_WORDS = _SQL.value("clean_words", int)
_CHANGED = _SQL.command("changed")
_SCANNED = _SQL.command("scanned")


class Batch:
    """One transaction on one library."""

    def __init__(self, connection: Executor, library_id: int) -> None:
        self._on = connection
        self.library_id = library_id
        self.videos = VideoFiles(connection, library_id)
        self.portraits = Portraits(connection, library_id)
        self.identity = Identity(connection, library_id)
        self.twins = Twins(connection, library_id)

    def on(self, library_id: int) -> Batch:
        """The same transaction, on another library."""
        return Batch(self._on, library_id)

    async def begin(self) -> None:
        """The limit that requests have is not for scans."""
        await _UNLIMITED(self._on)

    async def new_ids(self, table: str, count: int) -> list[int]:
        """Ids for rows to come."""
        return await _NEW_IDS(self._on, table=table, count=count) or [] if count else []

    async def add_artists(self, rows: Sequence[ArtistWrite]) -> list[ArtistState]:
        """Make artists; those that exist are answered as they are."""
        return await _ADD_ARTISTS(self._on, **_columns(rows)) if rows else []

    async def change_artists(self, rows: Sequence[ArtistWrite]) -> None:
        """Give artists other names."""
        if rows:
            await _CHANGE_ARTISTS(self._on, **_columns(rows))

    async def add_folders(self, rows: Sequence[FolderWrite]) -> None:
        if rows:
            await _ADD_FOLDERS(self._on, library=self.library_id, **_columns(rows))

    async def change_folders(self, rows: Sequence[tuple[int, int, bool]]) -> None:
        """Set the picture (0: none) of folders, and whether they are missing."""
        if rows:
            ids, pictures, missing = zip(*rows, strict=True)
            await _CHANGE_FOLDERS(self._on, id=ids, picture_id=pictures, missing=missing)

    async def rename_root(self, sort_name: str, letter: str) -> None:
        """The root folder is called what the library is called."""
        await _RENAME_ROOT(self._on, library=self.library_id, sort_name=sort_name, letter=letter)

    async def pictures(self, found: Sequence[tuple[bytes, bool, bytes]]) -> dict[bytes, int]:
        """Ids by hash of pictures, given as hash, whether embedded, and path."""
        if not found:
            return {}
        unique = {hash_: (hash_, embedded, path) for hash_, embedded, path in reversed(found)}
        hashes, embedded, paths = zip(*unique.values(), strict=True)
        await _SAVE_PICTURES(
            self._on, library=self.library_id, hash=hashes, embedded=embedded, path=paths
        )
        return await self.picture_ids(hashes)

    async def picture_ids(self, hashes: Collection[bytes]) -> dict[bytes, int]:
        """Ids by hash of the pictures that there are."""
        if not hashes:
            return {}
        rows = await _PICTURE_IDS(self._on, library=self.library_id, hashes=list(set(hashes)))
        return {row.hash: row.id for row in rows}

    async def save_images(self, rows: Sequence[tuple[bytes, int, int, int]]) -> None:
        """Note cover files: path, size, time of change, picture (0: unusable)."""
        if rows:
            paths, sizes, times, pictures = zip(*rows, strict=True)
            await _SAVE_IMAGES(
                self._on, library=self.library_id, path=paths, size=sizes, mtime_ns=times,
                picture_id=pictures,
            )  # fmt: skip

    async def drop_images(self, paths: Sequence[bytes]) -> None:
        """Forget cover files that are gone."""
        if paths:
            await _DROP_IMAGES(self._on, library=self.library_id, paths=paths)

    async def mend_pictures(self, paths: Sequence[bytes]) -> None:
        """Find another file for pictures whose files these were."""
        if paths:
            await _MEND_PICTURES(self._on, library=self.library_id, paths=paths)

    async def folder_pictures(self) -> dict[int, int]:
        """The picture of an album in each folder with songs."""
        rows = await _FOLDER_PICTURES(self._on, library=self.library_id)
        return {row.folder_id: row.picture_id for row in rows}

    async def drop_pictures(self) -> None:
        """Forget pictures that nothing shows."""
        await _DROP_PICTURES(self._on, library=self.library_id)

    async def albums_in(self, folders: Collection[bytes]) -> set[int]:
        """The albums with songs in these folders, or right below them."""
        if not folders:
            return set()
        rows = await _ALBUMS_IN(self._on, library=self.library_id, folders=list(folders))
        return {row.id for row in rows}

    async def albums(self, keys: Collection[str]) -> dict[str, AlbumState]:
        """The albums of these keys that there are."""
        if not keys:
            return {}
        rows = await _ALBUMS_BY_KEY(self._on, library=self.library_id, keys=list(keys))
        return {row.key: row for row in rows}

    async def add_albums(self, rows: Sequence[AlbumWrite], artists: Artists) -> None:
        """Make albums and say whose they are."""
        if rows:
            await _ADD_ALBUMS(self._on, library=self.library_id, **_columns(rows))
            await self._add_album_artists(artists)

    async def change_albums(self, rows: Sequence[AlbumWrite], artists: Artists) -> None:
        """Write albums anew; their keys and the time they were added stay."""
        if rows:
            columns = _columns(rows)
            del columns["key"], columns["created"]
            await _CHANGE_ALBUMS(self._on, **columns)
            await _CLEAR_ALBUM_ARTISTS(self._on, albums=columns["id"])
            await self._add_album_artists(artists)

    async def _add_album_artists(self, artists: Artists) -> None:
        if artists:
            albums, ids, positions = zip(*artists, strict=True)
            await _ADD_ALBUM_ARTISTS(self._on, album_id=albums, artist_id=ids, position=positions)

    async def empty_albums(self, ids: Collection[int]) -> None:
        """These have no song left that is there."""
        if ids:
            await _EMPTY_ALBUMS(self._on, ids=list(ids))

    async def album_songs(self, ids: Collection[int]) -> list[AlbumSong]:
        """The songs that are there, by album, disc and track."""
        return await _ALBUM_SONGS(self._on, albums=list(ids)) if ids else []

    async def add_tracks(self, rows: Sequence[TrackWrite], reader: int, scan: int) -> None:
        if rows:
            await _ADD_TRACKS(
                self._on, library=self.library_id, reader=reader, scan=scan, **_columns(rows)
            )

    async def change_tracks(self, rows: Sequence[TrackWrite], reader: int) -> None:
        """Write songs anew, wherever their files are now."""
        if rows:
            columns = _columns(rows)
            # Out of the way first, so that songs can change places.
            await _BURY_TRACKS(self._on, ids=columns["id"])
            await _CHANGE_TRACKS(self._on, reader=reader, **columns)

    async def roles(self, changed: Sequence[int], rows: Sequence[RoleWrite]) -> None:
        """Say who took part; of changed songs, what was said before is forgotten."""
        if changed:
            await _CLEAR_ROLES(self._on, tracks=changed)
        if rows:
            await _ADD_ROLES(self._on, **_columns(rows))

    async def picture_tracks(
        self, albums: Collection[int], discs: Sequence[tuple[int, int, int]]
    ) -> None:
        """Songs without a picture of their own show that of their disc (album, disc, picture) or album."""
        if albums:
            of_album, disc, picture = zip(*discs, strict=True) if discs else ((), (), ())
            await _PICTURE_TRACKS(
                self._on, albums=list(albums), of_album=of_album, disc=disc, picture=picture
            )

    async def revive(self, ids: Sequence[int]) -> None:
        """Files that are there again, as they were."""
        if ids:
            await _TOUCH_TRACKS(self._on, ids=ids)

    async def bury(self, ids: Sequence[int]) -> None:
        """Files that are gone; what users attached to their songs stays."""
        if ids:
            await _BURY_TRACKS(self._on, ids=ids)

    async def involved(self, ids: Sequence[int]) -> tuple[set[int], set[int], set[str]]:
        """Albums, artists and genres of these songs."""
        if not ids:
            return set(), set(), set()
        albums = await _ALBUMS_OF(self._on, ids=ids)
        artists = await _ARTISTS_OF(self._on, ids=ids)
        genres = await _GENRES_OF(self._on, ids=ids)
        return {row.id for row in albums}, {row.id for row in artists}, {row.key for row in genres}

    async def save_problems(self, rows: Sequence[tuple[bytes, int, int, str]], reader: int) -> None:
        """Note what could not be read: path, size, time of change, reason."""
        if rows:
            paths, sizes, times, reasons = zip(*rows, strict=True)
            await _SAVE_PROBLEMS(
                self._on, library=self.library_id, reader=reader, path=paths, size=sizes,
                mtime_ns=times, reason=reasons,
            )  # fmt: skip

    async def drop_problems(self, paths: Sequence[bytes]) -> None:
        """These can be read now, or are gone."""
        if paths:
            await _DROP_PROBLEMS(self._on, library=self.library_id, paths=paths)

    async def count_artists(self, ids: Collection[int]) -> None:
        """Count anew what there is of these artists."""
        if ids:
            await _COUNT_ARTISTS(self._on, artists=list(ids))
            await _UNCOUNT_ARTISTS(self._on, artists=list(ids))

    async def count_genres(self, names: dict[str, str]) -> None:
        """Count anew what there is of these genres, given by key with a name or nothing."""
        if names:
            await _COUNT_GENRES(
                self._on, library=self.library_id, keys=list(names), names=list(names.values())
            )
            await _UNCOUNT_GENRES(self._on, library=self.library_id)

    async def settle(self) -> None:
        """After many changes: let the planner know, and searches find at full speed."""
        await _ANALYSE(self._on)
        await _CLEAN_WORDS(self._on)

    async def tell(self) -> None:
        """The library has changed."""
        await _CHANGED(self._on, library=self.library_id)

    async def scanned(self) -> None:
        """A scan of this library came to its end."""
        await _SCANNED(self._on, library=self.library_id)


Artists = Sequence[tuple[int, int, int]]
"""Album, artist and position."""


def _columns(rows: Sequence[Any]) -> dict[str, Any]:
    """Rows as one array per column."""
    return dict(zip(rows[0]._fields, zip(*rows, strict=True), strict=True))
