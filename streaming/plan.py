"""Whether a song goes out as it is or transcoded: pure, from facts to a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from conf.settings import Transcoding
from streaming.profiles import AS_USUAL, BY_NAME, FLAC, Profile, Shape, by_name
from streaming.source import Sound, Source, fits

File = TypeVar("File", bound=Sound)

_IN_BROWSERS = frozenset({
    ("mp3", "mp3"), ("flac", "flac"), ("ogg", "vorbis"), ("ogg", "opus"), ("ogg", "flac"),
    ("mp4", "aac"), ("aac", "aac"), ("webm", "opus"), ("webm", "vorbis"), ("wav", "pcm"),
})  # fmt: skip
"""Containers and codecs that nearly every browser plays."""
_DAY = 86400.0


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
    shape: Shape = AS_USUAL


def for_browser(file: Sound, user_limit: int) -> str | None:
    """The format to send where nobody can ask the browser: None, the original, if most play it."""
    source = Source.of(file)
    known = (source.container, source.codec) in _IN_BROWSERS
    return None if known and source.fits(user_limit) else "mp3"


def plan(file: Sound, wanted: Wanted, user_limit: int, settings: Transcoding) -> Direct | Transcode:
    """Decide; `user_limit` (0 = none) caps everything but `raw`."""
    asked = (wanted.format or "").strip().lower()
    if asked == "raw" or settings.mode == "off":
        return Direct()
    source = Source.of(file)
    limit = lowest(wanted.max_bit_rate, user_limit)
    offset = begin_at(wanted.time_offset, file.duration)
    if offset and settings.mode == "cache-only":
        return Direct()
    profile = by_name(asked)
    if _suits(source, asked, limit):
        return _from_within(source, limit, offset, settings) if offset else Direct()
    return _smaller(source, profile, limit, offset, settings)


@dataclass(frozen=True)
class Choice(Generic[File]):
    """One of the files of a recording, and what is done with it."""

    file: File
    way: Direct | Transcode
    reason: str
    """Why this one, for the log."""
    spare: File
    """What to send where the server has not kept what would have to be made."""


def choose(
    files: Sequence[File], wanted: Wanted, user_limit: int, settings: Transcoding
) -> Choice[File]:
    """Decide for a recording that is there in several files.

    A file that will do as it is costs nothing, and can be sought in: the truest of these goes before
    any transcode, which is made of the truest of all.
    """
    if len(files) == 1:
        way = plan(files[0], wanted, user_limit, settings)
        return Choice(files[0], way, "the only one", files[0])
    asked = (wanted.format or "").strip().lower()
    ranked = sorted(files, key=lambda file: Source.of(file).fidelity, reverse=True)
    best = ranked[0]
    if asked == "raw":
        return Choice(best, Direct(), "the original", best)
    limit = lowest(wanted.max_bit_rate, user_limit)
    if settings.mode != "on" or not begin_at(wanted.time_offset, best.duration):
        # Of a format that is named by its suffix alone, only such files are known to be one.
        named = sorted(ranked, key=lambda file: file.suffix.lower() != asked)
        file = next((one for one in named if _suits(Source.of(one), asked, limit)), None)
        if file is not None:
            return Choice(file, Direct(), "the best that will do as it is", file)
    spare = min(ranked, key=lambda file: Source.of(file).rate) if limit else best
    if settings.mode == "off":
        return Choice(spare, Direct(), "nearest to what was asked for", spare)
    return Choice(best, plan(best, wanted, user_limit, settings), "none will do as it is", spare)


def part(file: Sound, wanted: Wanted, settings: Transcoding) -> Transcode:
    """What a part of a file is sent as in place of the original: its own format, as good as it was.

    Whatever the settings say of transcoding: there is nothing else to send.
    """
    return _from_within(Source.of(file), 0, begin_at(wanted.time_offset, file.duration), settings)


def plain(rate: int, user_limit: int, settings: Transcoding) -> Profile | None:
    """What a song of this rate becomes when an app asks for nothing in particular; None: itself."""
    if settings.mode != "on" or fits(rate, user_limit):
        return None
    return BY_NAME[settings.default_format]


def lowest(*limits: int) -> int:
    """The ceiling that counts of several, of which 0 and less are none."""
    return min((limit for limit in limits if limit > 0), default=0)


def rate_for(source: Source, profile: Profile, limit: int, settings: Transcoding) -> int:
    """The kbit/s to make. Lossy sound is not blown up: that adds size, not sound."""
    rate = limit or settings.default_bit_rate
    if source.rate and not source.lossless:
        rate = min(rate, max(source.rate, settings.default_bit_rate))
    return profile.at_most(rate)


def begin_at(seconds: float, duration: float) -> float:
    """Where to start: never past the end; what is no number is the beginning."""
    return min(seconds, duration if duration > 0 else _DAY) if seconds > 0 else 0.0


def _suits(source: Source, asked: str, limit: int) -> bool:
    """Whether the original will do under this ceiling for an app that names this format, or none."""
    profile = by_name(asked)
    known = profile is not None or asked == source.suffix
    return source.fits(limit) and (not known or _is_a(source, asked, profile))


def _is_a(source: Source, asked: str, profile: Profile | None) -> bool:
    """Whether an app that names this format can be given the original."""
    return asked == source.suffix if profile is None else source.codec in profile.codecs


def _from_within(source: Source, limit: int, offset: float, settings: Transcoding) -> Transcode:
    """The original would do, but from the middle: its own format, as good as it was."""
    if source.lossless:
        return Transcode(FLAC, 0, offset)
    profile = BY_NAME.get(source.codec) or BY_NAME[settings.default_format]
    rate = profile.at_least(source.rate or settings.default_bit_rate)
    return Transcode(profile, profile.at_most(min(rate, limit)) if limit else rate, offset)


def _smaller(
    source: Source, profile: Profile | None, limit: int, offset: float, settings: Transcoding
) -> Direct | Transcode:
    """Another format, or a lower rate."""
    if profile is None or (profile.lossless and limit):
        profile = BY_NAME[settings.default_format]
        if not offset and source.fits(limit) and source.codec in profile.codecs:
            return Direct()
    rate = 0 if profile.lossless else rate_for(source, profile, limit, settings)
    return Transcode(profile, rate, offset)
