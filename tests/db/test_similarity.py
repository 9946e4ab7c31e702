"""Who is like whom, and whose songs come first; and that hidden libraries have no say in it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, Hand, hand, ids, insert, mark, person


class Scene:
    """Artists with albums and songs in a library made by hand."""

    def __init__(self, database: Database, music: Hand) -> None:
        self.database = database
        self.music = music

    async def artist(self, name: str, key: str = "", *roles: str) -> int:
        """An artist with one album as far as counts go."""
        artist = await self.music.artist(name, 1, 1, *(roles or ("albumartist", "artist")))
        if key:
            await self.database.pool.execute(
                "update artists set key = $1 where id = $2", key, artist
            )
        return artist

    async def album(self, artist: int, *genres: str, songs: int = 1, **more: Any) -> list[int]:
        """An album of an artist; gives the ids of its songs."""
        pool = self.database.pool
        album = await self.music.album("Album", genre_keys=list(genres), song_count=songs, **more)
        await pool.execute("insert into album_artists values ($1, $2, 0)", album, artist)
        return [await self.song(album, artist, *genres) for _ in range(songs)]

    async def song(self, album: int, artist: int, *genres: str) -> int:
        """A song of an artist on an album, perhaps somebody else's; counts its genres."""
        song = await self.music.track("Song", album, genre_keys=list(genres))
        await self.credit(song, artist)
        for genre in genres:
            await self.database.pool.execute(
                "insert into genres values ($1, $2, $2, 1, 1) on conflict (library_id, key)"
                " do update set song_count = genres.song_count + 1",
                self.music.library,
                genre,
            )
        return song

    async def credit(self, song: int, artist: int, role: str = "artist", at: int = 0) -> None:
        """Name an artist in a song."""
        await self.database.pool.execute(
            "insert into track_artists values ($1, $2, $3, $4)", song, artist, role, at
        )

    async def hear(self, user: UserRow, songs: list[int], times: int = 1) -> None:
        """Count plays as a scrobble does."""
        for song in songs:
            for at in range(times):
                when = WHEN.replace(year=2000 + at)
                own = {"user_id": user.id, "track_id": song, "played": when, "client": "x"}
                await insert(self.database.pool, "plays", own)
            await mark(self.database, user, "track", song, play_count=times, played=WHEN)

    async def near(self, user: UserRow, *seeds: int, size: int = 10) -> list[int]:
        """The ids of artists like these."""
        return ids(await self.database.similarity.artists(seeds, user, size))


@pytest.fixture
def scene(database: Database, music: Hand) -> Scene:
    return Scene(database, music)


async def test_a_rare_genre_says_more_than_a_common_one(scene: Scene, ann: UserRow) -> None:
    seed, rare, common, none = [await scene.artist(name) for name in ("S", "R", "C", "N")]
    crowd = await scene.artist("Crowd")
    await scene.album(seed, "rock", "gamelan")
    await scene.album(rare, "gamelan")
    await scene.album(common, "rock")
    await scene.album(none, "polka")
    await scene.album(crowd, "rock", "metal", songs=40)
    near = await scene.near(ann, seed)
    assert near[0] == rare
    assert set(near) == {rare, common, crowd}


async def test_the_same_share_of_a_genre_is_nearer_and_so_is_the_same_time(
    scene: Scene, ann: UserRow
) -> None:
    seed, same, older, broad = [await scene.artist(name) for name in ("S", "A", "O", "B")]
    await scene.album(seed, "jazz", year=1990)
    await scene.album(same, "jazz", year=1991)
    await scene.album(older, "jazz", year=1950)
    await scene.album(broad, "jazz", year=1990)
    await scene.database.pool.execute(
        "update artist_counts set album_count = 10 where artist_id = $1", broad
    )
    assert await scene.near(ann, seed) == [same, older, broad]


