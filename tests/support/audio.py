"""Real music files for tests: sound by PyAV, tags by mutagen.

Names of tags are those of Vorbis comments; each container gets them in its own way. Songs with
different titles sound different, unless `hertz` says otherwise. Sounds are made once per process.
"""

from __future__ import annotations

import base64
import io
import math
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TXXX, UFID, Frames
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

Values = str | list[str]

_RATE = 44100
_CODECS = {
    "mp3": ("mp3", "libmp3lame"),
    "mp2": ("mp2", "mp2"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "vorbis"),
    "oga": ("ogg", "flac"),
    "opus": ("ogg", "libopus"),
    "m4a": ("ipod", "aac"),
    "aac": ("adts", "aac"),
    "wav": ("wav", "pcm_s16le"),
    "aiff": ("aiff", "pcm_s16be"),
    "mka": ("matroska", "flac"),
    "webm": ("webm", "libopus"),
    "caf": ("caf", "pcm_s16be"),
    "au": ("au", "pcm_s16be"),
    "wv": ("wv", "wavpack"),
    "wma": ("asf", "wmav2"),
    "ac3": ("ac3", "ac3"),
    "tta": ("tta", "tta"),
}
_ID3 = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "albumartist": "TPE2",
    "date": "TDRC",
    "genre": "TCON",
    "tracknumber": "TRCK",
    "discnumber": "TPOS",
    "composer": "TCOM",
    "compilation": "TCMP",
    "label": "TPUB",
    "isrc": "TSRC",
    "bpm": "TBPM",
    "originaldate": "TDOR",
    "discsubtitle": "TSST",
    "artistsort": "TSOP",
    "albumsort": "TSOA",
    "titlesort": "TSOT",
}
_ID3_LONG = {
    "musicbrainz_albumid": "MusicBrainz Album Id",
    "musicbrainz_artistid": "MusicBrainz Artist Id",
    "musicbrainz_albumartistid": "MusicBrainz Album Artist Id",
    "releasetype": "MusicBrainz Album Type",
}
_MP4 = {
    "title": "\xa9nam",
    "artist": "\xa9ART",
    "album": "\xa9alb",
    "albumartist": "aART",
    "date": "\xa9day",
    "genre": "\xa9gen",
    "composer": "\xa9wrt",
    "comment": "\xa9cmt",
}
_ASF = {
    "title": "Title",
    "artist": "Author",
    "album": "WM/AlbumTitle",
    "albumartist": "WM/AlbumArtist",
    "date": "WM/Year",
    "genre": "WM/Genre",
    "tracknumber": "WM/TrackNumber",
}


@dataclass(frozen=True)
class Song:
    """One song; what is empty is not written."""

    title: str = ""
    artist: Values = ""
    album: str = ""
    albumartist: Values = ""
    track: int = 0
    disc: int = 0
    date: str = ""
    genre: Values = ""
    compilation: bool = False
    seconds: float = 0.5
    hertz: float = 0.0
    picture: bytes = b""
    more: Mapping[str, Values] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, list[str]]:
        """All tags by name."""
        given: dict[str, Values] = {
            "title": self.title,
            "artist": self.artist,
            "album": self.album,
            "albumartist": self.albumartist,
            "tracknumber": str(self.track or ""),
            "discnumber": str(self.disc or ""),
            "date": self.date,
            "genre": self.genre,
            "compilation": "1" if self.compilation else "",
            **self.more,
        }
        return {name: listed(value) for name, value in given.items() if value}

    @property
    def pitch(self) -> float:
        """The tone of this song, in whole Hertz."""
        return self.hertz or 200 + zlib.crc32(self.title.encode()) % 2000


def listed(value: Values) -> list[str]:
    return [value] if isinstance(value, str) else value


