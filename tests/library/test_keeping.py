"""What people attached to songs, albums and artists survives whatever is done to the files.

Music/
├── A/   01 Ant.mp3  02 Bee.mp3  03 Cat.mp3     by Ada, album Zoo
└── B/   Solo.flac                              by Bo, album One
Attic/                                          a second library, empty
"""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import library
from conf.settings import Library, MusicFolder, Settings
from db.database import Database
from db.rows import ScanRow
from tests.library.conftest import Shop
from tests.support.audio import Song, retag, write

ANIMALS = ("Ant", "Bee", "Cat")
MOST = 40


def animal(name: str, **more: Any) -> Song:
    given: dict[str, Any] = {
        "artist": "Ada",
        "album": "Zoo",
        "track": ANIMALS.index(name) + 1,
    } | more
    return Song(title=name, **given)


class House(Shop):
    """Two libraries, and somebody who has marked everything."""

    def with_settings(self, settings: Settings, **more: Any) -> Settings:
        self.attic = self.music.parent / "Attic"
        self.attic.mkdir(exist_ok=True)
        folders = (
            MusicFolder(path=self.music, name="Music"),
            MusicFolder(path=self.attic, name="Attic"),
        )
        return msgspec.structs.replace(settings, library=Library(**({"folders": folders} | more)))

    async def look(self, name: str | None = None, *, accept_removals: bool = False) -> ScanRow:
        """A scan of one library, or of all."""
        ids = {
            row.name: row.id for row in await self.db.libraries.sync(self.settings.library.folders)
        }
        await self.db.scans.request(ids[name] if name else None, accept_removals=accept_removals)
        job = await self.db.scans.claim()
        assert job is not None
        await library.scan(self.db, self.settings, job, self.sandbox)
        row = await self.db.scans.get(job.id)
        assert row is not None
        return row

    async def mark(self) -> None:
        """Star, rate, play, bookmark, list, share and queue everything that there is."""
        await self.db.pool.execute(
            """
            insert into marks (user_id, kind, item_id, starred, rating, play_count, played)
            select u.id, kind, x.id, '2020-01-01', 1 + x.id % 5, 7, '2021-01-01' from users u, (
                select 'track' as kind, id from tracks union all select 'album', id from albums
                union all select 'artist', id from artists union all select 'folder', id from folders
            ) x;
            update marks set bookmark = 1000, bookmark_comment = 'here', bookmark_created = now(),
                bookmark_changed = now() where kind = 'track';
            insert into plays (user_id, track_id, played, client)
            select u.id, t.id, '2021-01-01', 'test' from users u, tracks t;
            insert into playlists (user_id, name, sort_name, songs)
            select u.id, 'P', 'p', array(select id from tracks order by id) from users u;
            insert into queues (user_id, songs, current, changed_by)
            select u.id, array(select id from tracks order by id), 1, 'test' from users u;
            insert into shares (user_id, token, token_hash) select id, '', '' from users;
            insert into share_items (share_id, position, kind, item_id)
            select s.id, row_number() over (order by t.id), 'track', t.id from shares s, tracks t;
            update jukebox set tracks = array(select id from tracks order by id);
            """
        )

    async def kept(self) -> list[Any]:
        """All that is attached to songs, by id."""
        return [
            await self.rows(
                "select item_id, starred, rating, play_count, played, bookmark, bookmark_comment"
                " from marks where kind = 'track' order by item_id"
            ),
            await self.rows("select track_id, played from plays order by 1, 2"),
            await self.rows("select songs from playlists"),
            await self.rows("select songs, current from queues"),
            await self.rows("select item_id from share_items order by 1"),
            await self.rows("select tracks from jukebox"),
        ]

    async def songs(self) -> dict[str, int]:
        """Ids of the songs that are there, by title."""
        rows = await self.rows("select card, id from tracks where missing_since is null")
        return {msgspec.json.decode(card)["title"]: row for card, row in rows}

    async def starred(self, kind: str) -> set[int]:
        rows = await self.rows(
            "select item_id from marks where kind = $1 and starred is not null", kind
        )
        return {row for (row,) in rows}

    async def artists(self) -> dict[str, int]:
        """Ids of the artists of whom there are songs."""
        return dict(
            await self.rows(
                "select distinct a.name, a.id from artists a join artist_counts c on c.artist_id = a.id"
            )
        )


