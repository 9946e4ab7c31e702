"""Third: read tags in children of the sandbox, several batches at once.

The step makes the stream; the next step draws from it, so that reading and writing overlap.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Sequence

import msgspec

from library import paths
from library.state import Library, Scan, Unit
from library.tags.facts import Answer, Request, Splitting

NAME = "read"

TARGET = "library.tags:read_files"
_FILES = 50
_SONGS = 700
_MOST_SONGS = 2500
_SECONDS = 60.0
_SECONDS_ALONE = 30.0

_answers = msgspec.msgpack.Decoder(list[Answer])


class SandboxError(Exception):
    """No file is to blame: the sandbox itself does not work."""


async def run(scan: Scan) -> None:
    """Make the stream of what was read."""
    scan.units = units(scan)


async def units(scan: Scan) -> AsyncIterator[Unit]:
    """Everything that is to be read, in units of whole album folders."""
    for library in scan.open_libraries:
        unit: list[tuple[bytes, Answer]] = []
        last = None
        async for path, answer in _in_order(scan, library):
            group = paths.album_folder(paths.folder(path))
            if (len(unit) >= _SONGS and group != last) or len(unit) >= _MOST_SONGS:
                yield library, unit
                unit = []
            unit.append((path, answer))
            last = group
        if unit:
            yield library, unit


async def _in_order(scan: Scan, library: Library) -> AsyncIterator[tuple[bytes, Answer]]:
    """Answers by album folder; a bounded number of batches is under way."""
    wanted = sorted(library.todo, key=lambda path: (paths.album_folder(paths.folder(path)), path))
    batches = deque(wanted[at : at + _FILES] for at in range(0, len(wanted), _FILES))
    under_way: deque[tuple[list[bytes], asyncio.Task[list[Answer]]]] = deque()
    try:
        while batches or under_way:
            while batches and len(under_way) < workers(scan) + 2:
                batch = batches.popleft()
                under_way.append((batch, asyncio.create_task(read(scan, library, batch))))
            batch, task = under_way.popleft()
            for found in zip(batch, await task, strict=True):
                yield found
            scan.progress.read += len(batch)
            await scan.report()
    finally:
        for _, task in under_way:
            task.cancel()
        await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)


def workers(scan: Scan) -> int:
    """Children that read at the same time."""
    return scan.settings.library.scan_workers or max(1, (os.cpu_count() or 1) - 1)


async def read(scan: Scan, library: Library, batch: Sequence[bytes]) -> list[Answer]:
    """Read files; when they take the child with them, find out which one it was."""
    settings = scan.settings.library
    splitting = Splitting(
        settings.artist_separators, settings.unsplit_artists, settings.genre_separators
    )
    sheets = {path: sheet[:2] for path in batch if (sheet := library.sheets.get(path))}
    request = msgspec.msgpack.encode(Request(library.row.path, list(batch), splitting, sheets))
    seconds = _SECONDS if len(batch) > 1 else _SECONDS_ALONE
    try:
        return _answers.decode(await scan.sandbox.call(TARGET, request, timeout=seconds))
    except TimeoutError:
        if len(batch) > 1:
            return await _parts(scan, library, [[path] for path in batch])
        return [Answer(None, f"reading took longer than {_SECONDS_ALONE:.0f} seconds")]
    except (ChildProcessError, RuntimeError) as error:
        if len(batch) > 1:
            middle = len(batch) // 2
            return await _parts(scan, library, [batch[:middle], batch[middle:]])
        await _check_sandbox(scan, library)
        return [Answer(None, f"reading ended the process that read it: {error}"[:300])]


async def _parts(scan: Scan, library: Library, parts: Sequence[Sequence[bytes]]) -> list[Answer]:
    found: list[Answer] = []
    for part in parts:
        found += await read(scan, library, part)
    return found


async def _check_sandbox(scan: Scan, library: Library) -> None:
    """Before a file is blamed, see whether reading nothing works."""
    nothing = msgspec.msgpack.encode(Request(library.row.path, [], Splitting()))
    try:
        await scan.sandbox.call(TARGET, nothing, timeout=_SECONDS_ALONE)
    except (TimeoutError, ChildProcessError, RuntimeError) as error:
        raise SandboxError(f"tags cannot be read at all: {error}") from error
