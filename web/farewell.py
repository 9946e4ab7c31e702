"""Signing out, also where somebody was signed in."""

from __future__ import annotations

import aiohttp_session
import structlog
from aiohttp import web

from web.provider import ProviderError
from web.proxy_header import named
from web.site import SITE
from web.view import message, onward

log = structlog.get_logger()

_VIA = "via"


async def came_by_provider(request: web.Request) -> None:
    """Remember of the session just opened that a provider vouched for it."""
    session = await aiohttp_session.get_session(request)
    session[_VIA] = "oidc"


async def farewell(request: web.Request) -> web.Response | None:
    """What is shown to whom is still signed in elsewhere, or None; to be asked before the session ends."""
    site = request.app[SITE]
    if named(request):
        url = site.settings.auth.proxy_sign_out_url
        if url:
            return onward(request, "Sign out", "This goes on to where you signed in.", url)
        text = "A proxy in front of this server has signed you in. Sign out there."
        return message(request, "Still signed in", text, back="/")
    session = await aiohttp_session.get_session(request)
    if site.provider is None or session.get(_VIA) != "oidc":
        return None
    try:
        url = await site.provider.sign_out_url()
    except ProviderError as error:
        log.warning("the provider does not say where to sign out", reason=str(error))
        return None
    label = site.provider.settings.label
    text = f"You are signed out here. At {label} you are still signed in."
    return message(request, "Signed out", text, back="/login", url=url, go=f"Sign out of {label}")
