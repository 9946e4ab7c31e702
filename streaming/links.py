"""Addresses of this server, as somebody outside may open them."""

from __future__ import annotations

import re

from aiohttp import web

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


def base_url(request: web.Request, public_url: str) -> str:
    """What stands before the path of an absolute address, without a slash at its end.

    That is `server.public_url`, or the host that was asked for; nothing when it could not be one:
    what a client made up is never sent back.
    """
    if public_url:
        return public_url.rstrip("/")
    host = host_of(request)
    return f"{request.scheme}://{host}" if host else ""


def host_of(request: web.Request) -> str:
    """The host that was asked for, or nothing when it could not be one."""
    return request.host if _HOST.fullmatch(request.host) else ""
