"""The connections that requests share."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError
from asyncpg.pool import PoolAcquireContext

from conf.settings import Database
from db.errors import (
    BusyError,
    DatabaseError,
    FaultyError,
    FullError,
    KeyChangedError,
    TooSlowError,
    UnavailableError,
)

SESSION = {
    "application_name": "dulcian",
    "idle_session_timeout": "0",
    "jit": "off",
    "tcp_keepalives_count": "3",
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "10",
}
"""What every connection asks of the server: not to end it for idleness, nor keep it when we are gone."""
ONE_PLAN = {"plan_cache_mode": "force_generic_plan"}
"""For requests: planning costs as much as answering, and every statement has one good plan."""
LOST = (OSError, PostgresError, InterfaceError, InternalClientError)
"""What the driver may raise on a connection that is lost or cannot be had."""
_WAIT = 15.0
_IDLE = 60.0
_STATEMENTS = 512
_GONE = (
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    ConnectionError,
    # What the driver says of a connection between the server's farewell and its end.
    InternalClientError,
)
_FAULTY = (
    asyncpg.DataCorruptedError,
    asyncpg.IndexCorruptedError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
)


async def create_pool(dsn: str, settings: Database, *, bulk: bool = False) -> asyncpg.Pool:
    """A pool on a server that answers; raises UnavailableError and BusyError.

    `bulk`: for statements over sets of any size, which are planned each time.
    Its connections keep no state: a connection that is given back is not reset, which would double
    the cost of a query. What SET and LISTEN change would stay.
    """
    pool: asyncpg.Pool = Pool(  # type: ignore[no-untyped-call]
        dsn,
        # No floor: asyncpg restores one with a traceback per try while the server is away.
        min_size=0,
        max_size=settings.pool_size,
        max_queries=100_000,
        max_inactive_connection_lifetime=_IDLE,
        statement_cache_size=_STATEMENTS,
        max_cached_statement_lifetime=0,
        server_settings=SESSION
        | {"statement_timeout": str(round(settings.statement_timeout * 1000))}
        | ({} if bulk else ONE_PLAN),
        setup=None, init=None, loop=None, reset=_keep,
        connection_class=asyncpg.Connection, record_class=asyncpg.Record,
    )  # fmt: skip
    await pool
    try:
        await pool.fetchval("select 1")
    except BaseException:
        pool.terminate()
        raise
    return pool


async def _keep(_: asyncpg.Connection) -> None:
    """Leave the session as it is."""


class Pool(asyncpg.Pool):
    """A pool with a bounded wait, whose errors of circumstance are those of `db.errors`.

    Mistakes in statements and violated constraints stay the driver's: they are for this room.
    """

    def acquire(self, *, timeout: float | None = None) -> PoolAcquireContext:
        return _Lease(self, _WAIT if timeout is None else timeout)


class _Lease(PoolAcquireContext):
    """A connection, from the pool and back."""

    __slots__ = ()

    async def __aenter__(self) -> Any:
        try:
            return await super().__aenter__()  # type: ignore[no-untyped-call]
        except TimeoutError as error:
            raise BusyError(f"No database connection came free in {_WAIT:.0f} seconds.") from error
        except (OSError, *_GONE, InterfaceError) as error:
            raise UnavailableError(f"PostgreSQL cannot be reached: {error}") from error

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        ours = _translated(exc_val, closed=is_closed(self.connection))
        if isinstance(exc_val, InternalClientError):
            drop(self.connection)
        await super().__aexit__(exc_type, exc_val, exc_tb)
        if ours is not None:
            raise ours from exc_val


def is_closed(connection: Any) -> bool:
    """Whether a connection of the pool is lost; the pool takes a lost one back by itself."""
    try:
        return bool(connection.is_closed())
    except InterfaceError:
        return True


def drop(connection: Any) -> None:
    """End a connection of the pool that is no longer to be trusted."""
    if not is_closed(connection):
        connection.terminate()


def _names_a_key(error: asyncpg.ForeignKeyViolationError) -> bool:
    return str(getattr(error, "constraint_name", "")).endswith("_sealed_by_fkey")


def _translated(error: BaseException | None, *, closed: bool) -> DatabaseError | None:
    if isinstance(error, asyncpg.QueryCanceledError):
        return TooSlowError("A statement took longer than database.statement_timeout.")
    if isinstance(error, asyncpg.DiskFullError):
        return FullError(f"The disk of PostgreSQL is full: {error}")
    if isinstance(error, _GONE) or (closed and isinstance(error, InterfaceError)):
        return UnavailableError(f"The connection to PostgreSQL was lost: {error}")
    if isinstance(error, asyncpg.ForeignKeyViolationError) and _names_a_key(error):
        return KeyChangedError("The secret key was changed at this moment. Try again.")
    if isinstance(error, _FAULTY):
        return FaultyError(f"PostgreSQL is in trouble: {error}")
    return None
