"""Files with cue sheets through whole scans: their tracks are songs, and are known again.

Music/
├── Disc/   Disc.flac  Disc.cue     One, Two, Three by Ada, album Whole, a second each
└── Other/  Song.mp3
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.library.conftest import Shop
from tests.support.audio import Song, retag, write
from tests.support.cue import sheet

TRACKS = [("One", "00:00:00"), ("Two", "00:01:00"), ("Three", "00:02:00")]
IMAGE = Song(artist="Ada", album="Whole", seconds=3)


def note(path: Path, text: str) -> None:
    """Write a sheet, so that it is seen to have changed."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    if before:
        os.utime(path, ns=(before, before + 1_000_000_000))


@pytest.fixture
async def disc(shop: Shop) -> Shop:
    write(shop.music / "Disc/Disc.flac", IMAGE)
    note(shop.music / "Disc/Disc.cue", sheet(TRACKS))
    write(shop.music / "Other/Song.mp3", Song(title="Song", artist="Bo", album="Other"))
    await shop.scan()
    return shop


async def songs(shop: Shop, below: str = "Disc") -> dict[str, int]:
    """Ids by title of the songs that are there."""
    rows = await shop.rows(
        "select card->>'title', id from tracks where missing_since is null"
        " and position($1::bytea in path) = 1 order by cue",
        below.encode(),
    )
    found: dict[str, int] = dict(rows)
    assert len(found) == len(rows)
    return found


async def problems(shop: Shop) -> dict[str, str]:
    return {row.path.decode(): row.reason for row in await shop.problems()}


async def test_the_tracks_stand_for_the_file(disc: Shop) -> None:
    rows = await disc.rows(
        "select cue, card->>'title', duration, cue_begin, cue_end, suffix, track, card->>'path'"
        " from tracks where cue > 0 order by cue"
    )
    assert rows == [
        (1, "One", 1.0, 0.0, 1.0, "flac", 1, "Disc/Disc - 01 One.flac"),
        (2, "Two", 1.0, 1.0, 2.0, "flac", 2, "Disc/Disc - 02 Two.flac"),
        (3, "Three", 1.0, 2.0, 0.0, "flac", 3, "Disc/Disc - 03 Three.flac"),
    ]
    assert list(await songs(disc)) == ["One", "Two", "Three"]
    assert set(await disc.albums()) == {"Ada / Whole", "Bo / Other"}
    ((count, duration),) = await disc.rows(
        "select song_count, duration from albums where name = 'Whole'"
    )
    assert (count, duration) == (3, 3.0)
    assert await problems(disc) == {}


async def test_a_scan_without_changes_reads_nothing(disc: Shop) -> None:
    before = await songs(disc)
    row = await disc.scan()
    assert (row.todo, row.changed, row.added, row.missing) == (0, 0, 0, 0)
    assert disc.sandbox.read == []
    assert await songs(disc) == before


async def test_a_changed_sheet_has_just_its_file_read_again(disc: Shop) -> None:
    write(disc.music / "Disc/Bonus.mp3", Song(title="Bonus", artist="Ada", album="Whole"))
    await disc.scan()
    before = await songs(disc)
    note(disc.music / "Disc/Disc.cue", sheet([("Uno", TRACKS[0][1]), *TRACKS[1:]]))
    row = await disc.scan()
    assert disc.sandbox.read == [b"Disc/Disc.cue", b"Disc/Disc.flac"]
    assert (row.added, row.missing, row.moved) == (0, 0, 0)
    after = await songs(disc)
    assert after.pop("Uno") == before.pop("One")
    assert after == before


async def test_the_file_or_the_sheet_may_be_renamed(disc: Shop) -> None:
    before = await songs(disc)
    (disc.music / "Disc/Disc.cue").rename(disc.music / "Disc/x.cue")
    await disc.scan()
    assert await songs(disc) == before
    (disc.music / "Disc/Disc.flac").rename(disc.music / "Disc/y.flac")
    row = await disc.scan()
    assert await songs(disc) == before
    assert (row.moved, row.missing) == (3, 0)
    (disc.music / "Disc").rename(disc.music / "Disc 2")
    await disc.scan()
    assert await songs(disc) == before


