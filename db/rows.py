"""What the database answers: frozen rows, in the words of the music, not of the protocol.

A *card* is the unchanging part of a song or an album, kept as JSON by the scan, so that a list is
one round trip. The fields of a row are the columns of its query, in order. No row refers to itself
(`gc=False`), so the garbage collector passes over lists of them.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, json


class Card(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of what is stored as JSON; fields may be added, never renamed."""


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


class Date(Card, frozen=True, kw_only=True):
    """A date of which only the year may be known."""

    year: int
    month: int = 0
    day: int = 0


class DiscTitle(Card, frozen=True, kw_only=True):
    """The name of one disc of an album."""

    disc: int
    title: str


class Work(Card, frozen=True, kw_only=True):
    """A composition."""

    name: str
    mbid: str = ""


class Movement(Card, frozen=True, kw_only=True):
    """A part of a composition."""

    name: str
    number: int = 0
    count: int = 0


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


track_card = json.Decoder(TrackCard).decode
album_card = json.Decoder(AlbumCard).decode


class TrackRow(Struct, frozen=True, gc=False):
    """A song and what the asking user attached to it."""

    id: int
    folder_id: int
    album_id: int
    picture_id: int | None
    suffix: str
    content_type: str
    size: int
    duration: float
    bit_rate: int
    created: datetime
    average_rating: float | None
    starred: datetime | None
    rating: int | None
    play_count: int | None
    played: datetime | None
    stored: str

    @property
    def card(self) -> TrackCard:
        """What is stored of the song; a list of many makes its own use of `stored`."""
        return track_card(self.stored)


class PlayingRow(TrackRow, frozen=True, gc=False):
    """A song that somebody hears now."""

    user_name: str
    client: str
    started: datetime


class AlbumRow(Struct, frozen=True, gc=False):
    """An album and what the asking user attached to it."""

    id: int
    picture_id: int | None
    year: int | None
    song_count: int
    duration: float
    created: datetime
    average_rating: float | None
    starred: datetime | None
    rating: int | None
    play_count: int | None
    played: datetime | None
    stored: str

    @property
    def card(self) -> AlbumCard:
        """What is stored of the album; a list of many makes its own use of `stored`."""
        return album_card(self.stored)


class ArtistRow(Struct, frozen=True, gc=False):
    """An artist, what of them the asking user may see, and what that user attached."""

    id: int
    name: str
    sort_name: str
    letter: str
    mbid: str | None
    picture_id: int | None
    album_count: int
    song_count: int
    roles: list[str]
    average_rating: float | None
    starred: datetime | None
    rating: int | None


class FolderRow(Struct, frozen=True, gc=False):
    """A real folder. `parent_id` is None for a library itself."""

    id: int
    library_id: int
    parent_id: int | None
    name: str
    letter: str
    picture_id: int | None
    created: datetime
    average_rating: float | None
    starred: datetime | None
    rating: int | None
    play_count: int | None
    played: datetime | None


class LibraryRow(Struct, frozen=True, gc=False):
    """A music folder of the configuration."""

    id: int
    path: bytes
    name: str
    changed: datetime
    scanned: datetime | None


class GenreRow(Struct, frozen=True, gc=False):
    """A genre and how much of it there is."""

    name: str
    song_count: int
    album_count: int


class FileRow(Struct, frozen=True, gc=False):
    """What is needed to send a song: the file, and the tags that a transcode carries on."""

    id: int
    root: bytes
    path: bytes
    size: int
    mtime_ns: int
    suffix: str
    content_type: str
    duration: float
    bit_rate: int
    card: TrackCard


class PictureRow(Struct, frozen=True, gc=False):
    """Where a picture's original is: a file of its own, or inside an audio file."""

    id: int
    root: bytes
    path: bytes
    embedded: bool
    hash: bytes


class UserRow(Struct, frozen=True, gc=False):
    """An account. `libraries` holds the ids it may see, whatever the reason."""

    id: int
    name: str
    password_hash: str
    email: str
    roles: list[str]
    max_bit_rate: int
    all_libraries: bool
    enabled: bool
    scrobbling: bool
    libraries: list[int]


class CredentialRow(Struct, frozen=True, gc=False):
    """Something an app signs in with; `secret` is sealed."""

    id: int
    user_id: int
    kind: str
    name: str
    secret: bytes
    created: datetime
    last_used: datetime | None


class SessionRow(Struct, frozen=True, gc=False):
    """Somebody signed in with a browser; `data` is JSON."""

    user_id: int
    data: str
    created: datetime


class ScanRow(Struct, frozen=True, gc=False):
    """A scan: asked for, running or over."""

    id: int
    library_id: int | None
    state: str
    complete: bool
    accept_removals: bool
    step: str
    seen: int
    todo: int
    read: int
    added: int
    changed: int
    moved: int
    missing: int
    broken: int
    message: str
    requested: datetime
    started: datetime | None
    finished: datetime | None


class ProblemRow(Struct, frozen=True, gc=False):
    """A file that could not be read, and why."""

    library_id: int
    path: bytes
    reason: str
    since: datetime


class TotalsRow(Struct, frozen=True, gc=False):
    """How much music a user may see."""

    songs: int
    albums: int
    artists: int
    bytes: int
    seconds: float
