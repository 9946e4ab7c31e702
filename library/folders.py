"""The folders that files need, and when a file came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from db.batches import Batch
from db.words import letter, name_key, vector
from db.writes import FolderWrite
from library import paths
from library.cards import sort_text
from library.state import Folder, Library, Scan
from library.walk import Stamp


async def ensure(
    scan: Scan, library: Library, batch: Batch, files: Iterable[bytes]
) -> dict[bytes, Folder]:
    """The folders of files, with all folders above them."""
    there = library.folders
    missing: set[bytes] = set()
    for file in files:
        folder = paths.folder(file)
        while folder not in there and folder not in missing:
            missing.add(folder)
            folder = paths.folder(folder)
    wanted = sorted(missing)
    now = datetime.now(UTC)
    articles = scan.settings.library.ignored_articles
    rows = []
    for path, new_id in zip(wanted, await batch.new_ids("folders", len(wanted)), strict=True):
        there[path] = Folder(new_id)
        library.add_to_group(path, new_id)
        rows.append(_row(library, path, new_id, now, articles))
    await batch.add_folders(rows)
    return there


def _row(
    library: Library, path: bytes, new_id: int, now: datetime, articles: tuple[str, ...]
) -> FolderWrite:
    name = paths.shown(path.rpartition(b"/")[2]) if path else library.row.name
    order = sort_text(name, articles)
    parent = library.folders[paths.folder(path)].id if path else 0
    compared = name_key(name, articles)
    return FolderWrite(
        new_id, parent, path, name, order, compared, letter(order), vector(name), now
    )


def added_at(library: Library, stamp: Stamp, now: datetime) -> datetime:
    """When a file came: on a library's first scan nobody knows better than its file."""
    if not library.first_time:
        return now
    try:
        return min(now, datetime.fromtimestamp(stamp.mtime_ns / 1e9, UTC))
    except (OverflowError, ValueError, OSError):
        return now
