"""Answers about bookmarks and the queue."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Date, Model
from subsonic.models.media import Child


class Bookmark(Model, frozen=True, kw_only=True):
    """How far somebody has come in something; `position` in ms."""

    position: int
    username: str
    comment: str | None = None
    created: Date
    changed: Date
    entry: Child


class Bookmarks(Model, frozen=True, kw_only=True):
    """The bookmarks of a user."""

    bookmark: Sequence[Bookmark]


class PlayQueue(Model, frozen=True, kw_only=True):
    """What a user hears next; `current` is one of the entries."""

    current: str | None = None
    position: int | None = None
    username: str
    changed: Date
    changed_by: str
    entry: Sequence[Child]


class PlayQueueByIndex(Model, frozen=True, kw_only=True):
    """The same; `current_index` counts the entries from 0."""

    current_index: int | None = None
    position: int | None = None
    username: str
    changed: Date
    changed_by: str
    entry: Sequence[Child]
