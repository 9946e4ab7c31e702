"""What is measured by whom, what follows for albums, and what a scan leaves of it."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from msgspec import json

from db.cards import Loudness, ReplayGain, TrackCard
from db.database import Database
from db.rows import UserRow
from tests.support import rows


def card(**gains: float) -> str:
    gain = ReplayGain(**gains) if gains else None
    made = TrackCard(title="A", album="", artist="", album_artist="", path="", replay_gain=gain)
    return json.encode(made).decode()


async def measure(database: Database, track: int, **found: Any) -> None:
    """As a worker does with one song."""
    album = await database.pool.fetchval("select album_id from tracks where id = $1", track)
    for song in await database.loudness.songs(album):
        if song.id == track:
            await database.loudness.save(song, Loudness(**found))


async def stored(database: Database, track: int) -> Loudness:
    text = await database.pool.fetchval("select loudness from tracks where id = $1", track)
    return json.decode(text or "{}", type=Loudness)


async def test_songs_without_a_gain_in_their_tags_are_to_be_measured_the_newest_album_first(
    database: Database, music: rows.Hand
) -> None:
    old, new, tagged = [await music.album(name) for name in "ABC"]
    for album, tags in ((old, {}), (new, {}), (tagged, {"track_gain": 1.0})):
        await music.track("x", album, card=card(**tags))
    assert await database.loudness.waiting() == 2
    assert await database.loudness.claim() == new
    assert await database.loudness.claim() == old
    assert await database.loudness.claim() is None


async def test_many_nodes_never_claim_the_same_album(database: Database, music: rows.Hand) -> None:
    albums = [await music.album(str(number)) for number in range(6)]
    for album in albums:
        await music.track("x", album)
    claimed = await asyncio.gather(*(database.loudness.claim() for _ in range(12)))
    got = [album for album in claimed if album]
    assert len(got) == len(set(got))
    while (more := await database.loudness.claim()) is not None:
        got.append(more)
    assert sorted(got) == albums


async def test_an_album_whose_node_went_away_is_free_when_the_lease_is_over(
    database: Database, music: rows.Hand
) -> None:
    album = await music.album("A")
    first, second = await music.track("x", album), await music.track("y", album)
    assert await database.loudness.claim() == album
    await measure(database, first, track_gain=-1.0)
    assert await database.loudness.claim() is None
    await database.pool.execute("update loudness_claims set lease = now() - interval '1 second'")
    assert await database.loudness.claim() == album
    assert rows.ids(await database.loudness.songs(album)) == [second]


async def test_an_album_that_is_given_back_is_free_at_once_and_one_that_is_put_off_is_not(
    database: Database, music: rows.Hand
) -> None:
    album = await music.album("A")
    await music.track("x", album)
    await database.loudness.claim()
    await database.loudness.release(album)
    assert await database.loudness.claim() == album
    await database.loudness.put_off(album)
    assert await database.loudness.claim() is None


async def test_the_gain_of_an_album_is_the_mean_of_the_energies_over_time(
    database: Database, music: rows.Hand
) -> None:
    album = await music.album("A")
    loud = await music.track("x", album, duration=100.0)
    quiet = await music.track("y", album, duration=300.0)
    tagged = await music.track(
        "z", album, duration=100.0, card=card(track_gain=0.0, track_peak=1.0)
    )
    await measure(database, loud, track_gain=-10.0, track_peak=0.9)
    await database.loudness.settle([album])
    assert (await stored(database, loud)).album_gain is None
    await measure(database, quiet, track_gain=10.0, track_peak=0.2)
    await database.loudness.settle([album])
    energy = (100 * 10 ** (-8 / 10) + 300 * 10 ** (-28 / 10) + 100 * 10 ** (-18 / 10)) / 500
    for track in (loud, quiet, tagged):
        found = await stored(database, track)
        assert found.album_gain == pytest.approx(-18 - 10 * math.log10(energy), abs=0.005)
        assert found.album_peak == 1.0


async def test_an_album_without_a_gain_of_its_own_gets_it_from_tags_of_its_songs_alone(
    database: Database, music: rows.Hand
) -> None:
    album = await music.album("A")
    one = await music.track("x", album, card=card(track_gain=-4.0))
    full = await music.track("y", album, card=card(track_gain=-4.0, album_gain=-7.0))
    await database.loudness.settle_all()
    assert (await stored(database, one)).album_gain == -4.0
    assert (await stored(database, full)).album_gain is None


async def test_all_albums_are_settled_slice_by_slice(
    database: Database, music: rows.Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.loudness._SLICE", 2)
    tracks = [
        await music.track("x", await music.album(f"A{n}"), card=card(track_gain=float(-n)))
        for n in range(5)
    ]
    await database.loudness.settle_all()
    assert [(await stored(database, track)).album_gain for track in tracks] == [0, -1, -2, -3, -4]


async def test_a_song_that_cannot_be_measured_is_left_alone_and_does_not_hold_up_its_album(
    database: Database, music: rows.Hand
) -> None:
    album = await music.album("A")
    broken, fine = await music.track("x", album), await music.track("y", album)
    await measure(database, broken, reason="Nothing in the file can be decoded.")
    await measure(database, fine, track_gain=-5.0, track_peak=0.5)
    await database.loudness.settle([album])
    assert await database.loudness.waiting() == 0
    assert (await stored(database, fine)).album_gain == -5.0
    assert (await stored(database, broken)).reason


@pytest.mark.parametrize("gain", [1e308, -1e308])
async def test_absurd_gains_in_tags_do_not_stop_the_reckoning(
    database: Database, music: rows.Hand, gain: float
) -> None:
    album = await music.album("A")
    track = await music.track("x", album, card=card(track_gain=gain))
    await database.loudness.settle_all()
    assert (await stored(database, track)).album_gain == math.copysign(60, gain)


async def test_the_result_of_a_file_that_changed_meanwhile_is_forgotten(
    database: Database, music: rows.Hand
) -> None:
    album = await music.album("A")
    track = await music.track("x", album)
    [song] = await database.loudness.songs(album)
    await database.pool.execute("update tracks set mtime_ns = 2 where id = $1", track)
    await database.loudness.save(song, Loudness(track_gain=1.0))
    assert await database.loudness.waiting() == 1


async def test_lists_and_files_come_with_what_was_measured_and_tags_count_more(
    database: Database, music: rows.Hand, ann: UserRow
) -> None:
    album = await music.album("A")
    plain = await music.track("x", album)
    tagged = await music.track("y", album, card=card(track_gain=2.0, album_gain=3.0))
    await measure(database, plain, track_gain=-6.0, track_peak=0.5)
    await database.pool.execute(
        'update tracks set loudness = \'{"track_gain": 9, "track_peak": 0.7}\' where id = $1',
        tagged,
    )
    [first, second] = await database.tracks.in_order([plain, tagged], ann)
    assert first.loudness is not None
    file = await database.tracks.file(plain, ann)
    assert file is not None
    assert file.gains == ReplayGain(track_gain=-6.0, track_peak=0.5)
    file = await database.tracks.file(tagged, ann)
    assert file is not None
    assert file.gains == ReplayGain(track_gain=2.0, track_peak=0.7, album_gain=3.0)
    assert second.loudness is not None
