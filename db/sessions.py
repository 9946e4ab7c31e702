"""Who is signed in with a browser."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from db.queries import Executor, Sql
from db.rows import SessionRow

_SQL = Sql("sessions")
_GET = _SQL.rows("get", SessionRow)
_PUT = _SQL.command("put")
_DELETE = _SQL.command("delete")


class Sessions:
    """The sessions of all nodes. Tokens come in and are hashed here; they are never stored."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool

    async def get(self, token: str) -> SessionRow | None:
        """The session, or None when it has ended, for whatever reason."""
        return await _GET.first(self._pool, token_hash=_hash(token))

    async def put(self, token: str, user_id: int, data: dict[str, Any], days: int) -> None:
        """Open a session for so many days, or change the data of an open one.

        `data` holds `password`, the `fingerprint` of the account's password hash. Sessions whose
        time is over are removed on the way.
        """
        text = msgspec.json.encode(data).decode()
        await _PUT(self._pool, token_hash=_hash(token), user_id=user_id, data=text, days=days)

    async def delete(self, token: str) -> None:
        """End a session."""
        await _DELETE(self._pool, token_hash=_hash(token))


def fingerprint(password_hash: str) -> str:
    """What ties a session to the password it was opened with."""
    return hashlib.sha256(password_hash.encode()).hexdigest()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
