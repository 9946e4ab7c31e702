"""The nouns side by side: who may see what, in every statement, and what opens a database."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from conf.settings import Auth, Secret, Settings
from db.albums import AlbumOrder, AlbumPage
from db.annotations import Items
from db.database import Database
from db.errors import WrongKeyError
from db.plays import Report
from db.pool import create_pool
from db.rows import UserRow
from db.search import Cut
from db.tracks import MANY
from tests.support.rows import WHEN, Hand, ids

ALL = Cut(1000, 0)
KINDS = ["track", "album", "artist", "folder"]


@dataclass(frozen=True)
class Hidden:
    """The library of which only the administrator knows, and the one thing of each kind in it."""

    library: int
    track: int
    album: int
    artist: int
    folder: int
    top: int
    picture: int


Ask = Callable[[Database, UserRow, Hidden], Awaitable[Any]]


def _list_albums(order: AlbumOrder, size: int = 1000) -> Ask:
    return lambda db, user, hidden: db.albums.page(
        AlbumPage(order, user.libraries, size, 0, 2020, 2020, "secret genre"), user
    )


def _search(kind: str, text: str) -> Ask:
    return lambda db, user, hidden: getattr(db.search, kind)(text, user, user.libraries, ALL)


def _annotate(method: str, kind: str) -> Ask:
    return lambda db, user, hidden: getattr(db.annotations, method)(
        user, Items(**{f"{kind}s": frozenset([getattr(hidden, kind)])})
    )


def _rate(kind: str) -> Ask:
    return lambda db, user, hidden: db.annotations.rate(user, kind, getattr(hidden, kind), 3)


def _picture(kind: str) -> Ask:
    return lambda db, user, hidden: db.pictures.of(kind, getattr(hidden, kind), user)


def _often(ask: Ask) -> Ask:
    """What chance gives away in many calls."""

    async def answers(db: Database, user: UserRow, hidden: Hidden) -> Any:
        return [row for _ in range(50) for row in await ask(db, user, hidden)]

    return answers


async def _newer(db: Database, user: UserRow, hidden: Hidden) -> Any:
    rows, _ = await db.search.newer("secret", datetime(1970, 1, 1, tzinfo=UTC), user, ALL)
    return rows


LISTS: dict[str, Ask] = {
    "albums.get": lambda db, user, hidden: db.albums.get(hidden.album, user),
    "albums.by_artist": lambda db, user, hidden: db.albums.by_artist(hidden.artist, user),
    "albums.starred": lambda db, user, hidden: db.albums.starred(user, user.libraries),
    **{f"albums.page {order.value}": _list_albums(order) for order in AlbumOrder},
    "albums.of": lambda db, user, hidden: db.albums.of("track", hidden.track, user),
    "bookmarks.tracks": lambda db, user, hidden: db.bookmarks.tracks(user),
    "folders.get": lambda db, user, hidden: db.folders.get(hidden.folder, user),
    "folders.inside": lambda db, user, hidden: db.folders.inside(hidden.top, user),
    "folders.top": lambda db, user, hidden: db.folders.top(user, user.libraries),
    "folders.starred": lambda db, user, hidden: db.folders.starred(user, user.libraries),
    **{
        f"bundles.files {kind}": lambda db, user, hidden, kind=kind: db.bundles.files(  # type: ignore[misc]
            kind, getattr(hidden, kind), user, 1000
        )
        for kind in ("album", "artist", "folder")
    },
    "plays.heard": lambda db, user, hidden: db.plays.heard(user),
    "search.newer": _newer,
    "similarity.songs": lambda db, user, hidden: db.similarity.songs([hidden.artist], user, 1000),
    "similarity.top": lambda db, user, hidden: db.similarity.top(user, 1000, artist=hidden.artist),
    "tracks.get": lambda db, user, hidden: db.tracks.get(hidden.track, user),
    "tracks.by_ids": lambda db, user, hidden: db.tracks.by_ids([hidden.track], user),
    "tracks.by_album": lambda db, user, hidden: db.tracks.by_album(hidden.album, user),
    "tracks.by_folder": lambda db, user, hidden: db.tracks.by_folder(hidden.folder, user),
    "tracks.in_roots": lambda db, user, hidden: db.tracks.in_roots(user, user.libraries),
    "tracks.by_genre": lambda db, user, hidden: db.tracks.by_genre(
        "secret genre", user, user.libraries, 1000, 0
    ),
    "tracks.random": lambda db, user, hidden: db.tracks.random(user, user.libraries, 1000),
    "tracks.random_from": lambda db, user, hidden: db.tracks.random_from(
        user, user.libraries, 1000
    ),
    "tracks.starred": lambda db, user, hidden: db.tracks.starred(user, user.libraries),
    "tracks.file": lambda db, user, hidden: db.tracks.file(hidden.track, user),
    "tracks.in_order": lambda db, user, hidden: db.tracks.in_order([hidden.track], user),
    "tracks.as_asked": lambda db, user, hidden: db.tracks.as_asked([hidden.track], user),
    "tracks.outlined": lambda db, user, hidden: db.tracks.outlined(
        [hidden.track, *[0] * MANY], user
    ),
    "tracks.listed": lambda db, user, hidden: db.tracks.listed([hidden.track, *[0] * MANY], user),
    "tracks.files": lambda db, user, hidden: db.tracks.files(hidden.track, user),
    "tracks.named": lambda db, user, hidden: db.tracks.named("Eve", "Secret", user),
    **{
        f"search.{kind} {text!r}": _search(kind, text)
        for kind, word in (("tracks", "secret"), ("albums", "vault"), ("folders", "secret"))
        for text in (word, "")
    },
}
"""What shows songs, and albums and folders that have some, in the hidden library."""
ASKS: dict[str, Ask] = {
    **LISTS,
    "albums.page random one": _often(_list_albums(AlbumOrder.RANDOM, 1)),
    "tracks.random one": _often(lambda db, user, hidden: db.tracks.random(user, user.libraries, 1)),
    "artists.of": lambda db, user, hidden: db.artists.of("track", hidden.track, user),
    "artists.get": lambda db, user, hidden: db.artists.get(hidden.artist, user),
    "artists.album_artists": lambda db, user, hidden: db.artists.album_artists(
        user, user.libraries
    ),
    "artists.starred": lambda db, user, hidden: db.artists.starred(user, user.libraries),
    "search.artists 'eve'": _search("artists", "eve"),
    "search.artists ''": _search("artists", ""),
    **{f"pictures.of {kind}": _picture(kind) for kind in ("picture", *KINDS)},
    **{f"annotations.star {kind}": _annotate("star", kind) for kind in KINDS},
    **{f"annotations.unstar {kind}": _annotate("unstar", kind) for kind in KINDS},
    **{f"annotations.rate {kind}": _rate(kind) for kind in KINDS},
    "bookmarks.put": lambda db, user, hidden: db.bookmarks.put(
        user, "track", hidden.track, 1, None
    ),
    "bookmarks.drop": lambda db, user, hidden: db.bookmarks.drop(user, "track", hidden.track),
    "plays.add": lambda db, user, hidden: db.plays.add(user, [hidden.track], [WHEN], "app"),
    "plays.report": lambda db, user, hidden: db.plays.report(
        user, "app", Report(hidden.track, "playing", 0, 1.0, False)
    ),
    "plays.hear": lambda db, user, hidden: db.plays.hear(user, hidden.track, "app"),
}
"""Every method that takes a user, asked for what the hidden library has."""
BARE = ("bundles.", "tracks.file", "tracks.named", "tracks.outlined", "tracks.listed")
"""Answers without marks: files, and outlines of long lists."""
ELSEWHERE = {
    "bookmarks.episodes",
    "bookmarks.videos",
    "chat.add",
    "pictures.of_playlist",
    "similarity.artists",
    *(
        f"playlists.{name}"
        for name in ("add", "by_owner", "delete", "edit", "get", "open", "readable")
    ),
    *(f"playlist_pictures.{name}" for name in ("of", "put", "remove")),
    *(f"queue.{name}" for name in ("get", "save")),
    *(f"shares.{name}" for name in ("add", "change", "delete", "holds", "of", "songs")),
    *(f"smart.{name}" for name in ("add", "change", "preview")),
    *(f"videos.{name}" for name in ("by_folder", "every", "file", "get", "in_roots")),
}
"""What belongs to people, or is not in the hidden library: those rights are tested with each noun."""


@pytest.fixture
async def hidden(stocked: Database) -> Hidden:
    """All users have marks on all things, as when a right was taken away; one song is loose."""
    pool = stocked.pool
    row = await pool.fetchrow(
        "select l.id as library, t.id as track, t.album_id as album, r.artist_id as artist,"
        " f.id as folder, f.parent_id as top, t.picture_id as picture"
        " from libraries l join tracks t on t.library_id = l.id join folders f on f.id = t.folder_id"
        " join track_artists r on r.track_id = t.id and r.role = 'artist' where l.name = 'Hidden'"
    )
    hidden = Hidden(**dict(row))
    root = await pool.fetchval(
        "select id from folders where library_id = $1 and parent_id is null", hidden.library
    )
    await Hand(pool, hidden.library, root).track("Loose", hidden.album)
    for kind in KINDS:
        await pool.execute(
            "insert into marks select u.id, $1, i.id, now(), 5, 1, now(), 1, '', now(), now()"  # noqa: S608
            f" from users u cross join {kind}s i",
            kind,
        )
        await pool.execute(
            f"update {kind}s set picture_id = $1 where id = $2",  # noqa: S608
            hidden.picture,
            getattr(hidden, kind),
        )
    await pool.execute("insert into now_playing select id, 'app', $1 from users", hidden.track)
    return hidden


async def user_of(stocked: Database, name: str) -> UserRow:
    user = await stocked.users.by_name(name)
    assert user is not None
    return user


def shown(answer: Any) -> set[int]:
    """What an answer gives away: the ids in it, or a number that is not 0."""
    if isinstance(answer, int):
        return {answer} - {0}
    return set(ids(in_order(answer)))


def in_order(answer: Any) -> list[Any]:
    """The rows of an answer by their ids, as some come in no order."""
    answer = list(answer.values()) if isinstance(answer, dict) else answer
    rows = answer if isinstance(answer, list) else [answer] if answer else []
    return sorted(rows, key=lambda row: row.id)


async def test_every_method_that_takes_a_user_is_asked(stocked: Database) -> None:
    def takes_user(method: Any) -> bool:
        given = inspect.signature(method, eval_str=True).parameters.values()
        return any(parameter.annotation is UserRow for parameter in given)

    methods = {
        f"{noun}.{name}"
        for noun, value in vars(stocked).items()
        for name, method in inspect.getmembers(type(value), inspect.iscoroutinefunction)
        if not name.startswith("_") and takes_user(method)
    }
    assert methods == {name.split(" ")[0] for name in ASKS} | ELSEWHERE


@pytest.mark.parametrize("noun", sorted({name.split(".")[0] for name in ASKS}))
async def test_nothing_of_a_library_is_for_those_who_may_not_see_it(
    stocked: Database, hidden: Hidden, noun: str
) -> None:
    admin, guest = await user_of(stocked, "admin"), await user_of(stocked, "guest")
    for name, ask in ASKS.items():
        if name.startswith(f"{noun}."):
            assert shown(await ask(stocked, replace(guest, libraries=[]), hidden)) == set(), name
            elsewhere = shown(await ask(stocked, guest, hidden))
            there = shown(await ask(stocked, replace(admin, libraries=[hidden.library]), hidden))
            assert there, name
            assert not there & elsewhere, name


@pytest.mark.parametrize("noun", sorted({name.split(".")[0] for name in LISTS}))
async def test_what_is_gone_is_in_no_list_and_comes_back_with_its_marks(
    stocked: Database, hidden: Hidden, noun: str
) -> None:
    admin = replace(await user_of(stocked, "admin"), libraries=[hidden.library])
    asks = {name: ask for name, ask in LISTS.items() if name.startswith(f"{noun}.")}

    async def answers() -> dict[str, Any]:
        return {name: in_order(await ask(stocked, admin, hidden)) for name, ask in asks.items()}

    before = await answers()
    for table in ("tracks", "albums", "folders"):
        await stocked.pool.execute(f"update {table} set missing_since = now()")  # noqa: S608
    assert await answers() == {name: [] for name in asks}
    for table in ("tracks", "albums", "folders"):
        await stocked.pool.execute(f"update {table} set missing_since = null")  # noqa: S608
    assert await answers() == before
    for name, rows in before.items():
        assert rows, name
        for row in rows:
            assert name.startswith(BARE) or (
                row.rating,
                row.play_count,
            ) == (
                5,
                1,
            ), name


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[asyncpg.Pool]:
    """The pools that are made during the test."""
    made: list[asyncpg.Pool] = []

    async def keep(*given: Any, **more: Any) -> asyncpg.Pool:
        made.append(await create_pool(*given, **more))
        return made[-1]

    monkeypatch.setattr("db.database.create_pool", keep)
    return made


async def test_a_database_does_not_open_with_another_key_and_keeps_no_connection(
    database: Database, database_url: str, settings: Settings, pools: list[asyncpg.Pool]
) -> None:
    other = replace(settings, auth=Auth(secret_key=Secret("ab" * 32)))
    with pytest.raises(WrongKeyError):
        await Database.open(database_url, other)
    assert [pool.is_closing() for pool in pools] == [True]
    again = await Database.open(database_url, settings)
    await again.close()
    assert [pool.is_closing() for pool in pools] == [True, True]


@pytest.mark.attack("X07")
async def test_the_key_itself_is_not_in_the_database(
    database: Database, settings: Settings
) -> None:
    key = (settings.data.dir / "secret.key").read_text().strip()
    noted = await database.pool.fetchval("select name from secret_keys")
    assert noted == database.secrets.used
    assert noted not in key


async def test_a_database_without_tables_keeps_no_connection(
    database_url: str, settings: Settings, pools: list[asyncpg.Pool]
) -> None:
    pool = await create_pool(database_url, settings.database)
    await pool.execute("drop table secret_keys cascade")
    await pool.close()
    with pytest.raises(asyncpg.UndefinedTableError):
        await Database.open(database_url, settings)
    assert [pool.is_closing() for pool in pools] == [True]
