"""Captions: text files beside a video, as SubRip or as WebVTT."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import islice

from streaming.errors import Gone
from streaming.files import open_inside

TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt"}
"""Content types by suffix."""

_MOST_FILES = 20_000
_MOST_CAPTIONS = 100
_MOST_BYTES = 4 * 1024 * 1024
_TIME = re.compile(
    r"(?:(\d{1,3}):)?(\d\d):(\d\d)[,.](\d{3})[ \t]+-->[ \t]+(?:(\d{1,3}):)?(\d\d):(\d\d)[,.](\d{3})"
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_FOREIGN = re.compile(
    r"</?(?:c|v|lang|ruby|rt)(?:[ .][^<>]*)?>|<[\d:.]+>|\{\\[^{}]*\}|</?font[^<>]*>"
)
"""Marks that only one of the two formats knows."""


@dataclass(frozen=True)
class Caption:
    """A file of captions; `name` is what it adds to the name of the video, a language for the most part."""

    path: bytes
    name: str
    suffix: str


def beside(root: bytes, video: bytes) -> list[Caption]:
    """The captions in the folder of a video, by name. Blocks: call it in a thread."""
    folder, _, name = video.rpartition(b"/")
    stem = name.rpartition(b".")[0] or name
    try:
        with os.scandir(os.path.join(root, folder)) as entries:  # noqa: PTH118
            names = [entry.name for entry in islice(entries, _MOST_FILES)]
    except OSError:
        return []
    found = []
    for file in sorted(names):
        beginning, _, suffix = file.rpartition(b".")
        more = beginning[len(stem) :]
        kind = suffix.lower().decode("ascii", "replace")
        if kind in TYPES and beginning.startswith(stem) and more[:1] in {b"", b".", b"-", b"_"}:
            path = folder + b"/" + file if folder else file
            found.append(Caption(path, _shown(more[1:]) or kind, kind))
    return found[:_MOST_CAPTIONS]


def read(root: bytes, caption: Caption) -> str:
    """The text of captions; raises `Gone`. Blocks: call it in a thread."""
    opened = open_inside(root, caption.path)
    with opened.file as file:
        if opened.size > _MOST_BYTES:
            raise Gone("The captions are too large.")
        data = file.read(_MOST_BYTES)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def convert(text: str, suffix: str) -> str:
    """The same captions as `srt` or `vtt`; what is in neither form is left out."""
    cues = list(_cues(text))
    if suffix == "vtt":
        return "WEBVTT\n\n" + "".join(_cue(begin, end, lines, ".") for begin, end, lines in cues)
    return "".join(
        f"{number}\n{_cue(begin, end, lines, ',')}"
        for number, (begin, end, lines) in enumerate(cues, 1)
    )


def _cues(text: str) -> list[tuple[int, int, list[str]]]:
    """Begin and end in ms, and the lines, of everything that has a time."""
    found: list[tuple[int, int, list[str]]] = []
    lines: list[str] | None = None
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        match = _TIME.match(line.strip()) if "-->" in line else None
        if match:
            lines = []
            found.append((_ms(match.groups()[:4]), _ms(match.groups()[4:]), lines))
        elif not line.strip():
            lines = None
        elif lines is not None:
            lines.append(_FOREIGN.sub("", line).replace("-->", "->"))
    return [cue for cue in found if cue[2]]


def _cue(begin: int, end: int, lines: list[str], point: str) -> str:
    text = "\n".join(lines)
    return f"{_clock(begin, point)} --> {_clock(end, point)}\n{text}\n\n"


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _clock(ms: int, point: str) -> str:
    seconds, thousandths = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{point}{thousandths:03}"


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "replace").replace(".", " ").replace("_", " ").strip()
