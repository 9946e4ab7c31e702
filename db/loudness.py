"""How loud songs are: what is still to be measured, by whom, and what was.

The work is shared album by album. What tags say always counts more (`db.cards.ReplayGain.beside`).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, json

from db.cards import Loudness
from db.queries import Executor, Sql

LEASE = 900.0
"""Seconds a node has for one song, pauses included; then others may go on with its album."""
PUT_OFF = 6 * 3600.0
"""Seconds until an album is tried again some of whose files could not be opened."""
_RIVALS = 8
_SLICE = 1000
"""Albums settled by one statement."""


class SoundRow(Struct, frozen=True, gc=False):
    """A song to be measured: its file, and where in it it begins and ends (0: at the file's end)."""

    id: int
    root: bytes
    path: bytes
    size: int
    mtime_ns: int
    duration: float
    begin: float
    end: float


class _Claim(Struct, frozen=True):
    album_id: int
    ours: bool


_SQL = Sql("loudness")
_CLAIM = _SQL.rows("claim", _Claim)
_RENEW = _SQL.command("renew")
_RELEASE = _SQL.command("release")
_SONGS = _SQL.rows("songs", SoundRow)
_SAVE = _SQL.command("save")
_SETTLE = _SQL.command("settle")
_LAST_ALBUM = _SQL.value("last_album", int)
_WAITING = _SQL.value("waiting", int)


class Loudnesses:
    """Whoever claimed an album measures its songs, settles it, and releases it."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def claim(self) -> int | None:
        """An album with songs to measure that nobody else has, or None."""
        for _ in range(_RIVALS):
            found = await _CLAIM.first(self._on, lease=LEASE)
            if found is None:
                return None
            if found.ours:
                return found.album_id
        return None

    async def renew(self, album: int) -> None:
        """It goes on."""
        await _RENEW(self._on, album=album, lease=LEASE)

    async def put_off(self, album: int) -> None:
        """Not now: what it needs is not there."""
        await _RENEW(self._on, album=album, lease=PUT_OFF)

    async def release(self, album: int) -> None:
        """It is done, or given back."""
        await _RELEASE(self._on, album=album)

    async def songs(self, album: int) -> list[SoundRow]:
        """Those that are still to be measured."""
        return await _SONGS(self._on, album=album)

    async def save(self, song: SoundRow, found: Loudness) -> None:
        """Note a result; that of a file which changed meanwhile is forgotten."""
        await _SAVE(
            self._on, track=song.id, size=song.size, mtime_ns=song.mtime_ns, begin=song.begin,
            end=song.end, loudness=json.encode(found).decode(),
        )  # fmt: skip

    async def settle(self, albums: Sequence[int]) -> None:
        """Work out the gains of these albums, where all songs are known."""
        await _SETTLE(self._on, albums=albums)

    async def settle_all(self) -> None:
        """The same for every album, in slices: no statement takes long, however large the library."""
        last = await _LAST_ALBUM(self._on) or 0
        for first in range(1, last + 1, _SLICE):
            await self.settle(range(first, first + _SLICE))

    async def waiting(self) -> int:
        """How many songs are still to be measured."""
        return await _WAITING(self._on) or 0
