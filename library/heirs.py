"""Who inherits: albums, artists and folders that their songs have left.

What is new takes the id of what was left, so that a name that was corrected is no new thing. What
was there before takes over the stars, ratings and plays instead. Where more songs are missing than
went elsewhere, nobody inherits: they may come back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from db.batches import Batch
from db.catalog import Trace
from db.identity import RoleRow
from library.state import Library, Scan


def note_roles(scan: Scan, before: Iterable[RoleRow], after: Iterable[RoleRow]) -> None:
    """Compare whom songs named with whom they name now."""
    named: dict[tuple[int, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((before, after)):
        for row in sorted(rows, key=lambda row: row.position):
            named[row.track_id, row.role][side].append(row.artist_id)
    pairs = set()
    for (track, _), (were, are) in named.items():
        gone = [artist for artist in were if artist not in are]
        come = [artist for artist in are if artist not in were]
        if len(gone) == len(come):
            pairs |= {(track, *each) for each in zip(gone, come, strict=True)}
    for _, old, new in pairs:
        scan.successors.setdefault(old, Counter())[new] += 1


async def artists(scan: Scan, library: Library, batch: Batch) -> None:
    """Artists whom no song names any more, and whose songs name somebody else instead."""
    left = await batch.identity.left(scan.successors.keys())
    for old, missing in sorted(left.items()):
        heirs = scan.successors.pop(old)
        new = heirs.most_common(1)[0][0]
        new = scan.adopted_artists.get(new, new)
        if new == old or heirs.total() <= missing:
            continue
        if new in scan.new_artists:
            await batch.identity.adopt_artist(old, new)
            scan.adopt_artist(old, new)
            library.artists.add(old)
        else:
            await batch.identity.inherit("artist", [(new, old)])


async def albums(scan: Scan, library: Library, batch: Batch, empty: set[int]) -> dict[int, int]:
    """Albums without songs whose songs stand on other albums now.

    Of those that were renamed, the old ids to the ids of the albums that are gone again.
    """
    found: dict[int, int] = {}
    left = sorted(empty & library.moves.keys())
    missing = await batch.identity.missing_on(left)
    for old in left:
        heirs = library.moves[old]
        if heirs.total() <= missing.get(old, 0):
            continue
        ranked = [album for album, _ in heirs.most_common()]
        new = next((album for album in ranked if album in library.new_albums), None)
        if new is None:
            heir = library.adopted_albums.get(ranked[0], ranked[0])
            await batch.identity.inherit("album", [(heir, old)] if heir != old else [])
            del library.moves[old]
            continue
        await batch.identity.adopt_album(old, new)
        library.new_albums.discard(new)
        library.adopted_albums[new] = old
        for each in scan.libraries:
            each.albums -= {old, new}
        found[old] = new
    return found


async def folders(batch: Batch, pairs: Sequence[tuple[Trace, Trace]]) -> None:
    """Folders that all songs have left: the star goes where most of them went."""
    went = Counter((old.folder_id, new.folder_id) for old, new in pairs)
    moves = [(old, new, songs) for (old, new), songs in went.items() if old != new]
    left = await batch.identity.folders_left(moves)
    await batch.identity.inherit("folder", [(new, old) for old, new in left])
