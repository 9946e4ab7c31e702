"""ID3 tags: what their frames say, under common names."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any, BinaryIO

from mutagen.id3 import TCON as GENRE
from mutagen.id3 import ParseID3v1

from library.tags import frames
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
    "composer": "composer",
    "conductor": "conductor",
    "director": "director",
    "dj-mix": "djmixer",
    "djmixer": "djmixer",
    "engineer": "engineer",
    "lyricist": "lyricist",
    "mix": "mixer",
    "mixer": "mixer",
    "producer": "producer",
    "remixer": "remixer",
    "writer": "writer",
}
_NO_GENRE = "Unknown"
_MOST_TAGS = 4


def _values(encoding: int, data: bytes) -> list[str]:
    """Texts in one of the four encodings; each may have a byte order mark of its own."""
    text = data.decode(_ENCODINGS.get(encoding, "latin-1"), "replace")
    return (text.replace("\ufeff", "") if encoding in _WIDE else text).split("\0")


LEAN: dict[str, Any] = {"known_frames": {}, "translate": False, "load_v1": False}
"""Keyword arguments for mutagen's classes of files with ID3 tags: not to decode them too."""


def read(file: BinaryIO, raw: Raw, at: int = 0) -> None:
    """The ID3v2 tags at a place; what the first does not say, one behind it may."""
    found = raw
    for _ in range(_MOST_TAGS):
        file.seek(at)
        size = frames.tag_size(file.read(frames.HEAD))
        if not size:
            return
        for name, data in frames.read(file, at, _TAKERS.__contains__):
            _TAKERS[name](name, data, found)
        _settle(found)
        if found is not raw:
            raw.complete(found.tags)
            raw.pictures += found.pictures
        found = Raw(raw.content_type)
        at += size


def _take_text(name: str, data: bytes, raw: Raw) -> None:
    raw.add(_TEXTS[name], *_values(data[0], data[1:]))


def _take_people(_: str, data: bytes, raw: Raw) -> None:
    """Pairs of a role or an instrument, and a name."""
    values = _values(data[0], data[1:])
    for role, person in list(pairwise(values))[::2]:
        known = _PEOPLE_ROLES.get(role.strip().lower())
        if known:
            raw.add(known, person)
        elif person:
            raw.add("performer", f"{person} ({role.strip()})" if role.strip() else person)


def _take_described(_: str, data: bytes, raw: Raw) -> None:
    name, *values = _values(data[0], data[1:])
    raw.add(common(name), *values)


def _take_comment(_: str, data: bytes, raw: Raw) -> None:
    """The comment; iTunes keeps its figures in comments with a description."""
    about, *values = _values(data[0], data[4:])
    if about == "iTunNORM":
        raw.add("itunnorm", *values)
    elif not about.startswith("iTun"):
        raw.add("comment" if not about else "other comment", *values)


def _take_owned(_: str, data: bytes, raw: Raw) -> None:
    owner = b"http://musicbrainz.org\0"
    if data.startswith(owner):
        raw.add("musicbrainz_trackid", data[len(owner) :].decode("latin-1"))


def _take_picture(_: str, data: bytes, raw: Raw) -> None:
    """Encoding, kind of file, kind of picture, description, picture."""
    _keep_picture(data[0], data, data.find(b"\0", 1) + 1, raw)


def _take_old_picture(_: str, data: bytes, raw: Raw) -> None:
    """The same, with a kind of file of three letters."""
    _keep_picture(data[0], data, 4, raw)


def _keep_picture(encoding: int, data: bytes, at: int, raw: Raw) -> None:
    """`at` is where the kind of picture stands."""
    end = _end_of_text(data, at + 1, 2 if encoding in _WIDE else 1)
    if at < end < len(data):
        raw.pictures.append((data[at], data[end:]))


def _end_of_text(data: bytes, start: int, width: int) -> int:
    """What follows the zero that ends a text; nothing does when there is none."""
    at = data.find(bytes(width), start)
    while at >= 0 and (at - start) % width:
        at = data.find(bytes(width), at + 1)
    return at + width if at >= 0 else len(data)


def _take_volume(_: str, data: bytes, raw: Raw) -> None:
    """The gain of the master channel."""
    name, rest = data[: (end := data.find(b"\0"))], data[end + 1 :]
    if name.lower() in {b"track", b"album"} and rest[:1] == b"\x01" and len(rest) >= 3:
        found = int.from_bytes(rest[1:3], "big", signed=True) / 512
        raw.add(f"replaygain_{name.decode().lower()}_gain", str(found))


_TAKERS = {
    "TXXX": _take_described,
    "COMM": _take_comment,
    "UFID": _take_owned,
    "APIC": _take_picture,
    "PIC": _take_old_picture,
    "RVA2": _take_volume,
    **dict.fromkeys(_PEOPLE, _take_people),
    **dict.fromkeys(_TEXTS, _take_text),
}


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
    old = ParseID3v1(tail[-128:]) or {}
    found = {_TEXTS[name]: list(frame.text) for name, frame in old.items() if name in _TEXTS}
    if "date" in found:
        found["date"] = [str(stamp) for stamp in found["date"]]
    if "genre" in found:
        found["genre"] = [name for value in found["genre"] for name in genres(value)]
    raw.complete(found)
