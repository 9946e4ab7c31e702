"""Looking through a music folder: names, sizes and times, nothing is opened."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from conf.settings import Library
from library import paths
from library.rights import unreadable

_LONGEST_PATH = 2000


class Stamp(NamedTuple):
    """Size and time of change of a file."""

    size: int
    mtime_ns: int


@dataclass
class Walk:
    """What a library holds. Paths are relative to it, folders sorted, parents first."""

    files: dict[bytes, Stamp] = field(default_factory=dict)
    images: dict[bytes, Stamp] = field(default_factory=dict)
    sheets: dict[bytes, Stamp] = field(default_factory=dict)
    """Cue sheets."""
    unreadable: dict[bytes, str] = field(default_factory=dict)
    """Folders that could not be looked into, and why."""
    passed_over: dict[bytes, str] = field(default_factory=dict)
    """Files that cannot be kept, by the beginning of their path, and why."""
    root_problem: str = ""

    def hidden(self, path: bytes) -> bool:
        """Whether a path lies in a folder that could not be looked into."""
        return any(path.startswith(folder + b"/") for folder in self.unreadable)


class Walker:
    """One walk through one library. Blocking: it belongs into a thread."""

    def __init__(self, root: bytes, settings: Library) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._ignored = paths.ignorer(settings.ignored_names).fullmatch
        self._covers = {
            name.lower().encode(): rank for rank, name in enumerate(settings.cover_names)
        }
        self._linked_folders: list[bytes] = []
        self._linked_files: list[bytes] = []
        self._visited: set[bytes] = set()
        self.found = Walk()

    def run(self) -> Walk:
        """Walk. What links lead to is looked at last, and only where it was not found already."""
        self._tree(b"", b"")
        while self._linked_folders:
            linked = sorted(self._linked_folders)
            self._linked_folders = []
            for path in linked:
                real = self._inside(path)
                if real is not None:
                    self._tree(path, real)
        for path in sorted(self._linked_files):
            self._linked_file(path)
        self.found.files = dict(sorted(self.found.files.items()))
        return self.found

    def _tree(self, top: bytes, real_top: bytes) -> None:
        """Everything below a folder, known by a path and by where it really is."""
        waiting = [(top, real_top)]
        while waiting:
            folder, real = waiting.pop()
            if real in self._visited:
                continue
            self._visited.add(real)
            try:
                below = self._folder(folder)
            except OSError as error:
                self._fail(folder, error)
                continue
            waiting += [(_join(folder, name), _join(real, name)) for name in below]

    def _inside(self, path: bytes) -> bytes | None:
        """Where a path really is, relative to the root; None: outside of it."""
        real = os.path.realpath(os.path.join(self._root, path))
        if real == self._real_root:
            return b""
        if not real.startswith(self._real_root.rstrip(b"/") + b"/"):
            return None
        return real[len(self._real_root.rstrip(b"/")) + 1 :]

    def _folder(self, folder: bytes) -> list[bytes]:
        """Take note of the files of one folder; the names of its folders."""
        with os.scandir(os.path.join(self._root, folder)) as entries:
            everything = list(entries)
        if _says_ignore(everything):
            return []
        listed = [entry for entry in everything if not self._ignored(os.fsdecode(entry.name))]
        below, covers = [], []
        for entry in listed:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                below.append(name)
            elif entry.is_symlink():
                self._link(_join(folder, name), name)
            elif len(folder) + len(name) >= _LONGEST_PATH:
                self._pass_over(_join(folder, name))
            elif paths.is_media(name):
                if stamp := _stamp(entry):
                    self.found.files[_join(folder, name)] = stamp
            elif name[-4:].lower() == b".cue":
                if stamp := _stamp(entry):
                    self.found.sheets[_join(folder, name)] = stamp
            elif self._rank(name) is not None:
                covers.append(entry)
        self._cover(folder, covers)
        return sorted(below, reverse=True)

    def _pass_over(self, path: bytes) -> None:
        """More than an index of the database can hold."""
        self.found.passed_over[path[: _LONGEST_PATH // 2]] = (
            f"the path is too long: {len(path):,} bytes, {_LONGEST_PATH:,} are allowed"
        )

    def _link(self, path: bytes, name: bytes) -> None:
        if os.path.isdir(os.path.join(self._root, path)):
            self._linked_folders.append(path)
        elif paths.is_media(name):
            self._linked_files.append(path)

    def _linked_file(self, path: bytes) -> None:
        """A link to a file of the library that would not be found otherwise."""
        real = self._inside(path)
        if real is None or real in self.found.files:
            return
        with contextlib.suppress(OSError):
            status = os.stat(os.path.join(self._root, path))
            if stat.S_ISREG(status.st_mode):
                self.found.files[path] = Stamp(status.st_size, status.st_mtime_ns)

    def _rank(self, name: bytes) -> tuple[int, int] | None:
        """How good a cover file is by its name; None: it is none."""
        stem, _, suffix = name.lower().rpartition(b".")
        if suffix.decode("ascii", "replace") not in paths.PICTURES:
            return None
        quality = paths.PICTURES.index(suffix.decode())
        if stem == paths.PORTRAIT.encode():
            return len(self._covers), quality
        rank = self._covers.get(stem)
        return None if rank is None else (rank, quality)

    def _cover(self, folder: bytes, entries: Sequence[os.DirEntry[bytes]]) -> None:
        """The best cover of a folder, and a portrait beside it."""
        ranked = sorted((self._rank(entry.name) or (0, 0), entry.name, entry) for entry in entries)
        portrait = len(self._covers)
        chosen = [next((each for each in ranked if each[0][0] < portrait), None)]
        chosen.append(next((each for each in ranked if each[0][0] == portrait), None))
        for each in chosen:
            if each is None:
                continue
            if stamp := _stamp(each[2]):
                self.found.images[_join(folder, each[1])] = stamp

    def _fail(self, folder: bytes, error: OSError) -> None:
        """A folder that cannot be looked into; one that has just gone is simply gone."""
        if isinstance(error, FileNotFoundError) and folder:
            return
        place = os.path.join(self._root, folder)
        reason = unreadable(Path(os.fsdecode(place))) if isinstance(error, PermissionError) else ""
        if not reason:
            reason = f"{paths.shown(place)} cannot be listed: {error.strerror or error}."
        if folder:
            self.found.unreadable[folder] = reason
        else:
            self.found.root_problem = reason


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name


def _stamp(entry: os.DirEntry[bytes]) -> Stamp | None:
    """What vanishes under our eyes is not there; what is no plain file is nothing to us."""
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Stamp(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _says_ignore(entries: Sequence[os.DirEntry[bytes]]) -> bool:
    """Whether an empty file asks to pass over the folder it stands in."""
    asking = next((entry for entry in entries if entry.name == paths.IGNORE_FILE), None)
    stamp = _stamp(asking) if asking else None
    return stamp is not None and stamp.size == 0
