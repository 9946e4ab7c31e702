"""Videos, as a user may see them."""

from __future__ import annotations

from collections.abc import Sequence

from db.queries import Executor, Sql
from db.rows import UserRow, VideoFileRow, VideoRow

_SQL = Sql("videos")
_EVERY = _SQL.rows("every", VideoRow)
_BY_ID = _SQL.rows("by_id", VideoRow)
_BY_FOLDER = _SQL.rows("by_folder", VideoRow)
_IN_ROOTS = _SQL.rows("in_roots", VideoRow)
_FILE = _SQL.rows("file", VideoFileRow)


class Videos:
    """Films and whatever else has moving pictures, sorted by name."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def every(self, user: UserRow) -> list[VideoRow]:
        """All that the user may see."""
        return await _EVERY(self._on, user=user.id, libraries=user.libraries)

    async def get(self, video: int, user: UserRow) -> VideoRow | None:
        """One video, or None."""
        return await _BY_ID.first(self._on, user=user.id, libraries=user.libraries, video=video)

    async def by_folder(self, folder: int, user: UserRow) -> list[VideoRow]:
        """The videos right in a folder."""
        return await _BY_FOLDER(self._on, user=user.id, libraries=user.libraries, folder=folder)

    async def in_roots(self, user: UserRow, libraries: Sequence[int]) -> list[VideoRow]:
        """Videos that lie loose in the libraries themselves."""
        return await _IN_ROOTS(self._on, user=user.id, libraries=libraries)

    async def file(self, video: int, user: UserRow) -> VideoFileRow | None:
        """Where a video's file is, or None if there is no such video for this user."""
        return await _FILE.first(self._on, video=video, libraries=user.libraries)
