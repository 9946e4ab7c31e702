"""Sessions of browsers, kept in PostgreSQL by a random token in a cookie.

Who is not signed in has no row: their cookie only ties a form to the browser it was made for.
"""

from __future__ import annotations

import hmac
import re
import secrets
import warnings
from typing import Any

import aiohttp_session
import msgspec
from aiohttp import web
from aiohttp_session import AbstractStorage, Session

from db.rows import UserRow
from db.sessions import Sessions, fingerprint
from web.site import SITE

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

# aiohttp-session keeps its things in the request by plain names, of which aiohttp warns once.
warnings.filterwarnings("ignore", category=web.NotAppKeyWarning, module="aiohttp_session")


class Storage(AbstractStorage):
    """Sessions in the database. The cookie cannot be read by scripts nor sent by other sites' forms."""

    def __init__(self, sessions: Sessions, days: int) -> None:
        super().__init__(max_age=days * 86400)
        self._sessions, self._days = sessions, days

    async def new_session(self) -> Session:
        return Session(secrets.token_urlsafe(32), data=None, new=True)

    async def load_session(self, request: web.Request) -> Session:
        token = request.cookies.get(self._name(request), "")
        if not _TOKEN.fullmatch(token):
            return await self.new_session()
        row = await self._sessions.get(token)
        if row is None:
            return Session(token, data=None, new=True)
        data: dict[str, Any] = msgspec.json.decode(row.data)
        created = int(row.created.timestamp())
        return Session(token, data={"created": created, "session": data}, new=False)

    async def save_session(
        self, request: web.Request, response: web.StreamResponse, session: Session
    ) -> None:
        token = str(session.identity)
        if not session.empty:
            await self._sessions.put(token, session["user"], dict(session), self._days)
            self._set_cookie(request, response, token, self.max_age)
        elif session.new:
            self._set_cookie(request, response, token, None)
        else:
            await self._sessions.delete(token)
            self._set_cookie(request, response, "", 0)

    def _name(self, request: web.Request) -> str:
        """With the prefix a browser takes the cookie only over https, and from nobody else."""
        return "__Host-dulcian" if request.secure else "dulcian"

    def _set_cookie(
        self, request: web.Request, response: web.StreamResponse, token: str, max_age: int | None
    ) -> None:
        response.set_cookie(
            self._name(request),
            token,
            max_age=max_age,
            path="/",
            secure=request.secure,
            httponly=True,
            samesite="Lax",
        )


async def sign_in(request: web.Request, user: UserRow) -> None:
    """Open a session under a new token; the one before ends."""
    before = await aiohttp_session.get_session(request)
    if not before.new:
        await request.app[SITE].db.sessions.delete(str(before.identity))
    session = await aiohttp_session.new_session(request)
    session["user"] = user.id
    session["password"] = fingerprint(user.password_hash)


async def sign_out(request: web.Request) -> None:
    """End the session, here and in the database."""
    session = await aiohttp_session.get_session(request)
    session.invalidate()


async def signed_in(request: web.Request) -> UserRow | None:
    """The user of this browser, or None."""
    session = await aiohttp_session.get_session(request)
    if session.empty:
        return None
    return await request.app[SITE].db.users.by_id(session["user"])


async def form_token(request: web.Request) -> str:
    """What a form carries to show that it came from our own page in this browser."""
    session = await aiohttp_session.get_session(request)
    if session.new:
        session.changed()  # so that the browser gets the cookie
    return hmac.digest(str(session.identity).encode(), b"form", "sha256").hex()
