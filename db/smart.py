"""Smart playlists: what their rules choose is kept as their songs, and chosen again when it is old."""

from __future__ import annotations

import time
from collections.abc import Sequence

import asyncpg
from msgspec import Struct

from db.errors import TooSlowError, UnfitError
from db.queries import Sql
from db.rows import UserRow
from db.smart_rules import Rules, dump, parse, statement
from db.users import Users
from db.words import sort_key


class RulesRow(Struct, frozen=True):
    """The rules of a playlist, as they are stored."""

    id: int
    user_id: int
    rules: str


_SQL = Sql("smart")
_ADD = _SQL.value("add", int)
_CHANGE = _SQL.value("change", bool)
_RULES = _SQL.rows("rules", RulesRow)
_CLAIM = _SQL.value("claim", bool)
_STORE = _SQL.command("store")
_KNOWN = _SQL.value("known", int)
_PATIENCE = _SQL.value("patience", str)
_SECONDS = 10.0
"""How long a choice may take, and how old it is before it is made again."""
_SECONDS_RANDOM = 600.0
_SECONDS_OF_A_LIST = 1.0


class Smart:
    """The rules of a playlist are applied with the eyes of its owner: their marks, their libraries.

    Whoever else reads it sees of that what they may see. A playlist whose choice takes too long, or
    whose rules are no longer understood, keeps the songs that it has.
    """

    def __init__(self, pool: asyncpg.Pool, users: Users) -> None:
        self._pool, self._users = pool, users

    async def preview(self, user: UserRow, rules: Rules) -> list[int]:
        """What the rules would choose for a user. Raises UnfitError."""
        await self._check(user, rules)
        return await self._chosen(user, rules)

    async def add(self, user: UserRow, name: str, rules: Rules, *, public: bool = False) -> int:
        """Make a playlist; gives its id. Raises UnfitError."""
        songs = await self.preview(user, rules)
        made = await _ADD(
            self._pool, user=user.id, name=name, sort_name=sort_key(name, ()), public=public,
            songs=songs, rules=dump(rules),
        )  # fmt: skip
        return made or 0

    async def rules(self, playlist: int) -> Rules | None:
        """The rules of a playlist; None: it has none, or none that are understood."""
        rows = await _RULES(self._pool, playlists=[playlist])
        return _understood(rows[0]) if rows else None

    async def change(
        self, playlist: int, user: UserRow, name: str, rules: Rules, *, public: bool
    ) -> bool:
        """Give it other rules; False: it is not theirs to change. Raises UnfitError."""
        rows = await _RULES(self._pool, playlists=[playlist])
        owner = await self._users.by_id(rows[0].user_id) if rows else None
        if owner is None:
            return False
        await self._check(owner, rules)
        if await self._leads_to(rules, playlist):
            raise UnfitError("A playlist cannot choose from itself, nor from one that does.")
        done = await _CHANGE(
            self._pool, playlist=playlist, user=user.id, admin="admin" in user.roles, name=name,
            sort_name=sort_key(name, ()), public=public, rules=dump(rules),
            songs=await self._chosen(owner, rules),
        )  # fmt: skip
        return bool(done)

    async def refresh(self, playlists: Sequence[int]) -> bool:
        """Choose anew what is old, as much as can be done in about a second; whether there was any."""
        done = False
        until = time.monotonic() + _SECONDS_OF_A_LIST
        seen: set[int] = set()
        for playlist in playlists:
            if time.monotonic() > until:
                break
            done |= await self._refresh(playlist, seen)
        return done

    async def _refresh(self, playlist: int, seen: set[int]) -> bool:
        """What a playlist chooses from comes first; one that leads back to itself is done once."""
        if playlist in seen:
            return False
        seen.add(playlist)
        rows = await _RULES(self._pool, playlists=[playlist])
        rules = _understood(rows[0]) if rows else None
        if rules is None:
            return False
        for other in sorted(rules.playlists()):
            await self._refresh(other, seen)
        seconds = _SECONDS_RANDOM if rules.random else _SECONDS
        if not await _CLAIM(self._pool, playlist=playlist, seconds=seconds):
            return False
        owner = await self._users.by_id(rows[0].user_id)
        if owner is None:
            return False
        try:
            songs = await self._chosen(owner, rules)
        except UnfitError:
            return False
        await _STORE(self._pool, playlist=playlist, rules=rows[0].rules, songs=songs)
        return True

    async def _chosen(self, owner: UserRow, rules: Rules) -> list[int]:
        made = statement(rules)
        values = made.fill(user=owner.id, libraries=owner.libraries, admin="admin" in owner.roles)
        try:
            async with self._pool.acquire() as connection, connection.transaction(readonly=True):
                await _PATIENCE(connection, milliseconds=int(_SECONDS * 1000))
                songs: list[int] = await connection.fetchval(made.sql, *values)
        except TooSlowError:
            raise UnfitError(f"These rules take longer than {_SECONDS:.0f} seconds.") from None
        return songs

    async def _check(self, user: UserRow, rules: Rules) -> None:
        """The playlists that rules name must be there for whoever owns the rules."""
        named = rules.playlists()
        if not named:
            return
        known = await _KNOWN(
            self._pool, playlists=list(named), user=user.id, admin="admin" in user.roles
        )
        if known != len(named):
            raise UnfitError("One of the playlists that the rules name does not exist.")

    async def _leads_to(self, rules: Rules, playlist: int) -> bool:
        """Whether rules name a playlist, or one that names it, and so on."""
        seen: set[int] = set()
        named = rules.playlists()
        while named - seen:
            if playlist in named:
                return True
            rows = await _RULES(self._pool, playlists=list(named - seen))
            seen |= named
            named = {
                each for row in rows if (other := _understood(row)) for each in other.playlists()
            }
        return playlist in named


def _understood(row: RulesRow) -> Rules | None:
    try:
        return parse(row.rules)
    except UnfitError:
        return None
