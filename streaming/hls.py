"""HTTP Live Streaming: where a song or video is cut, and the playlists that say so. Pure.

Each segment can be made by itself, by any node: songs are cut at frames of AAC, which join without a
gap, videos every few seconds, and each of their segments begins with a picture that needs no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from db.rows import FileRow, VideoFileRow
from streaming.job import Part
from streaming.profiles import AAC, TS, Profile

CONTENT_TYPE = "application/vnd.apple.mpegurl"

_FRAME = 1024
_SONG_SECONDS = 10.0
_VIDEO_SECONDS = 6.0
_LONGEST = 24 * 3600.0
VIDEO_SAMPLE_RATE = 48000
_SLACK = 1.0
"""The last pictures of a video may come a little after the end that its file tells."""
_VIDEO_STEPS = ((500, 240), (900, 360), (1800, 480), (4000, 720), (100_000, 1080))
"""Up to so many kbit/s, pictures of so many lines look best."""
_LEVELS = ((480, "1f"), (720, "28"), (1080, "2a"))
_LEAST_VIDEO_RATE, _MOST_VIDEO_RATE = 150, 20_000
_LEAST_SIDE, _LARGEST_SIDE = 16, 1920


class Rendition(NamedTuple):
    """How something is to be sent: kbit/s in all, the size of pictures, which of several sounds."""

    rate: int
    size: tuple[int, int] | None = None
    track: int = 0


@dataclass(frozen=True)
class Cut:
    """Where something is cut; `starts` may be asked for any number."""

    duration: float
    sample_rate: int
    frames: int
    """AAC frames in a segment of a song; 0: a video."""

    @classmethod
    def of(cls, file: FileRow, rendition: Rendition) -> Cut:
        duration = min(file.duration, _LONGEST)
        if isinstance(file, VideoFileRow):
            return cls(duration, VIDEO_SAMPLE_RATE, 0)
        rate = AAC.sample_rate(file.card.sampling_rate or 44100, rendition.rate)
        return cls(duration, rate, round(_SONG_SECONDS * rate / _FRAME))

    @property
    def step(self) -> float:
        """Seconds of every segment but the last."""
        return self.frames * _FRAME / self.sample_rate if self.frames else _VIDEO_SECONDS

    @property
    def count(self) -> int:
        return max(1, math.ceil(self.duration / self.step))

    def lengths(self) -> list[float]:
        """Seconds of each segment."""
        most = self.count - 1
        return [self.step] * most + [max(0.0, self.duration - most * self.step)]

    def part(self, number: int, rendition: Rendition) -> Part:
        """What is in a segment."""
        last = number == self.count - 1
        begin = number * self.step
        end = self.duration + _SLACK if last else begin + self.step
        if self.frames:
            first = number * self.frames
            stop = self._frames(self.duration) + 1 if last else first + self.frames
        else:
            first = self._frames(begin) + 1
            stop = self._frames(min(end, self.duration)) + 1
        return Part(first, stop, self.sample_rate, begin, end, rendition.size, rendition.track)

    def _frames(self, seconds: float) -> int:
        """Frames until a time, with the one in which it lies."""
        return math.ceil(round(seconds * self.sample_rate) / _FRAME)


def profile(rendition: Rendition) -> Profile:
    """What segments are made of."""
    return TS if rendition.size else AAC


def song(rate: int) -> Rendition:
    """A song at the best rate that is not above this one."""
    return Rendition(AAC.at_most(rate))


def video(
    file: VideoFileRow, rate: int, box: tuple[int, int] | None = None, track: int = 0
) -> Rendition:
    """A video at a rate (0: what suits it), no larger than a box; it is never made larger."""
    lines = min(file.height, _VIDEO_STEPS[-1][1])
    if not rate:
        rate = next(most for most, height in _VIDEO_STEPS if lines <= height)
        rate = min(rate, max(file.bit_rate, _LEAST_VIDEO_RATE), _VIDEO_STEPS[-2][0])
    rate = max(_LEAST_VIDEO_RATE, min(rate, _MOST_VIDEO_RATE))
    if box is None:
        height = next((height for most, height in _VIDEO_STEPS if rate <= most), lines)
        box = (_LARGEST_SIDE, height)
    return Rendition(rate, _fit((file.width, file.height), box), track)


def _fit(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """A size within a box, with the same ratio; encoders want even numbers."""
    width, height = max(1, size[0]), max(1, size[1])
    scale = min(1.0, min(box[0], _LARGEST_SIDE) / width, min(box[1], _LARGEST_SIDE) / height)
    return _even(width * scale), _even(height * scale)


def _even(side: float) -> int:
    return max(_LEAST_SIDE, round(side / 2) * 2)


def media(lengths: Sequence[float], address: Callable[[int], str]) -> str:
    """The playlist of one rendition."""
    return "\n".join(_media(lengths, address)) + "\n"


def _media(lengths: Sequence[float], address: Callable[[int], str]) -> Iterator[str]:
    yield "#EXTM3U"
    yield "#EXT-X-VERSION:3"
    yield f"#EXT-X-TARGETDURATION:{max(1, math.ceil(max(lengths)))}"
    yield "#EXT-X-MEDIA-SEQUENCE:0"
    yield "#EXT-X-PLAYLIST-TYPE:VOD"
    for number, seconds in enumerate(lengths):
        yield f"#EXTINF:{seconds:.6f},"
        yield address(number)
    yield "#EXT-X-ENDLIST"


def master(renditions: Sequence[Rendition], address: Callable[[Rendition], str]) -> str:
    """The playlist of playlists, from which a player takes what its connection can bear."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    for one in renditions:
        facts = f'BANDWIDTH={one.rate * 1000},CODECS="{_codecs(one)}"'
        if one.size:
            facts += f",RESOLUTION={one.size[0]}x{one.size[1]}"
        lines += [f"#EXT-X-STREAM-INF:{facts}", address(one)]
    return "\n".join(lines) + "\n"


def level(lines: int) -> str:
    """The level of H.264 for pictures of so many lines, in hexadecimal as players want it."""
    return next((code for most, code in _LEVELS if lines <= most), _LEVELS[-1][1])


def _codecs(rendition: Rendition) -> str:
    if rendition.size is None:
        return "mp4a.40.2"
    return f"avc1.4d40{level(min(rendition.size))},mp4a.40.2"
