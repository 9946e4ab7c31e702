"""The pages put into the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources

import aiohttp_jinja2
import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp_session import session_middleware

from db.errors import DatabaseError
from web import art, display, oidc, shares
from web.account import change_password, show_account
from web.assets import Assets
from web.audit import show_audit
from web.avatar import put_avatar, remove_avatar, show_avatar
from web.browsers import end_browser, end_other_browsers
from web.devices import add_device, revoke_device
from web.directory import members
from web.doorman import Doorman
from web.first_run import set_up, show_setup
from web.forms import Form, read_form
from web.home import home
from web.identities import unlink, unlink_user
from web.login import login, logout, show_login
from web.playlist_picture import (
    put_playlist_picture,
    remove_playlist_picture,
    show_playlist_picture,
)
from web.playlists import (
    add_playlist,
    change_playlist,
    delete_playlist,
    export_playlist,
    show_playlist,
    show_playlists,
)
from web.provider import provider_of
from web.scanning import show_scan, start_scan
from web.session import Storage
from web.site import SITE, Services, Site
from web.users import (
    add_user,
    change_user,
    delete_user,
    reset_password,
    revoke_device_of,
    show_user,
    show_users,
)
from web.view import HEADERS, Elsewhere, Refusal, message, refused, see

Page = Callable[[web.Request], Awaitable[web.Response]]
FormPage = Callable[[web.Request, Form], Awaitable[web.Response]]

_USER = "/users/{user:[0-9]{1,9}}"
_PLAYLIST = "/playlists/{playlist:(?:pl-)?[0-9]{1,18}}"
_PAGES: tuple[tuple[str, Page], ...] = (
    ("/", home),
    ("/login", show_login),
    ("/login/oidc", oidc.go),
    (oidc.CALLBACK, oidc.come_back),
    ("/setup/{token}", show_setup),
    ("/scan", show_scan),
    ("/account", show_account),
    ("/account/avatar", show_avatar),
    ("/playlists", show_playlists),
    (_PLAYLIST, show_playlist),
    (f"{_PLAYLIST}.m3u8", export_playlist),
    (f"{_PLAYLIST}/picture", show_playlist_picture),
    ("/users", show_users),
    (_USER, show_user),
    ("/audit", show_audit),
)
_UPLOADS: tuple[tuple[str, Page], ...] = (
    ("/account/avatar", put_avatar),
    (f"{_PLAYLIST}/picture", put_playlist_picture),
)
_FORMS: tuple[tuple[str, FormPage], ...] = (
    ("/login", login),
    ("/logout", logout),
    ("/setup/{token}", set_up),
    ("/scan", start_scan),
    ("/account/password", change_password),
    ("/account/link", oidc.link),
    ("/account/unlink", unlink),
    ("/account/browsers/end", end_browser),
    ("/account/browsers/end-others", end_other_browsers),
    ("/account/apps", add_device),
    ("/account/apps/revoke", revoke_device),
    ("/account/avatar/remove", remove_avatar),
    ("/playlists", add_playlist),
    (_PLAYLIST, change_playlist),
    (f"{_PLAYLIST}/picture/remove", remove_playlist_picture),
    (f"{_PLAYLIST}/delete", delete_playlist),
    ("/users", add_user),
    (_USER, change_user),
    (f"{_USER}/password", reset_password),
    (f"{_USER}/unlink", unlink_user),
    (f"{_USER}/apps/revoke", revoke_device_of),
    (f"{_USER}/delete", delete_user),
)


def setup(app: web.Application, services: Services) -> None:
    """Add the pages, and a page for addresses that lead nowhere outside `/rest`."""
    settings, db = services.settings, services.db
    assets = Assets()
    provider = provider_of(settings)
    doorman = Doorman(db.users, db.tries, members(settings.ldap, db))
    app[SITE] = Site(settings, db, services.streamer, services.images, assets, doorman, provider)
    if provider is not None:
        app.on_cleanup.append(_close_provider)
    _set_up_templates(app, assets)
    sessions = session_middleware(Storage(db.sessions, settings.auth.session_days))
    for path, page in _PAGES:
        app.router.add_get(path, _guarded(page, sessions))
    for path, page in _UPLOADS:
        app.router.add_post(path, _guarded(page, sessions))
    for path, form_page in _FORMS:
        app.router.add_post(path, _guarded(_with_form(form_page), sessions))
    shares.setup(app)
    app.router.add_get("/static/{name}", _static)
    art.setup(app)
    app.middlewares.append(_nowhere)
    app.on_response_prepare.append(_never_guessed)


async def _close_provider(app: web.Application) -> None:
    provider = app[SITE].provider
    if provider is not None:
        await provider.close()


def _set_up_templates(app: web.Application, assets: Assets) -> None:
    filters: dict[str, Callable[..., str]] = {
        "number": display.number,
        "size": display.size,
        "playing_time": display.playing_time,
        "path": display.path,
        "clock": display.clock,
    }
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(str(resources.files("web") / "templates")),
        default_helpers=False,
        filters=filters,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = assets.url


def _with_form(page: FormPage) -> Page:
    async def answer(request: web.Request) -> web.Response:
        return await page(request, await read_form(request))

    return answer


def _guarded(page: Page, sessions: Middleware) -> Handler:
    """A page with a session, its refusals shown as pages, and the headers of all pages."""

    async def shown(request: web.Request) -> web.StreamResponse:
        try:
            return await page(request)
        except Refusal as refusal:
            return refused(request, refusal)
        except Elsewhere as elsewhere:
            return see(elsewhere.path)

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await sessions(request, shown)
        except DatabaseError:
            away = "Try again in a moment. If it stays away, the server's log says why."
            response = message(request, "The database does not answer", away, status=503, back="/")
        response.headers.update(HEADERS)
        return response

    return answer


async def _static(request: web.Request) -> web.Response:
    """A file of ours; kept for ever when asked for with its version."""
    asset = request.app[SITE].assets.get(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound
    versioned = request.query.get("v") == asset.version
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if versioned else "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=asset.body, content_type=asset.content_type, headers=headers)


async def _never_guessed(_request: web.Request, response: web.StreamResponse) -> None:
    """No browser takes an answer for something else than it says it is."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")


@web.middleware
async def _nowhere(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Show people a page where no address matches; programs and `/rest` get what they got."""
    lost = request.match_info.http_exception
    wants_page = "text/html" in request.headers.get("Accept", "")
    if lost is None or not wants_page or f"{request.path}/".startswith("/rest/"):
        return await handler(request)
    text = "There is nothing at this address."
    response = message(request, "Page not found", text, status=lost.status, back="/")
    response.headers.update(HEADERS)
    if "Allow" in lost.headers:
        response.headers["Allow"] = lost.headers["Allow"]
    return response
