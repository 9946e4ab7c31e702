"""Accounts. Every change is told to all nodes, which keep users in memory."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg
import msgspec
from msgspec.structs import astuple

from conf.roles import ROLES
from db.annotations import average, rated_by
from db.credentials import Credentials
from db.errors import (
    LastAdminError,
    NameTakenError,
    TooManyChangesError,
    UnknownLibraryError,
    UnknownUserError,
)
from db.hashing import Hashing
from db.identities import Identities, Identity
from db.queries import Sql
from db.rows import UserRow
from db.rules import check_email, check_limit, check_name, check_password
from db.secrets import SecretBox, hash_password, is_outdated, no_password
from db.sessions import fingerprint

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

BIT_RATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""What may be the limit of a user's streams, in kbit/s; 0 is none."""

_SQL = Sql("users")
_ALL = _SQL.rows("all", UserRow)
_BY_KEY = _SQL.rows("by_key", UserRow)
_BY_ID = _SQL.rows("by_id", UserRow)
_BY_CREDENTIAL = _SQL.rows("by_credential", UserRow)
_REHASH = _SQL.command("rehash")
_COUNT = _SQL.value("count", int)
_ADD = _SQL.value("add", int)
_CHANGE = _SQL.value("change", bool)
_WITHDRAW = _SQL.command("withdraw")
_GRANT = _SQL.value("grant", int)
_DELETE = _SQL.value("delete", bool)
_LOCK = _SQL.command("lock")
_HAS_ADMIN = _SQL.value("has_admin", bool)
_FORGET_ADDRESSES = Sql("audit").command("forget_addresses")
_NOTIFY = _SQL.command("notify")
_LARGEST_ID = 2**31 - 1
# Verified in place of an unknown user's, so that both take the same time.
_NOBODY = hash_password("")

