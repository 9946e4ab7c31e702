"""Pictures that are sent with a form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from db.rows import UserRow
from streaming import Unplayable
from web.forms import read_upload
from web.site import SITE
from web.view import Refusal

MOST_BYTES = 5 * 1024 * 1024
"""What a picture may weigh as it is sent; it is kept much smaller."""


async def read_picture(request: web.Request, user: UserRow, side: int) -> bytes:
    """The picture in a form, made anew as a JPEG of so many pixels at most.

    Raises Unplayable where there is none, with words for whoever sent it.
    """
    with _alone(request, user):
        _, sent = await read_upload(request, MOST_BYTES)
        if not sent:
            raise Unplayable("Choose a picture first.")
        return await request.app[SITE].images.remade(sent, side)


@contextmanager
def _alone(request: web.Request, user: UserRow) -> Iterator[None]:
    """One upload of a user at a time: each takes memory, and slow ones take it for long."""
    uploading = request.app[SITE].uploading
    if user.id in uploading:
        raise Refusal(429, "One at a time", "Another picture of yours is still being sent.")
    uploading.add(user.id)
    try:
        yield
    finally:
        uploading.discard(user.id)
