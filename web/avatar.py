"""The picture of oneself: sent, seen, removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from aiohttp import web

from db.rows import UserRow
from streaming import Unplayable
from web.account import account_page
from web.forms import Form, read_upload
from web.rights import member
from web.site import SITE
from web.view import Refusal, see

log = structlog.get_logger()

MOST_BYTES = 5 * 1024 * 1024
"""What a picture may weigh as it is sent; it is kept much smaller."""


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
    with _alone(request, user):
        _, sent = await read_upload(request, MOST_BYTES)
        if not sent:
            error = "Choose a picture first."
            return await account_page(request, user, status=400, wrong="avatar", error=error)
        try:
            picture = await request.app[SITE].images.portrait(sent)
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


@contextmanager
def _alone(request: web.Request, user: UserRow) -> Iterator[None]:
    """One upload of a user at a time: each takes memory, and slow ones take it for long."""
    uploading = request.app[SITE].uploading
    if user.id in uploading:
        raise Refusal(429, "One at a time", "Another picture of yours is still being sent.")
    uploading.add(user.id)
    try:
        yield
    finally:
        uploading.discard(user.id)
