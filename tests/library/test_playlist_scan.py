"""Playlist files through scans: made, followed, left alone, found again and gone.

Music/
├── Ada/   01 Ant.mp3  02 Bee.mp3  03 Cat.mp3
├── Lists/ mine.m3u8
└── (Dog.mp3 comes later)
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conf.settings import MusicFolder, Playlists, Settings
from db.playlists import CountedPlaylistRow, Edit
from db.rows import UserRow
from tests.library.conftest import Shop
from tests.support.audio import Song, retag, write

ANIMALS = ("Ant", "Bee", "Cat")
MINE = "#EXTM3U\n../Ada/02 Bee.mp3\n../Dog.mp3\n../Ada/01 Ant.mp3\n../Ada/02 Bee.mp3\nhttp://x/y\n../Elk.mp3\n"


def animal(music: Path, path: str) -> None:
    name = Path(path).stem.split()[-1]
    write(music / path, Song(title=name, artist="Ada", album="Zoo", hertz=200 + 7 * len(path)))


@pytest.fixture
async def zoo(shop: Shop) -> Shop:
    for track, name in enumerate(ANIMALS, 1):
        animal(shop.music, f"Ada/{track:02} {name}.mp3")
    await shop.db.users.add("boss", "password", admin=True)
    put(shop, "mine.m3u8", MINE)
    await shop.scan()
    return shop


def put(shop: Shop, name: str, text: str | bytes) -> Path:
    path = shop.music / "Lists" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


async def boss(shop: Shop) -> UserRow:
    user = await shop.db.users.by_name("boss")
    assert user is not None
    return user


async def lists(shop: Shop) -> dict[str, CountedPlaylistRow]:
    return {row.name: row for row in await shop.db.playlists.readable(await boss(shop))}


async def heard(shop: Shop, playlist: int) -> list[str]:
    row = await shop.db.playlists.open(playlist, await boss(shop))
    assert row is not None
    songs = await shop.db.tracks.in_order(row.songs, await boss(shop))
    return [song.card.title for song in songs]


async def test_a_file_becomes_a_playlist_for_everybody(zoo: Shop) -> None:
    row = (await lists(zoo))["mine"]
    assert (row.owner, row.public, row.song_count) == ("boss", True, 3)
    assert await heard(zoo, row.id) == ["Bee", "Ant", "Bee"]
    ((waiting,),) = await zoo.rows("select waiting from playlist_files")
    assert msgspec.json.decode(waiting) == [[1, "../Dog.mp3"], [4, "http://x/y"], [5, "../Elk.mp3"]]


async def test_songs_that_come_later_appear_at_their_places(zoo: Shop) -> None:
    before = (await lists(zoo))["mine"]
    animal(zoo.music, "Elk.mp3")
    await zoo.scan()
    assert await heard(zoo, before.id) == ["Bee", "Ant", "Bee", "Elk"]
    animal(zoo.music, "Dog.mp3")
    await zoo.scan()
    assert await heard(zoo, before.id) == ["Bee", "Dog", "Ant", "Bee", "Elk"]
    after = (await lists(zoo))["mine"]
    assert after.changed > before.changed
    ((waiting,),) = await zoo.rows("select waiting from playlist_files")
    assert msgspec.json.decode(waiting) == [[4, "http://x/y"]]


async def test_songs_that_move_stay_in_it_and_do_not_double(zoo: Shop) -> None:
    playlist = (await lists(zoo))["mine"].id
    (zoo.music / "Ada").rename(zoo.music / "Eve")
    await zoo.scan()
    assert await heard(zoo, playlist) == ["Bee", "Ant", "Bee"]
    put(zoo, "mine.m3u8", MINE.replace("Ada/", "Eve/"))
    await zoo.scan()
    assert await heard(zoo, playlist) == ["Bee", "Ant", "Bee"]


async def test_a_scan_without_changes_reads_no_list_again(zoo: Shop) -> None:
    before = await lists(zoo)
    row = await zoo.scan()
    assert zoo.sandbox.read == []
    assert (row.state, row.message) == ("done", "3 songs seen, nothing changed.")
    assert await lists(zoo) == before


async def test_a_changed_file_changes_the_playlist_and_keeps_its_id(zoo: Shop) -> None:
    before = (await lists(zoo))["mine"]
    put(zoo, "mine.m3u8", "#PLAYLIST:Ours\n../Ada/03 Cat.mp3")
    await zoo.scan()
    after = (await lists(zoo))["Ours"]
    assert (after.id, after.song_count, len(await lists(zoo))) == (before.id, 1, 1)
    assert after.changed > before.changed


async def test_a_touched_file_changes_nothing(zoo: Shop) -> None:
    before = await lists(zoo)
    (zoo.music / "Lists/mine.m3u8").touch()
    await zoo.scan()
    assert zoo.sandbox.read == [b"Lists/mine.m3u8"]
    assert await lists(zoo) == before
    await zoo.scan()
    assert zoo.sandbox.read == []


async def test_a_name_that_somebody_gave_it_stays(zoo: Shop) -> None:
    playlist = (await lists(zoo))["mine"].id
    await zoo.db.playlists.edit(playlist, await boss(zoo), Edit(name="Best", public=False))
    put(zoo, "mine.m3u8", "#PLAYLIST:Ours\n../Ada/03 Cat.mp3")
    await zoo.scan()
    row = (await lists(zoo))["Best"]
    assert (row.id, row.public) == (playlist, False)
    assert await heard(zoo, playlist) == ["Cat"]


async def test_a_list_whose_songs_people_change_follows_its_file_no_more(zoo: Shop) -> None:
    playlist = (await lists(zoo))["mine"].id
    assert await zoo.db.playlists.edit(playlist, await boss(zoo), Edit(remove=[0]))
    put(zoo, "mine.m3u8", MINE + "../Ada/03 Cat.mp3")
    animal(zoo.music, "Dog.mp3")
    await zoo.scan()
    assert await heard(zoo, playlist) == ["Ant", "Bee"]
    (zoo.music / "Lists/mine.m3u8").unlink()
    await zoo.scan()
    assert await heard(zoo, playlist) == ["Ant", "Bee"]
    assert await zoo.rows("select path from playlist_files") == []


async def test_a_deleted_list_comes_back_when_its_file_changes(zoo: Shop) -> None:
    playlist = (await lists(zoo))["mine"].id
    assert await zoo.db.playlists.delete(playlist, await boss(zoo))
    (zoo.music / "Lists/mine.m3u8").touch()
    await zoo.scan()
    await zoo.scan(complete=True)
    (zoo.music / "Lists/mine.m3u8").rename(zoo.music / "Lists/other.m3u8")
    await zoo.scan()
    assert await lists(zoo) == {}
    put(zoo, "other.m3u8", "../Ada/03 Cat.mp3")
    await zoo.scan()
    row = (await lists(zoo))["other"]
    assert row.id != playlist
    assert await heard(zoo, row.id) == ["Cat"]


async def test_a_renamed_file_is_the_same_playlist(zoo: Shop) -> None:
    before = (await lists(zoo))["mine"]
    (zoo.music / "Lists/mine.m3u8").rename(zoo.music / "ours.m3u8")
    await zoo.scan()
    rows = await lists(zoo)
    assert list(rows) == ["ours"]
    assert rows["ours"].id == before.id
    assert await heard(zoo, before.id) == ["Bee", "Ant", "Bee"]
    assert await zoo.rows("select path, follows from playlist_files") == [(b"ours.m3u8", True)]


async def test_a_list_goes_with_its_file(zoo: Shop) -> None:
    put(zoo, "other.pls", "[playlist]\nFile1=../Ada/01 Ant.mp3\n")
    await zoo.scan()
    assert set(await lists(zoo)) == {"mine", "other"}
    (zoo.music / "Lists/mine.m3u8").unlink()
    await zoo.scan()
    assert set(await lists(zoo)) == {"other"}


async def test_a_folder_that_shows_nothing_at_all_takes_no_list_with_it(zoo: Shop) -> None:
    other = zoo.music.parent / "Only lists"
    other.mkdir()
    (other / "far.m3u").write_text(str(zoo.music / "Ada/03 Cat.mp3"))
    folders = (*zoo.settings.library.folders, MusicFolder(path=other))
    zoo.settings = msgspec.structs.replace(
        zoo.settings, library=msgspec.structs.replace(zoo.settings.library, folders=folders)
    )
    await zoo.scan()
    far = (await lists(zoo))["far"]
    assert await heard(zoo, far.id) == ["Cat"]
    (other / "far.m3u").unlink()
    await zoo.scan()
    assert "far" in await lists(zoo)
    shutil.rmtree(other)
    await zoo.scan()
    assert "far" in await lists(zoo)
    other.mkdir()
    await zoo.scan(accept_removals=True)
    assert set(await lists(zoo)) == {"mine"}


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("bad.xspf", b"<!DOCTYPE p><playlist/>", "document type"),
        ("bad.m3u", b"a\n" * 100_001, "lines"),
        ("bad.m3u8", b"x" * (2 * 1024 * 1024 + 1), "2 MB"),
        ("bad.nsp", b'{"all": [{"is": {"secret": 1}}]}', "'secret'"),
    ],
)
async def test_what_is_no_playlist_is_reported_until_it_is_mended(
    zoo: Shop, name: str, data: bytes, complaint: str
) -> None:
    path = put(zoo, name, data)
    row = await zoo.scan()
    assert (row.state, row.broken) == ("done", 1)
    (problem,) = await zoo.problems()
    assert problem.path == f"Lists/{name}".encode()
    assert complaint in problem.reason
    row = await zoo.scan()
    assert (zoo.sandbox.read, row.broken) == ([], 1)
    assert await zoo.problems() == [problem]
    path.unlink()
    await zoo.scan()
    assert await zoo.problems() == []


async def test_a_file_that_breaks_leaves_the_playlist(zoo: Shop) -> None:
    before = await lists(zoo)
    path = put(zoo, "mine.m3u8", "#EXT-X-VERSION:3\n")
    await zoo.scan()
    assert await lists(zoo) == before
    path.write_text("../Ada/03 Cat.mp3")
    await zoo.scan()
    assert await zoo.problems() == []
    assert await heard(zoo, before["mine"].id) == ["Cat"]


async def test_a_list_that_kills_its_reader_is_reported_alone(zoo: Shop) -> None:
    put(zoo, "bomb.m3u", "x")
    put(zoo, "good.m3u", "../Ada/03 Cat.mp3")

    def trap(paths: list[bytes]) -> None:
        if b"Lists/bomb.m3u" in paths:
            raise ChildProcessError("killed by signal 11")

    zoo.sandbox.trap = trap
    await zoo.scan()
    assert [problem.path for problem in await zoo.problems()] == [b"Lists/bomb.m3u"]
    assert set(await lists(zoo)) == {"mine", "good"}


async def test_a_smart_playlist_of_navidrome_works_and_says_what_it_leaves_out(zoo: Shop) -> None:
    rules: dict[str, Any] = {
        "name": "Short names",
        "comment": "Of animals",
        "all": [
            {"any": [{"is": {"title": "cat"}}, {"is": {"title": "ANT"}}]},
            {"is": {"mood": "x"}},
        ],
        "sort": "-title",
    }
    put(zoo, "smart.nsp", msgspec.json.encode(rules))
    await zoo.scan()
    row = (await lists(zoo))["Short names"]
    assert (row.smart, row.song_count, row.comment) == (True, 2, "Of animals")
    assert await heard(zoo, row.id) == ["Cat", "Ant"]
    (problem,) = await zoo.problems()
    assert "'mood'" in problem.reason
    await zoo.scan()
    assert len(await zoo.problems()) == 1
    del rules["all"][1]
    rules["all"][0]["any"] = [{"is": {"title": "bee"}}]
    put(zoo, "smart.nsp", msgspec.json.encode(rules))
    await zoo.scan()
    assert (await lists(zoo))["Short names"].id == row.id
    assert await heard(zoo, row.id) == ["Bee"]
    assert await zoo.problems() == []


def owned(settings: Settings, name: str, *, public: bool = True) -> Settings:
    return msgspec.structs.replace(settings, playlists=Playlists(owner=name, public=public))


async def test_the_settings_say_whose_they_are_and_who_sees_them(zoo: Shop) -> None:
    await zoo.db.users.add("Ann", "password")
    zoo.settings = owned(zoo.settings, "ann", public=False)
    put(zoo, "hers.m3u", "../Ada/01 Ant.mp3")
    await zoo.scan()
    row = (await lists(zoo))["hers"]
    assert (row.owner, row.public) == ("Ann", False)


async def test_without_its_owner_a_file_waits(zoo: Shop) -> None:
    zoo.settings = owned(zoo.settings, "nobody")
    put(zoo, "later.m3u", "../Ada/01 Ant.mp3")
    await zoo.scan()
    assert set(await lists(zoo)) == {"mine"}
    await zoo.db.users.add("nobody", "password")
    await zoo.scan()
    assert set(await lists(zoo)) == {"mine", "later"}


async def test_every_file_read_again_looks_up_every_line_again(zoo: Shop) -> None:
    playlist = (await lists(zoo))["mine"].id
    await zoo.db.pool.execute("update playlists set songs = '{}'")
    await zoo.db.pool.execute("update playlist_files set waiting = '[]'")
    await zoo.scan(complete=True)
    assert await heard(zoo, playlist) == ["Bee", "Ant", "Bee"]


async def test_links_are_not_followed(zoo: Shop, tmp_path: Path) -> None:
    outside = tmp_path / "outside.m3u"
    outside.write_text("../Ada/01 Ant.mp3")
    (zoo.music / "Lists/link.m3u").symlink_to(outside)
    await zoo.scan()
    assert set(await lists(zoo)) == {"mine"}


async def test_a_retagged_song_stays(zoo: Shop) -> None:
    playlist = (await lists(zoo))["mine"].id
    retag(zoo.music / "Ada/02 Bee.mp3", Song(title="Wasp", artist="Ada", album="Zoo"))
    await zoo.scan()
    assert await heard(zoo, playlist) == ["Wasp", "Ant", "Wasp"]


async def test_a_scan_of_some_folders_takes_no_list_of_others_with_it(zoo: Shop) -> None:
    put(zoo, "other.m3u", "../Dog.mp3")
    animal(zoo.music, "Dog.mp3")
    await zoo.scan(folders=[b"Ada"])
    assert set(await lists(zoo)) == {"mine"}
    await zoo.scan(folders=[b"Lists"])
    assert set(await lists(zoo)) == {"mine", "other"}
    (zoo.music / "Lists/mine.m3u8").unlink()
    await zoo.scan(folders=[b"Ada"])
    assert set(await lists(zoo)) == {"mine", "other"}
    await zoo.scan(folders=[b"Lists"])
    assert set(await lists(zoo)) == {"other"}


async def test_an_ignored_list_goes(zoo: Shop) -> None:
    (zoo.music / "Lists/.dulcianignore").write_text("")
    await zoo.scan()
    assert await lists(zoo) == {}
