"""Videos as users see them."""

from __future__ import annotations

from datetime import UTC, datetime

from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, Hand, hand, ids, mark, person


async def test_they_are_listed_by_name_and_ties_by_id(
    database: Database, music: Hand, ann: UserRow
) -> None:
    made = [await music.video(title) for title in ("Zoo", "The ape", "Ape", "Ape")]
    found = await database.videos.every(ann)
    assert ids(found) == [made[2], made[3], made[1], made[0]]


async def test_only_those_of_the_users_libraries_that_are_there_are_seen(
    database: Database, music: Hand, ann: UserRow
) -> None:
    gone = await music.video("Gone", missing_since=WHEN)
    other = await (await hand(database, "Other")).video("Other")
    videos = database.videos
    assert await videos.every(ann) == []
    assert await videos.in_roots(ann, ann.libraries) == []
    for hidden in (gone, other, 99):
        assert await videos.get(hidden, ann) is None
        assert await videos.file(hidden, ann) is None


async def test_those_of_a_folder_and_those_that_lie_loose(
    database: Database, music: Hand, ann: UserRow
) -> None:
    folder = await music.folder("Films")
    inside, loose = await music.video("In", folder_id=folder), await music.video("Loose")
    assert ids(await database.videos.by_folder(folder, ann)) == [inside]
    assert ids(await database.videos.in_roots(ann, ann.libraries)) == [loose]


async def test_a_video_shows_its_folders_picture_and_the_users_own_star(
    database: Database, music: Hand, ann: UserRow
) -> None:
    picture = await music.picture()
    folder = await music.folder("Films", picture_id=picture)
    video = await music.video("In", folder_id=folder)
    await mark(database, ann, "video", video, starred=WHEN, rating=4)
    await mark(database, ann, "track", video, rating=1)
    row = await database.videos.get(video, ann)
    assert row is not None
    assert (row.picture_id, row.starred, row.rating) == (picture, WHEN, 4)
    found = await database.pictures.of("video", video, ann)
    assert found is not None
    assert found.id == picture
    other = await database.videos.get(video, await person(database, "bob"))
    assert other is not None
    assert (other.starred, other.rating) == (None, None)


async def test_what_is_needed_to_send_one(database: Database, music: Hand, ann: UserRow) -> None:
    video = await music.video("A 'quoted' \"name\"", path=b"Films/\xff.mkv", width=1920)
    file = await database.videos.file(video, ann)
    assert file is not None
    assert (file.root, file.path, file.width) == (b"/Music", b"Films/\xff.mkv", 1920)
    assert file.card.title == "A 'quoted' \"name\""
    assert file.video.audio == ()


async def test_a_scan_finds_the_vanished_before_the_missing(
    database: Database, music: Hand, ann: UserRow
) -> None:
    early, late = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2021))
    old = await music.video("Old", missing_since=early)
    newer = await music.video("Newer", missing_since=late)
    live = await music.video("Live")
    await music.video("Other")
    files = database.catalog.videos(music.library)
    assert ids(await files.lost([live])) == [live, newer, old]
    assert live in ids(await files.known())
    assert old not in ids(await files.known())
