"""The words in the tags of a song, read by mutagen. Runs in a child of the sandbox."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import mutagen
from mutagen import MutagenError
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, ID3Tags
from mutagen.mp4 import MP4Tags

from library.lyrics.text import language

_NAME = re.compile(
    r"(?:wm/)?(?:un)?(?:sync(?:ed|hroni[sz]ed)?)?lyrics(?:[-:/]([a-z]{2,3}))?", re.IGNORECASE
)
_MILLISECONDS = 2
_WORDS = (0, 1, 2)
"""Kinds of SYLT frames that hold words, rather than chords or pictures."""
_FURTHEST = 999 * 60_000

Words = tuple[str, str]
"""A language, empty where unknown, and a text, perhaps LRC."""


def words(file: BinaryIO) -> Iterator[Words]:
    """Every text of lyrics in a file's tags."""
    for tags in _tags(file):
        if isinstance(tags, ID3Tags):
            yield from _of_id3(tags)
        elif isinstance(tags, MP4Tags):
            yield from _of_mp4(tags)
        else:
            yield from _of_pairs(tags.items() if isinstance(tags, APEv2) else tags)


def _tags(file: BinaryIO) -> Iterator[Any]:
    """The tags of the container, and those that may stand before and behind any other."""
    first = _by_name(file) or _by_contents(file)
    if first is not None:
        yield first
    for kind in (ID3, APEv2):
        if not isinstance(first, kind):
            file.seek(0)
            with suppress(MutagenError):
                yield kind(file)


def _by_name(file: BinaryIO) -> Any:
    with suppress(MutagenError):
        return getattr(mutagen.File(file), "tags", None)


def _by_contents(file: BinaryIO) -> Any:
    """The same without the name, for a suffix that lies."""
    with os.fdopen(os.dup(file.fileno()), "rb") as nameless:
        nameless.seek(0)
        return _by_name(nameless)


def _of_id3(tags: Any) -> Iterator[Words]:
    for frame in tags.getall("SYLT"):
        if frame.format == _MILLISECONDS and frame.type in _WORDS:
            yield language(frame.lang) or "", _lrc(frame)
    for frame in tags.getall("USLT"):
        yield language(frame.lang) or "", frame.text
    yield from _of_pairs((frame.desc, text) for frame in tags.getall("TXXX") for text in frame.text)


def _of_mp4(tags: Any) -> Iterator[Words]:
    for text in tags.get("\xa9lyr", ()):
        yield "", str(text)
    for key, values in tags.items():
        if key.startswith("----:"):
            texts = (bytes(value).decode("utf-8", "replace") for value in values)
            yield from _of_pairs((key.split(":", 2)[-1], text) for text in texts)


def _of_pairs(pairs: Any) -> Iterator[Words]:
    """Free names: Vorbis comments, APEv2 items, ASF attributes."""
    for key, value in pairs:
        name = _NAME.fullmatch(str(key).replace(" ", "").replace("_", ""))
        if name and not isinstance(getattr(value, "value", ""), bytes):
            yield language(name[1] or "") or "", str(value).replace("\0", "\n")


def _lrc(frame: Any) -> str:
    """SYLT as LRC. A line break stands before a line; where there is none, each text is a line."""
    pieces = [(text, time) for text, time in frame.text if 0 <= time <= _FURTHEST]
    whole = not any("\n" in text or "\r" in text for text, _ in pieces)
    lines: list[list[tuple[str, int]]] = []
    broken = True
    for text, time in pieces:
        bare = " ".join(re.split(r"[\r\n]+", text.strip("\r\n")))
        if whole or broken or text[:1] in ("\r", "\n"):
            lines.append([])
        lines[-1].append((bare, time))
        broken = text[-1:] in ("\r", "\n")
    return "\n".join(map(_lrc_line, lines))


def _lrc_line(pieces: list[tuple[str, int]]) -> str:
    head = f"[{_stamp(pieces[0][1])}]"
    if len(pieces) == 1:
        return head + pieces[0][0]
    return head + "".join(f"<{_stamp(time)}>{text}" for text, time in pieces)


def _stamp(ms: int) -> str:
    return f"{ms // 60_000:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
