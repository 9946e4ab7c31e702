"""Whether an app can play a song as it is, and what to make for it: pure, from facts to a decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite

from conf.settings import Transcoding
from streaming import spelling
from streaming.client import ClientInfo, DirectPlay, Limitation, Target
from streaming.plan import Transcode, lowest, rate_for
from streaming.profiles import AAC, BY_NAME, FLAC, M4A, MP3, OPUS, Profile, Shape
from streaming.source import Source

_HTTP = "http"
_NO_PROFILE = "None of the formats that the app takes can be made: mp3, opus in ogg, aac, aac in mp4 and flac can, by http."
_OFF = "The server does not transcode."


@dataclass(frozen=True)
class Stream:
    """A stream as apps are told of it; `bit_rate` is bit/s, and what is not known is 0."""

    container: str
    codec: str
    channels: int = 0
    bit_rate: int = 0
    sample_rate: int = 0
    bit_depth: int = 0


@dataclass(frozen=True)
class Decision:
    """Without `reasons` against it the song can be played as it is."""

    reasons: tuple[str, ...]
    source: Stream
    transcode: Transcode | None = None
    target: Stream | None = None
    error: str = ""
    """Why there is no transcode."""


@dataclass(frozen=True)
class _Limits:
    """What an app says of one codec."""

    limitations: Sequence[Limitation] = ()

    @classmethod
    def of(cls, client: ClientInfo, codec: str) -> _Limits:
        profiles = client.codec_profiles or ()
        meant = (one for one in profiles if spelling.codec(one.name) == codec)
        return cls([limit for one in meant for limit in one.limitations or ()])

    def broken(self, stream: Stream) -> Iterator[str]:
        """Figures of a stream that are not as they must be."""
        for limit in self.limitations:
            figure = _FIGURES.get(limit.name.lower())
            if figure and limit.required and not _meets(getattr(stream, figure), limit):
                yield _NOT_SUPPORTED[figure]

    def about(self, figure: str) -> list[Limitation]:
        return [one for one in self.limitations if _FIGURES.get(one.name.lower()) == figure]

    def first(self, figure: str, offers: Sequence[int]) -> int | None:
        """The first offer that is as wished, else one that is as it must be, else None."""
        wishes = self.about(figure)
        needs = [one for one in wishes if one.required]
        for limits in (wishes, needs):
            for offer in offers:
                if all(_meets(offer, limit) for limit in limits):
                    return offer
        return None

    def pinned(self, figure: str, chosen: int, usual: int, known: int) -> int:
        """0 where the encoder does so anyway: then the cache is shared with plain streams."""
        return 0 if chosen == usual and (known or not self.about(figure)) else chosen

    def numbers(self, figure: str) -> list[float]:
        return [number for one in self.about(figure) for number in _numbers(one)]


_FIGURES = {
    "audiochannels": "channels",
    "audiobitrate": "bit_rate",
    "audiosamplerate": "sample_rate",
    "audiobitdepth": "bit_depth",
}
"""Limitations by the field of a stream they are about. Profiles of codecs are not known here."""
_NOT_SUPPORTED = {
    "channels": "AudioChannelsNotSupported",
    "bit_rate": "AudioBitrateNotSupported",
    "sample_rate": "AudioSamplerateNotSupported",
    "bit_depth": "AudioBitdepthNotSupported",
}
_FLAC_RATES = (192_000, 176_400, 96_000, 88_200, 48_000, 44_100, 32_000, 22_050)


def decide(
    source: Source, client: ClientInfo, user_limit: int, settings: Transcoding, *, cut: bool = False
) -> Decision:
    """Decide; `user_limit` is kbit/s, 0 is none. What is `cut` out of a file is no file of its own."""
    stream = _stream(source)
    reasons = tuple(dict.fromkeys(_reasons(source, stream, client, user_limit)))
    if cut:
        reasons += ("PartOfFile",)
    if settings.mode == "off":
        return Decision(reasons, stream, error=_OFF)
    ceilings = (client.max_audio_bitrate, client.max_transcoding_audio_bitrate)
    limit = lowest(*map(_kilobits, ceilings), user_limit)
    for asked in client.transcoding_profiles or ():
        profile = _profile(asked, settings)
        if profile is None:
            continue
        limits, channels = _Limits.of(client, profile.sound), asked.max_audio_channels or 2
        made = _made(source, profile, limits, channels, limit, settings)
        if made is not None:
            return Decision(reasons, stream, *made)
    return Decision(reasons, stream, error=_NO_PROFILE)


def instead(source: Source, client: ClientInfo, user_limit: int) -> Stream | None:
    """What an app is told of another file of the recording that it can play where a transcode was due."""
    limit = lowest(_kilobits(client.max_transcoding_audio_bitrate), user_limit)
    stream = _stream(source)
    fits = source.fits(limit) and not any(_reasons(source, stream, client, user_limit))
    return stream if fits else None


def _stream(source: Source) -> Stream:
    return Stream(
        source.container, source.codec, source.channels, source.rate * 1000, source.sample_rate,
        source.bit_depth,
    )  # fmt: skip


def _reasons(source: Source, stream: Stream, client: ClientInfo, user_limit: int) -> Iterator[str]:
    """What is against playing it as it is; of the profiles the one that comes nearest speaks."""
    profiles = client.direct_play_profiles or ()
    yield from min(
        ([*_faults(one, source)] for one in profiles), key=len, default=["DirectPlayNotSupported"]
    )
    if not source.fits(_kilobits(client.max_audio_bitrate)):
        yield _NOT_SUPPORTED["bit_rate"]
    if not source.fits(user_limit):
        yield "UserBitrateLimited"
    yield from _Limits.of(client, source.codec).broken(stream)


def _faults(profile: DirectPlay, source: Source) -> Iterator[str]:
    if not _allows(spelling.listed(profile.containers, spelling.container), source.container):
        yield "ContainerNotSupported"
    if not _allows(spelling.listed(profile.audio_codecs, spelling.codec), source.codec):
        yield "AudioCodecNotSupported"
    if not _allows(spelling.listed(profile.protocols, spelling.protocol), _HTTP):
        yield "ProtocolNotSupported"
    if source.channels > (profile.max_audio_channels or source.channels):
        yield _NOT_SUPPORTED["channels"]


def _allows(names: frozenset[str], name: str) -> bool:
    return not names or name in names


def _profile(asked: Target, settings: Transcoding) -> Profile | None:
    """The first format that can be made of those an app would take."""
    if not _allows(spelling.listed((asked.protocol,), spelling.protocol), _HTTP):
        return None
    containers = spelling.listed((asked.container,), spelling.container)
    codecs = spelling.listed((asked.audio_codec,), spelling.codec)
    for profile in (BY_NAME[settings.default_format], MP3, OPUS, AAC, M4A, FLAC):
        container = spelling.container(profile.muxer)
        if _allows(containers, container) and _allows(codecs, profile.sound):
            return profile
    return None


def _made(
    source: Source,
    profile: Profile,
    limits: _Limits,
    most_channels: int,
    limit: int,
    settings: Transcoding,
) -> tuple[Transcode, Stream] | None:
    """The transcode that keeps to every limit, and what it will be; None: there is none."""
    rate = _rate(source, profile, limits, limit, settings)
    if rate is None:
        return None
    usual = _usual(source, profile, rate)
    channels = limits.first(
        "channels", [n for n in (usual.channels, 3 - usual.channels) if n <= most_channels]
    )
    sample_rate = limits.first("sample_rate", _sample_rates(profile, usual.sample_rate))
    bit_depth = limits.first("bit_depth", (usual.bit_depth, min(usual.bit_depth, 16)))
    if channels is None or sample_rate is None or bit_depth is None:
        return None
    shape = Shape(
        channels if channels != usual.channels else 0,
        limits.pinned("sample_rate", sample_rate, usual.sample_rate, source.sample_rate),
        limits.pinned("bit_depth", bit_depth, usual.bit_depth, source.bit_depth),
    )
    container = spelling.container(profile.muxer)
    stream = Stream(container, profile.sound, channels, rate * 1000, sample_rate, bit_depth)
    return Transcode(profile, rate, shape=shape), stream


def _usual(source: Source, profile: Profile, rate: int) -> Shape:
    """What the encoder makes when nothing is said."""
    depth = (24 if source.bit_depth > 16 else 16) if profile.lossless else 0
    sample_rate = profile.sample_rate(source.sample_rate or 44_100, rate)
    return Shape(profile.channels(rate), sample_rate, depth)


def _rate(
    source: Source, profile: Profile, limits: _Limits, limit: int, settings: Transcoding
) -> int | None:
    """The kbit/s to make: as ever, or what an app would rather have."""
    if profile.lossless:
        # How large it becomes is known only of what is lossless already.
        small = not limit or (source.lossless and source.fits(limit))
        return 0 if small and limits.first("bit_rate", [source.rate * 1000]) is not None else None
    best = rate_for(source, profile, limit, settings)
    wished = {profile.at_most(int(n) // 1000) for n in limits.numbers("bit_rate")}
    rates = sorted({best, *wished}, key=lambda rate: (rate > best, abs(rate - best)))
    allowed = [rate * 1000 for rate in rates if not limit or rate <= limit]
    chosen = limits.first("bit_rate", allowed)
    return None if chosen is None else chosen // 1000


def _sample_rates(profile: Profile, usual: int) -> list[int]:
    """All that can be made, the usual first, then those closest below."""
    coded = {rate for rates in profile.sample_rates.values() for rate in rates}
    others = _FLAC_RATES if profile.lossless else coded
    return [usual, *sorted(others, key=lambda rate: (rate > usual, usual % rate > 0, -rate))]


def _meets(value: int, limit: Limitation) -> bool:
    """Whether a figure is as wished; one that is not known gets the benefit of the doubt."""
    numbers = [*_numbers(limit)]
    if not value or not numbers:
        return True
    match limit.comparison.lower():
        case "equals":
            return value in numbers
        case "notequals":
            return value not in numbers
        case "lessthanequal":
            return value <= numbers[0]
        case "greaterthanequal":
            return value >= numbers[0]
    return True


def _numbers(limit: Limitation) -> Iterator[float]:
    for value in limit.values:
        with suppress(ValueError):
            number = float(value)
            if isfinite(number):
                yield number


def _kilobits(bits: int | None) -> int:
    """A ceiling of an app in kbit/s; one below a single kbit/s is still one."""
    return max(1, bits // 1000) if bits and bits > 0 else 0
