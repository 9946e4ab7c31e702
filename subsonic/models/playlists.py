"""Answers about playlists."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Date, Model, Open
from subsonic.models.media import Child


class Playlist(Model, frozen=True, kw_only=True):
    """A playlist, counted as far as the asking user sees it."""

    id: str
    name: str
    comment: str | None = None
    owner: str
    public: bool
    song_count: int
    duration: int
    created: Date
    changed: Date
    cover_art: str | None = None
    readonly: Open[bool]


class PlaylistWithSongs(Playlist, frozen=True, kw_only=True):
    """A playlist and its songs."""

    entry: Sequence[Child]


class Playlists(Model, frozen=True, kw_only=True):
    """Playlists."""

    playlist: Sequence[Playlist]
