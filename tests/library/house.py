"""Two libraries in which everything is marked, before something is done to the files.

Music/
├── A/   01 Ant.mp3  02 Bee.mp3  03 Cat.mp3     by Ada, album Zoo
└── B/   Solo.flac                              by Bo, album One
Attic/                                          a second library, empty
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

import library
from conf.settings import Library, MusicFolder, Settings
from db.rows import ScanRow
from tests.library.conftest import Shop
from tests.support.audio import Song, retag, write

ANIMALS = ("Ant", "Bee", "Cat")


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
            insert into shares (user_id, token, sealed_by, token_hash)
            select u.id, '', k.name, '' from users u, secret_keys k;
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


async def furnish(house: House) -> None:
    """The files, a first scan, and marks on everything."""
    for track, name in enumerate(ANIMALS, 1):
        write(house.music / f"A/{track:02} {name}.mp3", animal(name))
    write(house.music / "B/Solo.flac", Song(title="Solo", artist="Bo", album="One"))
    await house.look()
    await house.db.users.add("bo", "secret")
    await house.mark()


def bee(house: House) -> Path:
    return house.music / "A/02 Bee.mp3"


def rename_folder(house: House) -> None:
    (house.music / "A").rename(house.music / "Animals")


def retag_album(house: House) -> None:
    for name in ANIMALS:
        (path,) = house.music.glob(f"A/*{name}.mp3")
        retag(path, animal(name, album="The Zoo", artist="Ada Lovelace"))


def retag_and_move(house: House) -> None:
    retag_album(house)
    rename_folder(house)
