"""By which words songs and albums are found. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from db.cards import AlbumCard, TrackCard
from db.words import vector

WORDING = 1
"""Raise it when names are to be folded anew: the next scan does so, without reading a file."""


def track_words(card: TrackCard) -> str:
    """A song's title, who made it, and its album."""
    return vector(card.title, _people(card), card.album)


def album_words(card: AlbumCard) -> str:
    """An album's name, and whose it is."""
    return vector(card.name, (card.artist, *(one.name for one in card.artists)))


def track_names(card: TrackCard) -> Iterator[str]:
    """All names in a card."""
    yield card.title
    yield card.album
    yield from _people(card)
    yield from (one.artist.name for one in card.contributors)


def _people(card: TrackCard) -> tuple[str, ...]:
    named = (one.name for one in (*card.artists, *card.album_artists))
    return (card.artist, card.album_artist, *named)
