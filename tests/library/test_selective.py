"""Scans of some folders only: the rest of the library is as it was, in every respect.

Music/
├── Ada/Zoo/    CD1/1 Ant.mp3  CD2/1 Bee.mp3  cover.png     album Zoo
├── Bo/         Solo.flac                                   album One
└── Cyd/        Two.mp3  (and the second song of Bo's One)
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from db.rows import ScanRow
from tests.library.conftest import Shop
from tests.library.test_scanner import png
from tests.support.audio import Song, retag, write
from tests.support.cue import sheet

SOLO = Song(title="Solo", artist="Bo", album="One", albumartist="Bo", hertz=200)


def fill(music: Path) -> None:
    write(music / "Ada/Zoo/CD1/1 Ant.mp3", Song(title="Ant", artist="Ada", album="Zoo", hertz=300))
    write(music / "Ada/Zoo/CD2/1 Bee.mp3", Song(title="Bee", artist="Ada", album="Zoo", hertz=350))
    (music / "Ada/Zoo/cover.png").write_bytes(png("teal"))
    write(music / "Bo/Solo.flac", SOLO)
    (music / "Bo/cover.png").write_bytes(png("gold"))
    write(
        music / "Cyd/Two.mp3",
        Song(title="Two", artist="Bo", album="One", albumartist="Bo", hertz=400),
    )


@pytest.fixture
async def filled(shop: Shop) -> Shop:
    fill(shop.music)
    await shop.scan()
    return shop


async def state(shop: Shop) -> list[object]:
    """Everything that a scan of nothing must leave alone."""
    return [
        await shop.rows(
            "select id, path, missing_since is null, picture_id from tracks order by id"
        ),
        await shop.rows("select id, name, song_count, picture_id from albums order by id"),
        await shop.rows("select path, picture_id, missing_since from folders order by path"),
        await shop.rows("select path, picture_id from images order by path"),
        await shop.rows("select * from artist_counts order by artist_id"),
        await shop.rows("select path from problems order by path"),
    ]


async def scan(shop: Shop, *folders: bytes, accept_removals: bool = False) -> ScanRow:
    return await shop.scan(folders=folders, accept_removals=accept_removals)


async def test_only_what_lies_in_the_folders_is_looked_at(filled: Shop) -> None:
    retag(filled.music / "Bo/Solo.flac", Song(title="Alone", artist="Bo", album="One"))
    retag(filled.music / "Cyd/Two.mp3", Song(title="Zwei", artist="Bo", album="One"))
    row = await scan(filled, b"Bo")
    assert filled.sandbox.read == [b"Bo/Solo.flac"]
    assert (row.seen, row.changed, row.missing) == (1, 1, 0)
    assert (await filled.card("Cyd/Two.mp3"))["title"] == "Two"


@pytest.mark.parametrize("folders", [[b"Bo"], [b"Ada/Zoo/CD2"], [b"Cyd", b"Ada"], [b"nowhere"]])
async def test_without_changes_nothing_changes(filled: Shop, folders: Sequence[bytes]) -> None:
    before = await state(filled)
    row = await scan(filled, *folders)
    assert row.message.endswith("nothing changed.")
    assert await state(filled) == before


async def test_an_album_keeps_its_picture_and_songs_from_outside_of_the_folders(
    filled: Shop,
) -> None:
    before = await state(filled)
    os.utime(filled.music / "Cyd/Two.mp3", (1, 1))
    os.utime(filled.music / "Ada/Zoo/CD2/1 Bee.mp3", (1, 1))
    row = await scan(filled, b"Cyd", b"Ada/Zoo/CD2")
    assert row.changed == 2
    assert await state(filled) == before


async def test_new_songs_and_folders_are_found(filled: Shop) -> None:
    write(filled.music / "New/Deep/er/1.mp3", Song(title="N", artist="Nn", album="New"))
    row = await scan(filled, b"New/Deep")
    assert row.added == 1
    folders = await filled.rows(
        "select path from folders where missing_since is null and path >= 'N' order by path"
    )
    assert folders == [(b"New",), (b"New/Deep",), (b"New/Deep/er",)]


async def test_what_is_gone_is_missing_in_the_folders_only(filled: Shop) -> None:
    (filled.music / "Bo/Solo.flac").unlink()
    (filled.music / "Cyd/Two.mp3").unlink()
    row = await scan(filled, b"Bo", accept_removals=True)
    assert row.missing == 1
    assert set(await filled.tracks()) == {
        "Ada/Zoo/CD1/1 Ant.mp3", "Ada/Zoo/CD2/1 Bee.mp3", "Cyd/Two.mp3",
    }  # fmt: skip
    assert await filled.rows("select path from folders where missing_since is not null") == [
        (b"Bo",)
    ]


async def test_a_folder_that_is_gone_can_be_scanned(filled: Shop) -> None:
    shutil.rmtree(filled.music / "Bo")
    assert (await scan(filled, b"Bo")).missing == 1
    shutil.rmtree(filled.music / "Ada")
    assert (await scan(filled, b"Ada", accept_removals=True)).missing == 2


async def test_a_song_that_was_moved_into_the_folders_is_known(filled: Shop) -> None:
    """Although nobody looked where it was before."""
    before = await filled.tracks()
    (filled.music / "New").mkdir()
    (filled.music / "Bo/Solo.flac").rename(filled.music / "New/Solo.flac")
    row = await scan(filled, b"New")
    assert (row.moved, row.added, row.missing) == (1, 0, 0)
    after = await filled.tracks()
    assert after["New/Solo.flac"] == before["Bo/Solo.flac"]
    assert "Bo/Solo.flac" not in after
    assert await filled.rows("select path from folders where missing_since is not null") == [
        (b"Bo",)
    ]
    row = await filled.scan()
    assert row.message == "4 songs seen, nothing changed."


@pytest.mark.parametrize("folders", [[b"New", b"Newer"], [b"Newer"]])
async def test_a_song_that_came_and_moved_between_scans_of_everything_is_known(
    filled: Shop, folders: Sequence[bytes]
) -> None:
    """It is new since then, and must not be taken for what it was itself."""
    write(filled.music / "New/n.mp3", Song(title="N", artist="Nn", album="New", hertz=500))
    assert (await scan(filled, b"New")).added == 1
    before = await filled.tracks()
    (filled.music / "New").rename(filled.music / "Newer")
    row = await scan(filled, *folders)
    assert (row.moved, row.added, row.missing) == (1, 0, 0)
    assert (await filled.tracks())["Newer/n.mp3"] == before["New/n.mp3"]


async def test_a_copy_is_a_song_of_its_own(filled: Shop) -> None:
    before = await filled.tracks()
    (filled.music / "New").mkdir()
    shutil.copy(filled.music / "Bo/Solo.flac", filled.music / "New/Solo.flac")
    row = await scan(filled, b"New")
    assert (row.moved, row.added) == (0, 1)
    assert (await filled.tracks()).items() > before.items()


async def test_a_song_that_was_moved_out_is_found_again_where_it_went(filled: Shop) -> None:
    before = await filled.tracks()
    (filled.music / "New").mkdir()
    (filled.music / "Bo/Solo.flac").rename(filled.music / "New/Solo.flac")
    assert (await scan(filled, b"Bo")).missing == 1
    row = await scan(filled, b"New")
    assert row.moved == 1
    assert (await filled.tracks())["New/Solo.flac"] == before["Bo/Solo.flac"]


async def test_a_song_that_was_copied_and_then_deleted_is_known_as_well(filled: Shop) -> None:
    """As a move from one disk to another goes: each half may be seen by a scan of its own."""
    before = await filled.tracks()
    (filled.music / "New").mkdir()
    shutil.copy(filled.music / "Bo/Solo.flac", filled.music / "New/Solo.flac")
    await scan(filled, b"New")
    (filled.music / "Bo/Solo.flac").unlink()
    row = await scan(filled, b"Bo")
    assert (row.moved, row.missing) == (1, 0)
    assert (await filled.tracks())["New/Solo.flac"] == before["Bo/Solo.flac"]


async def test_the_guard_counts_the_whole_library(filled: Shop) -> None:
    for index in range(26):
        write(filled.music / f"Eve/{index}.mp3", Song(title=f"{index}", album="E", hertz=440))
    await filled.scan()
    shutil.rmtree(filled.music / "Eve")
    row = await scan(filled, b"Eve")
    assert row.state == "refused"
    assert "Music: 26 of 30 songs are not in " in row.message
    assert (await scan(filled, b"Eve", accept_removals=True)).missing == 26


async def test_a_library_whose_disk_is_missing_loses_nothing(filled: Shop) -> None:
    before = await filled.tracks()
    for folder in filled.music.iterdir():
        shutil.rmtree(folder)
    row = await scan(filled, b"Bo")
    assert row.state == "refused"
    assert "is empty. Nothing was changed." in row.message
    assert await filled.tracks() == before


async def test_a_library_that_was_never_scanned_is_not_taken_to_be(shop: Shop) -> None:
    """Its next scan is still the first, which dates songs by their files."""
    fill(shop.music)
    os.utime(shop.music / "Cyd/Two.mp3", (1_000_000_000, 1_000_000_000))
    assert (await scan(shop, b"Bo")).added == 1
    assert await shop.rows("select scanned from libraries") == [(None,)]
    await shop.scan()
    rows = await shop.rows(
        "select extract(year from created)::integer from tracks where path = $1", b"Cyd/Two.mp3"
    )
    assert rows == [(2001,)]


async def test_a_cover_that_changes_in_the_folders_is_seen(filled: Shop) -> None:
    before = await filled.rows("select picture_id from albums where name = 'Zoo'")
    (filled.music / "Ada/Zoo/cover.png").write_bytes(png("plum"))
    await scan(filled, b"Ada/Zoo/CD1")
    assert await filled.rows("select picture_id from albums where name = 'Zoo'") != before


async def test_problems_elsewhere_stay_known(filled: Shop) -> None:
    (filled.music / "Cyd/bad.mp3").write_bytes(b"x" * 100)
    (filled.music / "Bo/bad.mp3").write_bytes(b"x" * 100)
    await filled.scan()
    (filled.music / "Bo/bad.mp3").unlink()
    await scan(filled, b"Bo")
    assert [problem.path for problem in await filled.problems()] == [b"Cyd/bad.mp3"]


async def test_songs_that_an_ignore_file_names_are_missing_until_it_goes(filled: Shop) -> None:
    before = await filled.tracks()
    (filled.music / "Bo/.dulcianignore").write_text("*.flac\n")
    row = await filled.scan()
    assert (row.state, row.missing) == ("done", 1)
    (filled.music / "Bo/.dulcianignore").unlink()
    row = await filled.scan()
    assert filled.sandbox.read == []
    assert await filled.tracks() == before


async def test_an_ignore_file_that_empties_a_library_is_asked_about(filled: Shop) -> None:
    (filled.music / ".ndignore").write_text("*\n")
    row = await filled.scan()
    assert row.state == "refused"
    assert row.message == (
        "Music: 4 of 4 songs would be passed over from now on, as a `.dulcianignore` or `.ndignore`"
        " file asks; nothing was removed. If that is meant, run `dulcian scan --accept-removals`."
    )
    assert (await filled.scan(accept_removals=True)).missing == 4


async def test_a_file_that_becomes_a_link_to_elsewhere_is_not_read(shop: Shop) -> None:
    """Between the walk, which saw a file, and its reading."""
    secret = write(shop.music.parent / "secret.mp3", Song(title="Secret"))
    path = write(shop.music / "a.mp3", Song(title="A"))

    def swap(_: list[bytes]) -> None:
        path.unlink(missing_ok=True)
        path.symlink_to(secret)

    shop.sandbox.trap = swap
    row = await shop.scan()
    assert (row.added, row.broken) == (0, 1)
    (problem,) = await shop.problems()
    assert problem.reason == "a link leads out of the music folder"


async def test_tracks_of_cue_sheets_stay_in_other_folders_and_move_into_named_ones(
    filled: Shop,
) -> None:
    write(filled.music / "Disc/Disc.flac", Song(artist="Dee", album="Whole", seconds=2))
    tracks = [("One", "00:00:00"), ("Two", "00:01:00")]
    (filled.music / "Disc/Disc.cue").write_text(sheet(tracks))
    assert (await scan(filled, b"Disc")).added == 2
    before = await state(filled)
    for folder in (b"Bo", b"Disc"):
        assert (await scan(filled, folder)).message.endswith("nothing changed.")
        assert await state(filled) == before
    ids = await filled.rows("select id from tracks where cue > 0 order by cue")
    (filled.music / "Disc").rename(filled.music / "Elsewhere")
    assert (await scan(filled, b"Elsewhere")).moved == 2
    rows = await filled.rows(
        "select id from tracks where missing_since is null and path = $1 order by cue",
        b"Elsewhere/Disc.flac",
    )
    assert rows == ids
