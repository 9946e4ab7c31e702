"""Podcasts: channels and episodes, the work they ask for, and who is at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg

from db.feeds import Feed, Item
from db.queries import Sql
from db.rows import (
    ChannelJobRow,
    ChannelRow,
    EpisodeJobRow,
    EpisodeRow,
    KeptRow,
    StoredPictureRow,
    UserRow,
)

CHANNEL = "dulcian_podcasts"
"""Told when there is work: something to fetch, or files to remove."""
PAUSE = 60.0
"""A channel is looked at no sooner after the last time, whoever asks."""
MOST_CHANNELS = 1000
LEASE = 300.0
"""So long a job belongs to whom it was given, unless renewed."""

_SQL = Sql("podcasts")
_CHANNELS = _SQL.rows("channels", ChannelRow)
_EPISODES = _SQL.rows("episodes", EpisodeRow)
_NEWEST = _SQL.rows("newest", EpisodeRow)
_EPISODE = _SQL.rows("episode", EpisodeRow)
_PICTURES = {
    kind: _SQL.rows(f"picture_of_{kind}", StoredPictureRow) for kind in ("channel", "episode")
}
_ADD = _SQL.value("add", bool)
_REFRESH = _SQL.value("refresh", int)
_DELETE_CHANNEL = _SQL.value("delete_channel", bool)
_DELETE_EPISODE = _SQL.value("delete_episode", bool)
_DOWNLOAD = _SQL.value("download", bool)
_CLAIM_CHANNEL = _SQL.rows("claim_channel", ChannelJobRow)
_SAVE_CHANNEL = _SQL.value("save_channel", bool)
_SAVE_EPISODES = _SQL.command("save_episodes")
_TRIM = _SQL.command("trim")
_PICK = _SQL.value("pick", int)
_UNCHANGED = _SQL.command("unchanged")
_FAIL_CHANNEL = _SQL.command("fail_channel")
_RELEASE_CHANNEL = _SQL.command("release_channel")
_CLAIM_EPISODE = _SQL.rows("claim_episode", EpisodeJobRow)
_RENEW = _SQL.value("renew", bool)
_COMPLETE = _SQL.value("complete", int)
_RETIRE = _SQL.value("retire", int)
_FAIL_EPISODE = _SQL.command("fail_episode")
_RELEASE_EPISODE = _SQL.command("release_episode")
_KEPT = _SQL.rows("kept", KeptRow)


class Podcasts:
    """All users see the same, but for their bookmarks; without a user there are none.

    What changes is told to the nodes' workers, which then do it.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def channels(self, channel: int | None = None) -> list[ChannelRow]:
        """All channels by name, or the one."""
        return await _CHANNELS(self._pool, channel=channel)

    async def episodes(
        self, channel: int | None = None, user: UserRow | None = None
    ) -> list[EpisodeRow]:
        """The episodes of all channels, or of one; each channel's newest first."""
        return await _EPISODES(self._pool, channel=channel, user=_id(user))

    async def newest(self, size: int, user: UserRow | None = None) -> list[EpisodeRow]:
        """The newest episodes of all channels."""
        return await _NEWEST(self._pool, size=size, user=_id(user))

    async def episode(self, episode: int, user: UserRow | None = None) -> EpisodeRow | None:
        """One episode."""
        return await _EPISODE.first(self._pool, episode=episode, user=_id(user))

    async def picture(self, kind: str, item: int) -> StoredPictureRow | None:
        """The picture of a `channel`, or of the channel of an `episode`."""
        return await _PICTURES[kind].first(self._pool, item=item)

    async def add(self, url: str) -> bool:
        """Have a channel, new or not; False: there are too many."""
        return bool(await _ADD(self._pool, url=url, most=MOST_CHANNELS, pause=PAUSE))

    async def refresh(self) -> None:
        """Have all channels looked at that were not just now."""
        await _REFRESH(self._pool, pause=PAUSE)

    async def delete_channel(self, channel: int) -> bool:
        """Forget a channel and its episodes, files too."""
        return bool(await _DELETE_CHANNEL(self._pool, channel=channel))

    async def delete_episode(self, episode: int) -> bool:
        """Have the file removed, or not downloaded; the episode stays in the list."""
        return bool(await _DELETE_EPISODE(self._pool, episode=episode))

    async def download(self, episode: int) -> bool:
        """Have the file downloaded, and kept until it is deleted."""
        return bool(await _DOWNLOAD(self._pool, episode=episode))

    async def claim_channel(self) -> ChannelJobRow | None:
        """Take the channel that has been due the longest."""
        return await _CLAIM_CHANNEL.first(self._pool, lease=LEASE)

    async def save(
        self,
        job: ChannelJobRow,
        feed: Feed,
        picture: tuple[bytes, bytes] | None,
        known: tuple[str, str],
        interval: float,
        *,
        newest: int,
        most: int,
    ) -> bool:
        """Write down what a feed says; False: the job was given to somebody else, or is no more.

        `picture` is hash and bytes, `known` etag and date; the `newest` episodes are to be
        downloaded, and of all `most` are kept.
        """
        hashed, data = picture or (None, None)
        async with self._pool.acquire() as connection, connection.transaction():
            ours = await _SAVE_CHANNEL(
                connection, channel=job.id, turn=job.turn, title=feed.title,
                description=feed.description, image_url=feed.image, picture=data, picture_hash=hashed,
                etag=known[0], modified=known[1], interval=interval,
            )  # fmt: skip
            if not ours:
                return False
            await _SAVE_EPISODES(connection, channel=job.id, **_columns(feed.items))
            await _TRIM(connection, channel=job.id, most=most)
            await _PICK(connection, channel=job.id, newest=newest)
        return True

    async def unchanged(self, job: ChannelJobRow, interval: float) -> None:
        """Note that there is nothing new."""
        await _UNCHANGED(self._pool, channel=job.id, turn=job.turn, interval=interval)

    async def fail_channel(self, job: ChannelJobRow, message: str, pause: float) -> None:
        """Note why a channel could not be read; it is tried again after the pause."""
        await _FAIL_CHANNEL(self._pool, channel=job.id, turn=job.turn, message=message, pause=pause)

    async def release_channel(self, job: ChannelJobRow) -> None:
        """Give a job back undone."""
        await _RELEASE_CHANNEL(self._pool, channel=job.id, turn=job.turn)

    async def claim_episode(self) -> EpisodeJobRow | None:
        """Take the next episode to download; what somebody asked for comes first."""
        return await _CLAIM_EPISODE.first(self._pool, lease=LEASE)

    async def renew(self, job: EpisodeJobRow) -> bool:
        """Say that the job goes on; False: it is not to."""
        return bool(await _RENEW(self._pool, episode=job.id, turn=job.turn, lease=LEASE))

    async def complete(
        self,
        job: EpisodeJobRow,
        *,
        path: bytes,
        suffix: str,
        content_type: str,
        size: int,
        duration: float,
        bit_rate: int,
        keep: int,
    ) -> bool:
        """Note a downloaded file, and delete what nobody asked for beyond `keep` (0: all stay)."""
        async with self._pool.acquire() as connection, connection.transaction():
            channel = await _COMPLETE(
                connection, episode=job.id, turn=job.turn, path=path, suffix=suffix,
                content_type=content_type, size=size, duration=duration, bit_rate=bit_rate,
            )  # fmt: skip
            if channel is not None and keep:
                await _RETIRE(connection, channel=channel, keep=keep)
        return channel is not None

    async def fail_episode(
        self, job: EpisodeJobRow, message: str, *, again: bool, pause: float
    ) -> None:
        """Note why an episode was not downloaded; `again`: it is tried once more after the pause."""
        await _FAIL_EPISODE(
            self._pool, episode=job.id, turn=job.turn, message=message, again=again, pause=pause
        )

    async def release_episode(self, job: EpisodeJobRow) -> None:
        """Give a job back undone."""
        await _RELEASE_EPISODE(self._pool, episode=job.id, turn=job.turn)

    async def kept(self) -> list[KeptRow]:
        """Episodes that have a file, or are being downloaded."""
        return await _KEPT(self._pool)


def _id(user: UserRow | None) -> int | None:
    return None if user is None else user.id


def _columns(items: Sequence[Item]) -> dict[str, list[object]]:
    return {
        "guids": [item.guid for item in items],
        "titles": [item.title for item in items],
        "descriptions": [item.description for item in items],
        "dates": [
            None if item.published is None else datetime.fromtimestamp(item.published, UTC)
            for item in items
        ],
        "urls": [item.url for item in items],
        "types": [item.content_type for item in items],
        "suffixes": [item.suffix for item in items],
        "sizes": [item.size for item in items],
        "durations": [item.duration for item in items],
        "videos": [item.video for item in items],
    }
