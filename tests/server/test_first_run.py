"""The first account."""

from __future__ import annotations

import hashlib

import pytest

from conf.settings import Auth, Secret
from db.database import Database
from server.first_run import first_account

ADDRESS = "http://localhost:5000"
NOBODY = Auth()


async def test_the_settings_name_the_first_administrator(database: Database) -> None:
    """Then there is no link."""
    auth = Auth(admin_user="ann", admin_password=Secret("sesame"))
    assert await first_account(database, auth, ADDRESS) is None
    user = await database.users.check_password("ann", "sesame")
    assert user is not None
    assert "admin" in user.roles


async def test_later_the_settings_change_nothing(database: Database) -> None:
    """Neither the password nor the accounts."""
    await database.users.add("ann", "sesame", admin=True)
    auth = Auth(admin_user="ann", admin_password=Secret("other"))
    assert await first_account(database, auth, ADDRESS) is None
    assert await database.users.check_password("ann", "sesame")
    other = Auth(admin_user="eve", admin_password=Secret("other"))
    assert await first_account(database, other, ADDRESS) is None
    assert await database.users.count() == 1


@pytest.mark.parametrize("auth", [NOBODY, Auth(admin_user="ann")])
async def test_else_a_link_is_made(database: Database, auth: Auth) -> None:
    """The database knows only the hash of its token."""
    link = await first_account(database, auth, ADDRESS)
    assert link is not None
    assert link.startswith(f"{ADDRESS}/setup/")
    token = link.rpartition("/")[2]
    assert len(token) >= 32
    known = await database.state.get("setup", dict[str, str])
    assert known == {"hash": hashlib.sha256(token.encode()).hexdigest()}


async def test_each_start_makes_a_new_link(database: Database) -> None:
    """The old one ends."""
    first = await first_account(database, NOBODY, ADDRESS)
    known = await database.state.get("setup", dict[str, str])
    assert await first_account(database, NOBODY, ADDRESS) != first
    assert await database.state.get("setup", dict[str, str]) != known


async def test_the_link_is_forgotten_when_there_is_an_account(database: Database) -> None:
    """However that account was made."""
    await first_account(database, NOBODY, ADDRESS)
    await database.users.add("ann", "sesame", admin=True)
    assert await first_account(database, NOBODY, ADDRESS) is None
    assert await database.state.get("setup", dict[str, str]) is None
