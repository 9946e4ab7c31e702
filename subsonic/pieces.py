"""Answers too long to be made as a whole: they are sent while they are made, a piece at a time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from aiohttp import hdrs, web

from db.rows import TrackRow
from db.tracks import Listed
from subsonic import entries
from subsonic.ceiling import announced
from subsonic.endpoint import Call, Pieces
from subsonic.models.base import Model
from subsonic.models.media import Child
from subsonic.render import open_up

_PIECE = 500


async def songs(call: Call, listed: Listed) -> list[Child]:
    """The entries of a list that stands last in its answer; of a long one the first, others follow."""
    if not listed or isinstance(listed[0], TrackRow):
        return [entries.song(row) for row in listed if isinstance(row, TrackRow)]
    ids = [row.id for row in listed]
    first = await _some(call, ids[:_PIECE])
    if not first:  # they have gone since
        return []
    call.go_on_with(_others(call, ids[_PIECE:]))
    return first


async def _others(call: Call, ids: Sequence[int]) -> Pieces:
    for start in range(0, len(ids), _PIECE):
        yield await _some(call, ids[start : start + _PIECE])


async def _some(call: Call, ids: Sequence[int]) -> list[Child]:
    rows = await call.services.db.tracks.in_order(ids, call.user)
    return [entries.song(row) for row in rows]


async def send(call: Call, key: str, first: Model, others: Pieces) -> web.StreamResponse:
    """Send an answer that goes on. One that cannot be made to its end is cut off, and seen to be."""
    opening = open_up(call.form, key, first)
    response = web.StreamResponse(headers={hdrs.CACHE_CONTROL: "no-store"})
    response.content_type, response.charset = opening.content_type, "utf-8"
    await response.prepare(call.request)
    if call.request.method == hdrs.METH_HEAD:
        return response
    settings, whole = call.services.settings.transcoding, False
    try:
        await response.write(opening.head)
        async with aclosing(others):
            async for piece in others:
                if piece:
                    told = announced(piece, call.user.max_bit_rate, settings)
                    await response.write(opening.items(told))
        await response.write_eof(opening.end)
        whole = True
    finally:
        if not whole and call.request.transport is not None:
            call.request.transport.abort()
    return response
