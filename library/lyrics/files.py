"""The files that hold the words of a song: the song itself and what lies beside it.

`Song.lrc`, `Song.en.lrc` and `Song.txt` are beside `Song.flac`, whatever their case.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from library import paths
from library.lyrics.text import language

LARGEST = 1024 * 1024
"""Of a file beside a song, in bytes; a larger one holds no words."""
_KINDS = ("lrc", "txt")
_MOST = 16


class Beside(NamedTuple):
    """A file beside a song and the state it is in."""

    rank: int
    lang: str
    name: bytes
    size: int
    mtime_ns: int


class Seen(NamedTuple):
    """A song's file and those beside it; equal when nothing changed."""

    size: int
    mtime_ns: int
    beside: tuple[Beside, ...]


def look(root: bytes, path: bytes) -> Seen:
    """What is there now. Blocks; raises OSError."""
    found = os.stat(inside(root, path))
    beside = sorted(_beside(inside(root, paths.folder(path)), path))
    return Seen(found.st_size, found.st_mtime_ns, tuple(beside[:_MOST]))


def _beside(folder: bytes, path: bytes) -> Iterator[Beside]:
    songs: set[str] = set()
    texts: list[os.DirEntry[bytes]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if paths.suffix(entry.name) in _KINDS:
                texts.append(entry)
            elif paths.is_media(entry.name):
                songs.add(_stem(entry.name))
    stem, suffix = _stem(path), paths.suffix(path)
    for entry in texts:
        lang = _language(_stem(entry.name), stem, suffix, songs)
        with suppress(OSError):
            state = entry.stat()
            if lang is not None and stat.S_ISREG(state.st_mode):
                rank = _KINDS.index(paths.suffix(entry.name))
                yield Beside(rank, lang, entry.name, state.st_size, state.st_mtime_ns)


def _language(name: str, stem: str, suffix: str, songs: set[str]) -> str | None:
    """The language that a file's name says; None: it does not lie beside this song."""
    if name in (stem, f"{stem}.{suffix}"):
        return ""
    rest = name.removeprefix(f"{stem}.")
    # `Song.Live.lrc` belongs to the song `Song.Live`, if there is one.
    return None if rest == name or name in songs else language(rest)


def _stem(path: bytes) -> str:
    """A name without case, composed: what an editor on another system wrote is still beside."""
    return unicodedata.normalize("NFC", os.fsdecode(paths.stem(path))).casefold()


def inside(root: bytes, path: bytes) -> bytes:
    """The real path of a file below a folder; links may not lead out of it. Raises OSError."""
    home = os.path.realpath(root)
    real = os.path.realpath(os.path.join(home, path))
    if os.path.commonpath((home, real)) != home:
        raise OSError(errno.EACCES, "outside of its music folder")
    return real


def open_inside(root: bytes, path: bytes) -> BinaryIO:
    """Open a plain file below a folder; raises OSError."""
    return open(os.fsdecode(inside(root, path)), "rb", opener=_open_plain)


def _open_plain(path: str, _: int) -> int:
    """Only a plain file: opening anything else could wait for ever."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a plain file")
    return handle
