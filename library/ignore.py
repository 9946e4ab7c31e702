"""What a folder asks to pass over: patterns in a file of it, written as Git's ignore rules are.

Patterns come with the music, from anywhere: matching takes no longer than names are long, and there
are not too many of them.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Sequence
from functools import lru_cache

FILES = (b".dulcianignore", b".ndignore")
"""An empty one hides its folder; the patterns in it count for the folder and everything below."""

_MOST_BYTES = 64 * 1024
_MOST_PATTERNS = 500

_Part = Callable[[str], object] | None
"""Whether a name fits; None stands for any number of folders."""


class IgnoreError(OSError):
    """Patterns that cannot be followed; then nothing is known of what they leave out."""


class Rules:
    """The patterns of one file."""

    def __init__(self, folder: bytes, text: str) -> None:
        self._depth = folder.count(b"/") + 1 if folder else 0
        self._patterns = [found for line in text.splitlines() if (found := _pattern(line))]

    @property
    def count(self) -> int:
        return len(self._patterns)

    def verdict(self, path: bytes, *, folder: bool) -> bool | None:
        """Whether to pass over something below; None: nothing is said of it."""
        names = os.fsdecode(path).split("/")[self._depth :]
        for parts, only_folders, passed_over in reversed(self._patterns):
            if (folder or not only_folders) and _fits(parts, names):
                return passed_over
        return None


def ignored(rules: Sequence[Rules], path: bytes, *, folder: bool) -> bool:
    """Whether the rules of the folders above, outermost first, pass over a file or folder."""
    for each in reversed(rules):
        verdict = each.verdict(path, folder=folder)
        if verdict is not None:
            return verdict
    return False


def read(place: bytes, folder: bytes, names: Sequence[bytes] = FILES) -> list[Rules] | None:
    """The rules that stand in a folder; None: it is hidden. Raises IgnoreError."""
    found = []
    for name in names:
        text = _text(os.path.join(place, name))
        if text == b"":
            return None
        if text is not None:
            found.append(_rules(folder, name, text))
    return found


def _rules(folder: bytes, name: bytes, text: bytes) -> Rules:
    rules = Rules(folder, os.fsdecode(text[:_MOST_BYTES]))
    if len(text) > _MOST_BYTES or rules.count > _MOST_PATTERNS:
        raise IgnoreError(
            f"its {name.decode()} has more than {_MOST_PATTERNS} patterns or {_MOST_BYTES:,} bytes"
        )
    return rules


def _text(path: bytes) -> bytes | None:
    """What stands in a plain file; a link leads to who knows where, and is none."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if isinstance(error, PermissionError):
            name = os.fsdecode(os.path.basename(path))
            raise IgnoreError(f"its {name} cannot be read: {error.strerror}") from error
        return None
    with open(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        return opened.read(_MOST_BYTES + 1)


def _pattern(line: str) -> tuple[tuple[_Part, ...], bool, bool] | None:
    """A line as the parts of a path, whether it means folders only, and whether to pass over."""
    line = _without_end(line.removeprefix("\ufeff"))
    if not line or line.startswith("#"):
        return None
    passed_over = not line.startswith("!")
    line = line.removeprefix("!")
    only_folders = line.endswith("/")
    names = line.rstrip("/").split("/")
    if names == [""]:
        return None
    # A pattern without a slash in it means names at any depth.
    names = ["**", *names] if len(names) == 1 else names
    names = names[1:] if names[0] == "" else names
    if names[-1] == "**":
        names.append("*")
    return tuple(_part(name) for name in names), only_folders, passed_over


def _without_end(line: str) -> str:
    """A line without the space at its end, of which a backslash keeps one."""
    bare = line.rstrip()
    return line[: len(bare) + 1] if bare.endswith("\\") else bare


@lru_cache(maxsize=256)
def _part(name: str) -> _Part:
    if name == "**":
        return None
    # What a backslash stands before means itself; fnmatch knows brackets only.
    shell = re.sub(r"\\(.)", lambda match: _literal(match[1]), name.replace("[^", "[!"))
    # In contrast to `[^/]*`, what fnmatch makes of `*` never tries one beginning twice.
    return re.compile(fnmatch.translate(shell)).match


def _literal(character: str) -> str:
    return f"[{character}]" if character in "*?[" else character


def _fits(parts: Sequence[_Part], names: Sequence[str]) -> bool:
    """Whether names, one after the other, fit parts; as shells match `*`, by names."""
    part = name = 0
    again: tuple[int, int] | None = None
    while name < len(names):
        if part < len(parts) and (wanted := parts[part]) is None:
            again = (part + 1, name)
            part += 1
        elif part < len(parts) and wanted is not None and wanted(names[name]):
            part += 1
            name += 1
        elif again is not None:
            again = (again[0], again[1] + 1)
            part, name = again
        else:
            return False
    return all(rest is None for rest in parts[part:])
