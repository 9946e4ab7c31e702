"""What apps sign in with: the account password, if that is allowed, and passwords of single devices."""

from __future__ import annotations

from db.errors import NameTakenError
from db.queries import Executor, Sql
from db.rows import CredentialRow
from db.secrets import SecretBox, key_hash, new_secret

_SQL = Sql("credentials")
_BY_USER = _SQL.rows("by_user", CredentialRow)
_BY_KEY = _SQL.rows("by_key", CredentialRow)
_SET_ACCOUNT = _SQL.command("set_account")
_DROP_ACCOUNT = _SQL.command("drop_account")
_ADD = _SQL.rows("add", CredentialRow)
_REVOKE = _SQL.command("revoke")
_USED = _SQL.command("used")
_NOTIFY = _SQL.command("notify")


class Credentials:
    """`account` is the box for account passwords; None: apps may not use them."""

    def __init__(self, on: Executor, account: SecretBox | None) -> None:
        self._on = on
        self._account = account

    async def of(self, user: int) -> list[CredentialRow]:
        """All that a user's apps may sign in with."""
        return await _BY_USER(self._on, user=user)

    async def by_key(self, secret: str) -> CredentialRow | None:
        """The device whose password this is, used as an API key."""
        return await _BY_KEY.first(self._on, key_hash=key_hash(secret))

    async def add(self, user: int, name: str, box: SecretBox) -> tuple[CredentialRow, str]:
        """A new device password, which is shown this once; raises NameTakenError."""
        secret = new_secret()
        row = await _ADD.first(
            self._on,
            user=user,
            name=name,
            secret=box.seal(user, secret),
            key_hash=key_hash(secret),
        )
        if row is None:
            raise NameTakenError(f"There is a device {name!r} already.")
        await _NOTIFY(self._on)
        return row, secret

    async def revoke(self, user: int, credential: int) -> None:
        """End a device password at once, on every node."""
        await _REVOKE(self._on, user=user, credential=credential)
        await _NOTIFY(self._on)

    async def used(self, credential: int) -> None:
        """Remember that it was used; written at most once an hour."""
        await _USED(self._on, credential=credential)

    async def set_account_password(self, user: int, password: str) -> None:
        """Let apps use this account password, or no account password at all."""
        if self._account is None:
            await _DROP_ACCOUNT(self._on, user=user)
        else:
            await _SET_ACCOUNT(self._on, user=user, secret=self._account.seal(user, password))
