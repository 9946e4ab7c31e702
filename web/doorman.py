"""Passwords at the door of the pages: how many are tried, and how many at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Protocol

from db.rows import UserRow
from db.tries import TooManyTriesError, Tries, network_of

_AT_ONCE = 2  # a check takes a core and 19 MiB for a while
_WAITING = 8  # checks under way for one network


class Users(Protocol):
    """Who knows the passwords."""

    async def check_password(self, name: str, password: str) -> UserRow | None: ...


class Doorman:
    """Lets in who knows the password, a few at a time."""

    def __init__(self, users: Users, tries: Tries) -> None:
        self._users, self._tries = users, tries
        self._under_way: Counter[str] = Counter()
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def admit(self, name: str, password: str, address: str) -> UserRow | None:
        """The user, or None for a wrong name or password or a disabled account.

        Raises TooManyTriesError. A try counts before its outcome is known, else many at once would
        all get through.
        """
        self._tries.count(name, address)
        user = await self._check(name, password, network_of(address))
        if user is not None:
            self._tries.forgive(name, address)
        return user

    async def _check(self, name: str, password: str, network: str) -> UserRow | None:
        if self._under_way[network] >= _WAITING:
            raise TooManyTriesError(1)
        self._under_way[network] += 1
        try:
            async with self._gate:
                return await self._users.check_password(name, password)
        finally:
            self._under_way[network] -= 1
            if not self._under_way[network]:
                del self._under_way[network]
