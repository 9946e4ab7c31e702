"""Whether this build of FFmpeg can make what is offered."""

from __future__ import annotations

import av
from av.codec.codec import UnknownCodecError

from streaming.profiles import AAC, FLAC, MP3, OPUS


def missing() -> list[str]:
    """The formats that cannot be made here; none with the packages that Dulcian installs."""
    return [profile.name for profile in (MP3, OPUS, AAC, FLAC) if not _has_encoder(profile.codec)]


def _has_encoder(name: str) -> bool:
    try:
        av.Codec(name, "w")
    except UnknownCodecError:
        return False
    return True
