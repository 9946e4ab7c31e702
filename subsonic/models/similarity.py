"""Answers about what is like something, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Element, Model
from subsonic.models.media import Artist, ArtistID3


class ArtistInfoBase(Model, frozen=True, kw_only=True):
    """What is known of an artist; nothing is no error."""

    music_brainz_id: Element[str | None] = None
    small_image_url: Element[str | None] = None
    medium_image_url: Element[str | None] = None
    large_image_url: Element[str | None] = None


class ArtistInfo(ArtistInfoBase, frozen=True, kw_only=True):
    """An artist, for apps that browse folders."""

    similar_artist: Sequence[Artist]


class ArtistInfo2(ArtistInfoBase, frozen=True, kw_only=True):
    """An artist by the tags."""

    similar_artist: Sequence[ArtistID3]


class AlbumInfo(Model, frozen=True, kw_only=True):
    """What is known of an album; nothing is no error."""

    music_brainz_id: Element[str | None] = None
    small_image_url: Element[str | None] = None
    medium_image_url: Element[str | None] = None
    large_image_url: Element[str | None] = None
