"""The steps of a scan, in order. Each is a module with NAME and `async def run(scan)`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from library.state import Scan
from library.steps import (
    artwork,
    changed,
    merge,
    playlists,
    prune,
    read,
    totals,
    twins,
    walk,
    words,
)

Step = Callable[[Scan], Awaitable[None]]

STEPS: tuple[tuple[str, Step], ...] = tuple(
    (module.NAME, module.run)
    for module in (words, walk, changed, read, merge, artwork, prune, twins, totals, playlists)
)

__all__ = ["STEPS", "Step"]
