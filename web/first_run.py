"""The set-up link: it makes the first administrator, once."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
from aiohttp import web

from db.audit import By
from db.errors import UnfitError
from db.rows import UserRow
from db.rules import check_name
from db.tries import Caller, TooManyTriesError
from web.forms import Form
from web.passwords import chosen
from web.session import sign_in
from web.site import SITE
from web.view import Refusal, page, see, too_many

_SETUP = "\0setup"
"""The account under which tries at the link are counted."""


class Link(msgspec.Struct, frozen=True):
    """What is remembered of the printed link: SHA-256 of its token, in hex."""

    hash: str


async def show_setup(request: web.Request) -> web.Response:
    """The form for the first account."""
    await _link(request)
    return await page(request, "setup.html", name="", error="")


async def set_up(request: web.Request, form: Form) -> web.Response:
    """Make the account and sign it in."""
    link = await _link(request)
    name = form.get("name", "").strip()
    try:
        check_name(name)
        password = chosen(form, name)
    except UnfitError as error:
        return await page(request, "setup.html", status=400, name=name, error=str(error))
    user = await _make_admin(request, link, name, password)
    await _note(request, "user created", user.name, subject=user.name, detail="the first one")
    await sign_in(request, user)
    return see("/")


async def _link(request: web.Request) -> Link:
    """The link of this request, if it is the one that was printed and still of use."""
    db = request.app[SITE].db
    if await db.users.count():
        raise _used()
    token = request.match_info["token"]
    caller = Caller(_SETUP, request.remote or "", token)
    try:
        counted = await db.tries.enter(caller)
    except TooManyTriesError as error:
        await _note(request, "sign-in", "", outcome="held")
        raise too_many(error.wait, request.path) from None
    link = Link(hashlib.sha256(token.encode()).hexdigest())
    known = await db.state.get("setup", Link)
    if known is None or not hmac.compare_digest(known.hash, link.hash):
        await _note(request, "sign-in", "", outcome="refused")
        raise Refusal(
            404,
            "This set-up link is not valid",
            "Use the link that the server printed when it was last started.",
        )
    await db.tries.forgive(counted, None)
    return link


async def _note(request: web.Request, event: str, name: str, **more: Any) -> None:
    by = By(name, request.remote or "", "set-up link")
    await request.app[SITE].db.audit.note(event, by, **more)


async def _make_admin(request: web.Request, link: Link, name: str, password: str) -> UserRow:
    """Whoever takes the link makes the account: of two at the same moment only one does."""
    db = request.app[SITE].db
    if not await db.state.take("setup", link) or await db.users.count():
        raise _used()
    try:
        return await db.users.add(name, password, admin=True)
    except BaseException:
        await db.state.put("setup", link)
        raise


def _used() -> Refusal:
    return Refusal(410, "This server is set up", "Sign in with your account.", back="/login")
