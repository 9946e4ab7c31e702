"""FLAC and Ogg: Vorbis comments, pictures as blocks or in a comment."""

from __future__ import annotations

import binascii
from typing import Any, BinaryIO

from msgspec.structs import replace
from mutagen import FileType, MutagenError
from mutagen.flac import FLAC, Picture
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis

from library.tags import id3, payload, sheet
from library.tags.facts import Sound
from library.tags.names import common
from library.tags.raw import Raw, UnreadableError
from library.tags.streams import sound_of

_OPUS_RATE = 48000
_KINDS: dict[bytes, type[FileType]] = {
    b"\x01vor": OggVorbis,
    b"Opus": OggOpus,
    b"Spee": OggSpeex,
    b"\x7fFLA": OggFLAC,
}
_CODECS: dict[type[FileType], str] = {
    OggVorbis: "vorbis",
    OggOpus: "opus",
    OggSpeex: "speex",
    OggFLAC: "flac",
}


def read_flac(file: BinaryIO, size: int, content_type: str) -> Raw:
    """FLAC; its own checksum of the decoded sound is the best hash there is."""
    raw = Raw(content_type)
    found: Any = FLAC(file)
    info, first_frame = found.info, file.tell()
    raw.sound = replace(sound_of(info), codec="flac")
    if info.md5_signature:
        raw.audio_hash = info.md5_signature.to_bytes(16, "big")
    else:
        raw.audio_hash = payload.sampled(file, (first_frame, size))
    _take(found.tags, raw)
    if found.cuesheet and info.sample_rate:
        raw.sheet = sheet.of_flac(found.cuesheet, info.sample_rate)
    raw.pictures += [(picture.type, picture.data) for picture in found.pictures if picture.data]
    other = Raw(content_type)
    id3.read(file, other)
    raw.complete(other.tags)
    raw.pictures += other.pictures
    return raw


def read_ogg(file: BinaryIO, size: int, content_type: str) -> Raw:
    """Vorbis, Opus, Speex or FLAC in Ogg."""
    head = file.read(512)
    if head[:4] != b"OggS" or len(head) < 28:
        raise UnreadableError("not an Ogg file")
    packet = head[27 + head[26] :]
    kind = _KINDS.get(packet[:4])
    if kind is None:
        raise UnreadableError("no sound that is known in this Ogg file")
    raw = Raw(content_type)
    file.seek(0)
    found: Any = kind(file)
    raw.sound = replace(sound_of(found.info), codec=_CODECS[kind])
    if kind is OggOpus:
        raw.sound = Sound(raw.sound.duration, 0, _OPUS_RATE, raw.sound.channels, 0, "opus")
        raw.base_gain = int.from_bytes(packet[16:18], "little", signed=True) / 256
    raw.audio_hash = payload.of_ogg(file, size)
    _take(found.tags, raw)
    return raw


def _take(tags: Any, raw: Raw) -> None:
    """Comments under their common names; pictures in comments become pictures."""
    for key, value in tags or ():
        name = common(key)
        if name == "metadata_block_picture":
            _take_picture(value, raw)
        elif name == "coverart":
            _take_old_picture(value, raw)
        else:
            raw.add(name, value)


def _take_picture(value: str, raw: Raw) -> None:
    try:
        picture = Picture(binascii.a2b_base64(value))
    except (MutagenError, ValueError):
        return
    if picture.data:
        raw.pictures.append((picture.type, picture.data))


def _take_old_picture(value: str, raw: Raw) -> None:
    try:
        raw.pictures.append((0, binascii.a2b_base64(value)))
    except ValueError:
        return
