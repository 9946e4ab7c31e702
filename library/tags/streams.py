"""Bare streams between tags: MPEG layers 1 to 3, AAC, AC-3; and the formats tagged with APEv2."""

from __future__ import annotations

import contextlib
from typing import Any, BinaryIO

from msgspec.structs import replace
from mutagen import MutagenError
from mutagen.aac import AAC
from mutagen.ac3 import AC3
from mutagen.apev2 import APEBadItemError, APENoHeaderError, APEv2, APEv2File
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MPEGInfo
from mutagen.mp3._util import XingHeader, XingHeaderError
from mutagen.musepack import Musepack
from mutagen.optimfrog import OptimFROG
from mutagen.tak import TAK
from mutagen.trueaudio import TrueAudio
from mutagen.wavpack import WavPack

from library.tags import id3, payload
from library.tags.facts import Sound
from library.tags.names import common
from library.tags.raw import Raw, Reader

_LARGEST = 1e10
_MORE_THAN_TOLD = 1.1
_PADDING = 64 * 1024


def sound_of(info: Any) -> Sound:
    """The figures of one of mutagen's stream infos, whichever it has."""
    return Sound(
        duration=_sane(getattr(info, "length", 0)),
        bit_rate=round(_sane(getattr(info, "bitrate", 0)) / 1000),
        sampling_rate=round(_sane(getattr(info, "sample_rate", 0))),
        channels=round(_sane(getattr(info, "channels", 0))),
        bit_depth=round(_sane(getattr(info, "bits_per_sample", 0))),
    )


def _sane(value: float | None) -> float:
    """What a header says, unless it is impossible: then it says nothing."""
    return float(value) if value and 0 < value <= _LARGEST else 0.0


def read_mpeg(file: BinaryIO, size: int, content_type: str) -> Raw:
    """MPEG audio layers 1 to 3."""
    raw, span = _bare(file, size, content_type)
    info = MPEGInfo(file, span[0])
    raw.sound = replace(sound_of(info), codec=f"mp{info.layer}")
    told, there = _told(file, info), span[1] - span[0]
    if told and there > told * _MORE_THAN_TOLD and there - told > _PADDING:
        # Pieces put together: the head speaks of the first alone.
        raw.sound = replace(raw.sound, duration=raw.sound.duration * there / told)
    return raw


def _told(file: BinaryIO, info: Any) -> int:
    """How many bytes of sound the first frame announces; 0: it does not."""
    if info.layer != 3:
        return 0
    file.seek(info.frame_offset + XingHeader.get_offset(info))
    try:
        return max(0, XingHeader(file).bytes)
    except XingHeaderError:
        return 0


def read_aac(file: BinaryIO, size: int, content_type: str) -> Raw:
    """AAC in ADTS or ADIF."""
    raw, _ = _bare(file, size, content_type)
    file.seek(0)
    raw.sound = replace(sound_of(AAC(file).info), codec="aac")
    return raw


def read_ac3(file: BinaryIO, size: int, content_type: str) -> Raw:
    """AC-3 and enhanced AC-3."""
    raw, _ = _bare(file, size, content_type)
    file.seek(0)
    info: Any = AC3(file).info
    raw.sound = replace(sound_of(info), codec="eac3" if info.codec == "ec-3" else "ac3")
    return raw


def _bare(file: BinaryIO, size: int, content_type: str) -> tuple[Raw, payload.Span]:
    """The tags around a stream, best first, and where the stream is."""
    raw = Raw(content_type)
    id3.read(file, raw)
    span, tail = payload.without_tags(file, size)
    raw.audio_hash = payload.sampled(file, span)
    if b"APETAGEX" in tail:
        _complete_with_ape(file, raw)
    if tail[-128:-125] == b"TAG":
        id3.read_v1(tail, raw)
    return raw, span


def _complete_with_ape(file: BinaryIO, raw: Raw) -> None:
    other = Raw(raw.content_type)
    file.seek(0)
    with contextlib.suppress(APENoHeaderError, APEBadItemError, MutagenError):
        take_ape(APEv2(file), other)
    raw.complete(other.tags)
    raw.pictures += other.pictures


def _ape_reader(kind: type[APEv2File], codec: str) -> Reader:
    def read(file: BinaryIO, size: int, content_type: str) -> Raw:
        raw = Raw(content_type)
        found: Any = kind(file)
        raw.sound = replace(sound_of(found.info), codec=codec)
        span, tail = payload.without_tags(file, size)
        raw.audio_hash = payload.sampled(file, span)
        if found.tags is not None:
            take_ape(found.tags, raw)
        if tail[-128:-125] == b"TAG":
            id3.read_v1(tail, raw)
        return raw

    return read


read_monkeys = _ape_reader(MonkeysAudio, "ape")
read_wavpack = _ape_reader(WavPack, "wavpack")
read_musepack = _ape_reader(Musepack, "musepack")
read_tak = _ape_reader(TAK, "tak")
read_optimfrog = _ape_reader(OptimFROG, "optimfrog")


def read_trueaudio(file: BinaryIO, size: int, content_type: str) -> Raw:
    """True Audio, with ID3 or APEv2 tags."""
    raw, _ = _bare(file, size, content_type)
    file.seek(0)
    raw.sound = replace(sound_of(TrueAudio(file, **id3.LEAN).info), codec="tta")
    return raw


def take_ape(tags: Any, raw: Raw) -> None:
    """Items of an APEv2 tag."""
    for key, value in tags.items():
        name = key.lower()
        if value.kind == 0:
            raw.add(common(name), *value)
        elif value.kind == 1 and name.startswith("cover art"):
            _, _, picture = bytes(value.value).partition(b"\0")
            raw.pictures.append((3 if "front" in name else 0, picture))
