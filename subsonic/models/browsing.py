"""Answers of browsing."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Date, Model, Open
from subsonic.models.media import AlbumID3, Artist, ArtistID3, Child


class MusicFolder(Model, frozen=True, kw_only=True):
    """A library."""

    id: int
    name: str


class MusicFolders(Model, frozen=True, kw_only=True):
    """The libraries of the user."""

    music_folder: Sequence[MusicFolder]


class AlbumWithSongs(AlbumID3, frozen=True, kw_only=True):
    """An album and its songs."""

    song: Sequence[Child]


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