def write(path: Path, song: Song) -> Path:
    """Make a file; its suffix says what it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made(path.suffix[1:].lower(), song))
    return path


def made(kind: str, song: Song) -> bytes:
    """The bytes of a file of this kind."""
    file = io.BytesIO(sound(kind, song.seconds, song.pitch))
    if song.tags or song.picture:
        _tag(file, kind, song)
    return file.getvalue()


def retag(path: Path, song: Song) -> Path:
    """Replace the tags of a file; the sound stays."""
    file = io.BytesIO(path.read_bytes())
    _tag(file, path.suffix[1:].lower(), song)
    path.write_bytes(file.getvalue())
    return path


@cache
def sound(kind: str, seconds: float, hertz: float) -> bytes:
    """A tone."""
    container, codec = _CODECS[kind]
    rate = 48000 if codec == "libopus" else _RATE
    file = io.BytesIO()
    options = {"fflags": "+bitexact", "id3v2_version": "0"} if kind == "mp3" else {}
    strict = {"strict": "-2"} if codec == "vorbis" else {}
    with av.open(file, "w", format=container, options=options) as out:
        stream: Any = out.add_stream(codec, rate=rate, layout="stereo", options=strict)
        if codec == "wmav2":
            stream.bit_rate = 128_000
        for frame in _frames(seconds, hertz, rate, stream.codec_context.format.name):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def _frames(seconds: float, hertz: float, rate: int, wanted: str) -> list[AudioFrame]:
    step = 2 * math.pi * hertz / rate
    mono = [int(9000 * math.sin(step * at)) for at in range(int(seconds * rate))]
    samples = array("h", (value for value in mono for _ in range(2))).tobytes()
    resampler = av.AudioResampler(format=wanted, layout="stereo", rate=rate)
    frames = []
    for start in range(0, len(samples), 4096):
        part = samples[start : start + 4096]
        frame = AudioFrame(format="s16", layout="stereo", samples=len(part) // 4)
        frame.sample_rate, frame.pts = rate, start // 4
        frame.planes[0].update(part)
        frames += resampler.resample(frame)
    return frames


def _tag(file: io.BytesIO, kind: str, song: Song) -> None:
    if kind in {"mp3", "mp2", "aac", "tta"}:
        _id3(file, song)
    elif kind == "wav":
        _chunk(WAVE(file), file, song)
    elif kind == "aiff":
        _chunk(AIFF(file), file, song)
    elif kind in {"flac", "ogg", "oga", "opus"}:
        _vorbis(file, kind, song)
    elif kind == "m4a":
        _mp4(file, song)
    elif kind == "wma":
        _asf(file, song)
    elif kind == "wv":
        _ape(file, song)
    else:
        raise ValueError(f"tags of {kind} are not written here")


def _id3(file: io.BytesIO, song: Song) -> None:
    tags = ID3()
    _frames_of(tags, song)
    file.seek(0)
    tags.save(file, v1=0)


def _chunk(opened: Any, file: io.BytesIO, song: Song) -> None:
    if opened.tags is None:
        opened.add_tags()
    opened.tags.clear()
    _frames_of(opened.tags, song)
    file.seek(0)
    opened.save(file)


def _frames_of(tags: Any, song: Song) -> None:
    for name, values in song.tags.items():
        if name in _ID3:
            tags.add(Frames[_ID3[name]](encoding=3, text=values))
        elif name == "musicbrainz_trackid":
            tags.add(UFID(owner="http://musicbrainz.org", data=values[0].encode()))
        elif name == "comment":
            tags.add(COMM(encoding=3, lang="eng", desc="", text=values))
        else:
            tags.add(TXXX(encoding=3, desc=_ID3_LONG.get(name, name), text=values))
    if song.picture:
        tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=song.picture))


def _vorbis(file: io.BytesIO, kind: str, song: Song) -> None:
    opener: Any = {"flac": FLAC, "ogg": OggVorbis, "oga": OggFLAC, "opus": OggOpus}[kind]
    file.seek(0)
    opened = opener(file)
    if opened.tags is None:
        opened.add_tags()
    opened.tags.clear()
    for name, values in song.tags.items():
        opened.tags[name] = values
    if kind == "flac":
        opened.clear_pictures()
    if song.picture:
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", song.picture
        if kind == "flac":
            opened.add_picture(picture)
        else:
            encoded = base64.b64encode(picture.write()).decode()
            opened.tags["metadata_block_picture"] = [encoded]
    file.seek(0)
    opened.save(file)


def _mp4(file: io.BytesIO, song: Song) -> None:
    file.seek(0)
    opened: Any = MP4(file)
    if opened.tags is None:
        opened.add_tags()
    opened.tags.clear()
    for name, values in song.tags.items():
        if name in _MP4:
            opened.tags[_MP4[name]] = values
        elif name in {"tracknumber", "discnumber"}:
            opened.tags["trkn" if name == "tracknumber" else "disk"] = [(int(values[0]), 0)]
        elif name == "compilation":
            opened.tags["cpil"] = True
        else:
            key = f"----:com.apple.iTunes:{_ID3_LONG.get(name, name)}"
            opened.tags[key] = [value.encode() for value in values]
    if song.picture:
        opened.tags["covr"] = [MP4Cover(song.picture, MP4Cover.FORMAT_PNG)]
    file.seek(0)
    opened.save(file)


def _asf(file: io.BytesIO, song: Song) -> None:
    file.seek(0)
    opened: Any = ASF(file)
    for name, values in song.tags.items():
        opened.tags[_ASF.get(name, name)] = values
    file.seek(0)
    opened.save(file)


def _ape(file: io.BytesIO, song: Song) -> None:
    tags: Any = APEv2()
    names = {"tracknumber": "Track", "discnumber": "Disc", "date": "Year"}
    for name, values in song.tags.items():
        tags[names.get(name, name)] = values
    file.seek(0)
    tags.save(file)
