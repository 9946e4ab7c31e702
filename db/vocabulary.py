"""The words of the music, so that a part of a word finds what has it.

They are few against the songs: all of them are looked through, in memory, in less than a millisecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import asyncpg

from db.bus import Bus
from db.queries import Sql

_SQL = Sql("search")
_ALL = _SQL.value("vocabulary", str)
_LEARN = _SQL.command("learn")
_FORGET = _SQL.command("forget")
_MOST = 100
_REMEMBERED = 256


class Vocabulary:
    """Read at the first question; read again when a scan has found new words."""

    def __init__(self, pool: asyncpg.Pool, bus: Bus) -> None:
        self._pool = pool
        self._text: str | None = None
        self._found: dict[str, list[str]] = {}
        self._changes = 0
        self._reading = asyncio.Lock()
        bus.subscribe("dulcian_words", lambda _payload: self.renew())

    def renew(self) -> None:
        """Read it again at the next question."""
        self._text = None
        self._found.clear()
        self._changes += 1

    async def around(self, part: str) -> list[str]:
        """Words that have this inside, not at their beginning; of too many the shortest."""
        if part in self._found:  # songs, albums and artists are searched at once
            return self._found[part]
        text = self._text or await self._read()
        found = _around(text, part)
        if text is self._text:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[part] = found
        return found

    async def learn(self, words: Collection[str]) -> None:
        """Add what is not known yet."""
        if words:
            await _LEARN(self._pool, words=sorted(words))
            self.renew()

    async def forget(self) -> None:
        """Forget every word: they come again when all names are folded anew."""
        await _FORGET(self._pool)
        self.renew()

    async def _read(self) -> str:
        async with self._reading:
            if self._text is not None:
                return self._text
            changes = self._changes
            text = f"\n{await _ALL(self._pool) or ''}\n"
            # What changed meanwhile may be missing.
            if changes == self._changes:
                self._text = text
            return text


def _around(text: str, part: str) -> list[str]:
    found: list[str] = []
    at = text.find(part)
    while at >= 0 and len(found) < _MOST:
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        if start < at:
            found.append(text[start:end])
        at = text.find(part, end)
    return found
