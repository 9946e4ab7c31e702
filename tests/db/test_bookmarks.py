"""Bookmarks: one per user and song."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from db.annotations import Items
from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, Hand, hand, ids, mark, person


@pytest.fixture
async def songs(music: Hand) -> list[int]:
    album = await music.album("First")
    return [await music.track(name, album) for name in "abc"]


async def test_a_bookmark_comes_with_its_song_in_every_list(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    assert await database.bookmarks.put(ann, "track", songs[0], 2**40, "here")
    (row,) = await database.bookmarks.tracks(ann)
    assert (row.id, row.bookmark, row.bookmark_comment) == (songs[0], 2**40, "here")
    found = await database.tracks.by_ids(songs, ann)
    assert {song.id: song.bookmark for song in found} == dict.fromkeys(songs) | {songs[0]: 2**40}
    bob = await person(database, "bob")
    assert await database.bookmarks.tracks(bob) == []
    assert [song.bookmark for song in await database.tracks.by_ids(songs, bob)] == [None] * 3


async def test_a_new_one_takes_the_place_of_the_old_and_keeps_when_it_was_made(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    await database.bookmarks.put(ann, "track", songs[0], 1, "one")
    (first,) = await database.bookmarks.tracks(ann)
    await database.bookmarks.put(ann, "track", songs[0], 0, None)
    (second,) = await database.bookmarks.tracks(ann)
    assert (second.bookmark, second.bookmark_comment) == (0, None)
    assert second.bookmark_created == first.bookmark_created
    assert second.bookmark_changed > first.bookmark_changed


async def test_what_else_is_marked_stays_when_the_bookmark_goes(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    await mark(database, ann, "track", songs[0], starred=WHEN, play_count=3)
    await database.bookmarks.put(ann, "track", songs[0], 1, None)
    assert await database.bookmarks.drop(ann, "track", songs[0])
    assert await database.bookmarks.drop(ann, "track", songs[0])
    assert await database.bookmarks.tracks(ann) == []
    song = await database.tracks.get(songs[0], ann)
    assert song is not None
    assert (song.starred, song.play_count, song.bookmark) == (WHEN, 3, None)


async def test_what_does_not_exist_for_the_user_has_no_bookmark(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    other = await hand(database, "Other")
    secret = await other.track("Secret", await other.album("Vault"))
    for kind, item in [("track", 2**62), ("track", secret), ("nonsense", songs[0])]:
        assert not await database.bookmarks.put(ann, kind, item, 1, None)
        assert not await database.bookmarks.drop(ann, kind, item)
    assert await database.pool.fetchval("select count(*) from marks") == 0


async def test_bookmarks_hide_with_their_song_and_come_back_with_it(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    await database.bookmarks.put(ann, "track", songs[0], 1, None)
    await database.pool.execute("update tracks set missing_since = now()")
    assert await database.bookmarks.tracks(ann) == []
    await database.pool.execute("update tracks set missing_since = null")
    assert ids(await database.bookmarks.tracks(ann)) == [songs[0]]


async def test_the_last_changed_comes_first_and_then_the_highest_id(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    later = WHEN + timedelta(seconds=1)
    for song, moment in zip(songs, (WHEN, later, WHEN), strict=True):
        own = {"bookmark": 1, "bookmark_created": WHEN, "bookmark_changed": moment}
        await mark(database, ann, "track", song, **own)
    assert ids(await database.bookmarks.tracks(ann)) == [songs[1], songs[2], songs[0]]


async def test_bookmarks_and_stars_at_once_lose_nothing(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    star = Items(tracks=frozenset(songs))
    puts = [database.bookmarks.put(ann, "track", song, 1, None) for song in songs * 3]
    assert all(await asyncio.gather(*puts, database.annotations.star(ann, star)))
    found = await database.bookmarks.tracks(ann)
    assert {row.id for row in found if row.starred} == set(songs)
