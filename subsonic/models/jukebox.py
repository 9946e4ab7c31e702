"""Answers about the jukebox."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Model
from subsonic.models.media import Child


class JukeboxStatus(Model, frozen=True, kw_only=True):
    """What plays. `position` is in seconds; `current_index` is -1 where nothing does."""

    current_index: int
    playing: bool
    gain: float
    position: int


class JukeboxPlaylist(JukeboxStatus, frozen=True, kw_only=True):
    """What plays and what is to come."""

    entry: Sequence[Child]
