"""Answers about podcasts."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Date, Model
from subsonic.models.media import Child


class PodcastEpisode(Child, frozen=True, kw_only=True):
    """An episode; `stream_id` is there once it can be heard."""

    stream_id: str | None = None
    channel_id: str
    description: str | None = None
    status: str
    publish_date: Date | None = None


class PodcastChannel(Model, frozen=True, kw_only=True):
    """A podcast."""

    id: str
    url: str
    title: str | None = None
    description: str | None = None
    cover_art: str | None = None
    original_image_url: str | None = None
    status: str
    error_message: str | None = None
    episode: Sequence[PodcastEpisode] | None = None


class Podcasts(Model, frozen=True, kw_only=True):
    """Podcasts."""

    channel: Sequence[PodcastChannel]


class NewestPodcasts(Model, frozen=True, kw_only=True):
    """Episodes of all podcasts."""

    episode: Sequence[PodcastEpisode]
