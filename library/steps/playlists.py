"""Last: playlist files, whose lines are looked up among all songs, and lines that wait for songs.

A playlist that people have changed no longer follows its file, and one that they deleted comes back
only when its file changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from db.playlist_files import KnownList, ReadList, Waiting
from library import paths
from library.playlist_lines import Line, Place, Resolver
from library.playlists import List
from library.state import Library, Scan
from library.tags.facts import READER, Request, Splitting
from library.tags.text import clean
from library.walk import Stamp

log = structlog.get_logger()

NAME = "playlists"

TARGET = "library.playlists:read_files"
_FILES = 20
_SECONDS = 30.0

_lists = msgspec.msgpack.Decoder(list[List])


@dataclass
class _Read:
    """A file that was read, and what was known of it."""

    library: Library
    path: bytes
    found: List
    known: KnownList | None

    @property
    def stamp(self) -> Stamp:
        return self.library.walk.playlists[self.path]

    @property
    def moved(self) -> bool:
        return self.known is not None and (self.known.library_id, self.known.path) != (
            self.library.row.id,
            self.path,
        )

    @property
    def same(self) -> bool:
        """Whether the file says what it said."""
        return self.known is not None and self.known.hash == self.found.hash

    def lines(self) -> Iterator[Line]:
        folder = paths.folder(self.path)
        for text in self.found.lines:
            yield Line(self.library.row.id, folder, text)


async def run(scan: Scan) -> None:
    """Make, change and remove the playlists of files, and fill in songs that have come."""
    libraries = scan.open_libraries
    known = await scan.db.playlist_files.known([library.row.id for library in libraries])
    if not known and not any(library.walk.playlists for library in libraries):
        return
    gone = [each for each in known if _is_gone(scan, each)]
    read = await _read_changed(scan, known, gone)
    waiting = _waiting(scan, known, gone, read)
    resolver = await _resolver(scan, read, waiting)
    await _write(scan, read, resolver)
    for each in gone:
        if all(other.known is not each for other in read):
            await scan.db.playlist_files.drop(each)
    for each in waiting:
        await _fill(scan, each, resolver)


def _library(scan: Scan, known: KnownList) -> Library:
    return next(library for library in scan.libraries if library.row.id == known.library_id)


def _is_gone(scan: Scan, known: KnownList) -> bool:
    """A folder that shows nothing at all is more likely a missing disk."""
    walk = _library(scan, known).walk
    if known.path in walk.playlists or walk.hidden(known.path):
        return False
    return bool(walk.files or walk.playlists) or scan.job.accept_removals


async def _read_changed(
    scan: Scan, known: Sequence[KnownList], gone: Sequence[KnownList]
) -> list[_Read]:
    """Read what is not as it was read; a file with the contents of one that is gone is that one."""
    by_place = {(each.library_id, each.path): each for each in known}
    missing = {each.hash: each for each in gone}
    done = []
    for library in scan.open_libraries:
        todo = []
        for path, stamp in library.walk.playlists.items():
            old = by_place.get((library.row.id, path))
            is_known = old is not None and (old.size, old.mtime_ns) == stamp
            if scan.job.complete or not (is_known or path in library.failures):
                todo.append(path)
        for at in range(0, len(todo), _FILES):
            batch = todo[at : at + _FILES]
            for path, found in zip(batch, await _read(scan, library, batch), strict=True):
                old = by_place.get((library.row.id, path)) or missing.pop(found.hash, None)
                found.name = found.name or clean(paths.shown(paths.stem(path)))[:250] or "?"
                done.append(_Read(library, path, found, old))
            await scan.report()
        await _problems(scan, library, [each for each in done if each.library is library])
    return [each for each in done if not each.found.failed]


async def _read(scan: Scan, library: Library, batch: Sequence[bytes]) -> list[List]:
    """Read files; what takes its reader with it is reported alone."""
    request = msgspec.msgpack.encode(Request(library.row.path, list(batch), Splitting()))
    try:
        return _lists.decode(await scan.sandbox.call(TARGET, request, timeout=_SECONDS))
    except (TimeoutError, ChildProcessError, RuntimeError) as error:
        if len(batch) > 1:
            return [found for path in batch for found in await _read(scan, library, [path])]
        return [List(failed=f"reading ended the process that read it: {error}"[:300], again=True)]


async def _problems(scan: Scan, library: Library, read: Sequence[_Read]) -> None:
    """Note what could not be read, or not as a whole."""
    rows = []
    for each in read:
        reason = each.found.failed or each.found.complaint
        if reason:
            stamp = Stamp(-1, 0) if each.found.again else each.stamp
            rows.append((each.path, *stamp, reason))
            scan.progress.broken += each.path not in library.failures
            library.failures[each.path] = reason
    fine = [each.path for each in read if not (each.found.failed or each.found.complaint)]
    async with scan.db.catalog.batch(library.row.id) as batch:
        await batch.save_problems(rows, READER)
        await batch.drop_problems([path for path in fine if path in library.broken])


def _waiting(
    scan: Scan, known: Sequence[KnownList], gone: Sequence[KnownList], read: Sequence[_Read]
) -> list[KnownList]:
    """Lists with lines for which songs may have come."""
    if not any(library.changed for library in scan.libraries):
        return []
    done = {id(each) for each in (*gone, *(one.known for one in read))}
    return [
        each
        for each in known
        if each.follows and each.playlist_id and each.waiting != "[]" and id(each) not in done
    ]


async def _resolver(scan: Scan, read: Sequence[_Read], waiting: Sequence[KnownList]) -> Resolver:
    """One that knows the songs which the lines may mean."""
    lines = [line for each in read for line in each.lines()]
    lines += [line for each in waiting for _, line in _lines_of(each)]
    rows = await scan.db.libraries.all() if lines else []
    resolver = Resolver({row.id: row.path for row in rows}, lines)
    if lines:
        async for places in scan.db.playlist_files.places():
            for place in places:
                resolver.add(Place(place.id, place.library_id, place.path))
    return resolver


def _lines_of(known: KnownList) -> Iterator[tuple[int, Line]]:
    folder = paths.folder(known.path)
    for position, text in known.lines():
        yield position, Line(known.library_id, folder, text)


async def _write(scan: Scan, read: Sequence[_Read], resolver: Resolver) -> None:
    files, settings = scan.db.playlist_files, scan.settings.playlists
    owner = await files.owner(settings.owner) if read else None
    for each in read:
        found = _found(each, resolver, again=scan.job.complete)
        if each.known is not None and (each.known.playlist_id is not None or each.same):
            await files.write(each.known, found)
        elif owner is not None:
            await files.add(owner, found, public=settings.public)
        else:
            log.warning("a playlist file waits for its owner", owner=settings.owner or "admin")


def _found(each: _Read, resolver: Resolver, *, again: bool) -> ReadList:
    """What is to be written. A file that says what it said has the songs that it had."""
    songs: list[int] | None = None
    waiting: Waiting = []
    if not each.found.rules and (not each.same or (again and not each.moved)):
        songs = []
        for position, line in enumerate(each.lines()):
            song = resolver.find(line)
            if song is None:
                waiting.append((position, line.text))
            else:
                songs.append(song)
    return ReadList(
        library_id=each.library.row.id,
        path=each.path,
        size=each.stamp.size,
        mtime_ns=each.stamp.mtime_ns,
        hash=each.found.hash,
        name=each.found.name,
        comment=each.found.comment,
        rules=each.found.rules,
        songs=songs,
        waiting=waiting,
    )


async def _fill(scan: Scan, known: KnownList, resolver: Resolver) -> None:
    songs = {
        position: song
        for position, line in _lines_of(known)
        if (song := resolver.find(line)) is not None
    }
    if songs:
        await scan.db.playlist_files.fill(known, songs)
