"""Everybody's accounts, for administrators."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from conf.roles import ROLES
from db.errors import RefusedError
from db.rows import LibraryRow, UserRow
from db.users import BIT_RATES, Change, Limits
from web.device_list import devices_of
from web.forms import Form, number_in
from web.identities import links, ways
from web.passwords import chosen
from web.rights import by, may, member
from web.session import sign_in
from web.site import SITE
from web.view import Refusal, page, see

_DONE: Mapping[str, str] = {
    "added": "The account is there. What it may do can be changed here.",
    "changed": "The changes are saved.",
    "password": "The password is changed. Whoever was signed in with the old one no longer is.",
    "unlinked": "They can no longer sign in with that.",
    "revoked": "That app password is no longer accepted.",
    "deleted": "The account is deleted, with all that was its.",
}
_MEANINGS: Mapping[str, str] = {
    "admin": "Administrator: may do everything, and sees this page",
    "settings": "Change their own password, picture and app passwords",
    "stream": "Play music",
    "download": "Download files",
    "share": "Share music with people without an account",
    "podcast": "Manage podcasts",
    "jukebox": "Play on the server's own loudspeakers",
    "playlist": "Playlists",
    "comment": "Comments and ratings",
    "cover_art": "Covers and tags",
    "upload": "Uploads",
    "video_conversion": "Video conversion",
}


async def show_users(request: web.Request) -> web.Response:
    """The list, and the form for one more."""
    me = await member(request, "admin")
    return await _users_page(request, me, done=request.query.get("done", ""))


async def add_user(request: web.Request, form: Form) -> web.Response:
    """Make an account."""
    me = await member(request, "admin")
    name, email = form.get("name", "").strip(), form.get("email", "").strip()
    try:
        row = await request.app[SITE].db.users.add(
            name, chosen(form, name), admin="admin" in form, email=email
        )
    except RefusedError as refusal:
        return await _users_page(request, me, error=str(refusal), form=form)
    await _note(request, "user created", me, row.name, ", ".join(row.roles))
    return see(f"/users/{row.id}?done=added")


async def show_user(request: web.Request) -> web.Response:
    """One account."""
    me, user = await _both(request)
    return await _user_page(request, me, user, done=request.query.get("done", ""))


async def change_user(request: web.Request, form: Form) -> web.Response:
    """Change what an account may do; what is not ticked is taken away."""
    me, user = await _both(request)
    db = request.app[SITE].db
    change = _change(form, await db.libraries.all())
    try:
        row = await db.users.change(user.name, change)
    except RefusedError as error:
        return await _user_page(request, me, user, error=str(error))
    await _note(request, "user changed", me, row.name, ", ".join(change.named()))
    if row.id == me.id and set(row.roles) != set(me.roles):
        await sign_in(request, row)  # what may more or less is another session
    still = row.id != me.id or may(row, "admin")
    return see(f"/users/{row.id}?done=changed" if still else "/")


async def reset_password(request: web.Request, form: Form) -> web.Response:
    """Give somebody another password; what they were signed in with ends."""
    me, user = await _both(request)
    if user.id == me.id:
        return see("/account")
    try:
        await request.app[SITE].db.users.set_password(user.name, chosen(form, user.name))
    except RefusedError as error:
        return await _user_page(request, me, user, error=str(error))
    await _note(request, "password changed", me, user.name)
    return see(f"/users/{user.id}?done=password")


async def revoke_device_of(request: web.Request, form: Form) -> web.Response:
    """End an app password of somebody."""
    me, user = await _both(request)
    device = await request.app[SITE].db.credentials.revoke(user.id, number_in(form, "device"))
    if device is not None:
        await _note(request, "app password revoked", me, user.name, device)
    return see(f"/users/{user.id}?done=revoked")


async def delete_user(request: web.Request, form: Form) -> web.Response:
    """Delete an account, if that was confirmed."""
    me, user = await _both(request)
    if "sure" not in form:
        unsure = "Nothing is deleted: tick the box if you are sure."
        return await _user_page(request, me, user, error=unsure)
    try:
        await request.app[SITE].db.users.delete(user.name)
    except RefusedError as error:
        return await _user_page(request, me, user, error=str(error))
    await _note(request, "user deleted", me, user.name)
    return see("/users?done=deleted")


async def _note(
    request: web.Request, event: str, me: UserRow, subject: str, detail: str = ""
) -> None:
    await request.app[SITE].db.audit.note(event, by(request, me), subject=subject, detail=detail)


async def _both(request: web.Request) -> tuple[UserRow, UserRow]:
    """The administrator who asks, and the user that the address names."""
    me = await member(request, "admin")
    user = await request.app[SITE].db.users.by_id(int(request.match_info["user"]))
    if user is None:
        raise Refusal(404, "No such user", "Perhaps the account was deleted.", back="/users")
    return me, user


async def _users_page(
    request: web.Request, me: UserRow, error: str = "", done: str = "", form: Form | None = None
) -> web.Response:
    given = form or {}
    users = await request.app[SITE].db.users.all()
    return await page(
        request,
        "users.html",
        status=400 if error else 200,
        user=me,
        admin=True,
        users=users,
        ways=await ways(request, users),
        error=error,
        done=_DONE.get(done, ""),
        name=given.get("name", ""),
        email=given.get("email", ""),
    )


async def _user_page(
    request: web.Request, me: UserRow, shown: UserRow, error: str = "", done: str = ""
) -> web.Response:
    return await page(
        request,
        "user.html",
        status=400 if error else 200,
        user=me,
        admin=True,
        shown=shown,
        links=await links(request, shown),
        roles=_MEANINGS,
        libraries=await request.app[SITE].db.libraries.all(),
        devices=await devices_of(request, shown.id),
        rates=sorted({*BIT_RATES, shown.max_bit_rate}),
        error=error,
        done=_DONE.get(done, ""),
    )


def _change(form: Form, libraries: list[LibraryRow]) -> Change:
    rate = number_in(form, "max_bit_rate")
    picked = [each.id for each in libraries if f"library-{each.id}" in form]
    return Change(
        email=form.get("email", "").strip(),
        roles={role: f"role-{role}" in form for role in ROLES},
        libraries="all" if "all_libraries" in form else picked,
        max_bit_rate=rate if rate in BIT_RATES else None,
        limits=_limits(form) if "max_streams" in form else None,
        enabled="enabled" in form,
    )


def _limits(form: Form) -> Limits:
    """Fields that are left empty are as configured."""
    streams, rate, transcodes = (
        number_in(form, name) if form.get(name, "").strip() else None
        for name in ("max_streams", "max_rate", "max_transcodes")
    )
    return Limits(streams=streams, rate=rate, transcodes=transcodes)
