"""ID3 tags: frames read by mutagen into lean classes of our own, then given their common names.

The lean classes are half of the speed of a scan: mutagen's own decode UTF-16 character by character
and check each attribute. Frames that nobody asks for are not decoded at all.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any, BinaryIO

from mutagen.id3 import ID3, Frames, Frames_2_2, ID3JunkFrameError, ID3NoHeaderError, ParseID3v1
from mutagen.id3 import TCON as GENRE
from mutagen.id3 import Frame as MutagenFrame

from library.tags.names import common
from library.tags.raw import Raw

_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_WIDE = (1, 2)

_TEXTS = {
    "TIT2": "title",
    "TSOT": "titlesort",
    "TALB": "album",
    "TSOA": "albumsort",
    "TPE1": "artist",
    "TSOP": "artistsort",
    "TPE2": "albumartist",
    "TSO2": "albumartistsort",
    "TCOM": "composer",
    "TSOC": "composersort",
    "TEXT": "lyricist",
    "TPE3": "conductor",
    "TPE4": "remixer",
    "TCON": "genre",
    "TMOO": "mood",
    "GRP1": "grouping",
    "MVNM": "movementname",
    "MVIN": "movementnumber",
    "TIT3": "subtitle",
    "TRCK": "tracknumber",
    "TPOS": "discnumber",
    "TSST": "discsubtitle",
    "TDRC": "date",
    "TYER": "date",
    "TDRL": "releasedate",
    "TDOR": "originaldate",
    "TORY": "originaldate",
    "TPUB": "label",
    "TSRC": "isrc",
    "TBPM": "bpm",
    "TCMP": "compilation",
    "TIT1": "contentgroup",
    "TDAT": "daymonth",
}
_PEOPLE = {"TIPL", "TMCL", "IPLS"}
_PEOPLE_ROLES = {
    "arranger": "arranger",
    "dj-mix": "djmixer",
    "engineer": "engineer",
    "mix": "mixer",
    "producer": "producer",
}
_NO_GENRE = "Unknown"
_MOST_TAGS = 4


class _Frame(MutagenFrame):  # type: ignore[misc,unused-ignore]
    """A frame that keeps what we want of it, and is never merged with another."""

    _framespec = ()
    name = ""

    HashKey = property(id)

    def _upgrade_frame(self) -> _Frame:
        return self

    def _readData(self, _header: Any, data: bytes) -> bytes:  # noqa: N802 - mutagen's name
        self.__dict__["found"] = self.parse(data)
        return b""

    def parse(self, data: bytes) -> Any:
        raise NotImplementedError


class _Unwanted(_Frame):
    """Any frame that is passed over."""

    @classmethod
    def _fromData(cls, *_: Any) -> _Frame:  # noqa: N802
        raise ID3JunkFrameError


class _Text(_Frame):
    """T000 to TZZZ."""

    def parse(self, data: bytes) -> list[str]:
        return _decode(data[0], data[1:]).split("\0")


class _Described(_Frame):
    """TXXX: a description and values."""

    def parse(self, data: bytes) -> tuple[str, list[str]]:
        text, *values = _decode(data[0], data[1:]).split("\0")
        return text, values


class _Comment(_Frame):
    """COMM: a language, a description and text."""

    def parse(self, data: bytes) -> tuple[str, list[str]]:
        text, *values = _decode(data[0], data[4:]).split("\0")
        return text, values


class _Owned(_Frame):
    """UFID: an owner and an id."""

    def parse(self, data: bytes) -> tuple[str, str]:
        owner, _, value = data.partition(b"\0")
        return owner.decode("latin-1"), value.decode("latin-1")


class _Picture(_Frame):
    """APIC: kind and bytes."""

    def parse(self, data: bytes) -> tuple[int, bytes]:
        _, _, rest = data[1:].partition(b"\0")
        return _picture(data[0], rest)


class _OldPicture(_Frame):
    """PIC of ID3v2.2."""

    def parse(self, data: bytes) -> tuple[int, bytes]:
        return _picture(data[0], data[4:])


class _Volume(_Frame):
    """RVA2: a description, and the gain of the master channel."""

    def parse(self, data: bytes) -> tuple[str, float]:
        name, _, rest = data.partition(b"\0")
        if rest[:1] != b"\x01" or len(rest) < 3:
            raise ID3JunkFrameError
        return name.decode("latin-1").lower(), int.from_bytes(rest[1:3], "big", signed=True) / 512


def _decode(encoding: int, data: bytes) -> str:
    """Text in one of the four encodings; the byte order mark of each further value goes too."""
    text = data.decode(_ENCODINGS.get(encoding, "latin-1"), "replace")
    return text.replace("\ufeff", "") if encoding in _WIDE else text


def _picture(encoding: int, data: bytes) -> tuple[int, bytes]:
    """Kind, description and bytes."""
    if not data:
        raise ID3JunkFrameError
    if encoding not in _WIDE:
        end = data.find(b"\0", 1) + 1
    else:
        end = 1
        while end + 1 < len(data) and data[end : end + 2] != b"\0\0":
            end += 2
        end += 2
    return data[0], data[end:]


def _frames() -> dict[str, type[_Frame]]:
    """A class for each frame there is, of ID3v2.2 to 2.4."""
    special: dict[str, type[_Frame]] = {
        "TXXX": _Described,
        "COMM": _Comment,
        "UFID": _Owned,
        "APIC": _Picture,
        "RVA2": _Volume,
    }

    def lean(name: str) -> type[_Frame]:
        base = special.get(name) or (_Text if name in _TEXTS or name in _PEOPLE else _Unwanted)
        return type(name, (base,), {"name": name})

    known = {name: lean(name) for name in Frames}
    for short, old in Frames_2_2.items():
        known[short] = known.get(old.__mro__[1].__name__, _Unwanted)
    return known | {"PIC": type("PIC", (_OldPicture,), {"name": "APIC"})}


LEAN = {"known_frames": _frames(), "translate": False, "load_v1": False}
"""Keyword arguments for mutagen's classes whose tags are ID3."""


