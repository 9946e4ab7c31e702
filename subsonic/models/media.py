"""Songs, albums, artists: what answers of all chapters are made of."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Date, Model, Open


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
    """The name of a disc, and its cover where it is not the album's."""

    disc: int
    title: str
    cover_art: str | None = None


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
    original_width: int | None = None
    original_height: int | None = None
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


class Artist(Model, frozen=True, kw_only=True):
    """A folder in the place of an artist, for apps that browse folders."""

    id: str
    name: str
    starred: Date | None = None
    user_rating: int | None = None
    average_rating: float | None = None
    cover_art: Open[str | None] = None
