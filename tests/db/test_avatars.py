"""Pictures of the users."""

from __future__ import annotations

from db.database import Database


async def test_a_picture_is_kept_replaced_and_forgotten(database: Database) -> None:
    user = await database.users.add("Ada", "password")
    assert await database.avatars.of("ada") is None
    await database.avatars.put(user.id, b"one")
    first = await database.avatars.of("ADA")
    await database.avatars.put(user.id, b"two")
    second = await database.avatars.of("ada")
    assert first is not None
    assert second is not None
    assert (first.picture, second.picture) == (b"one", b"two")
    assert first.changed < second.changed
    known = await database.users.by_id(user.id)
    assert known is not None
    assert known.avatar_changed == second.changed
    await database.avatars.remove(user.id)
    assert await database.avatars.of("ada") is None


async def test_it_goes_with_its_user(database: Database) -> None:
    user = await database.users.add("Ada", "password")
    await database.avatars.put(user.id, b"one")
    await database.users.delete("ada")
    assert await database.pool.fetchval("select count(*) from avatars") == 0
    await database.users.add("Ada", "password")
    assert await database.avatars.of("ada") is None


async def test_a_name_that_no_row_can_have_has_no_picture(database: Database) -> None:
    assert await database.avatars.of("a\0b") is None
