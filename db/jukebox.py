"""The jukebox: what is to be heard from the speakers of one node, as everybody sees and changes it."""

from __future__ import annotations

from db.queries import Executor, Sql
from db.rows import FileRow, JukeboxRow

CHANNEL = "dulcian_jukebox"
"""Told when anything about the jukebox changes."""

_SQL = Sql("jukebox")
_GET = _SQL.rows("get", JukeboxRow)
_PUT = _SQL.value("put", bool)
_ADVANCE = _SQL.command("advance")
_TAKE = _SQL.value("take", bool)
_LEAVE = _SQL.command("leave")
_FILE = Sql("tracks").rows("file_for_all", FileRow)


class Jukebox:
    """Its state is one row; the node that holds it makes the sound follow."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def get(self) -> JukeboxRow:
        """What is the case now."""
        (row,) = await _GET(self._on)
        return row

    async def put(self, row: JukeboxRow) -> bool:
        """Make it so; False: somebody else was quicker than the row that this one was made from."""
        return bool(
            await _PUT(
                self._on,
                tracks=row.tracks,
                current=row.current,
                playing=row.playing,
                gain=row.gain,
                position=row.position,
                turn=row.turn,
                version=row.version,
            )
        )

    async def advance(self, turn: int, *, go_on: bool = True) -> None:
        """The song of this turn is over, and the next one's turn; nothing if that has been noted."""
        await _ADVANCE(self._on, turn=turn, go_on=go_on)

    async def take(self, node: str) -> bool:
        """Hold the jukebox for a minute; False: another node does."""
        return bool(await _TAKE(self._on, node=node))

    async def leave(self, node: str) -> None:
        """Let go of it; it falls silent."""
        await _LEAVE(self._on, node=node)

    async def file(self, track: int) -> FileRow | None:
        """A song's file. Whoever added the song was allowed to."""
        return await _FILE.first(self._on, track=track)
