"""Pictures of artists, as a scan finds them. An artist has one, from whichever library had it first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from db.queries import Executor, Sql


class Below(Struct, frozen=True):
    """Whose a folder is; `folder` is its index in a list."""

    folder: int
    artist_id: int
    key: str


class _Artist(Struct, frozen=True):
    id: int
    key: str


_SQL = Sql("portraits")
_SET = _SQL.command("set")
_CLEAR = _SQL.command("clear")
_ARTISTS = _SQL.rows("artists", _Artist)
_BELOW = _SQL.rows("below", Below)


class Portraits:
    """Those from one library."""

    def __init__(self, on: Executor, library_id: int) -> None:
        self._on, self._library = on, library_id

    async def artists(self, keys: Collection[str]) -> dict[str, int]:
        """The artists of these keys that there are."""
        rows = await _ARTISTS(self._on, keys=list(keys)) if keys else []
        return {row.key: row.id for row in rows}

    async def below(self, folders: Sequence[bytes], keys: Sequence[str]) -> list[Below]:
        """For each folder the album artist below it with its key, else the only one there is."""
        if not folders:
            return []
        spans = [(path + b"/", path + b"0") if path else (b"", b"\xff") for path in folders]
        first, last = zip(*spans, strict=True)
        return await _BELOW(self._on, library=self._library, first=first, last=last, keys=keys)

    async def set(self, pictures: Mapping[int, int]) -> None:
        """Give artists pictures; who has one from another library keeps it."""
        if pictures:
            await _SET(
                self._on, library=self._library, artists=list(pictures),
                pictures=list(pictures.values()),
            )  # fmt: skip

    async def clear(self, artists: Collection[int]) -> None:
        """Nobody but these has a picture from this library any more."""
        await _CLEAR(self._on, library=self._library, artists=list(artists))
