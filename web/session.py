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
from db.sessions import Seen, Sessions, fingerprint
from web.site import SITE

_COOKIE, _DEVICE_COOKIE = "dulcian", "dulcian-device"
_DEVICE = web.RequestKey("device", str)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

# aiohttp-session keeps its things in the request by plain names, of which aiohttp warns once.
warnings.filterwarnings("ignore", category=web.NotAppKeyWarning, module="aiohttp_session")


class Storage(AbstractStorage):
    """Sessions in the database. The cookie cannot be read by scripts nor sent by other sites' forms."""

    def __init__(self, sessions: Sessions, days: int) -> None:
        super().__init__(max_age=days * 86400)
        self._sessions = sessions

    async def new_session(self) -> Session:
        return Session(secrets.token_urlsafe(32), data=None, new=True)

    async def load_session(self, request: web.Request) -> Session:
        token = cookie(request, _COOKIE)
        if not _TOKEN.fullmatch(token):
            return await self.new_session()
        row = await self._sessions.get(token)
        if row is None:
            return Session(token, data=None, new=True)
        if row.stale:
            await self._sessions.touch(token, _seen(request))
        data: dict[str, Any] = msgspec.json.decode(row.data)
        created = int(row.created.timestamp())
        return Session(token, data={"created": created, "session": data}, new=False)

    async def save_session(
        self, request: web.Request, response: web.StreamResponse, session: Session
    ) -> None:
        token = str(session.identity)
        if not session.empty:
            await self._sessions.put(token, session["user"], dict(session), _seen(request))
            set_cookie(request, response, _COOKIE, token, self.max_age)
            if _DEVICE in request:
                set_cookie(request, response, _DEVICE_COOKIE, request[_DEVICE], self.max_age)
        elif session.new:
            set_cookie(request, response, _COOKIE, token, None)
        else:
            await self._sessions.delete(token)
            set_cookie(request, response, _COOKIE, "", 0)


def _seen(request: web.Request) -> Seen:
    return Seen(request.remote or "", request.headers.get("User-Agent", ""))


def cookie(request: web.Request, name: str) -> str:
    """What the browser holds under the name."""
    return request.cookies.get(_named(request, name), "")


def set_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, max_age: int | None
) -> None:
    """Have the browser hold a value: for this server alone, out of reach of scripts and other sites."""
    response.set_cookie(
        _named(request, name),
        value,
        max_age=max_age,
        path="/",
        secure=_by_tls(request),
        httponly=True,
        samesite="Lax",
    )


def _named(request: web.Request, name: str) -> str:
    """With the prefix a browser takes the cookie only over https, and from nobody else."""
    return f"__Host-{name}" if _by_tls(request) else name


def _by_tls(request: web.Request) -> bool:
    """Whether the browser speaks https: to us, to a trusted proxy, or to the address we are told is ours."""
    public = request.app[SITE].settings.server.public_url
    return request.secure or public.lower().rstrip("/") == f"https://{request.host.lower()}"


def device(request: web.Request) -> str:
    """What tells this browser from all others: given to it when it signs in, and kept when it signs out."""
    known = cookie(request, _DEVICE_COOKIE)
    if _DEVICE not in request:
        request[_DEVICE] = known if _TOKEN.fullmatch(known) else secrets.token_urlsafe(32)
    return request[_DEVICE]


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


async def token_of(request: web.Request) -> str:
    """What names the session of this browser; a secret."""
    return str((await aiohttp_session.get_session(request)).identity)


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
