"""Lists of albums: their order, their pages, who is in them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from db.albums import AlbumOrder, AlbumPage
from db.database import Database
from db.rows import UserRow
from tests.support.rows import WHEN, Hand, hand, ids, insert, mark, person, shuffle

PAGED = [order for order in AlbumOrder if order is not AlbumOrder.RANDOM]
FALLING = {AlbumOrder.NEWEST, AlbumOrder.STARRED, AlbumOrder.FREQUENT, AlbumOrder.RECENT}


def page(order: AlbumOrder, user: UserRow, size: int = 100, **more: Any) -> AlbumPage:
    return msgspec.structs.replace(
        AlbumPage(order, user.libraries, size, 0, 2000, 2000, "rock"), **more
    )


async def add_alike(database: Database, music: Hand, user: UserRow, number: int) -> list[int]:
    """Albums that differ in nothing but the id."""
    made = [await music.album("Same", year=2000, genre_keys=["rock"]) for _ in range(number)]
    for album in made:
        mine = {"starred": WHEN, "rating": 4, "play_count": 2, "played": WHEN}
        await mark(database, user, "album", album, **mine)
    await shuffle(database, "albums", made)
    return made


@pytest.mark.parametrize("order", PAGED, ids=lambda order: str(order.value))
async def test_albums_that_are_alike_go_by_their_id_on_every_page(
    database: Database, music: Hand, ann: UserRow, order: AlbumOrder
) -> None:
    made = await add_alike(database, music, ann, 7)
    expected = made[::-1] if order in FALLING else made
    assert ids(await database.albums.page(page(order, ann), ann)) == expected
    pages = [
        ids(await database.albums.page(page(order, ann, 3, offset=offset), ann))
        for offset in (0, 3, 6, 9)
    ]
    assert pages == [expected[:3], expected[3:6], expected[6:], []]


@pytest.mark.parametrize("order", AlbumOrder, ids=lambda order: str(order.value))
async def test_only_the_libraries_that_are_asked_for_are_listed(
    database: Database, music: Hand, order: AlbumOrder
) -> None:
    other = await hand(database, "Other")
    ann = await person(database)
    here = await add_alike(database, music, ann, 2)
    await add_alike(database, other, ann, 2)
    narrow, nothing = (page(order, ann, libraries=some) for some in ([music.library], []))
    assert sorted(ids(await database.albums.page(narrow, ann))) == here
    assert await database.albums.page(nothing, ann) == []


@pytest.mark.parametrize(("first", "last"), [(1990, 2010), (2010, 1990)])
async def test_years_that_fall_mirror_those_that_rise_and_no_year_is_in_no_span(
    database: Database, music: Hand, ann: UserRow, first: int, last: int
) -> None:
    names = [("B", 2010), ("A", 2010), ("C", 1990), ("D", 2000)]
    made = {name: await music.album(name, year=year) for name, year in names}
    await music.album("None")
    await music.album("Later", year=2011)
    rising = [made[name] for name in "CDAB"]
    got = ids(
        await database.albums.page(
            page(AlbumOrder.BY_YEAR, ann, from_year=first, to_year=last), ann
        )
    )
    assert got == (rising if first < last else rising[::-1])


async def test_an_album_is_listed_by_each_of_its_genres_by_whole_names(
    database: Database, music: Hand, ann: UserRow
) -> None:
    both = await music.album("Both", genre_keys=["rock", "indie rock"])
    await music.album("Other", genre_keys=["rockabilly"])
    for genre in ("rock", "indie rock"):
        found = await database.albums.page(page(AlbumOrder.BY_GENRE, ann, genre=genre), ann)
        assert ids(found) == [both]
    assert await database.albums.page(page(AlbumOrder.BY_GENRE, ann, genre="indie"), ann) == []


@pytest.mark.parametrize(
    ("order", "mine"),
    [
        (AlbumOrder.STARRED, {"rating": 5, "play_count": 1, "played": WHEN}),
        (AlbumOrder.HIGHEST, {"starred": WHEN, "play_count": 1, "played": WHEN}),
        (AlbumOrder.FREQUENT, {"starred": WHEN, "rating": 5}),
        (AlbumOrder.RECENT, {"starred": WHEN, "rating": 5}),
    ],
)
async def test_a_list_of_ones_own_has_nothing_that_others_did_or_that_belongs_in_another_list(
    database: Database, music: Hand, ann: UserRow, order: AlbumOrder, mine: dict[str, Any]
) -> None:
    (album,) = await add_alike(database, music, await person(database, "bob"), 1)
    await mark(database, ann, "album", album, **mine)
    assert await database.albums.page(page(order, ann), ann) == []


async def test_marks_of_a_song_with_the_number_of_an_album_are_not_the_albums(
    database: Database, music: Hand, ann: UserRow
) -> None:
    album = await music.album("First")
    await mark(database, ann, "track", album, starred=WHEN, rating=1)
    row = await database.albums.get(album, ann)
    assert row is not None
    assert (row.starred, row.rating, row.play_count) == (None, None, None)
    assert await database.albums.starred(ann, ann.libraries) == []


async def test_an_artists_albums_go_by_year_then_name_and_those_without_a_year_are_last(
    database: Database, music: Hand, ann: UserRow
) -> None:
    artist = await music.artist("Ada")
    names = [("Z", None), ("B", 2000), ("A", 2000), ("A", 2000), ("Y", 1999)]
    made = [await music.album(name, year=year) for name, year in names]
    for album in made:
        await add_artist(database, artist, album)
    expected = [made[index] for index in (4, 2, 3, 1, 0)]
    assert ids(await database.albums.by_artist(artist, ann)) == expected


async def test_an_artist_with_albums_has_not_those_where_one_song_is_theirs(
    database: Database, music: Hand, ann: UserRow
) -> None:
    artist = await music.artist("Ada")
    own, mixed = await music.album("Own"), await music.album("Mixed", "Various Artists")
    await add_song(database, artist, await music.track("One", mixed))
    assert ids(await database.albums.by_artist(artist, ann)) == [mixed]
    await add_artist(database, artist, own)
    assert ids(await database.albums.by_artist(artist, ann)) == [own]


async def test_an_album_where_the_artists_only_song_is_gone_is_no_longer_theirs(
    database: Database, music: Hand, ann: UserRow
) -> None:
    artist, mixed = await music.artist("Ada"), await music.album("Mixed", "Various Artists")
    await add_song(database, artist, await music.track("One", mixed, missing_since=WHEN))
    assert await database.albums.by_artist(artist, ann) == []


@pytest.mark.parametrize("left", [10, 60])
async def test_random_picks_are_different_albums_even_where_most_ids_are_gone(
    database: Database, music: Hand, ann: UserRow, left: int
) -> None:
    made = [await music.album("Same") for _ in range(60)][-left:]
    await database.pool.execute("delete from albums where id <> all($1::bigint[])", made)
    for size in (0, 1, 5, 9, left, 100):
        found = ids(await database.albums.page(page(AlbumOrder.RANDOM, ann, size), ann))
        assert len(found) == len(set(found)) == min(size, left)
        assert set(found) <= set(made)


async def test_every_album_can_be_picked_at_random(
    database: Database, music: Hand, ann: UserRow
) -> None:
    made = {await music.album("Same") for _ in range(4)}
    wanted = page(AlbumOrder.RANDOM, ann, 1)
    picked = {row.id for _ in range(100) for row in await database.albums.page(wanted, ann)}
    assert picked == made


async def test_random_picks_from_nothing_are_none(
    database: Database, music: Hand, ann: UserRow
) -> None:
    assert await database.albums.page(page(AlbumOrder.RANDOM, ann), ann) == []


async def test_all_starred_albums_are_listed_however_many_last_starred_first(
    database: Database, music: Hand, ann: UserRow
) -> None:
    made = await add_alike(database, music, ann, 501)
    await database.pool.execute("update marks set starred = now() where item_id = $1", made[250])
    found = ids(await database.albums.starred(ann, ann.libraries))
    assert found == [made[250], *(album for album in made[::-1] if album != made[250])]


async def add_artist(database: Database, artist: int, album: int) -> None:
    values = {"album_id": album, "artist_id": artist, "position": 0}
    await insert(database.pool, "album_artists", values, returning="album_id")


async def add_song(database: Database, artist: int, track: int) -> None:
    values = {"track_id": track, "artist_id": artist, "role": "artist", "position": 0}
    await insert(database.pool, "track_artists", values, returning="track_id")
