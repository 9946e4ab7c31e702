"""Real folders, as a user may see them."""

from __future__ import annotations

from collections.abc import Sequence

from db.queries import Executor, Sql
from db.rows import FolderRow, UserRow

_SQL = Sql("folders")
_BY_ID = _SQL.rows("by_id", FolderRow)
_BY_PARENT = _SQL.rows("by_parent", FolderRow)
_TOP = _SQL.rows("top", FolderRow)
_STARRED = _SQL.rows("starred", FolderRow)


class Folders:
    """Only folders with a song somewhere below them are kept."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def get(self, folder: int, user: UserRow) -> FolderRow | None:
        """One folder, or None."""
        return await _BY_ID.first(self._on, user=user.id, libraries=user.libraries, folder=folder)

    async def inside(self, parent: int, user: UserRow) -> list[FolderRow]:
        """The folders right in a folder, sorted."""
        return await _BY_PARENT(self._on, user=user.id, libraries=user.libraries, parent=parent)

    async def top(self, user: UserRow, libraries: Sequence[int]) -> list[FolderRow]:
        """The folders right in the libraries, sorted."""
        return await _TOP(self._on, user=user.id, libraries=libraries)

    async def starred(self, user: UserRow, libraries: Sequence[int]) -> list[FolderRow]:
        """The user's starred folders, last starred first."""
        return await _STARRED(self._on, user=user.id, libraries=libraries)
