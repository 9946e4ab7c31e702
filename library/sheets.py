"""Cue sheets beside files: which file each is about. Only new and changed ones are read."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import msgspec

from db.sheets import SheetState
from library import paths
from library.state import Library, Scan, SheetOf
from library.tags.facts import READER, Named, Request, Splitting
from library.walk import Stamp

TARGET = "library.tags.reader:read_sheets"
_SHEETS = 50
_SECONDS = 30.0
_named = msgspec.msgpack.Decoder(list[Named])


async def find(scan: Scan, library: Library) -> None:
    """Work out which files have a sheet, and which sheets cannot be used."""
    found = library.walk.sheets
    store = scan.db.catalog.sheets(library.row.id)
    known = {state.path: state for state in await store.known()}
    gone = [path for path in known if path not in found and not library.walk.hidden(path)]
    await store.drop(gone)
    if not found:
        return
    new = [path for path, stamp in found.items() if not _same(known.get(path), stamp)]
    for at in range(0, len(new), _SHEETS):
        states = await _read(scan, library, new[at : at + _SHEETS])
        known |= {state.path: state for state in states}
        await store.write([state for state in states if state.size >= 0])
        await scan.report()
    usable = [known[path] for path in sorted(found)]
    library.sheets = aim(usable, library.walk.files)
    await _complain(scan, library, usable)


def _same(state: SheetState | None, stamp: Stamp) -> bool:
    return state is not None and (state.size, state.mtime_ns, state.reader) == (*stamp, READER)


async def _read(scan: Scan, library: Library, batch: Sequence[bytes]) -> list[SheetState]:
    states = []
    for path, named in zip(batch, await _names(scan, library, batch), strict=True):
        stamp = Stamp(-1, 0) if named.again else library.walk.sheets[path]
        states.append(SheetState(path, *stamp, READER, named.files, named.reason))
    return states


async def _names(scan: Scan, library: Library, batch: Sequence[bytes]) -> list[Named]:
    request = msgspec.msgpack.encode(Request(library.row.path, list(batch), Splitting()))
    try:
        return _named.decode(await scan.sandbox.call(TARGET, request, timeout=_SECONDS))
    except (TimeoutError, ChildProcessError, RuntimeError) as error:
        if len(batch) == 1:
            return [Named([], f"reading the cue sheet failed: {error}"[:300])]
        return [one for path in batch for one in await _names(scan, library, [path])]


async def _complain(scan: Scan, library: Library, states: Sequence[SheetState]) -> None:
    """Note what is wrong with sheets; what was found when a file was read with one, stays so."""
    rows = []
    used = {sheet.path for sheet in library.sheets.values()}
    for state in states:
        broken = library.broken.get(state.path)
        noted = broken and _same(state, Stamp(broken.size, broken.mtime_ns))
        if state.reason or (noted and state.path in used):
            library.failures[state.path] = state.reason
        if state.reason and not noted:
            rows.append((state.path, state.size, state.mtime_ns, state.reason))
    if rows:
        async with scan.db.catalog.batch(library.row.id) as batch:
            await batch.save_problems(rows, READER)


def aim(states: Iterable[SheetState], files: Iterable[bytes]) -> dict[bytes, SheetOf]:
    """The sheet of each file that has one. Names lead to nothing but files in the sheet's folder."""
    by_folder: dict[bytes, list[SheetState]] = defaultdict(list)
    for state in states:
        if state.files:
            by_folder[paths.folder(state.path)].append(state)
    beside: dict[bytes, list[bytes]] = defaultdict(list)
    for path in files if by_folder else ():
        folder = paths.folder(path)
        if folder in by_folder:
            beside[folder].append(path)
    found: dict[bytes, SheetOf] = {}
    for folder, sheets in by_folder.items():
        shelf = _Shelf(beside[folder])
        claims = [
            (not _about(state.path, file), state.path, number, file, _state(state))
            for state in sheets
            for number, file in shelf.files_of(state, alone=len(sheets) == 1)
        ]
        for _, path, number, file, value in sorted(claims):
            found.setdefault(file, SheetOf(path, number, value))
    return found


class _Shelf:
    """The files of one folder, found by names that are written in other ways."""

    def __init__(self, files: Sequence[bytes]) -> None:
        self._files = files
        self._names = {_folded(path.rpartition(b"/")[2]): path for path in reversed(files)}
        self._stems = {_folded(paths.stem(path)): path for path in reversed(files)}

    def files_of(self, state: SheetState, *, alone: bool) -> list[tuple[int, bytes]]:
        """The files that a sheet names, each once, with their number in it."""
        found: dict[bytes, int] = {}
        for number, name in enumerate(state.files):
            file = self._named(name)
            if file is None and len(state.files) == 1:
                file = self._stems.get(_folded(paths.stem(state.path)))
                if file is None and alone and len(self._files) == 1:
                    file = self._files[0]
            if file is not None:
                found.setdefault(file, number)
        return [(number, file) for file, number in found.items()]

    def _named(self, name: str) -> bytes | None:
        base = _folded(name.replace("\\", "/").rpartition("/")[2])
        return self._names.get(base) or self._stems.get(base.rpartition(".")[0] or base)


def _folded(name: bytes | str) -> str:
    text = os.fsdecode(name) if isinstance(name, bytes) else name
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _about(sheet: bytes, file: bytes) -> bool:
    """Whether a sheet is called what the file is called, with its suffix or without."""
    return paths.stem(sheet) in {paths.stem(file), file.rpartition(b"/")[2]}


def _state(state: SheetState) -> int:
    """A number that changes with the sheet."""
    facts = repr((state.path.rpartition(b"/")[2], state.size, state.mtime_ns)).encode()
    return int.from_bytes(blake2b(facts, digest_size=7).digest(), "big") + 1
