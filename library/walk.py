"""Looking through a music folder: names, sizes and times, nothing is opened."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from conf.settings import Library
from library import ignore, paths
from library.cover_names import CoverNames
from library.ignore import IgnoreError, Rules
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
    playlists: dict[bytes, Stamp] = field(default_factory=dict)
    unreadable: dict[bytes, str] = field(default_factory=dict)
    """Folders that could not be looked into, and why."""
    passed_over: dict[bytes, str] = field(default_factory=dict)
    """Files that cannot be kept, by the beginning of their path, and why."""
    ignored: set[bytes] = field(default_factory=set)
    """Files and folders that an ignore file passes over."""
    elsewhere: set[bytes] = field(default_factory=set)
    """Links that lead out of what was looked through, to somewhere in the library."""
    scope: tuple[bytes, ...] | None = None
    """The folders that were looked through, with all below; None: everything."""
    root_problem: str = ""

    def outside(self, path: bytes) -> bool:
        """Whether a path was not looked for."""
        if self.scope is None:
            return False
        return not any(paths.lies_in(path, folder) for folder in self.scope) or any(
            paths.lies_in(path, link) for link in self.elsewhere
        )

    def hidden(self, path: bytes) -> bool:
        """Whether nothing can be said of a path: not looked for, or in a folder that is closed."""
        return self.closed(path) or self.outside(path)

    def closed(self, path: bytes) -> bool:
        """Whether a path lies in a folder that could not be looked into."""
        return any(path.startswith(folder + b"/") for folder in self.unreadable)

    def passes_over(self, path: bytes) -> bool:
        """Whether an ignore file keeps a path, or a folder above it, out of the library."""
        return bool(self.ignored) and any(above in self.ignored for above in (b"", *_upwards(path)))


class Walker:
    """One walk through one library. Blocking: it belongs into a thread."""

    def __init__(self, root: bytes, settings: Library) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._ignored = paths.ignorer(settings.ignored_names).fullmatch
        self._names = CoverNames(settings)
        self._linked_folders: list[tuple[bytes, Sequence[Rules]]] = []
        self._linked_files: list[bytes] = []
        self._visited: set[bytes] = set()
        self.found = Walk()

    def run(self, folders: Sequence[bytes] = ()) -> Walk:
        """Walk, through some folders only if any are given.

        What links lead to is looked at last, and only where it was not found already.
        """
        if folders:
            self._some(folders)
        else:
            self._tree(b"", b"", ())
        while self._linked_folders:
            linked = sorted(self._linked_folders, key=lambda each: each[0])
            self._linked_folders = []
            for path, rules in linked:
                self._linked_folder(path, rules)
        for path in sorted(self._linked_files):
            self._linked_file(path)
        self.found.files = dict(sorted(self.found.files.items()))
        return self.found

    def _some(self, folders: Sequence[bytes]) -> None:
        """Walk through folders by where they really are; those outside of the library are not ours."""
        places = sorted(
            {place for folder in folders if (place := self._inside(folder)) is not None}
        )
        scope: list[bytes] = []
        for place in places:
            if not any(paths.lies_in(place, folder) for folder in scope):
                scope.append(place)
        self.found.scope = tuple(scope)
        try:
            if not os.listdir(self._root):
                self.found.root_problem = f"{paths.shown(self._root)} is empty."
                return
        except OSError as error:
            self._fail(b"", error)
            return
        for folder in scope:
            rules = self._descend(folder)
            if rules is not None:
                self._tree(folder, folder, rules)

    def _descend(self, folder: bytes) -> Sequence[Rules] | None:
        """The rules above a folder; None: it is passed over itself, or lies in what is."""
        rules: list[Rules] = []
        for above in _ancestors(folder):
            try:
                own = ignore.read(os.path.join(self._root, above), above)
            except OSError as error:
                self._fail(above, error)
                return None
            rules += own or []
            path = _child_towards(above, folder)
            if own is None or ignore.ignored(rules, path, folder=True):
                self.found.ignored.add(above if own is None else path)
                return None
            if self._ignored(os.fsdecode(path.rpartition(b"/")[2])):
                return None
        return rules

    def _tree(self, top: bytes, real_top: bytes, rules: Sequence[Rules]) -> None:
        """Everything below a folder, known by a path and by where it really is."""
        waiting = [(top, real_top, rules)]
        while waiting:
            folder, real, rules = waiting.pop()
            if real in self._visited:
                continue
            self._visited.add(real)
            try:
                below, rules = self._folder(folder, rules)
            except OSError as error:
                self._fail(folder, error)
                continue
            waiting += [(_join(folder, name), _join(real, name), rules) for name in below]

    def _inside(self, path: bytes) -> bytes | None:
        """Where a path really is, relative to the root; None: outside of it."""
        real = os.path.realpath(os.path.join(self._root, path))
        if real == self._real_root:
            return b""
        if not real.startswith(self._real_root.rstrip(b"/") + b"/"):
            return None
        return real[len(self._real_root.rstrip(b"/")) + 1 :]

    def _folder(self, folder: bytes, rules: Sequence[Rules]) -> tuple[list[bytes], Sequence[Rules]]:
        """Take note of the files of one folder; the names of its folders, and what holds in them."""
        listed, rules = self._list(folder, rules)
        below, pictures = [], {}
        for entry in listed:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                below.append(name)
            elif entry.is_symlink():
                self._link(_join(folder, name), name, rules)
            elif len(folder) + len(name) >= _LONGEST_PATH:
                self._pass_over(_join(folder, name))
            elif paths.is_media(name):
                if stamp := _stamp(entry):
                    self.found.files[_join(folder, name)] = stamp
            elif name[-4:].lower() == b".cue":
                if stamp := _stamp(entry):
                    self.found.sheets[_join(folder, name)] = stamp
            elif paths.is_picture(name):
                pictures[_join(folder, name)] = entry
            elif paths.is_playlist(name) and (stamp := _stamp(entry)):
                self.found.playlists[_join(folder, name)] = stamp
        self._pictures(pictures)
        return sorted(below, reverse=True), rules

    def _list(
        self, folder: bytes, rules: Sequence[Rules]
    ) -> tuple[list[os.DirEntry[bytes]], Sequence[Rules]]:
        """What there is in a folder and not passed over, and the rules that hold in it."""
        with os.scandir(os.path.join(self._root, folder)) as entries:
            everything = list(entries)
        asking = [entry.name for entry in everything if entry.name in ignore.FILES]
        if asking:
            own = ignore.read(os.path.join(self._root, folder), folder, asking)
            if own is None:
                self.found.ignored.add(folder)
                return [], rules
            rules = [*rules, *own]
        listed = [entry for entry in everything if not self._ignored(os.fsdecode(entry.name))]
        if rules:
            listed = [entry for entry in listed if not self._unwanted(folder, entry, rules)]
        return listed, rules

    def _unwanted(self, folder: bytes, entry: os.DirEntry[bytes], rules: Sequence[Rules]) -> bool:
        path = _join(folder, entry.name)
        folder_there = entry.is_dir(follow_symlinks=False) or (
            entry.is_symlink() and os.path.isdir(os.path.join(self._root, path))
        )
        unwanted = ignore.ignored(rules, path, folder=folder_there)
        if unwanted:
            self.found.ignored.add(path)
        return unwanted

    def _pictures(self, pictures: Mapping[bytes, os.DirEntry[bytes]]) -> None:
        """Take note of the cover and the portrait among the pictures of one folder."""
        for path in self._names.notable(pictures):
            if stamp := _stamp(pictures[path]):
                self.found.images[path] = stamp

    def _pass_over(self, path: bytes) -> None:
        """More than an index of the database can hold."""
        self.found.passed_over[path[: _LONGEST_PATH // 2]] = (
            f"the path is too long: {len(path):,} bytes, {_LONGEST_PATH:,} are allowed"
        )

    def _link(self, path: bytes, name: bytes, rules: Sequence[Rules]) -> None:
        if os.path.isdir(os.path.join(self._root, path)):
            self._linked_folders.append((path, rules))
        elif paths.is_media(name):
            self._linked_files.append(path)

    def _linked_folder(self, path: bytes, rules: Sequence[Rules]) -> None:
        real = self._inside(path)
        if real is None:
            return
        if self.found.outside(real):
            self.found.elsewhere.add(path)
        else:
            self._tree(path, real, rules)

    def _linked_file(self, path: bytes) -> None:
        """A link to a file of the library that would not be found otherwise."""
        real = self._inside(path)
        if real is None or real in self.found.files or real in self._visited:
            return
        self._visited.add(real)
        if self.found.outside(real):
            self.found.elsewhere.add(path)
            return
        with contextlib.suppress(OSError):
            status = os.stat(os.path.join(self._root, path))
            if stat.S_ISREG(status.st_mode):
                self.found.files[path] = Stamp(status.st_size, status.st_mtime_ns)

    def _fail(self, folder: bytes, error: OSError) -> None:
        """A folder that cannot be looked into; one that has just gone is simply gone."""
        if isinstance(error, FileNotFoundError) and folder:
            return
        place = os.path.join(self._root, folder)
        reason = ""
        if isinstance(error, IgnoreError):
            reason = f"{paths.shown(place)} is passed over: {error}."
        elif isinstance(error, PermissionError):
            reason = unreadable(Path(os.fsdecode(place)))
        if not reason:
            reason = f"{paths.shown(place)} cannot be listed: {error.strerror or error}."
        if folder:
            self.found.unreadable[folder] = reason
        else:
            self.found.root_problem = reason


def _upwards(path: bytes) -> Iterable[bytes]:
    """A path and the folders above it, without the root."""
    while path:
        yield path
        path = paths.folder(path)


def _ancestors(folder: bytes) -> list[bytes]:
    """The folders above one, from the root downwards."""
    return [b"", *reversed([*_upwards(folder)][1:])] if folder else []


def _child_towards(above: bytes, folder: bytes) -> bytes:
    """The folder right in one that leads to another below it."""
    rest = folder[len(above) + 1 :] if above else folder
    return _join(above, rest.partition(b"/")[0])


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name


def _stamp(entry: os.DirEntry[bytes]) -> Stamp | None:
    """What vanishes under our eyes is not there; what is no plain file is nothing to us."""
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Stamp(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
