"""The set-up link: it makes the first administrator, once."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

import msgspec
import structlog
from aiohttp import web

from db.rows import UserRow
from web.forms import Form
from web.session import sign_in
from web.site import SITE
from web.view import Refusal, page, see

log = structlog.get_logger()

_SHORTEST, _LONGEST, _LONGEST_NAME = 8, 1024, 64


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
    name, password = form.get("name", "").strip(), form.get("password", "")
    error = _objection(name, password, form.get("repeated", ""))
    if error:
        return await page(request, "setup.html", status=400, name=name, error=error)
    user = await _make_admin(request, link, name, password)
    log.info("set up", user=user.name)
    await sign_in(request, user)
    return see("/")


async def _link(request: web.Request) -> Link:
    """The link of this request, if it is the one that was printed and still of use."""
    db = request.app[SITE].db
    if await db.users.count():
        raise _used()
    link = Link(hashlib.sha256(request.match_info["token"].encode()).hexdigest())
    known = await db.state.get("setup", Link)
    if known is None or not hmac.compare_digest(known.hash, link.hash):
        raise Refusal(
            404,
            "This set-up link is not valid",
            "Use the link that the server printed when it was last started.",
        )
    return link


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


def _objection(name: str, password: str, repeated: str) -> str:
    """What is wrong with the input; nothing if it will do."""
    rules = (
        (bool(name), "Choose a name."),
        (len(name) <= _LONGEST_NAME, f"The name may have {_LONGEST_NAME} characters at most."),
        (_printable(name), "The name may hold only characters that can be seen."),
        (len(password) >= _SHORTEST, f"The password needs at least {_SHORTEST} characters."),
        (len(password) <= _LONGEST, f"The password may have {_LONGEST} characters at most."),
        (_printable(password), "The password may not hold control characters."),
        (password.casefold() != name.casefold(), "The password must differ from the name."),
        (password == repeated, "The two passwords differ."),
    )
    return next((text for kept, text in rules if not kept), "")


def _printable(text: str) -> bool:
    return not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text)
