"""Browsing by folders and by tags."""

from __future__ import annotations

import pytest

from tests.support.api import Api


async def names_of_top(api: Api) -> dict[str, list[str]]:
    indexes = await api.get("getIndexes")
    return {index["name"]: [one["name"] for one in index["artist"]] for index in indexes["index"]}


async def test_music_folders_are_those_of_the_user(api: Api, guest: Api) -> None:
    assert [one["name"] for one in (await api.get("getMusicFolders"))["musicFolder"]] == [
        "Hidden",
        "Music",
    ]
    (one,) = (await guest.get("getMusicFolders"))["musicFolder"]
    assert one["name"] == "Music"
    assert isinstance(one["id"], int)


async def test_indexes_hold_the_top_folders_by_letter_and_loose_songs(api: Api, guest: Api) -> None:
    assert await names_of_top(guest) == {"A": ["Ada"], "B": ["The Bärs"], "V": ["Various"]}
    assert "Secret" in str(await names_of_top(api))
    indexes = await guest.get("getIndexes")
    assert [song["title"] for song in indexes["child"]] == ["Loose"]
    assert "The" in indexes["ignoredArticles"].split()


async def test_indexes_that_did_not_change_since_are_empty(api: Api) -> None:
    changed = (await api.get("getIndexes"))["lastModified"]
    later = await api.get("getIndexes", ifModifiedSince=changed)
    assert (later["index"], later["child"], later["lastModified"]) == ([], [], changed)
    assert (await api.get("getIndexes", ifModifiedSince=changed - 1))["index"]


async def test_indexes_of_an_unknown_or_hidden_folder_are_not_found(api: Api, guest: Api) -> None:
    folders = (await api.get("getMusicFolders"))["musicFolder"]
    hidden = next(one["id"] for one in folders if one["name"] == "Hidden")
    assert (await api.get("getIndexes", musicFolderId=hidden))["index"]
    assert await guest.error("getIndexes", musicFolderId=hidden) == 70
    assert await guest.error("getIndexes", musicFolderId=999) == 70


async def test_real_folders_lead_from_the_top_to_the_songs_and_back(api: Api) -> None:
    top = (await api.get("getIndexes"))["index"][0]["artist"][0]
    ada = await api.get("getMusicDirectory", id=top["id"])
    assert [(child["title"], child["isDir"]) for child in ada["child"]] == [
        ("Early", True),
        ("First", True),
    ]
    first = await api.get("getMusicDirectory", id=ada["child"][1]["id"])
    assert first["parent"] == ada["id"]
    assert [(child["title"], child["isDir"]) for child in first["child"]] == [
        ("Alpha", False),
        ("Beta", False),
    ]
    song = first["child"][0]
    assert song["parent"] == first["id"]
    assert song["path"] == "Ada/First/01 Alpha.mp3"


async def test_albums_and_artists_open_as_directories_too(api: Api) -> None:
    (album,) = [
        a for a in (await api.get("getAlbumList", type="newest"))["album"] if a["title"] == "First"
    ]
    assert album["isDir"] is True
    opened = await api.get("getMusicDirectory", id=album["id"])
    assert [child["title"] for child in opened["child"]] == ["Alpha", "Beta"]
    artist = await api.get("getMusicDirectory", id=album["parent"])
    assert {"First", "Early"} <= {child["title"] for child in artist["child"]}


async def test_artists_are_album_artists_by_letter_without_articles(guest: Api) -> None:
    artists = await guest.get("getArtists")
    found = {index["name"]: [one["name"] for one in index["artist"]] for index in artists["index"]}
    assert found == {"A": ["Ada"], "B": ["The Bärs"], "V": ["Various Artists"]}


async def test_an_artist_lists_the_albums_oldest_first_and_counts_them(guest: Api) -> None:
    artist = await guest.get("getArtist", id=await guest.id_of("Ada", "artist"))
    assert [album["name"] for album in artist["album"]][:2] == ["Early", "First"]
    assert artist["albumCount"] == len(artist["album"])


