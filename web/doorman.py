"""Passwords at the door of the pages: how many are tried, and how many at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from db.rows import UserRow
from db.tries import Caller, TooManyTriesError, Tries, network_of

_AT_ONCE = 2  # a check takes a core and 19 MiB for a while
_WAITING = 8  # checks under way for one network
_ALL_WAITING = 64


class Users(Protocol):
    """Who knows the passwords."""

    async def check_password(self, name: str, password: str) -> UserRow | None: ...


class Doorman:
    """Lets in who knows the password, a few at a time; whom nobody knows here, `beyond` may know."""

    def __init__(self, users: Users, tries: Tries, beyond: Users | None = None) -> None:
        self._users, self._tries, self._beyond = users, tries, beyond
        self._under_way: Counter[str] = Counter()
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def admit(self, caller: Caller, password: str) -> UserRow | None:
        """The user, or None for a wrong name or password or a disabled account.

        Raises TooManyTriesError.
        """
        with self._place(network_of(caller.address)):
            async with self._tries.turn(caller):
                counted = await self._tries.enter(caller)
                async with self._gate:
                    user = await self._users.check_password(caller.name, password)
                # Not at the gate: a directory that is slow holds up nobody else.
                if user is None and self._beyond is not None:
                    user = await self._beyond.check_password(caller.name, password)
                if user is not None:
                    await self._tries.forgive(counted, user.id)
                return user

    @contextmanager
    def _place(self, network: str) -> Iterator[None]:
        """One of those who wait: a network has few places, and all together have not many."""
        if self._under_way[network] >= _WAITING or self._under_way.total() >= _ALL_WAITING:
            raise TooManyTriesError(1)
        self._under_way[network] += 1
        try:
            yield
        finally:
            self._under_way[network] -= 1
            if not self._under_way[network]:
                del self._under_way[network]
