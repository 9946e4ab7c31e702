"""The one row of the jukebox, and the node that holds it."""

from __future__ import annotations

from msgspec.structs import replace

from db.database import Database


async def test_what_is_put_is_there(stocked: Database) -> None:
    row = await stocked.jukebox.get()
    assert await stocked.jukebox.put(replace(row, tracks=[3, 1, 3], current=2, gain=0.25))
    after = await stocked.jukebox.get()
    assert (after.tracks, after.current, after.gain) == ([3, 1, 3], 2, 0.25)


async def test_who_comes_second_must_look_again(stocked: Database) -> None:
    row = await stocked.jukebox.get()
    assert await stocked.jukebox.put(replace(row, gain=0.1))
    assert not await stocked.jukebox.put(replace(row, gain=0.2))
    assert (await stocked.jukebox.get()).gain == 0.1


async def test_the_position_goes_on_only_while_it_plays(stocked: Database) -> None:
    row = await stocked.jukebox.get()
    await stocked.jukebox.put(replace(row, tracks=[1], current=0, position=10.0))
    await stocked.pool.execute("update jukebox set since = now() - interval '5 seconds'")
    assert (await stocked.jukebox.get()).position == 10
    await stocked.pool.execute("update jukebox set playing = true")
    assert 15 <= (await stocked.jukebox.get()).position < 25


async def test_songs_follow_each_other_until_the_last(stocked: Database) -> None:
    row = await stocked.jukebox.get()
    await stocked.jukebox.put(replace(row, tracks=[1, 2], current=0, playing=True, turn=7))
    await stocked.jukebox.advance(6)
    assert (await stocked.jukebox.get()).turn == 7
    await stocked.jukebox.advance(7)
    second = await stocked.jukebox.get()
    assert (second.current, second.playing, second.turn) == (1, True, 8)
    await stocked.jukebox.advance(8)
    end = await stocked.jukebox.get()
    assert (end.current, end.playing) == (0, False)


async def test_a_song_that_cannot_be_heard_is_followed_by_silence(stocked: Database) -> None:
    row = await stocked.jukebox.get()
    await stocked.jukebox.put(replace(row, tracks=[1, 2], current=0, playing=True, turn=1))
    await stocked.jukebox.advance(1, go_on=False)
    after = await stocked.jukebox.get()
    assert (after.current, after.playing) == (1, False)


async def test_one_node_holds_it_until_it_lets_go_or_is_not_heard_of(stocked: Database) -> None:
    assert not (await stocked.jukebox.get()).available
    assert await stocked.jukebox.take("a")
    assert await stocked.jukebox.take("a")
    assert not await stocked.jukebox.take("b")
    assert (await stocked.jukebox.get()).available
    await stocked.jukebox.leave("a")
    assert not (await stocked.jukebox.get()).available
    assert await stocked.jukebox.take("b")
    await stocked.pool.execute("update jukebox set seen = now() - interval '2 minutes'")
    assert not (await stocked.jukebox.get()).available
    assert await stocked.jukebox.take("a")


async def test_it_falls_silent_when_its_node_leaves(stocked: Database) -> None:
    await stocked.jukebox.take("a")
    row = await stocked.jukebox.get()
    await stocked.jukebox.put(replace(row, tracks=[1], current=0, playing=True, position=3.0))
    await stocked.jukebox.leave("b")
    assert (await stocked.jukebox.get()).playing
    await stocked.jukebox.leave("a")
    assert not (await stocked.jukebox.get()).playing
    assert (await stocked.jukebox.get()).position >= 3
