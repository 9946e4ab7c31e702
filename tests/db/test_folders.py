"""Real folders: what is right in another, and what is at the top."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, Hand, hand, ids, mark, person, shuffle


async def test_folders_in_a_folder_go_by_name_then_by_id_and_lie_right_in_it(
    database: Database, music: Hand, ann: UserRow
) -> None:
    top = await music.folder("Ada")
    made = [await music.folder(name, top) for name in ("b", "A", "A", "Ä", "C")]
    await music.folder("Deeper", made[0])
    await shuffle(database, "folders", made)
    found = await database.folders.inside(top, ann)
    assert ids(found) == [made[index] for index in (1, 2, 3, 0, 4)]
    assert {row.parent_id for row in found} == {top}


async def test_the_top_is_right_in_the_libraries_and_mixes_them(
    database: Database, music: Hand
) -> None:
    other = await hand(database, "Other")
    ann = await person(database)
    b, a = await music.folder("B"), await other.folder("A")
    await music.folder("Deeper", b)
    assert ids(await database.folders.top(ann, ann.libraries)) == [a, b]
    assert ids(await database.folders.top(ann, [music.library])) == [b]


async def test_a_library_itself_is_a_folder_without_a_parent(
    database: Database, music: Hand, ann: UserRow
) -> None:
    root = await database.folders.get(music.root, ann)
    assert root is not None
    assert (root.parent_id, root.name, root.library_id) == (None, "Music", music.library)


async def test_starred_folders_fall_by_the_star_then_by_the_id_however_deep(
    database: Database, music: Hand, ann: UserRow
) -> None:
    top = await music.folder("Ada")
    made = [top, await music.folder("A", top), await music.folder("B", top)]
    later = WHEN + timedelta(seconds=1)
    for folder, starred in zip(made, (WHEN, later, WHEN), strict=True):
        await mark(database, ann, "folder", folder, starred=starred)
    found = await database.folders.starred(ann, ann.libraries)
    assert ids(found) == [made[index] for index in (1, 2, 0)]
    assert [row.starred for row in found] == [later, WHEN, WHEN]


@pytest.mark.parametrize("kind", ["track", "album", "artist"])
async def test_marks_of_another_kind_with_the_same_number_are_not_the_folders(
    database: Database, music: Hand, ann: UserRow, kind: str
) -> None:
    folder = await music.folder("Ada")
    await mark(database, ann, kind, folder, starred=WHEN, rating=1)
    row = await database.folders.get(folder, ann)
    assert row is not None
    assert (row.starred, row.rating) == (None, None)
    assert await database.folders.starred(ann, ann.libraries) == []
