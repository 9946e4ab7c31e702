"""Another key in the place of the one that the database is sealed with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from conf.settings import Auth, Data, Secret, Settings
from db.database import Database
from db.errors import KeyChangedError, RotationError, WrongKeyError
from db.rows import CredentialRow, ShareRow, UserRow
from tests.support import rows


@dataclass
class Sealed:
    """What is sealed, and what it is in clear."""

    user: UserRow
    secret: str
    share: ShareRow
    address: str

    async def opens(self, database: Database) -> bool:
        """Whether all of it is what it was, to this node."""
        account, device = await database.credentials.of(self.user.id)
        (share,) = await database.shares.of(self.user)
        clear = [database.secrets.open(self.user.id, one.sealed) for one in (account, device)]
        return [*clear, database.shares.token(share)] == ["password", self.secret, self.address]


@pytest.fixture
async def sealed(database: Database) -> Sealed:
    """An account with an app password and a share."""
    hand = await rows.hand(database)
    song = await hand.track("Song", await hand.album("Album"))
    user = await database.users.add("ada", "password")
    _, secret = await database.credentials.add(user.id, "Phone", database.secrets)
    share = await database.shares.add(user, [("track", song)], "", None)
    assert share is not None
    return Sealed(user, secret, share, database.shares.token(share))


@pytest.fixture
async def other(database_url: str, settings: Settings, tmp_path: Path) -> AsyncIterator[Database]:
    """Another node, with a copy of the key in a data folder of its own."""
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "secret.key").write_bytes((settings.data.dir / "secret.key").read_bytes())
    own = msgspec.structs.replace(settings, data=Data(dir=folder))
    opened = await Database.open(database_url, own)
    yield opened
    await opened.close()


def lines(settings: Settings) -> list[str]:
    return (settings.data.dir / "secret.key").read_text().split()


async def key_names(database: Database) -> set[str]:
    held = await database.pool.fetch(
        "select sealed_by from credentials union select sealed_by from shares"
        " union select name from secret_keys"
    )
    return {row[0] for row in held}


async def test_everything_is_sealed_anew_and_the_old_key_goes(
    database: Database, database_url: str, sealed: Sealed, settings: Settings
) -> None:
    before, old = lines(settings), database.secrets.used
    heard: list[tuple[int, int]] = []
    assert await database.sealing.rotate(lambda done, total: heard.append((done, total))) == 3
    assert heard == [(2, 3), (3, 3)]
    assert await sealed.opens(database)
    assert await key_names(database) == {database.secrets.used}
    assert database.secrets.used != old
    (after,) = lines(settings)
    assert [after] != before
    again = await Database.open(database_url, settings)
    assert await sealed.opens(again)
    await again.close()


async def test_what_was_signed_with_the_old_key_no_longer_counts(
    database: Database, sealed: Sealed
) -> None:
    signed = database.secrets.sign("cover", "co-7")
    await database.sealing.rotate()
    assert database.secrets.verify("cover", signed) is None


@pytest.mark.parametrize("step", ["_ADD", "_DROP", "_NOTIFY"])
async def test_a_rotation_that_breaks_off_leaves_everything_as_it_was(
    database: Database,
    database_url: str,
    sealed: Sealed,
    settings: Settings,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The new key is in the file already, and does no harm there."""

    async def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    old = database.secrets.used
    monkeypatch.setattr(f"db.sealing.{step}", crash)
    with pytest.raises(ZeroDivisionError):
        await database.sealing.rotate()
    monkeypatch.undo()
    assert len(lines(settings)) == 2
    again = await Database.open(database_url, settings)
    assert again.secrets.used == old
    assert await sealed.opens(again)
    assert await again.sealing.rotate() == 3
    assert len(lines(settings)) == 1
    assert await sealed.opens(again)
    await again.close()


