"""What an album is, made from its songs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from db.batches import AlbumSong
from db.cards import AlbumCard, AlbumTags, Date, DiscTitle, Name, TrackCard
from library.albums import album_row, artists_of, picture

ADA = Name(id=7, name="Ada")


def song(id_: int, tags: AlbumTags | None = None, **card: Any) -> AlbumSong:
    shown = {"title": f"{id_}", "album": "X", "artist": "Ada", "album_artist": "Ada", "path": ""}
    return AlbumSong(
        id_, 3, f"A/X/{id_}.mp3".encode(), 60.0, ["rock"], None, None,
        datetime(2020, 1, id_, tzinfo=UTC),
        TrackCard(**(shown | {"album_artists": (ADA,)} | card)),
        tags or AlbumTags(),
    )  # fmt: skip


def card_of(*songs: AlbumSong) -> AlbumCard:
    return msgspec.json.decode(album_row("", songs, 0, ()).card, type=AlbumCard)


def test_figures_are_summed_and_the_first_song_dates_the_album() -> None:
    row = album_row("k", [song(2, year=1999), song(1, year=1999), song(3)], 9, ("The",))
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


def test_a_cover_above_comes_before_one_beside_and_that_before_one_inside() -> None:
    inside = msgspec.structs.replace(song(1), path=b"A/X/CD1/1.mp3", picture_hash=b"h")
    assert picture([inside], {b"A/X": 1, b"A/X/CD1": 2}, {b"h": 3}) == 1
    assert picture([inside], {b"A/X/CD1": 2}, {b"h": 3}) == 2
    assert picture([inside], {}, {b"h": 3}) == 3
    assert picture([inside], {b"A": 1}, {}) == 0
