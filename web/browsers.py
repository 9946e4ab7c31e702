"""The browsers in which somebody is signed in: seen, and signed out, on the page of the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from db.rows import UserRow
from web.display import ago, browser
from web.forms import Form, number_in
from web.rights import by, member
from web.session import token_of
from web.site import SITE
from web.view import see


@dataclass(frozen=True)
class Browser:
    """A session, as the page lists it."""

    id: int
    own: bool
    name: str
    address: str
    created: str
    seen: str


async def browsers(request: web.Request, user: UserRow) -> list[Browser]:
    """Those of this user, the one that asks first."""
    now = datetime.now(UTC)
    rows = await request.app[SITE].db.sessions.of(user.id, await token_of(request))
    return [
        Browser(
            row.id,
            row.own,
            browser(row.agent),
            row.address,
            ago(row.created, now),
            ago(row.seen, now),
        )
        for row in rows
    ]


async def end_browser(request: web.Request, form: Form) -> web.Response:
    """Sign one of one's own browsers out."""
    user = await member(request)
    db = request.app[SITE].db
    if await db.sessions.end(user.id, number_in(form, "session")):
        await db.audit.note("sign-out", by(request, user), detail="another browser")
    return see("/account?done=browser")


async def end_other_browsers(request: web.Request, form: Form) -> web.Response:
    """Sign all of one's own browsers out but this one."""
    user = await member(request)
    db = request.app[SITE].db
    if await db.sessions.end_others(user.id, await token_of(request)):
        await db.audit.note("sign-out", by(request, user), detail="all other browsers")
    return see("/account?done=browsers")
