"""Forms: read within limits, and only when they were sent from our own pages."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from streaming.links import host_of
from web.session import form_token
from web.site import SITE
from web.view import Refusal

_LIMIT = 16 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}

Form = dict[str, str]


async def read_form(request: web.Request) -> Form:
    """The fields; of a repeated one the last. Refuses what another site sent."""
    _refuse_other_sites(request)
    fields = _parse(await _body(request))
    if not hmac.compare_digest(fields.pop("form_token", "").encode(), await _token(request)):
        raise Refusal(
            403,
            "This form is out of date",
            "Open the page again and fill it in once more. Cookies must be allowed for this site.",
        )
    return fields


async def _token(request: web.Request) -> bytes:
    return (await form_token(request)).encode()


async def _body(request: web.Request) -> bytes:
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refusal(415, "Not a form", "Use the form on the page.")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > _LIMIT:
            raise Refusal(413, "Too long", "Shorten what you entered and send it again.")
    return bytes(body)


def _parse(body: bytes) -> Form:
    try:
        return dict(
            parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
            )
        )
    except ValueError:
        raise Refusal(400, "Not readable", "Use the form on the page.") from None


def _refuse_other_sites(request: web.Request) -> None:
    """Browsers say where a form came from. Over plain http only `Origin` tells; old ones say nothing."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    ours = site in ("same-origin", "none") if site else origin is None or _is_ours(request, origin)
    if not ours:
        raise Refusal(
            403,
            "Sent from another site",
            "Open this server's own page and try again. Behind a reverse proxy, set"
            " server.public_url to the address people use, or let the proxy pass on the Host header.",
        )


def _is_ours(request: web.Request, origin: str) -> bool:
    """The scheme may differ, as a proxy may have ended TLS; host and port may not."""
    public = request.app[SITE].settings.server.public_url
    asked = _place(f"//{host_of(request)}", origin)
    return _place(origin, origin) in {asked, _place(public, origin)} - {None}


def _place(url: str, origin: str) -> tuple[str, int | None] | None:
    """Host and port; where none is written, the one that goes with the scheme of the origin."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(urlsplit(origin).scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname else None
