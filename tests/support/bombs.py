"""Small files that promise much: what they say is well-formed, and what they say is the attack."""

from __future__ import annotations

import struct
import zlib


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def _full(name: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags), *parts)


def mp4(samples: int) -> bytes:
    """Ten seconds of AAC, says the head; one chunk of `samples` samples of a byte, says the index."""
    rate, time = 44100, 441_000
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    config = bytes.fromhex(
        "03808080220000000480808014401500000000000000000000000005808080021210060102"
    )
    sound = struct.pack(">6xH8xHHHHI", 1, 2, 16, 0, 0, rate << 16)
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), _box(b"mp4a", sound, _full(b"esds", config))),
        _full(b"stts", struct.pack(">III", 1, samples, 1024)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, samples, 1)),
        _full(b"stsz", struct.pack(">II", 1, samples)),
        _full(b"stco", struct.pack(">II", 1, 40)),
    )
    place = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, rate, time, 0x55C4, 0)),
        _full(b"hdlr", bytes(4), b"soun", bytes(14)),
        _box(b"minf", _full(b"smhd", bytes(4)), place, table),
    )
    head = struct.pack(">IIIIIH10x", 0, 0, rate, time, 0x10000, 0x100)
    track = struct.pack(">IIIII8xhhhh", 0, 0, 1, 0, time, 0, 0, 0x100, 0)
    movie = _box(
        b"moov",
        _full(b"mvhd", head, matrix, bytes(24), struct.pack(">I", 2)),
        _box(b"trak", _full(b"tkhd", track, matrix, bytes(8), flags=7), media),
    )
    return _box(b"ftyp", b"M4A \0\0\2\0isomiso2") + movie + _box(b"mdat", bytes(4096))


def wav(rate: int, channels: int, data: bytes = bytes(10_000)) -> bytes:
    """PCM of 16 bits, of any rate and number of channels."""
    frame = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * frame % 2**32, frame % 2**16, 16)
    body = (
        b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data))
    )
    return b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data


def png(width: int, height: int) -> bytes:
    """A head of a picture, and hardly anything behind it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99)))
