"""Seventh, where the operator wants it: of several files of one recording, lists show one."""

from __future__ import annotations

from collections.abc import Sequence

from db.batches import Batch
from library.state import Library, Scan
from library.steps import totals
from library.twins import leaders

NAME = "twins"

_STATE = "merged"
_ALBUMS = 200
"""So many names of albums at a time: what is looked at lies in memory."""


async def run(scan: Scan) -> None:
    """Look at what has changed; at everything in a library where it was not so before."""
    merge = scan.settings.library.duplicates == "merge"
    merged = set(await scan.db.state.get(_STATE, list[int]) or ())
    before = merged.copy()
    for library in scan.open_libraries:
        if merge:
            whole = library.row.id not in merged or await _interrupted(scan, library)
            await _look(scan, library, None if whole else _touched(library), merge=True)
            merged.add(library.row.id)
        elif library.row.id in merged:
            await _look(scan, library, None, merge=False)
            merged.discard(library.row.id)
    if merged != before:
        await scan.db.state.put(_STATE, sorted(merged))


async def _interrupted(scan: Scan, library: Library) -> bool:
    return await scan.db.catalog.interrupted(library.row.id, scan.job.id)


def _touched(library: Library) -> set[int]:
    return library.touched | library.new_albums | set(library.adopted_albums.values())


async def _look(scan: Scan, library: Library, albums: set[int] | None, *, merge: bool) -> None:
    """Look at the songs of all albums that are called as these are; None: of all."""
    async with scan.db.catalog.batch(library.row.id) as batch:
        names = await batch.twins.names(albums)
        for at in range(0, len(names), _ALBUMS):
            part = names[at : at + _ALBUMS]
            copies = await batch.twins.copies(part)
            found = leaders(copies) if merge else {}
            changed = {
                copy.id: found.get(copy.id, 0)
                for copy in copies
                if not copy.stands_behind(found.get(copy.id, 0))
            }
            await _settle(scan, library, batch, part, changed)


async def _settle(
    scan: Scan, library: Library, batch: Batch, names: Sequence[str], changed: dict[int, int]
) -> None:
    """Write it, and count anew the albums, artists and genres that lists show otherwise now."""
    if changed:
        await batch.twins.settle("track", changed)
        library.note(await batch.involved(list(changed)))
        library.changed = True
        await totals.refresh(scan, library, batch)
    await batch.twins.settle("album", await batch.twins.albums(names))
    await scan.report()
