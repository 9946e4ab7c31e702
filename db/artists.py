"""Artists, as a user may see them."""

from __future__ import annotations

from collections.abc import Sequence

from db.queries import Executor, Sql
from db.rows import ArtistRow, UserRow

_SQL = Sql("artists")
_OF = {kind: _SQL.rows(f"of_{kind}", ArtistRow) for kind in ("artist", "track", "album", "folder")}
_ALBUM_ARTISTS = _SQL.rows("album_artists", ArtistRow)
_STARRED = _SQL.rows("starred", ArtistRow)


class Artists:
    """An artist is there as long as a song of theirs is, in any role."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def get(self, artist: int, user: UserRow) -> ArtistRow | None:
        """One artist, or None."""
        rows = await self.of("artist", artist, user)
        return rows[0] if rows else None

    async def of(self, kind: str, item: int, user: UserRow) -> list[ArtistRow]:
        """Whose an `artist`, `track`, `album` or `folder` is, the foremost first; guests are left out."""
        return await _OF[kind](self._on, user=user.id, libraries=user.libraries, item=item)

    async def album_artists(self, user: UserRow, libraries: Sequence[int]) -> list[ArtistRow]:
        """All artists with albums of their own, sorted."""
        return await _ALBUM_ARTISTS(self._on, user=user.id, libraries=libraries)

    async def starred(self, user: UserRow, libraries: Sequence[int]) -> list[ArtistRow]:
        """The user's starred artists, last starred first."""
        return await _STARRED(self._on, user=user.id, libraries=libraries)
