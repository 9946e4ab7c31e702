"""Forms: read within limits, and only when they were sent from our own pages."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from streaming.links import host_of
from web.session import form_token
from web.site import SITE
from web.view import Refusal

_LIMIT = 16 * 1024
_MOST_FIELDS = 400  # a box to tick for each music folder
_MOST_PARTS = 20
_NUMBER = re.compile(r"[0-9]{1,9}")
_DEFAULT_PORTS = {"http": 80, "https": 443}

Form = dict[str, str]


async def read_form(request: web.Request) -> Form:
    """The fields; of a repeated one the last. Refuses what another site sent."""
    _refuse_other_sites(request)
    fields = _parse(await _body(request))
    await _check_token(request, fields)
    return fields


async def read_upload(request: web.Request, most: int) -> tuple[Form, bytes]:
    """The fields and the one file of a form, of so many bytes at most; nothing is written to disk.

    The token stands before the file, which is not read without it.
    """
    _refuse_other_sites(request)
    if request.content_type != "multipart/form-data":
        raise _not_a_form()
    if request.content_length is None or request.content_length > most + _LIMIT:
        raise _too_long()
    fields: Form = {}
    file = b""
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or len(fields) >= _MOST_PARTS:
                raise _not_readable()
            if part.filename is None:
                fields[part.name or ""] = (await _part(part, _LIMIT)).decode()
            else:
                await _check_token(request, fields)
                file = await _part(part, most)
    except (ValueError, web.RequestPayloadError, HttpProcessingError):
        raise _not_readable() from None
    await _check_token(request, fields)
    return fields, file


def number_in(form: Mapping[str, str], name: str) -> int:
    """A field that our own page fills with a number."""
    if not _NUMBER.fullmatch(form.get(name, "")):
        raise _not_readable()
    return int(form[name])


async def _check_token(request: web.Request, fields: Form) -> None:
    known = (await form_token(request)).encode()
    if not hmac.compare_digest(fields.get("form_token", "").encode(), known):
        raise Refusal(
            403,
            "This form is out of date",
            "Open the page again and fill it in once more. Cookies must be allowed for this site.",
        )


async def _part(part: BodyPartReader, most: int) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk():
        body += chunk
        if len(body) > most:
            raise _too_long()
    return bytes(body)


async def _body(request: web.Request) -> bytes:
    if request.content_type != "application/x-www-form-urlencoded":
        raise _not_a_form()
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > _LIMIT:
                raise _too_long()
    except (web.RequestPayloadError, HttpProcessingError):
        raise _not_readable() from None
    return bytes(body)


def _parse(body: bytes) -> Form:
    try:
        return dict(
            parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_FIELDS,
            )
        )
    except ValueError:
        raise _not_readable() from None


def _not_a_form() -> Refusal:
    return Refusal(415, "Not a form", "Use the form on the page.")


def _not_readable() -> Refusal:
    return Refusal(400, "Not readable", "Use the form on the page.")


def _too_long() -> Refusal:
    return Refusal(413, "Too long", "Shorten it, or make it smaller, and send it again.")


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
