"""The head of a FLAC stream."""

from __future__ import annotations

_AT, _END = 21, 26
"""Where the number of samples is told, in the last 36 bits."""


def with_length(head: bytes, samples: int) -> bytes:
    """The first bytes of a stream that was not told how long it becomes, with the length in them.

    Players show it, and can seek in what was saved.
    """
    if head[:4] != b"fLaC" or len(head) < _END or not 0 < samples < 1 << 36:
        return head
    told = (head[_AT] & 0xF0) << 32 | samples
    return head[:_AT] + told.to_bytes(5, "big") + head[_END:]
