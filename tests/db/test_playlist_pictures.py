"""Pictures of playlists: whose they are, and what goes with them."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from db.database import Database
from db.rows import UserRow
from db.smart_rules import parse
from tests.support.rows import Hand, person

RULES = '{"all": [{"field": "title", "operator": "is", "value": "x"}]}'


@pytest.fixture
async def bob(database: Database, music: Hand) -> UserRow:
    return await person(database, "bob")


@pytest.fixture
async def playlist(database: Database, ann: UserRow) -> int:
    made = await database.playlists.add(ann, "Mine", [])
    assert made is not None
    return made


async def seen(database: Database, playlist: int, user: UserRow) -> bytes | None:
    row = await database.playlist_pictures.of(playlist, user)
    return row.data if row else None


async def hashes(database: Database, playlist: int, user: UserRow) -> set[bytes | None]:
    """What each answer about a playlist says of its picture."""
    (listed,) = await database.playlists.readable(user)
    (owned,) = await database.playlists.by_owner(user.id, user)
    whole = await database.playlists.get(playlist, user)
    assert whole is not None
    return {listed.picture_hash, owned.picture_hash, whole.picture_hash}


async def test_a_picture_is_kept_replaced_and_forgotten(
    database: Database, ann: UserRow, playlist: int
) -> None:
    pictures = database.playlist_pictures
    assert await seen(database, playlist, ann) is None
    assert await hashes(database, playlist, ann) == {None}
    for data in (b"one", b"two"):
        assert await pictures.put(playlist, ann, data)
        row = await pictures.of(playlist, ann)
        assert row is not None
        assert (row.data, row.hash) == (data, hashlib.sha256(data).digest())
        assert await hashes(database, playlist, ann) == {row.hash}
    assert await pictures.remove(playlist, ann)
    assert not await pictures.remove(playlist, ann)
    assert await seen(database, playlist, ann) is None
    assert await hashes(database, playlist, ann) == {None}


async def test_a_playlist_with_another_picture_is_changed(
    database: Database, ann: UserRow, playlist: int
) -> None:
    moments = []
    for step in (None, b"one", b"two", b""):
        if step:
            await database.playlist_pictures.put(playlist, ann, step)
        elif step is not None:
            await database.playlist_pictures.remove(playlist, ann)
        row = await database.playlists.get(playlist, ann)
        assert row is not None
        moments.append(int(row.changed.timestamp() * 1000))
    assert moments == sorted(set(moments))


async def test_readers_see_it_and_owners_and_administrators_change_it(
    database: Database, ann: UserRow, bob: UserRow, playlist: int
) -> None:
    pictures = database.playlist_pictures
    await pictures.put(playlist, ann, b"ann's")
    await database.users.add("root", "password", admin=True)
    root = await database.users.by_name("root")
    assert root is not None
    assert await seen(database, playlist, bob) is None
    assert await seen(database, playlist, root) == b"ann's"
    await database.pool.execute("update playlists set public = true")
    assert await seen(database, playlist, bob) == b"ann's"
    assert not await pictures.put(playlist, bob, b"bob's")
    assert not await pictures.remove(playlist, bob)
    assert await seen(database, playlist, ann) == b"ann's"
    assert await pictures.put(playlist, root, b"root's")
    assert await seen(database, playlist, ann) == b"root's"
    assert await pictures.remove(playlist, root)


async def test_it_goes_with_its_playlist_and_its_user(
    database: Database, ann: UserRow, bob: UserRow, playlist: int
) -> None:
    pictures = database.playlist_pictures
    other = await database.playlists.add(bob, "Theirs", [])
    assert other is not None
    for number, user in ((playlist, ann), (other, bob)):
        await pictures.put(number, user, b"one")
    await database.playlists.delete(playlist, ann)
    assert await database.pool.fetchval("select playlist_id from playlist_pictures") == other
    await database.users.delete("bob")
    assert await database.pool.fetchval("select count(*) from playlist_pictures") == 0
    assert not await pictures.put(playlist, ann, b"late")
    assert not await pictures.put(2**62, ann, b"nowhere")
    assert await pictures.of(playlist, ann) is None


async def test_a_playlist_of_rules_has_one_and_keeps_it(database: Database, ann: UserRow) -> None:
    number = await database.smart.add(ann, "Smart", parse(RULES))
    await database.playlist_pictures.put(number, ann, b"one")
    await database.smart.change(number, ann, "Other", parse(RULES), public=True)
    await database.smart.refresh([number])
    assert await seen(database, number, ann) == b"one"
    assert await hashes(database, number, ann) == {hashlib.sha256(b"one").digest()}


async def test_of_pictures_that_come_and_go_at_once_one_stays_whole(
    database: Database, ann: UserRow, playlist: int
) -> None:
    sent = [bytes([number]) * 1000 for number in range(8)]
    pictures = database.playlist_pictures
    for _ in range(10):
        puts = [pictures.put(playlist, ann, data) for data in sent]
        removes = [pictures.remove(playlist, ann) for _ in sent]
        both = zip(puts, removes, strict=True)
        done = await asyncio.gather(*(each for pair in both for each in pair))
        assert all(done[::2])
    await asyncio.gather(*(pictures.put(playlist, ann, data) for data in sent))
    row = await pictures.of(playlist, ann)
    assert row is not None
    assert row.data in sent
    assert row.hash == hashlib.sha256(row.data).digest()
