"""Scans of a small library, from the files to what apps are shown.

Music/
├── Ada/
│   ├── cover.png                    (of no album: no song lies beside it)
│   └── First (2001)/
│       ├── cover.png
│       ├── 01 Alpha.mp3             MusicBrainz ids
│       └── 02 Beta.flac             Rock, Jazz
├── Bo/Twin/
│   ├── CD1/1 One.ogg                no disc tag
│   └── CD2/1 Two.opus               no disc tag
├── Loose/
│   ├── x.m4a                        Cyd · Mixtape, no album artist
│   └── y.mp3                        Dee · Mixtape, no album artist
└── untagged.wav
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.library.conftest import Shop
from tests.support.audio import Song, retag, write

RECORDING = "6b9a0ec2-7e35-4d2c-8f53-1b0a6c3a3f01"
RELEASE = "6b9a0ec2-7e35-4d2c-8f53-1b0a6c3a3f02"
ARTIST = "6b9a0ec2-7e35-4d2c-8f53-1b0a6c3a3f03"

ALPHA = Song(
    title="Alpha",
    artist="Ada",
    album="First",
    date="2001",
    track=1,
    genre="Rock",
    more={
        "musicbrainz_trackid": RECORDING,
        "musicbrainz_albumid": RELEASE,
        "musicbrainz_artistid": ARTIST,
    },
)
BETA = Song(title="Beta", artist="Ada", album="First", date="2001", track=2, genre=["Rock", "Jazz"])


def png(color: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(file, "PNG")
    return file.getvalue()


def fill(music: Path) -> None:
    write(music / "Ada/First (2001)/01 Alpha.mp3", ALPHA)
    write(music / "Ada/First (2001)/02 Beta.flac", BETA)
    (music / "Ada/First (2001)/cover.png").write_bytes(png("teal"))
    (music / "Ada/cover.png").write_bytes(png("gold"))
    write(music / "Bo/Twin/CD1/1 One.ogg", Song(title="One", artist="Bo", album="Twin"))
    write(music / "Bo/Twin/CD2/1 Two.opus", Song(title="Two", artist="Bo", album="Twin"))
    write(music / "Loose/x.m4a", Song(title="X", artist="Cyd", album="Mixtape"))
    write(music / "Loose/y.mp3", Song(title="Y", artist="Dee", album="Mixtape"))
    write(music / "untagged.wav", Song(hertz=333))


@pytest.fixture
async def filled(shop: Shop) -> Shop:
    fill(shop.music)
    await shop.scan()
    return shop


async def test_a_first_scan_finds_every_song_and_album(shop: Shop) -> None:
    fill(shop.music)
    row = await shop.scan()
    assert (row.state, row.message) == ("done", "7 songs seen, 7 added.")
    assert (row.seen, row.todo, row.read, row.added, row.broken) == (7, 7, 7, 7, 0)
    assert set(await shop.albums()) == {
        "Ada / First",
        "Bo / Twin",
        "Various Artists / Mixtape",
        "[Unknown Artist] / Music",
    }


async def test_the_card_of_a_song_holds_what_its_tags_say(filled: Shop) -> None:
    card = await filled.card("Ada/First (2001)/02 Beta.flac")
    assert card["title"] == "Beta"
    assert card["artist"] == card["album_artist"] == "Ada"
    assert (card["track"], card["year"], card["genres"]) == (2, 2001, ["Rock", "Jazz"])
    assert (card["channels"], card["sampling_rate"], card["bit_depth"]) == (2, 44100, 16)
    assert card["path"] == "Ada/First (2001)/02 Beta.flac"


async def test_what_has_no_tags_is_called_after_its_file_and_folder(filled: Shop) -> None:
    card = await filled.card("untagged.wav")
    assert (card["title"], card["album"], card["artist"]) == (
        "untagged",
        "Music",
        "[Unknown Artist]",
    )


async def test_an_albums_card_is_made_from_all_its_songs(filled: Shop) -> None:
    card = await filled.album_card("First")
    assert card["mbid"] == RELEASE
    assert card["genres"] == ["Rock", "Jazz"]
    ((count, duration, year),) = await filled.rows(
        "select song_count, duration, year from albums where name = 'First'"
    )
    assert (count, year) == (2, 2001)
    assert duration == pytest.approx(1.05, abs=0.1)


async def test_folders_of_discs_are_one_album(filled: Shop) -> None:
    one = await filled.card("Bo/Twin/CD1/1 One.ogg")
    two = await filled.card("Bo/Twin/CD2/1 Two.opus")
    assert (one["disc"], two["disc"]) == (1, 2)


async def test_both_trees_are_true(filled: Shop) -> None:
    folders = await filled.rows(
        "select f.path, p.path, f.name, f.letter from folders f"
        " left join folders p on p.id = f.parent_id order by f.path"
    )
    assert folders == [
        (b"", None, "Music", "M"),
        (b"Ada", b"", "Ada", "A"),
        (b"Ada/First (2001)", b"Ada", "First (2001)", "F"),
        (b"Bo", b"", "Bo", "B"),
        (b"Bo/Twin", b"Bo", "Twin", "T"),
        (b"Bo/Twin/CD1", b"Bo/Twin", "CD1", "C"),
        (b"Bo/Twin/CD2", b"Bo/Twin", "CD2", "C"),
        (b"Loose", b"", "Loose", "L"),
    ]
    counts = await filled.rows(
        "select a.name, c.album_count, c.song_count, c.roles from artist_counts c"
        " join artists a on a.id = c.artist_id order by a.sort_name"
    )
    both = ["albumartist", "artist"]
    assert sorted(counts) == [
        ("Ada", 1, 2, both),
        ("Bo", 1, 2, both),
        ("Cyd", 0, 1, ["artist"]),
        ("Dee", 0, 1, ["artist"]),
        ("Various Artists", 1, 2, ["albumartist"]),
        ("[Unknown Artist]", 1, 1, both),
    ]
    genres = await filled.rows("select name, song_count, album_count from genres order by key")
    assert genres == [("Jazz", 1, 1), ("Rock", 2, 1)]


async def test_a_scan_without_changes_reads_nothing_and_tells_nobody(filled: Shop) -> None:
    before = await filled.rows("select changed from libraries")
    row = await filled.scan()
    assert row.message == "7 songs seen, nothing changed."
    assert filled.sandbox.read == []
    assert await filled.rows("select changed from libraries") == before


async def test_only_what_changed_is_read_again(filled: Shop) -> None:
    before = await filled.tracks()
    retag(filled.music / "Ada/First (2001)/02 Beta.flac", Song(title="Better", artist="Ada"))
    row = await filled.scan()
    assert filled.sandbox.read == [b"Ada/First (2001)/02 Beta.flac"]
    assert (row.changed, row.added, row.moved) == (1, 0, 0)
    assert await filled.tracks() == before
    assert (await filled.card("Ada/First (2001)/02 Beta.flac"))["title"] == "Better"


async def test_a_complete_scan_reads_all_and_changes_no_id(filled: Shop) -> None:
    songs, albums = await filled.tracks(), await filled.albums()
    row = await filled.scan(complete=True)
    assert (row.read, row.changed) == (7, 7)
    assert (await filled.tracks(), await filled.albums()) == (songs, albums)


async def test_words_find_songs_by_title_artist_and_album(filled: Shop) -> None:
    for word in ("alp", "ada", "fir"):
        rows = await filled.rows(
            "select count(*) from tracks where words @@ $1::text::tsquery", f"'{word}':*"
        )
        assert rows[0][0] >= 1


async def test_retagging_a_whole_album_renames_it(filled: Shop) -> None:
    before = (await filled.albums())["Bo / Twin"]
    for path, title in (("CD1/1 One.ogg", "One"), ("CD2/1 Two.opus", "Two")):
        song = Song(title=title, artist="Bo & Co", album="Twins", date="1999")
        retag(filled.music / "Bo/Twin" / path, song)
    await filled.scan()
    albums = await filled.albums()
    assert albums["Bo & Co / Twins"] == before
    assert "Bo / Twin" not in albums
    assert not await filled.rows(
        "select from artist_counts c join artists a on a.id = c.artist_id where a.name = 'Bo'"
    )


async def test_a_song_of_another_artist_turns_an_album_into_a_compilation(shop: Shop) -> None:
    write(shop.music / "M/1.mp3", Song(title="1", artist="A", album="M"))
    await shop.scan()
    before = await shop.albums()
    write(shop.music / "M/2.mp3", Song(title="2", artist="B", album="M"))
    await shop.scan()
    albums = await shop.albums()
    assert set(albums) == {"Various Artists / M"}
    assert list(albums.values()) == list(before.values())
    assert (await shop.card("M/1.mp3"))["album_artist"] == "Various Artists"


async def test_a_broken_file_costs_nothing_else(shop: Shop) -> None:
    fill(shop.music)
    (shop.music / "Loose/noise.mp3").write_bytes(b"nothing of the kind" * 50)
    (shop.music / "Loose/empty.flac").touch()
    row = await shop.scan()
    assert (row.state, row.broken, row.added) == ("done", 2, 7)
    assert row.message == "9 songs seen, 7 added, 2 could not be read."
    problems = {problem.path: problem.reason for problem in await shop.problems()}
    assert set(problems) == {b"Loose/noise.mp3", b"Loose/empty.flac"}
    assert problems[b"Loose/empty.flac"] == "the file is empty"


async def test_a_broken_file_is_not_tried_again_until_it_changes(shop: Shop) -> None:
    bad = shop.music / "bad.mp3"
    bad.write_bytes(b"x" * 100)
    await shop.scan()
    row = await shop.scan()
    assert shop.sandbox.read == []
    assert row.broken == 1
    write(bad, Song(title="Good"))
    await shop.scan()
    assert list(await shop.tracks()) == ["bad.mp3"]
    assert not await shop.problems()


async def test_a_song_that_breaks_keeps_what_is_known_of_it(filled: Shop) -> None:
    before = await filled.tracks()
    (filled.music / "Loose/y.mp3").write_bytes(b"half a download")
    await filled.scan()
    assert await filled.tracks() == before
    assert [problem.path for problem in await filled.problems()] == [b"Loose/y.mp3"]


@pytest.mark.attack("X41")
@pytest.mark.parametrize("error", [ChildProcessError("killed by signal 11"), TimeoutError()])
async def test_a_file_that_kills_its_reader_is_found_and_reported_alone(
    shop: Shop, error: Exception
) -> None:
    fill(shop.music)
    bomb = b"Bo/Twin/CD2/1 Two.opus"

    def trap(paths: list[bytes]) -> None:
        if bomb in paths:
            raise error

    shop.sandbox.trap = trap
    row = await shop.scan()
    assert (row.added, row.broken) == (6, 1)
    assert [problem.path for problem in await shop.problems()] == [bomb]


async def test_a_sandbox_that_does_not_work_blames_no_file(shop: Shop) -> None:
    fill(shop.music)

    def trap(_: list[bytes]) -> None:
        raise ChildProcessError("the server is stopping")

    shop.sandbox.trap = trap
    with pytest.raises(Exception, match="tags cannot be read at all"):
        await shop.scan()
    latest = await shop.db.scans.latest()
    assert latest is not None
    assert latest.state == "failed"
    assert not await shop.problems()


@pytest.mark.attack("X52")
async def test_names_that_are_not_utf8_work(shop: Shop) -> None:
    write(shop.music / os.fsdecode(b"Caf\xe9/\xff.mp3"), Song(album="Bytes"))
    row = await shop.scan()
    assert row.added == 1
    assert await shop.rows("select path from tracks") == [(b"Caf\xe9/\xff.mp3",)]
    ((name,),) = await shop.rows("select name from folders where path = $1", b"Caf\xe9")
    assert name == "Caf?"


async def test_the_first_scan_dates_songs_by_their_files(shop: Shop) -> None:
    path = write(shop.music / "old.mp3", Song(title="Old"))
    os.utime(path, (1_000_000_000, 1_000_000_000))
    await shop.scan()
    write(shop.music / "new.mp3", Song(title="New"))
    os.utime(shop.music / "new.mp3", (1_000_000_000, 1_000_000_000))
    await shop.scan()
    rows = await shop.rows(
        "select path, extract(epoch from created) < 1000000001 from tracks order by path"
    )
    assert rows == [(b"new.mp3", False), (b"old.mp3", True)]


async def test_artists_are_written_as_their_newest_tags_write_them(shop: Shop) -> None:
    path = write(shop.music / "a.mp3", Song(title="A", artist="beyonce"))
    await shop.scan()
    retag(path, Song(title="A", artist="Beyoncé", more={"musicbrainz_artistid": ARTIST}))
    await shop.scan()
    assert await shop.rows("select name, mbid from artists where key = 'beyonce'") == [
        ("Beyoncé", ARTIST)
    ]


async def test_a_library_that_is_gone_altogether_is_refused(filled: Shop) -> None:
    before = await filled.tracks()
    shutil.rmtree(filled.music)
    row = await filled.scan()
    assert row.state == "refused"
    assert "cannot be listed: No such file or directory" in row.message
    assert await filled.tracks() == before


async def test_names_of_any_length_fit(shop: Shop) -> None:
    # Han does not compress: in an index, only so much of it has room.
    long = "".join(chr(0x4E00 + (at * 7919) % 20000) for at in range(1500))
    song = Song(
        title=long, artist=long, album=long, albumartist=long, genre=long, more={"artistsort": long}
    )
    write(shop.music / "long.flac", song)
    row = await shop.scan()
    assert (row.state, row.added) == ("done", 1)
    assert (await shop.card("long.flac"))["title"] == long[:1000]


async def test_a_path_that_no_index_holds_is_reported(shop: Shop) -> None:
    deep = shop.music
    for _ in range(10):
        deep = deep / ("x" * 220)
    write(deep / "deep.mp3", Song(title="Deep"))
    write(shop.music / "flat.mp3", Song(title="Flat"))
    row = await shop.scan()
    assert (row.state, row.added, row.broken) == ("done", 1, 1)
    (problem,) = await shop.problems()
    assert problem.reason == "the path is too long: 2,218 bytes, 2,000 are allowed"
    await shop.scan()
    assert len(await shop.problems()) == 1


async def test_artists_and_albums_are_sorted_as_any_song_says(shop: Shop) -> None:
    sorts = {"artistsort": "Brown, Ann", "albumartistsort": "Brown, Ann"}
    one = write(shop.music / "1.mp3", Song(title="1", artist="Ann Brown", album="X"))
    write(
        shop.music / "2.flac",
        Song(title="2", artist="Ann Brown", albumartist="Ann Brown", album="X", more=sorts),
    )
    await shop.scan()
    wanted = [("brown ann", "brown ann")]
    query = "select a.sort_name, b.artist_sort from artists a, albums b"
    assert await shop.rows(query) == wanted
    retag(one, Song(title="One", artist="Ann Brown", album="X", genre="Rock"))
    await shop.scan()
    assert await shop.rows(query) == wanted


async def test_what_was_measured_of_a_song_outlives_other_tags_and_moves_and_ends_with_other_sound(
    shop: Shop,
) -> None:
    path = write(shop.music / "A.flac", Song(title="A", artist="Ada", hertz=300))
    await shop.scan()
    measured = "update tracks set loudness = '{\"track_gain\": -3}'"
    await shop.db.pool.execute(measured)
    retag(path, Song(title="Other", artist="Bo"))
    await shop.scan()
    path = path.rename(shop.music / "B.flac")
    await shop.scan()
    assert await shop.rows("select loudness is not null from tracks") == [(True,)]
    write(path, Song(title="Other", artist="Bo", hertz=900, seconds=1))
    await shop.scan()
    assert await shop.rows("select loudness from tracks where missing_since is null") == [(None,)]
