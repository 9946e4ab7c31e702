"""Bookmarks: how far a user has come in something long."""

from __future__ import annotations

from datetime import datetime

from db.queries import Executor, Sql
from db.rows import EpisodeRow, TrackRow, UserRow, VideoRow


class BookmarkRow(TrackRow, frozen=True, gc=False):
    """A song with a bookmark of the asking user."""

    bookmark_comment: str | None
    bookmark_created: datetime
    bookmark_changed: datetime


class VideoBookmarkRow(VideoRow, frozen=True, gc=False):
    """A video with a bookmark of the asking user."""

    bookmark_comment: str | None
    bookmark_created: datetime
    bookmark_changed: datetime


class EpisodeBookmarkRow(EpisodeRow, frozen=True, gc=False):
    """An episode with a bookmark of the asking user."""

    bookmark_comment: str | None
    bookmark_created: datetime
    bookmark_changed: datetime


_SQL = Sql("bookmarks")
_PUT = _SQL.value("put", bool)
_DROP = _SQL.value("drop", bool)
_TRACKS = Sql("tracks").rows("bookmarked", BookmarkRow)
_VIDEOS = Sql("videos").rows("bookmarked", VideoBookmarkRow)
_EPISODES = Sql("podcasts").rows("bookmarked", EpisodeBookmarkRow)


class Bookmarks:
    """One per user and thing. `kind` is that of the mark; False: there is no such thing."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def tracks(self, user: UserRow) -> list[BookmarkRow]:
        """The user's songs with a bookmark, last changed first."""
        return await _TRACKS(self._on, user=user.id, libraries=user.libraries)

    async def videos(self, user: UserRow) -> list[VideoBookmarkRow]:
        """The user's videos with a bookmark, last changed first."""
        return await _VIDEOS(self._on, user=user.id, libraries=user.libraries)

    async def episodes(self, user: UserRow) -> list[EpisodeBookmarkRow]:
        """The episodes of podcasts with a bookmark of the user, last changed first."""
        return await _EPISODES(self._on, user=user.id)

    async def put(
        self, user: UserRow, kind: str, item: int, position: int, comment: str | None
    ) -> bool:
        """Set a bookmark, in place of the one that is there; `position` in ms."""
        put = await _PUT(
            self._on,
            user=user.id,
            libraries=user.libraries,
            kind=kind,
            item=item,
            position=position,
            comment=comment,
        )
        return bool(put)

    async def drop(self, user: UserRow, kind: str, item: int) -> bool:
        """Remove the bookmark, if there is one."""
        dropped = await _DROP(
            self._on, user=user.id, libraries=user.libraries, kind=kind, item=item
        )
        return bool(dropped)
