"""Sending what an encoder is just making: from its beginning, or a part as soon as that is there.

What is kept in the end may have another head, and then it has another tag as well: no answer mixes the
two. A part is told by the tag to be of the one or of the other.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiohttp import hdrs, web

from streaming import ranges
from streaming.allowance import spend
from streaming.direct import DURATION, disposition, out_of_range
from streaming.errors import Unplayable
from streaming.job import Job
from streaming.pipe import Tap
from streaming.ranges import Asked

log = structlog.get_logger()

_HEADER = 1024
"""What is added to an estimate for the tags in front; what they leave of it is filled up at the end."""
_PADDING = b"TAG" + bytes(125)
"""An empty ID3 tag, as old files end with; decoders stumble over bare zeros after mp3."""
_ZEROS = bytes(64 * 1024)
_REST, _PIECE = 5.0, 25.0
"""Seconds that an answer is waited for: of those who ask for all the rest the most patient wait eight
for a first byte and can do with the whole; those who name an end, a minute, and many take no whole."""
_PROBE = 16
"""So few bytes at the beginning are a question for the length: Apple's players ask for two."""


@dataclass(frozen=True)
class _Wish:
    """A range that can be answered: of what is made now, or of what is kept of it in the end."""

    span: Asked
    kept: bool
    until: float
    """Loop time."""


class Live:
    """The answer to one request, out of a tap; `kept` is whether there will be a file of it."""

    def __init__(
        self, request: web.Request, job: Job, tap: Tap, *, kept: bool, estimate: bool = False
    ) -> None:
        self._request, self._job, self._tap = request, job, tap
        self._estimate = estimate and not job.profile.lossless
        self._kept = kept
        # Before the first byte: afterwards a pipe without a disk may have let go of some.
        self._searchable = tap.pipe.searchable
        self._wish = self._wished() if self._searchable else None

    async def settled(self) -> bool:
        """Wait for the end if what is kept is asked for; whether it came in time, and it is there."""
        wish = self._wish
        if wish is None or not wish.kept:
            return False
        return await self._reaches(math.inf, wish) and self._tap.pipe.complete

    async def send(self) -> web.StreamResponse:
        """A part if one was asked for and can be given, else the whole."""
        try:
            span = await self._span()
        except ranges.OutOfRange:
            return await out_of_range(self._request, self._response(), self._tap.pipe.made)
        if span is None:
            return await self._whole()
        first, end = span
        response = self._response()
        response.set_status(206)
        total = self._tap.pipe.made if self._tap.pipe.complete else "*"
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{end - 1}/{total}"
        response.content_length = end - first
        self._tap.position = first
        return await self._part(response)

    def _tag(self) -> str:
        return tag_of(self._job) if self._job.profile.exact else self._own_tag()

    def _own_tag(self) -> str:
        return f'"{self._job.key[:32]}-{self._tap.pipe.name}"'

    def _wished(self) -> _Wish | None:
        span = ranges.asked(self._request.headers.get(hdrs.RANGE))
        if span is None or span == (0, None):
            return None
        known = self._request.headers.get(hdrs.IF_RANGE)
        ends = span.first is not None and span.last is not None
        until = asyncio.get_running_loop().time() + (_PIECE if ends else _REST)
        if known is None:
            kept = not (ends and self._job.profile.aligned) or _is_probe(span)
        elif known.strip() == self._tag():
            kept = False
        elif ranges.same_version(known, tag_of(self._job), date_of(self._job)):
            kept = True
        else:
            return None
        return _Wish(span, kept, until) if self._kept or not kept else None

    async def _reaches(self, size: float, wish: _Wish) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(wish.until):
                await self._tap.reach(size)
                return True
        return False

    async def _span(self) -> tuple[int, int] | None:
        """First byte and end of what is sent of this run; None for the whole."""
        wish, pipe = self._wish, self._tap.pipe
        if wish is None or wish.kept:
            return None
        first, last = wish.span
        end = math.inf if first is None or last is None else last + 1
        if not await self._reaches(end, wish):
            return None
        if pipe.complete:
            return ranges.part(self._request.headers.get(hdrs.RANGE), pipe.made)
        return (first or 0, int(end)) if pipe.made >= end else None

    def _response(self) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers_of(self._job))
        if self._searchable and not self._estimate:
            # Whether ranges are served is not said: who takes that as a promise would seek in
            # something without an end.
            del response.headers[hdrs.ACCEPT_RANGES]
            response.headers[hdrs.ETAG] = self._tag()
        return response

    async def _whole(self) -> web.StreamResponse:
        response = self._response()
        if self._estimate:
            response.content_length = estimate_of(self._job)
        await _pour(self._request, response, self._tap)
        return response

    async def _part(self, response: web.StreamResponse) -> web.StreamResponse:
        left = response.content_length or 0
        await response.prepare(self._request)
        try:
            while left and (data := (await self._tap.read())[:left]):
                await spend(self._request, len(data))
                await response.write(data)
                left -= len(data)
        except Unplayable as error:
            log.warning("a transcode broke off", reason=str(error))
        if left and self._request.transport is not None:
            self._request.transport.abort()
        elif not left:
            await response.write_eof()
        return response


def tag_of(job: Job) -> str:
    """The tag of what is kept."""
    return f'"{job.key[:32]}"'


def date_of(job: Job) -> str:
    """The date of what is kept."""
    return ranges.http_date(job.source.mtime_ns)


def estimate_of(job: Job) -> int:
    """The bytes that are promised to who wants to know a length in advance."""
    return job.expected_bytes + _HEADER


def headers_of(job: Job) -> dict[str, str]:
    """What a live transcode is announced with."""
    named: dict[str, str] = {hdrs.CONTENT_DISPOSITION: disposition(job.name)} if job.name else {}
    return {
        **named,
        hdrs.CONTENT_TYPE: job.profile.content_type,
        hdrs.ACCEPT_RANGES: "none",
        hdrs.CACHE_CONTROL: "private, no-store",
        "X-Content-Type-Options": "nosniff",
        DURATION: f"{job.seconds:.3f}",
    }


def _is_probe(span: Asked) -> bool:
    return span.first == 0 and span.last is not None and span.last < _PROBE


async def _pour(request: web.Request, response: web.StreamResponse, tap: Tap) -> None:
    """Send what the encoder makes; exactly as much as was promised, if anything was."""
    # A file that cannot be decoded at all is found here, while there still is another answer.
    data = await tap.read()
    left = response.content_length
    await response.prepare(request)
    try:
        while data:
            if left is not None:
                data = data[:left]
                left -= len(data)
            await spend(request, len(data))
            await response.write(data)
            data = await tap.read()
    except Unplayable as error:
        log.warning("a transcode broke off", reason=str(error))
        if request.transport is not None:
            request.transport.abort()
        return
    if left:
        await response.write(_PADDING[:left])
        left -= len(_PADDING[:left])
    while left:
        await response.write(_ZEROS[:left])
        left -= len(_ZEROS[:left])
    await response.write_eof()
