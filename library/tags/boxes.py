"""Containers made of boxes: MP4, ASF, RIFF, AIFF, DSD."""

from __future__ import annotations

import contextlib
from typing import Any, BinaryIO

from msgspec.structs import replace
from mutagen.aiff import AIFF
from mutagen.asf import ASF
from mutagen.dsdiff import DSDIFF
from mutagen.dsf import DSF
from mutagen.mp4 import MP4
from mutagen.wave import WAVE

from library.tags import id3, payload
from library.tags.facts import Sound
from library.tags.names import common
from library.tags.raw import Raw
from library.tags.streams import sound_of

_MP4 = {
    "\xa9nam": "title",
    "sonm": "titlesort",
    "\xa9alb": "album",
    "soal": "albumsort",
    "\xa9ART": "artist",
    "soar": "artistsort",
    "aART": "albumartist",
    "soaa": "albumartistsort",
    "\xa9wrt": "composer",
    "soco": "composersort",
    "\xa9day": "date",
    "\xa9gen": "genre",
    "\xa9grp": "grouping",
    "\xa9wrk": "work",
    "\xa9mvn": "movementname",
    "\xa9cmt": "comment",
    "\xa9con": "conductor",
    "tmpo": "bpm",
    "rtng": "explicit",
    "cpil": "compilation",
    "\xa9mvi": "movementnumber",
    "\xa9mvc": "movementtotal",
}
_FREE = "----:"
_CODECS = {"mp4a": "aac", "ac-3": "ac3", "ec-3": "eac3", "mlpa": "truehd"}
_MPEG_LAYERS = ("mp4a.6B", "mp4a.69", "mp4a.40.34")
_LOSSLESS = {"alac", "flac"}
_ASF = {
    "title": "title",
    "author": "artist",
    "wm/albumtitle": "album",
    "wm/albumartist": "albumartist",
    "wm/tracknumber": "tracknumber",
    "wm/partofset": "discnumber",
    "wm/setsubtitle": "discsubtitle",
    "wm/year": "date",
    "wm/originalreleaseyear": "originaldate",
    "wm/genre": "genre",
    "wm/composer": "composer",
    "wm/conductor": "conductor",
    "wm/writer": "lyricist",
    "wm/producer": "producer",
    "wm/modifiedby": "remixer",
    "wm/arranger": "arranger",
    "wm/engineer": "engineer",
    "wm/mixer": "mixer",
    "wm/djmixer": "djmixer",
    "wm/work": "work",
    "wm/composersortorder": "composersort",
    "wm/originalreleasetime": "originaldate",
    "wm/beatsperminute": "bpm",
    "wm/publisher": "label",
    "wm/isrc": "isrc",
    "wm/mood": "mood",
    "wm/iscompilation": "compilation",
    "wm/contentgroupdescription": "grouping",
    "wm/titlesortorder": "titlesort",
    "wm/albumsortorder": "albumsort",
    "wm/artistsortorder": "artistsort",
    "wm/albumartistsortorder": "albumartistsort",
    "description": "comment",
}
_INFO = {
    b"INAM": "title",
    b"IART": "artist",
    b"IPRD": "album",
    b"ICRD": "date",
    b"IGNR": "genre",
    b"ITRK": "tracknumber",
    b"IPRT": "tracknumber",
    b"ICMT": "comment",
    b"IMUS": "composer",
    b"IWRI": "lyricist",
    b"IPRO": "producer",
    b"IENG": "engineer",
}
_LINEAR = {1, 3, 0xFFFE}
"""Formats of RIFF WAVE whose length is known by their size; FFmpeg counts the others."""
_PLAIN_AIFF = {b"", b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"FL64", b"in24", b"in32"}
_LONGEST_INFO = 1024 * 1024


def read_mp4(file: BinaryIO, size: int, content_type: str) -> Raw:
    """AAC, ALAC and whatever else stands in an MP4 file."""
    raw = Raw(content_type)
    found: Any = MP4(file)
    raw.sound = replace(sound_of(found.info), codec=_codec(found.info.codec))
    if raw.sound.codec not in _LOSSLESS:
        raw.sound = replace(raw.sound, bit_depth=0)
    if payload.atom(file, size, b"moof")[1]:
        # The head of a file in fragments may speak of its first one alone.
        raw.sound = replace(raw.sound, duration=0.0)
    raw.audio_hash = payload.sampled(file, payload.atom(file, size, b"mdat"))
    for key, values in (found.tags or {}).items():
        _take_atom(key, values, raw)
    return raw


def _codec(name: str) -> str:
    """The plain name of what RFC 6381 calls a codec, such as `mp4a.40.2`."""
    if name.startswith(_MPEG_LAYERS):
        return "mp3"
    if name == "mp4a.40.36":
        return "als"
    family = name.partition(".")[0].lower()
    return _CODECS.get(family, family)


def _take_atom(key: str, values: Any, raw: Raw) -> None:
    if key in _MP4:
        values = values if isinstance(values, list) else [values]
        raw.add(
            _MP4[key], *(str(int(value)) if isinstance(value, int) else value for value in values)
        )
    elif key.startswith(_FREE):
        name = common(key.split(":", 2)[-1])
        raw.add(name, *(bytes(value).decode("utf-8", "replace") for value in values))
    elif key in {"trkn", "disk"} and values:
        raw.add("tracknumber" if key == "trkn" else "discnumber", f"{values[0][0]}/{values[0][1]}")
    elif key == "covr":
        raw.pictures += [(0, bytes(value)) for value in values if value]


