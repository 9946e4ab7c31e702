"""What was played, and what is being played now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from db.queries import Executor, Sql
from db.rows import PlayingRow, UserRow

_SQL = Sql("plays")
_ADD = _SQL.value("add", int)
_HEAR = _SQL.value("hear", bool)
_FORGET = _SQL.command("forget")
_HEARD = Sql("tracks").rows("heard", PlayingRow)


class Plays:
    """The same song at the same instant counts once: apps send their backlog twice."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def add(
        self, user: UserRow, tracks: Sequence[int], times: Sequence[datetime], client: str
    ) -> int:
        """Count plays of songs and of their albums; tells how many of the songs exist."""
        return (
            await _ADD(
                self._on,
                user=user.id,
                libraries=user.libraries,
                tracks=tracks,
                times=times,
                client=client,
            )
            or 0
        )

    async def hear(self, user: UserRow, track: int, client: str) -> bool:
        """Note what an app plays now; False: no such song."""
        heard = await _HEAR(
            self._on, user=user.id, libraries=user.libraries, track=track, client=client
        )
        return bool(heard)

    async def heard(self, user: UserRow) -> list[PlayingRow]:
        """What everybody hears now, as far as this user may see it."""
        return await _HEARD(self._on, user=user.id, libraries=user.libraries)

    async def forget(self) -> None:
        """Drop what was heard long ago."""
        await _FORGET(self._on)
