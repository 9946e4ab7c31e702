"""What was played, and what is heard now."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, Hand, hand, ids, insert, person

LATER, LATEST = WHEN + timedelta(hours=1), WHEN + timedelta(hours=2)


async def counted(
    database: Database, user: UserRow
) -> dict[tuple[str, int], tuple[int, datetime | None]]:
    """Play count and last play of everything that has any."""
    found = await database.pool.fetch("select * from marks where user_id = $1", user.id)
    return {(row["kind"], row["item_id"]): (row["play_count"], row["played"]) for row in found}


@pytest.fixture
async def album(music: Hand) -> int:
    return await music.album("First")


async def test_an_albums_plays_are_the_sum_of_its_songs_and_end_with_the_last(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    a, b = await music.track("A", album), await music.track("B", album)
    second = await music.album("Second")
    c = await music.track("C", second)
    times = [LATER, WHEN, LATEST, WHEN]
    assert await database.plays.add(ann, [a, a, b, c], times, "app") == 4
    assert await counted(database, ann) == {
        ("track", a): (2, LATER),
        ("track", b): (1, LATEST),
        ("track", c): (1, WHEN),
        ("album", album): (3, LATEST),
        ("album", second): (1, WHEN),
    }


async def test_a_play_of_long_ago_counts_but_is_not_the_last(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    track = await music.track("A", album)
    for time in (LATER, WHEN):
        await database.plays.add(ann, [track], [time], "app")
    expected = {("track", track): (2, LATER), ("album", album): (2, LATER)}
    assert await counted(database, ann) == expected


async def test_one_instant_counts_once_in_one_call_or_several_and_from_any_app(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    track = await music.track("A", album)
    for client in ("app", "other"):
        assert await database.plays.add(ann, [track, track], [WHEN, WHEN], client) == 2
    expected = {("track", track): (1, WHEN), ("album", album): (1, WHEN)}
    assert await counted(database, ann) == expected


async def test_a_backlog_that_is_sent_forwards_and_backwards_at_once_counts_once(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    tracks = [await music.track("Same", album) for _ in range(400)]
    times = [WHEN + timedelta(minutes=minute) for minute in range(400)]
    calls = [
        database.plays.add(ann, tracks[::step], times[::step], "app") for step in (1, -1, 1, -1, 1)
    ]
    assert await asyncio.gather(*calls) == [400] * 5
    assert (await counted(database, ann))[("album", album)] == (400, times[-1])


async def test_plays_and_marks_are_each_ones_own(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    bob = await person(database, "bob")
    track = await music.track("A", album)
    assert await database.plays.add(ann, [track], [WHEN], "app") == 1
    assert await database.plays.add(bob, [track], [WHEN], "app") == 1
    assert await counted(database, ann) == await counted(database, bob)
    assert await counted(database, bob) != {}


async def test_a_star_stays_when_a_play_is_counted(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    track = await music.track("A", album)
    mine = {"user_id": ann.id, "kind": "track", "item_id": track, "starred": WHEN, "rating": 2}
    await insert(database.pool, "marks", mine, returning="item_id")
    await database.plays.add(ann, [track], [LATER], "app")
    row = await database.tracks.get(track, ann)
    assert row is not None
    assert (row.starred, row.rating, row.play_count, row.played) == (WHEN, 2, 1, LATER)


async def test_songs_that_do_not_exist_or_are_not_seen_are_left_out(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    other = await hand(database, "Other")
    hidden = await other.track("B", await other.album("Hidden"))
    track = await music.track("A", album)
    times = [WHEN, WHEN, WHEN]
    assert await database.plays.add(ann, [hidden, track, 2**62], times, "app") == 1
    assert set(await counted(database, ann)) == {("track", track), ("album", album)}
    assert await database.plays.add(ann, [], [], "app") == 0


async def test_a_play_of_a_song_whose_file_is_gone_for_now_counts(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    """An app sends what it played from its own copy, the disk may be unplugged meanwhile."""
    track = await music.track("A", album, missing_since=WHEN)
    assert await database.plays.add(ann, [track], [WHEN], "app") == 1
    assert (await counted(database, ann))[("track", track)] == (1, WHEN)


async def heard(database: Database, user: UserRow) -> list[tuple[int, str, str]]:
    return [(row.id, row.user_name, row.client) for row in await database.plays.heard(user)]


async def test_each_app_of_each_user_plays_one_song(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    bob = await person(database, "bob")
    a, b = await music.track("A", album), await music.track("B", album)
    for user, track, client in ((ann, a, "phone"), (bob, a, "phone"), (ann, a, "desk")):
        assert await database.plays.hear(user, track, client)
    assert await database.plays.hear(ann, b, "phone")
    assert await database.plays.hear(ann, 2**62, "phone") is False
    now = [(b, "ann", "phone"), (a, "ann", "desk"), (a, "bob", "phone")]
    assert await heard(database, ann) == await heard(database, bob) == now


async def test_what_began_in_the_same_instant_goes_by_user_and_app(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    bob = await person(database, "bob")
    tracks = [await music.track("Same", album) for _ in range(4)]
    who = [(bob, "b"), (ann, "c"), (ann, "a"), (ann, "b")]
    for (user, client), track in zip(who, tracks, strict=True):
        await database.plays.hear(user, track, client)
    await database.pool.execute("update now_playing set started = now()")
    expected = [tracks[index] for index in (2, 3, 1, 0)]
    assert ids(await database.plays.heard(ann)) == expected


@pytest.mark.parametrize(
    ("duration", "since", "still"),
    [(200.0, 250, True), (200.0, 261, False), (0.0, 85, True), (3.0, 91, False)],
)
async def test_a_song_is_no_longer_heard_when_it_must_be_over(
    database: Database,
    music: Hand,
    album: int,
    ann: UserRow,
    duration: float,
    since: int,
    still: bool,
) -> None:
    """A pause is forgiven for a minute, and no song is over within half of one."""
    track = await music.track("A", album, duration=duration)
    await database.plays.hear(ann, track, "phone")
    await start_back(database, timedelta(seconds=since))
    assert bool(await heard(database, ann)) is still
    await database.plays.hear(ann, track, "phone")
    assert await heard(database, ann) == [(track, "ann", "phone")]


async def test_what_was_heard_long_ago_is_forgotten_and_nothing_else(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    track = await music.track("A", album, duration=1e6)
    await database.plays.hear(ann, track, "old")
    await start_back(database, timedelta(days=1, seconds=5))
    await database.plays.hear(ann, track, "new")
    assert len(await heard(database, ann)) == 2
    await database.plays.forget()
    assert await heard(database, ann) == [(track, "ann", "new")]


async def start_back(database: Database, span: timedelta) -> None:
    await database.pool.execute("update now_playing set started = now() - $1::interval", span)
