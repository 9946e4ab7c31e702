"""Several files of one recording: what lists show, and whose the marks are.

Music/
├── Flac/   01 Ant.flac  02 Bee.flac  03 Cat.flac      by Ada, album Zoo
├── Car/    01 Ant.mp3   02 Bee.mp3                    the same, for the car
└── Solo.mp3                                           by Bo
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from conf.settings import MusicFolder, Settings
from db.annotations import Items
from db.database import Database
from db.playlists import Edit
from db.rows import UserRow
from tests.library.conftest import Shop
from tests.support.audio import Song, retag, write

ANT, BEE, CAT = (
    Song(title=title, artist="Ada", album="Zoo", track=track, genre="Folk", seconds=1)
    for track, title in enumerate(("Ant", "Bee", "Cat"), 1)
)


class Home(Shop):
    """A household with everything twice."""

    user: UserRow

    async def look(self, duplicates: str = "merge", **more: Any) -> dict[str, int]:
        """A scan; gives the songs that are listed, by path."""
        self.use(duplicates=duplicates, **more)
        row = await self.scan(accept_removals=True)
        assert row.state == "done"
        found = await self.db.users.by_name("bo")
        assert found is not None
        self.user = found
        return await self.listed()

    async def listed(self) -> dict[str, int]:
        user = self.user
        rows = await self.db.tracks.random(user, user.libraries, 50)
        return {row.card.path: row.id for row in rows}

    async def albums_of(self) -> dict[str, tuple[int, int]]:
        """Songs and plays of the albums that are listed."""
        user = self.user
        found = await self.rows("select id from albums where missing_since is null order by id")
        rows = [await self.db.albums.get(id, user) for (id,) in found]
        return {row.card.name: (row.song_count, row.play_count or 0) for row in rows if row}

    async def marks(self) -> dict[int, tuple[bool, int | None, int]]:
        """Star, rating and plays, as lists show them."""
        rows = await self.db.tracks.by_ids([*(await self.listed()).values()], self.user)
        return {row.id: (row.starred is not None, row.rating, row.play_count or 0) for row in rows}

    async def play(self, track: int, times: int = 1) -> None:
        moments = [datetime.now(UTC) - timedelta(hours=n) for n in range(times)]
        assert await self.db.plays.add(self.user, [track] * times, moments, "app") == times

    async def star(self, track: int) -> None:
        assert await self.db.annotations.star(self.user, Items(tracks=frozenset([track])))

    async def unstar(self, track: int) -> None:
        assert await self.db.annotations.unstar(self.user, Items(tracks=frozenset([track])))

    async def songs_in(self, playlist: int) -> list[int]:
        row = await self.db.playlists.get(playlist, self.user)
        assert row is not None
        (counted,) = await self.db.playlists.by_owner(self.user.id, self.user)
        seen = [song.id for song in await self.db.tracks.in_order(row.songs, self.user)]
        assert counted.song_count == len(seen)
        return seen


@pytest.fixture
async def home(database: Database, settings: Settings, tmp_path: Path) -> AsyncIterator[Home]:
    (tmp_path / "Music").mkdir()
    home = Home(database, settings, tmp_path / "Music")
    for song in (ANT, BEE, CAT):
        write(home.music / f"Flac/{song.track:02} {song.title}.flac", song)
    for song in (ANT, BEE):
        write(home.music / f"Car/{song.track:02} {song.title}.mp3", song)
    write(home.music / "Solo.mp3", Song(title="Solo", artist="Bo", genre="Folk"))
    await database.users.add("bo", "secret")
    yield home  # noqa: PT022


SHOWN = {"Flac/01 Ant.flac", "Flac/02 Bee.flac", "Flac/03 Cat.flac", "Solo.mp3"}
ALL = SHOWN | {"Car/01 Ant.mp3", "Car/02 Bee.mp3"}


async def test_lists_show_and_count_one_song_for_all_its_files(home: Home) -> None:
    """From the scan on that finds it so; back again with the switch, and nothing is read for it."""
    assert (await home.look("show")).keys() == ALL
    assert len(home.sandbox.read) == len(ALL)
    assert await home.db.state.get("merged", list[int]) is None
    shown = await home.look()
    assert not home.sandbox.read
    assert shown.keys() == SHOWN
    user, libraries = home.user, home.user.libraries
    assert (await home.albums_of())["Zoo"] == (3, 0)
    genres = {row.name: row.song_count for row in await home.db.genres.all(libraries)}
    assert genres == {"Folk": 4}
    artists = await home.db.artists.album_artists(user, libraries)
    assert {row.name: row.song_count for row in artists} == {"Ada": 3, "Bo": 1}
    assert {
        row.card.path for row in await home.db.tracks.by_genre("folk", user, libraries, 9, 0)
    } == SHOWN
    car = (await home.rows("select id from folders where path = 'Car'"))[0][0]
    in_car = await home.db.tracks.by_folder(car, user, merged=True)
    assert [row.card.path for row in in_car] == ["Flac/01 Ant.flac", "Flac/02 Bee.flac"]
    before = await home.rows("select id, twin_of, xmin::text from tracks order by id")
    assert (await home.look()).keys() == SHOWN
    assert await home.rows("select id, twin_of, xmin::text from tracks order by id") == before
    assert (await home.look("show")).keys() == ALL
    assert (await home.albums_of())["Zoo"][0] == 5
    assert await home.db.state.get("merged", list[int]) == []


async def test_what_users_attached_belongs_to_the_recording_and_comes_back_with_its_file(
    home: Home,
) -> None:
    every = await home.look("show")
    flac, mp3 = every["Flac/01 Ant.flac"], every["Car/01 Ant.mp3"]
    bee, bee_mp3 = every["Flac/02 Bee.flac"], every["Car/02 Bee.mp3"]
    await home.star(mp3)
    await home.db.annotations.rate(home.user, "track", mp3, 4)
    await home.play(mp3, 3)
    await home.play(flac, 2)
    playlist = await home.db.playlists.add(home.user, "Car", [mp3, bee, bee_mp3])
    assert playlist
    for _ in range(2):
        await home.look()
        assert (await home.marks())[flac] == (True, 4, 5)
        assert [row.id for row in await home.db.tracks.starred(home.user, home.user.libraries)] == [
            flac
        ]
        assert await home.songs_in(playlist) == [flac, bee, bee]
        assert (await home.albums_of())["Zoo"] == (3, 5)
        await home.look("show")
        assert (await home.marks())[mp3] == (True, 4, 3)
        assert (await home.marks())[flac] == (True, 4, 2)
        assert await home.songs_in(playlist) == [mp3, bee, bee_mp3]
    await home.look()
    await home.unstar(mp3)
    await home.db.annotations.rate(home.user, "track", mp3, 2)
    await home.play(mp3)
    assert (await home.marks())[flac] == (False, 2, 6)
    assert await home.db.playlists.edit(playlist, home.user, Edit(remove=[1], add=[mp3]))
    assert await home.songs_in(playlist) == [flac, bee, flac]
    rated = await home.rows("select id from tracks where average_rating = 2 order by id")
    assert {id for (id,) in rated} == {flac, mp3}
    await home.look("show")
    assert (await home.marks())[mp3] == (False, 2, 3)
    assert (await home.marks())[flac] == (False, 2, 3)
    await home.look()
    assert (await home.marks())[flac] == (False, 2, 6)


@pytest.mark.attack("X21")
async def test_ids_of_all_files_go_on_working(home: Home) -> None:
    every = await home.look("show")
    flac, mp3 = every["Flac/01 Ant.flac"], every["Car/01 Ant.mp3"]
    await home.look()
    user, db = home.user, home.db
    song = await db.tracks.get(mp3, user)
    file = await db.tracks.file(mp3, user)
    assert song is not None
    assert file is not None
    assert (song.id, file.id) == (flac, mp3)
    assert [one.id for one in await db.tracks.files(mp3, user)] == [mp3, flac]
    assert [one.id for one in await db.tracks.files(flac, user)] == [flac, mp3]
    assert await db.queue.save(user, [mp3, flac], 1, 5, "app")
    queue = await db.queue.get(user)
    assert queue is not None
    assert ([row.id for row in queue.songs], queue.current, queue.position) == ([flac, flac], 1, 5)
    assert await db.bookmarks.put(user, "track", mp3, 7, None)
    assert [(row.id, row.bookmark) for row in await db.bookmarks.tracks(user)] == [(flac, 7)]
    assert await db.bookmarks.drop(user, "track", flac)
    assert await db.bookmarks.tracks(user) == []
    share = await db.shares.add(user, [("track", mp3)], "", None)
    assert share is not None
    held = (await db.shares.songs([share.id], user))[share.id]
    assert [row.id for row in held] == [flac]
    assert await db.shares.holds(share.id, mp3, user)
    album = song.album_id
    bundled = await db.bundles.files("album", album, user, 9)
    assert [row.path for row in bundled] == [
        b"Flac/01 Ant.flac",
        b"Flac/02 Bee.flac",
        b"Flac/03 Cat.flac",
    ]
    nobody = structs.replace(user, libraries=[])
    assert await db.tracks.files(mp3, nobody) == []
    assert await db.tracks.get(mp3, nobody) is None


async def test_when_the_best_file_goes_another_takes_over_with_all_marks(home: Home) -> None:
    """For as long as it is away, or for good."""
    every = await home.look()
    flac = every["Flac/01 Ant.flac"]
    ((mp3,),) = await home.rows("select id from tracks where path = 'Car/01 Ant.mp3'")
    await home.star(flac)
    await home.play(flac, 2)
    playlist = await home.db.playlists.add(home.user, "P", [flac])
    assert playlist
    away = home.music.parent / "away.flac"
    (home.music / "Flac/01 Ant.flac").rename(away)
    shown = await home.look()
    assert (shown["Car/01 Ant.mp3"], "Flac/01 Ant.flac" in shown) == (mp3, False)
    assert (await home.marks())[mp3] == (True, None, 2)
    assert await home.songs_in(playlist) == [mp3]
    file = await home.db.tracks.file(flac, home.user)
    assert file is not None
    assert file.id == mp3
    assert (await home.albums_of())["Zoo"][0] == 3
    away.rename(home.music / "Flac/01 Ant.flac")
    shown = await home.look()
    assert shown.keys() == SHOWN
    assert shown["Flac/01 Ant.flac"] == flac
    assert (await home.marks())[flac] == (True, None, 2)
    (home.music / "Flac/01 Ant.flac").unlink()
    await home.look()
    await home.db.pool.execute("update tracks set missing_since = '2020-01-01' where id = $1", flac)
    await home.look(keep_missing_days=30)
    assert await home.rows("select id from tracks where id = $1", flac) == []
    assert (await home.marks())[mp3] == (True, None, 2)
    assert await home.rows("select songs from playlists") == [([mp3],)]
    await home.look("show")
    assert (await home.marks())[mp3] == (True, None, 2)


async def test_what_is_tagged_apart_is_two_and_what_comes_later_joins(home: Home) -> None:
    await home.look()
    write(home.music / "Car/03 Cat.mp3", CAT)
    assert (await home.look()).keys() == SHOWN
    retag(home.music / "Car/03 Cat.mp3", replace(CAT, title="Cat (live)"))
    assert (await home.look()).keys() == SHOWN | {"Car/03 Cat.mp3"}
    assert (await home.albums_of())["Zoo"][0] == 4
    retag(home.music / "Car/03 Cat.mp3", CAT)
    assert (await home.look()).keys() == SHOWN


async def test_an_album_in_two_copies_is_one_even_if_they_are_not_tagged_alike(home: Home) -> None:
    """Such as with a year in one of them only."""
    for song in (ANT, BEE):
        retag(home.music / f"Car/{song.track:02} {song.title}.mp3", replace(song, date="1999"))
    every = await home.look("show")
    rows = await home.db.tracks.by_ids([*every.values()], home.user)
    ids = {row.card.path: row.album_id for row in rows}
    flac, mp3 = ids["Flac/01 Ant.flac"], ids["Car/01 Ant.mp3"]
    assert flac != mp3
    assert await home.db.annotations.star(home.user, Items(albums=frozenset([mp3])))
    await home.play(every["Car/01 Ant.mp3"])
    await home.look()
    starred = await home.rows(
        "select a.id, m.play_count from marks m join albums a on a.id = m.item_id and m.kind = 'album'"
        " where m.starred is not null and a.missing_since is null"
    )
    assert starred == [(flac, 1)]
    shown = await home.db.albums.get(mp3, home.user)
    assert shown is not None
    assert (shown.id, shown.song_count) == (flac, 3)
    share = await home.db.shares.add(home.user, [("album", mp3)], "", None)
    assert share is not None
    held = (await home.db.shares.songs([share.id], home.user))[share.id]
    assert [row.card.path for row in held] == ["Flac/01 Ant.flac", "Flac/02 Bee.flac"]
    await home.look("show")
    assert [
        id
        for id, _ in await home.rows(
            "select item_id, starred from marks where kind = 'album' and starred is not null order by 1"
        )
    ] == sorted((flac, mp3))
    again = await home.db.albums.get(mp3, home.user)
    assert again is not None
    assert (again.id, again.play_count, again.song_count) == (mp3, 1, 2)


@pytest.mark.attack("X22")
async def test_files_of_different_libraries_are_never_one(home: Home) -> None:
    """Who sees one of them sees that one."""
    other = home.music.parent / "Other"
    write(other / "01 Cat.mp3", CAT)
    both = (MusicFolder(path=home.music, name="Music"), MusicFolder(path=other, name="Other"))
    plain = home.with_settings

    def with_both(settings: Settings, **more: Any) -> Settings:
        made = plain(settings, **more)
        return structs.replace(made, library=structs.replace(made.library, folders=both))

    home.with_settings = with_both  # type: ignore[method-assign]
    assert (await home.look()).keys() == SHOWN | {"01 Cat.mp3"}


async def test_a_scan_that_broke_off_is_made_up_for(home: Home) -> None:
    await home.look()
    await home.db.pool.execute(
        "update tracks set twin_of = null, missing_since = null where path = 'Car/01 Ant.mp3'"
    )
    assert len(await home.look()) == 5
    await home.db.scans.request(None)
    job = await home.db.scans.claim()
    assert job is not None
    await home.db.scans.finish(job.id, "failed", "It broke off.")
    assert (await home.look()).keys() == SHOWN
