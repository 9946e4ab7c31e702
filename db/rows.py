"""What the database answers: frozen rows, in the words of the music, not of the protocol.

The fields of a row are the columns of its query, in order. No row refers to itself (`gc=False`), so
the garbage collector passes over lists of them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from db.cards import AlbumCard, ReplayGain, TrackCard, VideoCard, album_card, loudness, track_card
from db.rules import LOCKED
from db.scopes import Scope
from db.secrets import Sealed


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
    bookmark: int | None
    stored: str
    loudness: str | None
    """`db.cards.Loudness`, if it was measured."""

    @property
    def card(self) -> TrackCard:
        """What is stored of the song; a list of many makes its own use of `stored`."""
        return track_card(self.stored)


class OutlineRow(Struct, frozen=True, gc=False):
    """What a long list must know of each of its songs before it is read."""

    id: int
    picture_id: int | None
    duration: float


class PlayingRow(TrackRow, frozen=True, gc=False):
    """A song that somebody hears now."""

    user_name: str
    client: str
    started: datetime
    state: str | None
    """As the app reported it; None: it only said what it plays."""
    position_ms: int
    playback_rate: float


class SharedRow(TrackRow, frozen=True, gc=False):
    """A song of a share."""

    share_id: int


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


class RatedRow(Struct, frozen=True, gc=False):
    """What a user has rated of one kind, by id."""

    kind: str
    items: list[int]


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
    begin: float = 0.0
    """A track of a cue sheet is the file's sound from this second on to before `end`."""
    end: float = 0.0
    """0: to the file's end."""
    loudness: str | None = None
    """`db.cards.Loudness`, if it was measured."""

    @property
    def gains(self) -> ReplayGain:
        """What the tags say, and for the rest what was measured."""
        measured = loudness(self.loudness) if self.loudness else None
        return (self.card.replay_gain or ReplayGain()).beside(measured)

    @property
    def cut(self) -> bool:
        """Whether it is only a part of its file."""
        return self.begin > 0 or self.end > 0


class VideoFileRow(FileRow, frozen=True, gc=False):
    """What is needed to send a video, and to make it smaller."""

    width: int = 0
    height: int = 0
    video: VideoCard = VideoCard(path="")


class VideoRow(Struct, frozen=True, gc=False):
    """A video and what the asking user attached to it; the picture is that of its folder."""

    id: int
    folder_id: int
    title: str
    sort_name: str
    picture_id: int | None
    suffix: str
    content_type: str
    size: int
    duration: float
    bit_rate: int
    width: int
    height: int
    created: datetime
    average_rating: float | None
    starred: datetime | None
    rating: int | None
    bookmark: int | None
    card: VideoCard


class PictureRow(Struct, frozen=True, gc=False):
    """Where a picture's original is: a file of its own, or inside an audio file."""

    id: int
    root: bytes
    path: bytes
    embedded: bool
    hash: bytes


class JukeboxRow(Struct, frozen=True, gc=False):
    """The jukebox. `position` is in seconds and goes on while it plays; `current` is -1 for none."""

    tracks: list[int]
    current: int
    playing: bool
    gain: float
    position: float
    turn: int
    version: int
    available: bool


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
    avatar_changed: datetime | None = None
    max_streams: int | None = None
    max_rate: int | None = None
    """kbit/s over all streams. None, here and beside it: as configured; 0: no limit."""
    max_transcodes: int | None = None

    @property
    def has_password(self) -> bool:
        """Whether there is a password of its own; others are signed in elsewhere."""
        return not self.password_hash.startswith(LOCKED)


class AvatarRow(Struct, frozen=True, gc=False):
    """The picture of a user."""

    picture: bytes
    changed: datetime


class SealedRow(Struct, frozen=True, gc=False):
    """Something sealed, wherever it is kept."""

    id: int
    owner: int
    data: bytes
    key: str


