from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from conf.settings import Database, Secret
from db import external
from db.errors import (
    LoginError,
    NoSuchDatabaseError,
    StartError,
    TooOldError,
    UnreachableError,
)
from db.external import address, reach, wait_for_server, where
from db.migrate import migrate
from tests.support import postgres


@pytest.fixture(scope="module", params=[pytest.param(None, id="embedded"), *postgres.OTHERS])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on TCP, as somebody else would run it."""
    with postgres.tcp_server(tmp_path_factory.mktemp("external"), request.param) as dsn:
        yield dsn


async def test_a_server_that_answers_is_taken(url: str) -> None:
    await reach(url, 5)


def test_settings_give_the_address_with_the_password_apart(url: str) -> None:
    password = urlsplit(url).password
    assert password
    bare = Secret(url.replace(f":{password}@", "@"))
    assert wait_for_server(Database(url=bare, password=Secret(password), wait=5))


async def test_a_wrong_password_is_told_at_once_and_not_shown(url: str) -> None:
    password = urlsplit(url).password
    assert password
    with pytest.raises(
        LoginError, match=r"password authentication failed.*database\.url"
    ) as caught:
        await reach(url.replace(password, "sesame"), 60)
    assert "sesame" not in str(caught.value)


async def test_an_unknown_role_is_told(url: str) -> None:
    with pytest.raises(LoginError, match="nobody"):
        await reach(url.replace("//dulcian:", "//nobody:"), 60)


async def test_a_missing_database_is_told(url: str) -> None:
    with pytest.raises(NoSuchDatabaseError, match=r'"nothing" does not exist.*createdb'):
        await reach(postgres.on_database(url, "nothing"), 60)


async def test_a_server_that_is_too_old_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "OLDEST", 99)
    with pytest.raises(TooOldError, match=r"is version 1\d, and Dulcian needs 99 or newer"):
        await reach(url, 60)


async def test_a_refused_connection_is_told_after_the_wait() -> None:
    dsn = f"postgresql://dulcian:sesame@127.0.0.1:{postgres.free_port()}/dulcian"
    with pytest.raises(UnreachableError, match=r"refused\. Check that it runs") as caught:
        await reach(dsn, 0.3)
    assert "sesame" not in str(caught.value)


async def test_an_unknown_host_is_told() -> None:
    with pytest.raises(UnreachableError, match="host name is unknown"):
        await reach("postgresql://dulcian@nowhere.invalid/dulcian", 0.3)


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[int]:
    """A port where each connection is answered; at the end none is left open."""
    writers: list[asyncio.StreamWriter] = []

    async def remembered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await answer(reader, writer)

    async with await asyncio.start_server(remembered, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await close(*writers)


async def close(*writers: asyncio.StreamWriter) -> None:
    """Close connections, and wait until they are: not every Python's server does so."""
    for writer in writers:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


async def test_a_server_that_says_nothing_is_told() -> None:
    async def hold(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(hold) as port:
        with pytest.raises(UnreachableError, match="does not answer"):
            await reach(f"postgresql://dulcian@127.0.0.1:{port}/dulcian?sslmode=disable", 0.6)


def starting_up() -> bytes:
    """What PostgreSQL says while it recovers."""
    fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
    return b"E" + struct.pack(">I", len(fields) + 4) + fields


@contextlib.asynccontextmanager
async def slow_to_start(url: str, refusals: int) -> AsyncIterator[str]:
    """A way to the server that tells the first few that it is starting up."""
    left = refusals
    parts = urlsplit(url)

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            target.write(chunk)
        target.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        if left:
            left -= 1
            await reader.read(8)
            writer.write(starting_up())
            writer.close()
            return
        inner, outer = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(pump(reader, outer), pump(inner, writer))
        await close(outer)

    async with listening(answer) as port:
        yield url.replace(f":{parts.port}/", f":{port}/") + "?sslmode=disable"


async def test_a_server_that_is_starting_is_waited_for(url: str) -> None:
    async with slow_to_start(url, 2) as dsn:
        await reach(dsn, 20)


async def test_a_server_that_starts_for_too_long_is_told(url: str) -> None:
    async with slow_to_start(url, 1000) as dsn:
        with pytest.raises(UnreachableError, match=r"is starting up.*database\.wait"):
            await reach(dsn, 0.5)


async def test_what_is_no_address_is_told_at_once() -> None:
    with pytest.raises(StartError, match="postgresql://user:password@host"):
        await reach("mysql://dulcian@localhost/dulcian", 60)


async def test_the_tables_are_made_on_it(url: str) -> None:
    await asyncio.to_thread(migrate, url)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from tracks") == 0
    await connection.close()


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("postgresql://u@h:5/d", "postgresql://u@h:5/d?password=p%26%2B%20%40"),
        ("postgresql://u:old@h/d", "postgresql://u@h/d?password=p%26%2B%20%40"),
        ("postgresql://u@/d?host=/run", "postgresql://u@/d?host=%2Frun&password=p%26%2B%20%40"),
    ],
)
def test_a_password_that_is_kept_apart_replaces_that_of_the_url(given: str, made: str) -> None:
    assert address(Database(url=Secret(given), password=Secret("p&+ @"))) == made


def test_an_address_for_messages_has_neither_user_nor_password() -> None:
    assert where("postgresql://u:p@h:5/d?sslmode=require") == "h:5/d"
    assert where("postgresql://u:p@/d?host=/run/postgresql&password=x") == "/run/postgresql/d"
