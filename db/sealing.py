"""Which key the database is sealed with, and another one in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import asyncpg
import structlog

from db.bus import Bus
from db.errors import DatabaseError, RotationError
from db.keys import KeyStore
from db.queries import Sql
from db.rows import SealedRow
from db.secrets import Key, Sealed, SecretBox

log = structlog.get_logger()

_SQL = Sql("sealing")
_CURRENT = _SQL.value("current", str)
_FIRST = _SQL.value("first", str)
_LOCK = _SQL.command("lock")
_HOLD = _SQL.value("hold", str)
_COUNT = _SQL.value("count", int)
_ADD = _SQL.command("add")
_DROP = _SQL.command("drop")
_NOTIFY = _SQL.command("notify")
_PLACES = (
    (_SQL.rows("credentials", SealedRow), _SQL.command("reseal_credentials")),
    (_SQL.rows("shares", SealedRow), _SQL.command("reseal_shares")),
)
"""What is sealed. A table that is missing here would keep the old key from leaving."""
_BATCH = 1000

Told = Callable[[int, int], None]


class Sealing:
    """Nodes are told of another key, and have to have it by then."""

    def __init__(self, pool: asyncpg.Pool, bus: Bus, store: KeyStore) -> None:
        self._pool = pool
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()
        self.box = SecretBox(store.load)
        bus.subscribe("dulcian_keys", lambda _: self._follow())

    async def start(self) -> None:
        """Take the key that the database names; the first start names one. Raises WrongKeyError."""
        name = await _CURRENT(self._pool) or await self._name()
        self.box.use(name)

    async def check(self) -> None:
        """Follow the database; raises WrongKeyError while this node lacks the key."""
        self.box.use(await _CURRENT(self._pool) or "")

    async def rotate(self, told: Told = lambda _done, _all: None) -> int:
        """Seal everything with another key, all or nothing; how many texts that were.

        `told` hears how many are done, of how many. Raises RotationError, WrongKeyError.
        """
        await self.check()
        with self._store.successor(self.box.used) as new:
            done = await self._reseal(new, told)
        self.box.use(new.name)
        return done

    async def _reseal(self, new: Key, told: Told) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            # Who is sealing something is waited for; who comes later waits, and is refused.
            if await _HOLD(connection) != self.box.used:
                raise RotationError("The key was changed by another node meanwhile.")
            done, total = 0, await _COUNT(connection) or 0
            await _ADD(connection, name=new.name)
            for rows, put in _PLACES:
                last = 0
                while batch := await rows(connection, after=last, new=new.name, most=_BATCH):
                    sealed = self._anew(batch, new)
                    ids = [row.id for row in batch]
                    await put(connection, ids=ids, data=sealed, key=new.name)
                    last, done = ids[-1], done + len(ids)
                    told(done, total)
            await _DROP(connection, name=self.box.used)
            await _NOTIFY(connection)
        return done

    def _anew(self, rows: Sequence[SealedRow], new: Key) -> list[bytes]:
        box = self.box
        return [
            new.seal(row.owner, box.open(row.owner, Sealed(row.data, row.key))).data for row in rows
        ]

    async def _name(self) -> str:
        """The name of the first key: that of whoever is the first to write it."""
        (key, *_) = self._store.load_or_make()
        async with self._pool.acquire() as connection, connection.transaction():
            await _LOCK(connection)
            return await _FIRST(connection, name=key.name) or await _CURRENT(connection) or ""

    def _follow(self) -> None:
        task = asyncio.create_task(self._check())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check(self) -> None:
        try:
            await self.check()
        except DatabaseError as error:
            log.error("the secret key is another one now", reason=str(error))
