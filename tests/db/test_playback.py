"""Playing as apps report it: sessions, positions, and what counts as a play."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from db.database import Database
from db.plays import Report, State
from db.rows import PlayingRow, UserRow
from tests.support.rows import Hand, hand, person

LENGTH = 200.0


class App:
    """An app of a user; time passes when it is told to."""

    def __init__(self, database: Database, user: UserRow, client: str = "phone") -> None:
        self.database, self.user, self.client = database, user, client

    async def say(
        self, track: int, state: State, at: float = 0.0, rate: float = 1.0, ignore: bool = False
    ) -> bool:
        report = Report(track, state, int(at * 1000), rate, ignore)
        return await self.database.plays.report(self.user, self.client, report)

    async def wait(self, seconds: float) -> None:
        """As if all had been reported that much earlier."""
        span = timedelta(seconds=seconds)
        pool = self.database.pool
        await pool.execute(
            "update now_playing set started = started - $1::interval, reported = reported - $1",
            span,
        )
        await pool.execute("update plays set played = played - $1::interval", span)

    async def scrobble(self, track: int, ago: float = 0.0) -> None:
        now = await self.database.pool.fetchval("select now()")
        when = now - timedelta(seconds=ago)
        assert await self.database.plays.add(self.user, [track], [when], self.client) == 1

    async def count(self, track: int) -> int:
        row = await self.database.tracks.get(track, self.user)
        assert row is not None
        return row.play_count or 0

    async def shown(self) -> list[PlayingRow]:
        return await self.database.plays.heard(self.user)


@pytest.fixture
async def song(music: Hand) -> int:
    return await music.track("A", await music.album("First"), duration=LENGTH)


@pytest.fixture
async def other(music: Hand) -> int:
    return await music.track("B", await music.album("Second"), duration=LENGTH)


@pytest.fixture
def app(database: Database, ann: UserRow) -> App:
    return App(database, ann)


async def test_a_song_played_to_its_end_counts_once_with_its_album(app: App, song: int) -> None:
    await app.say(song, "starting")
    await app.wait(5)
    await app.say(song, "playing")
    await app.wait(LENGTH)
    await app.say(song, "stopped", LENGTH)
    await app.say(song, "stopped", LENGTH)
    assert await app.count(song) == 1
    marks = await app.database.pool.fetch("select kind, play_count, played from marks")
    assert {(row["kind"], row["play_count"]) for row in marks} == {("track", 1), ("album", 1)}
    played = await app.database.pool.fetchval("select now() - played from plays")
    assert timedelta(seconds=200) < played < timedelta(seconds=230)


@pytest.mark.parametrize(
    ("length", "seconds", "counts"),
    [(200.0, 99, 0), (200.0, 101, 1), (3000.0, 239, 0), (3000.0, 241, 1), (0.0, 239, 0), (0.0, 241, 1)],
)  # fmt: skip
async def test_half_the_song_or_four_minutes_are_a_play(
    app: App, music: Hand, length: float, seconds: float, counts: int
) -> None:
    song = await music.track("C", await music.album("Third"), duration=length)
    await app.say(song, "playing")
    await app.wait(seconds)
    await app.say(song, "stopped", seconds)
    assert await app.count(song) == counts


async def test_a_play_counts_as_soon_as_it_is_one_and_not_again(app: App, song: int) -> None:
    await app.say(song, "starting")
    await app.say(song, "playing")
    counts = []
    for at in (60, 120, 180):
        await app.wait(60)
        await app.say(song, "playing", at)
        counts.append(await app.count(song))
    await app.say(song, "stopped", 181)
    assert [*counts, await app.count(song)] == [0, 1, 1, 1]


async def test_only_what_was_listened_to_counts(app: App, song: int) -> None:
    """Neither what was skipped, nor a pause, nor the time before the sound came."""
    await app.say(song, "starting")
    await app.wait(150)
    await app.say(song, "playing")
    await app.wait(40)
    await app.say(song, "paused", 40)
    await app.wait(500)
    await app.say(song, "playing", 150)
    await app.wait(40)
    await app.say(song, "stopped", 190)
    assert await app.count(song) == 0


async def test_a_clock_that_runs_on_while_the_song_hangs_counts_nothing(
    app: App, song: int
) -> None:
    await app.say(song, "playing")
    await app.wait(150)
    await app.say(song, "stopped", 30)
    assert await app.count(song) == 0


async def test_listening_is_measured_in_the_songs_own_seconds(app: App, song: int) -> None:
    await app.say(song, "playing", rate=2.0)
    await app.wait(51)
    await app.say(song, "stopped", 102)
    assert await app.count(song) == 1


async def test_starting_again_is_another_play(app: App, song: int) -> None:
    for _ in range(2):
        await app.say(song, "starting")
        await app.say(song, "playing")
        await app.wait(150)
        await app.say(song, "stopped", 150)
    assert await app.count(song) == 2


async def test_the_next_song_ends_the_one_before(app: App, song: int, other: int) -> None:
    await app.say(song, "playing")
    await app.wait(LENGTH + 20)
    await app.say(other, "starting")
    assert (await app.count(song), await app.count(other)) == (1, 0)
    assert [row.id for row in await app.shown()] == [other]


async def test_a_late_stop_of_the_song_before_changes_nothing(
    app: App, song: int, other: int
) -> None:
    await app.say(song, "playing")
    await app.wait(10)
    await app.say(other, "playing")
    await app.say(song, "stopped", 10)
    [row] = await app.shown()
    assert (row.id, row.state) == (other, "playing")


@pytest.mark.parametrize("late", [True, False])
async def test_what_comes_half_an_hour_after_the_planned_end_is_ignored(
    app: App, song: int, late: bool
) -> None:
    await app.say(song, "playing")
    await app.wait(LENGTH + 1800 + (5 if late else -5))
    assert bool(await app.shown()) is not late
    await app.say(song, "stopped", LENGTH)
    assert await app.count(song) == (not late)


async def test_what_is_only_for_show_counts_nothing(app: App, song: int, other: int) -> None:
    await app.say(song, "playing", ignore=True)
    await app.wait(150)
    assert [row.id for row in await app.shown()] == [song]
    await app.say(other, "playing", ignore=True)
    await app.wait(150)
    await app.say(other, "stopped", 150, ignore=True)
    assert (await app.count(song), await app.count(other)) == (0, 0)


async def test_a_position_goes_on_by_itself_while_the_song_plays(app: App, song: int) -> None:
    async def position() -> float:
        [row] = await app.shown()
        return row.position_ms / 1000

    await app.say(song, "starting", 10)
    await app.wait(5)
    assert await position() == 10
    await app.say(song, "playing", 10, rate=1.5)
    await app.wait(20)
    assert 40 <= await position() < 45
    await app.wait(1000)
    assert await position() == LENGTH
    await app.say(song, "paused", 70)
    await app.wait(60)
    assert await position() == 70
    await app.say(song, "stopped", 70)
    assert await app.shown() == []


@pytest.mark.parametrize("first", ["report", "scrobble"])
async def test_an_app_that_reports_and_scrobbles_counts_once(
    app: App, song: int, first: str
) -> None:
    await app.say(song, "starting")
    await app.say(song, "playing")
    await app.wait(120)
    if first == "scrobble":
        await app.scrobble(song)
    await app.say(song, "playing", 120)
    if first == "report":
        await app.scrobble(song, ago=120)
    await app.wait(60)
    await app.say(song, "stopped", 180)
    await app.scrobble(song)
    assert await app.count(song) == 1


async def test_a_scrobble_that_comes_with_the_next_song_counts_no_second_time(
    app: App, song: int, other: int
) -> None:
    await app.say(song, "playing")
    await app.wait(LENGTH)
    await app.say(other, "starting")
    await app.scrobble(song)
    await app.scrobble(song, ago=LENGTH)
    assert await app.count(song) == 1


async def test_scrobbles_of_other_days_and_other_apps_count(app: App, song: int) -> None:
    await app.say(song, "playing")
    await app.wait(150)
    await app.say(song, "playing", 150)
    await app.scrobble(song, ago=86_400)
    await App(app.database, app.user, "desk").scrobble(song)
    assert await app.count(song) == 3


async def test_a_report_and_a_scrobble_at_once_count_once(app: App, song: int) -> None:
    for _ in range(10):
        await app.database.pool.execute("delete from now_playing")
        await app.database.pool.execute("delete from plays")
        await app.database.pool.execute("delete from marks")
        await app.say(song, "playing")
        await app.wait(150)
        both = (app.scrobble(song), app.say(song, "stopped", 150), app.scrobble(song, ago=150))
        await asyncio.gather(*both)
        assert await app.count(song) == 1


async def test_reports_from_many_connections_at_once_make_one_session(
    app: App, song: int, other: int
) -> None:
    await asyncio.gather(
        *(app.say(one, "playing", at) for at in range(10) for one in (song, other))
    )
    assert len(await app.shown()) == 1
    assert await app.count(song) == await app.count(other) == 0


async def test_telling_what_plays_does_not_end_a_session(app: App, song: int, other: int) -> None:
    await app.say(song, "playing")
    await app.wait(60)
    assert await app.database.plays.hear(app.user, song, app.client)
    [row] = await app.shown()
    assert row.state == "playing"
    await app.wait(60)
    await app.say(song, "stopped", 120)
    assert await app.count(song) == 1
    assert await app.database.plays.hear(app.user, other, app.client)
    [row] = await app.shown()
    assert (row.id, row.state) == (other, None)


async def test_a_hidden_song_or_none_is_not_known_and_disturbs_nothing(
    app: App, database: Database, song: int
) -> None:
    elsewhere = await hand(database, "Other")
    hidden = await elsewhere.track("H", await elsewhere.album("Hidden"))
    await app.say(song, "playing")
    for track in (hidden, 2**62):
        assert await app.say(track, "playing") is False
    assert [row.id for row in await app.shown()] == [song]


async def test_sessions_are_each_ones_own(app: App, database: Database, song: int) -> None:
    bob = App(database, await person(database, "bob"))
    desk = App(database, app.user, "desk")
    for one in (app, bob, desk):
        await one.say(song, "playing")
    await app.wait(150)
    await app.say(song, "stopped", 150)
    assert (await app.count(song), await bob.count(song)) == (1, 0)
    assert {(row.user_name, row.client) for row in await app.shown()} == {
        ("bob", "phone"),
        ("ann", "desk"),
    }
