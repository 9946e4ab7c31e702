"""Opening a music file: inside its folder, a regular file, readable; else `Gone`."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import structlog

from streaming.errors import Gone

if TYPE_CHECKING:
    from db.rows import FileRow

log = structlog.get_logger()

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_AHEAD = 4 * 1024 * 1024


@dataclass(frozen=True)
class Opened:
    """An open file and what identifies its content. Who holds it closes `file`."""

    file: BinaryIO
    size: int
    mtime_ns: int


def open_inside(root: bytes, path: bytes) -> Opened:
    """Open `path` below `root`; links may lead about within the folder, but not out of it.

    Blocks: call it in a thread.
    """
    try:
        home = os.path.realpath(root)
        real = os.path.realpath(os.path.join(home, path))  # noqa: PTH118
        if os.path.commonpath((home, real)) != home:
            raise Gone("The file lies outside its music folder.")
        opened = open_regular(real)
    except (OSError, ValueError) as error:
        log.warning("file cannot be read", path=os.fsdecode(path), reason=str(error))
        raise Gone(_explain(error)) from error
    if _below(opened.file, home):
        return opened
    opened.file.close()
    raise Gone("The file lies outside its music folder.")


def _below(file: BinaryIO, home: bytes) -> bool:
    """Whether a folder did not become a link meanwhile (asked of Linux; elsewhere believed)."""
    try:
        place = os.readlink(b"/proc/self/fd/%d" % file.fileno())  # noqa: PTH115
    except OSError:
        return True
    return place.startswith(home.rstrip(b"/") + b"/")


def suffix_of(file: FileRow) -> str:
    """The suffix of the file itself; a part of it is described as what it is sent as."""
    return os.fsdecode(file.path).rpartition(".")[2].lower() if file.cut else file.suffix


def open_regular(path: bytes | str | os.PathLike[str]) -> Opened:
    """Open a regular file; a pipe or a device is an `OSError`, not a wait."""
    # O_NONBLOCK keeps a named pipe from blocking the open; on regular files it has no effect.
    descriptor = os.open(path, _FLAGS)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    file = os.fdopen(descriptor, "rb", buffering=0)
    return Opened(file, found.st_size, found.st_mtime_ns)


def read_ahead(file: BinaryIO, offset: int) -> None:
    """Ask the system to fetch what is sent first, so that a slow disk does not stop the loop."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(file.fileno(), offset, 0, os.POSIX_FADV_SEQUENTIAL)
            os.posix_fadvise(file.fileno(), offset, _AHEAD, os.POSIX_FADV_WILLNEED)


def _explain(error: Exception) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "The file is no longer there. A scan of the library will notice."
        case PermissionError():
            return "The server may not read the file. Give its user the right to."
        case _:
            return f"The file cannot be read: {getattr(error, 'strerror', None) or error}."
