"""The music folders of the configuration."""

from __future__ import annotations

import os
from pathlib import Path

from conf.settings import MusicFolder
from db.database import Database


async def test_sync_adds_hides_and_brings_back(database: Database, tmp_path: Path) -> None:
    a, b = MusicFolder(path=tmp_path / "a"), MusicFolder(path=tmp_path / "b", name="Bee")
    first, second = await database.libraries.sync([a, b])
    assert [(row.name, row.path) for row in (first, second)] == [
        ("Bee", os.fsencode(b.path)),
        ("a", os.fsencode(a.path)),
    ]
    assert await database.libraries.sync([a]) == [second]
    back = await database.libraries.sync([a, b])
    assert [row.id for row in back] == [first.id, second.id]


async def test_a_folder_that_moved_keeps_its_library_by_its_name(
    database: Database, tmp_path: Path
) -> None:
    (old,) = await database.libraries.sync([MusicFolder(path=tmp_path / "usb", name="Music")])
    (new,) = await database.libraries.sync([MusicFolder(path=tmp_path / "nas", name="Music")])
    assert new.id == old.id
    assert new.path == os.fsencode(tmp_path / "nas")


async def test_a_hidden_library_is_nobodys(database: Database, tmp_path: Path) -> None:
    await database.libraries.sync([MusicFolder(path=tmp_path)])
    await database.users.add("ada", "password")
    await database.libraries.sync([])
    user = await database.users.by_name("ada")
    assert user is not None
    assert user.libraries == []


async def test_an_empty_library_has_totals_of_nothing(database: Database, tmp_path: Path) -> None:
    (row,) = await database.libraries.sync([MusicFolder(path=tmp_path)])
    totals = await database.libraries.totals([row.id])
    assert (totals.songs, totals.albums, totals.artists, totals.bytes) == (0, 0, 0, 0)
