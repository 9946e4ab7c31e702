"""Answers about transcodes to come."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Model


class StreamDetails(Model, frozen=True, kw_only=True):
    """How a stream is made; `audio_bitrate` is bit/s."""

    protocol: str
    container: str
    codec: str
    audio_channels: int | None = None
    audio_bitrate: int | None = None
    audio_profile: str | None = None
    audio_samplerate: int | None = None
    audio_bitdepth: int | None = None


class TranscodeDecision(Model, frozen=True, kw_only=True):
    """Whether a song can be played as it is, and what would be made of it."""

    can_direct_play: bool
    can_transcode: bool
    transcode_reason: Sequence[str]
    error_reason: str | None = None
    transcode_params: str | None = None
    source_stream: StreamDetails
    transcode_stream: StreamDetails | None = None
