"""What lies in the archive of an album, artist, playlist or folder, and under which names.

An album is `01 Title.flac`, in a folder for each disc where there are several; an artist a folder for
each album; a playlist one row of songs in its order; a folder as it lies on the disk. A file that is
several songs by a cue sheet is in it once, whole and under its own name.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from db.bundles import BundledRow
from streaming.archive import Entry, length
from streaming.errors import Gone
from streaming.files import open_inside
from streaming.names import Names

Bundled = Literal["album", "artist", "playlist", "folder"]
_DEEPEST = 8


@dataclass(frozen=True)
class Place:
    """Where a song goes; `home` is the folder of its album, for the cover; None: no cover."""

    folder: str
    stem: str
    suffix: str
    home: str | None = None


Placing = Callable[[BundledRow], Place]


@dataclass(frozen=True)
class Bundle:
    """An archive before it is made: what it will hold, and how long it will be."""

    entries: Sequence[Entry]
    size: int


def bundle(kind: Bundled, files: Sequence[BundledRow]) -> Bundle:
    """Look at every file; those that are gone are left out. Raises `Gone` when all are.

    Blocks: call it in a thread.
    """
    entries = list(_entries(kind, files))
    if not entries:
        raise Gone("None of the files is there. A scan of the library will notice.")
    return Bundle(entries, length(entries))


def _entries(kind: Bundled, files: Sequence[BundledRow]) -> Iterator[Entry]:
    names = Names()
    place = _PLACINGS[kind](names, files)
    seen: set[tuple[bytes, bytes] | tuple[str, bytes, bytes]] = set()
    for file in files:
        if (file.root, file.path) in seen:
            continue
        seen.add((file.root, file.path))
        at = place(file)
        entry = _entry(names, file.root, file.path, at)
        if entry is None:
            continue
        yield entry
        if at.home is not None and file.cover is not None and file.cover_root is not None:
            cover = (at.home, file.cover_root, file.cover)
            if cover not in seen:
                seen.add(cover)
                found = _entry(
                    names, file.cover_root, file.cover, Place(at.home, "cover", _own(file.cover)[1])
                )
                yield from [found] if found else []


def _entry(names: Names, root: bytes, path: bytes, at: Place) -> Entry | None:
    try:
        opened = open_inside(root, path)
    except Gone:
        return None
    opened.file.close()
    name = names.file(at.folder, at.stem, at.suffix)
    return Entry(root, path, name, opened.size, opened.mtime_ns)


def _album(names: Names, files: Sequence[BundledRow]) -> Placing:
    return _albums(names, files, lambda _: "")


def _artist(names: Names, files: Sequence[BundledRow]) -> Placing:
    homes: dict[int, str] = {}

    def home(file: BundledRow) -> str:
        if file.album_id not in homes:
            year = f"{file.card.year} - " if file.card.year else ""
            homes[file.album_id] = names.folder("", f"{year}{file.card.album}", file.album_id)
        return homes[file.album_id]

    return _albums(names, files, home)


def _albums(
    names: Names, files: Sequence[BundledRow], home: Callable[[BundledRow], str]
) -> Placing:
    """By album and disc; several discs have a folder each."""
    discs = defaultdict[int, set[int]](set)
    for file in files:
        discs[file.album_id].add(file.card.disc)

    def place(file: BundledRow) -> Place:
        folder, disc = home(file), file.card.disc
        inside = (
            names.folder(folder, f"Disc {disc}")
            if disc and len(discs[file.album_id]) > 1
            else folder
        )
        track = f"{file.card.track:02} " if file.card.track else ""
        return Place(inside, *_called(file, track, file.card.title), folder)

    return place


def _playlist(_: Names, files: Sequence[BundledRow]) -> Placing:
    numbers, width = count(1), max(2, len(str(len(files))))

    def place(file: BundledRow) -> Place:
        number = f"{next(numbers):0{width}} "
        return Place("", *_called(file, number, f"{file.card.artist} - {file.card.title}"))

    return place


def _folder(names: Names, files: Sequence[BundledRow]) -> Placing:
    """By the real folders; what all have in common is left out."""
    top = os.path.commonpath([b"/" + os.path.dirname(file.path) for file in files] or [b"/"])  # noqa: PTH120

    def place(file: BundledRow) -> Place:
        folder = ""
        below = os.path.relpath(b"/" + os.path.dirname(file.path), top)  # noqa: PTH120
        for part in below.split(b"/")[:_DEEPEST] if below != b"." else []:
            folder = names.folder(folder, os.fsdecode(part))
        return Place(folder, *_own(file.path), folder)

    return place


def _called(file: BundledRow, number: str, title: str) -> tuple[str, str]:
    """Stem and suffix; of a file that is more than the song, its own."""
    stem, suffix = _own(file.path)
    return (stem if file.cut else f"{number}{title}", suffix)


def _own(path: bytes) -> tuple[str, str]:
    stem, suffix = os.path.splitext(os.fsdecode(os.path.basename(path)))  # noqa: PTH119, PTH122
    return stem, suffix.removeprefix(".")


_PLACINGS: dict[Bundled, Callable[[Names, Sequence[BundledRow]], Placing]] = {
    "album": _album,
    "artist": _artist,
    "playlist": _playlist,
    "folder": _folder,
}
