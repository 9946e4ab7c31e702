from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from conf.settings import Database
from db.locks import try_lock
from db.pool import create_pool
from tests.support import postgres


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    made = await create_pool(database_url, Database(pool_size=4))
    yield made
    await made.close()


@pytest.fixture
async def elsewhere(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """The pool of another node."""
    made = await create_pool(database_url, Database(pool_size=4))
    yield made
    await made.close()


async def test_one_node_at_a_time_holds_a_lock(pool: asyncpg.Pool, elsewhere: asyncpg.Pool) -> None:
    async with try_lock(pool, "scan", 1) as ours:
        assert ours
        assert await ours.is_held()
        async with try_lock(elsewhere, "scan", 1) as theirs:
            assert not theirs
            assert not await theirs.is_held()
    async with try_lock(elsewhere, "scan", 1) as theirs:
        assert theirs


async def test_other_names_and_numbers_are_other_locks(
    pool: asyncpg.Pool, elsewhere: asyncpg.Pool
) -> None:
    async with (
        try_lock(pool, "scan", 1),
        try_lock(elsewhere, "scan", 2) as number,
        try_lock(elsewhere, "purge", 1) as name,
    ):
        assert number
        assert name


async def test_the_same_node_does_not_get_it_twice(pool: asyncpg.Pool) -> None:
    async with try_lock(pool, "scan") as first, try_lock(pool, "scan") as second:
        assert first
        assert not second


async def test_an_error_and_a_cancelled_task_give_it_back(
    pool: asyncpg.Pool, elsewhere: asyncpg.Pool
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with try_lock(pool, "scan"):
            raise ZeroDivisionError
    began = asyncio.Event()

    async def hold() -> None:
        async with try_lock(pool, "scan"):
            began.set()
            await asyncio.sleep(600)

    task = asyncio.create_task(hold())
    await began.wait()
    task.cancel()
    await asyncio.wait([task])
    async with try_lock(elsewhere, "scan") as theirs:
        assert theirs


async def test_a_lost_connection_is_a_lost_lock(
    pool: asyncpg.Pool, elsewhere: asyncpg.Pool, postgres_url: str, database_url: str
) -> None:
    async with try_lock(pool, "scan") as ours:
        await asyncio.to_thread(postgres.end_connections, postgres_url, database_url)
        assert not await ours.is_held()
        async with try_lock(elsewhere, "scan") as theirs:
            assert theirs
            assert not await ours.is_held()
    assert await pool.fetchval("select 1") == 1


async def fail_without_a_connection(pool: asyncpg.Pool, admin: str, dsn: str) -> None:
    async with try_lock(pool, "scan"):
        await asyncio.to_thread(postgres.end_connections, admin, dsn)
        raise ZeroDivisionError


async def test_a_lost_lock_does_not_hide_how_the_work_ended(
    pool: asyncpg.Pool, postgres_url: str, database_url: str
) -> None:
    with pytest.raises(ZeroDivisionError):
        await fail_without_a_connection(pool, postgres_url, database_url)
