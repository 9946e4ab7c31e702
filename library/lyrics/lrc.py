"""LRC: lines with times, words with times, several voices. Text without times is a sheet, too.

[ti:Title] [ar:Artist] [la:en]      heads
[offset:+500]                       show everything half a second earlier
[00:12.00][01:15.00]Refrain         a line that is sung twice
[00:17.20]<00:17.20>Two <00:17.60>words<00:18.00>
[00:21.10]v2: the other voice       [bg:<00:22.00>in the background]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import dropwhile

from library.lyrics.sheet import UNKNOWN, Cue, Line, Sheet
from library.lyrics.text import language

# Hours only where a fraction follows: in `[01:02:03]` the last are hundredths, as old programs wrote.
_TIME = r"\s*(?:(\d{1,2}):(?=\d{1,2}:\d{1,2}\.))?(\d{1,3}):(\d{1,2})(?:[.:](\d{1,9}))?\s*"
_STAMP = re.compile(rf"\s*\[{_TIME}\]")
_WORD = re.compile(f"<{_TIME}>")
_HEAD = re.compile(r"\s*\[\s*(#|[a-z]{1,10}\d{0,2})\s*:(.*)\]\s*", re.IGNORECASE)
_VOICE = re.compile(r"\s*(v\d{1,2}|bg)\s*:(?!//)\s*", re.IGNORECASE)
_OFFSET = re.compile(r"\s*([-+]?\s*\d{1,7})\s*(?:ms)?\s*", re.IGNORECASE)
_HEADS = frozenset(
    {"ti", "ar", "al", "au", "lr", "by", "re", "tool", "ve", "length", "offset", "#"}
)
_HEADS |= {"la", "lang", "language"}
_MOST_STAMPS = 200
_MOST_READ = 50_000
_MOST_LINES = 10_000
_MOST_LETTERS = 500_000
_LETTERS_OF_A_CUE = 16
_LONGEST_HEAD = 300


@dataclass
class _Found:
    """What was read so far."""

    heads: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    timed: list[tuple[int, Line]] = field(default_factory=list)
    letters: int = 0

    def add(self, start: int, line: Line) -> None:
        """Bounded: one line may be sung many times."""
        self.letters += len(line.text) + len(line.cues) * _LETTERS_OF_A_CUE + 1
        if not self.full:
            self.timed.append((start, line))

    @property
    def full(self) -> bool:
        return self.letters > _MOST_LETTERS or len(self.timed) >= _MOST_LINES


def parse(text: str, lang: str = "") -> Sheet | None:
    """A sheet from cleaned text; None when there is no word in it. Nothing in it can raise."""
    found = _Found()
    starts: list[int] = []
    for raw in text.split("\n", _MOST_READ)[:_MOST_READ]:
        if found.full:
            break
        starts = _take(raw, starts, found)
    lines = [line for _, line in sorted(found.timed, key=lambda timed: timed[0])]
    synced = bool(lines)
    if not synced:
        lines = list(_plain(text))
    if not any(line.text for line in lines):
        return None
    heads = found.heads
    return Sheet(
        lang=lang or language(_head(heads, "la", "lang", "language")) or UNKNOWN,
        synced=synced,
        lines=lines,
        title=_head(heads, "ti"),
        artist=_head(heads, "ar"),
        offset=_offset(heads) if synced else 0,
        names=found.names if synced else {},
    )


def _take(raw: str, before: list[int], found: _Found) -> list[int]:
    """One line of the file; gives the times at which the next stands if it has none of its own."""
    starts, rest = _stamps(raw)
    if starts:
        voice = _VOICE.match(rest)
        rest = rest[voice.end() :] if voice else rest
        _add(starts, rest, voice[1].lower() if voice else "", found)
        return starts
    if head := _HEAD.fullmatch(raw):
        return _take_head(head[1].lower(), head[2].strip(), before, found)
    if _WORD.match(raw.lstrip()):
        return _take_words(raw, "", before, found)
    if before and raw.strip():
        _add(before, raw, "", found)
    return before


def _take_head(name: str, value: str, before: list[int], found: _Found) -> list[int]:
    """A head, the name of a voice, or a line in brackets that a voice sings."""
    if _VOICE.fullmatch(f"{name}:"):
        if _WORD.search(value):
            return _take_words(value, name, before, found)
        found.names.setdefault(name, value[:_LONGEST_HEAD])
    else:
        found.heads.setdefault(name, value[:_LONGEST_HEAD])
    return before


def _take_words(text: str, voice: str, before: list[int], found: _Found) -> list[int]:
    """A line whose time is that of its first word."""
    first = _WORD.search(text)
    start = _ms(first) if first else None
    if start is None:
        return before
    _add([start], text, voice, found)
    return [start]


def _add(starts: list[int], text: str, voice: str, found: _Found) -> None:
    line = _line(starts[0], text, voice)
    for start in starts:
        # Words have the times of one singing only.
        cues = line.cues if len(starts) == 1 else ()
        found.add(start, Line(line.text, start, voice, cues))


def _stamps(raw: str) -> tuple[list[int], str]:
    """The times before a line, and the line."""
    found: list[int] = []
    at = 0
    while (match := _STAMP.match(raw, at)) and (start := _ms(match)) is not None:
        found.append(start)
        at = match.end()
    return found[:_MOST_STAMPS], raw[at:]


def _ms(match: re.Match[str]) -> int | None:
    """Milliseconds; None for what is no time."""
    hours, minutes, seconds, fraction = match.groups()
    if int(seconds) > 59 or (hours and int(minutes) > 59):
        return None
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def _line(start: int, text: str, voice: str) -> Line:
    """A line, its words taken apart where they have times."""
    pieces = _pieces(start, text)
    if len(pieces) == 1:
        return Line(pieces[0][1].strip(), start, voice)
    end: int | None = None
    while pieces and not pieces[-1][1].strip():
        end = pieces.pop()[0]
    if not pieces:
        return Line("", start, voice)
    pieces = list(dropwhile(lambda piece: not piece[1].strip(), pieces))
    pieces[0] = (pieces[0][0], pieces[0][1].lstrip())
    pieces[-1] = (pieces[-1][0], pieces[-1][1].rstrip())
    pieces = [piece for piece in pieces if piece[1]]
    return Line("".join(text for _, text in pieces), start, voice, tuple(_cues(pieces, end)))


def _pieces(start: int, text: str) -> list[tuple[int, str]]:
    """The text between times, each with the time before it. Times never fall."""
    found: list[tuple[int, str]] = []
    at = 0
    for match in _WORD.finditer(text):
        time = _ms(match)
        if time is None:
            continue
        if found or text[: match.start()].strip():
            found.append((start, text[at : match.start()]))
            start = max(start, time)
        else:
            found.append((start, ""))
            start = time
        at = match.end()
    return [*found, (start, text[at:])]


def _cues(pieces: list[tuple[int, str]], end: int | None) -> Iterator[Cue]:
    """Where the line says when it ends, each word ends with the next."""
    ends = [time for time, _ in pieces[1:]] + [end]
    at = 0
    for (start, text), until in zip(pieces, ends, strict=True):
        size = len(text.encode())
        yield Cue(start, until if end is not None else None, at, at + size - 1, text)
        at += size


def _plain(text: str) -> Iterator[Line]:
    """The lines of a text without times; blank ones part verses."""
    for raw in text[:_MOST_LETTERS].strip().split("\n", _MOST_LINES)[:_MOST_LINES]:
        line = raw.strip()
        head = _HEAD.fullmatch(line)
        if not (head and head[1].lower() in _HEADS):
            yield Line(line)


def _head(heads: dict[str, str], *names: str) -> str:
    return next((heads[name] for name in names if heads.get(name)), "")


def _offset(heads: dict[str, str]) -> int:
    match = _OFFSET.fullmatch(heads.get("offset", ""))
    return int(match[1].replace(" ", "")) if match else 0
