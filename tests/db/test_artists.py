"""Artists over several libraries: what a user sees of them is what the user's libraries have."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, Hand, hand, ids, mark, person


async def test_artists_go_by_their_sort_name_then_by_their_id(
    database: Database, music: Hand, ann: UserRow
) -> None:
    made = [await music.artist(name) for name in ("Zoë", "Ada", "Ada", "The Ada")]
    await database.pool.execute("update artists set sort_name = 'ada' where id = $1", made[3])
    await database.pool.execute("update artists set name = name where id = $1", made[1])
    found = await database.artists.album_artists(ann, ann.libraries)
    assert ids(found) == [made[1], made[2], made[3], made[0]]


async def test_what_an_artist_has_is_the_sum_over_the_libraries_that_are_seen(
    database: Database, music: Hand
) -> None:
    other = await hand(database, "Other")
    artist = await music.artist("Ada", 2, 9, "albumartist", "artist")
    await other.count(artist, 0, 3, "artist", "composer")
    ann = await person(database)
    both = ([music.library, other.library], 2, 12, ["albumartist", "artist", "composer"])
    here = ([music.library], 2, 9, ["albumartist", "artist"])
    there = ([other.library], 0, 3, ["artist", "composer"])
    for libraries, albums, songs, roles in (both, here, there):
        row = await database.artists.get(artist, replace(ann, libraries=libraries))
        assert row is not None
        assert (row.album_count, row.song_count, row.roles) == (albums, songs, roles)
        assert [row] * bool(albums) == await database.artists.album_artists(ann, libraries)


async def test_an_artist_of_whom_nothing_is_left_is_not_there_but_stays_starred(
    database: Database, music: Hand, ann: UserRow
) -> None:
    artist = await music.artist("Ada")
    await mark(database, ann, "artist", artist, starred=WHEN)
    await database.pool.execute("delete from artist_counts")
    assert await database.artists.get(artist, ann) is None
    assert await database.artists.album_artists(ann, ann.libraries) == []
    assert await database.artists.starred(ann, ann.libraries) == []
    await music.count(artist, 1, 1, "artist")
    (row,) = await database.artists.starred(ann, ann.libraries)
    assert (row.id, row.starred) == (artist, WHEN)


async def test_starred_artists_fall_by_the_star_then_by_the_id_albums_or_not(
    database: Database, music: Hand, ann: UserRow
) -> None:
    made = [await music.artist("Ada", albums) for albums in (1, 0, 1, 0)]
    later = WHEN + timedelta(seconds=1)
    for artist, starred in zip(made, (WHEN, later, WHEN, later), strict=True):
        await mark(database, ann, "artist", artist, starred=starred)
    found = await database.artists.starred(ann, ann.libraries)
    assert ids(found) == [made[index] for index in (3, 1, 2, 0)]


@pytest.mark.parametrize("kind", ["track", "album", "folder"])
async def test_marks_of_another_kind_with_the_same_number_are_not_the_artists(
    database: Database, music: Hand, ann: UserRow, kind: str
) -> None:
    artist = await music.artist("Ada")
    await mark(database, ann, kind, artist, starred=WHEN, rating=1)
    row = await database.artists.get(artist, ann)
    assert row is not None
    assert (row.starred, row.rating) == (None, None)
    assert await database.artists.starred(ann, ann.libraries) == []
