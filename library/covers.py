"""Cover files: read only when they changed, known by a hash of their bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable

from db.batches import Batch
from library.albums import Cover
from library.artwork import fingerprint
from library.state import Library, Scan


def changed(library: Library, candidates: Iterable[bytes]) -> list[bytes]:
    """Pictures that were not read as they are now."""
    found = []
    for path in candidates:
        state, stamp = library.images.get(path), library.walk.images[path]
        if state is None or (state.size, state.mtime_ns) != stamp:
            found.append(path)
    return found


async def read(scan: Scan, library: Library, batch: Batch, files: list[bytes]) -> None:
    """Hash pictures and note them."""
    if not files:
        return
    most = scan.settings.covers.max_source_bytes
    hashes = await asyncio.to_thread(
        lambda: [fingerprint(os.path.join(library.row.path, path), most) for path in files]
    )
    ids = await batch.pictures(
        [(found, False, path) for path, found in zip(files, hashes, strict=True) if found]
    )
    again = [path for path in files if path in library.images]
    rows = []
    for path, found in zip(files, hashes, strict=True):
        stamp = library.walk.images[path]
        rows.append((path, *stamp, ids.get(found, 0)))
        library.set_image(path, stamp, ids.get(found))
    await batch.save_images(rows)
    await batch.mend_pictures(again)


async def of_folders(
    scan: Scan, library: Library, batch: Batch, folders: Collection[bytes]
) -> dict[bytes, Cover]:
    """The covers that files of these folders are."""
    covers = library.covers(scan.cover_names)
    wanted = {folder: covers[folder] for folder in folders if folder in covers}
    await read(scan, library, batch, changed(library, dict.fromkeys(wanted.values())))
    found = {}
    for folder, path in wanted.items():
        if picture := library.images[path].picture_id:
            found[folder] = Cover(picture, after_embedded=scan.cover_names.after_embedded(path))
    return found
