"""Files that were damaged on purpose, the same ones each time."""

from __future__ import annotations

import random

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def damaged(data: bytes, seed: object) -> bytes:
    """Bits turned, sizes made absurd, parts lost, doubled and put elsewhere; mostly at the head."""
    chance = random.Random(repr(seed))
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 12))):
        zone = min(len(found), chance.choice((64, 512, 4096, len(found))))
        if zone:
            _damage(found, chance.randrange(zone), chance)
    return bytes(found)


def _damage(found: bytearray, at: int, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            found[at] ^= 1 << chance.randrange(8)
        case 1:
            found[at] = chance.randrange(256)
        case 2:
            size = chance.choice((2, 4, 8))
            number = chance.choice(_NUMBERS) % 256**size
            found[at : at + size] = number.to_bytes(size, chance.choice(("big", "little")))
        case 3:
            del found[at : at + chance.choice((1, 4, 16, 200))]
        case 4:
            other = chance.randrange(len(found))
            found[at:at] = found[other : other + chance.choice((4, 32, 256))]
        case _:
            if chance.random() < 0.3:
                del found[at + 1 :]
