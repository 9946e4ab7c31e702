"""Files that can be made again, in a folder with a budget; the least recently used go first.

Several processes may share the folder: what counts is what is on the disk.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

import structlog

from conf.settings import Data
from streaming.files import Opened, open_regular
from streaming.job import Job, Transcoder
from streaming.pipe import Pipe, Tap
from streaming.spool import Spool

log = structlog.get_logger()

_PARTS = "unfinished"
_SLACK = 16 * 1024 * 1024
"""How much more than expected a song under way may take on the disk, beside as much again."""
_SHARES = {"songs": 7, "covers": 1}
"""Eighths of the budget."""


class Cache:
    """Keys are hexadecimal digests. All methods block: call them in a thread.

    `max_bytes` 0 keeps nothing. Nothing is added while the disk has less than `min_free` left.
    """

    def __init__(self, folder: Path, max_bytes: int, min_free: int) -> None:
        self._folder, self._max, self._min_free = folder, max_bytes, min_free
        self._parts = folder / _PARTS
        self._room = 0
        """How much may be added before the folder is counted again."""
        self._sweeping = threading.Lock()
        self._tidy()

    def open(self, key: str) -> Opened | None:
        """What is kept under a key; the file stays readable even when it is dropped meanwhile."""
        try:
            found = open_regular(self._path(key))
        except OSError:
            return None
        with suppress(OSError):
            os.utime(found.file.fileno(), ns=(time.time_ns(), found.mtime_ns))
        return found

    def read(self, key: str) -> bytes | None:
        """The bytes kept under a key."""
        found = self.open(key)
        if found is None:
            return None
        with found.file as file, suppress(OSError):
            return file.read()
        return None

    def begin(self, key: str, expected: int) -> Keep | None:
        """Something to write to; None where there is no room for it."""
        try:
            return Keep(self, key, self._parts) if self._admits(expected, expected) else None
        except OSError as error:
            log.warning("the cache cannot be written", folder=str(self._folder), reason=str(error))
            return None

    def fits(self, size: int) -> bool:
        """Whether so much is ever kept; blocks nobody."""
        return self._max > 0 and size <= self._max // 2

    def spool(self, expected: int) -> Spool | None:
        """A place for a song that is being made; None where there is no room for it and its copy."""
        try:
            most = 2 * expected + _SLACK
            return Spool(self._parts, most) if self._admits(expected, 2 * expected) else None
        except OSError as error:
            log.warning("the cache cannot be written", folder=str(self._folder), reason=str(error))
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keep these bytes, if that is possible."""
        keep = self.begin(key, len(data))
        if keep is None:
            return
        try:
            keep.file.write(data)
            keep.commit()
        except OSError as error:
            log.warning("the cache cannot be written", folder=str(self._folder), reason=str(error))
            keep.discard()

    def adopt(self, part: Path, key: str, size: int) -> None:
        """Take in what a `Keep` has finished."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.replace(path)
        self._room -= size
        if self._room < 0:
            self._sweep()

    def _admits(self, size: int, needed: int) -> bool:
        """Whether there is room; the folder for what is unfinished is there afterwards."""
        if not self.fits(size) or self._free() - needed < self._min_free:
            return False
        self._parts.mkdir(parents=True, exist_ok=True, mode=0o700)
        return True

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _free(self) -> int:
        there = next(folder for folder in (self._folder, *self._folder.parents) if folder.exists())
        found = os.statvfs(there)
        return found.f_bavail * found.f_frsize

    def _sweep(self) -> None:
        """Count, and drop the longest unused until a tenth of the budget is free again."""
        with self._sweeping:
            files = sorted(self._files())
            total = sum(size for _, size, _ in files)
            if total > self._max:
                for _, size, path in files:
                    path.unlink(missing_ok=True)
                    total -= size
                    if total <= self._max * 9 // 10:
                        break
            # Not all the room at once: other processes add to the same folder.
            self._room = max(0, self._max - total) // 4

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """Last use, size and place of all that is kept."""
        for folder in self._folder.iterdir():
            if folder.name == _PARTS or not folder.is_dir():
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        found = entry.stat(follow_symlinks=False)
                        yield found.st_atime_ns, found.st_size, Path(entry.path)

    def _tidy(self) -> None:
        """Remove what a killed process left unfinished. Whoever still writes holds a lock."""
        with suppress(OSError):
            for part in self._parts.iterdir():
                with part.open("rb") as file, suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    part.unlink(missing_ok=True)


def cache_of(data: Data, name: Literal["songs", "covers"]) -> Cache:
    """The cache for these things; songs and covers share the budget."""
    folder = (data.cache_dir or data.dir / "cache").expanduser() / name
    return Cache(folder, data.cache_bytes * _SHARES[name] // 8, data.min_free_bytes)


class Keep:
    """A file on its way into the cache. It ends with `commit` or `discard`."""

    def __init__(self, cache: Cache, key: str, parts: Path) -> None:
        self._cache, self._key = cache, key
        descriptor, name = tempfile.mkstemp(dir=parts)
        self._part = Path(name)
        self.file: BinaryIO = os.fdopen(descriptor, "w+b")
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def commit(self) -> None:
        with self.file:
            size = self.file.seek(0, os.SEEK_END)
            self.file.flush()
            self._cache.adopt(self._part, self._key, size)

    def discard(self) -> None:
        with suppress(OSError):
            self._part.unlink(missing_ok=True)
        with suppress(OSError):
            self.file.close()


class CachedTranscoder:
    """A transcoder around a transcoder: whole songs are kept, and found again.

    Whoever asks for a song that is just being made hears it from the same encoder, from the
    beginning. A song whose last listener leaves long before its end is not kept.
    """

    def __init__(self, inner: Transcoder, cache: Cache) -> None:
        self._inner, self._cache = inner, cache
        self._under_way: weakref.WeakValueDictionary[str, Pipe] = weakref.WeakValueDictionary()
        self.hits = 0
        self.misses = 0
        self.joined = 0

    def keeps(self, job: Job) -> bool:
        """Whether what is made will be kept, if the disk has room."""
        return bool(job.key) and self._cache.fits(job.expected_bytes)

    async def find(self, job: Job) -> Opened | None:
        found = await asyncio.to_thread(self._cache.open, job.key) if job.key else None
        self.hits += found is not None
        return found

    async def start(self, job: Job) -> Tap:
        if not job.key:
            return await self._inner.start(job)
        there = self._under_way.get(job.key)
        tap = there.join() if there else None
        if tap is not None:
            job.source.file.close()
            self.joined += 1
            return tap
        self.misses += 1
        size = job.expected_bytes
        job = replace(job, copy=partial(self._cache.begin, job.key, size))
        # A segment of HLS is small, and made whole before it is sent.
        if self._cache.fits(size) and not job.part:
            job = replace(job, spool=partial(self._cache.spool, size))
        tap = await self._inner.start(job)
        self._under_way[job.key] = tap.pipe
        return tap

    async def close(self) -> None:
        await self._inner.close()
