"""Fourth: write what was read, whole album folders at a time, one transaction per unit."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence

from db.batches import Batch
from db.catalog import Known, Neighbour, Trace
from library import cards, identity, paths, videos
from library.cards import Song
from library.identity import Album
from library.state import Library, Scan
from library.steps import read, totals
from library.steps.writer import Writer
from library.tags.facts import READER, Answer
from library.tags.text import clean
from library.walk import Stamp

NAME = "merge"

_SECONDS_BETWEEN_COUNTS = 20.0


async def run(scan: Scan) -> None:
    """Draw from the stream of the reading step until it ends."""
    scan.progress.step = read.NAME
    counted = time.monotonic()
    async for library, answers in scan.units or read.units(scan):
        await _unit(scan, library, answers)
        await scan.report()
        if time.monotonic() - counted > _SECONDS_BETWEEN_COUNTS:
            # A long first scan shows its artists and genres while it goes on.
            await totals.count(scan, library)
            counted = time.monotonic()


async def _unit(scan: Scan, library: Library, answers: Sequence[tuple[bytes, Answer]]) -> None:
    songs = _sort_out(library, answers)
    found = [(path, answer.video) for path, answer in answers if answer.video]
    albums = await _albums(scan, library, songs)
    homeless = await _replaced(scan, library, songs)
    async with scan.db.catalog.batch(library.row.id) as batch:
        await _problems(scan, library, batch, answers)
        if songs:
            await Writer(scan, library, batch).write(songs, albums, homeless)
        await videos.write(scan, library, batch, found, [song.path for song in songs])
        await batch.tell()
    library.groups_with_songs |= {_group(song.path) for song in songs}
    library.changed = True
    library.written += len(songs) + len(found)
    scan.progress.broken += sum(answer.failed for _, answer in answers)


def _group(path: bytes) -> bytes:
    return paths.album_folder(paths.folder(path))


def _sort_out(library: Library, answers: Sequence[tuple[bytes, Answer]]) -> list[Song]:
    """The songs among the answers; the rest are videos and failures."""
    songs = []
    for path, answer in answers:
        if answer.failed:
            library.failures[path] = answer.reason
            continue
        library.failures.pop(path, None)
        sheet = library.sheets.get(path)
        if sheet:
            library.failures.pop(sheet.path, None)
        if sheet and answer.complaint:
            library.failures[sheet.path] = answer.complaint
        for facts in answer.songs:
            song = Song(path, library.walk.files[path], facts, cards.claim(facts))
            known = library.known.get(song.key)
            song.old_id = song.id = known.id if known else 0
            song.sheet = library.sheet_state(path)
            songs.append(song)
    return songs


async def _problems(
    scan: Scan, library: Library, batch: Batch, answers: Sequence[tuple[bytes, Answer]]
) -> None:
    """Note failures with the file as it was; what may pass by itself is tried again next time."""
    rows = []
    for path, answer in answers:
        if answer.complaint and (sheet := library.sheets.get(path)):
            rows.append((sheet.path, *library.walk.sheets[sheet.path], answer.complaint))
        if answer.failed:
            stamp = Stamp(-1, 0) if answer.again else library.walk.files[path]
            rows.append((path, *stamp, answer.reason))
    await batch.save_problems(rows, READER)


async def _albums(scan: Scan, library: Library, songs: list[Song]) -> dict[bytes, Album]:
    """The album of each song, as its whole folder says.

    A song that was not to be read may belong to another album now; then it is read again, and
    joins the songs.
    """
    groups: dict[bytes, list[Song]] = defaultdict(list)
    for song in songs:
        groups[_group(song.path)].append(song)
    around = await _around(scan, library, groups)
    found: dict[bytes, Album] = {}
    restless: dict[bytes, None] = {}
    for group, members in groups.items():
        others = around[group]
        claims = [song.claim for song in members] + [other.claim for other in others]
        albums = identity.albums(claims, _folder_name(library, group))
        everyone: list[Song | Neighbour] = [*members, *others]
        for member, album in zip(everyone, albums, strict=True):
            found[member.key] = album
            if isinstance(member, Neighbour) and member.album_key != album.key:
                restless[member.path] = None
    if restless:
        answers = await read.read(scan, library, list(restless))
        again = _sort_out(library, list(zip(restless, answers, strict=True)))
        songs += [song for song in again if song.key in found]
    return found


async def _around(
    scan: Scan, library: Library, groups: dict[bytes, list[Song]]
) -> dict[bytes, list[Neighbour]]:
    """The songs of album folders that were not to be read."""
    known = library.groups_with_songs & groups.keys()
    reading = {song.path for members in groups.values() for song in members}
    found: dict[bytes, list[Neighbour]] = defaultdict(list)
    for other in await scan.db.catalog.neighbours(
        [folder_id for group in known for folder_id in library.groups.get(group, ())]
    ):
        if other.path not in reading and other.path in library.walk.files:
            found[_group(other.path)].append(other)
    return found


def _folder_name(library: Library, group: bytes) -> str:
    return clean(paths.shown((group or library.row.path.rstrip(b"/")).rpartition(b"/")[2]))


async def _replaced(scan: Scan, library: Library, songs: list[Song]) -> list[int]:
    """Let rows follow their sound where files have changed places; rows that lost their file.

    Songs of a folder that were numbered anew are known by path, and would get each other's tags.
    """
    traces = {
        trace.id: trace
        for trace in await scan.db.catalog.traces([song.old_id for song in songs if song.old_id])
    }
    displaced = {
        _group(song.path) for song in songs if song.old_id and _other(traces[song.old_id], song)
    }
    left = _left(library, songs)
    displaced |= {_group(known.path) for known in left}
    gone = [known.id for known in library.vanished if displaced and _group(known.path) in displaced]
    gone += [known.id for known in left]
    traces |= {trace.id: trace for trace in await scan.db.catalog.traces(gone)}
    homeless: list[int] = []
    if displaced:
        moving = [
            song
            for song in songs
            if _group(song.path) in displaced
            and (not song.old_id or _other(traces[song.old_id], song))
        ]
        old = [traces[song.old_id] for song in moving if song.old_id]
        old += [traces[row] for row in gone]
        homeless = _reassign(scan, library, moving, old, {known.id for known in left})
    for song in songs:
        if song.id:
            song.old_album = traces[song.id].album_id
    return homeless


def _left(library: Library, songs: list[Song]) -> list[Known]:
    """Songs that these files are not any more: a cue sheet came, went or has fewer tracks."""
    still = {song.old_id for song in songs}
    return [
        known
        for path in {song.path for song in songs}
        for known in library.songs_of(path)
        if known.id not in still
    ]


def _reassign(
    scan: Scan, library: Library, songs: list[Song], old: list[Trace], left: set[int]
) -> list[int]:
    """Give songs the rows that match them; rows that nobody takes and have no file are returned."""
    pairs = identity.match(old, [_trace(-index, song) for index, song in enumerate(songs, 1)])
    taken = set(pairs.values())
    for index, song in enumerate(songs, 1):
        song.id = pairs.get(-index, 0)
    for song in songs:
        if not song.id and song.old_id and song.old_id not in taken:
            song.id = song.old_id
            taken.add(song.old_id)
    scan.progress.moved += sum(bool(song.id) and song.id != song.old_id for song in songs)
    library.vanished = [known for known in library.vanished if known.id not in taken]
    homeless = [song.old_id for song in songs if song.old_id and song.old_id not in taken]
    homeless += sorted(left - taken)
    scan.progress.missing += len(homeless)
    return homeless


def _other(trace: Trace, song: Song) -> bool:
    """Whether a file has other sound than the row at its path."""
    return bool(trace.audio_hash) and trace.audio_hash != song.facts.audio_hash


def _trace(index: int, song: Song) -> Trace:
    facts = song.facts
    return Trace(
        index,
        0,
        0,
        0,
        song.path,
        facts.audio_hash,
        facts.mb_recording,
        facts.mb_release,
        cards.tag_key(facts),
        facts.sound.duration,
        facts.cue,
    )
