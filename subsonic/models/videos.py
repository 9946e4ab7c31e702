"""Answers about videos."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Model
from subsonic.models.media import Child


class Videos(Model, frozen=True, kw_only=True):
    """The videos of the user."""

    video: Sequence[Child]


class Captions(Model, frozen=True, kw_only=True):
    """Captions that a video has; the id is one that `getCaptions` takes."""

    id: str
    name: str


class AudioTrack(Model, frozen=True, kw_only=True):
    """A sound of a video; the id is one that `hls` takes."""

    id: str
    name: str | None = None
    language_code: str | None = None


class VideoInfo(Model, frozen=True, kw_only=True):
    """What can be chosen in a video. `conversion` would be made in advance: there is none."""

    id: str
    captions: Sequence[Captions]
    audio_track: Sequence[AudioTrack]
