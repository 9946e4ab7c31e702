"""Cue sheets: text that says where the tracks of one file begin, and what they are called."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

LARGEST = 1024 * 1024
MOST_TRACKS = 99
_LONGEST_LINE = 4000
_FRAMES = 75
_COMMAND = re.compile(r"(?:REM\s+)?([A-Za-z_]+)[ \t]+(\S.*)")
_TIME = re.compile(r"(\d{1,5}):([0-5]?\d):([0-6]?\d|7[0-4])", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)
_KINDS = frozenset({
    "WAV", "WAVE", "MP3", "AIFF", "BINARY", "MOTOROLA", "FLAC", "APE", "OGG", "AAC",
})  # fmt: skip
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ALBUM = {
    "TITLE": "album",
    "PERFORMER": "albumartist",
    "CATALOG": "barcode",
    "DISCID": "discid",
    "DISCNUMBER": "discnumber",
    "REPLAYGAIN_ALBUM_GAIN": "replaygain_album_gain",
    "REPLAYGAIN_ALBUM_PEAK": "replaygain_album_peak",
}
_TRACK = {
    "TITLE": "title",
    "PERFORMER": "artist",
    "ISRC": "isrc",
    "REPLAYGAIN_TRACK_GAIN": "replaygain_track_gain",
    "REPLAYGAIN_TRACK_PEAK": "replaygain_track_peak",
}
_BOTH = {
    "SONGWRITER": "composer",
    "COMPOSER": "composer",
    "GENRE": "genre",
    "DATE": "date",
    "COMMENT": "comment",
}

Tags = dict[str, list[str]]


class SheetError(Exception):
    """The sheet cannot be used; the text says why."""


class Track(Struct):
    """A track: in which of the sheet's files, and at which second, it begins."""

    number: int
    file: int
    begin: float = -1.0
    sound: bool = True
    tags: Tags = field(default_factory=dict)


class Sheet(Struct):
    """What a sheet says. Its names of files are only names: nothing is opened by them."""

    files: list[str] = field(default_factory=list)
    tags: Tags = field(default_factory=dict)
    tracks: list[Track] = field(default_factory=list)


def parse(data: bytes | str) -> Sheet:
    """Read a sheet; raises SheetError for what is none."""
    if len(data) > LARGEST:
        raise SheetError(f"the cue sheet is larger than {LARGEST:,} bytes")
    sheet = Sheet()
    for command, value in _commands(data if isinstance(data, str) else _text(data)):
        if command == "FILE":
            sheet.files.append(_file(value))
            if len(sheet.files) > MOST_TRACKS:
                raise SheetError(f"the cue sheet names more than {MOST_TRACKS} files")
        elif command == "TRACK":
            _begin(sheet, value)
        elif command == "INDEX":
            _index(sheet, value)
        else:
            _tag(sheet, command, _bare(value))
    if not sheet.tracks:
        raise SheetError("the cue sheet names no tracks")
    return sheet


def of_flac(block: Any, rate: int) -> Sheet | None:
    """The sheet in a block of FLAC, as mutagen has it, with positions in samples."""
    found = Sheet([""])
    for track in block.tracks[: MOST_TRACKS + 1]:
        starts = {index.index_number: index.index_offset for index in track.indexes}
        if track.track_number > MOST_TRACKS or not starts:
            continue  # what follows the last track
        isrc = track.isrc.decode("ascii", "replace").strip("\0 ")
        begin = (track.start_offset + starts.get(1, starts[min(starts)])) / rate
        tags = {"isrc": [isrc]} if isrc else {}
        found.tracks.append(Track(track.track_number, 0, begin, track.type == 0, tags))
    numbers = [track.number for track in found.tracks]
    return found if numbers and numbers == sorted({*numbers}) else None


def _text(data: bytes) -> str:
    """Old programs wrote the code page of their country; of these only what can be told apart is."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if b"\0" in data[:2]:
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", "replace")
    # Bytes that are no letters in Western Europe are common in Japanese.
    for encoding in ("utf-8", "cp1252", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _commands(text: str) -> Iterator[tuple[str, str]]:
    for line in re.split(r"[\r\n]+", text):
        if match := _COMMAND.match(line[:_LONGEST_LINE].strip()):
            yield match[1].upper(), match[2]


def _bare(value: str) -> str:
    """A value without its quotes; there may be more of them inside."""
    if value[:1] == '"':
        end = value.rfind('"')
        value = value[1:end] if end else value[1:]
    return value.strip()


def _file(value: str) -> str:
    """A name without quotes ends before the kind of file."""
    words = value.rsplit(maxsplit=1)
    bare = value[:1] != '"' and len(words) == 2 and words[1].upper() in _KINDS
    return words[0] if bare else _bare(value)


def _begin(sheet: Sheet, value: str) -> None:
    number, _, kind = value.partition(" ")
    if not _NUMBER.fullmatch(number) or not 0 < int(number) <= MOST_TRACKS:
        raise SheetError(f"the tracks of a cue sheet are numbered from 1 to {MOST_TRACKS}")
    if sheet.tracks and int(number) <= sheet.tracks[-1].number:
        raise SheetError(f"the cue sheet is out of order: track {int(number)} comes too late")
    kind = kind.strip().upper()
    sheet.tracks.append(
        Track(int(number), len(sheet.files) - 1, sound=kind in {"", "AUDIO", "CDG"})
    )


def _index(sheet: Sheet, value: str) -> None:
    """A track begins at its index 1, or where that is not told at its first."""
    number, _, time = value.partition(" ")
    if not sheet.tracks or not sheet.files:
        return
    track, match = sheet.tracks[-1], _TIME.fullmatch(time.strip())
    if match is None:
        raise SheetError(f"the cue sheet has no time for track {track.number}")
    if track.begin < 0 or number in {"1", "01"}:
        minutes, seconds, frames = map(int, match.groups())
        track.begin = minutes * 60 + seconds + frames / _FRAMES
        track.file = len(sheet.files) - 1


def _tag(sheet: Sheet, command: str, value: str) -> None:
    own = _TRACK if sheet.tracks else _ALBUM
    name = own.get(command) or _BOTH.get(command)
    if name is None and command.startswith("REPLAYGAIN_ALBUM"):
        sheet.tags.setdefault(command.lower(), [value])
    elif name is not None and value:
        tags = sheet.tracks[-1].tags if sheet.tracks else sheet.tags
        tags.setdefault(name, [value])
