"""What rows and cards have in common."""

from __future__ import annotations

import gc
import inspect
from typing import Any

import msgspec
import pytest

from db import cards, rows
from db.cards import AlbumCard, Card, Name, TrackCard
from db.database import Database
from db.rows import UserRow
from tests.support.rows import Hand

STRUCTS = [
    kind
    for module in (cards, rows)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
]
CARDS = [kind for kind in STRUCTS if issubclass(kind, Card)]
LEAST = {
    TrackCard: {"title": "A", "album": "B", "artist": "C", "album_artist": "D", "path": "E"},
    AlbumCard: {"name": "A", "artist": "B"},
}


@pytest.mark.parametrize("kind", STRUCTS)
def test_no_row_can_be_changed_and_the_collector_passes_over_all(
    kind: type[msgspec.Struct],
) -> None:
    assert kind.__struct_config__.frozen
    assert not kind.__struct_config__.gc


@pytest.mark.parametrize("kind", CARDS)
def test_what_a_card_does_not_say_takes_no_room(kind: type[Card]) -> None:
    assert kind.__struct_config__.omit_defaults


@pytest.mark.parametrize(("kind", "least"), LEAST.items())
def test_a_card_of_another_version_is_read(kind: type[Card], least: dict[str, str]) -> None:
    """What an older program did not know yet has its default; what a newer one knows is left."""
    card = msgspec.json.decode(msgspec.json.encode(least | {"of_a_later_version": [1]}), type=kind)
    assert msgspec.to_builtins(card) == least


def test_a_card_is_the_same_after_it_was_stored() -> None:
    card = TrackCard(
        title="A", album="", artist="そ", album_artist="", path="", artists=(Name(id=1, name="そ"),)
    )
    assert cards.track_card(msgspec.json.encode(card).decode()) == card


async def test_rows_of_lists_are_not_tracked_and_read_their_cards(
    database: Database, music: Hand, ann: UserRow
) -> None:
    album = await music.album("First")
    track = await music.track("Alpha", album)
    found: list[Any] = [
        await database.albums.get(album, ann),
        await database.tracks.get(track, ann),
    ]
    assert [gc.is_tracked(row) for row in found] == [False, False]
    assert (found[0].card.name, found[1].card.title) == ("First", "Alpha")
