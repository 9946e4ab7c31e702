"""What people attached to songs survives whatever is done to the files."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable

import pytest

from conf.settings import MusicFolder
from tests.library.house import (
    House,
    animal,
    bee,
    rename_folder,
    retag_album,
    retag_and_move,
)
from tests.support.audio import retag, write


def rename_file(house: House) -> None:
    bee(house).rename(house.music / "A/2 - bee.mp3")


def move_to_another_folder(house: House) -> None:
    bee(house).rename(house.music / "B/02 Bee.mp3")


def change_case(house: House) -> None:
    bee(house).rename(house.music / "A/02 BEE.MP3")


def change_unicode(house: House) -> None:
    bee(house).rename(house.music / unicodedata.normalize("NFD", "A/02 Bée.mp3"))


def retag_title(house: House) -> None:
    retag(bee(house), animal("Bee", genre="Insects", date="1999"))


def encode_anew(house: House) -> None:
    bee(house).unlink()
    write(house.music / "A/02 Bee.flac", animal("Bee"))


def swap(house: House) -> None:
    one, two, other = house.music / "A/01 Ant.mp3", bee(house), house.music / "other"
    one.rename(other)
    two.rename(one)
    other.rename(two)
    for age, path in enumerate((one, two)):
        os.utime(path, (1_500_000_000 + age, 1_500_000_000))


def replace_cover(house: House) -> None:
    retag(bee(house), animal("Bee", picture=b"another"))


def move_to_another_library(house: House) -> None:
    shutil.move(house.music / "A", house.attic / "A")


def move_one_to_another_library(house: House) -> None:
    shutil.move(bee(house), house.attic / "Bee.mp3")


CHANGES: list[Callable[[House], None]] = [
    rename_file, rename_folder, move_to_another_folder, change_case, change_unicode, retag_title,
    retag_album, retag_and_move, encode_anew, swap, replace_cover, move_to_another_library,
    move_one_to_another_library,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
async def test_songs_keep_their_ids_and_all_that_is_attached_to_them(
    change: Callable[[House], None], house: House
) -> None:
    songs, kept = await house.songs(), await house.kept()
    change(house)
    row = await house.look()
    assert (row.state, row.missing, row.added) == ("done", 0, 0)
    assert await house.songs() == songs
    assert await house.kept() == kept


@pytest.mark.parametrize("change", [move_to_another_library, move_one_to_another_library])
@pytest.mark.parametrize("order", [("Music", "Attic"), ("Attic", "Music")])
async def test_songs_keep_their_ids_when_libraries_are_scanned_one_after_the_other(
    change: Callable[[House], None], order: tuple[str, str], house: House
) -> None:
    songs, kept = await house.songs(), await house.kept()
    change(house)
    for name in order:
        assert (await house.look(name)).state == "done"
    assert await house.songs() == songs
    assert await house.kept() == kept
    attic = await house.rows("select library_id from tracks where path like '%Bee.mp3'")
    assert attic == await house.rows("select id from libraries where name = 'Attic'")


async def test_an_album_that_goes_to_another_library_keeps_its_id(house: House) -> None:
    albums, artists = await house.albums(), await house.artists()
    move_to_another_library(house)
    await house.look()
    assert await house.albums() == albums
    assert await house.artists() == artists
    places = await house.rows(
        "select l.name, count(*) from albums a join libraries l on l.id = a.library_id"
        " where a.missing_since is null group by 1 order by 1"
    )
    assert places == [("Attic", 1), ("Music", 1)]
    shown = await house.rows(
        "select l.name, c.song_count from artist_counts c join libraries l on l.id = c.library_id"
        " join artists a on a.id = c.artist_id where a.name = 'Ada'"
    )
    assert shown == [("Attic", 3)]
    shutil.move(house.attic / "A", house.music / "A")
    await house.look()
    assert await house.albums() == albums


async def test_an_album_of_which_a_part_goes_to_another_library_stays(house: House) -> None:
    zoo = (await house.albums())["Ada / Zoo"]
    move_one_to_another_library(house)
    await house.look()
    rows = await house.rows(
        "select l.name, a.id = $1, a.song_count from albums a join libraries l on l.id = a.library_id"
        " where a.missing_since is null and a.name = 'Zoo' order by 1",
        zoo,
    )
    assert rows == [("Attic", False, 1), ("Music", True, 2)]


async def test_a_song_keeps_what_happened_between_two_scans(house: House) -> None:
    """Somebody heard it where it is now, before it was missed where it was."""
    solo = (await house.songs())["Solo"]
    shutil.move(house.music / "B/Solo.flac", house.attic / "Solo.flac")
    await house.look("Attic")
    ((new,),) = await house.rows("select max(id) from tracks")
    await house.db.pool.execute(
        "insert into marks (user_id, kind, item_id, rating, play_count, played)"
        " select id, 'track', $1, 4, 2, '2022-02-02' from users",
        new,
    )
    await house.db.pool.execute(
        "insert into plays (user_id, track_id, played, client) select id, $1, '2022-02-02', 'x' from users",
        new,
    )
    await house.look("Music")
    rows = await house.rows(
        "select rating, play_count, played::date::text from marks where kind = 'track' and item_id = $1",
        solo,
    )
    assert rows == [(1 + solo % 5, 9, "2022-02-02")]
    assert await house.rows("select count(*) from plays where track_id = $1", solo) == [(2,)]
    assert await house.rows(
        "select count(*) from marks where item_id = $1 and kind = 'track'", new
    ) == [(0,)]


async def test_a_library_with_another_name_and_place_keeps_its_songs(house: House) -> None:
    songs, kept, albums = await house.songs(), await house.kept(), await house.albums()
    elsewhere = house.music.rename(house.music.parent / "Elsewhere")
    house.use(folders=(MusicFolder(path=elsewhere, name="New"),))
    row = await house.look()
    assert (row.state, row.moved, row.added) == ("done", 4, 0)
    assert await house.songs() == songs
    assert await house.kept() == kept
    assert await house.albums() == albums


async def test_a_library_that_is_taken_out_and_put_back_comes_back_as_it_was(house: House) -> None:
    songs, kept = await house.tracks(), await house.kept()
    both = house.settings.library.folders
    house.use(folders=both[1:])
    assert (await house.look()).state == "done"
    (attic,) = await house.db.libraries.all()
    assert (await house.db.libraries.totals([attic.id])).songs == 0
    assert await house.kept() == kept
    house.use(folders=both)
    row = await house.look()
    assert (row.state, row.added, row.moved) == ("done", 0, 0)
    assert await house.tracks() == songs
    assert await house.kept() == kept


async def test_a_copy_is_a_new_song(house: House) -> None:
    songs, kept = await house.tracks(), await house.kept()
    shutil.copy(bee(house), house.attic / "Bee.mp3")
    shutil.copy(bee(house), house.music / "B/Bee.mp3")
    row = await house.look()
    assert (row.added, row.moved) == (2, 0)
    after = await house.tracks()
    assert {path: after[path] for path in songs} == songs
    assert await house.kept() == kept


async def test_a_song_that_is_deleted_is_nowhere_and_comes_back_with_everything(
    house: House,
) -> None:
    songs, kept, albums = await house.tracks(), await house.kept(), await house.albums()
    away = house.music.parent / "away"
    shutil.move(house.music / "B", away)
    row = await house.look()
    assert row.missing == 1
    user = await house.db.users.by_name("bo")
    assert user is not None
    assert not await house.db.tracks.by_ids([songs["B/Solo.flac"]], user)
    assert not await house.db.albums.get(albums["Bo / One"], user)
    assert (await house.db.libraries.totals(user.libraries)).songs == 3
    assert await house.kept() == kept
    shutil.move(away, house.music / "B")
    await house.look()
    assert await house.tracks() == songs
    assert await house.albums() == albums
    assert await house.kept() == kept
    assert await house.db.tracks.by_ids([songs["B/Solo.flac"]], user)
