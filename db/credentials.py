"""What apps sign in with: the account password, if that is allowed, and passwords of single devices."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from db.errors import NameTakenError, TooManyDevicesError
from db.queries import Executor, Sql
from db.rows import CredentialRow, ListenerRow
from db.rules import check_name
from db.scopes import Scope
from db.secrets import SecretBox, key_hash, new_secret

MOST = 100
"""So many app passwords has an account at most: a sign-in by token tries one after the other."""

_SQL = Sql("credentials")
_BY_USER = _SQL.rows("by_user", CredentialRow)
_BY_KEY = _SQL.rows("by_key", CredentialRow)
_COUNT = _SQL.value("count", int)
_SET_ACCOUNT = _SQL.command("set_account")
_DROP_ACCOUNT = _SQL.command("drop_account")
_DROP_EXPIRED = _SQL.command("drop_expired")
_ADD = _SQL.rows("add", CredentialRow)
_REVOKE = _SQL.value("revoke", str)
_USED = _SQL.command("used")
_LISTENING = _SQL.rows("listening", ListenerRow)
_NOTIFY = _SQL.command("notify")

_LONGEST_CLIENT = 64


class Credentials:
    """`account` is the box for account passwords; None: apps may not use them.

    `told` is called after a change, so that this node knows before the others are told.
    """

    def __init__(
        self, on: Executor, account: SecretBox | None, told: Callable[[], None] = lambda: None
    ) -> None:
        self._on = on
        self._account = account
        self._told = told

    async def of(self, user: int) -> list[CredentialRow]:
        """All that a user's apps sign in with, and what has expired not long ago."""
        return await _BY_USER(self._on, user=user)

    async def by_key(self, secret: str) -> CredentialRow | None:
        """The device whose password this is, used as an API key."""
        return await _BY_KEY.first(self._on, key_hash=key_hash(secret))

    async def add(
        self,
        user: int,
        name: str,
        box: SecretBox,
        scope: Scope = "full",
        expires: datetime | None = None,
    ) -> tuple[CredentialRow, str]:
        """A new device password, which is shown this once.

        Raises UnfitError for the name, NameTakenError, TooManyDevicesError.
        """
        check_name(name)
        await _DROP_EXPIRED(self._on)
        if (await _COUNT(self._on, user=user) or 0) >= MOST:
            raise TooManyDevicesError(
                f"There are {MOST} app passwords already. Revoke those that nobody uses."
            )
        secret = new_secret()
        sealed = box.seal(user, secret)
        row = await _ADD.first(
            self._on,
            user=user,
            name=name,
            secret=sealed.data,
            sealed_by=sealed.key,
            key_hash=key_hash(secret),
            scope=scope,
            expires=expires,
        )
        if row is None:
            raise NameTakenError(f"There is an app password {name!r} already.")
        await self._tell()
        return row, secret

    async def revoke(self, user: int, credential: int) -> str | None:
        """End a device password at once, on every node; its name, or None where there is none."""
        name = await _REVOKE(self._on, user=user, credential=credential)
        await self._tell()
        return name

    async def used(self, credential: int, client: str = "") -> None:
        """Remember that it was used, and by which app; written at most once an hour."""
        shown = "".join(filter(str.isprintable, client[:_LONGEST_CLIENT]))
        await _USED(self._on, credential=credential, client=shown)

    async def listening(self, listeners: Collection[ListenerRow]) -> set[ListenerRow]:
        """Those of them who may still hear music, with what they signed in with."""
        users, used = [one.user for one in listeners], [one.credential for one in listeners]
        return set(await _LISTENING(self._on, users=users, credentials=used))

    async def set_account_password(self, user: int, password: str) -> None:
        """Let apps use this account password, or no account password at all.

        What an older one opened, tickets too, is closed: it was another credential.
        """
        await _DROP_ACCOUNT(self._on, user=user)
        if self._account is not None:
            sealed = self._account.seal(user, password)
            await _SET_ACCOUNT(self._on, user=user, secret=sealed.data, sealed_by=sealed.key)

    async def _tell(self) -> None:
        await _NOTIFY(self._on)
        self._told()
