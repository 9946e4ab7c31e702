"""Who is calling: user name with password or token, or an API key.

Order of judgement: conflicting credentials 43, missing parameters 10, version 20 or 30, then 40 (44
for a key), the same for an unknown user as for a wrong password.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from conf import Settings
from db.audit import By, Outcome
from db.database import Database
from db.rows import CredentialRow, UserRow
from db.tries import Caller, TooManyTriesError, Try
from db.users import name_key
from subsonic.endpoint import Parameters
from subsonic.errors import (
    BadParameterError,
    ClientTooOldError,
    ConflictingCredentialsError,
    InvalidApiKeyError,
    ServerTooOldError,
    TokenUnsupportedError,
    WrongCredentialsError,
)
from subsonic.passwords import readings

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?")
_MAJOR, _NEWEST_MINOR = 1, 16
_KEPT_SECONDS = 60.0
_STAMP_SECONDS = 3600.0
_CREDENTIALS = ("apiKey", "u", "p", "t", "s")
_MOST_KEPT = 10_000
_LONGEST_DEVICE = 200
_ANY_KEY = "\0"
"""The account under which wrong API keys are counted: they name none."""
_NOBODY = 0


Known = Callable[[Caller], Awaitable[UserRow | None]]
New = Callable[[Caller], Awaitable[UserRow]]


@dataclass(slots=True)
class Account:
    """A user and what their apps sign in with, kept for a minute."""

    user: UserRow
    credentials: Sequence[CredentialRow]
    until: float
    stamped: dict[int, float] = field(default_factory=dict)


class Authenticator:
    """Keeps accounts in memory; `forget` is called when one changed on any node."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._tries = db.tries
        self._tokens = settings.auth.account_password_in_apps
        secret = db.secrets.seal(_NOBODY, os.urandom(20).hex())
        self._decoy = CredentialRow(0, _NOBODY, "account", "", secret, datetime.now(UTC), None)
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, Account] = {}
        self._changes = 0
        self.refused = 0
        """Failed sign-ins since the start, for the metrics."""

    def forget(self) -> None:
        """Ask the database again."""
        self._changes += 1
        self._accounts.clear()
        self._keys.clear()

    async def user(self, given: Parameters, address: str, agent: str = "") -> UserRow:
        """The caller; raises an error of the protocol, or TooManyTriesError."""
        has = {name for name in _CREDENTIALS if given.get(name, [""])[0]}
        if "apiKey" in has:
            if len(has) > 1:
                raise ConflictingCredentialsError
            _check_common(given)
            caller = Caller(_ANY_KEY, address, given["apiKey"][0])
            return await self._admit(caller, self._known_key, self._new_key)
        if "p" in has and has & {"t", "s"}:
            raise ConflictingCredentialsError
        _need(given, "u")
        if "p" not in has:
            _need(given, "t", "s")
        _check_common(given)
        device = f"{given['c'][0]}\n{agent}"[:_LONGEST_DEVICE]
        return await self._admit(
            Caller(given["u"][0], address, device),
            partial(self._known_name, given),
            partial(self._new_name, given),
        )

    async def _admit(self, caller: Caller, known: Known, new: New) -> UserRow:
        """The user: at no cost when the device is known, else of one after the other."""
        user = await known(caller)
        if user is None:
            async with self._tries.turn(caller):
                user = await known(caller) or await new(caller)
        return user

    async def _known_name(self, given: Parameters, caller: Caller) -> UserRow | None:
        """The user of a device that is known; one that is wrong now is judged as a new one is."""
        if not self._tries.knows(caller):
            return None
        account = await self._account(caller.name)
        # Of many at once that were let through, none is looked at after the first that was wrong.
        if not self._tries.knows(caller):
            return None
        credential = self._match(account.user.id, account.credentials, given) if account else None
        if account is None or credential is None or not account.user.enabled:
            self._tries.doubt(caller)
            return None
        await self._stamp(account, credential.id)
        return account.user

    async def _new_name(self, given: Parameters, caller: Caller) -> UserRow:
        """The user of a device that came in for the first time; real names take as long as others."""
        counted = await self._enter(caller)
        account = await self._read_account(caller.name)
        if account is None:
            await self._db.credentials.of(_NOBODY)
            self._match(_NOBODY, [self._decoy], given)
            raise await self._refuse(given, caller)
        credential = self._match(account.user.id, account.credentials, given)
        if credential is None or not account.user.enabled:
            raise await self._refuse(given, caller)
        await self._welcome(counted, account.user)
        await self._stamp(account, credential.id)
        return account.user

    async def _known_key(self, caller: Caller) -> UserRow | None:
        if not self._tries.knows(caller):
            return None
        account = self._keys.get(caller.device)
        if account is None or account.until < time.monotonic():
            account = await self._load_key(caller.device)
        if account is None or not account.user.enabled:
            self._tries.doubt(caller)
            return None
        await self._stamp(account, account.credentials[0].id)
        return account.user

    async def _new_key(self, caller: Caller) -> UserRow:
        counted = await self._enter(caller)
        account = await self._load_key(caller.device)
        if account is None or not account.user.enabled:
            await self._note("refused", "", caller)
            raise InvalidApiKeyError
        await self._welcome(counted, account.user)
        await self._stamp(account, account.credentials[0].id)
        return account.user

    async def _enter(self, caller: Caller) -> Try:
        try:
            return await self._tries.enter(caller)
        except TooManyTriesError:
            await self._note("held", "" if caller.name == _ANY_KEY else caller.name, caller)
            raise

    async def _welcome(self, counted: Try, user: UserRow) -> None:
        """A device came in; that is noted once an hour."""
        if await self._tries.forgive(counted, user.id):
            await self._note("done", user.name, counted.caller)

    async def _note(self, outcome: Outcome, name: str, caller: Caller) -> None:
        self.refused += outcome != "done"
        await self._db.audit.note("sign-in", By(name, caller.address, "app"), outcome=outcome)

    async def _load_key(self, key: str) -> Account | None:
        seen = self._changes
        credential = await self._db.credentials.by_key(key)
        user = await self._db.users.by_id(credential.user_id) if credential else None
        if credential is None or user is None:
            return None
        return self._keep(self._keys, key, Account(user, [credential], _later()), seen)

    async def _account(self, name: str) -> Account | None:
        key = name_key(name)
        account = self._accounts.get(key)
        if account is not None and account.until > time.monotonic():
            return account
        return await self._read_account(name)

    async def _read_account(self, name: str) -> Account | None:
        seen = self._changes
        user = await self._db.users.by_name(name)
        if user is None:
            return None
        rows = await self._db.credentials.of(user.id)
        return self._keep(self._accounts, name_key(name), Account(user, rows, _later()), seen)

    def _keep(self, where: dict[str, Account], key: str, account: Account, seen: int) -> Account:
        """Keep an account, unless something has changed while it was read."""
        if len(where) >= _MOST_KEPT:
            where.clear()
        if seen == self._changes:
            where[key] = account
        return account

    def _match(
        self, owner: int, credentials: Sequence[CredentialRow], given: Parameters
    ) -> CredentialRow | None:
        """The credential that was used, or None."""
        box = self._db.secrets
        if given.get("p", [""])[0]:
            tried = readings(given["p"][0])
            for row in credentials:
                secret = box.open(owner, row.secret).encode()
                if any(hmac.compare_digest(secret, one) for one in tried):
                    return row
            return None
        token, salt = given["t"][0].lower().encode(), given["s"][0].encode()
        for row in credentials:
            secret = box.open(owner, row.secret).encode()
            right = hashlib.md5(secret + salt, usedforsecurity=False).hexdigest().encode()
            if hmac.compare_digest(right, token):
                return row
        return None

    async def _refuse(
        self, given: Parameters, caller: Caller
    ) -> WrongCredentialsError | TokenUnsupportedError:
        await self._note("refused", caller.name, caller)
        # The same for everybody: who is signed in elsewhere has no password that an app could have.
        if given.get("p", [""])[0] or self._tokens:
            return WrongCredentialsError()
        return TokenUnsupportedError()

    async def _stamp(self, account: Account, credential: int) -> None:
        now = time.monotonic()
        if account.stamped.get(credential, now - _STAMP_SECONDS) <= now - _STAMP_SECONDS:
            account.stamped[credential] = now
            await self._db.credentials.used(credential)


def _need(given: Parameters, *names: str) -> None:
    for name in names:
        if not given.get(name, [""])[0]:
            raise BadParameterError(f"Required parameter '{name}' is missing.")


def _check_common(given: Parameters) -> None:
    _need(given, "v", "c")
    match = _VERSION.fullmatch(given["v"][0])
    if match is None:
        raise BadParameterError("Parameter 'v' is a version such as 1.16.1.")
    major, minor = int(match[1]), int(match[2])
    if major < _MAJOR:
        raise ClientTooOldError
    if major > _MAJOR or minor > _NEWEST_MINOR:
        raise ServerTooOldError


def _later() -> float:
    return time.monotonic() + _KEPT_SECONDS
