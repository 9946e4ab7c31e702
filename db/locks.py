"""Locks that only one node holds: PostgreSQL's advisory locks.

A lock ends with its connection, so a node that dies leaves none behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from zlib import crc32

import asyncpg
from asyncpg.exceptions import InterfaceError, PostgresError

from db.pool import is_closed

_ANSWER = 10.0
_LOST = (OSError, PostgresError, InterfaceError)


class Lock:
    """True if we got it. Long work asks `is_held` now and then: the connection may have been lost."""

    def __init__(self, connection: Any, *, got: bool) -> None:
        self._connection = connection
        self._got = got

    def __bool__(self) -> bool:
        return self._got

    async def is_held(self) -> bool:
        """Whether the server still knows that we hold it."""
        if not self._got or is_closed(self._connection):
            return False
        try:
            await self._connection.execute("select 1", timeout=_ANSWER)
        except _LOST:
            _drop(self._connection)
            return False
        return True


@asynccontextmanager
async def try_lock(pool: asyncpg.Pool, name: str, number: int = 0) -> AsyncIterator[Lock]:
    """Take the lock of this name and number unless somebody has it; it is given back at the end.

    It occupies one connection of the pool. Raises UnavailableError when there is no server to ask.
    """
    async with pool.acquire() as connection:
        key = crc32(name.encode()) - 2**31, number
        got = await connection.fetchval("select pg_try_advisory_lock($1, $2)", *key)
        try:
            yield Lock(connection, got=got)
        finally:
            if got:
                await _unlock(connection, *key)


async def _unlock(connection: Any, *key: int) -> None:
    try:
        await connection.execute("select pg_advisory_unlock($1, $2)", *key, timeout=_ANSWER)
    except _LOST:
        _drop(connection)


def _drop(connection: Any) -> None:
    """End a connection that may be lost; the server unlocks when it notices."""
    if not is_closed(connection):
        connection.terminate()
