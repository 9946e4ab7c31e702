"""What an app says it can play, in the words of OpenSubsonic: rates are bit/s, 0 is no limit."""

from __future__ import annotations

from typing import Annotated, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")
Few = Annotated[tuple[T, ...], Meta(max_length=100)]
"""As many as any device has reason to list: each is held against each of others."""
Names = tuple[str, ...]
"""Formats, in any spelling; none of them, or `*`: any."""


class Described(Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what an app sends. Of what it leaves out nothing is assumed."""


class DirectPlay(Described, frozen=True, kw_only=True):
    """Files that can be played as they are."""

    containers: Names | None = None
    audio_codecs: Names | None = None
    protocols: Names | None = None
    max_audio_channels: int | None = None


class Target(Described, frozen=True, kw_only=True):
    """A format to transcode to."""

    container: str = ""
    audio_codec: str = ""
    protocol: str = ""
    max_audio_channels: int | None = None


class Limitation(Described, frozen=True, kw_only=True):
    """What a figure of a stream must be; only a wish unless `required`."""

    name: str
    comparison: str
    values: tuple[str | int | float, ...] = ()
    required: bool = False


class CodecProfile(Described, frozen=True, kw_only=True):
    """The limitations of a codec."""

    type: str = ""
    name: str
    limitations: Few[Limitation] | None = None


class ClientInfo(Described, frozen=True, kw_only=True):
    """An app on a device. `transcoding_profiles` are in the order of its preference."""

    name: str
    platform: str
    max_audio_bitrate: int | None = None
    max_transcoding_audio_bitrate: int | None = None
    direct_play_profiles: Few[DirectPlay] | None = None
    transcoding_profiles: Few[Target] | None = None
    codec_profiles: Few[CodecProfile] | None = None
