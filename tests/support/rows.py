"""Rows written by hand: what a scan would need many files for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from asyncpg import Pool
from msgspec import json

from conf.settings import Settings
from db.cards import AlbumCard, TrackCard, VideoCard
from db.database import Database
from db.rows import UserRow
from db.words import name_key, sort_key, vector

WHEN = datetime(2020, 2, 20, 20, 20, 20, tzinfo=UTC)
ARTICLES = Settings().library.ignored_articles
_number = count(1)


class Hand:
    """Writes rows of one library; what is not said is as plain as can be, and the same for all."""

    def __init__(self, pool: Pool, library: int, root: int) -> None:
        self._pool = pool
        self.library = library
        self.root = root

    async def folder(self, name: str, parent: int | None = None, **more: Any) -> int:
        """A folder, at the top unless told; gives its id."""
        return await self._insert(
            "folders",
            _named(name)
            | {"parent_id": parent or self.root, "path": _path(), "letter": "#"}
            | more,
        )

    async def album(self, name: str, artist: str = "Ada", **more: Any) -> int:
        """An album with no song; gives its id."""
        own = {
            "key": str(next(_number)),
            "artist_sort": sort_key(artist, ()),
            "words": vector(name, [artist]),
            "card": json.encode(AlbumCard(name=name, artist=artist)).decode(),
            "created": WHEN,
        }
        return await self._insert("albums", _named(name) | own | more)

    async def track(self, title: str, album: int, **more: Any) -> int:
        """A song that lies in the library itself; gives its id."""
        own: dict[str, Any] = {
            "title_sort": sort_key(title, ()),
            "name_key": name_key(title, ARTICLES),
            "words": vector(title),
            "card": _card(title),
            "album_id": album,
            "folder_id": self.root,
            "path": _path(),
            "size": 1,
            "mtime_ns": 1,
            "created": WHEN,
            "duration": 100.0,
            "bit_rate": 128,
            "suffix": "mp3",
            "content_type": "audio/mpeg",
            "reader": 1,
            "tag_key": "",
            "album_tags": "{}",
            "album_claim": "{}",
        }
        return await self._insert("tracks", own | more)

    async def video(self, title: str, **more: Any) -> int:
        """A video that lies in the library itself; gives its id."""
        own: dict[str, Any] = {
            "title": title,
            "sort_name": sort_key(title, ()),
            "folder_id": self.root,
            "path": _path(),
            "size": 1,
            "mtime_ns": 1,
            "reader": 1,
            "hash": b"",
            "suffix": "mp4",
            "content_type": "video/mp4",
            "duration": 100.0,
            "bit_rate": 1000,
            "width": 640,
            "height": 360,
            "card": json.encode(VideoCard(path=title)).decode(),
            "created": WHEN,
        }
        return await self._insert("videos", own | more)

    async def artist(self, name: str, albums: int = 1, songs: int = 1, *roles: str) -> int:
        """An artist that no other library has, with something in this one; gives the id."""
        own = {"key": str(next(_number)), "letter": "#"}
        artist = await insert(self._pool, "artists", _named(name) | own)
        await self.count(artist, albums, songs, *roles)
        return artist

    async def count(self, artist: int, albums: int, songs: int, *roles: str) -> None:
        """How much an artist has in this library."""
        await self._pool.execute(
            "insert into artist_counts values ($1, $2, $3, $4, $5)",
            artist, self.library, albums, songs, list(roles),
        )  # fmt: skip

    async def picture(self, **more: Any) -> int:
        """A picture in a file of its own; gives its id."""
        path = _path()
        return await self._insert(
            "pictures", {"hash": path, "embedded": False, "path": path} | more
        )

    async def _insert(self, table: str, values: dict[str, Any]) -> int:
        return await insert(self._pool, table, {"library_id": self.library} | values)


async def hand(database: Database, name: str = "Music") -> Hand:
    """A new library, to be filled by hand."""
    pool = database.pool
    library = await insert(pool, "libraries", {"path": f"/{name}".encode(), "name": name})
    own = {"library_id": library, "path": b"", "letter": "#"}
    return Hand(pool, library, await insert(pool, "folders", _named(name) | own))


async def person(database: Database, name: str = "ann") -> UserRow:
    """Somebody without a password, who sees every library that is there by now."""
    own = {"name": name, "key": name, "password_hash": ""}
    user = await database.users.by_id(await insert(database.pool, "users", own))
    assert user is not None
    return user


async def mark(database: Database, user: UserRow, kind: str, item: int, **more: Any) -> None:
    """Stars, ratings and plays as the columns of `marks` have them."""
    values = {"user_id": user.id, "kind": kind, "item_id": item} | more
    await insert(database.pool, "marks", values, returning="item_id")


async def shuffle(database: Database, table: str, items: list[int]) -> None:
    """Write every other row again: the table has them no longer in the order of their ids."""
    await database.pool.execute(
        f"update {table} set library_id = library_id where id = any($1::bigint[])",  # noqa: S608
        items[::2],
    )


def ids(found: Iterable[Any]) -> list[int]:
    """The ids of rows, in their order."""
    return [row.id for row in found]


async def insert(pool: Pool, table: str, values: dict[str, Any], returning: str = "id") -> int:
    """Add a row; gives its id."""
    places = [
        f"${number}::text::tsvector" if column == "words" else f"${number}"
        for number, column in enumerate(values, 1)
    ]
    made: int = await pool.fetchval(
        f"insert into {table} ({', '.join(values)}) values ({', '.join(places)})"  # noqa: S608
        f" returning {returning}",
        *values.values(),
    )
    return made


def _named(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "sort_name": sort_key(name, ()),
        "name_key": name_key(name, ARTICLES),
        "words": vector(name),
    }


def _path() -> bytes:
    return f"{next(_number):08}".encode()


def _card(title: str) -> str:
    card = TrackCard(title=title, album="", artist="", album_artist="", path="")
    return json.encode(card).decode()
