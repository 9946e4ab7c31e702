"""What a running scan knows: its libraries, its progress, what it has touched."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from db.batches import ArtistState
from db.catalog import Broken, ImageState, Known, song_key
from db.errors import DatabaseError
from db.rows import LibraryRow, ScanRow
from db.video_files import KnownVideo
from db.words import insides
from library import paths
from library.cover_names import CoverNames
from library.tags.facts import Answer
from library.walk import Stamp, Walk

if TYPE_CHECKING:
    from conf.settings import Settings
    from db.database import Database
    from library import Sandbox

_SECONDS_BETWEEN_REPORTS = 0.5


class GivenUpError(Exception):
    """Somebody else took this scan for dead, or the server stops: end without a report."""


@dataclass
class Progress:
    """The figures of the scan's row."""

    step: str = ""
    seen: int = 0
    todo: int = 0
    read: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    missing: int = 0
    broken: int = 0


@dataclass
class Folder:
    """A folder of a library as the database has it."""

    id: int
    picture_id: int | None = None
    missing: bool = False


class SheetOf(NamedTuple):
    """The cue sheet of a file: which of the files that it names this is, and the sheet's state."""

    path: bytes
    number: int
    state: int


@dataclass
class Library:
    """One library of a scan, and what is to be done to it."""

    row: LibraryRow
    walk: Walk = field(default_factory=Walk)
    known: dict[bytes, Known] = field(default_factory=dict)
    """Songs by `song_key`."""
    tracks: dict[bytes, list[Known]] = field(default_factory=dict)
    """Of files that are several songs, these."""
    videos: dict[bytes, KnownVideo] = field(default_factory=dict)
    broken: dict[bytes, Broken] = field(default_factory=dict)
    images: dict[bytes, ImageState] = field(default_factory=dict)
    sheets: dict[bytes, SheetOf] = field(default_factory=dict)
    """Cue sheets by the files that they are about."""
    folders: dict[bytes, Folder] = field(default_factory=dict)
    groups: dict[bytes, set[int]] = field(default_factory=dict)
    groups_with_songs: set[bytes] = field(default_factory=set)
    todo: list[bytes] = field(default_factory=list)
    vanished: list[Known] = field(default_factory=list)
    vanished_videos: list[KnownVideo] = field(default_factory=list)
    revived: list[int] = field(default_factory=list)
    failures: dict[bytes, str] = field(default_factory=dict)
    refused: str = ""
    changed: bool = False
    written: int = 0
    albums: set[int] = field(default_factory=set)
    """To be made anew from their songs; `touched` remembers them until the scan ends."""
    touched: set[int] = field(default_factory=set)
    artists: set[int] = field(default_factory=set)
    genres: dict[str, str] = field(default_factory=dict)
    new_albums: set[int] = field(default_factory=set)
    moves: dict[int, Counter[int]] = field(default_factory=dict)
    adopted_albums: dict[int, int] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    """Albums of other libraries that songs have left for this one."""
    _covers: dict[bytes, bytes] | None = None

    @property
    def first_time(self) -> bool:
        """Whether no scan of it has ended yet."""
        return self.row.scanned is None

    def add_to_group(self, path: bytes, folder_id: int) -> None:
        """A folder belongs to the album folder that it stands for."""
        self.groups.setdefault(paths.album_folder(path), set()).add(folder_id)

    @property
    def empty(self) -> bool:
        """Whether nothing of it is known yet."""
        return not self.known and not self.folders

    def knows(self, path: bytes) -> bool:
        """Whether a file is a song or a video already."""
        return path in self.known or path in self.videos or path in self.tracks

    def songs_of(self, path: bytes) -> list[Known]:
        """The songs that a file was until now."""
        whole = self.known.get(path)
        return ([whole] if whole else []) + self.tracks.get(path, [])

    def learn(self, songs: Iterable[Known]) -> None:
        """These are known."""
        for song in songs:
            if song.cue:
                self.tracks.setdefault(song.path, []).append(song)
                self.known[song_key(song.path, song.cue)] = song
            else:
                self.known[song.path] = song

    def sheet_state(self, path: bytes) -> int:
        """The state of the cue sheet of a file; 0: it has none."""
        sheet = self.sheets.get(path)
        return sheet.state if sheet else 0

    @property
    def there(self) -> int:
        """How many files are songs or videos."""
        more = sum(len(songs) - 1 for songs in self.tracks.values())
        return len(self.known) - more + len(self.videos)

    @property
    def lost(self) -> int:
        """How many files that were songs or videos are not there any more."""
        gone: list[Known | KnownVideo] = [*self.vanished, *self.vanished_videos]
        return len({known.path for known in gone} - self.walk.files.keys())

    def note(self, involved: tuple[set[int], set[int], set[str]]) -> None:
        """These albums, artists and genres are to be counted anew."""
        self.albums |= involved[0]
        self.artists |= involved[1]
        for key in involved[2]:
            self.genres.setdefault(key, "")

    def set_image(self, path: bytes, stamp: Stamp, picture_id: int | None) -> None:
        """A cover file was read."""
        self.images[path] = ImageState(path, stamp.size, stamp.mtime_ns, picture_id)

    def covers(self, names: CoverNames) -> dict[bytes, bytes]:
        """The cover file of each folder that has one."""
        if self._covers is None:
            albums = {paths.folder(path) for path in self.walk.files}
            self._covers = names.covers(self.walk.images, albums)
        return self._covers

    def live_folders(self) -> set[bytes]:
        """Folders with songs or videos in them, or somewhere below; the library itself always."""
        found: set[bytes] = {b""}
        for path in self.walk.files:
            if path in self.failures and not self.knows(path):
                continue
            folder = paths.folder(path)
            while folder not in found:
                found.add(folder)
                folder = paths.folder(folder)
        return found

    def note_move(self, old_album: int, new_album: int) -> None:
        """A song changed its album."""
        if old_album != new_album:
            self.moves.setdefault(old_album, Counter())[new_album] += 1


