"""Accounts. Every change is told to all nodes, which keep users in memory."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Sequence

import asyncpg

from db.credentials import Credentials
from db.errors import LastAdminError, NameTakenError, UnknownUserError
from db.queries import Sql
from db.rows import UserRow
from db.secrets import SecretBox, hash_password, verify_password

USER_ROLES = (
    "settings",
    "stream",
    "download",
    "comment",
    "playlist",
    "share",
    "podcast",
    "jukebox",
)
ADMIN_ROLES = ("admin", *USER_ROLES, "upload", "cover_art", "video_conversion")

_SQL = Sql("users")
_ALL = _SQL.rows("all", UserRow)
_BY_KEY = _SQL.rows("by_key", UserRow)
_BY_ID = _SQL.rows("by_id", UserRow)
_COUNT = _SQL.value("count", int)
_ADD = _SQL.value("add", int)
_SET_HASH = _SQL.command("set_hash")
_DELETE = _SQL.value("delete", bool)
_NOTIFY = _SQL.command("notify")
# Verified in place of an unknown user's, so that both take the same time.
_NOBODY = hash_password("")


def name_key(name: str) -> str:
    """What makes two account names the same."""
    return unicodedata.normalize("NFKC", name).casefold()


class Users:
    """`secrets` seals the account password where apps may use it; None keeps only its hash."""

    def __init__(self, pool: asyncpg.Pool, secrets: SecretBox | None) -> None:
        self._pool = pool
        self._secrets = secrets

    async def all(self) -> list[UserRow]:
        """Sorted by name."""
        return await _ALL(self._pool)

    async def count(self) -> int:
        """How many accounts there are; none before the set-up."""
        return await _COUNT(self._pool) or 0

    async def by_name(self, name: str) -> UserRow | None:
        """One account, whatever the case of the name."""
        # PostgreSQL has no NUL in text: such a name cannot exist.
        return None if "\0" in name else await _BY_KEY.first(self._pool, key=name_key(name))

    async def by_id(self, user: int) -> UserRow | None:
        """One account."""
        return await _BY_ID.first(self._pool, user=user)

    async def add(
        self, name: str, password: str, admin: bool = False, roles: Sequence[str] | None = None
    ) -> UserRow:
        """Make an account; raises NameTakenError."""
        if roles is None:
            roles = ADMIN_ROLES if admin else USER_ROLES
        hashed = await asyncio.to_thread(hash_password, password)
        async with self._pool.acquire() as connection, connection.transaction():
            user = await _ADD(
                connection, name=name, key=name_key(name), password_hash=hashed, roles=roles
            )
            if user is None:
                raise NameTakenError(f"The user name {name!r} is taken.")
            await self._keep(connection, user, password)
        return await self._known(name)

    async def set_password(self, name: str, password: str) -> None:
        """Change a password; the old one ends at once. Raises UnknownUserError."""
        user = await self._known(name)
        hashed = await asyncio.to_thread(hash_password, password)
        async with self._pool.acquire() as connection, connection.transaction():
            await _SET_HASH(connection, user=user.id, password_hash=hashed)
            await self._keep(connection, user.id, password)

    async def delete(self, name: str) -> None:
        """Delete an account and all that is its; raises UnknownUserError, LastAdminError."""
        user = await self._known(name)
        if not await _DELETE(self._pool, user=user.id):
            raise LastAdminError(f"{name!r} is the last administrator. Make another one first.")
        await _NOTIFY(self._pool)

    async def check_password(self, name: str, password: str) -> UserRow | None:
        """The account, if name and password are right and it is enabled.

        An unknown name takes as long as a wrong password.
        """
        user = await self.by_name(name)
        hashed = user.password_hash if user else _NOBODY
        right = await asyncio.to_thread(verify_password, hashed, password)
        return user if user and right and user.enabled else None

    async def _known(self, name: str) -> UserRow:
        user = await self.by_name(name)
        if user is None:
            raise UnknownUserError(f"There is no user {name!r}.")
        return user

    async def _keep(self, connection: asyncpg.Connection, user: int, password: str) -> None:
        credentials = Credentials(connection, self._secrets)
        await credentials.set_account_password(user, password)
        await _NOTIFY(connection)
