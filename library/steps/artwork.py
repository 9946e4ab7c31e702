"""Fifth: pictures that changed although no song did: covers of albums, portraits of artists."""

from __future__ import annotations

from db.batches import Batch
from db.words import fold
from library import covers, paths
from library.state import Library, Scan
from library.steps import totals

NAME = "artwork"


async def run(scan: Scan) -> None:
    """Read what is new of covers and portraits; note what they belong to."""
    for library in scan.open_libraries:
        changed = covers.changed(library, library.walk.images)
        gone = [
            path
            for path in library.images
            if path not in library.walk.images and not library.walk.hidden(path)
        ]
        if not changed and not gone:
            continue
        async with scan.db.catalog.batch(library.row.id) as batch:
            await _forget(library, batch, gone)
            await covers.read(scan, library, batch, changed)
            await _portraits(library, batch, [path for path in changed if is_portrait(path)])
            folders = {paths.folder(path) for path in (*changed, *gone) if not is_portrait(path)}
            library.albums |= await batch.albums_in(folders)
            await totals.refresh(scan, library, batch)
            await batch.tell()
        library.changed = True


def is_portrait(path: bytes) -> bool:
    """Whether a picture shows an artist, by its name."""
    return paths.stem(path).lower() == paths.PORTRAIT.encode()


async def _forget(library: Library, batch: Batch, gone: list[bytes]) -> None:
    portraits = [
        state.picture_id
        for path in gone
        if is_portrait(path) and (state := library.images[path]).picture_id
    ]
    for path in gone:
        del library.images[path]
    await batch.drop_images(gone)
    await batch.clear_portraits([picture for picture in portraits if picture])
    await batch.mend_pictures(gone)


async def _portraits(library: Library, batch: Batch, changed: list[bytes]) -> None:
    """A portrait shows the only artist below its folder, or the one the folder is named after."""
    for path in changed:
        folder = paths.folder(path)
        shares = await batch.artists_below(folder)
        name = fold(paths.shown(folder.rpartition(b"/")[2]))
        named = [share for share in shares if share.key == name]
        whose = named or (shares if len(shares) == 1 else [])
        if whose:
            await batch.set_portrait(whose[0].artist_id, library.images[path].picture_id)
