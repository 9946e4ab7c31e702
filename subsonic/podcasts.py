"""Podcasts: what there is, and what is to be fetched; a worker does it."""

from __future__ import annotations

import os
from itertools import groupby

from conf import Settings
from db.cards import TrackCard
from db.podcasts import MOST_CHANNELS
from db.rows import ChannelRow, EpisodeRow, FileRow
from library.addresses import Addresses, RefusedError
from library.episodes import folder
from subsonic import ids
from subsonic.endpoint import Call, clamp, endpoint
from subsonic.entries import date
from subsonic.errors import BadParameterError, GenericError, NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.podcasts import NewestPodcasts, PodcastChannel, PodcastEpisode, Podcasts

_MOST = 500


@endpoint("getPodcasts", key="podcasts", scope="stream")
async def get_podcasts(
    call: Call, *, include_episodes: bool = True, id: str | None = None
) -> Podcasts:
    """List all podcasts, or one, with or without their episodes."""
    wanted = None if id is None else parse(id, Kind.CHANNEL).number
    channels = await call.services.db.podcasts.channels(wanted)
    if wanted is not None and not channels:
        raise NotFoundError
    rows = await call.services.db.podcasts.episodes(wanted, call.user) if include_episodes else []
    episodes = {
        key: [*map(episode, group)] for key, group in groupby(rows, lambda row: row.channel_id)
    }
    return Podcasts(
        channel=[
            _channel(row, episodes.get(row.id, []) if include_episodes else None)
            for row in channels
        ]
    )


@endpoint("getNewestPodcasts", key="newestPodcasts", scope="stream")
async def get_newest_podcasts(call: Call, *, count: int = 20) -> NewestPodcasts:
    """List the newest episodes of all podcasts."""
    rows = await call.services.db.podcasts.newest(clamp(count, _MOST), call.user)
    return NewestPodcasts(episode=[*map(episode, rows)])


@endpoint("getPodcastEpisode", key="podcastEpisode", scope="stream")
async def get_podcast_episode(call: Call, *, id: str) -> PodcastEpisode:
    """One episode."""
    row = await call.services.db.podcasts.episode(parse(id, Kind.EPISODE).number, call.user)
    if row is None:
        raise NotFoundError
    return episode(row)


@endpoint("refreshPodcasts", role="podcast")
async def refresh_podcasts(call: Call) -> None:
    """Look for new episodes, soon; what was looked at within a minute is left out."""
    await call.services.db.podcasts.refresh()


@endpoint("createPodcastChannel", role="podcast")
async def create_podcast_channel(call: Call, *, url: str) -> None:
    """Add a podcast by its feed's address; one that is there already is looked at again."""
    try:
        usual = Addresses(call.services.settings.outbound.allow_networks).url(url.strip())
    except RefusedError as error:
        raise BadParameterError(str(error)) from None
    if not await call.services.db.podcasts.add(str(usual)):
        raise GenericError(f"There are {MOST_CHANNELS} podcasts already.")


@endpoint("deletePodcastChannel", role="podcast")
async def delete_podcast_channel(call: Call, *, id: str) -> None:
    """Remove a podcast and its files."""
    _expect(await call.services.db.podcasts.delete_channel(parse(id, Kind.CHANNEL).number))


@endpoint("deletePodcastEpisode", role="podcast")
async def delete_podcast_episode(call: Call, *, id: str) -> None:
    """Remove an episode's file; it stays listed, as deleted."""
    _expect(await call.services.db.podcasts.delete_episode(parse(id, Kind.EPISODE).number))


@endpoint("downloadPodcastEpisode", role="podcast")
async def download_podcast_episode(call: Call, *, id: str) -> None:
    """Have an episode downloaded; it then stays until it is deleted."""
    _expect(await call.services.db.podcasts.download(parse(id, Kind.EPISODE).number))


def episode(row: EpisodeRow) -> PodcastEpisode:
    """An episode as apps see it."""
    return PodcastEpisode(
        id=ids.episode(row.id),
        is_dir=False,
        title=row.title,
        album=row.channel,
        artist=row.channel,
        year=row.published.year,
        genre="Podcast",
        cover_art=ids.channel(row.channel_id) if row.pictured else None,
        size=row.size or None,
        content_type=row.content_type,
        suffix=row.suffix,
        duration=round(row.duration) or None,
        bit_rate=row.bit_rate or None,
        is_video=row.video,
        created=date(row.created),
        type="podcast",
        bookmark_position=row.bookmark,
        stream_id=ids.episode(row.id) if row.status == "completed" else None,
        channel_id=ids.channel(row.channel_id),
        description=row.description or None,
        status=row.status,
        publish_date=date(row.published),
    )


def file(settings: Settings, row: EpisodeRow) -> FileRow | None:
    """What is needed to send an episode; None while it is not downloaded."""
    if row.path is None:
        return None
    # The number is not that of any song: transcodes are kept under it.
    return FileRow(
        id=-row.id,
        root=os.fsencode(folder(settings)),
        path=row.path,
        size=row.size,
        mtime_ns=0,
        suffix=row.suffix,
        content_type=row.content_type,
        duration=row.duration,
        bit_rate=row.bit_rate,
        card=TrackCard(
            title=row.title, album=row.channel, artist=row.channel, album_artist="", path=""
        ),
    )


def _channel(row: ChannelRow, episodes: list[PodcastEpisode] | None) -> PodcastChannel:
    return PodcastChannel(
        id=ids.channel(row.id),
        url=row.url,
        title=row.title or None,
        description=row.description or None,
        cover_art=ids.channel(row.id) if row.pictured else None,
        original_image_url=row.image_url or None,
        status=row.status,
        error_message=row.message or None,
        episode=episodes,
    )


def _expect(known: bool) -> None:
    if not known:
        raise NotFoundError
