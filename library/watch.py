"""Watching a music folder: which of its folders have changed, once they have become quiet.

What the system tells is a hint and nothing more. The scan looks for itself, and the one that comes
by the clock finds what no hint was given of.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from library import ignore, inotify, paths
from library.inotify import Event, Inotify

QUIET = 5.0
"""Seconds without a change after which a folder is taken to be as it is meant to be."""
LONGEST = 120.0
"""Seconds after which a folder that never becomes quiet is scanned all the same."""
_GATHER = 1.0
_STILL_THERE = 60.0
_LOOK_AGAIN = 3600.0
_MOST_FOLDERS = 100
_MOST_READS = 64
_GONE = inotify.DELETE | inotify.MOVED_FROM
_CAME = inotify.CREATE | inotify.MOVED_TO | inotify.ATTRIB
_LEFT = inotify.DELETE_SELF | inotify.MOVE_SELF | inotify.UNMOUNT | inotify.IGNORED
_LISTS = paths.PLAYLISTS | {b"cue", *(name.encode() for name in paths.PICTURES)}


@dataclass(frozen=True)
class Change:
    """Folders of a library to be scanned; none: all of it. `age`: seconds since the last hint."""

    folders: tuple[bytes, ...]
    age: float


class Watch:
    """One music folder. Without changes it costs nothing but the system's memory for its folders."""

    def __init__(
        self, root: bytes, ignored_names: Iterable[str], quiet: float = QUIET,
        longest: float = LONGEST, source: Callable[[], Inotify] = Inotify,
    ) -> None:  # fmt: skip
        self._root = root
        self._ignored = paths.ignorer(ignored_names).fullmatch
        self._quiet = quiet
        self._longest = longest
        self._source = source
        self._folders: dict[int, bytes] = {}
        self._hints: dict[bytes, tuple[float, float]] = {}
        self._looked = 0.0
        self._ending = False

    @property
    def size(self) -> int:
        """How many folders are watched."""
        return len(self._folders)

    async def changes(self) -> AsyncGenerator[Change, None]:
        """Changes, until the folder itself is gone; called again, everything may have changed.

        Raises OSError where the folder is not there, NoWatchesError when there are too few watches.
        """
        again, self._ending = self._looked > 0, False
        events = self._source()
        try:
            await self._thread(self._look, events, b"", strict=True)
            place = await asyncio.to_thread(_identity, self._root)
            if again:
                yield Change((), 0.0)
            while await asyncio.to_thread(_identity, self._root) == place and self._folders:
                if await _readable(events.file, self._pause()):
                    await asyncio.sleep(min(_GATHER, self._quiet))
                    await self._thread(self._take, events)
                if time.monotonic() - self._looked > _LOOK_AGAIN:
                    # Something may have been mounted, or opened to us, without a word.
                    await self._thread(self._look, events, b"")
                if change := self._due():
                    yield change
            yield Change((), 0.0)
        finally:
            events.close()
            self._folders.clear()
            self._hints.clear()

    async def _thread(self, work: Callable[..., None], *args: Any, **options: Any) -> None:
        """Work in a thread, and wait for its end whatever happens: it reads a file that we close."""
        task = asyncio.create_task(asyncio.to_thread(work, *args, **options))
        try:
            await asyncio.shield(task)
        finally:
            self._ending = not task.done()
            await asyncio.wait({task})

    def _pause(self) -> float:
        """Seconds until a folder may have become quiet."""
        now = time.monotonic()
        due = [self._ripe(hint) - now for hint in self._hints.values()]
        return max(0.01, min([*due, _STILL_THERE]))

    def _ripe(self, hint: tuple[float, float]) -> float:
        first, last = hint
        return min(last + self._quiet, first + self._longest)

    def _due(self) -> Change | None:
        """The folders that are quiet now."""
        now = time.monotonic()
        due = {folder: hint for folder, hint in self._hints.items() if self._ripe(hint) <= now}
        if not due:
            return None
        for folder in due:
            del self._hints[folder]
        age = now - max(last for _, last in due.values())
        return Change(() if b"" in due or len(due) > _MOST_FOLDERS else tuple(sorted(due)), age)

    def _take(self, events: Inotify) -> None:
        for _ in range(_MOST_READS):
            for event in (found := events.read()):
                self._event(events, event)
            if not found:
                break

    def _event(self, events: Inotify, event: Event) -> None:
        if event.mask & inotify.OVERFLOW:
            self._look(events, b"")
            self._hint(b"")
            return
        folder = self._folders.get(event.watch)
        if folder is None:
            return
        if event.mask & _LEFT and (not folder or event.mask & inotify.IGNORED):
            self._forget(events, folder)
            self._hint(folder)
        elif event.name and not self._passed_over(event.name):
            self._inside(events, event, folder)

    def _inside(self, events: Inotify, event: Event, folder: bytes) -> None:
        path = folder + b"/" + event.name if folder else event.name
        if not event.mask & inotify.IS_FOLDER:
            if _matters(event.name):
                self._hint(folder)
            return
        if event.mask & _GONE:
            self._forget(events, path)
        elif event.mask & _CAME:
            self._look(events, path)
        self._hint(path)

    def _passed_over(self, name: bytes) -> bool:
        return name not in ignore.FILES and self._ignored(os.fsdecode(name)) is not None

    def _hint(self, folder: bytes) -> None:
        now = time.monotonic()
        first, _ = self._hints.get(folder, (now, now))
        self._hints[folder] = (first, now)

    def _look(self, events: Inotify, top: bytes, *, strict: bool = False) -> None:
        """Watch a folder and all below. First watched, then listed: nothing comes in between."""
        if not top:
            self._looked = time.monotonic()
        waiting = [top]
        while waiting and not self._ending:
            folder = waiting.pop()
            place = os.path.join(self._root, folder) if folder else self._root
            try:
                # A library may be a link itself.
                watch = events.add(os.path.realpath(place) if not folder else place)
                self._folders[watch] = folder
                with os.scandir(place) as entries:
                    names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            except OSError:
                if strict and not folder:
                    raise
                continue
            waiting += [
                folder + b"/" + name if folder else name
                for name in names
                if not self._passed_over(name)
            ]

    def _forget(self, events: Inotify, top: bytes) -> None:
        """A folder left; what comes of it elsewhere is watched anew."""
        for watch in [
            watch for watch, folder in self._folders.items() if paths.lies_in(folder, top)
        ]:
            del self._folders[watch]
            events.remove(watch)


def _done(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _matters(name: bytes) -> bool:
    """Whether a scan would look at a file of this name."""
    suffix = name.rpartition(b".")[2].lower()
    return paths.is_media(name) or suffix in _LISTS or name in ignore.FILES


def _identity(place: bytes) -> tuple[int, int] | None:
    """What stands at a place: another disk, or a folder made anew, is something else."""
    try:
        status = os.stat(place)
    except OSError:
        return None
    return status.st_dev, status.st_ino


async def _readable(file: int, seconds: float) -> bool:
    """Wait until there is something to read, at most so long."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(file, _done, ready)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ready
                return True
        return False
    finally:
        loop.remove_reader(file)
