"""Whoever a reverse proxy says that it has signed in.

Only on the pages: `server.proxies` has taken the header away from whoever is no trusted proxy, and
apps sign in with credentials of their own in any case.
"""

from __future__ import annotations

import structlog
from aiohttp import web

from db.audit import By
from db.errors import NameTakenError, RefusedError
from db.rows import UserRow
from web.session import signed_in
from web.site import SITE
from web.view import Refusal

log = structlog.get_logger()


def named(request: web.Request) -> str:
    """The name that the proxy gives, or nothing."""
    header = request.app[SITE].settings.auth.proxy_header
    given = request.headers.getall(header, []) if header else []
    if len(given) > 1:
        log.error("two names in the header of the proxy: it lets through what clients send")
        raise Refusal(400, "Two names", "The proxy in front of this server says two names at once.")
    return given[0].strip() if given else ""


async def visitor(request: web.Request) -> UserRow | None:
    """Who looks at a page: whoever the proxy names, else whoever is signed in with this browser."""
    return await proxied(request) or await signed_in(request)


async def proxied(request: web.Request) -> UserRow | None:
    """The account of that name; refuses those who have none, or one that is switched off."""
    name = named(request)
    if not name:
        return None
    site = request.app[SITE]
    user = await site.db.users.by_name(name)
    if user is None and site.settings.auth.proxy_create_users:
        user = await _made(request, name)
    if user is None or not user.enabled:
        await site.db.audit.note(
            "sign-in", By(name, request.remote or "", "proxy"), outcome="refused"
        )
        raise Refusal(
            403,
            "No account",
            f"You are signed in as {name[:80]!r}, and there is no account of that name here, or it"
            " is switched off. Ask the one who runs this server.",
            back="",
        )
    return user


async def _made(request: web.Request, name: str) -> UserRow | None:
    """A new account; none before the first one, which runs the server."""
    db = request.app[SITE].db
    if not await db.users.count():
        return None
    try:
        user = await db.users.add(name, None)
    except NameTakenError:  # by another page of the same person, at the same moment
        return await db.users.by_name(name)
    except RefusedError as error:
        raise Refusal(403, "No account", f"No account can be made for you: {error}") from None
    by = By(name, request.remote or "", "proxy")
    await db.audit.note("user created", by, subject=user.name, detail=", ".join(user.roles))
    return user