async def test_a_duet_is_nearer_than_a_neighbour_on_a_sampler(scene: Scene, ann: UserRow) -> None:
    seed, partner, neighbour, various, composer = [
        await scene.artist(name, key)
        for name, key in (
            ("S", ""), ("P", ""), ("N", ""), ("Various Artists", "various artists"), ("C", ""),
        )
    ]  # fmt: skip
    await scene.database.pool.execute(
        "update artist_counts set roles = '{composer}' where artist_id = $1", composer
    )
    (duet,) = await scene.album(seed)
    await scene.credit(duet, partner, at=1)
    await scene.credit(duet, composer, "composer")
    album = await scene.music.album("Sampler", song_count=20)
    for artist in (seed, neighbour):
        song = await scene.song(album, artist)
        await scene.credit(song, various, "albumartist")
    assert await scene.near(ann, seed) == [partner, neighbour]


async def test_what_the_same_people_hear_is_near(
    scene: Scene, ann: UserRow, database: Database
) -> None:
    bob = await person(database, "bob")
    seed, heard, starred, other = [await scene.artist(name) for name in ("S", "H", "T", "O")]
    played = await scene.album(seed)
    also = await scene.album(heard, songs=3)
    (liked,) = await scene.album(starred)
    await scene.album(other)
    await scene.hear(bob, [*played, *also])
    await mark(database, bob, "track", liked, starred=WHEN)
    assert await scene.near(ann, seed) == [heard, starred]
    assert await scene.near(ann, heard) == [seed, starred]


async def test_a_star_is_as_good_as_plays(scene: Scene, ann: UserRow, database: Database) -> None:
    seed, also = await scene.artist("S"), await scene.artist("A")
    for (song,) in (await scene.album(seed), await scene.album(also)):
        await mark(database, ann, "track", song, starred=WHEN)
    assert await scene.near(ann, seed) == [also]


async def test_hidden_libraries_are_neither_shown_nor_counted(
    scene: Scene, ann: UserRow, database: Database
) -> None:
    hidden = Scene(database, await hand(database, "Hidden"))
    bob = await person(database, "bob")
    seed = await scene.artist("Seed")
    visible = await scene.artist("Visible")
    played = await scene.album(seed, "jazz")
    await scene.album(visible, "polka")
    unseen = await hidden.artist("Unseen")
    (secret,) = await hidden.album(unseen, "jazz")
    await hidden.credit(secret, seed, at=1)
    # All that links Seed with Visible lies in the hidden library.
    link = await hidden.album(visible, "jazz")
    await hidden.credit(link[0], seed, at=1)
    await scene.hear(bob, [*played, secret, *link])
    assert set(await scene.near(bob, seed)) == {unseen, visible}
    assert await scene.near(ann, seed) == []
    mix = await database.similarity.songs([seed], ann, 500)
    assert ids(mix) == played
    top = await database.similarity.top(ann, 500, artist=seed)
    assert ids(top) == played
    assert len(await database.similarity.top(bob, 500, artist=seed)) == 3


async def test_nobody_is_like_nobody(scene: Scene, ann: UserRow) -> None:
    alone = await scene.artist("Alone")
    await scene.album(alone, "drone")
    assert await scene.near(ann, alone) == []
    assert await scene.near(ann, 10**12) == []
    assert await scene.database.similarity.songs([], ann, 10) == []


async def test_a_mix_has_each_song_once_and_mostly_songs_of_others(
    scene: Scene, ann: UserRow
) -> None:
    seed = await scene.artist("Seed")
    own = await scene.album(seed, "jazz", songs=60)
    others: list[int] = []
    for name in ("A", "B", "C"):
        other = await scene.artist(name)
        others += await scene.album(other, "jazz", songs=40)
    (duet,) = others[:1]
    await scene.credit(duet, seed, at=1)
    similarity = scene.database.similarity
    everything = ids(await similarity.songs([seed], ann, 500))
    assert sorted(everything) == sorted(own + others)
    mixes = [ids(await similarity.songs([seed], ann, 20)) for _ in range(10)]
    assert all(len(mix) == len(set(mix)) == 20 for mix in mixes)
    assert len({tuple(mix) for mix in mixes}) == 10
    share = sum(song in own for mix in mixes for song in mix) / 200
    assert 0.05 < share < 0.6
    assert own[0] not in ids(await similarity.songs([seed], ann, 500, without=[own[0]]))


