"""What a sandbox child is asked to do with pictures; small enough to be imported on both sides."""

from __future__ import annotations

import msgspec


class Resize(msgspec.Struct, frozen=True, array_like=True):
    """Fit a picture into a square; `size` None: as it is, if apps can show that."""

    data: bytes
    size: int | None
    max_size: int
    max_pixels: int
    quality: int


class Draw(msgspec.Struct, frozen=True, array_like=True):
    """Draw something for what has no picture."""

    title: str
    size: int


class Mosaic(msgspec.Struct, frozen=True, array_like=True):
    """Put four pictures into one square."""

    parts: list[bytes]
    size: int
    max_pixels: int
    quality: int


def encode(order: Resize | Draw | Mosaic) -> bytes:
    """The payload for the child."""
    return msgspec.msgpack.encode(order)
