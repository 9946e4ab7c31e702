"""Answers of the lists of albums and songs, and of searches."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Model, Open
from subsonic.models.media import AlbumID3, Artist, ArtistID3, Child


class AlbumList(Model, frozen=True, kw_only=True):
    """Albums for apps that browse folders."""

    album: Sequence[Child]


class AlbumList2(Model, frozen=True, kw_only=True):
    """Albums by their tags."""

    album: Sequence[AlbumID3]


class Songs(Model, frozen=True, kw_only=True):
    """Songs."""

    song: Sequence[Child]


class NowPlayingEntry(Child, frozen=True, kw_only=True):
    """A song that somebody hears."""

    username: str
    minutes_ago: int
    player_id: int
    player_name: str | None = None
    state: Open[str | None] = None
    position_ms: Open[int | None] = None
    playback_rate: Open[float | None] = None


class NowPlaying(Model, frozen=True, kw_only=True):
    """What everybody hears."""

    entry: Sequence[NowPlayingEntry]


class Found(Model, frozen=True, kw_only=True):
    """Artists, albums and songs for apps that browse folders: found, or starred."""

    artist: Sequence[Artist]
    album: Sequence[Child]
    song: Sequence[Child]


class Matches(Model, frozen=True, kw_only=True):
    """A page of songs that match; the oldest of the searches."""

    offset: int
    total_hits: int
    match: Sequence[Child]


class FoundID3(Model, frozen=True, kw_only=True):
    """Artists, albums and songs by the tags: found, or starred."""

    artist: Sequence[ArtistID3]
    album: Sequence[AlbumID3]
    song: Sequence[Child]
