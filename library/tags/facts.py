"""What goes to the child that reads tags and what comes back: small rows, never a picture."""

from __future__ import annotations

from msgspec import Struct, field

READER = 3
"""Raise it when files should be read again because the reader understands more."""

Day = tuple[int, int, int]
"""Year, month and day; month and day may be 0, all three when there is no date."""


class Splitting(Struct, frozen=True, array_like=True):
    """How one value that names several artists or genres is taken apart."""

    artists: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()


class Request(Struct, frozen=True, array_like=True):
    """Files to read, relative to a folder; of some a cue sheet says what their tracks are.

    `sheets` has, by file, the sheet and which of the files that it names this one is.
    """

    root: bytes
    paths: list[bytes]
    splitting: Splitting
    sheets: dict[bytes, tuple[bytes, int]] = {}


class Person(Struct, frozen=True, array_like=True):
    """Somebody named in a tag."""

    name: str
    sort: str = ""
    mbid: str = ""


class Credit(Struct, frozen=True, array_like=True):
    """A role other than artist or album artist, and who has it."""

    role: str
    name: str
    sub_role: str = ""


class Sound(Struct, frozen=True, array_like=True):
    """What the stream header says; 0 where it says nothing."""

    duration: float = 0.0
    bit_rate: int = 0
    sampling_rate: int = 0
    channels: int = 0
    bit_depth: int = 0
    codec: str = ""


class Gains(Struct, frozen=True, array_like=True):
    """ReplayGain: dB and fractions of full scale; `base_gain` is what players of Opus apply anyway."""

    track_gain: float | None = None
    track_peak: float | None = None
    album_gain: float | None = None
    album_peak: float | None = None
    base_gain: float | None = None


class Facts(Struct, frozen=True, array_like=True, kw_only=True):
    """One file, read. Empty and 0 mean that the file does not say."""

    content_type: str
    sound: Sound
    audio_hash: bytes = b""
    picture_hash: bytes = b""
    title: str = ""
    title_sort: str = ""
    album: str = ""
    album_sort: str = ""
    artist: str = ""
    artists: list[Person] = field(default_factory=list)
    album_artist: str = ""
    album_artists: list[Person] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    composer: str = ""
    genres: list[str] = field(default_factory=list)
    moods: list[str] = field(default_factory=list)
    groupings: list[str] = field(default_factory=list)
    isrc: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    release_types: list[str] = field(default_factory=list)
    works: list[tuple[str, str]] = field(default_factory=list)
    movement: str = ""
    movement_number: int = 0
    movement_count: int = 0
    disc: int = 0
    disc_title: str = ""
    track: int = 0
    date: Day = (0, 0, 0)
    release_date: Day = (0, 0, 0)
    original_date: Day = (0, 0, 0)
    bpm: int = 0
    comment: str = ""
    version: str = ""
    explicit: str = ""
    compilation: bool = False
    gains: Gains = Gains()
    mb_recording: str = ""
    mb_release: str = ""
    cue: int = 0
    """The number in a cue sheet of a track that is only a part of the file, in seconds from `begin`
    to `end`; 0: the file is one song."""
    begin: float = 0.0
    end: float = 0.0
    """0: the end of the file."""


class AudioTrack(Struct, frozen=True, array_like=True):
    """One of the sounds of a video."""

    codec: str
    language: str = ""
    name: str = ""
    channels: int = 0


class VideoFacts(Struct, frozen=True, array_like=True):
    """A file with moving pictures; width and height as they are to be shown."""

    duration: float
    bit_rate: int
    width: int
    height: int
    codec: str
    audio: list[AudioTrack]
    hash: bytes


class Answer(Struct, frozen=True, array_like=True):
    """What became of one file: the facts of a song or those of a video, or why there are none.

    `again` says that the failure may pass by itself (no permission, an unreadable disk). With a cue
    sheet the file is its `tracks`, unless there is a `complaint` about the sheet.
    """

    facts: Facts | None
    reason: str = ""
    again: bool = False
    video: VideoFacts | None = None
    tracks: list[Facts] = []
    complaint: str = ""

    @property
    def songs(self) -> list[Facts]:
        """What is to be heard: several songs, one or none."""
        return self.tracks or ([self.facts] if self.facts else [])

    @property
    def failed(self) -> bool:
        """Whether nothing was found in the file."""
        return self.facts is None and self.video is None


class Named(Struct, frozen=True, array_like=True):
    """The files that a cue sheet names; `reason` says why it cannot be used."""

    files: list[str]
    reason: str = ""
    again: bool = False
