"""What a reader of one container finds, before it is understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from library.tags.facts import Sound
from library.tags.sheet import Sheet

FRONT_COVER = 3


@dataclass
class Raw:
    """Tags by common name (`library.tags.names`), stream and pictures of one file."""

    content_type: str
    sound: Sound = field(default_factory=Sound)
    tags: dict[str, list[str]] = field(default_factory=dict)
    pictures: list[tuple[int, bytes]] = field(default_factory=list)
    audio_hash: bytes = b""
    base_gain: float = 0.0
    sheet: Sheet | None = None

    def add(self, name: str, *values: str) -> None:
        """Add values to a tag."""
        self.tags.setdefault(name, []).extend(values)

    def complete(self, others: dict[str, list[str]]) -> None:
        """Take from a second set of tags what the first does not have."""
        for name, values in others.items():
            self.tags.setdefault(name, values)

    @property
    def picture(self) -> bytes:
        """The best picture: a front cover before all others."""
        if not self.pictures:
            return b""
        return min(self.pictures, key=lambda found: found[0] != FRONT_COVER)[1]


Reader = Callable[[BinaryIO, int, str], Raw]
"""Reads an open file of a given size; the third parameter is the content type of its suffix."""


class UnreadableError(Exception):
    """The file is not what it should be; the text says in what way."""
