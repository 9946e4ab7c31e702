"""Songs that are known again: moved, renamed, retagged, encoded anew, gone and back.

Music/
├── A/   01 Ant.mp3  02 Bee.mp3  03 Cat.mp3  04 Dog.mp3     by Ada, album Zoo
└── B/   Solo.flac                                          by Bo, album One, MusicBrainz ids
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from library.state import Library, Scan
from library.steps import STEPS
from tests.library.conftest import Shop
from tests.support.audio import Song, retag, write

IDS = {
    "musicbrainz_trackid": "6b9a0ec2-7e35-4d2c-8f53-1b0a6c3a3f01",
    "musicbrainz_albumid": "6b9a0ec2-7e35-4d2c-8f53-1b0a6c3a3f02",
}
SOLO = Song(title="Solo", artist="Bo", album="One", more=IDS)
ANIMALS = ("Ant", "Bee", "Cat", "Dog")


def animal(name: str, track: int) -> Song:
    return Song(title=name, artist="Ada", album="Zoo", track=track)


def place(music: Path, name: str, track: int) -> Path:
    return write(music / f"A/{track:02} {name}.mp3", animal(name, track))


@pytest.fixture
async def zoo(shop: Shop) -> Shop:
    for track, name in enumerate(ANIMALS, 1):
        place(shop.music, name, track)
    write(shop.music / "B/Solo.flac", SOLO)
    await shop.scan()
    return shop


async def titles(shop: Shop) -> dict[int, tuple[str, str]]:
    """Path and title of the songs that are there, by id."""
    rows = await shop.rows("select id, path, card from tracks where missing_since is null")
    return {row: (path.decode(), msgspec.json.decode(card)["title"]) for row, path, card in rows}


async def test_a_renamed_folder_keeps_its_songs_and_albums(zoo: Shop) -> None:
    songs, albums = await zoo.tracks(), await zoo.albums()
    (zoo.music / "A").rename(zoo.music / "Animals")
    row = await zoo.scan()
    assert (row.moved, row.added, row.missing) == (4, 0, 0)
    assert {
        path.replace("Animals/", "A/"): song for path, song in (await zoo.tracks()).items()
    } == songs
    assert await zoo.albums() == albums
    missing = await zoo.rows("select path from folders where missing_since is not null")
    assert missing == [(b"A",)]


async def test_a_song_that_is_moved_and_retagged_is_known_by_its_sound(zoo: Shop) -> None:
    before = (await zoo.tracks())["A/02 Bee.mp3"]
    path = (zoo.music / "A/02 Bee.mp3").rename(zoo.music / "elsewhere.mp3")
    retag(path, Song(title="Wasp", artist="Eve", album="Sting"))
    row = await zoo.scan()
    assert (row.moved, row.added, row.missing) == (1, 0, 0)
    assert (await zoo.tracks())["elsewhere.mp3"] == before
    assert (await zoo.card("elsewhere.mp3"))["title"] == "Wasp"


async def test_a_song_encoded_anew_is_known_by_its_tags(zoo: Shop) -> None:
    before = (await zoo.tracks())["A/02 Bee.mp3"]
    (zoo.music / "A/02 Bee.mp3").unlink()
    write(zoo.music / "A/02 Bee.opus", animal("Bee", 2))
    await zoo.scan()
    assert (await zoo.tracks())["A/02 Bee.opus"] == before
    ((suffix,),) = await zoo.rows("select suffix from tracks where id = $1", before)
    assert suffix == "opus"


async def test_musicbrainz_ids_are_the_best_evidence(zoo: Shop) -> None:
    before = (await zoo.tracks())["B/Solo.flac"]
    (zoo.music / "B/Solo.flac").unlink()
    # The same tags without ids would do, if there were nothing better.
    write(zoo.music / "B/a copy.mp3", Song(title="Solo", artist="Bo", album="One"))
    write(zoo.music / "C/z.mp3", Song(title="Renamed", artist="X", album="Y", hertz=99, more=IDS))
    row = await zoo.scan()
    assert (row.moved, row.added) == (1, 1)
    assert (await zoo.tracks())["C/z.mp3"] == before


async def test_a_longer_song_with_the_same_tags_is_another(zoo: Shop) -> None:
    before = (await zoo.tracks())["A/02 Bee.mp3"]
    (zoo.music / "A/02 Bee.mp3").unlink()
    live = Song(title="Bee", artist="Ada", album="Zoo", seconds=9, hertz=321)
    write(zoo.music / "A/02 Bee (live).mp3", live)
    row = await zoo.scan()
    assert (row.moved, row.added, row.missing) == (0, 1, 1)
    assert (await zoo.tracks())["A/02 Bee (live).mp3"] != before


async def test_two_songs_that_change_names_change_places(zoo: Shop) -> None:
    before = await titles(zoo)
    one, two = zoo.music / "A/01 Ant.mp3", zoo.music / "A/02 Bee.mp3"
    other = zoo.music / "A/other"
    one.rename(other)
    two.rename(one)
    other.rename(two)
    later(one, two)
    row = await zoo.scan()
    assert row.moved == 2
    after = await titles(zoo)
    assert {song: title for song, (_, title) in after.items()} == {
        song: title for song, (_, title) in before.items()
    }
    assert {title: path for path, title in after.values()}["Ant"] == "A/02 Bee.mp3"


async def test_songs_that_are_numbered_anew_follow_their_sound(zoo: Shop) -> None:
    by_title = {title: song for song, (_, title) in (await titles(zoo)).items()}
    for track in (4, 3, 2, 1):
        os.rename(zoo.music / numbered(track), zoo.music / f"A/{track + 1:02}.mp3")  # noqa: PTH104
    await zoo.scan()
    # Now the names are taken: each file goes where another was, and a new one comes first.
    for track in (5, 4, 3, 2):
        os.rename(zoo.music / f"A/{track:02}.mp3", zoo.music / f"A/{track + 1:02}.mp3")  # noqa: PTH104
    write(zoo.music / "A/02.mp3", Song(title="Eel", artist="Ada", album="Zoo"))
    later(*(zoo.music / "A").iterdir())
    row = await zoo.scan()
    after = {title: (song, path) for song, (path, title) in (await titles(zoo)).items()}
    assert {title: song for title, (song, _) in after.items() if title in ANIMALS} == {
        title: song for title, song in by_title.items() if title in ANIMALS
    }
    assert [after[title][1] for title in (*ANIMALS, "Eel")] == [
        "A/03.mp3", "A/04.mp3", "A/05.mp3", "A/06.mp3", "A/02.mp3",
    ]  # fmt: skip
    assert (row.added, row.missing) == (1, 0)


async def test_the_song_that_leaves_a_numbered_row_is_the_one_missing(zoo: Shop) -> None:
    by_title = {title: song for song, (_, title) in (await titles(zoo)).items()}
    (zoo.music / "A/01 Ant.mp3").unlink()
    for track, name in ((1, "Bee"), (2, "Cat"), (3, "Dog")):
        (zoo.music / numbered(track + 1)).rename(zoo.music / numbered(track))
        assert name
    later(*(zoo.music / "A").iterdir())
    row = await zoo.scan()
    assert row.missing == 1
    after = {title: song for song, (_, title) in (await titles(zoo)).items()}
    assert after == {title: song for title, song in by_title.items() if title != "Ant"}
    rows = await zoo.rows("select id from tracks where missing_since is not null")
    assert rows == [(by_title["Ant"],)]


async def test_a_better_rip_in_the_same_place_keeps_the_id(zoo: Shop) -> None:
    before = await zoo.tracks()
    write(zoo.music / "A/03 Cat.mp3", Song(title="Katze", artist="Ada", album="Zoo", hertz=77))
    row = await zoo.scan()
    assert (row.changed, row.moved, row.missing) == (1, 0, 0)
    assert await zoo.tracks() == before


async def test_a_missing_song_comes_back_as_itself(zoo: Shop) -> None:
    before, albums = await zoo.tracks(), await zoo.albums()
    hidden = zoo.music.parent / "Solo.flac"
    (zoo.music / "B/Solo.flac").rename(hidden)
    row = await zoo.scan()
    assert (row.missing, row.message) == (1, "4 songs seen, 1 missing.")
    assert "Bo / One" not in await zoo.albums()
    assert await zoo.rows(
        "select count(*) from artist_counts c join artists a on a.id = c.artist_id where a.name = 'Bo'"
    ) == [(0,)]
    hidden.rename(zoo.music / "B/Solo.flac")
    row = await zoo.scan()
    assert zoo.sandbox.read == []
    assert row.added == 1
    assert (await zoo.tracks(), await zoo.albums()) == (before, albums)


async def test_a_missing_song_is_known_when_it_comes_back_elsewhere(zoo: Shop) -> None:
    before = await zoo.tracks()
    hidden = zoo.music.parent / "Solo.flac"
    (zoo.music / "B/Solo.flac").rename(hidden)
    await zoo.scan()
    (zoo.music / "C").mkdir()
    hidden.rename(zoo.music / "C/Solo.flac")
    await zoo.scan()
    assert (await zoo.tracks())["C/Solo.flac"] == before["B/Solo.flac"]


async def test_what_users_did_stays_with_a_song_that_moves(zoo: Shop) -> None:
    song = (await zoo.tracks())["B/Solo.flac"]
    await zoo.db.users.add("bo", "secret")
    await zoo.db.pool.execute(
        "insert into marks (user_id, kind, item_id, starred)"
        " select id, 'track', $1, now() from users",
        song,
    )
    (zoo.music / "B").rename(zoo.music / "Z")
    await zoo.scan()
    rows = await zoo.rows("select t.path from marks m join tracks t on t.id = m.item_id")
    assert rows == [(b"Z/Solo.flac",)]


async def test_an_untagged_album_keeps_its_id_when_its_folder_is_renamed(shop: Shop) -> None:
    for index in range(3):
        write(shop.music / f"Tape/{index}.mp3", Song(hertz=300 + 50 * index))
    await shop.scan()
    before = await shop.albums()
    (shop.music / "Tape").rename(shop.music / "Cassette")
    await shop.scan()
    assert await shop.albums() == {"[Unknown Artist] / Cassette": before["[Unknown Artist] / Tape"]}


async def test_a_vanished_disk_empties_nothing(zoo: Shop) -> None:
    before = await zoo.tracks()
    for folder in ("A", "B"):
        shutil.rmtree(zoo.music / folder)
    row = await zoo.scan()
    assert row.state == "refused"
    assert "Music: 5 of 5 songs are not in " in row.message
    assert "dulcian scan --accept-removals" in row.message
    assert await zoo.tracks() == before
    row = await zoo.scan(accept_removals=True)
    assert (row.state, row.missing) == ("done", 5)
    assert await zoo.tracks() == {}


async def test_a_scan_that_would_drop_too_much_stops(shop: Shop) -> None:
    for index in range(60):
        write(shop.music / f"{index // 30}/{index}.mp3", Song(title=f"{index}", hertz=440))
    await shop.scan()
    before = await shop.tracks()
    shutil.rmtree(shop.music / "1")
    write(shop.music / "new.mp3", Song(title="New", hertz=880))
    row = await shop.scan()
    assert row.state == "refused"
    assert set(await shop.tracks()) - {"new.mp3"} == set(before)
    shop.use(removal_threshold=60)
    row = await shop.scan()
    assert (row.state, row.missing) == ("done", 30)


async def test_a_handful_may_go(zoo: Shop) -> None:
    shutil.rmtree(zoo.music / "A")
    row = await zoo.scan()
    assert (row.state, row.missing) == ("done", 4)


async def test_missing_songs_are_forgotten_after_the_time_that_is_set(zoo: Shop) -> None:
    (zoo.music / "B/Solo.flac").unlink()
    await zoo.scan()
    await zoo.db.pool.execute(
        "update tracks set missing_since = now() - interval '8 days' where missing_since is not null"
    )
    await zoo.scan()
    assert await zoo.rows("select count(*) from tracks") == [(5,)]
    zoo.use(keep_missing_days=7)
    await zoo.scan()
    assert await zoo.rows("select count(*) from tracks") == [(4,)]


async def test_a_folder_that_cannot_be_listed_loses_nothing(
    zoo: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await zoo.tracks()
    real = os.scandir

    def scandir(path: bytes) -> object:
        if path.endswith(b"/B"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    row = await zoo.scan()
    assert (row.state, row.missing, row.broken) == ("done", 0, 1)
    assert await zoo.tracks() == before
    (problem,) = await zoo.problems()
    assert problem.path == b"B"
    assert problem.reason == f"{zoo.music}/B cannot be listed: Permission denied."
    monkeypatch.undo()
    await zoo.scan()
    assert not await zoo.problems()


async def test_a_scan_after_a_crash_still_knows_what_moved(zoo: Shop) -> None:
    before = (await zoo.tracks())["B/Solo.flac"]
    (zoo.music / "B/Solo.flac").rename(zoo.music / "here.flac")
    await zoo.db.scans.request()
    job = await zoo.db.scans.claim()
    assert job is not None
    # As if the server had been killed after the new file was written, before the old one was missed.
    scan = Scan(zoo.db, zoo.settings, job, zoo.sandbox)
    scan.libraries = [Library(row) for row in await zoo.db.libraries.all()]
    for name, step in STEPS:
        if name == "prune":
            break
        await step(scan)
    await zoo.db.scans.finish(job.id, "failed", "killed")
    assert len(await zoo.tracks()) == 6
    row = await zoo.scan()
    assert row.moved == 1
    assert (await zoo.tracks())["here.flac"] == before


def numbered(track: int) -> str:
    return f"A/{track:02} {ANIMALS[track - 1]}.mp3"


def later(*paths: Path) -> None:
    """Files of the same size and age would look unchanged: in life, they differ."""
    for offset, path in enumerate(paths):
        os.utime(path, (1_500_000_000 + offset, 1_500_000_000 + offset))
