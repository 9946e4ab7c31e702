"""Videos that were read: known again by their files, and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from db.batches import Batch
from db.cards import AudioTrack, VideoCard
from db.video_files import LostVideo
from db.writes import VideoWrite
from library import paths
from library.cards import sort_text
from library.folders import added_at, ensure
from library.state import Library, Scan
from library.tags.facts import READER, VideoFacts
from library.tags.text import clean

Found = Sequence[tuple[bytes, VideoFacts]]


async def write(
    scan: Scan, library: Library, batch: Batch, found: Found, songs: Sequence[bytes]
) -> None:
    """Write the videos of a batch, whose songs are already written."""
    # What a file was before, if it was the other kind, has no file any more.
    library.vanished += [song for path, _ in found for song in library.songs_of(path)]
    library.vanished_videos += [library.videos[path] for path in songs if path in library.videos]
    if not found:
        return
    await ensure(scan, library, batch, [path for path, _ in found])
    ids = await _ids(scan, library, batch, found)
    now = datetime.now(UTC)
    rows = [_row(scan, library, path, facts, ids[path], now) for path, facts in found]
    await batch.videos.write(rows, READER)


async def _ids(scan: Scan, library: Library, batch: Batch, found: Found) -> dict[bytes, int]:
    """By path: the id a file had, that of a lost video which it is, or a new one."""
    ids = {path: known.id for path, _ in found if (known := library.videos.get(path))}
    scan.progress.changed += len(ids)
    new = [(path, facts) for path, facts in found if path not in ids]
    vanished = [known.id for known in library.vanished_videos]
    lost = await batch.videos.lost(vanished) if new else []
    for path, facts in new:
        same = find(lost, path, facts)
        if same is not None:
            ids[path] = same.id
            lost.remove(same)
            scan.progress.moved += 1
    library.vanished_videos = [
        known for known in library.vanished_videos if known.id not in ids.values()
    ]
    rest = [path for path, _ in new if path not in ids]
    scan.progress.added += len(rest)
    return ids | dict(zip(rest, await batch.new_ids("videos", len(rest)), strict=True))


def find(lost: Sequence[LostVideo], path: bytes, facts: VideoFacts) -> LostVideo | None:
    """The lost video that a file is: by contents, and by name where several have them."""
    same = [video for video in lost if video.hash == facts.hash]
    if len(same) > 1:
        named = [video for video in same if _name(video.path) == _name(path)]
        same = [video for video in named if video.path == path] or named
    return same[0] if len(same) == 1 else None


def _name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def _row(
    scan: Scan, library: Library, path: bytes, facts: VideoFacts, number: int, now: datetime
) -> VideoWrite:
    stamp = library.walk.files[path]
    title = clean(paths.shown(paths.stem(path)))
    suffix = paths.suffix(path)
    return VideoWrite(
        number,
        library.folders[paths.folder(path)].id,
        title,
        sort_text(title, scan.settings.library.ignored_articles),
        path,
        *stamp,
        facts.hash,
        suffix,
        paths.VIDEOS[suffix],
        facts.duration,
        facts.bit_rate or _rate(stamp.size, facts.duration),
        facts.width,
        facts.height,
        _card(path, facts),
        added_at(library, stamp, now),
    )


def _rate(size: int, duration: float) -> int:
    """What the file's size says, where the container says nothing."""
    return min(round(size / 125 / duration), 1_000_000) if duration > 0 else 0


def _card(path: bytes, facts: VideoFacts) -> str:
    tracks = tuple(
        AudioTrack(codec=one.codec, language=one.language, name=one.name, channels=one.channels)
        for one in facts.audio
    )
    card = VideoCard(path=paths.shown(path), codec=facts.codec, audio=tracks)
    return msgspec.json.encode(card).decode()
