"""A sheet: the words of one song in one language, with their times where they are known."""

from __future__ import annotations

from msgspec import Struct

UNKNOWN = "xxx"
"""The language of a sheet that does not say."""


class Cue(Struct, frozen=True, array_like=True, gc=False):
    """A word or syllable: when it is sung (ms), and its first and last byte in the line's UTF-8."""

    start: int
    end: int | None
    first: int
    last: int
    text: str


class Line(Struct, frozen=True, array_like=True, gc=False):
    """A line; `start` (ms) is None where no times are known, `voice` is empty where one sings all."""

    text: str
    start: int | None = None
    voice: str = ""
    cues: tuple[Cue, ...] = ()


class Sheet(Struct, frozen=True, array_like=True, gc=False):
    """The lines, in the order of their times. A positive `offset` (ms) means: show them earlier."""

    lang: str
    synced: bool
    lines: list[Line]
    title: str = ""
    artist: str = ""
    offset: int = 0
    names: dict[str, str] = {}
    """What the voices are called."""

    @property
    def text(self) -> str:
        """The words alone."""
        return "\n".join(line.text for line in self.lines)


class Request(Struct, frozen=True, array_like=True):
    """A song, and the files beside it with their languages: names in the folder of the song."""

    root: bytes
    path: bytes
    beside: list[tuple[bytes, str]]


class Answer(Struct, frozen=True, array_like=True):
    """What was found, and what went wrong meanwhile."""

    sheets: list[Sheet]
    problems: list[str]