@pytest.fixture
async def house(database: Database, settings: Settings, tmp_path: Path) -> AsyncIterator[House]:
    (tmp_path / "Music").mkdir()
    house = House(database, settings, tmp_path / "Music")
    for track, name in enumerate(ANIMALS, 1):
        write(house.music / f"A/{track:02} {name}.mp3", animal(name))
    write(house.music / "B/Solo.flac", Song(title="Solo", artist="Bo", album="One"))
    await house.look()
    await database.users.add("bo", "secret")
    await house.mark()
    yield house  # noqa: PT022


def bee(house: House) -> Path:
    return house.music / "A/02 Bee.mp3"


def rename_file(house: House) -> None:
    bee(house).rename(house.music / "A/2 - bee.mp3")


def rename_folder(house: House) -> None:
    (house.music / "A").rename(house.music / "Animals")


def move_to_another_folder(house: House) -> None:
    bee(house).rename(house.music / "B/02 Bee.mp3")


def change_case(house: House) -> None:
    bee(house).rename(house.music / "A/02 BEE.MP3")


def change_unicode(house: House) -> None:
    bee(house).rename(house.music / unicodedata.normalize("NFD", "A/02 Bée.mp3"))


def retag_title(house: House) -> None:
    retag(bee(house), animal("Bee", genre="Insects", date="1999"))


def retag_album(house: House) -> None:
    for name in ANIMALS:
        (path,) = house.music.glob(f"A/*{name}.mp3")
        retag(path, animal(name, album="The Zoo", artist="Ada Lovelace"))


def retag_and_move(house: House) -> None:
    retag_album(house)
    rename_folder(house)


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


async def test_an_album_and_its_artist_keep_ids_when_their_names_are_corrected(
    house: House,
) -> None:
    albums, artists = await house.albums(), await house.artists()
    retag_album(house)
    await house.look()
    assert await house.albums() == {
        "Ada Lovelace / The Zoo": albums["Ada / Zoo"], "Bo / One": albums["Bo / One"],
    }  # fmt: skip
    assert await house.artists() == {"Ada Lovelace": artists["Ada"], "Bo": artists["Bo"]}
    for path in ("A/01 Ant.mp3", "A/03 Cat.mp3"):
        card = await house.card(path)
        assert card["artists"] == [{"id": artists["Ada"], "name": "Ada Lovelace"}]
    card = await house.album_card("The Zoo")
    assert card["artists"] == [{"id": artists["Ada"], "name": "Ada Lovelace"}]
    assert artists["Ada"] in await house.starred("artist")


async def test_they_keep_them_when_the_files_are_moved_as_well(house: House) -> None:
    albums, artists = await house.albums(), await house.artists()
    retag_and_move(house)
    await house.look()
    assert (await house.albums())["Ada Lovelace / The Zoo"] == albums["Ada / Zoo"]
    assert (await house.artists())["Ada Lovelace"] == artists["Ada"]
    card = await house.card("Animals/01 Ant.mp3")
    assert card["artists"] == [{"id": artists["Ada"], "name": "Ada Lovelace"}]
    folders = dict(await house.rows("select path, id from folders"))
    assert folders[b"Animals"] in await house.starred("folder")


async def test_folders_that_are_put_together_give_their_stars_to_the_one(house: House) -> None:
    new = house.music / "All"
    new.mkdir()
    for path in [*house.music.glob("A/*"), *house.music.glob("B/*")]:
        path.rename(new / path.name)
    await house.look()
    folders = dict(await house.rows("select path, id from folders"))
    stars = await house.starred("folder")
    assert folders[b"All"] in stars
    assert not stars & {folders[b"A"], folders[b"B"]}
    rows = await house.rows(
        "select play_count from marks where kind = 'folder' and item_id = $1", folders[b"All"]
    )
    assert rows == [(14,)]


