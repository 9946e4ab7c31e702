"""App passwords: one for each device, made here, shown once, and ended here."""

from __future__ import annotations

from aiohttp import web

from db.errors import RefusedError
from web.account import Made, account_page
from web.forms import Form, number_in
from web.rights import by, member
from web.site import SITE
from web.view import see

_MOST = 50


async def add_device(request: web.Request, form: Form) -> web.Response:
    """Make an app password, and show it."""
    user = await member(request, "settings")
    db = request.app[SITE].db
    if len(await db.credentials.of(user.id)) > _MOST:
        error = "There are very many already. Revoke those that nobody uses."
        return await account_page(request, user, status=400, wrong="apps", error=error)
    try:
        row, secret = await db.credentials.add(user.id, form.get("name", "").strip(), db.secrets)
    except RefusedError as refusal:
        error = str(refusal)
        return await account_page(request, user, status=400, wrong="apps", error=error)
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
