"""Second: compare what was found with what is known, and refuse what looks like a missing disk."""

from __future__ import annotations

from library import paths, sheets
from library.state import Folder, Library, Scan
from library.tags.facts import READER
from library.walk import Stamp

NAME = "changed"

_HANDFUL = 20


async def run(scan: Scan) -> None:
    """Work out what is to be read, and what has vanished."""
    for library in scan.open_libraries:
        await _load(scan, library)
        await sheets.find(scan, library)
        _compare(library, complete=scan.job.complete)
        _take_as_known(library)
        if library.todo and not library.first_time:
            await _revive(scan, library)
    new = await _new(scan)
    for library in scan.open_libraries:
        lost = library.lost - new
        if not scan.job.accept_removals and too_many(scan, library, lost):
            library.refused = refusal(library, lost)
            continue
        scan.progress.todo += len(library.todo)
        await scan.report()


async def _new(scan: Scan) -> int:
    """Files that turn up elsewhere are no loss: at best, all new ones are such."""
    new = sum(not library.knows(path) for library in scan.open_libraries for path in library.todo)
    if any(library.lost for library in scan.open_libraries):
        new += await scan.db.catalog.added_count(scan.since(await scan.db.catalog.last_done()))
    return new


async def _load(scan: Scan, library: Library) -> None:
    catalog, key = scan.db.catalog, library.row.id
    library.learn(await catalog.known(key))
    library.videos = {known.path: known for known in await catalog.videos(key).known()}
    library.broken = {broken.path: broken for broken in await catalog.broken(key)}
    library.images = {image.path: image for image in await catalog.images(key)}
    for folder in await catalog.folders(key):
        library.folders[folder.path] = Folder(folder.id, folder.picture_id, folder.missing)
        library.add_to_group(folder.path, folder.id)
    library.groups_with_songs = {
        paths.album_folder(paths.folder(known.path)) for known in library.known.values()
    }


def _compare(library: Library, *, complete: bool) -> None:
    """Sort the files that were found: as known, known to be unreadable, to be read."""
    for path, stamp in library.walk.files.items():
        broken = library.broken.get(path)
        if broken and (broken.size, broken.mtime_ns, broken.reader) == (*stamp, READER):
            library.failures[path] = ""
        elif not _as_it_was(library, path, stamp):
            library.todo.append(path)
            continue
        if complete:
            library.todo.append(path)
    for path, stamp in library.walk.playlists.items():
        broken = library.broken.get(path)
        if broken and (broken.size, broken.mtime_ns, broken.reader) == (*stamp, READER):
            library.failures[path] = ""
    library.failures |= library.walk.unreadable | library.walk.passed_over
    library.vanished = [
        known
        for known in library.known.values()
        if known.path not in library.walk.files and not library.walk.hidden(known.path)
    ]
    library.vanished_videos = [
        known
        for path, known in library.videos.items()
        if path not in library.walk.files and not library.walk.hidden(path)
    ]


def _as_it_was(library: Library, path: bytes, stamp: Stamp) -> bool:
    """Whether a file is known, and neither it nor its cue sheet has changed."""
    tracks = library.tracks.get(path)
    song = tracks[0] if tracks else library.known.get(path)
    known = song or library.videos.get(path)
    if not known or (known.size, known.mtime_ns, known.reader) != (*stamp, READER):
        return False
    return song is None or song.sheet == library.sheet_state(path)


def _take_as_known(library: Library) -> None:
    """What was not looked for is as it was: albums and folders are made from all that is in them."""
    walk = library.walk
    if walk.scope is None:
        return
    for song in library.known.values():
        if walk.outside(song.path):
            walk.files[song.path] = Stamp(song.size, song.mtime_ns)
    for video in library.videos.values():
        if walk.outside(video.path):
            walk.files[video.path] = Stamp(video.size, video.mtime_ns)
    for image in library.images.values():
        if walk.outside(image.path):
            walk.images[image.path] = Stamp(image.size, image.mtime_ns)


async def _revive(scan: Scan, library: Library) -> None:
    """Missing songs whose files are back as they were need not be read; those of sheets are."""
    if scan.job.complete:
        return
    files = library.walk.files
    back = {
        known.path: known
        for known in await scan.db.catalog.tombstones(library.row.id)
        if not library.knows(known.path)
        and files.get(known.path) == (known.size, known.mtime_ns)
        and known.reader == READER
        and not known.cue
        and known.sheet == library.sheet_state(known.path)
    }
    library.revived = [known.id for known in back.values()]
    library.known |= back
    library.todo = [path for path in library.todo if path not in back]


def too_many(scan: Scan, library: Library, lost: int) -> bool:
    """Whether so many files would be dropped that a disk is more likely to be missing."""
    there = library.there
    if lost <= 0:
        return False
    if lost >= there and not library.walk.files:
        return True
    share = lost * 100 > there * scan.settings.library.removal_threshold
    return share and (lost > _HANDFUL or lost >= there)


def refusal(library: Library, lost: int) -> str:
    """What happened, and how to go on."""
    there = library.there
    kind = "songs and videos" if library.videos else "songs"
    gone = {song.path for song in library.vanished}
    gone |= {video.path for video in library.vanished_videos}
    ignored = sum(map(library.walk.passes_over, gone))
    if ignored * 2 > len(gone):
        return (
            f"{library.row.name}: {ignored:,} of {there:,} {kind} would be passed over from now on,"
            " as a `.dulcianignore` or `.ndignore` file asks; nothing was removed. If that is meant,"
            " run `dulcian scan --accept-removals`."
        )
    return (
        f"{library.row.name}: {lost:,} of {there:,} {kind} are not in"
        f" {paths.shown(library.row.path)} any more;"
        " nothing was removed. Is a disk missing? If they are really gone, run"
        " `dulcian scan --accept-removals`."
    )
