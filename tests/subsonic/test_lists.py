"""Lists of albums and songs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.api import Api

EVERYTHING = {"Loose", "First", "Early", "Ünder", "Mixed"}


async def names(api: Api, order: str, **more: Any) -> list[str]:
    given = {"type": order, "size": 500, **more}
    albums = (await api.get("getAlbumList2", **given))["album"]
    directories = (await api.get("getAlbumList", **given))["album"]
    if order != "random":
        assert [one["id"] for one in directories] == [one["id"] for one in albums]
    assert all(one["isDir"] for one in directories)
    return [one["name"] for one in albums]


@pytest.mark.parametrize(
    ("order", "more", "expected"),
    [
        ("alphabeticalByName", {}, ["Early", "First", "Loose", "Mixed", "Ünder"]),
        ("alphabeticalByArtist", {}, ["Early", "First", "Loose", "Ünder", "Mixed"]),
        ("byYear", {"fromYear": 1990, "toYear": 2005}, ["Early", "First", "Mixed"]),
        ("byYear", {"fromYear": 2005, "toYear": 1990}, ["Mixed", "First", "Early"]),
        ("byYear", {"fromYear": 2001, "toYear": 2001}, ["First"]),
        ("byGenre", {"genre": "Jazz"}, ["Early", "First"]),
        ("byGenre", {"genre": "jAZZ"}, ["Early", "First"]),
        ("byGenre", {"genre": "Polka"}, []),
        ("starred", {}, []),
        ("highest", {}, []),
        ("frequent", {}, []),
        ("recent", {}, []),
    ],
)
async def test_each_list_has_its_albums_in_its_order(
    guest: Api, order: str, more: dict[str, Any], expected: list[str]
) -> None:
    # Decomposed: Ü is U with an accent, which sorts as u.
    assert await names(guest, order, **more) == expected


async def test_random_lists_each_album_once(guest: Api) -> None:
    found = await names(guest, "random")
    assert sorted(found) == sorted(EVERYTHING)
    assert len(await names(guest, "random", size=2)) == 2


async def test_newest_falls_by_the_date_of_adding(guest: Api) -> None:
    albums = (await guest.get("getAlbumList2", type="newest", size=500))["album"]
    dates = [one["created"] for one in albums]
    assert {one["name"] for one in albums} == EVERYTHING
    assert dates == sorted(dates, reverse=True)
    assert all(len(date) == 24 and date.endswith("Z") for date in dates)


async def test_lists_of_ones_own_follow_what_one_does(guest: Api, api: Api) -> None:
    first, early = await guest.id_of("First", "album"), await guest.id_of("Early", "album")
    await guest.get("star", albumId=early)
    await guest.get("star", albumId=first)
    await guest.get("setRating", id=early, rating=5)
    await guest.get("setRating", id=first, rating=3)
    await guest.get("scrobble", id=await guest.id_of("Gamma"), time=1_600_000_000_000)
    for time in (1_500_000_000_000, 1_500_000_100_000):
        await guest.get("scrobble", id=await guest.id_of("Alpha"), time=time)
    assert await names(guest, "starred") == ["First", "Early"]
    assert await names(guest, "highest") == ["Early", "First"]
    assert await names(guest, "recent") == ["Early", "First"]
    assert await names(guest, "frequent") == ["First", "Early"]
    assert await names(api, "starred") == []


async def test_pages_join_without_gap_or_repeat_and_end_empty(guest: Api) -> None:
    pages = [
        (await guest.get("getAlbumList2", type="alphabeticalByName", size=2, offset=offset))[
            "album"
        ]
        for offset in range(0, 8, 2)
    ]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({album["id"] for page in pages for album in page}) == 5


async def test_a_page_has_ten_albums_unless_told_and_absurd_sizes_are_cut(guest: Api) -> None:
    for size in ("-3", "0", "99999999999999999999"):
        albums = (await guest.get("getAlbumList2", type="newest", size=size))["album"]
        assert len(albums) == (5 if len(size) > 2 else 0)
    assert (await guest.get("getAlbumList2", type="newest", offset=10**18))["album"] == []


async def test_a_library_can_be_picked_and_a_hidden_one_is_empty(guest: Api, api: Api) -> None:
    folders = {one["name"]: one["id"] for one in (await api.get("getMusicFolders"))["musicFolder"]}
    assert await names(api, "newest", musicFolderId=folders["Hidden"]) == ["Vault"]
    assert await names(guest, "newest", musicFolderId=folders["Hidden"]) == []
    assert set(await names(guest, "newest", musicFolderId=folders["Music"])) == EVERYTHING


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"type": "oldest"},
        {"type": "byYear"},
        {"type": "byYear", "fromYear": 1990},
        {"type": "byGenre"},
        {"type": "newest", "size": "many"},
    ],
)
async def test_a_list_that_cannot_be_made_says_which_parameter(
    guest: Api, given: dict[str, Any]
) -> None:
    assert await guest.error("getAlbumList2", **given) == 10
    assert await guest.error("getAlbumList", **given) == 10


async def test_random_songs_are_different_and_can_be_narrowed(guest: Api) -> None:
    songs = (await guest.get("getRandomSongs", size=500))["song"]
    assert len({song["id"] for song in songs}) == len(songs) == 8
    assert len((await guest.get("getRandomSongs", size=3))["song"]) == 3
    rock = (await guest.get("getRandomSongs", genre="Rock", size=500))["song"]
    assert {song["title"] for song in rock} == {"Alpha", "Beta"}
    old = (await guest.get("getRandomSongs", toYear=2000, size=500))["song"]
    assert {song["title"] for song in old} == {"Gamma"}
    none = await guest.get("getRandomSongs", fromYear=2050, toYear=2060)
    assert none["song"] == []


async def test_songs_by_genre_come_in_pages(guest: Api) -> None:
    pages = [
        (await guest.get("getSongsByGenre", genre="Jazz", count=1, offset=offset))["song"]
        for offset in range(3)
    ]
    assert [len(page) for page in pages] == [1, 1, 0]
    assert {page[0]["title"] for page in pages[:2]} == {"Beta", "Gamma"}
    for genre in ("Secret Genre", "\0", "%"):
        assert (await guest.get("getSongsByGenre", genre=genre))["song"] == []
    assert await guest.error("getSongsByGenre") == 10


async def test_starred_lists_hold_artists_albums_and_songs(guest: Api) -> None:
    song, album, artist = (
        await guest.id_of("Alpha"),
        await guest.id_of("First", "album"),
        await guest.id_of("Ada", "artist"),
    )
    await guest.get("star", id=[song, album, artist])
    for endpoint in ("getStarred", "getStarred2"):
        starred = await guest.get(endpoint)
        assert [one["id"] for one in starred["artist"]] == [artist]
        assert [one["id"] for one in starred["album"]] == [album]
        assert [one["id"] for one in starred["song"]] == [song]
        assert starred["song"][0]["starred"].endswith("Z")


async def test_a_starred_folder_is_among_the_albums_of_folder_browsing(guest: Api) -> None:
    top = (await guest.get("getIndexes"))["index"][0]["artist"][0]
    await guest.get("star", id=top["id"])
    assert [one["id"] for one in (await guest.get("getStarred"))["album"]] == [top["id"]]
    assert (await guest.get("getStarred2"))["album"] == []


async def test_now_playing_tells_who_hears_what_with_which_app(guest: Api, api: Api) -> None:
    song = await guest.id_of("Beta")
    await guest.get("scrobble", id=song, submission="false")
    (entry,) = (await api.get("getNowPlaying"))["entry"]
    assert (entry["id"], entry["username"], entry["playerName"]) == (song, "guest", "tests")
    assert entry["minutesAgo"] == 0
    assert isinstance(entry["playerId"], int)


async def test_now_playing_hides_songs_of_hidden_libraries(guest: Api, api: Api) -> None:
    await api.get("scrobble", id=await api.id_of("Secret"), submission="false")
    assert (await guest.get("getNowPlaying"))["entry"] == []


async def test_dates_are_utc_to_the_millisecond(guest: Api) -> None:
    song = await guest.id_of("Beta")
    await guest.get("scrobble", id=song, time=1_700_000_000_123)
    played = (await guest.get("getSong", id=song))["played"]
    assert played == "2023-11-14T22:13:20.123Z"
    assert datetime.fromisoformat(played) < datetime.now(UTC)