async def test_a_large_disc_that_is_renamed_is_no_missing_disk(shop: Shop) -> None:
    many = [(f"T{n}", f"00:00:{n:02}") for n in range(60)]
    write(shop.music / "Disc/Disc.flac", IMAGE)
    note(shop.music / "Disc/Disc.cue", sheet(many))
    await shop.scan()
    before = await songs(shop)
    (shop.music / "Disc/Disc.flac").rename(shop.music / "Disc/y.flac")
    assert (await shop.scan()).state == "done"
    assert await songs(shop) == before
    assert len(before) == 60


async def test_the_file_may_get_other_tags_or_another_format(disc: Shop) -> None:
    before = await songs(disc)
    retag(disc.music / "Disc/Disc.flac", Song(artist="Ada", album="Whole", date="1999"))
    await disc.scan()
    assert await songs(disc) == before
    (disc.music / "Disc/Disc.flac").unlink()
    write(disc.music / "Disc/Disc.mp3", IMAGE)
    row = await disc.scan()
    assert await songs(disc) == before
    assert (row.moved, row.missing) == (3, 0)
    ((suffix,),) = await disc.rows("select distinct suffix from tracks where cue > 0")
    assert suffix == "mp3"


async def test_another_recording_in_place_is_known_by_what_the_sheet_says(disc: Shop) -> None:
    before = await songs(disc)
    write(disc.music / "Disc/Disc.flac", Song(artist="Ada", album="Whole", seconds=3.1, hertz=999))
    await disc.scan()
    assert await songs(disc) == before


async def test_tracks_that_are_numbered_anew_keep_their_sound(disc: Shop) -> None:
    before = await songs(disc)
    note(disc.music / "Disc/Disc.cue", sheet(TRACKS, first=2))
    await disc.scan()
    assert await songs(disc) == before
    cut = [("New", "00:00:00"), ("One", "00:00:30"), *TRACKS[1:]]
    note(disc.music / "Disc/Disc.cue", sheet(cut))
    await disc.scan()
    after = await songs(disc)
    assert {title: after[title] for title in before} == before
    assert len(after) == 4


async def test_a_track_that_the_sheet_loses_becomes_a_tombstone_and_comes_back(disc: Shop) -> None:
    before = await songs(disc)
    note(disc.music / "Disc/Disc.cue", sheet(TRACKS[:2]))
    row = await disc.scan()
    assert list(await songs(disc)) == ["One", "Two"]
    assert row.missing == 1
    note(disc.music / "Disc/Disc.cue", sheet(TRACKS))
    await disc.scan()
    assert await songs(disc) == before


async def test_a_sheet_that_comes_later_makes_tracks_and_the_song_comes_back_without_it(
    disc: Shop,
) -> None:
    write(disc.music / "Late/Late.flac", Song(title="Image", artist="Cy", album="Late", seconds=3))
    await disc.scan()
    whole = await songs(disc, "Late")
    assert list(whole) == ["Image"]
    user = await disc.db.users.add("ada", "secret-pass")
    await disc.rows(
        "insert into marks (user_id, kind, item_id, starred) values ($1, 'track', $2, now())",
        user.id,
        whole["Image"],
    )

    path = disc.music / "Late/Late.cue"
    note(path, sheet(TRACKS, "Late.wav", head='PERFORMER "Cy"\nTITLE "Late"'))
    row = await disc.scan()
    tracks = await songs(disc, "Late")
    assert list(tracks) == ["One", "Two", "Three"]
    assert not set(tracks.values()) & set(whole.values())
    assert (row.added, row.missing, row.moved) == (3, 1, 0)
    marks = await disc.rows("select item_id from marks where starred is not null")
    assert marks == [(whole["Image"],)]

    path.unlink()
    await disc.scan()
    assert await songs(disc, "Late") == whole
    note(path, sheet(TRACKS, "Late.wav", head='PERFORMER "Cy"\nTITLE "Late"'))
    await disc.scan()
    assert await songs(disc, "Late") == tracks
    assert (await disc.scan()).todo == 0


