from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from conf.settings import Database
from db import pool as module
from db.embedded import Embedded
from db.errors import (
    BusyError,
    DatabaseError,
    FaultyError,
    FullError,
    TooSlowError,
    UnavailableError,
)
from db.pool import create_pool
from tests.support import postgres

SMALL = Database(pool_size=2, statement_timeout=0.3)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    made = await create_pool(database_url, SMALL)
    yield made
    await made.close()


async def test_a_connection_that_comes_back_is_not_reset(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("set work_mem = '3MB'")
    assert await pool.fetchval("show work_mem") == "3MB"


async def test_connections_know_who_we_are_and_how_long_we_wait(pool: asyncpg.Pool) -> None:
    assert await pool.fetchval("show application_name") == "dulcian"
    assert await pool.fetchval("show statement_timeout") == "300ms"
    assert await pool.fetchval("show jit") == "off"


async def test_json_arrives_as_text(pool: asyncpg.Pool) -> None:
    assert await pool.fetchval("""select '{"a": 1}'::json""") == '{"a": 1}'


@pytest.mark.attack("X75")
async def test_a_slow_statement_is_ended_and_the_connection_goes_on(pool: asyncpg.Pool) -> None:
    with pytest.raises(TooSlowError, match="statement_timeout"):
        await pool.execute("select pg_sleep(20)")
    assert await pool.fetchval("select 1") == 1


async def test_a_transaction_may_lift_the_limit_for_itself(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local statement_timeout = 0")
        await connection.execute("select pg_sleep(0.5)")
    async with pool.acquire() as connection:
        assert await connection.fetchval("show statement_timeout") == "300ms"


@pytest.mark.attack("X75")
async def test_who_finds_no_free_connection_in_time_is_told_so(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAIT", 0.1)
    async with pool.acquire(), pool.acquire():
        with pytest.raises(BusyError, match="came free"):
            await pool.fetchval("select 1")
    assert await pool.fetchval("select 1") == 1


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("53100", FullError),
        ("53200", FaultyError),  # out of memory
        ("58030", FaultyError),  # the disk cannot be read
        ("42501", FaultyError),  # no right to a table, or a file system that is read-only
        ("XX001", FaultyError),  # a page is damaged
    ],
)
async def test_troubles_of_the_server_are_told_with_its_words(
    pool: asyncpg.Pool, code: str, ours: type[DatabaseError]
) -> None:
    trouble = f"do $$ begin raise exception using errcode = '{code}', message = 'no luck'; end $$"
    with pytest.raises(ours, match="no luck"):
        await pool.execute(trouble)


async def test_mistakes_and_violated_constraints_stay_the_driver_s(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await pool.fetch("select * from nothing")
    with pytest.raises(asyncpg.UniqueViolationError):
        await in_transaction(
            pool, "create temp table one (id int unique)", "insert into one values (1), (1)"
        )


async def in_transaction(pool: asyncpg.Pool, *statements: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for statement in statements:
            await connection.execute(statement)


async def test_errors_of_others_pass_through_a_connection_s_block(pool: asyncpg.Pool) -> None:
    with pytest.raises(FileNotFoundError):
        async with pool.acquire():
            raise FileNotFoundError
    with pytest.raises(TimeoutError):
        async with pool.acquire(), asyncio.timeout(0.01):
            await asyncio.sleep(10)


async def test_a_lost_connection_is_unavailable_and_replaced(
    pool: asyncpg.Pool, postgres_url: str
) -> None:
    pid = await pool.fetchval("select pg_backend_pid()")
    postgres.run(postgres_url, f"select pg_terminate_backend({pid}, 10000)")
    with pytest.raises(UnavailableError):
        await pool.fetchval("select 1")
    assert await pool.fetchval("select 1") == 1


async def test_a_connection_lost_inside_a_transaction_is_unavailable(
    pool: asyncpg.Pool, postgres_url: str
) -> None:
    with pytest.raises(UnavailableError):
        await lose_it_halfway(pool, postgres_url)
    assert await pool.fetchval("select 1") == 1


async def lose_it_halfway(pool: asyncpg.Pool, admin: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        pid = await connection.fetchval("select pg_backend_pid()")
        await asyncio.to_thread(postgres.run, admin, f"select pg_terminate_backend({pid}, 10000)")
        await connection.execute("select 1")


@pytest.mark.attack("X75")
async def test_a_server_that_comes_back_is_used_again_and_meanwhile_said_to_be_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    embedded = Embedded(tmp_path / "data", Database(), postgres.CARELESS)
    try:
        pool = await create_pool(embedded.start(), Database(statement_timeout=0))
        embedded.stop()
        for _ in range(3):
            with pytest.raises(UnavailableError):
                await pool.fetchval("select 1")
        embedded.start()
        assert await pool.fetchval("select 1") == 1
        await pool.close()
    finally:
        embedded.stop()
    assert [record for record in caplog.records if record.exc_info] == []


async def test_no_server_no_pool() -> None:
    with pytest.raises(UnavailableError):
        await create_pool(f"postgresql://u:p@127.0.0.1:{postgres.free_port()}/d", Database())
