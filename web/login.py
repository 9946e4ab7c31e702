"""Signing in and out."""

from __future__ import annotations

import re

from aiohttp import web

from db.audit import By
from db.tries import Caller, TooManyTriesError
from web.forms import Form
from web.session import device, sign_in, sign_out, signed_in
from web.site import SITE
from web.view import message, page, see, too_many

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
    site, by = request.app[SITE], By(name, request.remote or "", "page")
    caller = Caller(name, by.address, device(request))
    try:
        user = await site.doorman.admit(caller, form.get("password", ""))
    except TooManyTriesError as error:
        await site.db.audit.note("sign-in", by, outcome="held")
        raise too_many(error.wait, "/login") from None
    if user is None:
        await site.db.audit.note("sign-in", by, outcome="refused")
        wrong = "Wrong name or password."
        return await page(request, "login.html", status=403, name=name, next=target, error=wrong)
    await sign_in(request, user)
    await site.db.audit.note("sign-in", by._replace(name=user.name))
    return see(target)


async def logout(request: web.Request, form: Form) -> web.Response:
    """End the session."""
    user = await signed_in(request)
    await sign_out(request)
    if user is not None:
        by = By(user.name, request.remote or "", "page")
        await request.app[SITE].db.audit.note("sign-out", by)
    return see("/login")


def _local(target: str) -> str:
    return target if _LOCAL.fullmatch(target) else "/"
