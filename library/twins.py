"""Which files are one recording, and which of them stands for all. Pure functions.

Each file agrees with the one that stands for it, so that no chain of small differences leads from
one recording to another. In doubt they are two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from db.cards import Fidelity, fidelity
from db.twins import Copy
from db.words import fold

_SECONDS_APART = 2.0


def leaders(copies: Iterable[Copy]) -> dict[int, int]:
    """Of songs that stand behind another, that one. What is missing stands for nobody."""
    of_place: dict[tuple[str, int, int], list[Copy]] = defaultdict(list)
    for copy in copies:
        of_place[copy.place].append(copy)
    found: dict[int, int] = {}
    for same in of_place.values():
        found |= _leaders(same)
    return found


def _leaders(copies: Sequence[Copy]) -> dict[int, int]:
    """Of songs that agree in album, disc and track."""
    leading: list[Copy] = []
    found: dict[int, int] = {}
    for copy in sorted(copies, key=_rank, reverse=True):
        leader = next((other for other in leading if same_recording(other, copy)), None)
        if leader is not None:
            found[copy.id] = leader.id
        elif not copy.missing:
            leading.append(copy)
    return found


def _rank(copy: Copy) -> tuple[bool, Fidelity, bool, int]:
    """What is there comes before what is missing; then the truest, a file of its own, the oldest."""
    card = copy.card
    true = fidelity(card.codec, card.bit_depth, card.sampling_rate, copy.bit_rate)
    return not copy.missing, true, not copy.cut, -copy.id


def same_recording(one: Copy, other: Copy) -> bool:
    """Whether two songs with equal album, disc and track are one recording."""
    if abs(one.duration - other.duration) > _SECONDS_APART or one.version != other.version:
        return False
    if one.recording and other.recording:
        return one.recording == other.recording
    years = {one.year, other.year} - {0}
    return len(years) <= 1 and bool(one.tag_key) and _named(one) == _named(other)


def _named(copy: Copy) -> tuple[str, str]:
    return copy.tag_key, fold(copy.card.album_artist)
