"""The chat in the database: order, times that rise, and what goes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from db import chat
from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, person


@pytest.fixture
async def ann(database: Database) -> UserRow:
    return await person(database)


async def said(database: Database) -> list[str]:
    return [row.message for row in await database.chat.since(WHEN)]


async def test_the_newest_message_comes_first_with_who_said_it(
    database: Database, ann: UserRow
) -> None:
    await database.chat.add(ann, "one")
    await database.chat.add(await person(database, "bob"), "two")
    rows = await database.chat.since(WHEN)
    assert [(row.user_name, row.message) for row in rows] == [("bob", "two"), ("ann", "one")]


async def test_each_message_has_a_millisecond_of_its_own(database: Database, ann: UserRow) -> None:
    await asyncio.gather(*(database.chat.add(ann, str(number)) for number in range(20)))
    times = [row.sent for row in await database.chat.since(WHEN)]
    assert len(set(times)) == 20
    assert times == sorted(times, reverse=True)
    assert {time.microsecond % 1000 for time in times} == {0}


async def test_only_newer_messages_come_after_the_last_one_seen(
    database: Database, ann: UserRow
) -> None:
    await database.chat.add(ann, "seen")
    (last,) = await database.chat.since(WHEN)
    await database.chat.add(ann, "new")
    assert [row.message for row in await database.chat.since(last.sent)] == ["new"]
    assert await database.chat.since(last.sent + timedelta(days=1)) == []


async def test_a_clock_that_was_ahead_does_not_hide_what_is_said_next(
    database: Database, ann: UserRow
) -> None:
    await database.chat.add(ann, "ahead")
    await database.pool.execute("update messages set sent = sent + interval '1 hour'")
    (ahead,) = await database.chat.since(WHEN)
    await database.chat.add(ann, "next")
    assert [row.message for row in await database.chat.since(ahead.sent)] == ["next"]


async def test_the_oldest_go_when_there_are_too_many(
    database: Database, ann: UserRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "MOST", 3)
    for number in range(5):
        await database.chat.add(ann, str(number))
    assert await said(database) == ["4", "3", "2"]
    assert await database.pool.fetchval("select count(*) from messages") == 3


async def test_old_messages_are_not_shown_and_go_with_the_next(
    database: Database, ann: UserRow
) -> None:
    await database.chat.add(ann, "old")
    await database.pool.execute("update messages set sent = sent - interval '31 days'")
    assert await said(database) == []
    await database.chat.add(ann, "new")
    assert await said(database) == ["new"]
    assert await database.pool.fetchval("select count(*) from messages") == 1


async def test_what_a_deleted_user_said_goes_too(database: Database) -> None:
    await database.users.add("eve", "pass-of-eve", admin=True)
    bob = await database.users.add("bob", "pass-of-bob")
    await database.chat.add(bob, "hello")
    await database.users.delete("bob")
    assert await said(database) == []
