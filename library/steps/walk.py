"""First: look through the folders, all of them or those that were named, at once."""

from __future__ import annotations

import asyncio

from library import paths
from library.state import Library, Scan
from library.walk import Walker

NAME = "walk"


async def run(scan: Scan) -> None:
    """Note what each library holds; one whose folder is not there is refused."""
    for library in scan.libraries:
        await _walk(scan, library)
        scan.progress.seen += len(library.walk.files)
        await scan.report()


async def _walk(scan: Scan, library: Library) -> None:
    walker = Walker(library.row.path, scan.settings.library)
    # An album lies in all folders of its discs.
    folders = [paths.album_folder(folder) for folder in scan.job.folders]
    library.walk = await asyncio.to_thread(walker.run, folders)
    if library.walk.root_problem:
        library.refused = f"{library.row.name}: {library.walk.root_problem} Nothing was changed."