def read_asf(file: BinaryIO, size: int, content_type: str) -> Raw:
    """Windows Media."""
    raw = Raw(content_type)
    found: Any = ASF(file)
    lossless = "lossless" in str(found.info.codec_name).lower()
    raw.sound = replace(sound_of(found.info), codec="wmalossless" if lossless else "wma")
    raw.audio_hash = payload.sampled(file, payload.asf_data(file, size))
    for key, value in found.tags or ():
        name = _ASF.get(key.lower()) or common(key)
        if key == "WM/Picture":
            _take_asf_picture(bytes(value), raw)
        else:
            raw.add(name, *(id3.genres(str(value)) if name == "genre" else (str(value),)))
    return raw


def _take_asf_picture(data: bytes, raw: Raw) -> None:
    """One byte of kind, four of size, two texts in UTF-16, the picture."""
    length = int.from_bytes(data[1:5], "little")
    if 0 < length <= len(data):
        raw.pictures.append((data[0], data[-length:]))


def read_wave(file: BinaryIO, size: int, content_type: str) -> Raw:
    """RIFF WAVE, with an ID3 tag, a LIST of texts, or both."""
    raw = Raw(content_type)
    found: Any = WAVE(file, **id3.LEAN)
    if found.info.audio_format in _LINEAR:
        raw.sound = replace(sound_of(found.info), codec="pcm")
    raw.audio_hash = payload.sampled(file, payload.chunk(file, size, b"data"))
    for name in (b"id3 ", b"ID3 "):
        id3.read(file, raw, payload.chunk(file, size, name)[0])
    for span in payload.chunks(file, size, b"LIST"):
        raw.complete(_texts(file, span))
    return raw


def _texts(file: BinaryIO, span: payload.Span) -> dict[str, list[str]]:
    """The texts of an INFO list."""
    file.seek(span[0])
    data = file.read(min(span[1] - span[0], _LONGEST_INFO))
    found: dict[str, list[str]] = {}
    at = 4 if data[:4] == b"INFO" else len(data)
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        name, text = _INFO.get(data[at : at + 4]), data[at + 8 : at + 8 + length]
        if name and text.strip(b"\0 "):
            found.setdefault(name, []).append(_text(text.split(b"\0")[0]))
        at += 8 + length + (length & 1)
    return found


def _text(data: bytes) -> str:
    """Text of no stated encoding."""
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode("utf-8")
    return data.decode("cp1252", "replace")


def read_aiff(file: BinaryIO, size: int, content_type: str) -> Raw:
    """AIFF, with an ID3 tag or text chunks."""
    raw = Raw(content_type)
    found: Any = AIFF(file, **id3.LEAN)
    raw.sound = replace(sound_of(found.info), codec=_aiff_codec(file, size))
    if raw.sound.codec != "pcm":
        raw.sound = Sound()
    raw.audio_hash = payload.sampled(file, payload.chunk(file, size, b"SSND"))
    id3.read(file, raw, payload.chunk(file, size, b"ID3 ")[0])
    for name, chunk in (("title", b"NAME"), ("artist", b"AUTH"), ("comment", b"ANNO")):
        start, end = payload.chunk(file, size, chunk)
        if 0 < end - start <= _LONGEST_INFO and name not in raw.tags:
            file.seek(start)
            raw.add(name, _text(file.read(end - start).split(b"\0")[0]))
    return raw


def _aiff_codec(file: BinaryIO, size: int) -> str:
    """AIFF-C names its compression; most of those are none."""
    start, end = payload.chunk(file, size, b"COMM")
    file.seek(start)
    kind = file.read(min(end - start, 22))[18:22]
    return "pcm" if kind in _PLAIN_AIFF else kind.decode("ascii", "replace").strip().lower()


def read_dsf(file: BinaryIO, size: int, content_type: str) -> Raw:
    """DSD stream file."""
    raw = Raw(content_type)
    found: Any = DSF(file, **id3.LEAN)
    raw.sound = replace(sound_of(found.info), codec="dsd")
    start, end = _dsf_data(file, size)
    raw.audio_hash = payload.sampled(file, (start, end))
    id3.read(file, raw, end)
    return raw


def _dsf_data(file: BinaryIO, size: int) -> payload.Span:
    """Between the format chunk and the tags, whose place stands in the head of the file."""
    file.seek(0)
    head = file.read(40)
    tags = int.from_bytes(head[20:28], "little")
    start = 28 + int.from_bytes(head[32:40], "little") + 12
    return (start, tags if start < tags <= size else size)


def read_dff(file: BinaryIO, size: int, content_type: str) -> Raw:
    """DSD interchange file."""
    raw = Raw(content_type)
    found: Any = DSDIFF(file, **id3.LEAN)
    raw.sound = replace(sound_of(found.info), codec="dsd")
    raw.audio_hash = payload.sampled(file, payload.chunk(file, size, b"DSD ", wide=True))
    id3.read(file, raw, payload.chunk(file, size, b"ID3 ", wide=True)[0])
    return raw
