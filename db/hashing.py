"""Argon2 in turns: it takes a core and 19 MiB for a while, and whoever signs in can ask for it."""

from __future__ import annotations

import asyncio

from db.errors import TooManyChangesError
from db.secrets import hash_password, verify_password

_AT_ONCE = 2
_WAITING = 32


class Hashing:
    """Runs in threads, a few at once. Who changes a password over and over fills no queue."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._owners: set[str] = set()

    async def hash(self, owner: str, password: str) -> str:
        """The hash of a new password; raises TooManyChangesError while one is made for the owner."""
        if owner in self._owners or len(self._owners) >= _WAITING:
            raise TooManyChangesError
        self._owners.add(owner)
        try:
            async with self._gate:
                return await asyncio.to_thread(hash_password, password)
        finally:
            self._owners.discard(owner)

    async def verify(self, hashed: str, password: str) -> bool:
        """Whether the password made this hash."""
        async with self._gate:
            return await asyncio.to_thread(verify_password, hashed, password)
