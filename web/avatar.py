"""The picture of oneself: sent, seen, removed."""

from __future__ import annotations

import structlog
from aiohttp import web

from streaming import Unplayable
from web.account import account_page
from web.forms import Form
from web.rights import member
from web.site import SITE
from web.upload import read_picture
from web.view import Refusal, see

log = structlog.get_logger()

_SIDE = 512


async def show_avatar(request: web.Request) -> web.Response:
    """One's own picture."""
    user = await member(request)
    row = await request.app[SITE].db.avatars.of(user.name)
    if row is None:
        raise Refusal(404, "No picture", "You have no picture yet.", back="/account")
    return web.Response(body=row.picture, content_type="image/jpeg")


async def put_avatar(request: web.Request) -> web.Response:
    """Take a picture."""
    user = await member(request, "settings")
    try:
        picture = await read_picture(request, user, _SIDE)
    except Unplayable as error:
        return await account_page(request, user, status=400, wrong="avatar", error=str(error))
    await request.app[SITE].db.avatars.put(user.id, picture)
    log.info("picture changed", user=user.name, by=user.name)
    return see("/account?done=picture")


async def remove_avatar(request: web.Request, form: Form) -> web.Response:
    """Have no picture."""
    user = await member(request, "settings")
    await request.app[SITE].db.avatars.remove(user.id)
    log.info("picture removed", user=user.name, by=user.name)
    return see("/account?done=removed")
