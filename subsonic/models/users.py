"""Answers about accounts."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Date, Model


class User(Model, frozen=True, kw_only=True):
    """An account and what it may do."""

    username: str
    email: str | None = None
    max_bit_rate: int | None = None
    avatar_last_changed: Date | None = None
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


class Users(Model, frozen=True, kw_only=True):
    """All accounts."""

    user: Sequence[User]


class TokenInfo(Model, frozen=True, kw_only=True):
    """Whose API key it is."""

    username: str