Unit = tuple[Library, list[tuple[bytes, Answer]]]
"""Answers of whole album folders of one library."""


class Scan:
    """One scan on its way through the steps."""

    def __init__(self, db: Database, settings: Settings, job: ScanRow, sandbox: Sandbox) -> None:
        self.db = db
        self.settings = settings
        self.job = job
        self.sandbox = sandbox
        self.cover_names = CoverNames(settings.library)
        self.progress = Progress()
        self.libraries: list[Library] = []
        self.units: AsyncIterator[Unit] | None = None
        self.artists: dict[str, ArtistState] = {}
        self.named: set[str] = set()
        self.new_artists: set[int] = set()
        self.successors: dict[int, Counter[int]] = {}
        self.adopted_artists: dict[int, int] = {}
        self.forgotten = 0
        self.words: set[str] = set()
        self._reported = 0.0
        self._given_up = False

    @property
    def open_libraries(self) -> list[Library]:
        """Those that are not refused."""
        return [library for library in self.libraries if not library.refused]

    def since(self, done: Mapping[int, int]) -> dict[int, int]:
        """The scan after which songs of any library may be what the libraries of this one lost.

        `done` has the last scan of each library that came to its end.
        """
        here = [done[library.row.id] for library in self.open_libraries if not library.first_time]
        return {key: min(last, *here) if here else last for key, last in done.items()}

    def adopt_artist(self, old: int, new: int) -> None:
        """An artist who looked new is one who was known."""
        self.new_artists.discard(new)
        self.adopted_artists[new] = old
        for key, state in self.artists.items():
            if state.id == new:
                self.artists[key] = replace(state, id=old)
        for library in self.libraries:
            if new in library.artists:
                library.artists.remove(new)
                library.artists.add(old)

    async def learn(self, names: Iterable[str]) -> None:
        """Parts of the words of these names are found from now on."""
        words = set().union(*map(insides, set(names))) - self.words
        await self.db.vocabulary.learn(words)
        self.words |= words

    async def report(self, *, now: bool = False) -> None:
        """Write the figures into the scan's row, not more often than people can look."""
        if self._given_up:
            raise GivenUpError
        if not now and time.monotonic() - self._reported < _SECONDS_BETWEEN_REPORTS:
            return
        self._reported = time.monotonic()
        if not await self.db.scans.progress(self.job.id, **asdict(self.progress)):
            self._given_up = True
            raise GivenUpError

    async def heartbeat(self, every: float = 10.0) -> None:
        """Go on saying that the scan lives, also while one file takes long."""
        while True:
            await asyncio.sleep(every)
            with contextlib.suppress(DatabaseError):  # it may be back at the next beat
                self._given_up |= not await self.db.scans.progress(
                    self.job.id, **asdict(self.progress)
                )
