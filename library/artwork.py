"""Pictures: cover files, and those inside of audio files.

`embedded` runs in a child of the sandbox, so nothing of the database is imported here.
"""

from __future__ import annotations

import os
import re
import stat
from hashlib import sha256

from library.tags.reader import read_picture

_BLOCK = 1024 * 1024
_PICTURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8|RIFF....WEBP|....ftyp|BM|II\*\0|MM\0\*", re.DOTALL
)
"""How pictures begin; what begins otherwise is none, whatever it is called."""


def embedded(payload: bytes) -> bytes:
    """Target of the sandbox: the best picture in a file, or nothing.

    The payload is a folder and a path below it, with a zero between them.
    """
    root, _, path = payload.partition(b"\0")
    return read_picture(root, path)


def fingerprint(path: bytes, most: int) -> bytes:
    """SHA-256 of a cover file; empty when it cannot be read, is no picture or larger than allowed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= most:
                return b""
            block = file.read(_BLOCK)
            if not _PICTURE.match(block):
                return b""
            state = sha256(block)
            while block := file.read(_BLOCK):
                state.update(block)
            return state.digest()
    except OSError:
        return b""