async def test_the_star_of_an_artist_goes_to_who_is_known_already(house: House) -> None:
    artists = await house.artists()
    await house.db.pool.execute(
        "delete from marks where kind = 'artist' and item_id = $1", artists["Bo"]
    )
    retag_all(house, "Bo")
    await house.look()
    assert await house.artists() == {"Bo": artists["Bo"]}
    assert await house.starred("artist") == {artists["Bo"]} | (
        await house.starred("artist") - {artists["Ada"]}
    )


def retag_all(house: House, artist: str) -> None:
    for name in ANIMALS:
        (path,) = house.music.glob(f"A/*{name}.mp3")
        retag(path, animal(name, artist=artist))


async def test_an_artist_with_one_song_left_stays(house: House) -> None:
    artists = await house.artists()
    retag(bee(house), animal("Bee", artist="Eve"))
    await house.look()
    after = await house.artists()
    assert after["Ada"] == artists["Ada"]
    assert after["Eve"] not in artists.values()
    assert after["Eve"] not in await house.starred("artist")


async def test_an_artist_whose_songs_are_missing_is_waited_for(house: House) -> None:
    """One of three songs is retagged, the others are away for a while."""
    artists = await house.artists()
    away = house.music.parent
    for name in ("01 Ant.mp3", "03 Cat.mp3"):
        shutil.move(house.music / "A" / name, away / name)
    retag(bee(house), animal("Bee", artist="Eve"))
    await house.look()
    assert (await house.artists())["Eve"] != artists["Ada"]
    for name in ("01 Ant.mp3", "03 Cat.mp3"):
        shutil.move(away / name, house.music / "A" / name)
    await house.look()
    assert (await house.artists())["Ada"] == artists["Ada"]
    assert artists["Ada"] in await house.starred("artist")


async def test_a_missing_song_of_a_renamed_artist_comes_back_under_its_own_name(
    house: House,
) -> None:
    away = shutil.move(house.music / "A/03 Cat.mp3", house.music.parent / "cat")
    await house.look()
    for name in ("Ant", "Bee"):
        (path,) = house.music.glob(f"A/*{name}.mp3")
        retag(path, animal(name, artist="Eve", album="Park"))
    await house.look()
    shutil.move(away, house.music / "A/03 Cat.mp3")
    await house.look()
    artists = await house.artists()
    card = await house.card("A/03 Cat.mp3")
    assert card["artists"] == [{"id": artists["Ada"], "name": "Ada"}]
    assert card["album"] == "Zoo"
    assert set(await house.albums()) == {"Eve / Park", "Ada / Zoo", "Bo / One"}


async def test_an_album_that_is_split_stays_where_most_of_it_is(house: House) -> None:
    albums = await house.albums()
    retag(bee(house), animal("Bee", album="Hive"))
    await house.look()
    after = await house.albums()
    assert after["Ada / Zoo"] == albums["Ada / Zoo"]
    assert after["Ada / Hive"] not in await house.starred("album")
    for name, album in (("Ant", "Hill"), ("Cat", "House"), ("Bee", "House")):
        (path,) = house.music.glob(f"A/*{name}.mp3")
        retag(path, animal(name, album=album))
    await house.look()
    after = await house.albums()
    assert albums["Ada / Zoo"] in after.values()


async def test_the_star_of_an_album_goes_to_the_one_it_is_merged_into(house: House) -> None:
    albums = await house.albums()
    zoo, one = albums["Ada / Zoo"], albums["Bo / One"]
    await house.db.pool.execute("delete from marks where kind = 'album' and item_id = $1", one)
    for name in ANIMALS:
        (path,) = house.music.glob(f"A/*{name}.mp3")
        retag(path, animal(name, artist="Bo", album="One"))
    await house.look()
    assert await house.albums() == {"Bo / One": one}
    assert zoo not in await house.starred("album")
    rows = await house.rows(
        "select rating, play_count from marks where kind = 'album' and item_id = $1", one
    )
    assert rows == [(1 + zoo % 5, 7)]
    assert await house.rows("select average_rating from albums where id = $1", one) == [
        (1 + zoo % 5,)
    ]


