"""Videos, and songs that mutagen cannot read or knows no duration of, by way of FFmpeg.

The one file of this room that may import `av`; it runs in a child of the sandbox.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import av
import av.error

from library.tags.facts import AudioTrack, Sound, VideoFacts
from library.tags.names import common
from library.tags.raw import Raw
from library.tags.text import clean

# PyAV 18, the last for Python 3.11, fails on tags that are no UTF-8.
_OLD = int(av.__version__.partition(".")[0]) < 19
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if _OLD else {}
_KINDS = ("pcm", "dsd", "adpcm")
_NAMES = {"mp3float": "mp3", "wmav1": "wma", "wmav2": "wma", "wmapro": "wma", "dca": "dts"}
_ONE_VALUE = {"title", "album", "comment", "date", "encoder", "cuesheet"}
_MICROSECONDS = 1_000_000
_SAMPLE = 64 * 1024
_LONGEST_TEXT = 100
_MOST_TRACKS = 50
_LARGEST_SIDE = 8192
_LONGEST = 7 * 24 * 3600.0


def read(file: BinaryIO, suffix: str, content_type: str) -> Raw | None:
    """What FFmpeg says of a file; None: nothing that sounds."""
    try:
        with _opened(file, suffix) as container:
            return _describe(container, content_type)
    except (av.error.FFmpegError, ValueError, EOFError):
        return None


def _describe(container: Any, content_type: str) -> Raw | None:
    # Without a context there is no decoder for it.
    stream = next((one for one in container.streams.audio if one.codec_context), None)
    if stream is None:
        return None
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
        codec=_plain(codec.name),
    )
    for name, value in {**stream.metadata, **container.metadata}.items():
        tag = common(name)
        raw.add(tag, *([value] if tag in _ONE_VALUE else value.split(";")))
    for other in container.streams.video:
        if other.disposition & other.disposition.attached_pic:
            packet = next(container.demux(other))
            raw.pictures.append((0, bytes(packet)))
            break
    return raw


def _plain(codec: str) -> str:
    """FFmpeg has a name for each kind of PCM and the like; here, they are one."""
    return next((kind for kind in _KINDS if codec.startswith(kind)), _NAMES.get(codec, codec))


def video(file: BinaryIO, suffix: str) -> VideoFacts | None:
    """What moves in a file; None: nothing does, or it cannot be read."""
    try:
        with _opened(file, suffix) as container:
            return _describe_video(container, file)
    except (av.error.FFmpegError, ValueError, EOFError):
        return None


def _opened(file: BinaryIO, suffix: str) -> Any:
    """A file that calls itself a playlist must not make FFmpeg open others."""
    av.logging.set_level(None)
    file.seek(0)
    options = {"protocol_whitelist": "none"}
    return av.open(_Named(file, suffix), container_options=options, **_LENIENT)


class _Named:
    """An open file with a name that says only what helps to recognise its format."""

    def __init__(self, file: BinaryIO, suffix: str) -> None:
        self.name = f"file.{suffix}"
        self.read, self.tell = file.read, file.tell
        self._seek = file.seek

    def seek(self, offset: int, whence: int = 0) -> int:
        """Damaged files make FFmpeg seek to before their beginning; -1 tells it that it cannot."""
        try:
            return self._seek(offset, whence)
        except OSError:
            return -1


def _describe_video(container: Any, file: BinaryIO) -> VideoFacts | None:
    stream = next((stream for stream in container.streams.video if _moves(stream)), None)
    if stream is None:
        return None
    codec = stream.codec_context
    width, height = _shown(container, stream)
    rate = container.bit_rate or codec.bit_rate or 0
    return VideoFacts(
        duration=min(max(0.0, _duration(container, stream)), _LONGEST),
        bit_rate=min(round(rate / 1000), 1_000_000),
        width=width,
        height=height,
        codec=codec.name,
        audio=list(_tracks(container))[:_MOST_TRACKS],
        hash=_hash(file),
    )


def _shown(container: Any, stream: Any) -> tuple[int, int]:
    """Width and height on the screen: pixels need not be square, and telephones film lying down."""
    codec = stream.codec_context
    ratio = float(stream.sample_aspect_ratio or 1)
    width = round(codec.width * ratio) if 0.1 < ratio < 10 else codec.width
    codec.thread_count = 1
    with contextlib.suppress(av.error.FFmpegError, ValueError, EOFError, MemoryError):
        first = next(container.decode(stream), None)
        if first is not None and first.rotation % 180 == 90:
            return codec.height, width
    return width, codec.height


def _moves(stream: Any) -> bool:
    """Covers, thumbnails and what no decoder knows are no video."""
    look = stream.disposition
    still = look.attached_pic | look.timed_thumbnails | look.still_image
    codec = stream.codec_context
    return bool(
        codec
        and not stream.disposition & still
        and 0 < codec.width <= _LARGEST_SIDE
        and 0 < codec.height <= _LARGEST_SIDE
    )


def _tracks(container: Any) -> Iterator[AudioTrack]:
    for stream in container.streams.audio:
        codec = stream.codec_context
        yield AudioTrack(
            codec.name if codec else "",
            _text(stream.metadata.get("language", "").replace("und", "")),
            _text(stream.metadata.get("title", "")),
            codec.channels or 0 if codec else 0,
        )


def _text(value: str) -> str:
    return clean(value)[:_LONGEST_TEXT]


def _hash(file: BinaryIO) -> bytes:
    """Of the size, the beginning and the end: what a renamed file is known again by."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    digest = hashlib.sha256(str(size).encode() + file.read(_SAMPLE))
    file.seek(max(0, size - _SAMPLE))
    digest.update(file.read(_SAMPLE))
    return digest.digest()


def _duration(container: Any, stream: Any) -> float:
    """Seconds, as the container or else the stream says."""
    if container.duration:
        return float(container.duration / _MICROSECONDS)
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return 0.0
