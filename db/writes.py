"""Rows that a scan writes; their fields are the parameters of the statement, in order."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class ArtistWrite(NamedTuple):
    """An artist to be written; `words` is a `tsvector`."""

    key: str
    name: str
    sort_name: str
    name_key: str
    letter: str
    mbid: str
    words: str


class FolderWrite(NamedTuple):
    """A new folder; `parent_id` 0 is none, `words` is a `tsvector`."""

    id: int
    parent_id: int
    path: bytes
    name: str
    sort_name: str
    name_key: str
    letter: str
    words: str
    created: datetime


class AlbumWrite(NamedTuple):
    """An album to be written; 0 stands for no year and no picture, genres are joined by `\\x1f`."""

    id: int
    key: str
    name: str
    sort_name: str
    name_key: str
    artist_sort: str
    year: int
    genre_keys: str
    words: str
    song_count: int
    duration: float
    card: str
    picture_id: int
    created: datetime


class TrackWrite(NamedTuple):
    """A song to be written; empty and 0 stand for nothing."""

    id: int
    folder_id: int
    album_id: int
    path: bytes
    size: int
    mtime_ns: int
    suffix: str
    content_type: str
    duration: float
    bit_rate: int
    title_sort: str
    disc: int
    track: int
    year: int
    genre_keys: str
    words: str
    audio_hash: bytes
    mb_recording: str
    mb_release: str
    tag_key: str
    name_key: str
    card: str
    album_tags: str
    album_claim: str
    picture_hash: bytes
    picture_id: int
    created: datetime
    cue: int
    cue_begin: float
    cue_end: float
    sheet: int


class RoleWrite(NamedTuple):
    """Somebody's part in a song."""

    track_id: int
    artist_id: int
    role: str
    position: int


class VideoWrite(NamedTuple):
    """A video to be written."""

    id: int
    folder_id: int
    title: str
    sort_name: str
    path: bytes
    size: int
    mtime_ns: int
    hash: bytes
    suffix: str
    content_type: str
    duration: float
    bit_rate: int
    width: int
    height: int
    card: str
    created: datetime
