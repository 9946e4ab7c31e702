"""Signing in and out."""

from __future__ import annotations

from aiohttp import web

from db.audit import By
from db.tries import Caller, TooManyTriesError
from web.farewell import farewell
from web.forms import Form
from web.guests import NotAdmittedError
from web.ldap import DirectoryError
from web.proxy_header import visitor
from web.session import device, sign_in, sign_out
from web.site import SITE
from web.targets import local
from web.view import message, page, see, too_many


async def show_login(request: web.Request) -> web.Response:
    """The form; without any account, what to do instead."""
    target = local(request.query.get("next", ""))
    if await visitor(request):
        return see(target)
    if not await request.app[SITE].db.users.count():
        return message(
            request,
            "Welcome to Dulcian",
            "There is no account yet. Open the set-up link that the server printed when it started;"
            " it makes the first one.",
        )
    return await _form(request, target)


async def login(request: web.Request, form: Form) -> web.Response:
    """Open a session, or show the form again."""
    name, target = form.get("name", "").strip(), local(form.get("next", ""))
    site, by = request.app[SITE], By(name, request.remote or "", "page")
    caller = Caller(name, by.address, device(request))
    try:
        user = await site.doorman.admit(caller, form.get("password", ""))
    except TooManyTriesError as error:
        await site.db.audit.note("sign-in", by, outcome="held")
        raise too_many(error.wait, "/login") from None
    except NotAdmittedError as error:
        await site.db.audit.note("sign-in", by, outcome="refused", detail="not admitted")
        return await _form(request, target, name, str(error), status=403)
    except DirectoryError:
        away = "The directory that knows your password does not answer. Try again in a moment."
        return await _form(request, target, name, away, status=503)
    if user is None:
        await site.db.audit.note("sign-in", by, outcome="refused")
        return await _form(request, target, name, "Wrong name or password.", status=403)
    await sign_in(request, user)
    await site.db.audit.note("sign-in", by._replace(name=user.name))
    return see(target)


async def logout(request: web.Request, form: Form) -> web.Response:
    """End the session."""
    user, elsewhere = await visitor(request), await farewell(request)
    await sign_out(request)
    if user is not None:
        by = By(user.name, request.remote or "", "page")
        await request.app[SITE].db.audit.note("sign-out", by)
    return elsewhere or see("/login")


async def _form(
    request: web.Request, target: str, name: str = "", error: str = "", status: int = 200
) -> web.Response:
    provider = request.app[SITE].provider
    return await page(
        request,
        "login.html",
        status=status,
        name=name,
        next=target,
        error=error,
        provider=provider.settings.label if provider else "",
    )
