"""Sending what is ready: files and pictures, whole or in part, or only news of no change.

aiohttp's own file response ignores `If-Range` with a tag, refuses several ranges, looks for a
compressed neighbour of every file and opens by name, which an eviction can overtake: so this.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import quote

from aiohttp import hdrs, web

from streaming import ranges
from streaming.allowance import paced, spend
from streaming.files import read_ahead

DURATION = "X-Content-Duration"
_PACED = 64 * 1024
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\/]')


@dataclass(frozen=True)
class Content:
    """Something ready to be sent. An open file is closed by `send`."""

    body: BinaryIO | bytes
    size: int
    content_type: str
    etag: str
    """With its quotes."""
    mtime_ns: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def disposition(name: str) -> str:
    """`Content-Disposition` for a download (RFC 6266); no name can break out of it."""
    clean = _UNSAFE.sub("_", name).encode("utf-8", "replace").decode()
    plain = clean.encode("ascii", "replace").decode().replace("?", "_")
    value = f'attachment; filename="{plain}"'
    return value if plain == clean else f"{value}; filename*=UTF-8''{quote(clean, safe='')}"


def unchanged(request: web.Request, etag: str) -> bool:
    """Whether the client has this already, so that no content is needed to answer."""
    return _precondition(request, etag, None) == 304


async def send(request: web.Request, content: Content) -> web.StreamResponse:
    """Answer 200, 206, 304, 412 or 416; the response has been sent when this returns."""
    if isinstance(content.body, bytes):
        return await _send(request, content, content.body)
    with closing(content.body):
        return await _send(request, content, content.body)


async def out_of_range(
    request: web.Request, response: web.StreamResponse, size: int
) -> web.StreamResponse:
    """Answer 416, with how much there is."""
    response.set_status(416)
    response.headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
    return await _only_headers(request, response)


async def _send(
    request: web.Request, content: Content, body: BinaryIO | bytes
) -> web.StreamResponse:
    date = "" if content.mtime_ns is None else ranges.http_date(content.mtime_ns)
    response = web.StreamResponse(headers=_headers(content, date))
    status = _precondition(request, content.etag, content.mtime_ns)
    if status:
        response.set_status(status)
        response.headers.popall(hdrs.CONTENT_TYPE)
        return await _only_headers(request, response)
    try:
        span = _span(request, content, date)
    except ranges.OutOfRange:
        return await out_of_range(request, response, content.size)
    start, end = span or (0, content.size)
    if span:
        response.set_status(206)
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{content.size}"
    response.content_length = end - start
    if isinstance(body, bytes):
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            await response.write(body[start:end])
    else:
        await _send_file(request, response, body, start, end)
    await response.write_eof()
    return response


def _headers(content: Content, date: str) -> dict[str, str]:
    headers = {
        hdrs.CONTENT_TYPE: content.content_type,
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.ETAG: content.etag,
        "X-Content-Type-Options": "nosniff",
        hdrs.CACHE_CONTROL: "private, no-cache",
    }
    if date:
        headers[hdrs.LAST_MODIFIED] = date
    return headers | dict(content.headers)


def _precondition(request: web.Request, etag: str, mtime_ns: int | None) -> int:
    """304 or 412 where the client's own copy decides; else 0."""
    changed = 0 if mtime_ns is None else mtime_ns // 1_000_000_000
    match, none = request.headers.get(hdrs.IF_MATCH), request.headers.get(hdrs.IF_NONE_MATCH)
    before, since = request.if_unmodified_since, request.if_modified_since
    if match is not None:
        if not ranges.insists_on(match, etag):
            return 412
    elif before is not None and changed > before.timestamp():
        return 412
    if none is not None:
        return 304 if ranges.lists_tag(none, etag) else 0
    return 304 if since is not None and mtime_ns and changed <= since.timestamp() else 0


def _span(request: web.Request, content: Content, date: str) -> tuple[int, int] | None:
    if not ranges.same_version(request.headers.get(hdrs.IF_RANGE), content.etag, date):
        return None
    return ranges.part(request.headers.get(hdrs.RANGE), content.size)


async def _only_headers(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    response.content_length = 0
    await response.prepare(request)
    await response.write_eof()
    return response


async def _send_file(
    request: web.Request, response: web.StreamResponse, file: BinaryIO, start: int, end: int
) -> None:
    await asyncio.to_thread(read_ahead, file, start)
    await response.prepare(request)
    if start == end or request.method == hdrs.METH_HEAD:
        return
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client left")
    if paced(request):
        sent = await _send_slowly(request, response, file, start, end)
    else:
        sent = await asyncio.get_running_loop().sendfile(transport, file, start, end - start)
    if sent < end - start:
        # The file has shrunk. What was promised cannot come: the client must not wait for it.
        transport.abort()


async def _send_slowly(
    request: web.Request, response: web.StreamResponse, file: BinaryIO, start: int, end: int
) -> int:
    """Send bit by bit, as the user's rate allows; gives how much it was."""
    at = await asyncio.to_thread(file.seek, start)
    while at < end:
        data = await asyncio.to_thread(file.read, min(_PACED, end - at))
        if not data:
            break
        await spend(request, len(data))
        await response.write(data)
        at += len(data)
    return at - start
