"""Memory: kept small, given back, and bounded by what the machine has."""

from __future__ import annotations

import ctypes
import os
import resource
from contextlib import suppress
from pathlib import Path

_MB = 1024 * 1024
_CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_LEAST_FOR_READING, _MOST_FOR_READING = 256 * _MB, 1024 * _MB
"""The first is twice what songs need; large pictures need more."""
_LEAST_FOR_SERVING = 512 * _MB
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


def installed() -> int:
    """Bytes of memory that this machine has, or this container may have."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in _CONTAINER:
        with suppress(OSError, ValueError):
            found.append(int(Path(path).read_text()))
    return min(found)


def for_reading(asked: int = 0) -> int:
    """What one process may have that reads files of strangers; 0: what suits this machine."""
    return asked or max(_LEAST_FOR_READING, min(installed() // 4, _MOST_FOR_READING))


def for_serving(asked: int = 0) -> int:
    """What one serving process may have; 0: what suits this machine."""
    return asked or max(_LEAST_FOR_SERVING, installed() * 3 // 4)


def bound(asked: int = 0) -> None:
    """Have this process and its children refused what they ask for beyond that.

    A file of a few kilobytes can make a decoder want gigabytes. It fails then, and nothing else.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = for_serving(asked)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))
