"""The answers of the protocol: one struct per object of the documents.

A field is an attribute in XML and a member in JSON (`render` has the whole table). `Open` marks what
OpenSubsonic added: old apps that stumble over it get XML without. Such lists have no default, so
that JSON has them also when empty and apps see that they are supported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")
OPEN = Meta(extra={"open": True})
Open = Annotated[T, OPEN]

Date = str
"""`2026-01-31T18:05:09.123Z`: UTC, three decimals; several apps know no other form."""


class Model(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """Base of all answers: None is left out. They hold no cycles, so the collector need not look."""


class Error(Model, frozen=True, kw_only=True):
    """What went wrong."""

    code: int
    message: str


class License(Model, frozen=True, kw_only=True):
    """Always valid: apps ask."""

    valid: bool


class Extension(Model, frozen=True, kw_only=True):
    """An OpenSubsonic extension and its versions."""

    name: str
    versions: Sequence[int]


class MusicFolder(Model, frozen=True, kw_only=True):
    """A library."""

    id: int
    name: str


class MusicFolders(Model, frozen=True, kw_only=True):
    """The libraries of the user."""

    music_folder: Sequence[MusicFolder]


class ItemGenre(Model, frozen=True, kw_only=True):
    """A genre of something."""

    name: str


class ArtistRef(Model, frozen=True, kw_only=True):
    """An artist, in short."""

    id: str
    name: str


class Contributor(Model, frozen=True, kw_only=True):
    """Somebody with a role in a song."""

    role: str
    sub_role: str | None = None
    artist: ArtistRef


class ReplayGain(Model, frozen=True, kw_only=True):
    """Gains in dB, peaks above 0."""

    track_gain: float | None = None
    album_gain: float | None = None
    track_peak: float | None = None
    album_peak: float | None = None
    base_gain: float | None = None


class Work(Model, frozen=True, kw_only=True):
    """A composition."""

    name: str
    music_brainz_id: str | None = None


class Movement(Model, frozen=True, kw_only=True):
    """A part of a composition."""

    name: str
    number: int | None = None
    count: int | None = None


class ItemDate(Model, frozen=True, kw_only=True):
    """A date of which parts may be unknown."""

    year: int | None = None
    month: int | None = None
    day: int | None = None


class DiscTitle(Model, frozen=True, kw_only=True):
    """The name of a disc."""

    disc: int
    title: str


class RecordLabel(Model, frozen=True, kw_only=True):
    """A label."""

    name: str


class Child(Model, frozen=True, kw_only=True):
    """A song, or something that is browsed like a folder (`is_dir`)."""

    id: str
    parent: str | None = None
    is_dir: bool
    title: str
    name: Open[str | None] = None
    album: str | None = None
    artist: str | None = None
    track: int | None = None
    year: int | None = None
    genre: str | None = None
    cover_art: str | None = None
    size: int | None = None
    content_type: str | None = None
    suffix: str | None = None
    transcoded_content_type: str | None = None
    transcoded_suffix: str | None = None
    duration: int | None = None
    bit_rate: int | None = None
    path: str | None = None
    is_video: bool | None = None
    user_rating: int | None = None
    average_rating: float | None = None
    play_count: int | None = None
    disc_number: int | None = None
    created: Date | None = None
    starred: Date | None = None
    album_id: str | None = None
    artist_id: str | None = None
    type: str | None = None
    bookmark_position: int | None = None
    song_count: Open[int | None] = None
    media_type: Open[str | None] = None
    played: Open[Date | None] = None
    bpm: Open[int | None] = None
    comment: Open[str | None] = None
    sort_name: Open[str | None] = None
    music_brainz_id: Open[str | None] = None
    bit_depth: Open[int | None] = None
    sampling_rate: Open[int | None] = None
    channel_count: Open[int | None] = None
    display_artist: Open[str | None] = None
    display_album_artist: Open[str | None] = None
    display_composer: Open[str | None] = None
    explicit_status: Open[str | None] = None
    isrc: Open[Sequence[str] | None] = None
    genres: Open[Sequence[ItemGenre] | None] = None
    artists: Open[Sequence[ArtistRef] | None] = None
    album_artists: Open[Sequence[ArtistRef] | None] = None
    contributors: Open[Sequence[Contributor] | None] = None
    moods: Open[Sequence[str] | None] = None
    groupings: Open[Sequence[str] | None] = None
    works: Open[Sequence[Work] | None] = None
    movements: Open[Sequence[Movement] | None] = None
    replay_gain: Open[ReplayGain | None] = None


class NowPlayingEntry(Child, frozen=True, kw_only=True):
    """A song that somebody hears."""

    username: str
    minutes_ago: int
    player_id: int
    player_name: str | None = None


class AlbumID3(Model, frozen=True, kw_only=True):
    """An album by its tags."""

    id: str
    name: str
    title: Open[str | None] = None
    artist: str | None = None
    artist_id: str | None = None
    cover_art: str | None = None
    song_count: int
    duration: int
    created: Date
    year: int | None = None
    genre: str | None = None
    play_count: int | None = None
    starred: Date | None = None
    played: Open[Date | None] = None
    user_rating: Open[int | None] = None
    average_rating: Open[float | None] = None
    version: Open[str | None] = None
    music_brainz_id: Open[str | None] = None
    display_artist: Open[str | None] = None
    sort_name: Open[str | None] = None
    is_compilation: Open[bool | None] = None
    explicit_status: Open[str | None] = None
    record_labels: Open[Sequence[RecordLabel]]
    genres: Open[Sequence[ItemGenre]]
    artists: Open[Sequence[ArtistRef]]
    release_types: Open[Sequence[str]]
    moods: Open[Sequence[str]]
    original_release_date: Open[ItemDate | None] = None
    release_date: Open[ItemDate | None] = None
    disc_titles: Open[Sequence[DiscTitle]]


class AlbumWithSongs(AlbumID3, frozen=True, kw_only=True):
    """An album and its songs."""

    song: Sequence[Child]


class ArtistID3(Model, frozen=True, kw_only=True):
    """An artist by the tags."""

    id: str
    name: str
    cover_art: str | None = None
    album_count: int
    starred: Date | None = None
    user_rating: Open[int | None] = None
    average_rating: Open[float | None] = None
    music_brainz_id: Open[str | None] = None
    sort_name: Open[str | None] = None
    roles: Open[Sequence[str]]


class ArtistWithAlbums(ArtistID3, frozen=True, kw_only=True):
    """An artist and the albums."""

    album: Sequence[AlbumID3]


class IndexID3(Model, frozen=True, kw_only=True):
    """The artists under one letter."""

    name: str
    artist: Sequence[ArtistID3]


class ArtistsID3(Model, frozen=True, kw_only=True):
    """All album artists."""

    ignored_articles: str
    index: Sequence[IndexID3]


class Artist(Model, frozen=True, kw_only=True):
    """A folder in the place of an artist, for apps that browse folders."""

    id: str
    name: str
    starred: Date | None = None
    user_rating: int | None = None
    average_rating: float | None = None
    cover_art: Open[str | None] = None


class Index(Model, frozen=True, kw_only=True):
    """The folders under one letter."""

    name: str
    artist: Sequence[Artist]


class Indexes(Model, frozen=True, kw_only=True):
    """The top of the folder tree."""

    last_modified: int
    ignored_articles: str
    shortcut: Sequence[Artist]
    index: Sequence[Index]
    child: Sequence[Child]


class Directory(Model, frozen=True, kw_only=True):
    """What is in a folder."""

    id: str
    parent: str | None = None
    name: str
    cover_art: Open[str | None] = None
    starred: Date | None = None
    user_rating: int | None = None
    average_rating: float | None = None
    play_count: int | None = None
    child: Sequence[Child]


class Genre(Model, frozen=True, kw_only=True):
    """A genre and how much of it there is."""

    song_count: int
    album_count: int
    value: str


class Genres(Model, frozen=True, kw_only=True):
    """All genres."""

    genre: Sequence[Genre]


class AlbumList(Model, frozen=True, kw_only=True):
    """Albums for apps that browse folders."""

    album: Sequence[Child]


class AlbumList2(Model, frozen=True, kw_only=True):
    """Albums by their tags."""

    album: Sequence[AlbumID3]


class Songs(Model, frozen=True, kw_only=True):
    """Songs."""

    song: Sequence[Child]


class NowPlaying(Model, frozen=True, kw_only=True):
    """What everybody hears."""

    entry: Sequence[NowPlayingEntry]


class Found(Model, frozen=True, kw_only=True):
    """Artists, albums and songs for apps that browse folders: found, or starred."""

    artist: Sequence[Artist]
    album: Sequence[Child]
    song: Sequence[Child]


class FoundID3(Model, frozen=True, kw_only=True):
    """Artists, albums and songs by the tags: found, or starred."""

    artist: Sequence[ArtistID3]
    album: Sequence[AlbumID3]
    song: Sequence[Child]


class User(Model, frozen=True, kw_only=True):
    """An account and what it may do."""

    username: str
    email: str | None = None
    max_bit_rate: int | None = None
    scrobbling_enabled: bool
    admin_role: bool
    settings_role: bool
    download_role: bool
    upload_role: bool
    playlist_role: bool
    cover_art_role: bool
    comment_role: bool
    podcast_role: bool
    stream_role: bool
    jukebox_role: bool
    share_role: bool
    video_conversion_role: bool
    folder: Sequence[int]


class TokenInfo(Model, frozen=True, kw_only=True):
    """Whose API key it is."""

    username: str


class ScanStatus(Model, frozen=True, kw_only=True):
    """How a scan goes."""

    scanning: bool
    count: int
    folder_count: Open[int | None] = None
    last_scan: Open[Date | None] = None
    error: Open[str | None] = None
