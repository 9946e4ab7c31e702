"""What is known of artists and albums, and pictures for programs that do not sign in."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from db.database import Database
from tests.support.api import Api

ARTIST = ("getArtistInfo", "getArtistInfo2")
ALBUM = ("getAlbumInfo", "getAlbumInfo2")
IMAGES = ("smallImageUrl", "mediumImageUrl", "largeImageUrl")


async def places(api: Api, title: str = "Beta") -> dict[str, str]:
    song = await api.get("getSong", id=await api.id_of(title))
    return {key: song[key] for key in ("id", "albumId", "artistId", "parent")}


@pytest.mark.parametrize("endpoint", ARTIST)
async def test_similar_artists_are_told_and_can_be_counted(guest: Api, endpoint: str) -> None:
    ada = await guest.id_of("Ada", "artist")
    info = await guest.get(endpoint, id=ada, includeNotPresent="true")
    assert {artist["name"] for artist in info["similarArtist"]} == {"Cyd", "Dee"}
    assert all(artist["id"].startswith("ar-") for artist in info["similarArtist"])
    assert len((await guest.get(endpoint, id=ada, count=1))["similarArtist"]) == 1
    for count in (0, -1):
        assert (await guest.get(endpoint, id=ada, count=count))["similarArtist"] == []


@pytest.mark.parametrize("endpoint", ARTIST)
async def test_an_artist_is_found_by_song_album_and_folder_too(guest: Api, endpoint: str) -> None:
    expected = await guest.get(endpoint, id=await guest.id_of("Ada", "artist"))
    for id in (await places(guest)).values():
        assert await guest.get(endpoint, id=id) == expected


@pytest.mark.parametrize("endpoint", ALBUM)
async def test_an_album_is_found_by_song_and_folder_too(
    guest: Api, endpoint: str, stocked: Database
) -> None:
    ids = await places(guest)
    number = int(ids["albumId"].partition("-")[2])
    card = '(card::jsonb || \'{"mbid": "7e4b3a9e"}\')::json'
    await stocked.pool.execute(f"update albums set card = {card} where id = $1", number)  # noqa: S608
    for key in ("albumId", "id", "parent"):
        info = await guest.get(endpoint, id=ids[key])
        assert info["musicBrainzId"] == "7e4b3a9e"
        assert info.keys() == {"musicBrainzId", *IMAGES}


@pytest.mark.parametrize("endpoint", [*ARTIST, *ALBUM])
async def test_what_nothing_is_known_of_is_empty_and_what_does_not_exist_is_an_error(
    guest: Api, api: Api, endpoint: str
) -> None:
    root = (await guest.get("getMusicDirectory", id=(await places(guest, "Loose"))["parent"]))["id"]
    # What lies loose in a library belongs to nobody in particular.
    assert not any((await guest.get(endpoint, id=root)).values())
    hidden = (await places(api, "Secret")).values()
    for id in (*hidden, "ar-9999", "al-9999", "tr-9999", "fo-9999", "co-1", "pl-1", "x", "al-"):
        assert await guest.error(endpoint, id=id) == 70
    assert await guest.error(endpoint) == 10


async def test_texts_are_child_elements_and_similar_artists_have_attributes(
    guest: Api, stocked: Database
) -> None:
    ada = await guest.id_of("Ada", "artist")
    await stocked.pool.execute("update artists set mbid = 'a-1' where name = 'Ada'")
    for endpoint, key in (("getArtistInfo", "artistInfo"), ("getArtistInfo2", "artistInfo2")):
        url = f"/rest/{endpoint}"
        response = await guest.client.get(url, params=guest.signed({"id": ada}, "xml"))
        (info,) = ElementTree.fromstring(await response.read())
        assert info.tag.endswith(f"}}{key}")
        assert info.attrib == {}
        names = [child.tag.partition("}")[2] for child in info]
        assert names[0] == "musicBrainzId"
        assert names[-2:] == ["similarArtist", "similarArtist"]
        assert info[0].text == "a-1"
        assert info[-1].get("name") in ("Cyd", "Dee")


async def test_pictures_have_absolute_addresses_in_three_sizes(guest: Api) -> None:
    info = await guest.get("getAlbumInfo2", id=await guest.id_of("First", "album"))
    here = str(guest.client.make_url("/art/"))
    assert all(info[name].startswith(here) for name in IMAGES)
    assert len({info[name] for name in IMAGES}) == 3


@pytest.mark.attack("X83")
async def test_a_host_that_could_not_be_one_is_refused_and_not_sent_back(guest: Api) -> None:
    album = await guest.id_of("First", "album")
    for host in ("evil.example/path", "a b", "x@y"):
        response = await guest.raw("getAlbumInfo2", headers={"Host": host}, id=album)
        assert response.status == 400
        assert host not in await response.text()


async def test_a_picture_out_of_a_hidden_library_has_no_address(
    guest: Api, api: Api, stocked: Database
) -> None:
    ada = await guest.id_of("Ada", "artist")
    await stocked.pool.execute(
        "update artists set picture_id = (select picture_id from albums where name = 'Vault')"
        " where name = 'Ada'"
    )
    for endpoint in ARTIST:
        assert not {*IMAGES} & (await guest.get(endpoint, id=ada)).keys()
        assert {*IMAGES} <= (await api.get(endpoint, id=ada)).keys()
