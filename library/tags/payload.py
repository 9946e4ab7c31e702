"""A hash of the sound alone, so that a file is known again after it was moved and retagged.

Three samples are read: a large file costs as much as a small one. Tags stand outside of what is
sampled, and what tag editors renumber (the pages of Ogg) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import BinaryIO

_SAMPLE = 16 * 1024
_PAGE = b"OggS"
_PAGE_HEAD = 27
_LARGEST_PAGE = _PAGE_HEAD + 255 + 255 * 255
_OGG_HEADERS = {b"\x01vor": 3, b"Opus": 2, b"Spee": 2}
_MOST_HEADER_PAGES = 4096

Span = tuple[int, int]
"""Where the sound begins and ends in a file."""


def sampled(file: BinaryIO, span: Span) -> bytes:
    """A hash of a span's length, beginning, middle and end."""
    start, end = span
    length = end - start
    if length <= 0:
        return b""
    state = blake2b(length.to_bytes(8, "big"), digest_size=16)
    if length <= 3 * _SAMPLE:
        state.update(_read(file, start, length))
    else:
        for at in (start, start + length // 2, end - _SAMPLE):
            state.update(_read(file, at, _SAMPLE))
    return state.digest()


def of_ogg(file: BinaryIO, size: int) -> bytes:
    """The same of whole pages, without their numbers and sums, which change with the tags."""
    start = _ogg_start(file, size)
    if start is None:
        return b""
    length = size - start
    state = blake2b(length.to_bytes(8, "big"), digest_size=16)
    for at in (start, start + length // 2, max(start, size - _LARGEST_PAGE)):
        state.update(_first_page(_read(file, at, 2 * _LARGEST_PAGE)))
    return state.digest()


def _first_page(data: bytes) -> bytes:
    """Position, sizes and contents of the first page that is whole."""
    at = data.find(_PAGE)
    while at >= 0:
        count = data[at + 26] if at + _PAGE_HEAD <= len(data) else 0
        sizes = data[at + _PAGE_HEAD : at + _PAGE_HEAD + count]
        end = at + _PAGE_HEAD + count + sum(sizes)
        if count and data[at + 4] == 0 and end <= len(data):
            return data[at + 6 : at + 14] + data[at + _PAGE_HEAD : end]
        at = data.find(_PAGE, at + 1)
    return b""


def _ogg_start(file: BinaryIO, size: int) -> int | None:
    """Where the first page of sound begins: behind the header packets of the codec."""
    headers, packets, at = 0, 0, 0
    for _ in range(_MOST_HEADER_PAGES):
        head = _read(file, at, _PAGE_HEAD + 255 + 16)
        if len(head) < _PAGE_HEAD or head[:4] != _PAGE or at >= size:
            return None
        sizes = head[_PAGE_HEAD : _PAGE_HEAD + head[26]]
        if at == 0:
            headers = _ogg_headers(head[_PAGE_HEAD + head[26] :])
        at += _PAGE_HEAD + len(sizes) + sum(sizes)
        packets += sum(length < 255 for length in sizes)
        if packets >= headers:
            return at
    return None


def _ogg_headers(packet: bytes) -> int:
    """How many header packets a stream has whose first packet begins like this."""
    if packet[:5] == b"\x7fFLAC":
        return 1 + int.from_bytes(packet[7:9], "big")
    return _OGG_HEADERS.get(packet[:4], 1)


def without_tags(file: BinaryIO, size: int) -> tuple[Span, bytes]:
    """A stream between an ID3v2 tag and APEv2, Lyrics3 and ID3v1 tags; and the file's last bytes."""
    start = sum(_id3_sizes(file, size))
    tail = _read(file, max(0, size - 160), 160)
    end = size - (128 if tail[-128:-125] == b"TAG" else 0)
    footer = tail[: len(tail) - (size - end)][-32:]
    if footer[:8] == b"APETAGEX":
        length = int.from_bytes(footer[12:16], "little")
        has_header = footer[23] & 0x80
        end -= min(length + (32 if has_header else 0), end)
    return (min(start, end), end), tail


def _id3_sizes(file: BinaryIO, size: int) -> Iterator[int]:
    """Sizes of the ID3v2 tags that stand one behind the other at the beginning."""
    at = 0
    while at < size:
        head = _read(file, at, 10)
        if head[:3] != b"ID3" or len(head) < 10:
            return
        bits = zip(head[6:], (21, 14, 7, 0), strict=True)
        length = 10 + sum((byte & 0x7F) << shift for byte, shift in bits)
        if head[5] & 0x10:
            length += 10
        at += length
        yield length


def atom(file: BinaryIO, size: int, name: bytes) -> Span:
    """The largest atom of this name in an MP4 file, without its head."""
    best, at = (0, 0), 0
    while at + 8 <= size:
        head = _read(file, at, 16)
        if len(head) < 8:
            break
        length, skip = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, skip = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < skip:
            break
        if head[4:8] == name and length - skip > best[1] - best[0]:
            best = (at + skip, min(at + length, size))
        at += length
    return best


def chunk(file: BinaryIO, size: int, name: bytes, *, wide: bool = False) -> Span:
    """The first chunk of this name in a RIFF, AIFF or DSD file; empty: there is none."""
    return next(chunks(file, size, name, wide=wide), (0, 0))


def chunks(file: BinaryIO, size: int, name: bytes, *, wide: bool = False) -> Iterator[Span]:
    """The chunks of this name, without their heads; `wide`: sizes of eight bytes."""
    head = _read(file, 0, 4)
    big = head in {b"FORM", b"FRM8"}
    skip, at = (12, 16) if wide else (8, 12)
    while at + skip <= size:
        found = _read(file, at, skip)
        length = int.from_bytes(found[4:skip], "big" if big else "little")
        if found[:4] == name:
            yield (at + skip, min(at + skip + length, size))
        at += skip + length + (length & 1)


def asf_data(file: BinaryIO, size: int) -> Span:
    """The data object of an ASF file."""
    at = 0
    while at + 24 <= size:
        head = _read(file, at, 24)
        length = int.from_bytes(head[16:24], "little")
        if head[:16] == bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c"):
            return (at + 50, min(at + length, size))
        if length < 24:
            break
        at += length
    return (0, 0)


def _read(file: BinaryIO, at: int, length: int) -> bytes:
    file.seek(at)
    return file.read(length)
