"""Pictures of the users. They are small, and every node has to have them: so they lie in the database."""

from __future__ import annotations

from collections.abc import Callable

from db.queries import Executor, Sql
from db.rows import AvatarRow
from db.users import name_key

_SQL = Sql("avatars")
_OF = _SQL.rows("of", AvatarRow)
_PUT = _SQL.command("put")
_REMOVE = _SQL.command("remove")
_NOTIFY = _SQL.command("notify")


class Avatars:
    """Every change is told, for a kept account says when its picture changed."""

    def __init__(self, on: Executor, told: Callable[[], None]) -> None:
        self._on = on
        self._told = told

    async def of(self, name: str) -> AvatarRow | None:
        """The picture of the user of that name, or None where either is missing."""
        # PostgreSQL has no NUL in text: such a name cannot exist.
        return None if "\0" in name else await _OF.first(self._on, key=name_key(name))

    async def put(self, user: int, picture: bytes) -> None:
        """Keep a picture, in place of the one before."""
        await _PUT(self._on, user=user, picture=picture)
        await self._tell()

    async def remove(self, user: int) -> None:
        """Forget the picture."""
        await _REMOVE(self._on, user=user)
        await self._tell()

    async def _tell(self) -> None:
        await _NOTIFY(self._on)
        self._told()
