"""Eighth: albums, folders and counts of what was touched."""

from __future__ import annotations

from itertools import groupby

from db.batches import AlbumSong, Batch
from db.words import fold, letter
from library import albums as summary
from library import covers, heirs, paths
from library.cards import sort_text
from library.state import Library, Scan

NAME = "totals"

_MANY = 500


async def run(scan: Scan) -> None:
    """Count anew, and tell everybody."""
    for library in scan.libraries:
        if await scan.db.catalog.interrupted(library.row.id, scan.job.id):
            await _mend(scan, library)
        await count(scan, library)
        async with scan.db.catalog.batch(library.row.id) as batch:
            if library.changed:
                await _folders(scan, library, batch)
                await batch.drop_pictures()
                await batch.tell()
            if library.written > _MANY:
                await batch.settle()
            if not library.refused and not scan.job.folders:
                await batch.scanned()


async def _mend(scan: Scan, library: Library) -> None:
    """A scan that ended midway has written songs, and did not count them."""
    library.artists |= await scan.db.catalog.artist_ids()
    for name in await scan.db.catalog.genre_names(library.row.id):
        library.genres[fold(name)] = name
    library.changed = True


async def count(scan: Scan, library: Library) -> None:
    """Songs and albums of the artists and genres that were touched."""
    if not library.artists and not library.genres:
        return
    async with scan.db.catalog.batch(library.row.id) as batch:
        await batch.count_artists(library.artists)
        await batch.count_genres(library.genres)
        await batch.tell()
    library.artists.clear()
    library.genres.clear()


async def refresh(scan: Scan, library: Library, batch: Batch) -> None:
    """Make touched albums anew from their songs; those without are missing, or were renamed."""
    touched = library.albums | library.left
    if not touched:
        return
    library.touched |= touched
    songs = await _songs(batch, touched)
    # What other libraries keep of an album is theirs to write.
    kept = library.left & songs.keys() - library.albums
    songs = {key: value for key, value in songs.items() if key not in kept}
    library.albums, library.left = set(), set()
    empty = touched - songs.keys() - kept
    renamed = await heirs.albums(scan, library, batch, empty)
    if renamed:
        songs = {key: value for key, value in songs.items() if key not in renamed.values()}
        songs |= await _songs(batch, set(renamed))
    await _write(scan, library, batch, songs)
    await batch.empty_albums(empty - songs.keys())


async def _songs(batch: Batch, albums: set[int]) -> dict[int, list[AlbumSong]]:
    found = await batch.album_songs(albums)
    return {key: list(of_album) for key, of_album in groupby(found, lambda song: song.album_id)}


async def _write(
    scan: Scan, library: Library, batch: Batch, songs: dict[int, list[AlbumSong]]
) -> None:
    """Rows of albums, with their pictures."""
    if not songs:
        return
    articles = scan.settings.library.ignored_articles
    everything = [song for of_album in songs.values() for song in of_album]
    folders = {paths.folder(song.path) for song in everything}
    folders |= {paths.album_folder(folder) for folder in folders}
    files = await covers.of_folders(scan, library, batch, folders)
    hashes = [song.picture_hash for song in everything if song.picture_hash]
    embedded = await batch.picture_ids(hashes)
    pictures = {
        album: summary.shown(of_album, files, embedded) for album, of_album in songs.items()
    }
    rows = [
        summary.album_row("", of_album, pictures[album], articles)
        for album, of_album in songs.items()
    ]
    owners = [owner for of_album in songs.values() for owner in summary.artists_of(of_album)]
    await batch.change_albums(rows, owners)
    discs = [
        (album, disc, picture)
        for album, shown in pictures.items()
        for disc, picture in shown.discs.items()
    ]
    await batch.picture_tracks(songs.keys(), discs)


async def _folders(scan: Scan, library: Library, batch: Batch) -> None:
    """Which folders hold songs now, and the picture of each: its own, else that of an album in it."""
    order = sort_text(library.row.name, scan.settings.library.ignored_articles)
    await batch.rename_root(order, letter(order))
    files = await covers.of_folders(scan, library, batch, library.folders.keys())
    inside = await batch.folder_pictures()
    live = library.live_folders()
    shown: dict[bytes, int] = {}
    for path in sorted(library.folders, reverse=True):
        own = files[path].picture_id if path in files else 0
        own = own or inside.get(library.folders[path].id) or shown.get(path, 0)
        shown[path] = own
        if path and own:
            # The first child in order has the last word.
            shown[paths.folder(path)] = own
    rows = []
    for path, folder in library.folders.items():
        missing = path not in live and not library.walk.closed(path + b"/")
        if library.refused:
            missing = folder.missing
        if (folder.picture_id or 0, folder.missing) != (shown.get(path, 0), missing):
            rows.append((folder.id, shown.get(path, 0), missing))
    await batch.change_folders(rows)