async def test_a_crash_between_database_and_file_leaves_the_new_key_there(
    database: Database,
    database_url: str,
    sealed: Sealed,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = []
    write = database.sealing._store._write

    def crash_at_the_second(keys: object) -> None:
        written.append(keys)
        if len(written) == 2:
            raise ZeroDivisionError
        write(keys)  # type: ignore[arg-type]

    monkeypatch.setattr(database.sealing._store, "_write", crash_at_the_second)
    old = database.secrets.used
    with pytest.raises(ZeroDivisionError):
        await database.sealing.rotate()
    again = await Database.open(database_url, settings)
    assert again.secrets.used != old
    assert await sealed.opens(again)
    await again.sealing.rotate()
    assert len(lines(settings)) == 1
    assert await sealed.opens(again)
    await again.close()


async def test_the_old_key_does_not_leave_while_anything_is_sealed_with_it(
    database: Database, sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody adds a table and forgets that rotation has to know it."""
    monkeypatch.setattr("db.sealing._PLACES", ())
    with pytest.raises(KeyChangedError):
        await database.sealing.rotate()
    assert await sealed.opens(database)


@pytest.mark.attack("X05")
async def test_a_node_without_the_new_key_says_so_until_it_gets_it(
    database: Database, other: Database, sealed: Sealed, settings: Settings
) -> None:
    assert await sealed.opens(other)
    await database.sealing.rotate()
    name = database.secrets.used
    with pytest.raises(WrongKeyError, match=name):
        await other.sealing.check()
    with pytest.raises(WrongKeyError, match=r"Copy `secret\.key`"):
        await sealed.opens(other)
    with pytest.raises(WrongKeyError, match=name):
        other.secrets.sign("cover", "co-7")
    with pytest.raises(WrongKeyError, match=name):
        await other.sealing.rotate()
    copied = (settings.data.dir / "secret.key").read_bytes()
    (other.sealing._store._path).write_bytes(copied)
    assert await sealed.opens(other)
    assert other.secrets.verify("cover", database.secrets.sign("cover", "co-7")) == "co-7"


async def test_a_running_node_with_the_same_file_is_told_and_follows(
    database: Database, database_url: str, sealed: Sealed, settings: Settings
) -> None:
    other = await Database.open(database_url, settings)
    await other.bus.start()
    await database.sealing.rotate()
    for _ in range(200):
        if other.secrets.used == database.secrets.used:
            break
        await asyncio.sleep(0.02)
    assert other.secrets.verify("cover", database.secrets.sign("cover", "co-7")) == "co-7"
    assert await sealed.opens(other)
    await other.close()


async def test_what_is_sealed_with_a_key_that_left_is_refused(
    database: Database, other: Database, sealed: Sealed
) -> None:
    """Its node has not heard yet."""
    await database.sealing.rotate()
    with pytest.raises(KeyChangedError, match="Try again"):
        await other.credentials.add(sealed.user.id, "Tablet", other.secrets)
    with pytest.raises(KeyChangedError):
        await other.users.set_password("ada", "other password")
    assert await sealed.opens(database)


async def test_who_seals_something_during_a_rotation_waits_and_loses_nothing(
    database: Database, other: Database, sealed: Sealed
) -> None:
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.fetch("select name from secret_keys for update")
        adding = asyncio.create_task(other.credentials.add(sealed.user.id, "Tablet", other.secrets))
        done, _ = await asyncio.wait([adding], timeout=0.2)
        assert not done
    await adding
    await database.sealing.rotate()
    held: list[CredentialRow] = await database.credentials.of(sealed.user.id)
    assert [one.name for one in held] == ["", "Phone", "Tablet"]
    assert all(database.secrets.open(sealed.user.id, one.sealed) for one in held)


async def test_many_are_sealed_in_batches(
    database: Database, sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.sealing._BATCH", 2)
    for number in range(4):
        await database.credentials.add(sealed.user.id, f"{number}", database.secrets)
    heard: list[int] = []
    assert await database.sealing.rotate(lambda done, _: heard.append(done)) == 7
    assert heard == [2, 4, 6, 7]
    held = await database.credentials.of(sealed.user.id)
    assert len({database.secrets.open(sealed.user.id, one.sealed) for one in held}) == 6


async def test_a_configured_key_is_followed_by_the_other_one(
    database_url: str, settings: Settings
) -> None:
    def having(*keys: str) -> Settings:
        auth = Auth(secret_key=Secret("\n".join(keys)))
        return msgspec.structs.replace(settings, auth=auth)

    first, second = "ab" * 32, "cd" * 32
    node = await Database.open(database_url, having(first))
    await node.users.add("ada", "password")
    with pytest.raises(RotationError, match="openssl"):
        await node.sealing.rotate()
    await node.close()
    node = await Database.open(database_url, having(first, second))
    assert await node.sealing.rotate() == 1
    await node.close()
    with pytest.raises(WrongKeyError):
        await Database.open(database_url, having(first))
    node = await Database.open(database_url, having(second))
    await node.close()
    assert not (settings.data.dir / "secret.key").exists()


async def test_a_lost_key_is_not_replaced_by_a_new_one(
    database: Database, database_url: str, settings: Settings
) -> None:
    path = settings.data.dir / "secret.key"
    path.unlink()
    with pytest.raises(WrongKeyError, match=database.secrets.used):
        await Database.open(database_url, settings)
    assert not path.exists()
