"""What a song is before anything is done to it: its container, its codec, its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from db.cards import LOSSLESS, Fidelity, TrackCard, fidelity

_KINDS = {
    "mp3": ("mp3", "mp3"), "mpga": ("mp3", "mp3"), "mp2": ("mp2", "mp2"), "mp1": ("mp1", "mp1"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "vorbis"), "oga": ("ogg", "vorbis"), "opus": ("ogg", "opus"), "spx": ("ogg", "speex"),
    "m4a": ("mp4", "aac"), "m4b": ("mp4", "aac"), "m4p": ("mp4", "aac"), "m4r": ("mp4", "aac"),
    "mp4": ("mp4", "aac"), "3gp": ("mp4", "aac"), "aac": ("aac", "aac"),
    "ac3": ("ac3", "ac3"), "eac3": ("eac3", "eac3"), "dts": ("dts", "dts"),
    "wma": ("asf", "wma"), "asf": ("asf", "wma"),
    "wav": ("wav", "pcm"), "wave": ("wav", "pcm"), "w64": ("w64", "pcm"), "caf": ("caf", "pcm"),
    "aif": ("aiff", "pcm"), "aiff": ("aiff", "pcm"), "aifc": ("aiff", "pcm"),
    "au": ("au", "pcm"), "snd": ("au", "pcm"),
    "mka": ("mka", ""), "webm": ("webm", "opus"), "weba": ("webm", "opus"),
    "dsf": ("dsf", "dsd"), "dff": ("dff", "dsd"), "ape": ("ape", "ape"), "wv": ("wv", "wavpack"),
    "mpc": ("mpc", "musepack"), "mp+": ("mpc", "musepack"), "mpp": ("mpc", "musepack"),
    "tak": ("tak", "tak"), "tta": ("tta", "tta"), "shn": ("shn", "shorten"),
    "ofr": ("ofr", "optimfrog"), "ofs": ("ofs", "optimfrog"),
}  # fmt: skip
"""Container and codec by suffix: what the suffix leaves open is the usual one, or unknown."""
_LOSSLESS_INSIDE = {("mp4", "aac"): "alac", ("ogg", "vorbis"): "flac"}
"""The other codec of a container, which alone has a bit depth."""
_AAC_ENDS = 400
"""An MP4 above this many kbit/s is Apple Lossless, if nothing says what it is."""


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
    @property
    def card(self) -> TrackCard: ...


@dataclass(frozen=True)
class Source:
    """What of a file matters here; `rate` is kbit/s, and what is not known is 0 or empty."""

    container: str
    codec: str
    rate: int
    suffix: str = ""
    channels: int = 0
    sample_rate: int = 0
    bit_depth: int = 0

    @classmethod
    def of(cls, file: Sound) -> Source:
        suffix, card = file.suffix.lower(), file.card
        rate = rate_of(file.bit_rate, file.size, file.duration)
        kind = _KINDS.get(suffix, (suffix, suffix))
        container, codec = kind
        if card.codec:
            codec = card.codec
        elif card.bit_depth or (container == "mp4" and rate > _AAC_ENDS):
            codec = _LOSSLESS_INSIDE.get(kind, codec)
        depth = card.bit_depth if codec in LOSSLESS else 0
        return cls(container, codec, rate, suffix, card.channels, card.sampling_rate, depth)

    @property
    def lossless(self) -> bool:
        return self.codec in LOSSLESS

    @property
    def fidelity(self) -> Fidelity:
        """How true it is, the best greatest."""
        return fidelity(self.codec, self.bit_depth, self.sample_rate, self.rate)

    def fits(self, limit: int) -> bool:
        """Whether it may go out as it is under a ceiling of so many kbit/s (0: none)."""
        return fits(self.rate, limit)


def rate_of(bit_rate: int, size: int, duration: float) -> int:
    """A song's kbit/s: what its tags say, else reckoned; 0 where neither is possible."""
    return bit_rate or (int(size / 125 / duration) if duration > 0 else 0)


def fits(rate: int, limit: int) -> bool:
    """Whether a song of this rate stays under a ceiling; one of unknown rate does not."""
    return not limit or 0 < rate <= limit
