"""Addresses of this server, as somebody outside may open them.

Pictures have addresses that hold a signature in the place of a sign-in: whoever has one sees that
picture in that size, and nothing else.
"""

from __future__ import annotations

import re

from aiohttp import web

from db.secrets import SecretBox

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_PICTURE = "picture"

SIZES = {"small": 100, "medium": 300, "large": 1000}
"""The longer sides of shared pictures, in pixels."""


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
    host = request.headers.get("Host", "")  # aiohttp would ask the network for our own
    return host if _HOST.fullmatch(host) else ""


def picture_path(secrets: SecretBox, picture: int, size: int) -> str:
    """The path under which everybody sees a picture whose larger side is `size` at most."""
    return f"/art/{secrets.sign(_PICTURE, f'{picture}.{size}')}"


def read_picture(secrets: SecretBox, signed: str) -> tuple[int, int] | None:
    """Picture and size from the end of such a path, or None: we have not made it."""
    text = secrets.verify(_PICTURE, signed)
    if text is None:
        return None
    picture, _, size = text.partition(".")
    return int(picture), int(size)
