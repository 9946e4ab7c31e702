"""Whether a song goes out as it is or transcoded: pure, from facts to a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from conf.settings import Transcoding
from streaming.profiles import BY_NAME, FLAC, Profile, by_name

_FAMILIES = {
    "mp3": "mp3", "flac": "flac", "opus": "opus", "ogg": "ogg", "oga": "ogg",
    "aac": "aac", "m4a": "aac", "m4b": "aac", "mp4": "aac", "3gp": "aac",
}  # fmt: skip
_LOSSLESS = frozenset({
    "flac", "wav", "aif", "aiff", "alac", "ape", "wv", "tta", "tak", "dsf", "dff", "w64", "caf",
})  # fmt: skip
_AAC_ENDS = 400
"""An m4a above this many kbit/s is Apple Lossless."""
_IN_BROWSERS = frozenset({"mp3", "flac", "aac", "ogg", "opus", "wav"})
_DAY = 86400.0


class Sound(Protocol):
    """What a decision is made from: the row of a song, or of its file."""

    @property
    def suffix(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def bit_rate(self) -> int: ...


@dataclass(frozen=True)
class Wanted:
    """What an app asked for: a ceiling in kbit/s (0 = none), and seconds to start at."""

    format: str | None = None
    max_bit_rate: int = 0
    time_offset: float = 0.0
    estimate: bool = False


@dataclass(frozen=True)
class Direct:
    """Send the file as it is."""


@dataclass(frozen=True)
class Transcode:
    """Make `profile` at `rate` kbit/s (no meaning where lossless), from `offset` seconds on."""

    profile: Profile
    rate: int
    offset: float = 0.0


@dataclass(frozen=True)
class _Source:
    """What of the file matters here."""

    family: str
    rate: int
    lossless: bool

    @classmethod
    def of(cls, file: Sound) -> _Source:
        suffix = file.suffix.lower()
        rate = file.bit_rate
        if not rate and file.duration > 0:
            rate = int(file.size / 125 / file.duration)
        family = _FAMILIES.get(suffix, suffix)
        if family == "aac" and rate > _AAC_ENDS:
            family = "alac"
        return cls(family, rate, family in _LOSSLESS)

    def fits(self, limit: int) -> bool:
        return not limit or 0 < self.rate <= limit

    def is_a(self, asked: str, profile: Profile | None) -> bool:
        """Whether an app that names this format can be given the original."""
        return asked == self.family or (profile is not None and self.family in profile.families)


def for_browser(file: Sound, user_limit: int) -> str | None:
    """The format to send where nobody can ask the browser: None, the original, if most play it."""
    source = _Source.of(file)
    return None if source.family in _IN_BROWSERS and source.fits(user_limit) else "mp3"


def plan(file: Sound, wanted: Wanted, user_limit: int, settings: Transcoding) -> Direct | Transcode:
    """Decide; `user_limit` (0 = none) caps everything but `raw`."""
    asked = (wanted.format or "").strip().lower()
    if asked == "raw" or settings.mode == "off":
        return Direct()
    source = _Source.of(file)
    limit = min((rate for rate in (wanted.max_bit_rate, user_limit) if rate > 0), default=0)
    offset = _offset(wanted.time_offset, file.duration)
    if offset and settings.mode == "cache-only":
        return Direct()
    profile = by_name(asked)
    known = profile is not None or asked == source.family
    if source.fits(limit) and (not known or source.is_a(asked, profile)):
        return _from_within(source, limit, offset, settings) if offset else Direct()
    return _smaller(source, profile, limit, offset, settings)


def _offset(seconds: float, duration: float) -> float:
    """Where to start: never past the end; what is no number is the beginning."""
    return min(seconds, duration if duration > 0 else _DAY) if seconds > 0 else 0.0


def _from_within(source: _Source, limit: int, offset: float, settings: Transcoding) -> Transcode:
    """The original would do, but from the middle: its own format, as good as it was."""
    if source.lossless:
        return Transcode(FLAC, 0, offset)
    profile = BY_NAME.get(source.family) or BY_NAME[settings.default_format]
    rate = profile.at_least(source.rate or settings.default_bit_rate)
    return Transcode(profile, profile.at_most(min(rate, limit)) if limit else rate, offset)


def _smaller(
    source: _Source, profile: Profile | None, limit: int, offset: float, settings: Transcoding
) -> Direct | Transcode:
    """Another format or a lower rate. Lossy sound is not blown up: that adds size, not sound."""
    if profile is None or (profile.lossless and limit):
        profile = BY_NAME[settings.default_format]
        if not offset and source.fits(limit) and source.family in profile.families:
            return Direct()
    if profile.lossless:
        return Transcode(profile, 0, offset)
    rate = limit or settings.default_bit_rate
    if source.rate and not source.lossless:
        rate = min(rate, max(source.rate, settings.default_bit_rate))
    return Transcode(profile, profile.at_most(rate), offset)