Libraries = Sequence[int] | Literal["all"]
"""Music folders by their ids, or all, also those to come."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much a user may be sent at once; None: as configured, 0: no limit."""

    streams: int | None = None
    rate: int | None = None
    """kbit/s over all streams."""
    transcodes: int | None = None

    @classmethod
    def of(cls, row: UserRow) -> Limits:
        return cls(streams=row.max_streams, rate=row.max_rate, transcodes=row.max_transcodes)

    def over(self, before: Limits) -> Limits:
        """These, and for the rest those from before."""
        pairs = zip(self.__struct_fields__, astuple(self), astuple(before), strict=True)
        return Limits(**{name: old if new is None else new for name, new, old in pairs})


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about an account; what is None, or a role not named, stays."""

    password: str | None = None
    email: str | None = None
    roles: Mapping[str, bool] = {}
    libraries: Libraries | None = None
    max_bit_rate: int | None = None
    limits: Limits | None = None
    enabled: bool | None = None

    def named(self) -> list[str]:
        """What is said, in words for the log; never what a password is."""
        said = [name for name in self.__struct_fields__ if getattr(self, name) not in (None, {})]
        roles = [f"{'+' if given else '-'}{role}" for role, given in self.roles.items()]
        return [name for name in said if name != "roles"] + roles


def name_key(name: str) -> str:
    """What makes two account names the same."""
    return unicodedata.normalize("NFKC", name).casefold()


class Users:
    """`secrets` seals the account password where apps may use it; None keeps only its hash.

    `told` is called after a change, so that this node knows before the others are told.
    """

    def __init__(
        self, pool: asyncpg.Pool, secrets: SecretBox | None, told: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._secrets = secrets
        self._told = told
        self._hashing = Hashing()

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
        return await _BY_ID.first(self._pool, user=user) if 0 < user <= _LARGEST_ID else None

    async def by_credential(self, credential: int) -> UserRow | None:
        """The account of a credential that can still be used."""
        return await _BY_CREDENTIAL.first(self._pool, credential=credential)

    async def add(
        self,
        name: str,
        password: str | None,
        admin: bool = False,
        roles: Sequence[str] | None = None,
        *,
        email: str = "",
        libraries: Libraries = "all",
        identity: Identity | None = None,
    ) -> UserRow:
        """Make an account; raises UnfitError, NameTakenError, UnknownLibraryError, IdentityTakenError.

        Without a password it is signed in by its `identity` elsewhere alone.
        """
        check_name(name)
        check_email(email)
        if password is not None:
            check_password(password)
        if roles is None:
            roles = ROLES if admin else USER_ROLES
        hashed = no_password()
        if password is not None:
            hashed = await self._hashing.hash(f"new {name}", password)
        async with self._changing() as connection:
            user = await _ADD(
                connection,
                name=name,
                key=name_key(name),
                password_hash=hashed,
                email=email,
                roles=sorted(set(roles)),
                max_bit_rate=0,
                all_libraries=libraries == "all",
            )
            if user is None:
                raise NameTakenError(f"The user name {name!r} is taken.")
            await self._grant(connection, user, libraries)
            if password is not None:
                await self._keep(connection, user, password)
            if identity is not None:
                await Identities(connection).link(identity, user)
        return await self._known(name)

    async def change(self, name: str, change: Change) -> UserRow:
        """Change an account, all of it or nothing; what it was able to do before ends at once.

        Raises UnknownUserError, UnfitError, UnknownLibraryError, LastAdminError, and
        TooManyChangesError for passwords.
        """
        if change.password is not None:
            check_password(change.password)
        check_email(change.email or "")
        if change.limits is not None:
            for number in astuple(change.limits):
                check_limit(number)
        user = await self._known(name)
        hashed = None
        if change.password is not None:
            hashed = await self._hashing.hash(f"old {user.id}", change.password)
        async with self._keeping_an_admin(user.name) as connection:
            await self._update(connection, user, change, hashed)
            if change.password is not None:
                await self._keep(connection, user.id, change.password)
        return await self._known(name)

    async def set_password(self, name: str, password: str) -> UserRow:
        """Change a password; the old one ends at once. Raises UnknownUserError, UnfitError."""
        return await self.change(name, Change(password=password))

    async def delete(self, name: str) -> None:
        """Delete an account and all that is its; of the audit log only its addresses.

        Raises UnknownUserError, LastAdminError.
        """
        user = await self._known(name)
        async with self._keeping_an_admin(user.name) as connection:
            rated = await rated_by(connection, user.id)
            await _FORGET_ADDRESSES(connection, user=user.id)
            if not await _DELETE(connection, user=user.id):
                raise _unknown(name)
            await average(connection, rated)

    async def check_password(self, name: str, password: str) -> UserRow | None:
        """The account, if name and password are right and it is enabled.

        An unknown name, or an account without a password, takes as long as a wrong password.
        """
        user = await self.by_name(name)
        hashed = user.password_hash if user and user.has_password else _NOBODY
        right = await self._hashing.verify(hashed, password)
        if not (user and user.has_password and right and user.enabled):
            return None
        return await self._renewed(user, password) if is_outdated(hashed) else user

    async def _renewed(self, user: UserRow, password: str) -> UserRow:
        """The account, its password hashed with the parameters of now."""
        try:
            hashed = await self._hashing.hash(f"old {user.id}", password)
        except TooManyChangesError:  # the next sign-in does it
            return user
        before, after = fingerprint(user.password_hash), fingerprint(hashed)
        async with self._changing() as connection:
            await _REHASH(
                connection,
                user=user.id,
                old=user.password_hash,
                new=hashed,
                before=before,
                after=after,
            )
        return await self._known(user.name)

    async def _update(
        self, connection: asyncpg.Connection, user: UserRow, change: Change, hashed: str | None
    ) -> None:
        libraries, limits = change.libraries, change.limits or Limits()
        changed = await _CHANGE(
            connection,
            user=user.id,
            password_hash=hashed,
            email=change.email,
            more=[role for role, given in change.roles.items() if given],
            less=[role for role, given in change.roles.items() if not given],
            max_bit_rate=change.max_bit_rate,
            limited=change.limits is not None,
            max_streams=limits.streams,
            max_rate=limits.rate,
            max_transcodes=limits.transcodes,
            all_libraries=None if libraries is None else libraries == "all",
            enabled=change.enabled,
        )
        if not changed:
            raise _unknown(user.name)
        if libraries is not None:
            await _WITHDRAW(connection, user=user.id)
            await self._grant(connection, user.id, libraries)

    async def _grant(self, connection: asyncpg.Connection, user: int, libraries: Libraries) -> None:
        if libraries == "all":
            return
        wanted = {int(one) for one in libraries}
        possible = [one for one in wanted if 0 < one <= _LARGEST_ID]
        if await _GRANT(connection, user=user, libraries=possible) != len(wanted):
            raise UnknownLibraryError("There is no such music folder.")

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[asyncpg.Connection]:
        """A transaction whose end is told."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection
            await _NOTIFY(connection)
        self._told()

    @asynccontextmanager
    async def _keeping_an_admin(self, name: str) -> AsyncIterator[asyncpg.Connection]:
        """A transaction that does not take the last administrator: nobody could let anybody in."""
        async with self._changing() as connection:
            await _LOCK(connection)
            before = await _HAS_ADMIN(connection)
            yield connection
            if before and not await _HAS_ADMIN(connection):
                raise LastAdminError(f"{name!r} is the last administrator. Make another one first.")

    async def _known(self, name: str) -> UserRow:
        user = await self.by_name(name)
        if user is None:
            raise _unknown(name)
        return user

    async def _keep(self, connection: asyncpg.Connection, user: int, password: str) -> None:
        await Credentials(connection, self._secrets).set_account_password(user, password)


def _unknown(name: str) -> UnknownUserError:
    return UnknownUserError(f"There is no user {name[:80]!r}.")
