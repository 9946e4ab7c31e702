"""Stars and ratings of every kind of thing."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from db.annotations import Items
from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, Hand, hand, person

KINDS = ["track", "album", "artist", "folder", "video"]


async def make(music: Hand, kind: str) -> int:
    """Something of a kind; gives its id."""
    if kind == "track":
        return await music.track("A", await music.album("First"))
    if kind == "album":
        return await music.album("First")
    if kind == "video":
        return await music.video("Ada")
    return await (music.artist("Ada") if kind == "artist" else music.folder("Ada"))


async def make_all(music: Hand) -> Items:
    """One thing of each kind."""
    return Items(**{f"{kind}s": frozenset([await make(music, kind)]) for kind in KINDS})


async def stars(database: Database, user: UserRow) -> dict[str, set[int]]:
    found = await database.pool.fetch(
        "select kind, array_agg(item_id) as items from marks"
        " where user_id = $1 and starred is not null group by kind",
        user.id,
    )
    return {f"{row['kind']}s": set(row["items"]) for row in found}


async def average(database: Database, kind: str, item: int) -> float | None:
    value: float | None = await database.pool.fetchval(
        f"select average_rating from {kind}s where id = $1",  # noqa: S608
        item,
    )
    return value


async def test_things_of_all_kinds_are_starred_in_one_go(
    database: Database, music: Hand, ann: UserRow
) -> None:
    items = await make_all(music)
    await make_all(music)
    assert await database.annotations.star(ann, items)
    assert await stars(database, ann) == {name: set(ids) for name, ids in items.values().items()}
    assert await database.annotations.unstar(ann, items)
    assert await stars(database, ann) == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stranger", ["unknown", "hidden"])
async def test_one_thing_that_is_not_there_for_the_user_leaves_all_as_it_was(
    database: Database, music: Hand, ann: UserRow, kind: str, stranger: str
) -> None:
    first, second = await make_all(music), await make_all(music)
    other = 2**62 if stranger == "unknown" else await make(await hand(database, "Other"), kind)
    name = f"{kind}s"
    assert await database.annotations.star(ann, first)
    before = await stars(database, ann)
    values = {field: frozenset(ids) for field, ids in second.values().items()}
    assert not await database.annotations.star(
        ann, Items(**values | {name: values[name] | {other}})
    )
    assert await stars(database, ann) == before
    values = {field: frozenset(ids) for field, ids in first.values().items()}
    mixed = Items(**values | {name: values[name] | {other}})
    assert not await database.annotations.unstar(ann, mixed)
    assert await stars(database, ann) == before


async def test_things_are_told_apart_by_their_kind(
    database: Database, music: Hand, ann: UserRow
) -> None:
    album = await music.album("First")
    assert not await database.annotations.star(ann, Items(tracks=frozenset([album])))
    assert await stars(database, ann) == {}


async def test_nothing_to_star_is_done_at_once(database: Database, ann: UserRow) -> None:
    assert await database.annotations.star(ann, Items())
    assert await database.annotations.unstar(ann, Items())


async def test_what_loses_its_star_gets_a_new_date_with_the_next(
    database: Database, music: Hand, ann: UserRow
) -> None:
    items = Items(albums=frozenset([await music.album("First")]))
    dates = []
    for _ in range(2):
        await database.annotations.star(ann, items)
        (row,) = await database.albums.starred(ann, ann.libraries)
        dates.append(row.starred)
        await database.annotations.unstar(ann, items)
    assert None not in dates
    assert dates[0] != dates[1]


async def test_a_tombstone_can_lose_its_star(database: Database, music: Hand, ann: UserRow) -> None:
    """An app that still shows it may take the star away, and it stays away when the file is back."""
    track = await music.track("A", await music.album("First"), missing_since=WHEN)
    items = Items(tracks=frozenset([track]))
    assert await database.annotations.star(ann, items)
    assert await database.annotations.unstar(ann, items)
    assert await stars(database, ann) == {}


@pytest.mark.parametrize("kind", KINDS)
async def test_the_average_is_of_those_who_rated(
    database: Database, music: Hand, ann: UserRow, kind: str
) -> None:
    bob, cyd = await person(database, "bob"), await person(database, "cyd")
    item, other = await make(music, kind), await make(music, kind)
    await database.annotations.star(cyd, Items(**{f"{kind}s": frozenset([item])}))
    averages = []
    for user, rating in ((ann, 5), (bob, 2), (ann, 4), (bob, 0), (ann, 0)):
        assert await database.annotations.rate(user, kind, item, rating)
        averages.append(await average(database, kind, item))
    assert averages == [5, 3.5, 3, 4, None]
    assert await average(database, kind, other) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_not_there_for_the_user_is_not_rated(
    database: Database, music: Hand, ann: UserRow, kind: str
) -> None:
    hidden = await make(await hand(database, "Other"), kind)
    assert not await database.annotations.rate(ann, kind, hidden, 5)
    assert not await database.annotations.rate(ann, kind, 2**62, 5)
    assert await average(database, kind, hidden) is None
    assert await database.pool.fetchval("select count(*) from marks") == 0


async def test_a_rating_that_no_app_may_give_changes_nothing(
    database: Database, music: Hand, ann: UserRow
) -> None:
    album = await music.album("First")
    await database.annotations.rate(ann, "album", album, 3)
    with pytest.raises(asyncpg.CheckViolationError):
        await database.annotations.rate(ann, "album", album, 6)
    row = await database.albums.get(album, ann)
    assert row is not None
    assert (row.rating, row.average_rating) == (3, 3)


async def test_ratings_given_at_the_same_time_are_all_in_the_average(
    database: Database, music: Hand, ann: UserRow
) -> None:
    """Both have given theirs, and wait for the album's row, before either is committed."""
    bob, album = await person(database, "bob"), await music.album("First")
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute("select from albums where id = $1 for update", album)
        rates = [
            asyncio.create_task(database.annotations.rate(user, "album", album, rating))
            for user, rating in ((ann, 5), (bob, 2))
        ]
        await until_waiting(database, len(rates))
    assert await asyncio.gather(*rates) == [True, True]
    assert await average(database, "album", album) == 3.5


async def until_waiting(database: Database, sessions: int) -> None:
    """Return when so many sessions of this database wait for a lock."""
    waiting = 0
    async with asyncio.timeout(30):
        while waiting < sessions:
            waiting = await database.pool.fetchval(
                "select count(*)::integer from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock'"
            )
