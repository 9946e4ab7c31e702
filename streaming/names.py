"""Names of files inside an archive: safe on every system, short enough, none twice."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_BAD = re.compile(
    r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]'
)
"""Forbidden somewhere, half a character, or turning the direction of writing to hide a suffix."""
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)
_LONGEST = 160
_LONGEST_SUFFIX = 16


class Names:
    """Gives out the names of one archive."""

    def __init__(self) -> None:
        self._folders: dict[tuple[str, str, int], str] = {}
        self._taken: Counter[str] = Counter()

    def file(self, folder: str, stem: str, suffix: str) -> str:
        """A name that no other file has; where case is all that differs, another one."""
        short = clean(suffix)[:_LONGEST_SUFFIX] if suffix else ""
        return self._free(folder, clean(stem), f".{short}" if short else "")

    def folder(self, parent: str, name: str, key: int = 0) -> str:
        """The path of a folder, with a slash at its end; the same name with another key is another."""
        known = (parent, name, key)
        if known not in self._folders:
            self._folders[known] = self._free(parent, clean(name), "") + "/"
        return self._folders[known]

    def _free(self, folder: str, stem: str, suffix: str) -> str:
        name = f"{folder}{stem}{suffix}"
        start = _same(name)
        while self._taken[_same(name)]:
            self._taken[start] += 1
            name = f"{folder}{stem} ({self._taken[start]}){suffix}"
        self._taken[_same(name)] += 1
        return name


def clean(part: str) -> str:
    """One part of a path that every system takes as it is; never empty, never `.` or `..`."""
    text = _BAD.sub("_", unicodedata.normalize("NFC", part))
    text = text.encode()[:_LONGEST].decode("utf-8", "ignore").strip(" ").rstrip(". ")
    # What begins with a dot is hidden, or leads upwards.
    if text.startswith(".") or not text:
        text = f"_{text.lstrip('.')}"
    return f"_{text}" if _RESERVED.match(text) else text


def _same(name: str) -> str:
    """Equal for names that are the same file on some system."""
    return unicodedata.normalize("NFC", name.casefold())
