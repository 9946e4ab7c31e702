"""Pictures that people gave their playlists. They lie in the database, for every node to have them."""

from __future__ import annotations

import hashlib

from db.queries import Executor, Sql
from db.rows import StoredPictureRow, UserRow

_SQL = Sql("playlist_pictures")
_OF = _SQL.rows("of", StoredPictureRow)
_PUT = _SQL.value("put", bool)
_REMOVE = _SQL.value("remove", bool)


class PlaylistPictures:
    """Who may read a playlist sees its picture; its owner and administrators change it."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def of(self, playlist: int, user: UserRow) -> StoredPictureRow | None:
        """The picture of a playlist, or None where either is missing or not to be read."""
        return await _OF.first(self._on, playlist=playlist, **_rights(user))

    async def put(self, playlist: int, user: UserRow, picture: bytes) -> bool:
        """Keep a picture, in place of the one before; False: the playlist is not theirs, or is gone."""
        digest = hashlib.sha256(picture).digest()
        done = await _PUT(
            self._on, playlist=playlist, picture=picture, hash=digest, **_rights(user)
        )
        return bool(done)

    async def remove(self, playlist: int, user: UserRow) -> bool:
        """Forget the picture; False: there is none, or it is not theirs."""
        return bool(await _REMOVE(self._on, playlist=playlist, **_rights(user)))


def _rights(user: UserRow) -> dict[str, object]:
    return {"user": user.id, "admin": "admin" in user.roles}
