"""Sixth: songs and videos whose files are gone. Those that turned up elsewhere move, the rest become tombstones."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict

from msgspec.structs import replace

from db.batches import Batch
from db.catalog import Trace
from library import heirs, identity
from library.state import Library, Scan
from library.steps import totals
from library.steps.changed import refusal, too_many

NAME = "prune"

_BATCH = 1000


async def run(scan: Scan) -> None:
    """Move, bury, revive and, where that is wanted, forget.

    All libraries at once: a song that goes from one to another is in both at no moment.
    """
    if not scan.open_libraries:
        return
    pairs = await _found_again(scan)
    async with scan.db.catalog.batch(scan.open_libraries[0].row.id) as batch:
        await _move(scan, batch, pairs)
        open_libraries = [(library, batch.on(library.row.id)) for library in scan.open_libraries]
        for library, part in open_libraries:
            await _revive(scan, library, part)
            await _bury(scan, library, part)
            await _report(scan, library, part)
            await _purge(scan, library, part)
        for library, part in open_libraries:
            await totals.refresh(scan, library, part)
            await heirs.artists(scan, library, part)
        await heirs.folders(batch, pairs)
    await scan.report()


Pairs = list[tuple[Trace, Trace]]
"""Missing songs and the new ones that they are."""


async def _found_again(scan: Scan) -> Pairs:
    """First within each library, then across all of them."""
    catalog = scan.db.catalog
    here = {library.row.id for library in scan.open_libraries}
    lost = await catalog.traces(
        [known.id for library in scan.open_libraries for known in library.vanished]
    )
    lost += await catalog.missing_traces()
    retired = scan.progress.added > 0 and await catalog.has_retired()
    partly = [library for library in scan.open_libraries if library.walk.scope is not None]
    if not lost and not retired and not (partly and scan.progress.added):
        return []
    done = await catalog.last_done()
    added = await catalog.added_traces({key: done[key] for key in here})
    if retired:
        lost += await catalog.retired_traces([trace.id for trace in added])
    for library in partly:
        lost += await _left_behind(scan, library, added)
    pairs: Pairs = []
    for library_id in sorted(here):
        _match(pairs, *([t for t in each if t.library_id == library_id] for each in (lost, added)))
    _match(pairs, lost, added)
    if done.keys() != here:
        # Of songs that other scans found before this one missed them.
        lost = [trace for trace in lost if trace.library_id in here]
        _match(pairs, lost, await catalog.added_traces(scan.since(done)))
    return pairs


async def _left_behind(scan: Scan, library: Library, added: list[Trace]) -> list[Trace]:
    """Songs like the new ones, outside of what was looked through, whose files are gone."""
    alike = await scan.db.catalog.alike(library.row.id, added)

    def gone() -> list[Trace]:
        return [
            trace
            for trace in alike
            if library.walk.outside(trace.path)
            and not os.path.lexists(os.path.join(library.row.path, trace.path))
        ]

    return await asyncio.to_thread(gone)


def _match(pairs: Pairs, lost: list[Trace], added: list[Trace]) -> None:
    """Add to the pairs what is in none yet."""
    taken = {trace.id for pair in pairs for trace in pair}
    old = {trace.id: trace for trace in lost if trace.id not in taken}
    # What came after the last scan of everything may be what this one lost.
    new = {trace.id: trace for trace in added if trace.id not in taken and trace.id not in old}
    found = identity.match(list(old.values()), list(new.values()))
    pairs += [(old[before], new[now]) for now, before in found.items()]


async def _move(scan: Scan, batch: Batch, pairs: Pairs) -> None:
    """Rows that users know take over what the new rows say."""
    here = {library.row.id: library for library in scan.open_libraries}
    for at in range(0, len(pairs), _BATCH):
        part = [(old.id, new.id) for old, new in pairs[at : at + _BATCH]]
        stays = {new: old for old, new in part}
        before = await batch.identity.roles(list(stays.values()))
        after = await batch.identity.roles(list(stays))
        heirs.note_roles(
            scan, before, [replace(row, track_id=stays[row.track_id]) for row in after]
        )
        await _note(batch, here, pairs[at : at + _BATCH])
        await batch.identity.fold(part)
    moved = {old.id for old, _ in pairs}
    scan.progress.moved += len(pairs)
    scan.progress.added = max(0, scan.progress.added - len(pairs))
    for library in scan.open_libraries:
        for old, _ in pairs:
            if old.library_id == library.row.id and library.walk.outside(old.path):
                library.walk.files.pop(old.path, None)
        library.vanished = [known for known in library.vanished if known.id not in moved]


async def _note(batch: Batch, here: dict[int, Library], pairs: Pairs) -> None:
    """What is to be counted anew: where songs went, and where they came from."""
    by_place: dict[int, list[int]] = defaultdict(list)
    for old, new in pairs:
        library = here.get(new.library_id) or here[old.library_id]
        library.note_move(old.album_id, new.album_id)
        if old.library_id != new.library_id:
            library.left.add(old.album_id)
        by_place[old.library_id].append(old.id)
        by_place[new.library_id].append(new.id)
    for place, songs in by_place.items():
        involved = await batch.involved(songs)
        if place in here:
            here[place].note(involved)
            here[place].changed = True
        else:
            # Nothing of it is looked at now, but artists count in all libraries.
            next(iter(here.values())).artists.update(involved[1])
            await batch.on(place).tell()


async def _revive(scan: Scan, library: Library, batch: Batch) -> None:
    await batch.revive(library.revived)
    library.note(await batch.involved(library.revived))
    scan.progress.added += len(library.revived)
    library.changed |= bool(library.revived)


async def _bury(scan: Scan, library: Library, batch: Batch) -> None:
    """Tombstones, unless they would be too many."""
    lost = [known.id for known in library.vanished]
    videos = [known.id for known in library.vanished_videos]
    if not scan.job.accept_removals and too_many(scan, library, library.lost):
        library.refused = refusal(library, library.lost)
        return
    library.note(await batch.involved(lost))
    await batch.bury(lost)
    await batch.mend_pictures([known.path for known in library.vanished])
    await batch.videos.bury(videos)
    scan.progress.missing += len(lost) + len(videos)
    library.changed |= bool(lost or videos)


async def _report(scan: Scan, library: Library, batch: Batch) -> None:
    """Folders that could not be looked into; what is mended or gone is no problem any more."""
    unreadable = library.walk.unreadable | library.walk.passed_over
    await batch.save_problems([(path, -1, 0, reason) for path, reason in unreadable.items()], 0)
    scan.progress.broken = sum(len(each.failures) for each in scan.libraries)
    await batch.drop_problems(
        [
            path
            for path in library.broken
            if path not in library.failures and not library.walk.hidden(path)
        ]
    )


async def _purge(scan: Scan, library: Library, batch: Batch) -> None:
    days = scan.settings.library.keep_missing_days
    if days <= 0:
        return
    forgotten = await batch.identity.purge(days) + await batch.videos.purge(days)
    scan.forgotten += forgotten
    library.changed |= bool(forgotten)