async def test_a_disc_that_was_gone_comes_back_as_it_was(disc: Shop, tmp_path: Path) -> None:
    before = await songs(disc)
    (disc.music / "Disc").rename(tmp_path / "away")
    await disc.scan(accept_removals=True)
    assert await songs(disc) == {}
    (tmp_path / "away").rename(disc.music / "Disc")
    await disc.scan()
    assert await songs(disc) == before


async def test_a_disc_that_is_cut_into_files_keeps_its_songs(disc: Shop) -> None:
    before = await songs(disc)
    (disc.music / "Disc/Disc.flac").unlink()
    for number, (title, _) in enumerate(TRACKS, 1):
        song = Song(title=title, artist="Ada", album="Whole", track=number, seconds=1)
        write(disc.music / f"Disc/{number}.flac", song)
    await disc.scan()
    assert await songs(disc) == before
    await disc.scan()
    assert await songs(disc) == before


async def test_a_hostile_sheet_is_a_problem_and_its_file_the_song_it_is(disc: Shop) -> None:
    path = disc.music / "Disc/Disc.cue"
    note(path, sheet([*TRACKS, ("Far", "50:00:00")]))
    row = await disc.scan()
    assert list(await songs(disc)) == ["Disc"]
    assert row.broken == 1
    assert "after the file's end" in (await problems(disc))["Disc/Disc.cue"]
    row = await disc.scan()
    assert (row.todo, row.broken, list(await problems(disc))) == (0, 1, ["Disc/Disc.cue"])
    note(path, "FILE nothing")
    await disc.scan()
    await disc.scan()
    assert "names no tracks" in (await problems(disc))["Disc/Disc.cue"]
    note(path, sheet(TRACKS))
    row = await disc.scan()
    assert (list(await songs(disc)), row.broken, await problems(disc)) == (
        ["One", "Two", "Three"], 0, {},
    )  # fmt: skip


async def test_a_problem_goes_with_its_sheet(disc: Shop) -> None:
    note(disc.music / "Disc/Disc.cue", "FILE nothing")
    await disc.scan()
    (disc.music / "Disc/Disc.cue").unlink()
    await disc.scan()
    assert await problems(disc) == {}
    assert await disc.rows("select path from sheets") == []


async def test_a_sheet_that_kills_its_reader_costs_itself_alone(disc: Shop) -> None:
    before = await songs(disc)
    note(disc.music / "Disc/Bad.cue", sheet(TRACKS, "Bad.flac"))
    note(disc.music / "Disc/Good.cue", sheet(TRACKS, "nowhere.flac"))

    def trap(paths: list[bytes]) -> None:
        if b"Disc/Bad.cue" in paths:
            raise ChildProcessError("killed")

    disc.sandbox.trap = trap
    assert (await disc.scan()).state == "done"
    assert await songs(disc) == before
    assert list(await problems(disc)) == ["Disc/Bad.cue"]


async def test_sheets_of_files_for_each_track_double_nothing(shop: Shop) -> None:
    for number, (title, _) in enumerate(TRACKS, 1):
        write(shop.music / f"Disc/{number}.flac", Song(title=title, artist="Ada", album="Whole"))
    text = "".join(
        f'FILE "{n}.wav" WAVE\nTRACK {n:02} AUDIO\nTITLE "Other {n}"\nINDEX 01 00:00:00\n'
        for n in (1, 2, 3)
    )
    note(shop.music / "Disc/Disc.cue", text)
    row = await shop.scan()
    assert list(await songs(shop)) == ["One", "Two", "Three"]
    assert (row.added, row.broken) == (3, 0)
    assert (await shop.scan()).todo == 0


