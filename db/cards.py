"""Cards: the unchanging part of a song or an album, kept as JSON by the scan.

They make a list one round trip. Fields may be added, never renamed: old ones lie in the database.
"""

from __future__ import annotations

from msgspec import Struct, json

LOSSLESS = frozenset({
    "flac", "alac", "pcm", "wmalossless", "dsd", "ape", "wavpack", "tta", "tak", "shorten", "optimfrog",
})  # fmt: skip
"""Codecs that leave nothing out."""

Fidelity = tuple[bool, int, int, int]


def fidelity(codec: str, bit_depth: int, sampling_rate: int, bit_rate: int) -> Fidelity:
    """How true a sound is, the best greatest: lossless, its depth and rate; else the bit rate."""
    lossless = codec in LOSSLESS
    return (
        lossless,
        bit_depth if lossless else 0,
        sampling_rate if lossless else 0,
        (0 if lossless else bit_rate),
    )


class Card(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of what is stored as JSON."""


class Name(Card, frozen=True, kw_only=True):
    """An artist, by id and name."""

    id: int
    name: str


class Contributor(Card, frozen=True, kw_only=True):
    """Somebody with a role other than artist or album artist."""

    role: str
    artist: Name
    sub_role: str = ""


class ReplayGain(Card, frozen=True, kw_only=True):
    """Gains in dB, peaks as fractions of full scale."""

    track_gain: float | None = None
    track_peak: float | None = None
    album_gain: float | None = None
    album_peak: float | None = None
    base_gain: float | None = None

    def beside(self, measured: ReplayGain | None) -> ReplayGain:
        """What tags say, and for the rest what was measured."""
        if measured is None:
            return self
        return ReplayGain(
            track_gain=_first(self.track_gain, measured.track_gain),
            track_peak=_first(self.track_peak, measured.track_peak),
            album_gain=_first(self.album_gain, measured.album_gain),
            album_peak=_first(self.album_peak, measured.album_peak),
            base_gain=self.base_gain,
        )


class Loudness(ReplayGain, frozen=True, kw_only=True):
    """What was measured of a song, or why nothing could be."""

    reason: str = ""


class Date(Card, frozen=True, kw_only=True):
    """A date of which only the year may be known."""

    year: int
    month: int = 0
    day: int = 0


class DiscTitle(Card, frozen=True, kw_only=True):
    """The name of one disc of an album, and its picture where it is not the album's."""

    disc: int
    title: str
    picture_id: int = 0


class Work(Card, frozen=True, kw_only=True):
    """A composition."""

    name: str
    mbid: str = ""


class Movement(Card, frozen=True, kw_only=True):
    """A part of a composition."""

    name: str
    number: int = 0
    count: int = 0


class AudioTrack(Card, frozen=True, kw_only=True):
    """One of the sounds of a video."""

    codec: str
    language: str = ""
    name: str = ""
    channels: int = 0


class VideoCard(Card, frozen=True, kw_only=True):
    """What a container says of its streams. `path` is for display."""

    path: str
    codec: str = ""
    audio: tuple[AudioTrack, ...] = ()


class TrackCard(Card, frozen=True, kw_only=True):
    """What the tags and the stream header say of a song. `artist` and `album_artist` are for display."""

    title: str
    album: str
    artist: str
    album_artist: str
    path: str
    sort_title: str = ""
    artists: tuple[Name, ...] = ()
    album_artists: tuple[Name, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    composer: str = ""
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    isrc: tuple[str, ...] = ()
    groupings: tuple[str, ...] = ()
    works: tuple[Work, ...] = ()
    movements: tuple[Movement, ...] = ()
    disc: int = 0
    track: int = 0
    year: int = 0
    bpm: int = 0
    comment: str = ""
    mbid: str = ""
    explicit: str = ""
    bit_depth: int = 0
    sampling_rate: int = 0
    channels: int = 0
    codec: str = ""
    replay_gain: ReplayGain | None = None


class AlbumTags(Card, frozen=True, kw_only=True):
    """What one file's tags say of its album; the album's card is made from those of all its songs."""

    sort_name: str = ""
    version: str = ""
    mbid: str = ""
    labels: tuple[str, ...] = ()
    release_types: tuple[str, ...] = ()
    release_date: Date | None = None
    original_date: Date | None = None
    compilation: bool = False
    disc_title: str = ""
    artist_sort: str = ""


class AlbumClaim(Card, frozen=True, kw_only=True):
    """To which album one file says it belongs; with those of its folder it decides the album."""

    album: str = ""
    album_artists: tuple[str, ...] = ()
    artist: str = ""
    year: int = 0
    release: str = ""
    compilation: bool = False
    version: str = ""


class AlbumCard(Card, frozen=True, kw_only=True):
    """What is known of an album. `artist` is for display."""

    name: str
    artist: str
    artists: tuple[Name, ...] = ()
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    release_types: tuple[str, ...] = ()
    disc_titles: tuple[DiscTitle, ...] = ()
    sort_name: str = ""
    version: str = ""
    mbid: str = ""
    release_date: Date | None = None
    original_date: Date | None = None
    compilation: bool = False
    explicit: str = ""


def _first(tagged: float | None, measured: float | None) -> float | None:
    return measured if tagged is None else tagged


track_card = json.Decoder(TrackCard).decode
loudness = json.Decoder(Loudness).decode
album_card = json.Decoder(AlbumCard).decode
