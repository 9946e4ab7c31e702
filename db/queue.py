"""What each user hears next, so that another device can go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from db.queries import Executor, Sql
from db.rows import UserRow
from db.tracks import Asked, Listed, Tracks


class QueueRow(Struct, frozen=True, gc=False):
    """What a user hears next: songs by id, which of them is heard (from 0), and how far (ms)."""

    songs: list[int]
    current: int | None
    position: int
    changed: datetime
    changed_by: str


_SQL = Sql("queue")
_GET = _SQL.rows("get", QueueRow)
_SAVE = _SQL.value("save", bool)


class Queued(Struct, frozen=True, kw_only=True):
    """A queue as its user sees it now; `current` counts in `songs` and is None when that is empty."""

    row: QueueRow
    songs: Listed
    current: int | None
    position: int


class Queue:
    """One per user; a song may be in it several times."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def get(self, user: UserRow) -> Queued | None:
        """The queue without the songs that are gone or hidden now; None: never saved."""
        row = await _GET.first(self._on, user=user.id)
        if row is None:
            return None
        return _seen(row, await Tracks(self._on).outlined(row.songs, user))

    async def save(
        self, user: UserRow, songs: Sequence[int], current: int | None, position: int, client: str
    ) -> bool:
        """Replace the queue; `current` is an index. False: one of the songs does not exist."""
        saved = await _SAVE(
            self._on,
            user=user.id,
            libraries=user.libraries,
            songs=songs,
            current=current,
            position=position,
            client=client,
        )
        return bool(saved)


def _seen(row: QueueRow, seen: Asked) -> Queued:
    """Where the current song is not seen, the next one that is stands at its beginning."""
    songs = [seen[id] for id in row.songs if id in seen]
    if row.current is None or not songs:
        return Queued(row=row, songs=songs, current=None, position=0)
    before = sum(id in seen for id in row.songs[: row.current])
    return Queued(
        row=row,
        songs=songs,
        current=min(before, len(songs) - 1),
        position=row.position if row.songs[row.current] in seen else 0,
    )
