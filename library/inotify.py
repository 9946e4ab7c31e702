"""Linux tells what changes in folders: inotify, by the C library.

No package does it for us: those at hand follow links out of the library, end at names that are not
UTF-8, or keep quiet when there are too few watches.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

MODIFY, ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO = 0x2, 0x4, 0x8, 0x40, 0x80
CREATE, DELETE, DELETE_SELF, MOVE_SELF = 0x100, 0x200, 0x400, 0x800
UNMOUNT, OVERFLOW, IGNORED, IS_FOLDER = 0x2000, 0x4000, 0x8000, 0x40000000
_ONLY_FOLDER, _NO_LINK, _NOT_DELETED = 0x01000000, 0x02000000, 0x04000000
_WANTED = (
    MODIFY | ATTRIB | CLOSE_WRITE | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF
    | MOVE_SELF | _ONLY_FOLDER | _NO_LINK | _NOT_DELETED
)  # fmt: skip
_HEAD = struct.Struct("iIII")
_BUFFER = 256 * 1024
_LIMITS = Path("/proc/sys/fs/inotify")


class Event(NamedTuple):
    """Something happened in a watched folder."""

    watch: int
    mask: int
    name: bytes


class NoWatchesError(Exception):
    """The system has no watches for us; the message says why, and what helps."""


class Inotify:
    """A queue of events. Not to be shared by threads at the same time."""

    def __init__(self) -> None:
        self._library: Any = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self._library, "inotify_init1"):
            raise NoWatchesError("this system has no inotify")
        self.file: int = self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.file < 0:
            raise _refused(ctypes.get_errno(), "max_user_instances", 512)

    def add(self, folder: bytes) -> int:
        """Watch a folder (one that is watched already keeps its number).

        Raises OSError where there is none, NoWatchesError when there are too few watches.
        """
        watch: int = self._library.inotify_add_watch(self.file, folder, _WANTED)
        if watch < 0:
            number = ctypes.get_errno()
            if number == errno.ENOSPC:
                raise _refused(number, "max_user_watches", 524288)
            raise OSError(number, os.strerror(number))
        return watch

    def remove(self, watch: int) -> None:
        """Watch no more; harmless when the folder is gone."""
        self._library.inotify_rm_watch(self.file, watch)

    def read(self) -> list[Event]:
        """What has happened; nothing when nothing has."""
        found = []
        try:
            buffer = os.read(self.file, _BUFFER)
        except BlockingIOError:
            return []
        at = 0
        while at < len(buffer):
            watch, mask, _, length = _HEAD.unpack_from(buffer, at)
            at += _HEAD.size
            found.append(Event(watch, mask, buffer[at : at + length].rstrip(b"\0")))
            at += length
        return found

    def close(self) -> None:
        """Give all watches back."""
        os.close(self.file)


def _refused(number: int, limit: str, enough: int) -> NoWatchesError:
    try:
        allowed = (_LIMITS / limit).read_text().strip()
    except OSError:
        return NoWatchesError(os.strerror(number))
    return NoWatchesError(
        f"{os.strerror(number)}: the system allows {allowed} (fs.inotify.{limit}). More are had by"
        f" `sudo sysctl fs.inotify.{limit}={enough}`, and for good by a line in /etc/sysctl.d/"
    )