async def test_a_link_is_no_sheet_and_a_sheet_leads_nowhere(disc: Shop, tmp_path: Path) -> None:
    outside = tmp_path / "outside.cue"
    outside.write_text(sheet(TRACKS, "Song.mp3"))
    (disc.music / "Other/Song.cue").symlink_to(outside)
    note(disc.music / "Other/Far.cue", sheet(TRACKS, "../Disc/Disc.flac"))
    write(disc.music / "Other/Second.mp3", Song(title="Second", artist="Bo", album="Other"))
    before = await songs(disc)
    await disc.scan()
    assert await songs(disc) == before
    assert sorted(await songs(disc, "Other")) == ["Second", "Song"]


async def test_a_sheet_in_the_tags_is_read_and_follows_the_file(shop: Shop) -> None:
    text = sheet(TRACKS)
    path = write(shop.music / "Disc/a.flac", Song(seconds=3, more={"cuesheet": text}))
    await shop.scan()
    before = await songs(shop)
    assert list(before) == ["One", "Two", "Three"]
    retag(path, Song(seconds=3, more={"cuesheet": text.replace("Two", "Zwei")}))
    os.utime(path, ns=(10**18, 10**18))
    await shop.scan()
    after = await songs(shop)
    assert after == {"One": before["One"], "Zwei": before["Two"], "Three": before["Three"]}
    assert (await shop.scan()).todo == 0


async def test_a_complete_scan_changes_nothing(disc: Shop) -> None:
    before = await songs(disc)
    await disc.scan(complete=True)
    assert await songs(disc) == before


async def test_a_song_that_joins_the_folder_moves_all_tracks_to_one_album(disc: Shop) -> None:
    before = await songs(disc)
    claims = {"musicbrainz_albumid": "6b9a0ec2-7e35-4d2c-8f53-1b0a6c3a3f02"}
    write(
        disc.music / "Disc/Bonus.mp3",
        Song(title="Bonus", artist="Ada", albumartist="Ada", album="Whole", more=claims),
    )
    await disc.scan()
    rows = await disc.rows("select distinct album_id from tracks where path like 'Disc/%'")
    assert len(rows) == 1
    after = await songs(disc)
    assert {title: after[title] for title in before} == before


async def test_a_scan_of_other_folders_leaves_tracks_and_sheets_alone(disc: Shop) -> None:
    note(disc.music / "Disc/Bad.cue", "FILE nothing")
    await disc.scan()
    before = await songs(disc)
    write(disc.music / "Other/More.mp3", Song(title="More", artist="Bo", album="Other"))
    row = await disc.scan(folders=[b"Other"])
    assert (row.added, row.missing) == (1, 0)
    assert await songs(disc) == before
    assert list(await problems(disc)) == ["Disc/Bad.cue"]
    note(disc.music / "Disc/Disc.cue", sheet(TRACKS[:2]))
    await disc.scan(folders=[b"Other"])
    assert await songs(disc) == before
    await disc.scan(folders=[b"Disc"])
    assert list(await songs(disc)) == ["One", "Two"]
    row = await disc.scan()
    assert (row.todo, disc.sandbox.read) == (0, [])


async def test_marks_of_tracks_survive_what_happens_to_their_file(disc: Shop) -> None:
    user = await disc.db.users.add("ada", "secret-pass")
    two = (await songs(disc))["Two"]
    await disc.rows(
        "insert into marks (user_id, kind, item_id, starred) values ($1, 'track', $2, now())",
        user.id,
        two,
    )
    (disc.music / "Disc").rename(disc.music / "Elsewhere")
    (disc.music / "Elsewhere/Disc.flac").rename(disc.music / "Elsewhere/New.flac")
    note(disc.music / "Elsewhere/Disc.cue", sheet([TRACKS[0], ("Zwei", TRACKS[1][1]), TRACKS[2]]))
    await disc.scan()
    assert (await songs(disc, "Elsewhere"))["Zwei"] == two
    assert await disc.rows("select item_id from marks") == [(two,)]
