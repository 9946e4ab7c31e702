"""What apps sign in with."""

from __future__ import annotations

import pytest

from db.database import Database
from db.errors import NameTakenError, UnfitError


async def test_a_device_password_is_found_by_itself_and_opens_with_the_key(
    database: Database,
) -> None:
    user = await database.users.add("ada", "password")
    row, secret = await database.credentials.add(user.id, "Phone", database.secrets)
    assert database.secrets.open(user.id, row.secret) == secret
    assert await database.credentials.by_key(secret) == row
    assert await database.credentials.by_key(secret + "x") is None
    assert [one.name for one in await database.credentials.of(user.id)] == ["", "Phone"]


async def test_two_devices_of_one_user_have_different_names(database: Database) -> None:
    user = await database.users.add("ada", "password")
    await database.credentials.add(user.id, "Phone", database.secrets)
    with pytest.raises(NameTakenError, match="Phone"):
        await database.credentials.add(user.id, "Phone", database.secrets)


async def test_a_revoked_device_password_is_unknown(database: Database) -> None:
    user = await database.users.add("ada", "password")
    other = await database.users.add("bob", "password")
    row, secret = await database.credentials.add(user.id, "Phone", database.secrets)
    assert await database.credentials.revoke(other.id, row.id) is None
    assert await database.credentials.by_key(secret) is not None
    assert await database.credentials.revoke(user.id, row.id) == "Phone"
    assert await database.credentials.by_key(secret) is None


async def test_the_account_password_cannot_be_revoked_as_a_device(database: Database) -> None:
    user = await database.users.add("ada", "password")
    (account,) = await database.credentials.of(user.id)
    await database.credentials.revoke(user.id, account.id)
    assert await database.credentials.of(user.id) == [account]


async def test_the_last_use_is_stamped_once_an_hour(database: Database) -> None:
    user = await database.users.add("ada", "password")
    (account,) = await database.credentials.of(user.id)
    assert account.last_used is None
    await database.credentials.used(account.id)
    (first,) = await database.credentials.of(user.id)
    await database.credentials.used(account.id)
    assert first.last_used is not None
    assert await database.credentials.of(user.id) == [first]


@pytest.mark.parametrize("name", ["", " ", "a\0b", "x" * 65, "a\nb"])
async def test_a_device_has_a_name_that_can_be_shown(database: Database, name: str) -> None:
    user = await database.users.add("ada", "password")
    with pytest.raises(UnfitError):
        await database.credentials.add(user.id, name, database.secrets)


async def test_a_new_account_password_leaves_the_devices_alone(database: Database) -> None:
    user = await database.users.add("ada", "password")
    row, secret = await database.credentials.add(user.id, "Phone", database.secrets)
    await database.users.set_password("ada", "second")
    assert await database.credentials.by_key(secret) == row
