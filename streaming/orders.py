"""What a sandbox child is asked to do with pictures and sounds; small enough to be imported on both sides."""

from __future__ import annotations

import msgspec

from db.cards import Loudness


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


class Measure(msgspec.Struct, frozen=True, array_like=True):
    """A song below a folder: which part of the file (end 0: to its end), and percent of a core to use."""

    root: bytes
    path: bytes
    suffix: str
    begin: float
    end: float
    budget: int


class Measured(msgspec.Struct, frozen=True, array_like=True):
    """How loud it is; `gone`: the file could not be opened, which may pass."""

    loudness: Loudness
    gone: bool = False


def encode(order: Resize | Draw | Mosaic | Measure) -> bytes:
    """The payload for the child."""
    return msgspec.msgpack.encode(order)
