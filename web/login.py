"""Signing in and out."""

from __future__ import annotations

import re

import structlog
from aiohttp import web

from db.tries import Caller, TooManyTriesError
from web.forms import Form
from web.session import device, sign_in, sign_out, signed_in
from web.site import SITE
from web.view import message, page, see, too_many

log = structlog.get_logger()

# A path of ours: "//host" and "/\host" lead elsewhere, control characters are dropped by browsers.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


async def show_login(request: web.Request) -> web.Response:
    """The form; without any account, what to do instead."""
    target = _local(request.query.get("next", ""))
    if await signed_in(request):
        return see(target)
    if not await request.app[SITE].db.users.count():
        return message(
            request,
            "Welcome to Dulcian",
            "There is no account yet. Open the set-up link that the server printed when it started;"
            " it makes the first one.",
        )
    return await page(request, "login.html", name="", next=target, error="")


async def login(request: web.Request, form: Form) -> web.Response:
    """Open a session, or show the form again."""
    name, target = form.get("name", "").strip(), _local(form.get("next", ""))
    address = request.remote or ""
    caller = Caller(name, address, device(request))
    try:
        user = await request.app[SITE].doorman.admit(caller, form.get("password", ""))
    except TooManyTriesError as error:
        log.warning("sign-in held back", account=name[:80], address=address, wait=error.wait)
        raise too_many(error.wait, "/login") from None
    if user is None:
        log.warning("sign-in refused", account=name[:80], address=address)
        wrong = "Wrong name or password."
        return await page(request, "login.html", status=403, name=name, next=target, error=wrong)
    await sign_in(request, user)
    log.info("signed in", user=user.name, address=address)
    return see(target)


async def logout(request: web.Request, form: Form) -> web.Response:
    """End the session."""
    await sign_out(request)
    return see("/login")


def _local(target: str) -> str:
    return target if _LOCAL.fullmatch(target) else "/"
