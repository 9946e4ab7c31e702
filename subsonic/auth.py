"""Who is calling: user name with password or token, or an API key.

Order of judgement: conflicting credentials 43, missing parameters 10, version 20 or 30, then 40 (44
for a key), the same for an unknown user, a wrong password, a disabled account and an expired credential.
There is no 41: whatever can be used as a password can make tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import msgspec

from conf import Settings
from db.audit import By, Outcome
from db.database import Database
from db.rows import CredentialRow, UserRow
from db.secrets import SecretBox, new_secret
from db.tries import Caller, TooManyTriesError, Try
from db.users import name_key
from subsonic.endpoint import Login, Parameters
from subsonic.errors import (
    BadParameterError,
    ClientTooOldError,
    ConflictingCredentialsError,
    InvalidApiKeyError,
    ServerTooOldError,
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
_ONLY_APP_PASSWORDS = (
    "Wrong user name or password. Apps sign in with passwords of their own here: "
    "make one on the page of your account."
)
_ANY_KEY = "\0"
"""The account under which wrong API keys are counted: they name none."""
_NOBODY = 0


Known = Callable[[Caller], Awaitable[Login | None]]
New = Callable[[Caller], Awaitable[Login]]


@dataclass(slots=True)
class Account:
    """A user and what their apps sign in with, kept for a minute."""

    user: UserRow
    credentials: Sequence[CredentialRow]
    until: float


class Authenticator:
    """Keeps accounts in memory; `forget` is called when one changed on any node."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._tries = db.tries
        self._wrong = None if settings.auth.account_password_in_apps else _ONLY_APP_PASSWORDS
        self._decoy = _decoy(db.secrets)
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, Account] = {}
        self._stamped: dict[int, float] = {}
        self._changes = 0
        self.refused = 0
        """Failed sign-ins since the start, for the metrics."""

    def forget(self) -> None:
        """Ask the database again."""
        self._changes += 1
        self._accounts.clear()
        self._keys.clear()

    async def login(self, given: Parameters, address: str, agent: str = "") -> Login:
        """Who asks, and with what; raises an error of the protocol, or TooManyTriesError."""
        has = {name for name in _CREDENTIALS if given.get(name, [""])[0]}
        if "apiKey" in has:
            if len(has) > 1:
                raise ConflictingCredentialsError
            _check_common(given)
            caller = Caller(_ANY_KEY, address, given["apiKey"][0])
            return await self._admit(given, caller, self._known_key, self._new_key)
        if "p" in has and has & {"t", "s"}:
            raise ConflictingCredentialsError
        _need(given, "u")
        if "p" not in has:
            _need(given, "t", "s")
        _check_common(given)
        device = f"{given['c'][0]}\n{agent}"[:_LONGEST_DEVICE]
        return await self._admit(
            given,
            Caller(given["u"][0], address, device),
            partial(self._known_name, given),
            partial(self._new_name, given),
        )

    async def _admit(self, given: Parameters, caller: Caller, known: Known, new: New) -> Login:
        """The user: at no cost when the device is known, else of one after the other."""
        login = await known(caller)
        if login is None:
            async with self._tries.turn(caller):
                login = await known(caller) or await new(caller)
        await self._stamp(login.credential.id, given["c"][0])
        return login

    async def _known_name(self, given: Parameters, caller: Caller) -> Login | None:
        """The user of a device that is known; one that is wrong now is judged as a new one is."""
        if not self._tries.knows(caller):
            return None
        account = await self._account(caller.name)
        # Of many at once that were let through, none is looked at after the first that was wrong.
        if not self._tries.knows(caller):
            return None
        login = self._match(account, given)
        if login is None:
            self._tries.doubt(caller)
        return login

    async def _new_name(self, given: Parameters, caller: Caller) -> Login:
        """The user of a device that came in for the first time; real names take as long as others."""
        counted = await self._enter(caller)
        login = self._match(await self._read_account(caller.name), given)
        if login is None:
            await self._note("refused", caller.name, caller)
            raise WrongCredentialsError(self._wrong)
        await self._welcome(counted, login.user)
        return login

    async def _known_key(self, caller: Caller) -> Login | None:
        if not self._tries.knows(caller):
            return None
        account = self._keys.get(caller.device)
        if account is None or account.until < time.monotonic():
            account = await self._load_key(caller.device)
        login = _login(account, account.credentials[0]) if account else None
        if login is None:
            self._tries.doubt(caller)
        return login

    async def _new_key(self, caller: Caller) -> Login:
        counted = await self._enter(caller)
        account = await self._load_key(caller.device)
        login = _login(account, account.credentials[0]) if account else None
        if login is None:
            await self._note("refused", "", caller)
            raise InvalidApiKeyError
        await self._welcome(counted, login.user)
        return login

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
        rows = await self._db.credentials.of(user.id if user else _NOBODY)
        if user is None:
            return None
        return self._keep(self._accounts, name_key(name), Account(user, rows, _later()), seen)

    def _keep(self, where: dict[str, Account], key: str, account: Account, seen: int) -> Account:
        """Keep an account, unless something has changed while it was read."""
        if len(where) >= _MOST_KEPT:
            where.clear()
        if seen == self._changes:
            where[key] = account
        return account

    def _match(self, account: Account | None, given: Parameters) -> Login | None:
        """Who it is, by the credential that was used. A name that nobody has takes as long."""
        box = self._db.secrets
        fits = _password(given["p"][0]) if given.get("p", [""])[0] else _token(given)
        for row in (account and account.credentials) or [self._decoy]:
            if fits(box.open(row.user_id, row.sealed).encode()):
                return _login(account, row)
        return None

    async def _stamp(self, credential: int, client: str) -> None:
        now = time.monotonic()
        if self._stamped.get(credential, now - _STAMP_SECONDS) <= now - _STAMP_SECONDS:
            self._stamped[credential] = now
            await self._db.credentials.used(credential, client)


def _login(account: Account | None, credential: CredentialRow) -> Login | None:
    """Whom a credential that was right lets in, if anybody, and as what."""
    if account is None or credential.expired or not account.user.enabled:
        return None
    user = account.user
    if credential.scope == "stream":
        # One for listening makes nobody an administrator.
        roles = ["stream"] if {"stream", "admin"} & set(user.roles) else []
        user = msgspec.structs.replace(user, roles=roles)
    return Login(user, credential)


def _password(given: str) -> Callable[[bytes], bool]:
    """Whether a secret is the password that was given, in one of the ways it can be read."""
    tried = readings(given)
    return lambda secret: any(hmac.compare_digest(secret, one) for one in tried)


def _token(given: Parameters) -> Callable[[bytes], bool]:
    """Whether the token that was given was made of a secret."""
    token, salt = given["t"][0].lower().encode(), given["s"][0].encode()

    def fits(secret: bytes) -> bool:
        right = hashlib.md5(secret + salt, usedforsecurity=False).hexdigest().encode()
        return hmac.compare_digest(right, token)

    return fits


def _decoy(box: SecretBox) -> CredentialRow:
    """What nobody signs in with, in place of what an unknown user would."""
    sealed = box.seal(_NOBODY, new_secret())
    return CredentialRow(
        0, _NOBODY, "account", "", sealed.data, sealed.key, "stream", datetime.now(UTC), None, None, ""
    )  # fmt: skip


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
