"""Knowing things again: which album a song belongs to, and which song a file is.

Pure functions over what was read; the tables in the tests are their specification.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from db.cards import AlbumClaim
from db.catalog import Trace
from db.words import fold

VARIOUS = "Various Artists"
UNKNOWN = "[Unknown Artist]"

_LONGEST_KEY = 500
_SECONDS_APART = 2.0
_PART_APART = 0.02


@dataclass(frozen=True)
class Album:
    """Whose album it is and what it is called; songs with equal keys are on one album."""

    key: str
    name: str
    artists: tuple[str, ...]


def albums(claims: Sequence[AlbumClaim], folder_name: str) -> list[Album]:
    """The album of each song of one folder (disc folders are one with the folder above them).

    One song's tags do not tell: whether an album has various artists, or which edition it is, shows
    only in all of them together.
    """
    names = _names(claims, folder_name)
    of_name: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        of_name[fold(name)].append(index)
    found: dict[int, Album] = {}
    for indexes in of_name.values():
        artists = _artists([claims[index] for index in indexes])
        of_artists: dict[str, list[int]] = defaultdict(list)
        for index, whose in zip(indexes, artists, strict=True):
            of_artists[_key(whose)].append(index)
        owner = dict(zip(indexes, artists, strict=True))
        for same in of_artists.values():
            keys = _keys([claims[index] for index in same], owner[same[0]], names[same[0]])
            for index, key in zip(same, keys, strict=True):
                found[index] = Album(key, names[index], owner[same[0]])
    return [found[index] for index in range(len(claims))]


def _names(claims: Sequence[AlbumClaim], folder_name: str) -> list[str]:
    """What each album is called: the tag, else the only album around it, else the folder."""
    tagged = {fold(claim.album): claim for claim in claims if claim.album}
    if len(tagged) != 1 or all(claim.album for claim in claims):
        return [claim.album or folder_name for claim in claims]
    only = next(iter(tagged.values()))
    artists = {fold(claim.artist) for claim in claims if claim.album}
    artists |= {fold(artist) for artist in only.album_artists}

    def name(claim: AlbumClaim) -> str:
        fits = not claim.artist or fold(claim.artist) in artists
        return claim.album or (only.album if fits else folder_name)

    return [name(claim) for claim in claims]


def _artists(claims: Sequence[AlbumClaim]) -> list[tuple[str, ...]]:
    """Whose album it is, for songs with the same album name."""
    tagged = {_key(claim.album_artists): claim.album_artists for claim in reversed(claims)}
    tagged.pop("", None)
    untagged = [claim for claim in claims if not claim.album_artists]
    default = _default_artists(untagged)
    only = next(iter(tagged.values())) if len(tagged) == 1 else ()
    fitting = {fold(artist) for artist in only} | {""}

    def whose(claim: AlbumClaim) -> tuple[str, ...]:
        if claim.album_artists:
            return tagged[_key(claim.album_artists)]
        if only and (fold(claim.artist) in fitting or fold(VARIOUS) in fitting):
            return only
        return default

    return [whose(claim) for claim in claims]


def _default_artists(claims: Sequence[AlbumClaim]) -> tuple[str, ...]:
    """Whose album it is when no tag says so."""
    first = {fold(claim.artist): claim.artist for claim in reversed(claims) if claim.artist}
    if any(claim.compilation for claim in claims) or len(first) > 1:
        return (VARIOUS,)
    return (next(iter(first.values()), UNKNOWN),)


def _keys(claims: Sequence[AlbumClaim], artists: tuple[str, ...], name: str) -> list[str]:
    """A release of MusicBrainz, else whose, what, which year, which edition.

    A year that only some songs of the folder give, or give differently, tells no edition apart.
    """
    releases = {claim.release for claim in claims} - {""}
    years = {claim.year for claim in claims} - {0}
    year = str(*years) if len(years) == 1 else ""

    def key(claim: AlbumClaim) -> str:
        release = next(iter(releases)) if len(releases) == 1 else claim.release
        if release:
            return f"mb:{release}"
        return _short("|".join((_key(artists), fold(name), year, fold(claim.version))))

    return [key(claim) for claim in claims]


def _short(key: str) -> str:
    """A key that fits into an index."""
    if len(key) <= _LONGEST_KEY:
        return key
    return key[: _LONGEST_KEY - 32] + blake2b(key.encode(), digest_size=16).hexdigest()


def _key(artists: Sequence[str]) -> str:
    return ";".join(fold(artist) for artist in artists)


Evidence = Callable[[Trace], object]


def _file_name(trace: Trace) -> object:
    return trace.path.rpartition(b"/")[2], trace.cue


def _both(first: Evidence, *more: Evidence) -> Evidence:
    """Evidence that counts only when all of it is there."""
    parts = (first, *more)

    def key(trace: Trace) -> object:
        found = tuple(part(trace) for part in parts)
        return found if all(found) else None

    return key


def _recording(trace: Trace) -> object:
    return trace.mb_recording and trace.mb_release and (trace.mb_recording, trace.mb_release)


def _sound(trace: Trace) -> object:
    return trace.audio_hash


def _tags(trace: Trace) -> object:
    return trace.tag_key


# In this order; within one kind of evidence, what agrees in more comes first.
_EVIDENCE: tuple[Evidence, ...] = (
    _both(_recording, _sound),
    _both(_recording, _file_name),
    _recording,
    _both(_sound, _tags, _file_name),
    _both(_sound, _tags),
    _both(_sound, _file_name),
    _sound,
    _both(_tags, _file_name),
    _tags,
    lambda trace: (trace.path, trace.cue),
)
_NEEDS_DURATION = frozenset({7, 8})


def match(old: Sequence[Trace], new: Sequence[Trace]) -> dict[int, int]:
    """Ids of new files to ids of old songs; what finds nobody is not in it."""
    found: dict[int, int] = {}
    left = sorted(old, key=lambda trace: trace.path)
    wanting = sorted(new, key=lambda trace: trace.path)
    for level, evidence in enumerate(_EVIDENCE):
        if not left or not wanting:
            break
        pairs = _pairs(left, wanting, evidence, same_length=level in _NEEDS_DURATION)
        found |= pairs
        taken = set(pairs.values())
        left = [trace for trace in left if trace.id not in taken]
        wanting = [trace for trace in wanting if trace.id not in pairs]
    return found


def _pairs(
    old: Sequence[Trace], new: Sequence[Trace], evidence: Evidence, *, same_length: bool
) -> dict[int, int]:
    """Pair by one kind of evidence; where it is ambiguous, in the order of paths."""
    waiting: dict[object, deque[Trace]] = defaultdict(deque)
    for trace in old:
        if key := evidence(trace):
            waiting[key].append(trace)
    found = {}
    for trace in new:
        candidates = waiting.get(evidence(trace)) if waiting else None
        if candidates and not (same_length and _apart(candidates[0], trace)):
            found[trace.id] = candidates.popleft().id
    return found


def _apart(one: Trace, other: Trace) -> bool:
    """Whether two songs differ too much in length to be one."""
    longest = max(one.duration, other.duration)
    return abs(one.duration - other.duration) > max(_SECONDS_APART, longest * _PART_APART)