class CredentialRow(Struct, frozen=True, gc=False):
    """Something an app signs in with. `expires` None: never; `client` is who used it last."""

    id: int
    user_id: int
    kind: str
    name: str
    secret: bytes
    sealed_by: str
    scope: Scope
    created: datetime
    expires: datetime | None
    last_used: datetime | None
    client: str

    @property
    def sealed(self) -> Sealed:
        """What the box opens."""
        return Sealed(self.secret, self.sealed_by)

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= datetime.now(UTC)


class ListenerRow(Struct, frozen=True, gc=False):
    """Somebody who is sent sound, and the credential that let them in; 0: a share did."""

    user: int
    credential: int


class ShareRow(Struct, frozen=True, gc=False):
    """Something given away by an address; `token` is sealed. `expires` None: never."""

    id: int
    user_id: int
    user_name: str
    token: bytes
    sealed_by: str
    description: str
    created: datetime
    expires: datetime | None
    visit_count: int
    last_visited: datetime | None

    @property
    def sealed(self) -> Sealed:
        """What the box opens."""
        return Sealed(self.token, self.sealed_by)


class IdentityRow(Struct, frozen=True, gc=False):
    """Who an account is elsewhere."""

    issuer: str
    subject: str
    user_id: int
    created: datetime
    last_used: datetime | None


class SessionRow(Struct, frozen=True, gc=False):
    """Somebody signed in with a browser; `data` is JSON."""

    user_id: int
    data: str
    created: datetime
    stale: bool
    """It was not noted within the hour that it is in use."""


class BrowserRow(Struct, frozen=True, gc=False):
    """A session as its owner sees it; `own` is the one that asks."""

    id: int
    own: bool
    created: datetime
    seen: datetime
    address: str
    agent: str


class AuditRow(Struct, frozen=True, gc=False):
    """A line of the audit log: who did what, and whether it was done or refused."""

    id: int
    at: datetime
    event: str
    outcome: str
    way: str
    actor: str
    subject: str
    detail: str
    address: str


class TryRow(Struct, frozen=True, gc=False):
    """A try to come in: counted if there is no `wait`."""

    wait: float
    known: bool
    stamp: datetime


class ScanRow(Struct, frozen=True, gc=False):
    """A scan: asked for, running or over."""

    id: int
    library_id: int | None
    folders: list[bytes]
    """Only these, and what is below; empty: everything."""
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


class StationRow(Struct, frozen=True, gc=False):
    """A radio station."""

    id: int
    name: str
    stream_url: str
    home_page_url: str


class MessageRow(Struct, frozen=True, gc=False):
    """What somebody said in the chat."""

    user_name: str
    sent: datetime
    message: str


class TotalsRow(Struct, frozen=True, gc=False):
    """How much music a user may see."""

    songs: int
    albums: int
    artists: int
    folders: int
    """With music in or below them."""
    bytes: int
    seconds: float


class ChannelRow(Struct, frozen=True, gc=False):
    """A podcast."""

    id: int
    url: str
    title: str
    description: str
    image_url: str
    pictured: bool
    status: str
    message: str


class EpisodeRow(Struct, frozen=True, gc=False):
    """An episode of a podcast, and how far the asking user is in it.

    `path` is where its file is, once it is completed.
    """

    id: int
    channel_id: int
    channel: str
    pictured: bool
    title: str
    description: str
    published: datetime
    created: datetime
    status: str
    suffix: str
    content_type: str
    size: int
    duration: float
    bit_rate: int
    video: bool
    path: bytes | None
    bookmark: int | None


class ChannelJobRow(Struct, frozen=True, gc=False):
    """A podcast to look at; `turn` says whose job it is."""

    id: int
    url: str
    image_url: str
    pictured: bool
    etag: str
    modified: str
    turn: int
    failures: int


class EpisodeJobRow(Struct, frozen=True, gc=False):
    """An episode to download; `turn` says whose job it is."""

    id: int
    channel_id: int
    url: str
    suffix: str
    video: bool
    turn: int
    failures: int


class KeptRow(Struct, frozen=True, gc=False):
    """An episode that has a file, or soon will."""

    id: int
    channel_id: int
    turn: int
    path: bytes | None


class StoredPictureRow(Struct, frozen=True, gc=False):
    """A picture that the database itself holds."""

    id: int
    hash: bytes
    data: bytes