async def test_what_is_forgotten_takes_everything_along(house: House) -> None:
    songs = await house.songs()
    bee(house).unlink()
    await house.look()
    await house.db.pool.execute(
        "update tracks set missing_since = now() - interval '8 days' where missing_since is not null"
    )
    house.use(keep_missing_days=7)
    row = await house.look()
    assert row.message == "3 songs seen, 1 forgotten."
    marks, plays, playlists, queues, shares, _ = await house.kept()
    left = sorted(id_ for title, id_ in songs.items() if title != "Bee")
    assert [row[0] for row in marks] == left
    assert [row[0] for row in plays] == left
    assert playlists == [(left,)]
    assert queues == [(left, 1)]
    assert [row[0] for row in shares] == left


@pytest.mark.parametrize("empty", [True, False])
async def test_an_unmounted_library_is_refused_and_keeps_everything(
    house: House, *, empty: bool
) -> None:
    songs, kept = await house.tracks(), await house.kept()
    disk = house.music.rename(house.music.parent / "disk")
    if empty:
        house.music.mkdir()
    row = await house.look()
    assert row.state == "refused"
    assert await house.tracks() == songs
    if empty:
        house.music.rmdir()
    disk.rename(house.music)
    assert (await house.look()).message == "4 songs seen, nothing changed."
    assert await house.kept() == kept


async def test_songs_that_are_in_another_library_are_no_loss(house: House) -> None:
    """Everything goes: more than a scan would believe, if it were gone."""
    songs = await house.songs()
    for name in ("A", "B"):
        shutil.move(house.music / name, house.attic / name)
    row = await house.look()
    assert (row.state, row.moved, row.missing) == ("done", 4, 0)
    assert await house.songs() == songs


class KilledError(Exception):
    """The process ends here, and PostgreSQL takes back what was not committed."""


def rebuild(house: House, *, back: bool) -> None:
    """Rename, retag and move between libraries, all at once; and the same back again."""
    names = ("Ada", "Zoo") if back else ("Ada Lovelace", "The Zoo")
    for name in ANIMALS:
        (path,) = [*house.music.rglob(f"*{name}.mp3"), *house.attic.rglob(f"*{name}.mp3")]
        retag(path, animal(name, artist=names[0], album=names[1]))
        where = house.music / "A" if back or name == "Ant" else house.attic / "Animals"
        where.mkdir(exist_ok=True)
        shutil.move(path, where / path.name)
    solo = (house.music / "B/Solo.flac", house.music / "C.flac")
    solo[back].rename(solo[not back])


@pytest.mark.parametrize("committed", [True, False], ids=["after", "before"])
async def test_a_scan_that_is_killed_anywhere_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    songs, kept = await house.songs(), await house.kept()
    real = house.db.catalog.batch
    for last in range(MOST):
        rebuild(house, back=bool(last % 2))
        count = iter(range(MOST))

        def batch(library_id: int, *, last: int = last, count: Any = count) -> Any:
            return Dying(real(library_id), next(count) == last, committed=committed)

        monkeypatch.setattr(house.db.catalog, "batch", batch)
        await house.db.scans.request()
        job = await house.db.scans.claim()
        assert job is not None
        killed = False
        try:
            await library.scan(house.db, house.settings, job, house.sandbox)
        except KilledError:
            killed = True
        monkeypatch.setattr(house.db.catalog, "batch", real)
        row = await house.look()
        assert row.state == "done"
        assert (last, await house.songs()) == (last, songs)
        assert await house.kept() == kept
        stars = await house.starred("artist")
        assert set((await house.artists()).values()) <= stars
        if not killed:
            return
    raise AssertionError("a scan of four songs does not take so many batches")


class Dying:
    """A batch after which, or in which, the process is killed."""

    def __init__(self, real: Any, dies: bool, *, committed: bool) -> None:
        self._real, self._dies, self._committed = real, dies, committed

    async def __aenter__(self) -> Any:
        return await self._real.__aenter__()

    async def __aexit__(self, *about: Any) -> None:  # noqa: PYI036 - handed on
        if self._dies and not self._committed:
            error = KilledError()
            await self._real.__aexit__(KilledError, error, None)
            raise error
        await self._real.__aexit__(*about)
        if self._dies:
            raise KilledError
