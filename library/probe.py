"""Files that mutagen cannot read, or knows no duration of, by way of FFmpeg.

The one file of this room that may import `av`; it runs in a child of the sandbox.
"""

from __future__ import annotations

import os
from typing import Any

import av
import av.error

from library.tags.facts import Sound
from library.tags.names import common
from library.tags.raw import Raw

_MICROSECONDS = 1_000_000


def read(path: bytes, content_type: str) -> Raw | None:
    """What FFmpeg says of a file; None: nothing that sounds."""
    av.logging.set_level(None)
    try:
        with av.open(os.fsdecode(path)) as container:
            return _describe(container, content_type)
    except (av.error.FFmpegError, ValueError, EOFError):
        return None


def _describe(container: Any, content_type: str) -> Raw | None:
    if not container.streams.audio:
        return None
    stream = container.streams.audio[0]
    duration = _duration(container, stream)
    if duration <= 0:
        return None
    codec = stream.codec_context
    raw = Raw(content_type)
    raw.sound = Sound(
        duration=duration,
        bit_rate=round((container.bit_rate or codec.bit_rate or 0) / 1000),
        sampling_rate=codec.sample_rate or 0,
        channels=codec.channels or 0,
    )
    for name, value in {**stream.metadata, **container.metadata}.items():
        raw.add(common(name), *value.split(";"))
    for other in container.streams.video:
        if other.disposition & other.disposition.attached_pic:
            packet = next(container.demux(other))
            raw.pictures.append((0, bytes(packet)))
            break
    return raw


def _duration(container: Any, stream: Any) -> float:
    """Seconds, as the container or else the stream says."""
    if container.duration:
        return float(container.duration / _MICROSECONDS)
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return 0.0
