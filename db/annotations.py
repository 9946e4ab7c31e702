"""Stars and ratings: what a user thinks of songs, albums, artists, folders and videos."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from db.queries import Executor, Sql
from db.rows import RatedRow, UserRow

_SQL = Sql("annotations")
_STAR = _SQL.value("star", bool)
_UNSTAR = _SQL.value("unstar", bool)
_TAKE_TURN = _SQL.command("take_turn")
_RATE = _SQL.value("rate", list)
_RATED_BY = _SQL.rows("rated_by", RatedRow)
_AVERAGE = {
    kind: _SQL.command(f"average_{kind}")
    for kind in ("track", "album", "artist", "folder", "video")
}


class Items(msgspec.Struct, frozen=True):
    """Things of several kinds, by id, without repeats."""

    tracks: frozenset[int] = frozenset()
    albums: frozenset[int] = frozenset()
    artists: frozenset[int] = frozenset()
    folders: frozenset[int] = frozenset()
    videos: frozenset[int] = frozenset()

    def values(self) -> dict[str, Any]:
        """As query parameters."""
        return {name: list(getattr(self, name)) for name in self.__struct_fields__}

    def count(self) -> int:
        """How many things."""
        return sum(len(ids) for ids in self.values().values())


class Annotations:
    """All or nothing: False means that one of the items does not exist for this user."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def star(self, user: UserRow, items: Items) -> bool:
        """Star; what is starred already keeps its date."""
        return await self._mark(_STAR, user, items)

    async def unstar(self, user: UserRow, items: Items) -> bool:
        """Remove the star, if there is one."""
        return await self._mark(_UNSTAR, user, items)

    async def rate(self, user: UserRow, kind: str, item: int, rating: int) -> bool:
        """Rate a `track`, `album`, `artist`, `folder` or `video` 1 to 5; 0 removes the rating."""
        items = Items(**{f"{kind}s": frozenset([item])})
        async with self._pool.acquire() as connection, connection.transaction():
            await _TAKE_TURN(connection, kind=kind, item=item)
            rated = await _RATE(
                connection,
                user=user.id,
                libraries=user.libraries,
                rating=rating,
                **items.values(),
            )
            if rated:
                await _AVERAGE[kind](connection, items=rated)
        return bool(rated)

    async def _mark(self, query: Any, user: UserRow, items: Items) -> bool:
        return bool(
            await query(
                self._pool,
                user=user.id,
                libraries=user.libraries,
                wanted=items.count(),
                **items.values(),
            )
        )


async def rated_by(on: Executor, user: int) -> list[RatedRow]:
    """All that a user has rated."""
    return await _RATED_BY(on, user=user)


async def average(on: Executor, rated: list[RatedRow]) -> None:
    """Reckon the averages anew, when ratings have gone with their user."""
    for row in rated:
        await _AVERAGE[row.kind](on, items=row.items)
