"""The music folders of the configuration, as the database knows them."""

from __future__ import annotations

import os
from collections.abc import Sequence

import asyncpg

from conf.settings import MusicFolder
from db.queries import Sql
from db.rows import LibraryRow, TotalsRow

_SQL = Sql("libraries")
_ALL = _SQL.rows("all", LibraryRow)
_RETIRE = _SQL.command("retire")
_RENAME = _SQL.command("rename")
_ADD = _SQL.command("add")
_TOTALS = _SQL.rows("totals", TotalsRow)


class Libraries:
    """A library that leaves the configuration is hidden, not forgotten."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def all(self) -> list[LibraryRow]:
        """Those of the configuration, sorted by name."""
        return await _ALL(self._pool)

    async def sync(self, folders: Sequence[MusicFolder]) -> list[LibraryRow]:
        """Make the table say what the configuration says.

        A folder with the name of one that is gone takes its place: its songs keep their ids.
        """
        wanted = {os.fsencode(folder.path): folder.name or folder.path.name for folder in folders}
        async with self._pool.acquire() as connection, connection.transaction():
            await _RETIRE(connection, paths=list(wanted))
            for path, name in wanted.items():
                await _RENAME(connection, path=path, name=name)
                await _ADD(connection, path=path, name=name)
        return await self.all()

    async def totals(self, libraries: Sequence[int]) -> TotalsRow:
        """How much music these libraries hold."""
        (row,) = await _TOTALS(self._pool, libraries=libraries)
        return row
