"""One transcode, described: what every transcoder is given, and what it gives back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import BinaryIO, Protocol

from db.cards import ReplayGain
from db.rows import FileRow
from streaming.allowance import Listener
from streaming.files import Opened
from streaming.pipe import Tap
from streaming.profiles import AS_USUAL, Profile, Shape
from streaming.spool import Spool

_ENCODER = f"{version('av')}/2"
"""Part of every key: what an older encoder made is not served as the newer one's."""


class Copy(Protocol):
    """Where a transcode is written a second time, to be kept. Used in the encoder's thread."""

    file: BinaryIO

    def commit(self) -> None:
        """It is complete."""

    def discard(self) -> None:
        """It will not be."""


@dataclass(frozen=True)
class Part:
    """One segment of a stream: what is heard from AAC frame `first` to before `stop`, of 1024 samples.

    Frame 0 is the one that an encoder begins with, before the first sound. With a `size` there are
    pictures, too, from `begin` to before `end`.
    """

    first: int
    stop: int
    sample_rate: int
    begin: float
    end: float
    size: tuple[int, int] | None = None
    track: int = 0
    """Which of several sounds."""


@dataclass(frozen=True)
class Job:
    """Transcode `source` to `profile` at `rate`, from `offset` seconds on."""

    source: Opened
    suffix: str
    profile: Profile
    rate: int
    offset: float
    seconds: float
    """How much sound is expected."""
    user: Listener
    key: str
    """What the result is kept under; empty: it is not."""
    shape: Shape = AS_USUAL
    tags: Mapping[str, str] = field(default_factory=dict)
    copy: Callable[[], Copy | None] | None = None
    """Asked in the encoder's thread, when work begins."""
    spool: Callable[[], Spool | None] | None = None
    """Where it lies for those who listen while it is made; asked in the encoder's thread."""
    part: Part | None = None
    """Make this segment only; it begins and ends there to the very sample."""
    begin: float = 0.0
    """Where the song begins in the source; offsets and segments count from here."""
    end: float = 0.0
    """Before which second of the source it ends, to the very sample; 0: where the source ends."""
    size: int = 0
    """How much of the source it is; 0: all."""
    gain: float | None = None
    """By how many dB it becomes louder; None: it stays as it is, for players to do so."""
    name: str = ""
    """What it is to be kept as by who downloads it."""

    @property
    def cut(self) -> bool:
        """Whether it is only a part of the source."""
        return self.begin > 0 or self.end > 0

    @property
    def expected_bytes(self) -> int:
        """About how large the result will be."""
        if self.profile.lossless:
            return self.size or self.source.size
        return int(self.seconds * self.rate * 125)


class Transcoder(Protocol):
    """Makes sound smaller."""

    async def find(self, job: Job) -> Opened | None:
        """The result, if it is there already."""

    async def start(self, job: Job) -> Tap:
        """Begin, or raise `Busy`. The reader closes the tap; `job.source` is taken over."""

    async def close(self) -> None:
        """Stop everything."""


def key_of(
    file: FileRow,
    source: Opened,
    profile: Profile,
    rate: int,
    shape: Shape,
    gain: float | None = None,
) -> str:
    """Names a result: same key, same bytes."""
    song = (file.id, file.begin, file.end, tags_of(file, gain)) if file.cut else file.id
    facts = (
        song,
        source.mtime_ns,
        source.size,
        profile.codec,
        profile.muxer,
        rate,
        shape,
        _ENCODER,
    )
    return _digest(facts, gain)


def part_key(item: str, source: Opened, rate: int, part: Part, gain: float | None = None) -> str:
    """Names a segment of a song or video."""
    return _digest((item, source.mtime_ns, source.size, rate, part, _ENCODER), gain)


def _digest(facts: tuple[object, ...], gain: float | None) -> str:
    """What stays as loud as it is keeps the name it has without such a choice."""
    named = facts if gain is None else (*facts, "gain", gain)
    return hashlib.sha256(repr(named).encode()).hexdigest()


def tags_of(file: FileRow, gain: float | None = None) -> dict[str, str]:
    """The tags that a transcode carries on; a gain that is in the sound must not count twice."""
    card = file.card
    found = {
        "title": card.title,
        "artist": card.artist,
        "album": card.album,
        "album_artist": card.album_artist,
        "composer": card.composer,
        "genre": "; ".join(card.genres),
        "track": str(card.track or ""),
        "disc": str(card.disc or ""),
        "date": str(card.year or ""),
        **(_gains(card.replay_gain) if gain is None else {}),
    }
    return {name: text.replace("\0", " ") for name, text in found.items() if text}


def _gains(gain: ReplayGain | None) -> dict[str, str]:
    if gain is None:
        return {}
    decibels = {"TRACK_GAIN": gain.track_gain, "ALBUM_GAIN": gain.album_gain}
    peaks = {"TRACK_PEAK": gain.track_peak, "ALBUM_PEAK": gain.album_peak}
    return {
        **{f"REPLAYGAIN_{n}": f"{v:.2f} dB" for n, v in decibels.items() if v is not None},
        **{f"REPLAYGAIN_{n}": f"{v:.6f}" for n, v in peaks.items() if v is not None},
    }
