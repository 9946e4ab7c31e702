"""App passwords: one for each device, made here, shown once, and ended here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiohttp import web

from db.errors import RefusedError, UnfitError
from db.scopes import SCOPES, Scope
from web.account import Made, account_page
from web.device_list import TERMS
from web.forms import Form, number_in
from web.rights import by, member
from web.site import SITE
from web.view import see


async def add_device(request: web.Request, form: Form) -> web.Response:
    """Make an app password, and show it."""
    user = await member(request, "settings")
    db = request.app[SITE].db
    try:
        scope, expires = _scope(form), _expires(form)
        name = form.get("name", "").strip()
        row, secret = await db.credentials.add(user.id, name, db.secrets, scope, expires)
    except RefusedError as refusal:
        return await account_page(request, user, status=400, wrong="apps", error=str(refusal))
    await db.audit.note("app password made", by(request, user), subject=user.name, detail=row.name)
    return await account_page(request, user, made=Made(row.name, secret))


async def revoke_device(request: web.Request, form: Form) -> web.Response:
    """End an app password of one's own."""
    user = await member(request, "settings")
    db = request.app[SITE].db
    device = await db.credentials.revoke(user.id, number_in(form, "device"))
    if device is not None:
        await db.audit.note(
            "app password revoked", by(request, user), subject=user.name, detail=device
        )
    return see("/account?done=revoked")


def _scope(form: Form) -> Scope:
    """What it shall be good for. A form without this field is older than it."""
    given = form.get("scope", "full")
    for scope in SCOPES:
        if scope == given:
            return scope
    raise UnfitError("Choose what the app password is good for.")


def _expires(form: Form) -> datetime | None:
    days = form.get("days", "")
    if not days:
        return None
    if days not in TERMS:
        raise UnfitError("Choose for how long the app password is valid.")
    return datetime.now(UTC) + timedelta(days=int(days))
