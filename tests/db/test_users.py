"""Accounts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from conf.settings import Auth, MusicFolder, Settings
from db.database import Database
from db.errors import LastAdminError, NameTakenError, UnknownUserError


async def test_a_new_account_has_a_hash_roles_and_every_library(
    database: Database, tmp_path: Path
) -> None:
    (library,) = await database.libraries.sync([MusicFolder(path=tmp_path)])
    user = await database.users.add("Ada", "pässword")
    assert user.password_hash.startswith("$argon2id$")
    assert {"settings", "stream", "download"} <= set(user.roles)
    assert "admin" not in user.roles
    assert user.libraries == [library.id]
    assert await database.users.count() == 1


async def test_an_administrator_has_the_role(database: Database) -> None:
    assert "admin" in (await database.users.add("root", "password", admin=True)).roles


async def test_names_are_one_whatever_their_case(database: Database) -> None:
    await database.users.add("Ädа", "password")
    assert (await database.users.by_name("äDА")) is not None
    with pytest.raises(NameTakenError, match="ädа"):
        await database.users.add("ädа", "other")


async def test_of_two_accounts_made_at_once_with_one_name_one_is_made(database: Database) -> None:
    made = await asyncio.gather(
        database.users.add("ada", "one-password"),
        database.users.add("ADA", "two-password"),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in made) == ["NameTakenError", "UserRow"]
    assert await database.users.count() == 1


async def test_a_password_is_checked_and_changed(database: Database) -> None:
    await database.users.add("ada", "first")
    assert await database.users.check_password("ADA", "first")
    assert await database.users.check_password("ada", "First") is None
    assert await database.users.check_password("nobody", "first") is None
    await database.users.set_password("ada", "second")
    assert await database.users.check_password("ada", "first") is None
    assert await database.users.check_password("ada", "second")


async def test_the_account_password_is_kept_sealed_for_apps(database: Database) -> None:
    user = await database.users.add("ada", "first")
    await database.users.set_password("ada", "second")
    (credential,) = await database.credentials.of(user.id)
    assert credential.kind == "account"
    assert b"second" not in credential.secret
    assert database.secrets.open(user.id, credential.secret) == "second"


async def test_no_account_password_is_kept_where_apps_may_not_use_it(
    database_url: str, settings: Settings
) -> None:
    auth = Auth(account_password_in_apps=False)
    opened = await Database.open(database_url, msgspec.structs.replace(settings, auth=auth))
    try:
        user = await opened.users.add("ada", "password")
        assert await opened.credentials.of(user.id) == []
    finally:
        await opened.close()


async def test_a_deleted_account_is_gone_with_its_credentials(database: Database) -> None:
    user = await database.users.add("ada", "password")
    await database.users.delete("Ada")
    assert await database.users.by_name("ada") is None
    assert await database.credentials.of(user.id) == []
    with pytest.raises(UnknownUserError, match="ada"):
        await database.users.delete("ada")


async def test_the_last_administrator_stays(database: Database) -> None:
    await database.users.add("root", "password", admin=True)
    await database.users.add("ada", "password")
    with pytest.raises(LastAdminError, match="root"):
        await database.users.delete("root")
    await database.users.add("second", "password", admin=True)
    await database.users.delete("root")
    assert [user.name for user in await database.users.all()] == ["ada", "second"]


async def test_a_name_that_no_row_can_have_is_unknown(database: Database) -> None:
    assert await database.users.by_name("a\0b") is None
    assert await database.users.by_name("x" * 100_000) is None
