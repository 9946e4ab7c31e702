"""Pictures of artists, as a scan gives them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from db.database import Database
from db.rows import UserRow
from tests.support.rows import Hand, hand


@pytest.fixture
async def artists(database: Database, music: Hand) -> dict[str, int]:
    """Ada and Bo; songs in Ada/, Bo/ and, of both, in Both/."""
    album = await music.album("First")
    found = {name: await music.artist(name) for name in ("Ada", "Bo")}
    for name, folders in (("Ada", (b"Ada", b"Both")), ("Bo", (b"Bo/Live", b"Both"))):
        for folder in folders:
            path = folder + b"/" + name.encode() + b".mp3"
            track = await music.track(name, album, path=path)
            await database.pool.execute(
                "insert into track_artists values ($1, $2, 'albumartist', 0)", track, found[name]
            )
    return found


async def shown(database: Database, artist: int) -> int | None:
    found: int | None = await database.pool.fetchval(
        "select picture_id from artists where id = $1", artist
    )
    return found


async def test_a_folder_is_its_namesakes_or_that_of_the_only_artist_below_it(
    database: Database, music: Hand, artists: dict[str, int]
) -> None:
    folders = [b"Both", b"Ada", b"Bo", b"Both", b"", b"Nowhere", b"Bo/Live"]
    bo = await _key(database, artists["Bo"])
    keys = ["x", "x", "x", bo, "x", "ada", "x"]
    async with database.catalog.batch(music.library) as batch:
        found = await batch.portraits.below(folders, keys)
        assert await batch.portraits.below([], []) == []
    assert {each.folder: each.artist_id for each in found} == {
        1: artists["Ada"],
        2: artists["Bo"],
        3: artists["Bo"],
        6: artists["Bo"],
    }


async def test_who_has_a_picture_from_another_library_keeps_it(
    database: Database, music: Hand, artists: dict[str, int]
) -> None:
    other = await hand(database, "Other")
    here, changed, there = await music.picture(), await music.picture(), await other.picture()
    async with database.catalog.batch(music.library) as batch:
        await batch.portraits.set({artists["Ada"]: here})
    async with database.catalog.batch(other.library) as batch:
        await batch.portraits.set({artists["Ada"]: there, artists["Bo"]: there})
    assert [await shown(database, artist) for artist in artists.values()] == [here, there]
    async with database.catalog.batch(music.library) as batch:
        await batch.portraits.set({artists["Ada"]: changed, artists["Bo"]: changed})
        await batch.portraits.clear([artists["Ada"]])
    assert [await shown(database, artist) for artist in artists.values()] == [changed, there]
    async with database.catalog.batch(music.library) as batch:
        await batch.portraits.clear([])
    assert [await shown(database, artist) for artist in artists.values()] == [None, there]


async def test_artists_are_found_by_key(
    database: Database, music: Hand, artists: dict[str, int]
) -> None:
    async with database.catalog.batch(music.library) as batch:
        (key,) = await batch.portraits.artists([await _key(database, artists["Ada"]), "nobody"])
        assert await batch.portraits.artists([]) == {}
    assert key == await _key(database, artists["Ada"])


async def _key(database: Database, artist: int) -> str:
    return str(await database.pool.fetchval("select key from artists where id = $1", artist))


async def test_a_portrait_in_a_library_that_is_not_seen_is_not_named(
    database: Database, music: Hand, ann: UserRow, artists: dict[str, int]
) -> None:
    other = await hand(database, "Other")
    picture = await other.picture()
    await database.pool.execute(
        "update artists set picture_id = $1 where id = $2", picture, artists["Ada"]
    )
    for library in (music, other):
        await database.pool.execute(
            "insert into artist_counts values ($1, $2, 1, 1, '{albumartist}')"
            " on conflict do nothing",
            artists["Ada"],
            library.library,
        )
    everybody = replace(ann, libraries=[music.library, other.library])
    for user, expected in ((ann, None), (everybody, picture)):
        row = await database.artists.get(artists["Ada"], user)
        assert row is not None
        assert row.picture_id == expected
