"""The formats a song can be transcoded to, and what their encoders want.

Rates are kbit/s of the whole stream. AAC is sent as ADTS, which can be cut anywhere, so that every
player starts at once; as MP4 to who asks for that, in fragments while it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_MP3_RATES = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MONO_BELOW = 48
_CODED_RATES = {0: (16000,), 32: (22050, 24000), 64: (44100, 48000)}
"""Sample rates of mp3 and AAC from a bit rate on: few bits are better spent on few samples."""


@dataclass(frozen=True)
class Shape:
    """What a transcode must be beside its rate; 0 leaves it to the format."""

    channels: int = 0
    sample_rate: int = 0
    bit_depth: int = 0


AS_USUAL = Shape()
_SOUNDS = {"libmp3lame": "mp3", "libopus": "opus"}
LAYOUTS = {1: "mono", 2: "stereo"}
"""FFmpeg's names by the number of channels."""


@dataclass(frozen=True)
class Profile:
    """One format. `codec` and `muxer` are FFmpeg's names."""

    name: str
    content_type: str
    suffix: str
    codec: str
    muxer: str
    sample_format: str
    codecs: frozenset[str]
    """Codecs of originals that already are what somebody wants who asks for this format."""
    highest: int = 320
    steps: tuple[int, ...] = ()
    """The only rates the format knows; empty: any."""
    sample_rates: Mapping[int, tuple[int, ...]] = field(default_factory=lambda: _CODED_RATES)
    options: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0
    overhead: int = 0
    """The encoder is told `rate * share - overhead` bit/s, so that container and jitter fit in."""
    lossless: bool = False
    muxing: Mapping[str, str] = field(default_factory=dict)
    """Options of the muxer."""
    under_way: Mapping[str, str] = field(default_factory=dict)
    """More of them for who listens while it is made."""
    exact: bool = False
    """Whether that is what is kept, byte for byte."""
    aligned: bool = True
    """Whether a byte of that is, but for the head, at about the same place in what is kept."""

    @property
    def sound(self) -> str:
        """The codec as apps name it."""
        return _SOUNDS.get(self.codec, self.codec)

    def at_most(self, rate: int) -> int:
        """The best rate that is not above this one."""
        rate = max(8, min(rate, self.highest))
        return max((step for step in self.steps if step <= rate), default=rate)

    def at_least(self, rate: int) -> int:
        """The lowest rate that loses nothing against this one."""
        rate = max(8, min(rate, self.highest))
        return min((step for step in self.steps if step >= rate), default=rate)

    def bits(self, rate: int) -> int:
        """What the encoder is told, in bit/s."""
        return int(rate * 1000 * self.share) - self.overhead

    def sample_rate(self, source: int, rate: int) -> int:
        """The sample rate for a source's; one of the same family, 44.1 or 48 kHz, where possible."""
        if self.lossless:
            return source if 8000 <= source <= 192_000 else 48000
        fitting = self.sample_rates[max(step for step in self.sample_rates if step <= rate)]
        related = [one for one in fitting if source % one == 0 or one % source == 0]
        return max(related or fitting)

    def channels(self, rate: int) -> int:
        """One where two would starve."""
        starved = not self.lossless and self.codec != "libopus" and rate < _MONO_BELOW
        return 1 if starved else 2


MP3 = Profile(
    "mp3", "audio/mpeg", "mp3", "libmp3lame", "mp3", "fltp", frozenset({"mp3"}),
    steps=_MP3_RATES,
    # 5 is LAME's own middle. 7 is 1.4 times as fast, but gives up noise shaping, which is what
    # makes 128 kbit/s bearable.
    options={"compression_level": "5"},
)  # fmt: skip
OPUS = Profile(
    "opus", "audio/ogg", "opus", "libopus", "ogg", "flt", frozenset({"opus"}),
    highest=256, sample_rates={0: (48000,)},
    options={"vbr": "constrained"}, share=0.985, overhead=600,
    # The number of the stream is not a random one.
    muxing={"fflags": "+bitexact"}, exact=True,
)  # fmt: skip
AAC = Profile(
    "aac", "audio/aac", "aac", "aac", "adts", "fltp", frozenset({"aac"}),
    share=0.98, overhead=2600, exact=True,
)  # fmt: skip
M4A = replace(
    AAC, name="m4a", content_type="audio/mp4", suffix="m4a", muxer="mp4", overhead=4800,
    exact=False, aligned=False,
    # The head waits for the first fragment: it can then say what is silence of the encoder. Half
    # a second of sound cost 50 ms of a fast core before the first byte; shorter ones cost bytes.
    under_way={"movflags": "delay_moov+default_base_moof", "frag_duration": "250000"},
)  # fmt: skip
TS = replace(AAC, name="ts", content_type="video/mp2t", suffix="ts", muxer="mpegts")
"""Segments of videos: H.264 and AAC. Nobody can ask for it by name."""
FLAC = Profile(
    "flac", "audio/flac", "flac", "flac", "flac", "s16", frozenset({"flac"}), lossless=True
)
# Ogg by its older names: there is no good Vorbis encoder here, and who plays one plays the other.
_OGG = replace(OPUS, codecs=frozenset({"vorbis", "opus"}))
_VORBIS = replace(OPUS, codecs=frozenset({"vorbis"}))

BY_NAME: Mapping[str, Profile] = {
    "mp3": MP3, "mpeg": MP3, "mpga": MP3,
    "opus": OPUS, "ogg": _OGG, "oga": _OGG, "vorbis": _VORBIS,
    "aac": AAC, "adts": AAC,
    "m4a": M4A, "mp4": M4A, "m4b": M4A,
    "flac": FLAC,
}  # fmt: skip


def by_name(name: str) -> Profile | None:
    """The format that an app means; `mp3_rg` and the like mean the first part."""
    return BY_NAME.get(name) or BY_NAME.get(name.partition("_")[0])
