"""What a downloaded file is, whoever said what it would be.

`hear` runs in a child of the sandbox, and only there the readers of tags are loaded.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

_LONGEST, _MOST_RATE = 30 * 86400.0, 100_000


class Heard(Struct, frozen=True, array_like=True):
    """A file; `reason` says why it is nothing to hear."""

    content_type: str = ""
    duration: float = 0.0
    bit_rate: int = 0
    reason: str = ""


def hear(payload: bytes) -> bytes:
    """Target of the sandbox: an absolute path in, a `Heard` out."""
    from library.tags.facts import Splitting
    from library.tags.reader import read_file

    answer = read_file(payload, Splitting())
    if answer.facts is None:
        return msgspec.msgpack.encode(Heard(reason=answer.reason))
    sound = answer.facts.sound
    heard = Heard(
        answer.facts.content_type,
        sound.duration if 0 <= sound.duration <= _LONGEST else 0.0,
        sound.bit_rate if 0 <= sound.bit_rate <= _MOST_RATE else 0,
    )
    return msgspec.msgpack.encode(heard)