async def test_songs_that_are_gone_are_in_no_mix(scene: Scene, ann: UserRow) -> None:
    seed = await scene.artist("Seed")
    here, gone = await scene.album(seed, "jazz", songs=2)
    await scene.database.pool.execute("update tracks set missing_since = now() where id = $1", gone)
    assert ids(await scene.database.similarity.songs([seed], ann, 10)) == [here]
    assert ids(await scene.database.similarity.top(ann, 10, artist=seed)) == [here]


async def test_what_everybody_plays_most_is_on_top_then_what_the_user_likes_then_the_newest(
    scene: Scene, ann: UserRow, database: Database
) -> None:
    bob = await person(database, "bob")
    ada = await scene.artist("Ada", "ada")
    old = await scene.album(ada, songs=4, year=1970)
    new = await scene.album(ada, songs=1, year=2020)
    sampler = await scene.music.album("Sampler", year=2024)
    extra = await scene.song(sampler, ada)
    for song in (*old, *new):
        await scene.credit(song, ada, "albumartist")
    await scene.hear(bob, [old[3]], 2)
    await scene.hear(ann, [old[3], old[2]], 2)
    await mark(database, ann, "track", old[1], starred=WHEN)
    await mark(database, ann, "track", old[0], rating=4)
    await mark(database, bob, "track", new[0], starred=WHEN)
    expected = [old[3], old[2], old[1], old[0], *new, extra]
    assert ids(await database.similarity.top(ann, 500, artist=ada)) == expected
    assert ids(await database.similarity.top(ann, 500, key="ada")) == expected
    assert ids(await database.similarity.top(ann, 2, key="ada")) == expected[:2]
    assert await database.similarity.top(ann, 500, key="no such artist") == []
    assert await database.similarity.top(ann, 500) == []


async def test_who_leads_no_song_has_those_with_them_in_any_role(
    scene: Scene, ann: UserRow
) -> None:
    singer, composer = await scene.artist("Singer"), await scene.artist("Composer")
    first, second = await scene.album(singer, songs=2)
    await scene.credit(first, composer, "composer")
    similarity = scene.database.similarity
    assert ids(await similarity.top(ann, 10, artist=composer)) == [first]
    await scene.credit(second, composer, at=1)
    assert ids(await similarity.top(ann, 10, artist=composer)) == [second]


async def test_whose_a_song_album_or_folder_is_leaves_out_guests(
    scene: Scene, ann: UserRow, database: Database
) -> None:
    ada, guest = await scene.artist("Ada"), await scene.artist("Guest")
    songs = await scene.album(ada, songs=4)
    await scene.credit(songs[0], guest, at=1)
    album = (await database.tracks.by_ids(songs, ann))[0].album_id
    folder = await scene.music.folder("Ada", path=b"ada")
    below = await scene.music.folder("First", folder, path=b"ada/first")
    other = await scene.music.folder("Ada 2", path=b"ada 2")
    paths = [b"ada/first/%d.mp3" % song for song in songs]
    await database.pool.execute(
        "update tracks set path = new.path from unnest($1::bigint[], $2::bytea[]) as new (id, path)"
        " where tracks.id = new.id",
        songs,
        paths,
    )
    assert ids(await database.artists.of("track", songs[0], ann)) == [ada, guest]
    assert ids(await database.artists.of("album", album, ann)) == [ada]
    for one in (folder, below):
        assert ids(await database.artists.of("folder", one, ann)) == [ada]
        found = await database.albums.of("folder", one, ann)
        assert found is not None
        assert found.id == album
    for one in (other, scene.music.root):
        assert await database.artists.of("folder", one, ann) == []
        assert await database.albums.of("folder", one, ann) is None
    blind = replace(ann, libraries=[])
    for kind, item in (("track", songs[0]), ("album", album), ("folder", folder), ("artist", ada)):
        assert await database.artists.of(kind, item, blind) == []
        assert kind == "artist" or await database.albums.of(kind, item, blind) is None
