"""A PostgreSQL server that somebody else runs: its address, and waiting until it can be used."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import asyncpg
import structlog
from asyncpg.exceptions import ClientConfigurationError

from conf.settings import Database, Secret
from db.errors import (
    LoginError,
    NoSuchDatabaseError,
    StartError,
    TooOldError,
    UnreachableError,
)

log = structlog.get_logger()

OLDEST = 15
_ATTEMPT = 10.0
_LONGEST_PAUSE = 3.0
_NOT_YET = (
    OSError,  # TimeoutError and gaierror are kinds of it
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
)


def address(settings: Database) -> Secret:
    """The URL of the settings with the password that is kept apart from it."""
    if not settings.password:
        return settings.url
    parts = urlsplit(settings.url)
    user, at, host = parts.netloc.rpartition("@")
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "password"]
    query.append(("password", settings.password))
    netloc = user.partition(":")[0] + at + host
    return Secret(parts._replace(netloc=netloc, query=urlencode(query, quote_via=quote)).geturl())


def wait_for_server(settings: Database) -> Secret:
    """The DSN of a server that takes connections and is new enough; blocks. Raises a StartError otherwise."""
    dsn = address(settings)
    asyncio.run(reach(dsn, settings.wait))
    return dsn


async def reach(dsn: str, seconds: float) -> None:
    """Return when the server can be used; raises a StartError that says why not."""
    until = time.monotonic() + seconds
    pause = 0.1
    told = False
    while True:
        try:
            await _try(dsn, max(0.5, min(_ATTEMPT, until - time.monotonic())))
        except _NOT_YET as error:
            if time.monotonic() + pause > until:
                raise _unreachable(dsn, error, seconds) from error
            if not told:
                told = True
                log.info("waiting for postgresql", server=where(dsn), reason=_words(error))
        else:
            return
        await asyncio.sleep(pause * random.uniform(0.7, 1.0))
        pause = min(pause * 1.6, _LONGEST_PAUSE)


def where(dsn: str) -> str:
    """Host, port and database, without user and password: for messages."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    host = parts.netloc.rpartition("@")[2] or query.get("host", "localhost")
    return host + parts.path


async def _try(dsn: str, seconds: float) -> None:
    try:
        connection = await asyncpg.connect(dsn, timeout=seconds)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise LoginError(
            f"PostgreSQL at {where(dsn)} refused us: {error}. Check user and password of database.url "
            "(or database.password), and the server's pg_hba.conf."
        ) from error
    except asyncpg.InvalidCatalogNameError as error:
        raise NoSuchDatabaseError(
            f"PostgreSQL at {where(dsn)} answers, but has no such database: {error}. Make it, for "
            "instance with `createdb`, or correct the name in database.url."
        ) from error
    except (ClientConfigurationError, ValueError) as error:
        raise StartError(
            f"database.url is not usable: {error}. It looks like postgresql://user:password@host:5432/name."
        ) from error
    try:
        _check(connection.get_server_version().major, dsn)
    finally:
        await connection.close(timeout=seconds)


def _check(major: int, dsn: str) -> None:
    if major < OLDEST:
        raise TooOldError(
            f"PostgreSQL at {where(dsn)} is version {major}, and Dulcian needs {OLDEST} or newer. "
            "Upgrade the server, or leave database.url empty for the embedded one."
        )


def _unreachable(dsn: str, error: Exception, seconds: float) -> UnreachableError:
    return UnreachableError(
        f"PostgreSQL at {where(dsn)} cannot be used after {seconds:.0f} seconds of trying: "
        f"{_words(error)}. {_advice(error)}"
    )


def _words(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the host name is unknown"
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return str(error) or type(error).__name__


def _advice(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "Check the host in database.url, and the name server."
    if isinstance(error, ConnectionRefusedError):
        return "Check that it runs, and that host and port in database.url are right."
    if isinstance(error, TimeoutError):
        return "Check the host in database.url, and the firewall between here and there."
    if isinstance(error, asyncpg.CannotConnectNowError):
        return "Look at its log, or wait longer (database.wait)."
    return "Check database.url, and the server's log."