async def test_an_artist_without_albums_lists_those_with_a_song(guest: Api) -> None:
    artist = await guest.get("getArtist", id=await guest.id_of("Cyd", "artist"))
    assert [album["name"] for album in artist["album"]] == ["Mixed"]
    assert artist["albumCount"] == 1


async def test_an_album_has_its_songs_by_disc_and_track_and_their_sums(guest: Api) -> None:
    album = await guest.get("getAlbum", id=await guest.id_of("Ünder", "album"))
    assert [(song["discNumber"], song["title"]) for song in album["song"]] == [
        (1, "Dvořák"),
        (2, "Émigré"),
    ]
    assert album["songCount"] == 2
    assert album["duration"] == sum(song["duration"] for song in album["song"])
    assert (album["year"], album["genre"], album["artist"]) == (2010, "Classical", "The Bärs")
    assert all(song["albumId"] == album["id"] for song in album["song"])


async def test_an_album_with_a_cover_names_it_and_one_without_does_not(guest: Api) -> None:
    first = await guest.get("getAlbum", id=await guest.id_of("First", "album"))
    early = await guest.get("getAlbum", id=await guest.id_of("Early", "album"))
    assert first["coverArt"] == first["song"][0]["coverArt"]
    assert "coverArt" not in early


async def test_a_song_says_what_its_file_is(guest: Api) -> None:
    song = await guest.get("getSong", id=await guest.id_of("Beta"))
    assert (song["suffix"], song["contentType"], song["duration"]) == ("flac", "audio/flac", 6)
    assert [genre["name"] for genre in song["genres"]] == ["Rock", "Jazz"]
    assert (song["samplingRate"], song["bitDepth"], song["channelCount"]) == (44100, 16, 2)
    assert (song["year"], song["track"], song["type"], song["isDir"]) == (2001, 2, "music", False)


async def test_featured_artists_are_artists_of_their_own(guest: Api) -> None:
    song = await guest.get("getSong", id=await guest.id_of("Two"))
    assert [one["name"] for one in song["artists"]] == ["Cyd", "Dee"]
    assert [one["name"] for one in song["albumArtists"]] == ["Various Artists"]


async def test_genres_are_counted_in_what_the_user_may_see(api: Api, guest: Api) -> None:
    counts = {
        one["value"]: (one["songCount"], one["albumCount"])
        for one in (await guest.get("getGenres"))["genre"]
    }
    assert counts == {"Rock": (2, 1), "Jazz": (2, 2), "Classical": (2, 1)}
    assert "Secret Genre" in [one["value"] for one in (await api.get("getGenres"))["genre"]]


@pytest.mark.parametrize("endpoint", ["getMusicDirectory", "getArtist", "getAlbum", "getSong"])
async def test_what_does_not_exist_or_is_of_another_kind_is_not_found(
    api: Api, endpoint: str
) -> None:
    for id in (
        "al-999999",
        "tr-999999",
        "ar-999999",
        "fo-999999",
        "co-1",
        "1",
        "x",
        "al-" + "9" * 25,
    ):
        assert await api.error(endpoint, id=id) == 70
    assert await api.error(endpoint) == 10
    assert await api.error(endpoint, id="") == 10


async def test_nothing_of_a_hidden_library_is_found_by_its_ids(api: Api, guest: Api) -> None:
    song = await api.get("getSong", id=await api.id_of("Secret"))
    for endpoint, id in (
        ("getSong", song["id"]),
        ("getAlbum", song["albumId"]),
        ("getArtist", song["artistId"]),
        ("getMusicDirectory", song["parent"]),
        ("getMusicDirectory", song["albumId"]),
        ("getMusicDirectory", song["artistId"]),
        ("stream", song["id"]),
        ("download", song["id"]),
        ("getCoverArt", song["coverArt"]),
        ("getCoverArt", song["albumId"]),
        ("star", song["id"]),
        ("scrobble", song["id"]),
    ):
        assert await guest.error(endpoint, id=id) == 70, endpoint
