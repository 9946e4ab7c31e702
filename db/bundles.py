"""The files behind an album, artist, playlist or folder, as a user may have them."""

from __future__ import annotations

from db.queries import Executor, Sql
from db.rows import FileRow, UserRow


class BundledRow(FileRow, frozen=True, gc=False):
    """A song's file as a part of more, and the file that is its album's picture."""

    album_id: int = 0
    cover_root: bytes | None = None
    cover: bytes | None = None


_SQL = Sql("bundles")
_FILES = _SQL.rows("files", BundledRow)


class Bundles:
    """What can be had as a whole."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def files(self, kind: str, item: int, user: UserRow, most: int) -> list[BundledRow]:
        """Those of an `album`, `artist`, `playlist` or `folder`, in its order; `most` at most.

        A library as a whole has none.
        """
        return await _FILES(
            self._on, kind=kind, item=item, user=user.id, libraries=user.libraries, most=most
        )
