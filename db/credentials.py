"""What apps sign in with: the account password, if that is allowed, and passwords of single devices."""

from __future__ import annotations

from collections.abc import Callable

from db.errors import NameTakenError
from db.queries import Executor, Sql
from db.rows import CredentialRow
from db.rules import check_name
from db.secrets import SecretBox, key_hash, new_secret

_SQL = Sql("credentials")
_BY_USER = _SQL.rows("by_user", CredentialRow)
_BY_KEY = _SQL.rows("by_key", CredentialRow)
_SET_ACCOUNT = _SQL.command("set_account")
_DROP_ACCOUNT = _SQL.command("drop_account")
_ADD = _SQL.rows("add", CredentialRow)
_REVOKE = _SQL.value("revoke", str)
_USED = _SQL.command("used")
_NOTIFY = _SQL.command("notify")


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
        """All that a user's apps may sign in with."""
        return await _BY_USER(self._on, user=user)

    async def by_key(self, secret: str) -> CredentialRow | None:
        """The device whose password this is, used as an API key."""
        return await _BY_KEY.first(self._on, key_hash=key_hash(secret))

    async def add(self, user: int, name: str, box: SecretBox) -> tuple[CredentialRow, str]:
        """A new device password, which is shown this once.

        Raises UnfitError for the name, NameTakenError.
        """
        check_name(name)
        secret = new_secret()
        row = await _ADD.first(
            self._on,
            user=user,
            name=name,
            secret=box.seal(user, secret),
            key_hash=key_hash(secret),
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

    async def used(self, credential: int) -> None:
        """Remember that it was used; written at most once an hour."""
        await _USED(self._on, credential=credential)

    async def set_account_password(self, user: int, password: str) -> None:
        """Let apps use this account password, or no account password at all."""
        if self._account is None:
            await _DROP_ACCOUNT(self._on, user=user)
        else:
            await _SET_ACCOUNT(self._on, user=user, secret=self._account.seal(user, password))

    async def _tell(self) -> None:
        await _NOTIFY(self._on)
        self._told()
