"""What was played, and what is being played now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from db.queries import Executor, Sql
from db.rows import PlayingRow, UserRow

_SQL = Sql("plays")
_ADD = _SQL.value("add", int)
_HEAR = _SQL.value("hear", bool)
_REPORT = _SQL.value("report", bool)
_FORGET = _SQL.command("forget")
_HEARD = Sql("tracks").rows("heard", PlayingRow)


State = Literal["starting", "playing", "paused", "stopped"]


class Report(NamedTuple):
    """What an app says of its playing; the rate is that of the clock, above 0."""

    track: int
    state: State
    position_ms: int
    rate: float
    ignore: bool
    """It is for show: no play may be counted by it."""


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

    async def report(self, user: UserRow, client: str, report: Report) -> bool:
        """Note how an app gets on; False: no such song.

        Half the song or four minutes of listening count as a play, once from `starting` on, and not
        if the same app says by itself that it played the song.
        """
        known = await _REPORT(
            self._on,
            user=user.id,
            libraries=user.libraries,
            client=client,
            track=report.track,
            state=report.state,
            position=report.position_ms,
            rate=report.rate,
            ignore=report.ignore,
        )
        return bool(known)

    async def heard(self, user: UserRow) -> list[PlayingRow]:
        """What everybody hears now, as far as this user may see it."""
        return await _HEARD(self._on, user=user.id, libraries=user.libraries)

    async def forget(self) -> None:
        """Drop what was heard long ago."""
        await _FORGET(self._on)
