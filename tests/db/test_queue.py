"""The queue of a user: kept whole, shown as far as it is there."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from db.database import Database
from db.queue import Queued
from db.rows import UserRow
from tests.support.rows import Hand, hand, ids, person


@pytest.fixture
async def songs(music: Hand) -> list[int]:
    album = await music.album("First")
    return [await music.track(name, album) for name in "abcd"]


async def queue(database: Database, user: UserRow) -> Queued:
    found = await database.queue.get(user)
    assert found is not None
    return found


async def test_a_queue_keeps_order_repeats_and_place(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    assert await database.queue.get(ann) is None
    order = [songs[1], songs[0], songs[1], songs[1]]
    assert await database.queue.save(ann, order, 2, 2**40, "app")
    found = await queue(database, ann)
    assert (ids(found.songs), found.current, found.position) == (order, 2, 2**40)
    assert found.row.changed_by == "app"
    assert await database.queue.get(await person(database, "bob")) is None


async def test_the_next_one_takes_the_place_of_the_last(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    await database.queue.save(ann, songs, 1, 5, "one")
    before = await queue(database, ann)
    await database.queue.save(ann, [], None, 0, "two")
    after = await queue(database, ann)
    assert (after.songs, after.current, after.position) == ([], None, 0)
    assert after.row.changed_by == "two"
    assert after.row.changed > before.row.changed


async def test_an_unknown_song_leaves_the_queue_as_it_was(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    other = await hand(database, "Other")
    secret = await other.track("Secret", await other.album("Vault"))
    await database.queue.save(ann, songs, 1, 5, "app")
    before = await queue(database, ann)
    for bad in (2**62, secret):
        assert not await database.queue.save(ann, [songs[0], bad], 0, 0, "app")
    assert await queue(database, ann) == before


@pytest.mark.parametrize(
    ("gone", "order", "current", "left", "index", "position"),
    [
        ("a", "abcd", 2, "bcd", 1, 9),
        ("c", "abcd", 2, "abd", 2, 0),
        ("cd", "abcd", 2, "ab", 1, 0),
        ("a", "aabab", 3, "bb", 1, 0),
        ("b", "abab", 2, "aa", 1, 9),
        ("abcd", "abcd", 2, "", None, 0),
        ("", "abcd", 3, "abcd", 3, 9),
    ],
)
async def test_where_songs_are_gone_the_current_one_is_still_among_the_rest(
    database: Database,
    ann: UserRow,
    songs: list[int],
    gone: str,
    order: str,
    current: int,
    left: str,
    index: int | None,
    position: int,
) -> None:
    by_name = dict(zip("abcd", songs, strict=True))
    await database.queue.save(ann, [by_name[one] for one in order], current, 9, "app")
    await database.pool.execute(
        "update tracks set missing_since = now() where id = any($1::bigint[])",
        [by_name[one] for one in gone],
    )
    found = await queue(database, ann)
    assert ids(found.songs) == [by_name[one] for one in left]
    assert (found.current, found.position) == (index, position)
    await database.pool.execute("update tracks set missing_since = null")
    found = await queue(database, ann)
    assert (len(found.songs), found.current, found.position) == (len(order), current, 9)


async def test_songs_of_a_library_that_is_hidden_now_are_left_out(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    await database.queue.save(ann, songs, 1, 5, "app")
    found = await queue(database, replace(ann, libraries=[]))
    assert (found.songs, found.current) == ([], None)


async def test_a_song_that_was_found_again_elsewhere_is_in_the_queue(
    database: Database, music: Hand, ann: UserRow, songs: list[int]
) -> None:
    old, new, other = songs[:3]
    await database.queue.save(ann, [new, other, new], 2, 5, "app")
    async with database.catalog.batch(music.library) as batch:
        await batch.identity.fold([(old, new)])
    found = await queue(database, ann)
    assert (ids(found.songs), found.current, found.position) == ([old, other, old], 2, 5)


async def test_fifty_thousand_songs_are_a_queue(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    order = random.choices(songs, k=50_000)
    assert await database.queue.save(ann, order, 49_999, 0, "app")
    found = await queue(database, ann)
    assert ids(found.songs) == order
    assert found.current == 49_999


async def test_a_queue_goes_with_its_user(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    await database.queue.save(ann, songs, 0, 0, "app")
    await database.pool.execute("delete from users")
    assert await database.pool.fetchval("select count(*) from queues") == 0
