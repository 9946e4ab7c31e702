"""Accounts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from argon2 import PasswordHasher

from conf.settings import Auth, MusicFolder, Settings
from db.database import Database
from db.errors import (
    LastAdminError,
    NameTakenError,
    UnfitError,
    UnknownLibraryError,
    UnknownUserError,
)
from db.sessions import Seen, fingerprint
from db.users import Change, Limits


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
    assert database.secrets.open(user.id, credential.sealed) == "second"


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


async def test_a_change_is_done_whole_or_not_at_all(database: Database, tmp_path: Path) -> None:
    (library,) = await database.libraries.sync([MusicFolder(path=tmp_path)])
    before = await database.users.add("ada", "password")
    change = Change(
        password="second", email="a@b", roles={"share": False, "upload": True},
        libraries=[library.id + 1], max_bit_rate=96, enabled=False,
    )  # fmt: skip
    with pytest.raises(UnknownLibraryError):
        await database.users.change("ada", change)
    with pytest.raises(UnfitError):
        await database.users.change("ada", Change(email="a\nb", enabled=False))
    assert await database.users.by_name("ada") == before
    assert await database.users.check_password("ada", "password")
    after = await database.users.change(
        "Ada", msgspec.structs.replace(change, libraries=[library.id])
    )
    assert set(after.roles) == (set(before.roles) | {"upload"}) - {"share"}
    assert (after.email, after.max_bit_rate, after.enabled) == ("a@b", 96, False)
    assert (after.libraries, after.all_libraries) == ([library.id], False)


async def test_limits_are_changed_together_and_null_is_what_is_configured(
    database: Database,
) -> None:
    row = await database.users.add("ada", "password")
    assert Limits.of(row) == Limits()
    said = Limits(streams=2, rate=0)
    row = await database.users.change("ada", Change(limits=said))
    assert Limits.of(row) == said
    assert Limits.of(await database.users.change("ada", Change(enabled=True))) == said
    more = Limits(streams=0, transcodes=3).over(said)
    assert more == Limits(streams=0, rate=0, transcodes=3)
    with pytest.raises(UnfitError):
        await database.users.change("ada", Change(limits=Limits(rate=-1)))
    row = await database.users.change("ada", Change(limits=Limits()))
    assert Limits.of(row) == Limits()


async def test_an_empty_change_changes_nothing(database: Database) -> None:
    before = await database.users.add("ada", "password", email="a@b")
    assert await database.users.change("ada", Change()) == before
    with pytest.raises(UnknownUserError, match="nobody"):
        await database.users.change("nobody", Change())


async def test_no_library_is_less_than_all_and_all_has_those_to_come(
    database: Database, tmp_path: Path
) -> None:
    await database.users.add("ada", "password")
    await database.libraries.sync([MusicFolder(path=tmp_path)])
    assert (await database.users.change("ada", Change(libraries=[]))).libraries == []
    assert len((await database.users.change("ada", Change(libraries="all"))).libraries) == 1
    await database.libraries.sync([MusicFolder(path=tmp_path), MusicFolder(path=Path("/x"))])
    user = await database.users.by_name("ada")
    assert user is not None
    assert len(user.libraries) == 2


@pytest.mark.parametrize("change", [Change(roles={"admin": False}), Change(enabled=False)])
async def test_the_last_administrator_cannot_be_made_less(
    database: Database, change: Change
) -> None:
    root = await database.users.add("root", "password", admin=True)
    with pytest.raises(LastAdminError, match="root"):
        await database.users.change("root", change)
    assert await database.users.by_id(root.id) == root
    await database.users.add("second", "password", admin=True)
    await database.users.change("root", change)
    with pytest.raises(LastAdminError, match="second"):
        await database.users.change("second", change)


async def test_two_administrators_who_leave_at_once_do_not_both_leave(database: Database) -> None:
    for name in ("one", "two"):
        await database.users.add(name, "password", admin=True)
    for _ in range(10):
        # Connections that are open already, so that nobody has to wait for one.
        await asyncio.gather(*(database.users.all() for _ in range(4)))
        leaving = [
            database.users.change("one", Change(roles={"admin": False})),
            database.users.change("two", Change(enabled=False)),
        ]
        results = await asyncio.gather(*leaving, return_exceptions=True)
        assert sorted(type(one).__name__ for one in results) == ["LastAdminError", "UserRow"]
        await database.pool.execute("update users set enabled = true, roles = '{admin}'")


async def test_what_is_told_of_a_change_holds_no_password() -> None:
    change = Change(password="secret", email="", roles={"share": True}, libraries=[])
    assert change.named() == ["password", "email", "libraries", "+share"]
    assert Change().named() == []


async def test_this_node_hears_of_a_change_before_the_change_returns(database: Database) -> None:
    heard: list[str] = []
    database.bus.subscribe("dulcian_users", heard.append)
    user = await database.users.add("ada", "password")
    await database.users.set_password("ada", "second")
    _, secret = await database.credentials.add(user.id, "Phone", database.secrets)
    assert heard == ["", "", ""]
    await database.users.delete("ada")
    assert len(heard) == 4
    assert await database.credentials.by_key(secret) is None


async def test_a_password_is_hashed_anew_when_the_parameters_are_others(database: Database) -> None:
    """At the next sign-in, and nobody is signed out by it."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("first")
    await database.users.add("ada", "first")
    await database.pool.execute("update users set password_hash = $1", weak)
    user = await database.users.by_name("ada")
    assert user is not None
    await database.sessions.put("t" * 43, user.id, {"password": fingerprint(weak)}, Seen("", ""))
    assert await database.users.check_password("ada", "wrong") is None
    assert await database.users.by_name("ada") == user
    checked = await database.users.check_password("ada", "first")
    assert checked is not None
    assert checked.password_hash not in {weak, ""}
    assert checked == await database.users.by_name("ada")
    assert await database.sessions.get("t" * 43) is not None
    assert await database.users.check_password("ada", "first") == checked
