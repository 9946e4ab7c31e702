"""Episodes of podcasts: from an address to a file, and the folder where the files are.

A file is `CHANNEL/EPISODE.suffix`, numbers both; nothing a feed says becomes part of a name. Until
it is whole it is `CHANNEL/EPISODE.TURN.part.suffix`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog

from conf.settings import Settings
from db.database import Database
from db.rows import EpisodeJobRow, KeptRow
from library import Sandbox
from library.feeds import storable
from library.fetch import Fetcher, FetchError
from library.hearing import Heard
from library.paths import CONTENT_TYPES

log = structlog.get_logger()

_RENEW_EVERY = 30.0
_BLOCK = 1024 * 1024
_READING = 120.0
_TRIES = 5
_FIRST_PAUSE = 60.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CHANNEL = re.compile(r"[1-9]\d*", re.ASCII)
_FILE = re.compile(r"([1-9]\d*)(?:\.(\d+)\.part)?\.[a-z0-9+]{1,5}", re.ASCII)


class _GivenUpError(Exception):
    """Nobody wants the episode any more."""


class _UselessError(Exception):
    """What was downloaded cannot be kept; the text is a sentence for people."""


def folder(settings: Settings) -> Path:
    """Where this node has its episodes."""
    return settings.podcasts.dir or settings.data.dir / "podcasts"


class Episodes:
    """Downloads episodes, and removes the files that nobody wants any more."""

    def __init__(
        self, db: Database, settings: Settings, fetcher: Fetcher, sandbox: Sandbox
    ) -> None:
        self._db = db
        self._settings = settings
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._folder = folder(settings)

    async def download(self, job: EpisodeJobRow) -> None:
        """Do the job; how it went stands in the episode's row."""
        part = self._folder / str(job.channel_id) / f"{job.id}.{job.turn}.part.{job.suffix}"
        try:
            await self._fetch(job, part)
            await self._take(job, part, await self._hear(part))
        except _GivenUpError:
            log.info("a download was given up", episode=job.id)
        except FetchError as error:
            again = error.transient and job.failures + 1 < _TRIES
            await self._fail(job, str(error), again=again)
        except _UselessError as error:
            await self._fail(job, str(error))
        except OSError as error:
            await self._fail(job, _told(error, self._folder))
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    async def sweep(self) -> int:
        """Remove files without an episode; what has another kind of name is left alone."""
        # First the files, then the rows: what is begun meanwhile is not among the files.
        there = await asyncio.to_thread(lambda: list(_files(self._folder)))
        if not there:
            return 0
        rows = {row.id: row for row in await self._db.podcasts.kept()}
        unwanted = [path for path, number, turn in there if not _wanted(rows.get(number), path, turn)]  # fmt: skip
        return await asyncio.to_thread(_remove, self._folder, unwanted)

    async def _fetch(self, job: EpisodeJobRow, part: Path) -> None:
        """Write the file, as long as it is wanted and there is room."""
        await asyncio.to_thread(part.parent.mkdir, mode=0o755, parents=True, exist_ok=True)
        renewed = time.monotonic()
        await self._room(job)
        most = self._settings.podcasts.max_episode_bytes
        with part.open("wb", buffering=0) as file:
            held = bytearray()
            async with aclosing(self._fetcher.stream(job.url, most)) as blocks:
                async for block in blocks:
                    held += block
                    if len(held) >= _BLOCK:
                        await self._write(file, held)
                    if time.monotonic() - renewed > _RENEW_EVERY:
                        await self._room(job)
                        renewed = time.monotonic()
            await self._write(file, held)
            await asyncio.to_thread(os.fsync, file.fileno())
        await self._room(job)

    async def _write(self, file: BinaryIO, held: bytearray) -> None:
        self._expect_room()
        await asyncio.to_thread(_write_all, file, bytes(held))
        held.clear()

    async def _room(self, job: EpisodeJobRow) -> None:
        """Go on only while the job is ours."""
        self._expect_room()
        if not await self._db.podcasts.renew(job):
            raise _GivenUpError

    def _expect_room(self) -> None:
        if shutil.disk_usage(self._folder).free < self._settings.data.min_free_bytes:
            raise _UselessError("The disk has less room left than data.min_free_bytes.")

    async def _hear(self, part: Path) -> Heard:
        """What the file is, whatever the feed and the server said."""
        try:
            found = await self._sandbox.call(
                "library.hearing:hear", os.fsencode(part), timeout=_READING
            )
        except (RuntimeError, TimeoutError, ChildProcessError) as error:
            raise _UselessError("The file cannot be read.") from error
        heard = msgspec.msgpack.decode(found, type=Heard)
        if heard.reason:
            raise _UselessError(f"What was downloaded is nothing that sounds: {heard.reason}.")
        return heard

    async def _take(self, job: EpisodeJobRow, part: Path, heard: Heard) -> None:
        ending = _suffix(job.suffix, heard.content_type)
        final = part.with_name(f"{job.id}.{ending}")
        await asyncio.to_thread(part.replace, final)
        kind = heard.content_type
        ours = await self._db.podcasts.complete(
            job,
            path=os.fsencode(final.relative_to(self._folder)),
            suffix=ending,
            content_type=kind.replace("audio/", "video/") if job.video else kind,
            size=(await asyncio.to_thread(final.stat)).st_size,
            duration=heard.duration,
            bit_rate=heard.bit_rate,
            keep=self._settings.podcasts.keep,
        )
        if not ours:
            raise _GivenUpError

    async def _fail(self, job: EpisodeJobRow, message: str, *, again: bool = False) -> None:
        message = storable(message)
        log.warning("an episode was not downloaded", episode=job.id, reason=message, again=again)
        pause = _FIRST_PAUSE * 4.0**job.failures if again else 0.0
        await self._db.podcasts.fail_episode(job, message, again=again, pause=pause)


def _write_all(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _suffix(claimed: str, content_type: str) -> str:
    """The suffix that the feed led to expect, or that of what the file is."""
    if CONTENT_TYPES.get(claimed) == content_type:
        return claimed
    return next((one for one, kind in CONTENT_TYPES.items() if kind == content_type), claimed)


def _files(place: Path) -> Iterator[tuple[Path, int, str | None]]:
    """Files with names such as we give: path, episode, and the turn of an unfinished one."""
    with suppress(FileNotFoundError):
        for channel in place.iterdir():
            if not _CHANNEL.fullmatch(channel.name) or not channel.is_dir():
                continue
            for path in channel.iterdir():
                if match := _FILE.fullmatch(path.name):
                    yield path, int(match[1]), match[2]


def _wanted(row: KeptRow | None, path: Path, turn: str | None) -> bool:
    if row is None or str(row.channel_id) != path.parent.name:
        return False
    if row.path is None:
        return turn is None or int(turn) == row.turn
    return os.fsencode(path.name) == row.path.rpartition(b"/")[2]


def _remove(place: Path, paths: list[Path]) -> int:
    for path in paths:
        path.unlink(missing_ok=True)
    for channel in {path.parent for path in paths}:
        with suppress(OSError):
            channel.rmdir()
    return len(paths)


def _told(error: OSError, place: Path) -> str:
    if error.errno in _FULL:
        return "The disk is full."
    return f"The file cannot be written in {place}: {error.strerror or error}."
