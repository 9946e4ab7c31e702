"""ZIP archives of files as they are: nothing compressed, so that the length is known before the first byte.

A checksum is known only after its file, so it follows the file (a data descriptor), and every file is
read once. What needs 64 bits gets them, the rest is read by the oldest programs, too.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from streaming.errors import Gone
from streaming.files import open_inside

_CHUNK = 256 * 1024
_MOST = 0xFFFFFFFF
"""In a field of 32 bits: it stands elsewhere, in 64."""
_BOUND = _MOST
_MOST_ENTRIES = 0xFFFF
_FLAGS = 0x0808
"""Checksums and sizes come after the data; names are UTF-8."""
_UNIX, _MODE = 3 << 8, 0o100644 << 16
_OLD, _WITH_64_BITS = 20, 45


@dataclass(frozen=True)
class Entry:
    """A file and what it is called inside; the file has to have this size when its turn comes."""

    root: bytes
    path: bytes
    name: str
    size: int
    mtime_ns: int

    @property
    def large(self) -> bool:
        """Whether its size needs 64 bits."""
        return self.size >= _BOUND


def length(entries: Sequence[Entry]) -> int:
    """How many bytes `pieces` will make, to the byte."""
    offset = directory = 0
    for entry in entries:
        directory += len(_listed(entry, 0, offset))
        offset += len(_header(entry)) + entry.size + len(_trailer(entry, 0))
    return offset + directory + len(_end(len(entries), offset, directory))


def pieces(entries: Sequence[Entry]) -> Generator[bytes, None, None]:
    """The archive, bit by bit; raises `Gone` when a file is not what was promised.

    Reads files: run each step in a thread.
    """
    offset, directory = 0, bytearray()
    for entry in entries:
        header = _header(entry)
        yield header
        check = 0
        for data in _content(entry):
            check = zlib.crc32(data, check)
            yield data
        trailer = _trailer(entry, check)
        yield trailer
        directory += _listed(entry, check, offset)
        offset += len(header) + entry.size + len(trailer)
    for start in range(0, len(directory), _CHUNK):
        yield bytes(directory[start : start + _CHUNK])
    yield _end(len(entries), offset, len(directory))


def _content(entry: Entry) -> Iterator[bytes]:
    opened = open_inside(entry.root, entry.path)
    with opened.file as file:
        if opened.size != entry.size:
            raise Gone("A file has changed since the archive was begun.")
        left = entry.size
        while left:
            data = file.read(min(left, _CHUNK))
            if not data:
                raise Gone("A file was cut short while it was sent.")
            left -= len(data)
            yield data


def _header(entry: Entry) -> bytes:
    name, size = entry.name.encode(), _MOST if entry.large else 0
    extra = struct.pack("<HHQQ", 1, 16, 0, 0) if entry.large else b""
    needed = _WITH_64_BITS if entry.large else _OLD
    return (
        struct.pack(
            "<4s5H3L2H", b"PK\3\4", needed, _FLAGS, 0, *_when(entry.mtime_ns), 0, size, size,
            len(name), len(extra),
        ) + name + extra
    )  # fmt: skip


def _trailer(entry: Entry, check: int) -> bytes:
    shape = "<4sLQQ" if entry.large else "<4sLLL"
    return struct.pack(shape, b"PK\7\x08", check, entry.size, entry.size)


def _listed(entry: Entry, check: int, offset: int) -> bytes:
    """The entry in the directory at the end."""
    name, size = entry.name.encode(), _MOST if entry.large else entry.size
    wide = [entry.size, entry.size] if entry.large else []
    wide += [offset] if offset >= _BOUND else []
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    needed = _WITH_64_BITS if wide else _OLD
    return (
        struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", _UNIX | needed, needed, _FLAGS, 0, *_when(entry.mtime_ns),
            check, size, size, len(name), len(extra), 0, 0, 0, _MODE, _short(offset),
        ) + name + extra
    )  # fmt: skip


def _end(count: int, offset: int, size: int) -> bytes:
    """What stands behind the directory, which is `size` long and begins at `offset`."""
    wide = b""
    if count >= _MOST_ENTRIES or offset >= _BOUND or size >= _BOUND:
        wide = struct.pack(
            "<4sQ2H2L4Q", b"PK\6\6", 44, _UNIX | _WITH_64_BITS, _WITH_64_BITS, 0, 0,
            count, count, size, offset,
        ) + struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)  # fmt: skip
    few = min(count, _MOST_ENTRIES)
    return wide + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, few, few, _short(size), _short(offset), 0
    )


def _short(number: int) -> int:
    return _MOST if number >= _BOUND else number


def _when(mtime_ns: int) -> tuple[int, int]:
    """Time and date as DOS wrote them: local, from 1980 to 2107, every other second."""
    try:
        year, month, day, hour, minute, second, *_ = time.localtime(mtime_ns // 1_000_000_000)
    except (OverflowError, OSError, ValueError):
        year = 0
    if not 1980 <= year <= 2107:
        return 0, 1 << 5 | 1
    date = year - 1980 << 9 | month << 5 | day
    return hour << 11 | minute << 5 | second // 2, date
