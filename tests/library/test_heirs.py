"""Albums and artists of which songs go, or that get other names: who keeps ids and stars, who takes them."""

from __future__ import annotations

import shutil

from tests.library.house import (
    ANIMALS,
    House,
    animal,
    bee,
    retag_album,
    retag_and_move,
)
from tests.support.audio import retag


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
