"""Who is signed in with a browser."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import msgspec

from conf.settings import Auth
from db.queries import Executor, Sql
from db.rows import BrowserRow, SessionRow

_SQL = Sql("sessions")
_GET = _SQL.rows("get", SessionRow)
_PUT = _SQL.command("put")
_TOUCH = _SQL.command("touch")
_DELETE = _SQL.command("delete")
_OF = _SQL.rows("of", BrowserRow)
_END = _SQL.value("end", bool)
_END_OTHERS = _SQL.value("end_others", int)

_LONGEST_AGENT = 300


class Seen(NamedTuple):
    """Where a session is used from, and what the browser calls itself; shown to its owner."""

    address: str
    agent: str


class Sessions:
    """The sessions of all nodes. Tokens come in and are hashed here; they are never stored."""

    def __init__(self, pool: Executor, auth: Auth) -> None:
        self._pool, self._days, self._idle = pool, auth.session_days, auth.session_idle_days

    async def get(self, token: str) -> SessionRow | None:
        """The session, or None when it has ended, for whatever reason."""
        return await _GET.first(self._pool, token_hash=_hash(token), idle_days=self._idle)

    async def put(self, token: str, user_id: int, data: dict[str, Any], seen: Seen) -> None:
        """Open a session, or change the data of an open one.

        `data` holds `password`, the `fingerprint` of the account's password hash. Sessions whose
        time is over are removed on the way.
        """
        text = msgspec.json.encode(data).decode()
        given = {"token_hash": _hash(token), "user_id": user_id, "data": text, **_stored(seen)}
        await _PUT(self._pool, **given, days=self._days, idle_days=self._idle)

    async def touch(self, token: str, seen: Seen) -> None:
        """Note that it is in use: for one that is `stale`."""
        await _TOUCH(self._pool, token_hash=_hash(token), **_stored(seen))

    async def delete(self, token: str) -> None:
        """End a session."""
        await _DELETE(self._pool, token_hash=_hash(token))

    async def of(self, user: int, token: str) -> list[BrowserRow]:
        """The sessions of a user, their own first."""
        return await _OF(self._pool, user=user, token_hash=_hash(token), idle_days=self._idle)

    async def end(self, user: int, session: int) -> bool:
        """End one of a user's sessions; whether there was one."""
        return bool(await _END(self._pool, user=user, session=session))

    async def end_others(self, user: int, token: str) -> int:
        """End all of a user's sessions but this one; how many there were."""
        return await _END_OTHERS(self._pool, user=user, token_hash=_hash(token)) or 0


def fingerprint(password_hash: str) -> str:
    """What ties a session to the password it was opened with."""
    return hashlib.sha256(password_hash.encode()).hexdigest()


def _stored(seen: Seen) -> dict[str, str]:
    agent = seen.agent[:_LONGEST_AGENT].encode("utf-8", "replace").decode()
    return {"address": seen.address, "agent": agent}


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
