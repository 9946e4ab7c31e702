"""Where the originals of covers are."""

from __future__ import annotations

from db.queries import Executor, Rows, Sql
from db.rows import PictureRow, UserRow

_SQL = Sql("pictures")


def _rows(name: str) -> Rows[PictureRow]:
    return _SQL.rows(name, PictureRow)


_OF = {
    "picture": _rows("by_id"),
    "track": _rows("of_track"),
    "album": _rows("of_album"),
    "artist": _rows("of_artist"),
    "folder": _rows("of_folder"),
    "video": _rows("of_video"),
}
_OF_PLAYLIST = _rows("of_playlist")

_SHARED = _rows("shared")


class Pictures:
    """A picture's id changes when the picture does, so an app may keep it for ever."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def of(self, kind: str, item: int, user: UserRow) -> PictureRow | None:
        """That of a `picture`, `track`, `album`, `artist`, `folder` or `video`."""
        return await _OF[kind].first(self._on, item=item, libraries=user.libraries)

    async def of_playlist(self, playlist: int, user: UserRow) -> list[PictureRow]:
        """The first four different ones of the songs that the user sees."""
        return await _OF_PLAYLIST(
            self._on,
            item=playlist,
            libraries=user.libraries,
            user=user.id,
            admin="admin" in user.roles,
        )

    async def shared(self, picture: int) -> PictureRow | None:
        """A picture for whoever has its signed address, or None."""
        return await _SHARED.first(self._on, picture=picture)
