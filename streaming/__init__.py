"""Bytes to ears and eyes: songs as they are or transcoded, covers in the size asked for.

`Streamer` and `Images` answer whole requests. What cannot be answered raises a `Trouble`. Names are
loaded when first used, since the children that shrink pictures import this room too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streaming.bundle import Bundled
    from streaming.errors import Busy, Gone, Trouble, Unplayable
    from streaming.images import Images, Sandbox
    from streaming.plan import Wanted
    from streaming.streamer import Streamer

__all__ = [
    "Bundled",
    "Busy",
    "Gone",
    "Images",
    "Sandbox",
    "Streamer",
    "Trouble",
    "Unplayable",
    "Wanted",
]

_HOMES = {
    "Bundled": "bundle",
    "Busy": "errors",
    "Gone": "errors",
    "Images": "images",
    "Sandbox": "images",
    "Streamer": "streamer",
    "Trouble": "errors",
    "Unplayable": "errors",
    "Wanted": "plan",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"streaming.{_HOMES[name]}"), name)
