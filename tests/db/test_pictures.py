"""Where a cover is, asked for by the thing it shows."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from db.database import Database
from db.rows import UserRow
from tests.support.rows import Hand, hand

KINDS = ["picture", "track", "album", "artist", "folder"]


async def dress(database: Database, music: Hand, kind: str, picture: int | None) -> int:
    """Something of a kind with that picture; gives its id."""
    given: dict[str, Any] = {"picture_id": picture}
    if kind == "artist":
        artist = await music.artist("Ada")
        await database.pool.execute(
            "update artists set picture_id = $1 where id = $2", picture, artist
        )
        return artist
    if kind == "track":
        return await music.track("Alpha", await music.album("First"), **given)
    if kind == "album":
        return await music.album("First", **given)
    if kind == "folder":
        return await music.folder("Ada", **given)
    assert picture is not None
    return picture


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_leads_to_its_own_picture(
    database: Database, music: Hand, ann: UserRow, kind: str
) -> None:
    await music.picture()
    picture = await music.picture(path=b"caf\xe9.jpg", hash=b"hash", embedded=True)
    await music.picture()
    item = await dress(database, music, kind, picture)
    row = await database.pictures.of(kind, item, ann)
    assert row is not None
    assert (row.id, row.root, row.path) == (picture, b"/Music", b"caf\xe9.jpg")
    assert (row.hash, row.embedded) == (b"hash", True)


@pytest.mark.parametrize("kind", KINDS[1:])
async def test_what_has_no_picture_or_is_unknown_leads_to_none(
    database: Database, music: Hand, ann: UserRow, kind: str
) -> None:
    await music.picture()
    item = await dress(database, music, kind, None)
    assert await database.pictures.of(kind, item, ann) is None
    assert await database.pictures.of(kind, 2**62, ann) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_picture_of_a_library_that_is_not_seen_is_not_shown(
    database: Database, music: Hand, ann: UserRow, kind: str
) -> None:
    """Not even as that of an artist who is in a library that is seen."""
    other = await hand(database, "Other")
    item = await dress(database, music, kind, await other.picture())
    assert await database.pictures.of(kind, item, ann) is None
    everybody = replace(ann, libraries=[music.library, other.library])
    assert await database.pictures.of(kind, item, everybody) is not None


@pytest.mark.parametrize("kind", KINDS[1:])
async def test_the_picture_goes_and_the_thing_stays(
    database: Database, music: Hand, ann: UserRow, kind: str
) -> None:
    item = await dress(database, music, kind, await music.picture())
    await database.pool.execute("delete from pictures")
    assert await database.pictures.of(kind, item, ann) is None
    table = f"{kind}s"
    assert await database.pool.fetchval(f"select count(*) from {table} where id = $1", item) == 1  # noqa: S608
