"""Lists of songs: their order, their pages, random picks, and where a file is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import json

from db.cards import Name, TrackCard
from db.database import Database
from db.rows import UserRow
from db.words import vector
from tests.support.rows import WHEN, Hand, hand, ids, mark, person, shuffle


@pytest.fixture
async def album(music: Hand) -> int:
    return await music.album("First")


async def add_alike(database: Database, music: Hand, album: int, number: int) -> list[int]:
    """Songs that differ in nothing but the id and the path."""
    made = [await music.track("Same", album, genre_keys=["rock"]) for _ in range(number)]
    await shuffle(database, "tracks", made)
    return made


async def test_songs_of_an_album_go_by_disc_track_title_and_id(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    facts = [("B", 1, 2), ("A", 2, 1), ("B", 1, 1), ("A", 1, 2), ("A", 1, 2), ("Z", 0, 0)]
    made = [await music.track(title, album, disc=disc, track=n) for title, disc, n in facts]
    await music.track("Other", await music.album("Second"))
    await shuffle(database, "tracks", made)
    expected = [made[index] for index in (5, 2, 3, 4, 0, 1)]
    assert ids(await database.tracks.by_album(album, ann)) == expected


async def test_songs_of_a_folder_go_by_disc_track_and_file_name(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    folder = await music.folder("Ada")
    facts = [(1, 2, b"a"), (1, 1, b"c"), (1, 1, b"\xff"), (1, 1, b"b"), (0, 9, b"d")]
    made = [
        await music.track("Same", album, folder_id=folder, disc=disc, track=n, path=path)
        for disc, n, path in facts
    ]
    await music.track("Other", album, folder_id=await music.folder("Below", folder))
    expected = [made[index] for index in (4, 3, 1, 2, 0)]
    assert ids(await database.tracks.by_folder(folder, ann)) == expected


async def test_loose_songs_are_those_in_no_folder_by_file_name(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    made = [await music.track("Same", album, path=path) for path in (b"b", b"a")]
    await music.track("Other", album, folder_id=await music.folder("Ada"))
    assert ids(await database.tracks.in_roots(ann, ann.libraries)) == made[::-1]


async def test_pages_of_a_genre_join_in_the_order_of_the_ids(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    made = await add_alike(database, music, album, 7)
    await music.track("Other", album, genre_keys=["rockabilly"])
    pages = [
        ids(await database.tracks.by_genre("rock", ann, ann.libraries, 3, offset))
        for offset in (0, 3, 6, 9)
    ]
    assert pages == [made[:3], made[3:6], made[6:], []]


async def test_starred_songs_fall_by_the_star_and_then_by_the_id(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    made = await add_alike(database, music, album, 4)
    later = WHEN + timedelta(seconds=1)
    for track, starred in zip(made, (WHEN, later, WHEN, later), strict=True):
        await mark(database, ann, "track", track, starred=starred)
    expected = [made[index] for index in (3, 1, 2, 0)]
    assert ids(await database.tracks.starred(ann, ann.libraries)) == expected
    bob = await person(database, "bob")
    assert await database.tracks.starred(bob, bob.libraries) == []


@pytest.mark.parametrize("left", [10, 60])
async def test_random_songs_are_different_even_where_most_ids_are_gone(
    database: Database, music: Hand, album: int, ann: UserRow, left: int
) -> None:
    made = (await add_alike(database, music, album, 60))[-left:]
    await database.pool.execute("delete from tracks where id <> all($1::bigint[])", made)
    for size in (0, 1, 5, 9, left, 100):
        found = ids(await database.tracks.random(ann, ann.libraries, size))
        assert len(found) == len(set(found)) == min(size, left)
        assert set(found) <= set(made)


async def test_every_song_can_be_picked_at_random(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    made = set(await add_alike(database, music, album, 4))
    picked = {
        row.id for _ in range(100) for row in await database.tracks.random(ann, ann.libraries, 1)
    }
    assert picked == made


@pytest.mark.parametrize(
    ("given", "titles"),
    [
        ({}, {"Old", "New", "Mixed", "Undated"}),
        ({"from_year": 1990}, {"Old", "New", "Mixed"}),
        ({"from_year": 1990, "to_year": 1990}, {"Old"}),
        ({"to_year": 2000}, {"Old", "Mixed"}),
        ({"from_year": 2000, "to_year": 1990}, set()),
        ({"genre": "rock"}, {"New", "Mixed"}),
        ({"genre": "rock", "to_year": 2000}, {"Mixed"}),
        ({"genre": "roc"}, set()),
    ],
)
async def test_random_songs_of_a_span_of_years_have_a_year_in_it(
    database: Database,
    music: Hand,
    album: int,
    ann: UserRow,
    given: dict[str, Any],
    titles: set[str],
) -> None:
    await music.track("Old", album, year=1990)
    await music.track("New", album, year=2010, genre_keys=["rock"])
    await music.track("Mixed", album, year=2000, genre_keys=["jazz", "rock"])
    await music.track("Undated", album)
    found = await database.tracks.random_from(ann, ann.libraries, 100, **given)
    assert {row.card.title for row in found} == titles
    assert len(found) == len(titles)


async def test_of_songs_asked_for_by_id_those_that_exist_come_once(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    first, second = await add_alike(database, music, album, 2)
    found = await database.tracks.by_ids([second, 2**62, first, second], ann)
    assert sorted(ids(found)) == [first, second]
    assert await database.tracks.by_ids([], ann) == []


async def test_a_file_is_told_by_the_bytes_of_its_name_with_its_tags(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    track = await music.track("Alpha", album, path=b"caf\xe9/\xff.mp3", size=2**40)
    file = await database.tracks.file(track, ann)
    assert file is not None
    assert (file.root, file.path, file.size) == (b"/Music", b"caf\xe9/\xff.mp3", 2**40)
    assert file.card.title == "Alpha"


async def test_a_song_shows_the_marks_of_the_one_who_asks(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    bob = await person(database, "bob")
    track = await music.track("Alpha", album)
    await mark(database, ann, "track", track, starred=WHEN, rating=3, play_count=2, played=WHEN)
    await mark(database, bob, "track", track, rating=5)
    seen = [await database.tracks.get(track, user) for user in (ann, bob)]
    assert [
        (row.starred, row.rating, row.play_count, row.played) for row in seen if row is not None
    ] == [(WHEN, 3, 2, WHEN), (None, 5, 0, None)]


def card(title: str, artist: str, **more: Any) -> str:
    """A card as it is stored."""
    whole = {"title": title, "artist": artist, "album": "", "album_artist": "", "path": ""}
    return json.encode(TrackCard(**(whole | more))).decode()


async def test_a_song_is_found_by_artist_and_title_as_they_are(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    words = {"words": vector("Let It Be", ["The Beatles"], "Let It Be Naked")}
    facts = [
        ("Naked", "The Beatles", "the beatles|let it be|naked"),
        ("Let It Be", "Other", "other|the beatles|let it be"),
        ("Let It Be", "The Beatles", ""),
        ("Let it be", "THE BEATLES", "the beatles|let it be|let it be"),
        ("Let It Be", "The Beatles feat. X", "the beatles feat. x|x|let it be"),
    ]
    made = [
        await music.track("x", album, tag_key=key, card=card(title, artist), **words)
        for title, artist, key in facts
    ]
    guests = card("Let It Be", "X", artists=(Name(id=1, name="The Beatles"),))
    made.append(await music.track("x", album, card=guests, **words))
    for given in (("The Beatles", "Let It Be"), (" the  beatles", "LET IT BE\0")):
        found = ids(await database.tracks.named(*given, ann))
        assert found == [made[3], made[2], made[5]]
    untold = ids(await database.tracks.named("", "let it be", ann))
    assert untold == [made[index] for index in (1, 3, 4, 2, 5)]
    assert len(await database.tracks.named("", "let it be", ann, most=2)) == 2
    assert await database.tracks.named("The Beatles", "", ann) == []


async def test_a_song_of_a_hidden_library_is_found_by_nobody_else(
    database: Database, music: Hand, ann: UserRow
) -> None:
    other = await hand(database, "Other")
    await other.track(
        "x", await other.album("X"), words=vector("One", ["Ada"]), card=card("One", "Ada")
    )
    assert await database.tracks.named("Ada", "One", ann) == []
    bob = await person(database, "bob")
    assert len(await database.tracks.named("Ada", "One", bob)) == 1
