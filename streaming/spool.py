"""A file without a name: what an encoder made so far, for those who listen to it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import structlog

log = structlog.get_logger()


class Spool:
    """Bytes are added at its end, in one thread, and read anywhere, in others.

    It is gone with the last who holds it, even when the process is killed. `most` bytes fit in.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._most = most
        self._size = 0

    def write(self, data: bytes) -> bool:
        """Add all of it, or say that there is no room."""
        if self._size + len(data) > self._most:
            return False
        try:
            written = 0
            while written < len(data):
                view = memoryview(data)[written:]
                written += os.pwrite(self._file.fileno(), view, self._size + written)
        except OSError as error:
            log.warning("a song under way cannot be put on the disk", reason=str(error))
            return False
        self._size += len(data)
        return True

    def read(self, position: int, size: int) -> bytes:
        """What is there; nothing where the disk fails."""
        try:
            return os.pread(self._file.fileno(), size, position)
        except OSError as error:
            log.warning("a song under way cannot be read", reason=str(error))
            return b""

    def __del__(self) -> None:
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()
