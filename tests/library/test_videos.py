"""Videos beside the songs: found, known again, and never lost with a disk.

Music/
├── Films/  One.mp4  Two.mkv
└── A/      01 Ant.mp3
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from db.cards import VideoCard
from library.tags.facts import AudioTrack, Splitting
from library.tags.reader import read_file
from tests.library.conftest import Shop
from tests.support import videos
from tests.support.audio import Song, write
from tests.support.pictures import picture


@pytest.fixture
async def cinema(shop: Shop) -> Shop:
    videos.write(shop.music / "Films/One.mp4", 2, ("eng", "fra"))
    videos.write(shop.music / "Films/Two.mkv", 1, shade=60)
    write(shop.music / "A/01 Ant.mp3", Song(title="Ant", artist="Ada"))
    await shop.scan()
    return shop


async def there(shop: Shop) -> dict[str, int]:
    """Ids of the videos that are there, by path."""
    rows = await shop.rows("select path, id from videos where missing_since is null")
    return {path.decode(): row for path, row in rows}


async def one(shop: Shop, columns: str, path: str) -> tuple[Any, ...]:
    query = f"select {columns} from videos where path = $1"  # noqa: S608
    (row,) = await shop.rows(query, path.encode())
    return row


async def test_videos_and_songs_are_told_apart(cinema: Shop) -> None:
    assert set(await there(cinema)) == {"Films/One.mp4", "Films/Two.mkv"}
    assert set(await cinema.tracks()) == {"A/01 Ant.mp3"}
    assert await cinema.problems() == []


async def test_what_a_container_says_of_its_streams_is_kept(cinema: Shop) -> None:
    title, suffix, kind, duration, rate, width, height, card = await one(
        cinema,
        "title, suffix, content_type, duration, bit_rate, width, height, card",
        "Films/One.mp4",
    )
    assert (title, suffix, kind) == ("One", "mp4", "video/mp4")
    assert duration == pytest.approx(2, abs=0.1)
    assert (width, height) == videos.SIZE
    assert rate > 0
    told = msgspec.json.decode(card, type=VideoCard)
    assert told.codec == "h264"
    assert [(track.codec, track.language) for track in told.audio] == [
        ("aac", "eng"),
        ("aac", "fra"),
    ]


async def test_a_scan_without_changes_opens_no_video(cinema: Shop) -> None:
    row = await cinema.scan()
    assert (cinema.sandbox.read, row.added, row.changed) == ([], 0, 0)
    row = await cinema.scan(complete=True)
    assert (row.added, row.changed, row.missing) == (0, 3, 0)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm", "avi", "mov", "ts", "ogv"])
def test_every_kind_of_container_is_read(tmp_path: Path, suffix: str) -> None:
    path = videos.write(tmp_path / f"some.{suffix}", 1)
    found = read_file(bytes(path), Splitting()).video
    assert found is not None
    assert (found.width, found.height, len(found.audio)) == (*videos.SIZE, 1)
    assert found.duration == pytest.approx(1, abs=0.25)


def test_a_container_without_moving_pictures_is_a_song(tmp_path: Path) -> None:
    song = Song(title="Still", artist="Ada", picture=picture(32, 32, "PNG"))
    path = write(tmp_path / "song.m4a", song).rename(tmp_path / "song.mp4")
    answer = read_file(bytes(path), Splitting())
    assert answer.video is None
    assert answer.facts is not None
    assert answer.facts.title == "Still"


@pytest.mark.parametrize("contents", [b"", b"#EXTM3U\n/etc/passwd\n", b"\x1aE\xdf\xa3" * 999])
def test_what_only_calls_itself_a_video_is_a_failure(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "bad.mkv"
    path.write_bytes(contents)
    answer = read_file(bytes(path), Splitting())
    assert answer.failed
    assert answer.reason


def test_a_playlist_by_another_name_opens_no_other_file(tmp_path: Path) -> None:
    videos.write(tmp_path / "real.ts", 1)
    path = tmp_path / "list.ts"
    path.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path / 'real.ts'}\n#EXT-X-ENDLIST\n"
    )
    assert read_file(bytes(path), Splitting()).failed


async def test_a_broken_video_is_told_once_and_not_tried_again(cinema: Shop) -> None:
    (cinema.music / "Films/Bad.mkv").write_bytes(b"nothing of the kind")
    row = await cinema.scan()
    assert (row.broken, row.added) == (1, 0)
    assert [problem.path for problem in await cinema.problems()] == [b"Films/Bad.mkv"]
    row = await cinema.scan()
    assert (cinema.sandbox.read, row.broken) == ([], 1)
    (cinema.music / "Films/Bad.mkv").unlink()
    await cinema.scan()
    assert await cinema.problems() == []


async def test_a_renamed_video_keeps_its_id(cinema: Shop) -> None:
    before = await there(cinema)
    (cinema.music / "Films").rename(cinema.music / "Movies")
    (cinema.music / "Movies/One.mp4").rename(cinema.music / "The First.mp4")
    row = await cinema.scan()
    assert (row.moved, row.added, row.missing) == (2, 0, 0)
    assert await there(cinema) == {
        "The First.mp4": before["Films/One.mp4"],
        "Movies/Two.mkv": before["Films/Two.mkv"],
    }
    assert (await one(cinema, "title", "The First.mp4")) == ("The First",)


async def test_a_video_that_went_and_came_back_keeps_its_id(cinema: Shop, tmp_path: Path) -> None:
    before = await there(cinema)
    (cinema.music / "Films/Two.mkv").rename(tmp_path / "away.mkv")
    assert (await cinema.scan()).missing == 1
    assert set(await there(cinema)) == {"Films/One.mp4"}
    (tmp_path / "away.mkv").rename(cinema.music / "Films/Two again.mkv")
    await cinema.scan()
    assert (await there(cinema))["Films/Two again.mkv"] == before["Films/Two.mkv"]


async def test_a_copy_is_a_video_of_its_own(cinema: Shop) -> None:
    before = await there(cinema)
    shutil.copy(cinema.music / "Films/One.mp4", cinema.music / "Films/Copy.mp4")
    row = await cinema.scan()
    assert (row.added, row.moved) == (1, 0)
    after = await there(cinema)
    assert after.items() > before.items()
    assert len(set(after.values())) == 3


async def test_an_unmounted_disk_loses_no_video(cinema: Shop) -> None:
    before = await there(cinema)
    shutil.rmtree(cinema.music / "A")
    await cinema.scan()
    (cinema.music / "Films").rename(cinema.music.parent / "elsewhere")
    row = await cinema.scan()
    assert row.state == "refused"
    assert "2 of 2 songs and videos are not in " in row.message
    assert await there(cinema) == before
    await cinema.scan(accept_removals=True)
    assert await there(cinema) == {}


async def test_a_folder_of_videos_alone_is_there_until_they_go(cinema: Shop) -> None:
    seen = "select path from folders where missing_since is null order by path"
    assert (b"Films",) in await cinema.rows(seen)
    shutil.rmtree(cinema.music / "Films")
    await cinema.scan(accept_removals=True)
    assert await cinema.rows(seen) == [(b"",), (b"A",)]


async def test_a_file_that_becomes_the_other_kind_is_not_both(cinema: Shop) -> None:
    path = cinema.music / "Films/One.mp4"
    write(cinema.music / "One.m4a", Song(title="Sung", artist="Ada")).rename(path)
    await cinema.scan()
    assert "Films/One.mp4" not in await there(cinema)
    assert "Films/One.mp4" in await cinema.tracks()
    videos.write(path, 2)
    await cinema.scan()
    assert "Films/One.mp4" in await there(cinema)
    assert "Films/One.mp4" not in await cinema.tracks()
    assert (await cinema.scan()).message == "3 songs seen, nothing changed."


async def test_videos_that_were_taken_for_songs_become_videos_without_a_refusal(
    cinema: Shop,
) -> None:
    """As a library that was scanned before there were videos."""
    pool = cinema.db.pool
    await pool.execute("delete from videos")
    await pool.execute("update tracks set path = 'Films/One.mp4', suffix = 'mp4', reader = 0")
    row = await cinema.scan()
    assert row.state == "done"
    assert set(await there(cinema)) == {"Films/One.mp4", "Films/Two.mkv"}
    assert set(await cinema.tracks()) == {"A/01 Ant.mp3"}


async def test_videos_gone_for_long_are_forgotten_with_their_marks(cinema: Shop) -> None:
    number = (await there(cinema))["Films/Two.mkv"]
    person = await cinema.db.users.add("ann", "a-password")
    await cinema.db.pool.execute(
        "insert into marks (user_id, kind, item_id, starred) values ($1, 'video', $2, now())",
        person.id,
        number,
    )
    cinema.use(keep_missing_days=90)
    (cinema.music / "Films/Two.mkv").unlink()
    await cinema.scan()
    await cinema.db.pool.execute(
        "update videos set missing_since = now() - interval '9 years' where id = $1", number
    )
    await cinema.scan()
    assert await cinema.rows("select id from videos where id = $1", number) == []
    assert await cinema.rows("select item_id from marks") == []


def test_the_languages_of_sounds_are_told(tmp_path: Path) -> None:
    path = videos.write(tmp_path / "two.mkv", 1, ("eng", "deu"))
    found = read_file(bytes(path), Splitting()).video
    assert found is not None
    assert found.audio[1] == AudioTrack("aac", "deu", "", 1)


@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
def test_what_was_filmed_lying_down_stands_upright(tmp_path: Path, degrees: int) -> None:
    path = videos.write_lying(tmp_path / "phone.mp4", degrees)
    found = read_file(bytes(path), Splitting()).video
    assert found is not None
    wide, high = videos.SIZE
    assert (found.width, found.height) == ((high, wide) if degrees % 180 else (wide, high))
