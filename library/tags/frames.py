"""The frames of ID3v2 tags, as bytes.

Our own, because it is where a first scan spends its time: mutagen reads the same files, but decodes
frames that nobody asks for and checks every attribute, which takes five times as long.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

HEAD = 10
_LARGEST_FRAME = 256 * 1024 * 1024
_BOUNDARY = re.compile(rb"[A-Z][A-Z0-9]{2}[A-Z0-9\0]|\0|\Z")

# The frames of ID3v2.2 that have a longer name today.
_LONGER = {
    b"TT1": "TIT1", b"TT2": "TIT2", b"TT3": "TIT3", b"TST": "TSOT", b"TAL": "TALB", b"TSA": "TSOA",
    b"TP1": "TPE1", b"TSP": "TSOP", b"TP2": "TPE2", b"TS2": "TSO2", b"TP3": "TPE3", b"TP4": "TPE4",
    b"TCM": "TCOM", b"TSC": "TSOC", b"TXT": "TEXT", b"TCO": "TCON", b"TRK": "TRCK", b"TPA": "TPOS",
    b"TYE": "TYER", b"TDA": "TDAT", b"TOR": "TORY", b"TPB": "TPUB", b"TRC": "TSRC", b"TBP": "TBPM",
    b"TCP": "TCMP", b"MVN": "MVNM", b"MVI": "MVIN", b"GP1": "GRP1", b"TXX": "TXXX", b"COM": "COMM",
    b"UFI": "UFID", b"IPL": "IPLS", b"PIC": "PIC",
}  # fmt: skip

Wanted = Callable[[str], bool]


def tag_size(head: bytes) -> int:
    """Size of the tag that begins with these ten bytes, head included; 0: there is none."""
    if len(head) < HEAD or head[:3] != b"ID3" or head[3] not in {2, 3, 4}:
        return 0
    return HEAD + _synchsafe(head[6:10]) + (HEAD if head[3] == 4 and head[5] & 0x10 else 0)


def read(file: BinaryIO, at: int, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the wanted frames of the tag at this place, if there is one."""
    file.seek(at)
    head = file.read(HEAD)
    size = tag_size(head)
    if not size:
        return
    version, flags = head[3], head[5]
    body = file.read(size - HEAD)
    if version < 4 and flags & 0x80:
        body = _synchronised(body)
    if version == 2:
        yield from _short_frames(body, wanted)
        return
    start = _extended_header(body, version) if flags & 0x40 else 0
    for name, data, frame_flags in _frames(body, start, version, wanted):
        try:
            plain = _plain(data, version, frame_flags | (2 if version == 4 and flags & 0x80 else 0))
        except (zlib.error, IndexError):
            continue
        if plain:
            yield name, plain


def _frames(body: bytes, at: int, version: int, wanted: Wanted) -> Iterator[tuple[str, bytes, int]]:
    end = len(body)
    while at + HEAD < end and body[at]:
        name = body[at : at + 4]
        size = int.from_bytes(body[at + 4 : at + 8], "big")
        if version == 4 and size > 0x7F:
            size = _size_of_4(body, at, size)
        begin, at = at + HEAD, at + HEAD + size
        known = _LONGER.get(name[:3], "") if name[3] == 0 else name.decode("latin-1")
        if size and wanted(known):
            yield known, body[begin:at], body[begin - 1]


def _size_of_4(body: bytes, at: int, plain: int) -> int:
    """Sizes have seven bits per byte in ID3v2.4, which iTunes did not know: what fits, is it."""
    safe = _synchsafe(body[at + 4 : at + 8])
    if not plain & 0x80808080 and _BOUNDARY.match(body, at + HEAD + safe):
        return safe
    return plain if _BOUNDARY.match(body, at + HEAD + plain) else safe


def _short_frames(body: bytes, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Frames of ID3v2.2: names of three letters, sizes of three bytes, no flags."""
    at = 0
    while at + 6 < len(body) and body[at]:
        name = _LONGER.get(body[at : at + 3], "")
        size = int.from_bytes(body[at + 3 : at + 6], "big")
        if size and name and wanted(name):
            yield name, body[at + 6 : at + 6 + size]
        at += 6 + size


def _extended_header(body: bytes, version: int) -> int:
    """Its size. Some programs announce one and write none: then a frame begins at once."""
    if re.match(rb"[A-Z][A-Z0-9]{3}", body):
        return 0
    return _synchsafe(body[:4]) if version == 4 else 4 + int.from_bytes(body[:4], "big")


def _plain(data: bytes, version: int, flags: int) -> bytes:
    """The contents of a frame without what its flags say was done to them; empty: no way."""
    if version == 3:
        packed, secret, grouped = flags & 0x80, flags & 0x40, flags & 0x20
        data = data[(4 if packed else 0) + (1 if grouped else 0) :]
    else:
        packed, secret, grouped = flags & 0x08, flags & 0x04, flags & 0x40
        data = data[(4 if flags & 0x09 else 0) + (1 if grouped else 0) :]
        if flags & 0x02:
            data = _synchronised(data)
    if secret:
        return b""
    return zlib.decompressobj().decompress(data, _LARGEST_FRAME) if packed else data


def _synchronised(data: bytes) -> bytes:
    return data.replace(b"\xff\x00", b"\xff")


def _synchsafe(data: bytes) -> int:
    """Seven bits per byte."""
    size = 0
    for byte in data:
        size = size << 7 | byte & 0x7F
    return size
