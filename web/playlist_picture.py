"""The picture of a playlist: sent, seen, removed."""

from __future__ import annotations

import structlog
from aiohttp import web

from streaming import Unplayable
from web.forms import Form
from web.playlists import named_playlist, no_such_playlist, playlist_page
from web.site import SITE
from web.upload import read_picture
from web.view import Refusal, see

log = structlog.get_logger()

_SIDE = 1000


async def show_playlist_picture(request: web.Request) -> web.Response:
    """The picture that somebody gave it."""
    user, row = await named_playlist(request)
    picture = await request.app[SITE].db.playlist_pictures.of(row.id, user)
    if picture is None:
        back = f"/playlists/{row.id}"
        raise Refusal(404, "No picture", "The playlist has no picture of its own.", back=back)
    return web.Response(body=picture.data, content_type="image/jpeg")


async def put_playlist_picture(request: web.Request) -> web.Response:
    """Take a picture, from whom the playlist belongs to."""
    user, row = await named_playlist(request, change=True)
    try:
        picture = await read_picture(request, user, _SIDE)
    except Unplayable as error:
        return await playlist_page(request, user, row, wrong=str(error))
    if not await request.app[SITE].db.playlist_pictures.put(row.id, user, picture):
        raise no_such_playlist()
    log.info("picture of a playlist changed", user=user.name, playlist=row.id)
    return see(f"/playlists/{row.id}?done=picture")


async def remove_playlist_picture(request: web.Request, form: Form) -> web.Response:
    """Let its songs give it a picture again."""
    user, row = await named_playlist(request, change=True)
    await request.app[SITE].db.playlist_pictures.remove(row.id, user)
    log.info("picture of a playlist removed", user=user.name, playlist=row.id)
    return see(f"/playlists/{row.id}?done=removed")
