"""Genres and how much of each there is; counted by the scan."""

from __future__ import annotations

from collections.abc import Sequence

from db.queries import Executor, Sql
from db.rows import GenreRow

_ALL = Sql("genres").rows("all", GenreRow)


class Genres:
    """One entry per folded name."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def all(self, libraries: Sequence[int]) -> list[GenreRow]:
        """Sorted by name."""
        return await _ALL(self._on, libraries=libraries)
