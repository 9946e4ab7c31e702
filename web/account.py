"""What people change about their own account: the password, what apps sign in with, the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from db.errors import RefusedError
from db.rows import UserRow
from db.tries import Caller, TooManyTriesError
from web.browsers import browsers
from web.device_list import MEANINGS, TERMS, devices_of
from web.forms import Form
from web.guests import NotAdmittedError
from web.identities import links
from web.ldap import DirectoryError
from web.passwords import chosen
from web.rights import by, may, member
from web.session import device, sign_in
from web.site import SITE
from web.view import page, see, too_many

_DONE: Mapping[str, str] = {
    "password": "Your password is changed. Other browsers have to sign in anew.",
    "linked": "You can sign in with that now.",
    "unlinked": "You can no longer sign in with that.",
    "revoked": "That app password is no longer accepted.",
    "browser": "That browser is signed out.",
    "browsers": "All other browsers are signed out.",
    "picture": "Your picture is changed.",
    "removed": "Your picture is removed.",
}


@dataclass(frozen=True)
class Made:
    """A new app password, shown this once."""

    name: str
    secret: str


async def show_account(request: web.Request) -> web.Response:
    """The page, for whoever is signed in."""
    user = await member(request)
    return await account_page(request, user, done=_DONE.get(request.query.get("done", ""), ""))


async def change_password(request: web.Request, form: Form) -> web.Response:
    """Change one's own password, who knows the old one; all other sessions end."""
    user = await member(request, "settings")
    error = await _try_change(request, user, form)
    if error:
        return await account_page(request, user, status=400, wrong="password", error=error)
    return see("/account?done=password")


async def account_page(
    request: web.Request,
    user: UserRow,
    *,
    status: int = 200,
    wrong: str = "",
    error: str = "",
    made: Made | None = None,
    done: str = "",
) -> web.Response:
    """The page; `wrong` names the part that the error is about."""
    site = request.app[SITE]
    return await page(
        request,
        "account.html",
        status=status,
        user=user,
        admin=may(user, "admin"),
        settings=may(user, "settings"),
        password_in_apps=site.settings.auth.account_password_in_apps and user.has_password,
        links=await links(request, user),
        provider=await _linkable(request, user),
        devices=await devices_of(request, user.id),
        browsers=await browsers(request, user),
        scopes=MEANINGS,
        terms=TERMS,
        picture=user.avatar_changed and int(user.avatar_changed.timestamp() * 1000),
        wrong=wrong,
        error=error,
        made=made,
        done=done,
    )


async def _try_change(request: web.Request, user: UserRow, form: Form) -> str:
    """Nothing, or why the password is not changed."""
    db = request.app[SITE].db
    if not user.has_password:
        return "You have no password here; an administrator can give you one."
    try:
        new = chosen(form, user.name)
        if not await is_owner(request, user, form.get("old", ""), "password changed"):
            return "That is not your password now."
        await sign_in(request, await db.users.set_password(user.name, new))
    except RefusedError as error:
        return str(error)
    await db.audit.note("password changed", by(request, user), subject=user.name)
    return ""


async def _linkable(request: web.Request, user: UserRow) -> str:
    """What the account can be linked with, and is not yet."""
    site = request.app[SITE]
    if site.provider is None:
        return ""
    settings = site.provider.settings
    rows = await site.db.identities.of(user.id)
    return "" if any(row.issuer == settings.issuer for row in rows) else settings.label


async def is_owner(request: web.Request, user: UserRow, password: str, event: str) -> bool:
    """Whether that is the password of an account, tried like one at the door; if not, it is noted."""
    note = request.app[SITE].db.audit.note
    caller = Caller(user.name, request.remote or "", device(request))
    try:
        admitted = await request.app[SITE].doorman.admit(caller, password)
    except TooManyTriesError as error:
        await note(event, by(request, user), outcome="held", subject=user.name)
        raise too_many(error.wait, "/account") from None
    except (DirectoryError, NotAdmittedError):
        admitted = None
    if admitted is None or admitted.id != user.id:
        await note(event, by(request, user), outcome="refused", subject=user.name)
        return False
    return True
