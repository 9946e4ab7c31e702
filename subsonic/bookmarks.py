"""Bookmarks, and the queue that goes with a user from device to device."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from db.bookmarks import BookmarkRow, EpisodeBookmarkRow, VideoBookmarkRow
from db.queue import Queued, QueueRow
from subsonic import entries, ids, pieces
from subsonic.endpoint import Call, endpoint
from subsonic.errors import BadParameterError, NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.bookmarks import Bookmark, Bookmarks, PlayQueue, PlayQueueByIndex
from subsonic.models.media import Child
from subsonic.podcasts import episode

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Comment = Annotated[str, msgspec.Meta(max_length=10_000)]
_MARKED = {Kind.TRACK: "track", Kind.VIDEO: "video", Kind.EPISODE: "episode"}
"""What can have a bookmark, and the kind of the mark."""
_LONGEST_CLIENT = 200
_NEVER_SAVED = QueueRow(
    songs=[], current=None, position=0, changed=datetime(1970, 1, 1, tzinfo=UTC), changed_by=""
)


@endpoint("getBookmarks", key="bookmarks", scope="stream")
async def get_bookmarks(call: Call) -> Bookmarks:
    """List the user's bookmarks, last changed first."""
    bookmarks = call.services.db.bookmarks
    found = [_bookmark(call, row, entries.song(row)) for row in await bookmarks.tracks(call.user)]
    found += [_bookmark(call, row, entries.video(row)) for row in await bookmarks.videos(call.user)]
    found += [_bookmark(call, row, episode(row)) for row in await bookmarks.episodes(call.user)]
    return Bookmarks(bookmark=sorted(found, key=lambda one: one.changed, reverse=True))


@endpoint("createBookmark")
async def create_bookmark(
    call: Call, *, id: str, position: Milliseconds, comment: Comment | None = None
) -> None:
    """Set the bookmark of a song, video or episode, in place of the one that is there."""
    kind, number = parse(id, *_MARKED)
    bookmarks = call.services.db.bookmarks
    text = comment and comment.replace("\0", "")
    _expect(await bookmarks.put(call.user, _MARKED[kind], number, position, text))


@endpoint("deleteBookmark")
async def delete_bookmark(call: Call, *, id: str) -> None:
    """Remove the bookmark of a song, video or episode, if there is one."""
    kind, number = parse(id, *_MARKED)
    _expect(await call.services.db.bookmarks.drop(call.user, _MARKED[kind], number))


@endpoint("getPlayQueue", key="playQueue", scope="stream")
async def get_play_queue(call: Call) -> PlayQueue:
    """Return the queue; the current song is one of the entries."""
    queue = await call.services.db.queue.get(call.user)
    at = None if queue is None or queue.current is None else queue.songs[queue.current].id
    return PlayQueue(current=None if at is None else ids.track(at), **await _shared(call, queue))


@endpoint("getPlayQueueByIndex", key="playQueueByIndex", scope="stream")
async def get_play_queue_by_index(call: Call) -> PlayQueueByIndex:
    """Return the queue; a song may be in it several times, so the current one is told by its index."""
    queue = await call.services.db.queue.get(call.user)
    at = None if queue is None else queue.current
    return PlayQueueByIndex(current_index=at, **await _shared(call, queue))


@endpoint("savePlayQueue")
async def save_play_queue(
    call: Call, *, id: tuple[str, ...] = (), current: str | None = None, position: Milliseconds = 0
) -> None:
    """Save the queue, or clear it where no song is given. Without `current` it is the first song."""
    if id and current is not None and current not in id:
        raise BadParameterError("Parameter 'current' must be one of the parameters 'id'.")
    at = id.index(current) if id and current is not None else 0
    await _save(call, id, at, position)


@endpoint("savePlayQueueByIndex")
async def save_play_queue_by_index(
    call: Call,
    *,
    id: tuple[str, ...] = (),
    current_index: int | None = None,
    position: Milliseconds = 0,
) -> None:
    """Save the queue, or clear it where no song is given."""
    if id and (current_index is None or not 0 <= current_index < len(id)):
        raise BadParameterError("Parameter 'currentIndex' must count one of the parameters 'id'.")
    await _save(call, id, current_index or 0, position)


async def _save(call: Call, songs: tuple[str, ...], current: int, position: int) -> None:
    tracks = [parse(song, Kind.TRACK).number for song in songs]
    queue, client = call.services.db.queue, call.client.replace("\0", "")[:_LONGEST_CLIENT]
    if tracks:
        saved = await queue.save(call.user, tracks, current, position, client)
    else:
        saved = await queue.save(call.user, [], None, 0, client)
    _expect(saved)


async def _shared(call: Call, queue: Queued | None) -> dict[str, Any]:
    """What both views of a queue have; of one that was never saved, too, as apps rely on it."""
    if queue is None:
        queue = Queued(row=_NEVER_SAVED, songs=[], current=None, position=0)
    return {
        "username": call.user.name,
        "changed": entries.iso(queue.row.changed),
        "changed_by": queue.row.changed_by,
        "position": None if queue.current is None else queue.position,
        "entry": await pieces.songs(call, queue.songs),
    }


def _bookmark(
    call: Call, row: BookmarkRow | VideoBookmarkRow | EpisodeBookmarkRow, entry: Child
) -> Bookmark:
    return Bookmark(
        position=row.bookmark or 0,
        username=call.user.name,
        comment=row.bookmark_comment,
        created=entries.iso(row.bookmark_created),
        changed=entries.iso(row.bookmark_changed),
        entry=entry,
    )


def _expect(known: bool) -> None:
    if not known:
        raise NotFoundError
