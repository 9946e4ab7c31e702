"""Sessions of browsers in the database."""

from __future__ import annotations

from db.database import Database
from db.sessions import fingerprint

PASSWORD = "correct horse"


async def test_what_was_put_is_found_by_its_token(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    data = {"user": user.id, "password": fingerprint(user.password_hash)}
    await database.sessions.put("token", user.id, data, days=1)
    row = await database.sessions.get("token")
    assert row is not None
    assert row.user_id == user.id
    assert await database.sessions.get("another") is None


async def test_putting_again_changes_the_data_and_not_the_end(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    data = {"user": user.id, "password": fingerprint(user.password_hash)}
    await database.sessions.put("token", user.id, data, days=1)
    end = await database.pool.fetchval("select expires from sessions")
    await database.sessions.put("token", user.id, data | {"more": 1}, days=9)
    row = await database.sessions.get("token")
    assert row is not None
    assert '"more":1' in row.data
    assert await database.pool.fetchval("select expires from sessions") == end


async def test_a_session_opened_with_another_password_is_none(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    await database.sessions.put("token", user.id, {"password": fingerprint("other")}, days=1)
    assert await database.sessions.get("token") is None


async def test_a_session_that_was_deleted_is_gone(database: Database) -> None:
    user = await database.users.add("maria", PASSWORD)
    data = {"password": fingerprint(user.password_hash)}
    await database.sessions.put("token", user.id, data, days=1)
    await database.sessions.delete("token")
    assert await database.sessions.get("token") is None
