"""Reads batches of files: the reader of the suffix first, then that of the contents, then FFmpeg."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO, cast

import msgspec
from msgspec.structs import replace

from library import paths
from library.tags import boxes, streams, vorbis
from library.tags.cut import names, take_apart
from library.tags.facts import Answer, Request, Splitting, VideoFacts
from library.tags.fields import understand
from library.tags.raw import Raw, Reader, UnreadableError

_READERS: dict[str, Reader] = {
    "mp3": streams.read_mpeg,
    "mp2": streams.read_mpeg,
    "mp1": streams.read_mpeg,
    "mpga": streams.read_mpeg,
    "aac": streams.read_aac,
    "ac3": streams.read_ac3,
    "eac3": streams.read_ac3,
    "flac": vorbis.read_flac,
    "ogg": vorbis.read_ogg,
    "oga": vorbis.read_ogg,
    "opus": vorbis.read_ogg,
    "spx": vorbis.read_ogg,
    "m4a": boxes.read_mp4,
    "m4b": boxes.read_mp4,
    "m4p": boxes.read_mp4,
    "m4r": boxes.read_mp4,
    "mp4": boxes.read_mp4,
    "3gp": boxes.read_mp4,
    "wma": boxes.read_asf,
    "asf": boxes.read_asf,
    "wav": boxes.read_wave,
    "wave": boxes.read_wave,
    "aif": boxes.read_aiff,
    "aiff": boxes.read_aiff,
    "aifc": boxes.read_aiff,
    "dsf": boxes.read_dsf,
    "dff": boxes.read_dff,
    "ape": streams.read_monkeys,
    "wv": streams.read_wavpack,
    "mpc": streams.read_musepack,
    "mp+": streams.read_musepack,
    "mpp": streams.read_musepack,
    "tak": streams.read_tak,
    "ofr": streams.read_optimfrog,
    "ofs": streams.read_optimfrog,
    "tta": streams.read_trueaudio,
}
# What a file is by its first bytes, for a suffix that lies: a suffix that tells the truth.
_SIGNATURES = (
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (4, b"ftyp", "m4a"),
    (8, b"WAVE", "wav"),
    (8, b"AIF", "aiff"),
    (0, b"\x30\x26\xb2\x75", "wma"),
    (0, b"DSD ", "dsf"),
    (0, b"FRM8", "dff"),
    (0, b"MAC ", "ape"),
    (0, b"wvpk", "wv"),
    (0, b"MP+", "mpc"),
    (0, b"MPCK", "mpc"),
    (0, b"tBaK", "tak"),
    (0, b"TTA1", "tta"),
    (0, b"OFR ", "ofr"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\x0b\x77", "ac3"),
)


def read_files(payload: bytes) -> bytes:
    """Target of the sandbox: a `Request` in, a list of `Answer` in the same order out."""
    request = msgspec.msgpack.decode(payload, type=Request)
    root = os.path.realpath(request.root)
    return msgspec.msgpack.encode([_answer(request, path, root) for path in request.paths])


def read_sheets(payload: bytes) -> bytes:
    """Target of the sandbox: a `Request` for cue sheets in, a list of `Named` out."""
    request = msgspec.msgpack.decode(payload, type=Request)
    return msgspec.msgpack.encode([names(os.path.join(request.root, one)) for one in request.paths])


def _answer(request: Request, path: bytes, root: bytes) -> Answer:
    beside = request.sheets.get(path)
    if beside is not None:
        beside = os.path.join(request.root, beside[0]), beside[1]
    return read_file(os.path.join(request.root, path), request.splitting, beside, root)


def read_file(
    path: bytes, splitting: Splitting, beside: tuple[bytes, int] | None = None, root: bytes = b"/"
) -> Answer:
    """What one file says, or why it says nothing; nothing it holds can raise.

    A file that is not below the root is not read: since it was seen, a link may have taken its place.
    """
    try:
        with _open(path) as file:
            if not _below(file, root):
                return Answer(None, "a link leads out of the music folder", again=True)
            video = _video(file, path)
            if video is not None:
                return Answer(None, video=video)
            raw = _read(file, path)
            facts = understand(raw, splitting)
            if beside is None and raw.sheet is None and "cuesheet" not in raw.tags:
                return Answer(facts)
            whole, tracks, complaint = take_apart(raw, facts, beside, splitting)
            return Answer(whole, tracks=tracks, complaint=complaint)
    except UnreadableError as error:
        return Answer(None, str(error))
    except PermissionError:
        return Answer(None, f"user {paths.user()} may not read this file", again=True)
    except OSError as error:
        return Answer(None, f"reading failed: {error.strerror or error}", again=True)
    except Exception as error:  # noqa: BLE001 - hostile input may raise anything
        return Answer(None, _reason(error))


def read_picture(root: bytes, path: bytes) -> bytes:
    """The best picture in a file below a folder, or nothing. Raises what is wrong with the file."""
    with _open(os.path.join(root, path)) as file:
        if not _below(file, os.path.realpath(root)):
            raise UnreadableError("a link leads out of the music folder")
        return _read(file, path).picture


def _open(path: bytes) -> BinaryIO:
    """Only a plain file: opening anything else could wait for ever."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise UnreadableError("not a plain file")
    return os.fdopen(handle, "rb")