def read(file: BinaryIO, raw: Raw) -> None:
    """The ID3v2 tags at the beginning of a file; what the first does not say, the next may."""
    at = 0
    for _ in range(_MOST_TAGS):
        file.seek(at)
        try:
            tags = ID3(file, **LEAN)
        except ID3NoHeaderError:
            return
        found = Raw(raw.content_type) if at else raw
        take(tags, found)
        if at:
            raw.complete(found.tags)
            raw.pictures += found.pictures
        at += tags.size


def take(tags: Any, raw: Raw) -> None:
    """Give frames their common names."""
    for frame in tags.values():
        _TAKERS.get(frame.name, _take_text)(frame.name, frame.found, raw)
    _settle(raw)


def _take_text(name: str, values: list[str], raw: Raw) -> None:
    raw.add(_TEXTS[name], *values)


def _take_people(_: str, values: list[str], raw: Raw) -> None:
    """Pairs of a role or an instrument, and a name."""
    for role, person in list(pairwise(values))[::2]:
        known = _PEOPLE_ROLES.get(role.strip().lower())
        if known:
            raw.add(known, person)
        elif person:
            raw.add("performer", f"{person} ({role.strip()})" if role.strip() else person)


def _take_described(_: str, found: tuple[str, list[str]], raw: Raw) -> None:
    raw.add(common(found[0]), *found[1])


def _take_comment(_: str, found: tuple[str, list[str]], raw: Raw) -> None:
    """The comment; iTunes keeps its figures in comments with a description."""
    about, values = found
    if about == "iTunNORM":
        raw.add("itunnorm", *values)
    elif not about.startswith("iTun"):
        raw.add("comment" if not about else "other comment", *values)


def _take_owned(_: str, found: tuple[str, str], raw: Raw) -> None:
    if found[0] == "http://musicbrainz.org":
        raw.add("musicbrainz_trackid", found[1])


def _take_picture(_: str, found: tuple[int, bytes], raw: Raw) -> None:
    if found[1]:
        raw.pictures.append(found)


def _take_volume(_: str, found: tuple[str, float], raw: Raw) -> None:
    if found[0] in {"track", "album"}:
        raw.add(f"replaygain_{found[0]}_gain", str(found[1]))


_TAKERS = {
    "TXXX": _take_described,
    "COMM": _take_comment,
    "UFID": _take_owned,
    "APIC": _take_picture,
    "RVA2": _take_volume,
} | dict.fromkeys(_PEOPLE, _take_people)


def _settle(raw: Raw) -> None:
    """What one frame means depends on whether another is there."""
    tags = raw.tags
    if group := tags.pop("contentgroup", None):
        tags.setdefault("work" if "grouping" in tags else "grouping", group)
    if "genre" in tags:
        tags["genre"] = [name for value in tags["genre"] for name in genres(value)]
    if (of_year := tags.pop("daymonth", None)) and len(tags.get("date", [""])[0]) == 4:
        day_month = of_year[0].strip()
        if len(day_month) == 4 and day_month.isdecimal():
            tags["date"] = [f"{tags['date'][0]}-{day_month[2:]}-{day_month[:2]}"]


@lru_cache(maxsize=1024)
def genres(value: str) -> tuple[str, ...]:
    """Names for `17`, `(17)`, `(17)Rock` and plain names."""
    if value.isalpha():
        return (value,)
    found = GENRE(encoding=3, text=[value]).genres
    return tuple(name for name in found if name != _NO_GENRE)


def read_v1(tail: bytes, raw: Raw) -> None:
    """The ID3v1 tag in the last 128 bytes, for what nothing else says."""
    frames = ParseID3v1(tail[-128:]) or {}
    found = {_TEXTS[name]: list(frame.text) for name, frame in frames.items() if name in _TEXTS}
    if "date" in found:
        found["date"] = [str(stamp) for stamp in found["date"]]
    if "genre" in found:
        found["genre"] = [name for value in found["genre"] for name in genres(value)]
    raw.complete(found)
