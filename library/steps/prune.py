"""Sixth: songs and videos whose files are gone. Those that turned up elsewhere move, the rest become tombstones."""

from __future__ import annotations

from db.batches import Batch
from library import identity
from library.state import Library, Scan
from library.steps import totals
from library.steps.changed import refusal, too_many

NAME = "prune"

_BATCH = 1000


async def run(scan: Scan) -> None:
    """Move, bury, revive and, where that is wanted, forget."""
    for library in scan.open_libraries:
        pairs = await _found_again(scan, library)
        async with scan.db.catalog.batch(library.row.id) as batch:
            await _move(scan, library, batch, pairs)
            await _revive(scan, library, batch)
            await _bury(scan, library, batch)
            await _report(scan, library, batch)
            await _purge(scan, library, batch)
            await totals.refresh(scan, library, batch)
        await scan.report()


async def _found_again(scan: Scan, library: Library) -> list[tuple[int, int]]:
    """Missing songs and the new ones that they are."""
    catalog, key = scan.db.catalog, library.row.id
    if library.first_time and not library.known:
        return []
    lost = await catalog.traces([known.id for known in library.vanished])
    lost += await catalog.missing_traces(key)
    since = await catalog.last_done(key)
    added = await catalog.added_traces(key, since) if lost else []
    if not added:
        return []
    pairs = identity.match(lost, added)
    albums = {trace.id: trace.album_id for trace in (*lost, *added)}
    for new, old in pairs.items():
        library.note_move(albums[old], albums[new])
    return [(old, new) for new, old in pairs.items()]


async def _move(scan: Scan, library: Library, batch: Batch, pairs: list[tuple[int, int]]) -> None:
    """Rows that users know take over what the new rows say."""
    moved = {old for old, _ in pairs}
    for at in range(0, len(pairs), _BATCH):
        part = pairs[at : at + _BATCH]
        library.note(await batch.involved([row for pair in part for row in pair]))
        await batch.fold(part)
    scan.progress.moved += len(pairs)
    scan.progress.added = max(0, scan.progress.added - len(pairs))
    library.vanished = [known for known in library.vanished if known.id not in moved]
    library.changed |= bool(pairs)


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
    if days > 0 and await batch.purge(days) + await batch.videos.purge(days):
        library.changed = True
