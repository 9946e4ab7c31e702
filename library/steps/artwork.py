"""Fifth: pictures that changed although no song did: covers of albums, portraits of artists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from db.batches import Batch
from db.words import artist_key
from library import covers, identity, paths
from library.cover_names import CoverNames, folders_shown_by
from library.state import Library, Scan
from library.steps import totals

NAME = "artwork"

_NOBODY = {artist_key(identity.VARIOUS), artist_key(identity.UNKNOWN)}


async def run(scan: Scan) -> None:
    """Read what is new of covers and portraits; note what they belong to."""
    names = scan.cover_names
    for library in scan.open_libraries:
        changed = covers.changed(library, library.walk.images)
        gone = [
            path
            for path in library.images
            if path not in library.walk.images and not library.walk.hidden(path)
        ]
        anew = any(map(names.is_portrait, (*changed, *gone)))
        portraits = _portraits(library, names, everywhere=anew)
        if not changed and not gone and not portraits:
            continue
        async with scan.db.catalog.batch(library.row.id) as batch:
            for path in gone:
                del library.images[path]
            await batch.drop_images(gone)
            await batch.mend_pictures(gone)
            await covers.read(scan, library, batch, changed)
            shown = await _shown(library, names, batch, portraits)
            await batch.portraits.set(shown)
            if anew:
                await batch.portraits.clear(shown.keys())
            library.albums |= await batch.albums_in(folders_shown_by([*changed, *gone]))
            await totals.refresh(scan, library, batch)
            await batch.tell()
        library.changed = True


def _portraits(library: Library, names: CoverNames, *, everywhere: bool) -> list[bytes]:
    """Pictures of artists; unless something became of one, those alone that new songs may concern."""
    if not everywhere and not library.todo:
        return []
    found = [path for path in library.walk.images if names.is_portrait(path)]
    if everywhere or not found:
        return found
    above = _above(library.todo)
    return [path for path in found if names.in_gallery(path) or paths.folder(path) in above]


def _above(files: Iterable[bytes]) -> set[bytes]:
    """All folders that files lie in."""
    found: set[bytes] = {b""}
    for path in files:
        folder = paths.folder(path)
        while folder not in found:
            found.add(folder)
            folder = paths.folder(folder)
    return found


async def _shown(
    library: Library, names: CoverNames, batch: Batch, portraits: Sequence[bytes]
) -> dict[int, int]:
    """Pictures of artists, by artist. One named after the artist comes before those in folders."""
    gallery = {path: _name(path) for path in portraits if names.in_gallery(path)}
    ids = await batch.portraits.artists(set(gallery.values()))
    found = [(ids[name], path) for path, name in gallery.items() if name in ids]
    rest = sorted(set(portraits) - gallery.keys(), key=lambda path: (path.count(b"/"), path))
    folders = [paths.folder(path) for path in rest]
    below = await batch.portraits.below(folders, [_name(folder) for folder in folders])
    found += [(each.artist_id, rest[each.folder]) for each in below if each.key not in _NOBODY]
    shown: dict[int, int] = {}
    for artist, path in found:
        state = library.images.get(path)
        if state and state.picture_id:
            shown.setdefault(artist, state.picture_id)
    return shown


def _name(path: bytes) -> str:
    """The artist that a picture or a folder is named after."""
    name = paths.stem(path) if paths.is_picture(path) else path.rpartition(b"/")[2]
    return artist_key(paths.shown(name))
