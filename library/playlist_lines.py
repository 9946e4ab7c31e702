"""Which song a line of a playlist means: paths compared with paths, no file is looked at."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from library import paths

_REMOTE = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+://", re.IGNORECASE)
_FILE = re.compile(r"file:(?://(?:localhost)?(?=/))?", re.IGNORECASE)
_DRIVE = re.compile(r"/*[A-Za-z]:/")


class Place(NamedTuple):
    """Where a song lies."""

    id: int
    library_id: int
    path: bytes


class Line(NamedTuple):
    """A line, and the folder of the file that it stands in."""

    library_id: int
    folder: bytes
    text: str


class _Song(NamedTuple):
    id: int
    library_id: int
    text: str
    parts: list[str]
    """Folded."""


class Resolver:
    """Knows the songs that some lines may mean: those with the file name of one of them."""

    def __init__(self, roots: dict[int, bytes], lines: Iterable[Line]) -> None:
        self._roots = {library: _text(root).rstrip("/") for library, root in roots.items()}
        self._wanted = {
            _folded(spelt.rpartition("/")[2]) for line in lines for spelt in _spellings(line.text)
        }
        self._songs: dict[str, list[_Song]] = defaultdict(list)

    def add(self, place: Place) -> None:
        """Take note of a song, if a line may mean it."""
        text = _text(place.path)
        name = _folded(text.rpartition("/")[2])
        if name in self._wanted:
            parts = _folded(text).split("/")
            self._songs[name].append(_Song(place.id, place.library_id, text, parts))

    def find(self, line: Line) -> int | None:
        """The song that a line means; None: none, or it cannot be told which."""
        spellings = list(_spellings(line.text))
        for find in (self._exact, self._by_tail):
            for spelt in spellings:
                songs = self._songs.get(_folded(spelt.rpartition("/")[2]), [])
                if songs and (found := find(line, spelt, songs)) is not None:
                    return found
        return None

    def _exact(self, line: Line, spelt: str, songs: list[_Song]) -> int | None:
        """The song at the very path, however its letters are written."""
        for library, path in self._places(line, spelt):
            parts = _folded(path).split("/")
            same = [one for one in songs if one.library_id == library and one.parts == parts]
            same = [one for one in same if one.text == path] or same
            if len(same) == 1:
                return same[0].id
        return None

    def _places(self, line: Line, spelt: str) -> Iterator[tuple[int, str]]:
        """What a path means: below which library, and where in it."""
        if not _is_absolute(spelt):
            place = _normal(f"{_text(line.folder)}/{spelt}")
            if place is not None:
                yield line.library_id, place
            return
        for library, root in self._roots.items():
            if spelt.startswith(f"{root}/"):
                place = _normal(spelt[len(root) :])
                if place is not None:
                    yield library, place

    def _by_tail(self, line: Line, spelt: str, songs: list[_Song]) -> int | None:
        """The only song that shares the longest end of the path.

        A file name alone says too little, unless the song lies in no folder; so does a disc's.
        """
        parts = [
            part
            for part in _folded(_without_drive(spelt)).split("/")
            if part not in {"", ".", ".."}
        ]
        shared = [(_shared(parts, song.parts), song) for song in songs]
        most = max(length for length, _ in shared)
        best = [song for length, song in shared if length == most]
        if len(best) > 1:
            best = [song for song in best if song.library_id == line.library_id]
        if len(best) != 1:
            return None
        whole = most == len(best[0].parts)
        enough = most > 2 or (most == 2 and not paths.disc_number(parts[-2].encode()))
        return best[0].id if whole or enough else None


def is_remote(text: str) -> bool:
    """Whether a line is an address of the network."""
    return bool(_REMOTE.match(text))


def _spellings(text: str) -> Iterator[str]:
    """A line as it is, with slashes for backslashes, and without escapes."""
    if is_remote(text):
        return
    match = _FILE.match(text)
    if match:
        yield unquote(text[match.end() :])
        return
    yield text
    plain = text.replace("\\", "/")
    if plain != text:
        yield plain
    if "%" in plain:
        yield unquote(plain)


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or bool(_DRIVE.match(path))


def _without_drive(path: str) -> str:
    match = _DRIVE.match(path)
    return path[match.end() :] if match else path


def _normal(path: str) -> str | None:
    """Without `.` and `..`; None where it leads out of the library."""
    found: list[str] = []
    for part in path.split("/"):
        if part == ".." and not found:
            return None
        if part == "..":
            found.pop()
        elif part not in {"", "."}:
            found.append(part)
    return "/".join(found)


def _shared(one: list[str], other: list[str]) -> int:
    """How many parts are the same, from the end."""
    length = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        length += 1
    return length


def _folded(text: str) -> str:
    """Without case, and in one form of Unicode."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _text(path: bytes) -> str:
    """A path as the lines of a playlist are read."""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return path.decode("cp1252", "replace")
