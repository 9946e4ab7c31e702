"""What an album is, made from its songs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from db.batches import AlbumSong
from db.cards import AlbumCard, AlbumTags, Date, DiscTitle, Name, TrackCard
from library.albums import Cover, Shown, album_row, artists_of, shown

ADA = Name(id=7, name="Ada")


def song(id_: int, tags: AlbumTags | None = None, **card: Any) -> AlbumSong:
    plain = {"title": f"{id_}", "album": "X", "artist": "Ada", "album_artist": "Ada", "path": ""}
    return AlbumSong(
        id_, 3, f"A/X/{id_}.mp3".encode(), 60.0, ["rock"], None, None,
        datetime(2020, 1, id_, tzinfo=UTC),
        TrackCard(**(plain | {"album_artists": (ADA,)} | card)),
        tags or AlbumTags(),
    )  # fmt: skip


def card_of(*songs: AlbumSong) -> AlbumCard:
    return msgspec.json.decode(album_row("", songs, Shown(), ()).card, type=AlbumCard)


def test_figures_are_summed_and_the_first_song_dates_the_album() -> None:
    row = album_row("k", [song(2, year=1999), song(1, year=1999), song(3)], Shown(9), ("The",))
    assert (row.id, row.key, row.song_count, row.duration, row.year) == (3, "k", 3, 180.0, 1999)
    assert (row.picture_id, row.created.day, row.genre_keys) == (9, 1, "rock")
    assert artists_of([song(1)]) == [(3, 7, 0)]


def test_what_most_songs_say_counts() -> None:
    tags = [AlbumTags(sort_name=name, version="v") for name in ("A", "B", "B")]
    card = card_of(*(song(index, each) for index, each in enumerate(tags, 1)))
    assert (card.sort_name, card.version) == ("B", "v")
    card = card_of(
        song(1, genres=("Pop",)), song(2, genres=("rock", "pop")), song(3, genres=("Rock",))
    )
    assert card.genres == ("Pop", "rock")


def test_discs_have_titles_and_one_explicit_song_is_enough() -> None:
    card = card_of(
        song(1, AlbumTags(disc_title="Day", original_date=Date(year=1970)), disc=1),
        song(2, AlbumTags(disc_title="Night"), disc=2, explicit="explicit"),
        song(3, AlbumTags(compilation=True), disc=2, explicit="clean"),
    )
    assert card.disc_titles == (DiscTitle(disc=1, title="Day"), DiscTitle(disc=2, title="Night"))
    assert (card.explicit, card.compilation, card.original_date) == (
        "explicit",
        True,
        Date(year=1970),
    )


ONE, TWO = b"h", b"i"
EMBEDDED = {ONE: 30, TWO: 40}


def at(path: str, picture: bytes = b"", disc: int = 0) -> AlbumSong:
    return msgspec.structs.replace(song(1, disc=disc), path=path.encode(), picture_hash=picture)


@pytest.mark.parametrize(
    ("covers", "picture", "expected"),
    [
        ({b"A/X": Cover(1), b"A/X/CD1": Cover(2)}, ONE, 1),
        ({b"A/X/CD1": Cover(2)}, ONE, 2),
        ({}, ONE, 30),
        ({b"A": Cover(1)}, b"", 0),
        ({b"A/X": Cover(1, after_embedded=True), b"A/X/CD1": Cover(2)}, ONE, 2),
        ({b"A/X": Cover(1, after_embedded=True)}, ONE, 30),
        ({b"A/X": Cover(1, after_embedded=True)}, b"", 1),
        ({}, b"unknown", 0),
    ],
)
def test_covers_above_come_before_those_beside_and_pictures_in_tags_where_the_names_say(
    covers: dict[bytes, Cover], picture: bytes, expected: int
) -> None:
    assert shown([at("A/X/CD1/1.mp3", picture)], covers, EMBEDDED).album == expected


@pytest.mark.parametrize(
    ("covers", "pictures", "expected"),
    [
        ({b"A/X": Cover(1)}, (b"", b""), {}),
        ({b"A/X": Cover(1), b"A/X/CD2": Cover(2)}, (b"", b""), {2: 2}),
        ({b"A/X/CD1": Cover(1), b"A/X/CD2": Cover(2)}, (b"", b""), {2: 2}),
        ({}, (ONE, TWO), {2: 40}),
        ({}, (ONE, b""), {}),
        ({b"A/X": Cover(1)}, (ONE, ONE), {}),
        ({b"A/X": Cover(1)}, (ONE, TWO), {1: 30, 2: 40}),
    ],
)
def test_a_disc_has_a_picture_of_its_own_where_it_differs(
    covers: dict[bytes, Cover], pictures: tuple[bytes, bytes], expected: dict[int, int]
) -> None:
    songs = [at(f"A/X/CD{disc}/1.mp3", picture, disc) for disc, picture in enumerate(pictures, 1)]
    found = shown(songs, covers, EMBEDDED)
    assert found.discs == expected
    assert found.of(1) == expected.get(1, found.album)
    assert found.of(9) == found.album


def test_pictures_of_songs_are_none_of_their_disc() -> None:
    songs = [at("A/1.mp3", ONE, 1), at("A/2.mp3", ONE, 2), at("A/3.mp3", TWO, 2)]
    assert shown(songs, {}, EMBEDDED) == Shown(30, {})


def test_discs_with_pictures_are_listed_with_and_without_a_title() -> None:
    songs = [song(1, AlbumTags(disc_title="Day"), disc=1), song(2, disc=2), song(3)]
    row = album_row("", songs, Shown(5, {0: 6, 1: 7, 2: 8}), ())
    assert msgspec.json.decode(row.card, type=AlbumCard).disc_titles == (
        DiscTitle(disc=1, title="Day", picture_id=7),
        DiscTitle(disc=2, title="", picture_id=8),
    )
