"""Files of one recording, of which one stands for all: a part of a scan's transaction on one library.

Nothing that users attached moves. Who stands for others has what they have, too, and gives it back
when they stand for themselves again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from db.cards import TrackCard
from db.queries import Executor, Sql


class Copy(Struct, frozen=True, gc=False):
    """A song that may be the same recording as others with this album, disc and track."""

    id: int
    twin_of: int
    missing: bool
    hidden: bool
    album: str
    disc: int
    track: int
    duration: float
    bit_rate: int
    year: int
    cut: bool
    recording: str
    tag_key: str
    version: str
    card: TrackCard

    def stands_behind(self, leader: int) -> bool:
        """Whether it does so already (0: behind none)."""
        return self.twin_of == leader and self.hidden == (leader > 0 and not self.missing)

    @property
    def place(self) -> tuple[str, int, int]:
        return self.album, self.disc, self.track


class _Name(Struct, frozen=True):
    name: str


class _Id(Struct, frozen=True):
    id: int


class _Pair(Struct, frozen=True):
    old: int
    new: int


_SQL = Sql("twins")
_NAMES = _SQL.rows("names", _Name)
_COPIES = _SQL.rows("copies", Copy)
_ALBUMS = _SQL.rows("albums", _Pair)
_KIN = {"track": _SQL.rows("kin", _Id), "album": _SQL.rows("album_kin", _Id)}
_SETTLE = {"track": _SQL.command("settle"), "album": _SQL.command("settle_albums")}
_OF = {"track": _SQL.rows("of", _Pair), "album": _SQL.rows("albums_of", _Pair)}
_PART_MARKS = Sql("marks").command("part")
_JOIN_MARKS = Sql("marks").command("join")
_AVERAGE = Sql("identity").command("average")


class Twins:
    """Which songs stand behind which, and which albums; `kind` is `track` or `album`."""

    def __init__(self, on: Executor, library_id: int) -> None:
        self._on = on
        self._library = library_id

    async def names(self, albums: Collection[int] | None) -> list[str]:
        """What these albums are called, folded; None: all of the library."""
        given = None if albums is None else list(albums)
        rows = await _NAMES(self._on, library=self._library, albums=given)
        return [row.name for row in rows]

    async def copies(self, names: Sequence[str]) -> list[Copy]:
        """Songs on albums of these names that may be one recording with others, or were."""
        return await _COPIES(self._on, library=self._library, names=names)

    async def albums(self, names: Sequence[str]) -> dict[int, int]:
        """Of the albums of these names, what is not as noted: which stand behind which (0: none)."""
        rows = await _ALBUMS(self._on, library=self._library, names=names)
        return {row.new: row.old for row in rows}

    async def settle(self, kind: str, twins: dict[int, int]) -> None:
        """Say who stands behind whom (0: for itself); their marks follow."""
        if not twins:
            return
        touched = await self.part(kind, twins.keys() | set(twins.values()) - {0})
        await _SETTLE[kind](self._on, old=list(twins.values()), new=list(twins))
        await self.join(kind, touched)

    async def part(self, kind: str, ids: Collection[int]) -> list[int]:
        """All that are one with these, each with its own marks alone: `join` them again."""
        kin = [row.id for row in await _KIN[kind](self._on, ids=list(ids))]
        await _PART_MARKS(self._on, kind=kind, ids=kin)
        return kin

    async def join(self, kind: str, ids: Sequence[int]) -> None:
        """Those of these who stand for others have their marks, too."""
        pairs = [(row.old, row.new) for row in await _OF[kind](self._on, ids=ids)]
        if pairs:
            old, new = zip(*pairs, strict=True)
            await _JOIN_MARKS(self._on, kind=kind, old=old, new=new)
            await _AVERAGE(self._on, kind=kind, ids=old)
