"""What users said to each other of late."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from db.queries import Sql
from db.rows import MessageRow, UserRow

MOST = 1000
"""How many messages are kept."""
DAYS = 30
"""How long a message is kept."""

_SQL = Sql("chat")
_TAKE_TURN = _SQL.command("take_turn")
_ADD = _SQL.command("add")
_CLEAN = _SQL.command("clean")
_SINCE = _SQL.rows("since", MessageRow)


class Chat:
    """One room for all; old messages go when a new one comes."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def add(self, user: UserRow, message: str) -> None:
        """Say something."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _TAKE_TURN(connection)
            await _ADD(connection, user=user.id, message=message)
            await _CLEAN(connection, days=DAYS, most=MOST)

    async def since(self, moment: datetime) -> list[MessageRow]:
        """What was said after a moment, the newest first."""
        return await _SINCE(self._pool, since=moment, days=DAYS, most=MOST)
