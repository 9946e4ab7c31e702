"""What apps sign in with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.database import Database
from db.errors import NameTakenError, TooManyDevicesError, UnfitError
from db.rows import ListenerRow


async def test_a_device_password_is_found_by_itself_and_opens_with_the_key(
    database: Database,
) -> None:
    user = await database.users.add("ada", "password")
    row, secret = await database.credentials.add(user.id, "Phone", database.secrets)
    assert database.secrets.open(user.id, row.sealed) == secret
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
    await database.credentials.used(account.id, "Amp\0\x1b[31mfy" + "x" * 100)
    (first,) = await database.credentials.of(user.id)
    await database.credentials.used(account.id, "other")
    assert first.last_used is not None
    assert first.client.startswith("Amp[31mfyx")
    assert len(first.client) < 65
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


async def test_an_account_password_is_another_credential_after_a_change(database: Database) -> None:
    user = await database.users.add("ada", "password")
    (before,) = await database.credentials.of(user.id)
    assert await database.users.by_credential(before.id) == user
    await database.users.set_password("ada", "second")
    assert await database.users.by_credential(before.id) is None


async def test_what_has_expired_is_told_for_a_month_and_then_gone(database: Database) -> None:
    user = await database.users.add("ada", "password")
    now = datetime.now(UTC)
    for name, days in (("Soon", 1), ("Late", -29), ("Gone", -31)):
        expires = now + timedelta(days=days)
        await database.credentials.add(user.id, name, database.secrets, "read", expires)
    await database.credentials.add(user.id, "Other", database.secrets)
    _, *devices = await database.credentials.of(user.id)
    assert [(one.name, one.expired) for one in devices] == [
        ("Soon", False),
        ("Late", True),
        ("Other", False),
    ]
    soon, late, _ = devices
    assert await database.users.by_credential(soon.id) == user
    assert await database.users.by_credential(late.id) is None


async def test_an_account_has_a_hundred_devices_at_most(database: Database) -> None:
    user = await database.users.add("ada", "password")
    await database.pool.execute(
        "insert into credentials (user_id, kind, name, secret, sealed_by)"
        " select $1, 'device', n, '', $2 from generate_series(1, 99) n",
        user.id,
        database.secrets.used,
    )
    await database.credentials.add(user.id, "Phone", database.secrets)
    with pytest.raises(TooManyDevicesError, match="Revoke"):
        await database.credentials.add(user.id, "Tablet", database.secrets)


@pytest.mark.attack("X04", "X24")
async def test_who_may_go_on_listening_is_known_by_account_and_credential(
    database: Database,
) -> None:
    ada, bob = [await database.users.add(name, "password") for name in ("ada", "bob")]
    (account,) = await database.credentials.of(ada.id)
    past = datetime.now(UTC) - timedelta(seconds=1)
    phone, _ = await database.credentials.add(ada.id, "Phone", database.secrets)
    old, _ = await database.credentials.add(ada.id, "Old", database.secrets, "full", past)
    lost, _ = await database.credentials.add(ada.id, "Lost", database.secrets)
    await database.credentials.revoke(ada.id, lost.id)
    allowed = {ListenerRow(ada.id, one) for one in (account.id, phone.id, 0)}
    refused = {ListenerRow(ada.id, one) for one in (old.id, lost.id)}
    refused |= {ListenerRow(bob.id, phone.id), ListenerRow(999, 0)}
    assert await database.credentials.listening(allowed | refused) == allowed
    for change in ("enabled = false", "enabled = true, roles = '{settings,share}'"):
        await database.pool.execute(f"update users set {change} where id = $1", ada.id)  # noqa: S608
        assert await database.credentials.listening(allowed) == set()
