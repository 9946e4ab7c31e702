"""Answers about shares."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Date, Model
from subsonic.models.media import Child


class Share(Model, frozen=True, kw_only=True):
    """Something that anybody may hear who knows its `url`."""

    id: str
    url: str
    description: str | None = None
    username: str
    created: Date
    expires: Date | None = None
    last_visited: Date | None = None
    visit_count: int
    entry: Sequence[Child]


class Shares(Model, frozen=True, kw_only=True):
    """Shares."""

    share: Sequence[Share]
