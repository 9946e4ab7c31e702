"""Sessions of browsers in the database."""

from __future__ import annotations

import pytest

from db.database import Database
from db.sessions import Seen, fingerprint
from db.users import Change

PASSWORD = "correct horse"
SEEN = Seen("192.0.2.1", "Firefox/150")


async def test_what_was_put_is_found_by_its_token(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    data = {"user": user.id, "password": fingerprint(user.password_hash)}
    await database.sessions.put("token", user.id, data, SEEN)
    row = await database.sessions.get("token")
    assert row is not None
    assert row.user_id == user.id
    assert await database.sessions.get("another") is None


async def test_putting_again_changes_the_data_and_not_the_end(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    data = {"user": user.id, "password": fingerprint(user.password_hash)}
    await database.sessions.put("token", user.id, data, SEEN)
    end = await database.pool.fetchval("select expires from sessions")
    await database.sessions.put("token", user.id, data | {"more": 1}, SEEN)
    row = await database.sessions.get("token")
    assert row is not None
    assert '"more":1' in row.data
    assert await database.pool.fetchval("select expires from sessions") == end


async def test_a_session_opened_with_another_password_is_none(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    await database.sessions.put("token", user.id, {"password": fingerprint("other")}, SEEN)
    assert await database.sessions.get("token") is None


async def test_a_session_that_was_deleted_is_gone(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    data = {"password": fingerprint(user.password_hash)}
    await database.sessions.put("token", user.id, data, SEEN)
    await database.sessions.delete("token")
    assert await database.sessions.get("token") is None


@pytest.mark.attack("X82")
async def test_a_session_that_is_not_used_ends(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    data = {"password": fingerprint(user.password_hash)}
    await database.sessions.put("token", user.id, data, SEEN)
    await database.pool.execute("update sessions set seen = now() - interval '13 days'")
    row = await database.sessions.get("token")
    assert row is not None
    assert row.stale
    await database.sessions.touch("token", SEEN)
    row = await database.sessions.get("token")
    assert row is not None
    assert not row.stale
    await database.pool.execute("update sessions set seen = now() - interval '14 days'")
    assert await database.sessions.get("token") is None
    assert await database.sessions.of(user.id, "token") == []
    await database.sessions.put("another", user.id, data, SEEN)
    assert await database.pool.fetchval("select count(*) from sessions") == 1


@pytest.mark.attack("X24", "X82")
async def test_sessions_end_when_their_user_may_more_or_less_than_before(
    database: Database,
) -> None:
    user = await database.users.add("maria", PASSWORD)
    data = {"password": fingerprint(user.password_hash)}
    await database.sessions.put("token", user.id, data, SEEN)
    await database.users.change("maria", Change(roles={"stream": True}, email="a@b.example"))
    assert await database.sessions.get("token")
    await database.users.change("maria", Change(roles={"upload": True}))
    assert await database.sessions.get("token") is None
    await database.sessions.put("token", user.id, data, SEEN)
    await database.users.change("maria", Change(roles={"upload": False}))
    assert await database.sessions.get("token") is None
