"""Which files are one recording, and which of them stands for all."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from db.cards import TrackCard
from db.twins import Copy
from library.twins import leaders, same_recording

CARD = TrackCard(title="Ant", album="Zoo", artist="Ada", album_artist="Ada", path="a", codec="mp3")
COPY = Copy(
    id=1, twin_of=0, missing=False, hidden=False, album="zoo", disc=1, track=1, duration=200.0, bit_rate=192,
    year=0, cut=False, recording="", tag_key="ada|zoo|ant", version="", card=CARD,
)  # fmt: skip


def a_copy(id: int, codec: str = "mp3", depth: int = 0, hertz: int = 44100, **more: Any) -> Copy:
    card = replace(CARD, codec=codec, bit_depth=depth, sampling_rate=hertz)
    return replace(COPY, **({"id": id, "card": card} | more))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({}, {}, True),
        ({}, {"duration": 201.9}, True),
        ({}, {"duration": 202.1}, False),
        ({}, {"tag_key": "ada|zoo|ant (live)"}, False),
        ({}, {"tag_key": "bo|zoo|ant"}, False),
        ({}, {"version": "Remix"}, False),
        ({"tag_key": ""}, {"tag_key": ""}, False),
        ({}, {"card": replace(CARD, album_artist="Various Artists")}, False),
        ({}, {"card": replace(CARD, album_artist="ÁDA")}, True),
        ({"year": 1973}, {"year": 2011}, False),
        ({"year": 1973}, {}, True),
        ({"recording": "x"}, {}, True),
        ({"recording": "x"}, {"recording": "y"}, False),
        ({"recording": "x"}, {"recording": "x", "tag_key": "ada|zoo|the ant"}, True),
        ({"recording": "x"}, {"recording": "x", "version": "Remastered"}, False),
        ({"recording": "x"}, {"recording": "x", "duration": 240}, False),
    ],
)
def test_two_songs_of_one_place_are_one_recording_where_all_agrees(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    first, second = replace(COPY, **one), replace(COPY, **other)
    assert same_recording(first, second) is same_recording(second, first) is same


@pytest.mark.parametrize(
    ("copies", "found"),
    [
        ([a_copy(1), a_copy(2)], {2: 1}),
        ([a_copy(2), a_copy(1)], {2: 1}),
        ([a_copy(1), a_copy(2, "flac", 16)], {1: 2}),
        ([a_copy(1, bit_rate=128), a_copy(2, bit_rate=320), a_copy(3)], {1: 2, 3: 2}),
        ([a_copy(1, "flac", 16), a_copy(2, "flac", 24)], {1: 2}),
        ([a_copy(1, "flac", 24), a_copy(2, "alac", 24, 96000)], {1: 2}),
        ([a_copy(1, "flac", 16, bit_rate=900), a_copy(2, "flac", 16, bit_rate=990)], {2: 1}),
        ([a_copy(1, "flac", 16, cut=True), a_copy(2, "flac", 16)], {1: 2}),
        ([a_copy(1, "flac", 16, cut=True), a_copy(2)], {2: 1}),
        ([a_copy(1, "flac", 16, missing=True), a_copy(2), a_copy(3)], {1: 2, 3: 2}),
        ([a_copy(1, missing=True), a_copy(2, missing=True)], {}),
        ([a_copy(1, track=2), a_copy(2)], {}),
        ([a_copy(1, disc=2), a_copy(2)], {}),
        ([a_copy(1, album="zoo live"), a_copy(2)], {}),
        ([a_copy(1, "flac", 16), a_copy(2, duration=201.5), a_copy(3, duration=203)], {2: 1}),
        ([a_copy(1, "flac", 16, duration=201.5), a_copy(2), a_copy(3, duration=203)], {2: 1, 3: 1}),
    ],
)
def test_the_best_file_stands_for_those_that_agree_with_it(
    copies: list[Copy], found: dict[int, int]
) -> None:
    assert leaders(copies) == found
