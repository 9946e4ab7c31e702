"""Pictures for programs that do not sign in, at addresses that this server has signed."""

from __future__ import annotations

from aiohttp import web

from db.errors import DatabaseError
from streaming.links import read_picture
from web.site import SITE

_PATH = "/art/"
# Players in browsers take the colours of a page from its cover.
_FOR_ALL_SITES = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def setup(app: web.Application) -> None:
    """Add `/art/{signed}`."""
    app.router.add_get(_PATH + "{signed}", _art)
    app.on_response_prepare.append(_allow_all_sites)


async def _art(request: web.Request) -> web.StreamResponse:
    """Send the picture in the size that was signed; what was not signed is not there."""
    site = request.app[SITE]
    wanted = read_picture(site.db.secrets, request.match_info["signed"])
    if wanted is None:
        raise web.HTTPNotFound
    number, size = wanted
    try:
        picture = await site.db.pictures.shared(number)
    except DatabaseError:
        raise web.HTTPServiceUnavailable from None
    if picture is None:
        raise web.HTTPNotFound
    return await site.images.respond(request, picture, size, "", public=True)


async def _allow_all_sites(request: web.Request, response: web.StreamResponse) -> None:
    if request.path.startswith(_PATH):
        response.headers.update(_FOR_ALL_SITES)