def _below(file: BinaryIO, root: bytes) -> bool:
    """Whether an open file really lies below a folder (asked of Linux; elsewhere believed)."""
    try:
        place = os.readlink(b"/proc/self/fd/%d" % file.fileno())
    except OSError:
        return True
    return place.startswith(root.rstrip(b"/") + b"/")


def _video(file: BinaryIO, path: bytes) -> VideoFacts | None:
    """What moves in a file that may hold it; what may hold nothing else must."""
    suffix = paths.suffix(path)
    if suffix not in paths.VIDEOS:
        return None
    from library import probe

    found = probe.video(file, suffix)
    if found is None and suffix not in paths.CONTENT_TYPES:
        raise UnreadableError("there are no moving pictures in this file")
    file.seek(0)
    return found


def _read(file: BinaryIO, path: bytes) -> Raw:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise UnreadableError("the file is empty")
    suffix = paths.suffix(path)
    raw, reason = _by_suffix(file, size, suffix)
    if raw is None:
        raw = _by_contents(file, size, suffix)
    if raw is None or not raw.sound.duration or not raw.sound.channels or _hides_tags(raw):
        raw = _by_ffmpeg(file, suffix, raw, reason)
    if not raw.sound.bit_rate and raw.sound.duration > 0:
        rate = round(size * 8 / raw.sound.duration / 1000)
        raw.sound = replace(raw.sound, bit_rate=min(rate, 1_000_000))
    return raw


def _hides_tags(raw: Raw) -> bool:
    """Some MP4 files keep their tags in a form that mutagen passes over."""
    return not raw.tags and raw.content_type == paths.CONTENT_TYPES["mp4"]


def _by_suffix(file: BinaryIO, size: int, suffix: str) -> tuple[Raw | None, str]:
    reader = _READERS.get(suffix)
    if reader is None:
        return None, ""
    try:
        return reader(file, size, paths.CONTENT_TYPES[suffix]), ""
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - another reader may know better
        return None, _reason(error)


def _by_contents(file: BinaryIO, size: int, suffix: str) -> Raw | None:
    """The reader that the first bytes ask for, unless it was that of the suffix."""
    file.seek(0)
    head = file.read(16)
    for at, signature, truth in _SIGNATURES:
        if head[at:].startswith(signature) and _READERS[truth] is not _READERS.get(suffix):
            file.seek(0)
            return _by_suffix(file, size, truth)[0]
    return None


def _by_ffmpeg(file: BinaryIO, suffix: str, raw: Raw | None, reason: str) -> Raw:
    """What mutagen cannot read, or knows no duration of."""
    from library import probe

    kind = paths.CONTENT_TYPES.get(suffix, "application/octet-stream")
    found = probe.read(file, suffix, kind)
    if found is None and (raw is None or not (raw.sound.duration or raw.sound.channels)):
        raise UnreadableError(reason or "no sound that is known in this file")
    if raw is None or found is None:
        return cast(Raw, raw or found)
    if not raw.sound.duration or not raw.sound.channels:
        raw.sound = found.sound
    raw.complete(found.tags)
    raw.pictures = raw.pictures or found.pictures
    return raw


def _reason(error: Exception) -> str:
    """What a parser said, shortened."""
    words = " ".join(str(error).split())
    kind = type(error).__name__.removesuffix("Error")
    return (f"{words} ({kind})" if words else kind)[:300]
