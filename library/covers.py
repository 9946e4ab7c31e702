"""Cover files: read only when they changed, known by a hash of their bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable

from db.batches import Batch
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
    rows = []
    for path, found in zip(files, hashes, strict=True):
        stamp = library.walk.images[path]
        rows.append((path, *stamp, ids.get(found, 0)))
        library.set_image(path, stamp, ids.get(found))
    await batch.save_images(rows)


async def of_folders(
    scan: Scan, library: Library, batch: Batch, folders: Collection[bytes]
) -> dict[bytes, int]:
    """The pictures of these folders' own cover files."""
    wanted = library.covers_in(folders)
    await read(scan, library, batch, changed(library, wanted.values()))
    found = {folder: library.images[path].picture_id for folder, path in wanted.items()}
    return {folder: picture for folder, picture in found.items() if picture}
